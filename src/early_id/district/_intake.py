"""What a source hands to the checks: rows as they came, and an account of every file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from early_id.district._text import Cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: Columns that say where a row came from: the index of its file in `Intake.files`, and its line there.
FILE, LINE = "_file", "_line"


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: its rows, and how many of them are left out on purpose, by reason."""

    name: str
    rows_in: int
    ignored: Mapping[str, int] = field(default_factory=dict)


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
    lines: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Intake:
    """Everything read from one source, before any rule about its content.

    Attributes
    ----------
    files : tuple of SourceFile
        Every file that was looked at.
    rows : mapping of table name to pyarrow.Table
        Rows by canonical table, each column as text or in a type of its own, plus `_file` and `_line`.
    findings : tuple of Finding
        What was wrong with the files themselves.
    quarantine : mapping of name to pandas.DataFrame
        Rows that could not become rows of a canonical table, as they came, with `line` and `rule`.
    fed : pyarrow.Table, optional
        Rows that others were completed with: `_file`, `_line`, and `to_file`, `to_line` of the row they became part
        of (empty where many rows were completed with one, such as the name of a course).
    lacks : frozenset of str
        Tables that the standard of this source does not carry. Where a required one is among them the check goes on
        without it: the district can be merged with one that has it.
    """

    files: tuple[SourceFile, ...]
    rows: Mapping[str, pa.Table]
    findings: tuple[Finding, ...] = ()
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    fed: pa.Table | None = None
    lacks: frozenset[str] = frozenset()


def with_origin(rows: pa.Table, *, file: int, lines: pa.Array) -> pa.Table:
    """Append the file index and the line of every row."""
    files = pa.repeat(pa.scalar(file, pa.int32()), rows.num_rows)
    return rows.append_column(FILE, files).append_column(LINE, lines.cast(pa.int64()))


def line_findings(cells: Cells, file: str) -> list[Finding]:
    """Lines that could not be split or decoded."""
    findings = []
    if cells.broken:
        shown = tuple(f"{file} line {line}: {text[:60]!r}" for line, text in list(cells.broken.items())[:5])
        findings.append(Finding("EID-FILE-007", file, len(cells.broken), shown, frozenset(cells.broken)))
    for code, lines in (("EID-FILE-008", cells.unreadable), ("EID-FILE-009", cells.foreign)):
        if lines:
            shown = tuple(f"{file} line {line}" for line in sorted(lines)[:5])
            held = lines if code == "EID-FILE-008" else frozenset()
            findings.append(Finding(code, file, len(lines), shown, held))
    return findings
