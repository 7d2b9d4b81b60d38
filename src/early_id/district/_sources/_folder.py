"""The folder source: one CSV or Parquet file per canonical table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from early_id.district._intake import Finding, Intake, SourceFile
from early_id.district._sources._folder_mapping import TableMapping, folder_mapping
from early_id.district._sources._gathered import Gathered
from early_id.district._tables import JUDGED, TABLES
from early_id.district._text import read_blocks
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ENDINGS = (".csv", ".parquet")
_TRUTH = "truth.parquet"  # `early-id simulate` writes it beside the tables
_OTHER = "the mapping names another file for this table"


def refuse_no_folder(path: Path, held: str) -> None:
    """Refuse a path that is no folder; `held` says what such a folder holds.

    Raises
    ------
    ConfigError
    """
    if not path.exists():
        msg = f"Expected a folder, but {str(path)!r} does not exist; check the path."
        raise ConfigError(msg)
    if not path.is_dir():
        msg = f"Expected a folder with {held}, but {str(path)!r} is a file; give the folder that holds it."
        raise ConfigError(msg)


def list_files(path: Path) -> list[Path]:
    """List the CSV and Parquet files of a folder.

    Raises
    ------
    ConfigError
        If there is no such folder.
    """
    refuse_no_folder(path, "one file per table")
    return sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS and file.is_file())


def read_folder(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read every canonical table of a folder as cells, not yet typed.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    mapping : mapping, optional
        What the district calls things: canonical table to `file`, `columns` and `values`.

    Raises
    ------
    ConfigError
        If there is no such folder, or the mapping names what is not there.
    DataError
        If the folder holds no canonical table.
    """
    own = folder_mapping(mapping)
    files = list_files(path)
    named = _named_files(own, files, path)
    # A folder with the name of a table is looked at as well: it is refused, not passed over.
    odd = [entry for entry in path.iterdir() if entry.suffix.lower() in _ENDINGS and not entry.is_file()]
    by_table: dict[str, list[Path]] = {}
    for file in [*files, *(entry for entry in sorted(odd) if table_of(entry.name))]:
        by_table.setdefault(named.get(file.name) or table_of(file.name) or file.stem, []).append(file)
    if not by_table.keys() & TABLES.keys():
        found = f"found {examples(file.name for file in files)}" if files else "found no CSV or Parquet file"
        msg = (
            f"Expected tables such as schools.csv or enrollments.parquet in {str(path)!r}, but {found}; "
            f"name the files after the tables: {', '.join(TABLES)}; or say in a mapping which file holds which."
        )
        raise DataError(msg)
    gathered = Gathered(own)
    # What every other table rests on is told first.
    order = {name: place for place, name in enumerate(JUDGED)}
    for stem, same in sorted(by_table.items(), key=lambda item: order.get(item[0], len(order))):
        _take(gathered, stem, same, named)
    _report_missing(gathered, by_table)
    _report_other_endings(gathered, path)
    return gathered.intake()


def _take(gathered: Gathered, stem: str, same: list[Path], named: Mapping[str, str]) -> None:
    chosen = [file for file in same if file.name in named]
    if same[0].name == _TRUTH:
        _leave_out(gathered, same, "the truth behind a simulated county")
    elif stem not in TABLES:
        _leave_out(gathered, same, "not a canonical table", "EID-FILE-010", did_you_mean(stem, TABLES))
    elif len(same) > 1 and not chosen:
        _leave_out(gathered, same, "two files for one table", "EID-FILE-004", "keep one of them")
    else:
        file = (chosen or same)[0]
        _leave_out(gathered, [other for other in same if other != file], _OTHER)
        gathered.take(TABLES[stem], file.name, read_blocks(file))


def _named_files(own: Mapping[str, TableMapping], files: list[Path], path: Path) -> dict[str, str]:
    """File to table where the mapping says so."""
    present = {file.name for file in files}
    for name, part in own.items():
        if part.file is not None and part.file not in present:
            msg = (
                f"Expected a CSV or Parquet file {part.file!r} in {str(path)!r}, which the mapping reads as {name}, "
                f"but there is none: {did_you_mean(part.file, present)}"
            )
            raise ConfigError(msg)
    return {part.file: name for name, part in own.items() if part.file is not None}


def table_of(file: str) -> str | None:
    """Name the table a file is meant to hold, whatever the case of its name and its ending.

    >>> table_of("Absences.CSV"), table_of("absences"), table_of("pupils.csv")
    ('absences', 'absences', None)
    """
    name = file.split(".")[0].lower()
    return name if name in TABLES else None


def _leave_out(
    gathered: Gathered, files: Iterable[Path], reason: str, code: str = "", hint: str = ""
) -> None:
    for file in files:
        try:
            count = sum(cells.count for cells in read_blocks(file))
        except DataError as error:
            gathered.unreadable(file.name, str(error))
            continue
        gathered.leave_out(file.name, count, reason)
        if code:
            gathered.findings.append(Finding(code, file.name, count, (f"{file.name}: {hint}",)))


def _report_missing(gathered: Gathered, present: Mapping[str, list[Path]]) -> None:
    for name in JUDGED:
        if TABLES[name].required and name not in present:
            gathered.findings.append(Finding("EID-FILE-001", name, 0, (f"no {name}.csv or {name}.parquet",)))


def _report_other_endings(gathered: Gathered, path: Path) -> None:
    """Point at what has the name of a table and is not looked at, such as `absences.xlsx`."""
    for entry in sorted(path.iterdir()):
        name = table_of(entry.name)
        if name and entry.suffix.lower() not in _ENDINGS:
            gathered.files.append(SourceFile(entry.name, 0))
            hint = f"{entry.name}: not read; expected {name}.csv or {name}.parquet"
            gathered.findings.append(Finding("EID-FILE-010", entry.name, 0, (hint,)))
