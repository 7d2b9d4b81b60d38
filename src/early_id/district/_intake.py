"""What a source hands to the checks: rows as they came, and an account of every file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from early_id.district._rows import Rows
from early_id.district._text import Cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

#: Columns that say where a row came from: the index of its file in `Intake.files`, and its line there.
FILE, LINE = "_file", "_line"
_SHOWN = 5


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: its rows, and how many of them are left out on purpose, by reason.

    `table` is the canonical table it holds, where it holds one and no more.
    """

    name: str
    rows_in: int
    ignored: Mapping[str, int] = field(default_factory=dict)
    table: str = ""


@dataclass(frozen=True)
class Finding:
    """One rule that a file breaks, seen while reading it.

    `lines` are the lines of the rows that are held back for it (none for a warning or a rule about the whole
    folder); `rows` counts what the rule is about.
    """

    code: str
    file: str = ""
    rows: int = 0
    examples: tuple[str, ...] = ()
    lines: frozenset[int] | npt.NDArray[np.int64] = frozenset()


@dataclass(frozen=True)
class Intake:
    """Everything read from one source, before any rule about its content.

    Attributes
    ----------
    files : tuple of SourceFile
        Every file that was looked at.
    rows : mapping of table name to Rows
        Rows by canonical table, each column as text or in a type of its own, plus `_file` and `_line`.
    findings : tuple of Finding
        What was wrong with the files themselves.
    quarantine : mapping of name to pandas.DataFrame
        Rows that could not become rows of a canonical table, as they came, with `line` and `rule`.
    fed : pyarrow.Table, optional
        Rows that others were completed with: `_file`, `_line`, and `to_file`, `to_line` of the row they became part
        of (empty where many rows were completed with one, such as the name of a course).
    called : mapping
        Canonical table to canonical column to what the file calls it, where that is something else; for messages.
    lacks : frozenset of str
        Tables that this source does not carry. Where a required one is among them the check goes on
        without it: the district can be merged with one that has it.
    """

    files: tuple[SourceFile, ...]
    rows: Mapping[str, Rows]
    findings: tuple[Finding, ...] = ()
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    fed: pa.Table | None = None
    called: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()


def with_origin(rows: pa.Table, *, file: int, lines: pa.Array) -> pa.Table:
    """Append the file index and the line of every row."""
    files = pa.repeat(pa.scalar(file, pa.int32()), rows.num_rows)
    return rows.append_column(FILE, files).append_column(LINE, lines.cast(pa.int64()))


@dataclass
class OddLines:
    """Lines of a file that could not be split or decoded, gathered block by block.

    Of lines in another encoding, which may be all, only the first are kept, and their number.
    """

    count: int = 0
    broken: dict[int, str] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    foreign: list[int] = field(default_factory=list)
    foreign_count: int = 0

    def add(self, cells: Cells) -> None:
        """Take note of a block."""
        self.count += cells.count
        self.broken |= cells.broken
        self.unreadable |= cells.unreadable
        self.foreign = (self.foreign + sorted(cells.foreign)[:_SHOWN])[:_SHOWN]
        self.foreign_count += len(cells.foreign)

    def findings(self, file: str) -> list[Finding]:
        """Say which lines those are."""
        findings = []
        if self.broken:
            first = list(self.broken.items())[:_SHOWN]
            shown = tuple(f"{file} line {line}: {text[:60]!r}" for line, text in first)
            findings.append(Finding("EID-FILE-007", file, len(self.broken), shown, frozenset(self.broken)))
        if self.unreadable:
            shown = tuple(f"{file} line {line}" for line in sorted(self.unreadable)[:_SHOWN])
            held = frozenset(self.unreadable)
            findings.append(Finding("EID-FILE-008", file, len(held), shown, held))
        if self.foreign_count:
            shown = tuple(f"{file} line {line}" for line in self.foreign)
            findings.append(Finding("EID-FILE-009", file, self.foreign_count, shown))
        return findings
