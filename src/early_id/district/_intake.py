"""What a source hands to the checks: rows as they came, and an account of every file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

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
    """

    files: tuple[SourceFile, ...]
    rows: Mapping[str, pa.Table]
    findings: tuple[Finding, ...] = ()
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def with_origin(rows: pa.Table, *, file: int, lines: pa.Array) -> pa.Table:
    """Append the file index and the line of every row."""
    files = pa.repeat(pa.scalar(file, pa.int32()), rows.num_rows)
    return rows.append_column(FILE, files).append_column(LINE, lines.cast(pa.int64()))
