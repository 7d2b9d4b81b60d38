"""Tables that are canonical already but for their names, as a folder or a database holds them: rows and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from early_id.district._intake import FILE, LINE, Finding, Intake, SourceFile, line_findings, with_origin
from early_id.district._sources._folder_mapping import TableMapping
from early_id.district._tables import Table
from early_id.district._text import Cells
from early_id.exceptions import did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    rows: dict[str, pa.Table] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    quarantine: dict[str, pd.DataFrame] = field(default_factory=dict)

    def unreadable(self, file: str, why: str, table: str = "") -> None:
        """Account for a file that cannot be read at all."""
        self.files.append(SourceFile(file, 0, table=table))
        self.findings.append(Finding("EID-FILE-006", file, 0, (why,)))

    def leave_out(self, file: str, rows: int, reason: str) -> None:
        """Account for a file whose rows are not looked at."""
        self.files.append(SourceFile(file, rows, {reason: rows}))

    def take(self, table: Table, file: str, cells: Cells) -> None:
        """Take the rows of a table in; those that cannot be split or decoded are held back.

        Raises
        ------
        ConfigError
            If the mapping names a column that is not there.
        """
        index = len(self.files)
        self.files.append(SourceFile(file, cells.count, table=table.name))
        if cells.count == 0:
            self.findings.append(Finding("EID-FILE-005", file, 0, (f"{file} has no rows",)))
            return
        own = self.mapping.get(table.name, TableMapping())
        canonical = own.canonical(cells.rows, file, table.name)
        self.findings += _header_findings(cells, file, table, own)
        self.findings += line_findings(cells, file)
        bad_header = _header_errors(cells, canonical, table)
        if cells.broken:
            broken = {"line": list(cells.broken), "text": list(cells.broken.values())}
            self._hold_back(table.name, pd.DataFrame(broken).assign(file=file, rule="EID-FILE-007"))
        if bad_header:
            lines = frozenset(cells.lines.to_pylist())
            self.findings += [
                Finding(code, file, cells.count, (text,), lines) for code, text in bad_header.items()
            ]
            frame = cells.rows.to_pandas().assign(line=cells.lines.to_pandas(), file=file)
            self._hold_back(table.name, frame.assign(rule=";".join(bad_header)))
            return
        rows = with_origin(canonical, file=index, lines=cells.lines)
        self.rows[table.name] = self._good_lines(rows, cells, file, table)

    def intake(self) -> Intake:
        """Hand everything over."""
        called = {name: own.columns for name, own in self.mapping.items() if own.columns}
        return Intake(tuple(self.files), self.rows, tuple(self.findings), self.quarantine, called=called)

    def _good_lines(self, rows: pa.Table, cells: Cells, file: str, table: Table) -> pa.Table:
        """Keep the rows whose bytes could be read; the others go to quarantine."""
        if not cells.unreadable:
            return rows
        mask = pa.array([line in cells.unreadable for line in cells.lines.to_pylist()])
        lost = rows.drop_columns([FILE, LINE]).filter(mask).to_pandas()
        lost = lost.assign(line=cells.lines.filter(mask).to_pandas(), file=file, rule="EID-FILE-008")
        self._hold_back(table.name, lost)
        return rows.filter(pa.compute.invert(mask))

    def _hold_back(self, table: str, frame: pd.DataFrame) -> None:
        frames = [self.quarantine[table], frame] if table in self.quarantine else [frame]
        self.quarantine[table] = pd.concat(frames, ignore_index=True)


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


def _header_findings(cells: Cells, file: str, table: Table, own: TableMapping) -> list[Finding]:
    """Columns that are left unread."""
    read = {*table.all_columns, *own.columns.values()}
    unknown = [name for name in dict.fromkeys(cells.columns) if name not in read]
    taken = {*cells.columns, *own.columns}
    free = [name for name in table.all_columns if name not in taken] or list(table.all_columns)
    hints = tuple(f"{file} column {name!r}: {did_you_mean(name, free)}" for name in unknown)
    return [Finding("EID-FILE-003", file, cells.count, hints)] if unknown else []
