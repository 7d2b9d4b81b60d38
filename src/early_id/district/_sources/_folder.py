"""The folder source: one CSV or Parquet file per canonical table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from early_id.district._intake import Finding, Intake, SourceFile, line_findings, with_origin
from early_id.district._tables import JUDGED, TABLES, Table
from early_id.district._text import Cells, read_cells
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ENDINGS = (".csv", ".parquet")
_TRUTH = "truth.parquet"  # `early-id simulate` writes it beside the tables


@dataclass
class _Folder:
    """What has been read so far."""

    files: list[SourceFile] = field(default_factory=list)
    rows: dict[str, pa.Table] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    quarantine: dict[str, pd.DataFrame] = field(default_factory=dict)

    def hold_back(self, table: str, frame: pd.DataFrame) -> None:
        """Add rows to the quarantine of a table."""
        frames = [self.quarantine[table], frame] if table in self.quarantine else [frame]
        self.quarantine[table] = pd.concat(frames, ignore_index=True)


def list_files(path: Path) -> list[Path]:
    """List the CSV and Parquet files of a folder.

    Raises
    ------
    ConfigError
        If there is no such folder.
    """
    if not path.exists():
        msg = f"Expected a folder, but {str(path)!r} does not exist; check the path."
        raise ConfigError(msg)
    if not path.is_dir():
        msg = (
            f"Expected a folder with one file per table, but {str(path)!r} is a file; "
            "give the folder that holds it."
        )
        raise ConfigError(msg)
    return sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS and file.is_file())


def read_folder(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read every canonical table of a folder as cells, not yet typed.

    Raises
    ------
    ConfigError
        If there is no such folder.
    DataError
        If the folder holds no canonical table.
    """
    files = list_files(path)
    # A folder with the name of a table is looked at as well: it is refused, not passed over.
    odd = [entry for entry in path.iterdir() if entry.suffix.lower() in _ENDINGS and not entry.is_file()]
    by_table: dict[str, list[Path]] = {}
    for file in [*files, *(entry for entry in sorted(odd) if table_of(entry.name))]:
        by_table.setdefault(table_of(file.name) or file.stem, []).append(file)
    if not by_table.keys() & TABLES.keys():
        found = f"found {examples(file.name for file in files)}" if files else "found no CSV or Parquet file"
        msg = (
            f"Expected tables such as schools.csv or enrollments.parquet in {str(path)!r}, but {found}; "
            f"name the files after the tables: {', '.join(TABLES)}."
        )
        raise DataError(msg)
    folder = _Folder()
    # What every other table rests on is told first.
    order = {name: place for place, name in enumerate(JUDGED)}
    for stem, same in sorted(by_table.items(), key=lambda item: order.get(item[0], len(order))):
        if same[0].name == _TRUTH:
            _leave_out(folder, same, "the truth behind a simulated county")
        elif stem not in TABLES:
            _leave_out(folder, same, "not a canonical table", "EID-FILE-010", did_you_mean(stem, TABLES))
        elif len(same) > 1:
            _leave_out(folder, same, "two files for one table", "EID-FILE-004", "keep one of them")
        else:
            _read_table(folder, same[0], TABLES[stem])
    _report_missing(folder, by_table)
    _report_other_endings(folder, path)
    return Intake(tuple(folder.files), folder.rows, tuple(folder.findings), folder.quarantine)


def table_of(file: str) -> str | None:
    """Name the table a file is meant to hold, whatever the case of its name and its ending.

    >>> table_of("Absences.CSV"), table_of("absences"), table_of("pupils.csv")
    ('absences', 'absences', None)
    """
    name = file.split(".")[0].lower()
    return name if name in TABLES else None


def _leave_out(folder: _Folder, files: Iterable[Path], reason: str, code: str = "", hint: str = "") -> None:
    for file in files:
        cells = _cells_or_finding(folder, file)
        if cells is None:
            continue
        folder.files.append(SourceFile(file.name, cells.count, {reason: cells.count}))
        if code:
            folder.findings.append(Finding(code, file.name, cells.count, (f"{file.name}: {hint}",)))


def _cells_or_finding(folder: _Folder, file: Path) -> Cells | None:
    try:
        return read_cells(file)
    except DataError as error:
        folder.files.append(SourceFile(file.name, 0))
        folder.findings.append(Finding("EID-FILE-006", file.name, 0, (str(error),)))
        return None


def _report_missing(folder: _Folder, present: dict[str, list[Path]]) -> None:
    for name in JUDGED:
        if TABLES[name].required and name not in present:
            folder.findings.append(Finding("EID-FILE-001", name, 0, (f"no {name}.csv or {name}.parquet",)))


def _report_other_endings(folder: _Folder, path: Path) -> None:
    """Point at what has the name of a table and is not looked at, such as `absences.xlsx`."""
    for entry in sorted(path.iterdir()):
        name = table_of(entry.name)
        if name and entry.suffix.lower() not in _ENDINGS:
            folder.files.append(SourceFile(entry.name, 0))
            hint = f"{entry.name}: not read; expected {name}.csv or {name}.parquet"
            folder.findings.append(Finding("EID-FILE-010", entry.name, 0, (hint,)))


def _read_table(folder: _Folder, file: Path, table: Table) -> None:
    cells = _cells_or_finding(folder, file)
    if cells is None:
        return
    index = len(folder.files)
    folder.files.append(SourceFile(file.name, cells.count))
    if cells.count == 0:
        folder.findings.append(Finding("EID-FILE-005", file.name, 0, (f"{file.name} has no rows",)))
        return
    folder.findings += _header_findings(cells, file.name, table)
    folder.findings += line_findings(cells, file.name)
    bad_header = _header_errors(cells, table)
    if cells.broken:
        broken = {"line": list(cells.broken), "text": list(cells.broken.values())}
        folder.hold_back(table.name, pd.DataFrame(broken).assign(file=file.name, rule="EID-FILE-007"))
    if bad_header:
        lines = frozenset(cells.lines.to_pylist())
        folder.findings += [
            Finding(code, file.name, cells.count, (text,), lines) for code, text in bad_header.items()
        ]
        frame = cells.rows.to_pandas().assign(line=cells.lines.to_pandas(), file=file.name)
        folder.hold_back(table.name, frame.assign(rule=";".join(bad_header)))
        return
    folder.rows[table.name] = _good_lines(folder, cells, file.name, table, index)


def _good_lines(folder: _Folder, cells: Cells, name: str, table: Table, index: int) -> pa.Table:
    """Rows whose bytes could be read, with their origin; the others go to quarantine."""
    rows = with_origin(cells.rows, file=index, lines=cells.lines)
    if not cells.unreadable:
        return rows
    mask = pa.array([line in cells.unreadable for line in cells.lines.to_pylist()])
    lost = rows.select(cells.rows.column_names).filter(mask).to_pandas()
    lost = lost.assign(line=cells.lines.filter(mask).to_pandas(), file=name, rule="EID-FILE-008")
    folder.hold_back(table.name, lost)
    return rows.filter(pa.compute.invert(mask))


def _header_errors(cells: Cells, table: Table) -> dict[str, str]:
    """Why no row of the file can be used: columns that are missing or come twice."""
    errors: dict[str, str] = {}
    missing = [
        name for name, column in table.all_columns.items() if column.required and name not in cells.columns
    ]
    if missing:
        unknown = [name for name in cells.columns if name not in table.all_columns]
        arrived = f"; columns that are not known: {examples(unknown)}" if unknown else ""
        errors["EID-FILE-002"] = f"{table.name} has no column {examples(missing)}{arrived}"
    twice = [name for name in dict.fromkeys(cells.columns) if cells.columns.count(name) > 1]
    if twice:
        errors["EID-FILE-011"] = f"{table.name} has more than one column {examples(twice)}"
    return errors


def _header_findings(cells: Cells, file: str, table: Table) -> list[Finding]:
    """Columns that are left unread."""
    unknown = [name for name in dict.fromkeys(cells.columns) if name not in table.all_columns]
    free = [name for name in table.all_columns if name not in cells.columns] or list(table.all_columns)
    hints = tuple(f"{file} column {name!r}: {did_you_mean(name, free)}" for name in unknown)
    return [Finding("EID-FILE-003", file, cells.count, hints)] if unknown else []
