"""CALPADS files as sheets: each line goes by its first cell, whatever its file is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from early_id.district._intake import Finding
from early_id.district._lines import Lines, read_lines
from early_id.district._sources._calpads_records import RECORDS, SENT, Record
from early_id.district._sources._folder import refuse_no_folder
from early_id.district._text import Cells
from early_id.exceptions import DataError, examples

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from early_id.district._sources._reading import Reading

    Positions = npt.NDArray[np.int64]

#: Sheet of the lines that are no record that is read.
OTHER = "lines"
_ENDINGS = ("", ".txt", ".csv", ".dat", ".out", ".ext")
_STARTS = re.compile(r'^"?[A-Z]{4}(?:-R)?"?([\^,])', re.MULTILINE | re.IGNORECASE)
_SSID = r"^\d{10}$"


def open_files(reading: Reading, path: Path) -> None:
    """Read every file of a folder into one sheet per record type.

    Raises
    ------
    ConfigError
        If there is no such folder.
    DataError
        If it holds no text file.
    """
    refuse_no_folder(path, "CALPADS files")
    every = sorted(file for file in path.iterdir() if not file.name.startswith(".") and file.is_file())
    files = [file for file in every if file.suffix.lower() in _ENDINGS]
    if not files:
        found = f"found {examples(file.name for file in every)}" if every else "it is empty"
        msg = f"Expected CALPADS text files in {str(path)!r}, but {found}; export them between ^ or commas."
        raise DataError(msg)
    for record in RECORDS.values():
        reading.open_sheet(record.sheet, record.columns)
    reading.open_sheet(OTHER, ("RecordType", "Text"))
    for file in every:
        if file in files:
            _open_file(reading, file)
        else:
            reading.not_read(Finding("EID-CPS-013", file.name, 0, (f"{file.name} is not read",)))


def delimiter(head: str) -> str:
    r"""Say what stands between the cells: what follows the first record types, the caret before the comma.

    >>> delimiter("SENR^A^1"), delimiter("STAS-R,,"), delimiter("title\nSINF^^5,6"), delimiter("a,b^c")
    ('^', ',', '^', '^')
    """
    seen = _STARTS.findall(head)
    if seen:
        return "^" if "^" in seen else ","
    return "^" if "^" in head else ","


def _open_file(reading: Reading, file: Path) -> None:
    index, rows = reading.file(file.name), 0
    try:
        for lines in read_lines(file, delimiter):
            _add(reading, file.name, index, lines)
            rows += len(lines.lines)
    except DataError as error:
        reading.give_up(index, str(error))
        return
    if not rows:
        reading.note("EID-FILE-005", file.name, f"{file.name} has no rows")


def _add(reading: Reading, file: str, index: int, lines: Lines) -> None:
    """Add each line to the sheet of its record type."""
    every = np.arange(len(lines.lines))
    typed = pc.utf8_upper(lines.cell(0, every))
    extract = _mask(pc.ends_with(typed, "-R"))
    kinds = np.array(pc.replace_substring_regex(typed, "-R$", "").to_pylist(), dtype=object)
    rest = np.ones(len(every), bool)
    for record in RECORDS.values():
        rows = np.flatnonzero(kinds == record.kind)
        if len(rows):
            rest[rows] = False
            columns = _columns(record, lines, rows, extract[rows])
            reading.add(record.sheet, file, _part(lines, rows, columns), part_of=index)
    rows = np.flatnonzero(rest)
    if len(rows):
        columns = {"RecordType": pa.array(kinds[rows], pa.string()), "Text": lines.text.take(pa.array(rows))}
        reading.add(OTHER, file, _part(lines, rows, columns), part_of=index)


def _columns(
    record: Record, lines: Lines, rows: Positions, extract: npt.NDArray[np.bool_]
) -> dict[str, pa.Array]:
    """Cells of a record from the left; in an extract the last two are the days it was sent."""
    widths = lines.widths[rows] - 2 * extract
    columns = {"TransactionTypeCode": pc.utf8_upper(lines.cell(1, rows))}
    for name, place in record.places.items():
        # Behind the last cell of the record is nothing, though an extract goes on with its days.
        at = np.where(place <= widths, place - 1, -1)
        columns[name] = lines.cell(at, rows) if place else _only_ssid(lines, rows)
    for behind, name in enumerate(SENT):
        columns[name] = lines.cell(np.where(extract, widths + behind, -1), rows)
    columns["Cells"] = pa.array(widths.astype(str))
    return columns


def _only_ssid(lines: Lines, rows: Positions) -> pa.Array:
    """Find the one cell of ten digits among the first ten; null where there is none or more than one."""
    cells = [lines.cell(place, rows) for place in range(2, 10)]
    fits = [pc.fill_null(pc.match_substring_regex(cell, _SSID), False) for cell in cells]
    once = np.sum([_mask(fit) for fit in fits], axis=0) == 1
    found = pc.coalesce(*[pc.if_else(fit, cell, None) for fit, cell in zip(fits, cells, strict=True)])
    return pc.if_else(pa.array(once), found, None)


def _part(lines: Lines, rows: Positions, columns: dict[str, pa.Array]) -> Cells:
    numbers = lines.lines[rows]
    own = frozenset(numbers.tolist()) if lines.foreign or lines.unreadable else frozenset()
    return Cells(
        tuple(columns),
        pa.table(columns),
        pa.array(numbers),
        {},
        foreign=lines.foreign & own,
        unreadable=lines.unreadable & own,
    )


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), bool)
