"""Cells of a file, or of one block of it, with every line accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Cells:
    """The content of one file, or of a block of it.

    Attributes
    ----------
    columns : tuple of str
        The header as written, without surrounding blanks; a name may come twice.
    rows : pyarrow.Table
        Text cells (CSV) or typed cells (Parquet); empty text is null.
    lines : pyarrow.Array
        Line of each row, blank lines not counted: the header of a CSV file is line 1; rows of a Parquet file
        are counted from 1.
    broken : mapping of line to text
        Lines that do not have one cell per column.
    foreign : frozenset of int
        Lines read as Windows-1252 because they are not UTF-8.
    unreadable : frozenset of int
        Lines with a byte that neither encoding knows.
    """

    columns: tuple[str, ...]
    rows: pa.Table
    lines: pa.Array
    broken: dict[int, str]
    foreign: frozenset[int] = frozenset()
    unreadable: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """Rows the file holds, those that could not be split into cells included."""
        return int(self.rows.num_rows) + len(self.broken)


def renamed(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Give the columns their written names; where a name comes twice, the first keeps it."""
    keep = {name: position for position, name in reversed(list(enumerate(columns)))}
    positions = sorted(keep.values())
    return pa.table([table.column(position) for position in positions], names=[columns[i] for i in positions])
