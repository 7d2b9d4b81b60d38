"""Tables that are canonical already but for their names, as a folder or a database holds them: rows and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from early_id.district._intake import Finding, Intake, OddLines, SourceFile, with_origin
from early_id.district._rows import Rows
from early_id.district._sources._folder_mapping import TableMapping
from early_id.district._tables import Table
from early_id.district._text import Cells
from early_id.exceptions import DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass
class Gathered:
    """What has been read so far.

    Attributes
    ----------
    mapping : mapping
        What the district calls things, table by table.
    """

    mapping: Mapping[str, TableMapping]
    files: list[SourceFile] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    quarantine: dict[str, pd.DataFrame] = field(default_factory=dict)

    def unreadable(self, file: str, why: str, table: str = "") -> None:
        """Account for a file that cannot be read at all."""
        self.files.append(SourceFile(file, 0, table=table))
        self.findings.append(Finding("EID-FILE-006", file, 0, (why,)))

    def leave_out(self, file: str, rows: int, reason: str) -> None:
        """Account for a file whose rows are not looked at."""
        self.files.append(SourceFile(file, rows, {reason: rows}))

    def take(self, table: Table, file: str, blocks: Iterator[Cells]) -> None:
        """Take the rows of a table in, block by block; those that cannot be split or decoded are held back.

        Raises
        ------
        ConfigError
            If the mapping names a column that is not there.
        """
        own = self.mapping.get(table.name, TableMapping())
        taken = _Taken(table, file, len(self.files), own)
        try:
            for cells in blocks:
                taken.add(cells)
        except DataError as error:
            self.unreadable(file, str(error), table.name)
            return
        self.files.append(SourceFile(file, taken.lines.count, table=table.name))
        self.findings += taken.findings()
        frames = taken.quarantine()
        if frames:
            self.quarantine[table.name] = pd.concat(frames, ignore_index=True)
        if taken.lines.count and not taken.bad_header:
            self.rows[table.name] = taken.rows

    def intake(self) -> Intake:
        """Hand everything over."""
        called = {name: own.columns for name, own in self.mapping.items() if own.columns}
        return Intake(tuple(self.files), self.rows, tuple(self.findings), self.quarantine, called=called)


@dataclass
class _Taken:
    """What has been taken of one file."""

    table: Table
    file: str
    index: int
    own: TableMapping
    rows: Rows = field(default_factory=Rows)
    lines: OddLines = field(default_factory=OddLines)
    columns: tuple[str, ...] = ()
    bad_header: dict[str, str] = field(default_factory=dict)
    bad_lines: list[npt.NDArray[np.int64]] = field(default_factory=list)
    held: list[pd.DataFrame] = field(default_factory=list)

    def add(self, cells: Cells) -> None:
        """Take a block: good lines become rows."""
        first = not self.lines.count
        self.lines.add(cells)
        self.columns = cells.columns
        if not cells.count:
            return
        canonical = self.own.canonical(cells.rows, self.file, self.table.name)
        if first:
            self.bad_header = _header_errors(cells, canonical, self.table)
        if self.bad_header:
            self._hold_back(cells.rows, cells.lines, ";".join(self.bad_header))
            self.bad_lines.append(cells.lines.to_numpy())
            return
        good = np.isin(cells.lines.to_numpy(), list(cells.unreadable), invert=True)
        if not good.all():
            lost = pa.array(~good)
            self._hold_back(canonical.filter(lost), cells.lines.filter(lost), "EID-FILE-008")
        rows = with_origin(canonical, file=self.index, lines=cells.lines)
        self.rows.add(rows if good.all() else rows.filter(pa.array(good)))

    def findings(self) -> list[Finding]:
        """Say what is wrong with the file."""
        count = self.lines.count
        if not count:
            return [Finding("EID-FILE-005", self.file, 0, (f"{self.file} has no rows",))]
        bad = np.concatenate([np.empty(0, np.int64), *self.bad_lines])
        return [
            *_header_findings(self.columns, count, self.file, self.table, self.own),
            *self.lines.findings(self.file),
            *(Finding(code, self.file, count, (text,), bad) for code, text in self.bad_header.items()),
        ]

    def quarantine(self) -> list[pd.DataFrame]:
        """Give the rows held back, as they came."""
        broken = self.lines.broken
        if not broken:
            return self.held
        frame = pd.DataFrame({"line": list(broken), "text": list(broken.values())})
        return [frame.assign(file=self.file, rule="EID-FILE-007"), *self.held]

    def _hold_back(self, rows: pa.Table, lines: pa.Array, rule: str) -> None:
        if rows.num_rows:
            self.held.append(rows.to_pandas().assign(line=lines.to_pandas(), file=self.file, rule=rule))


def _header_errors(cells: Cells, canonical: pa.Table, table: Table) -> dict[str, str]:
    """Why no row of the file can be used: columns that are missing or come twice."""
    errors: dict[str, str] = {}
    missing = [
        name
        for name, column in table.all_columns.items()
        if column.required and name not in canonical.column_names
    ]
    if missing:
        unknown = [name for name in cells.columns if name not in table.all_columns]
        arrived = f"; columns that are not known: {examples(unknown)}" if unknown else ""
        errors["EID-FILE-002"] = f"{table.name} has no column {examples(missing)}{arrived}"
    twice = [name for name in dict.fromkeys(cells.columns) if cells.columns.count(name) > 1]
    if twice:
        errors["EID-FILE-011"] = f"{table.name} has more than one column {examples(twice)}"
    return errors


def _header_findings(
    columns: tuple[str, ...], count: int, file: str, table: Table, own: TableMapping
) -> list[Finding]:
    """Columns that are left unread."""
    read = {*table.all_columns, *own.columns.values()}
    unknown = [name for name in dict.fromkeys(columns) if name not in read]
    taken = {*columns, *own.columns}
    free = [name for name in table.all_columns if name not in taken] or list(table.all_columns)
    hints = tuple(f"{file} column {name!r}: {did_you_mean(name, free)}" for name in unknown)
    return [Finding("EID-FILE-003", file, count, hints)] if unknown else []
