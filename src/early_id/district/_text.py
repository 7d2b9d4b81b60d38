"""One CSV or Parquet file as an Arrow table of cells, with every line accounted for."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from early_id.exceptions import DataError

if TYPE_CHECKING:
    from pathlib import Path

_DELIMITERS = ",;\t|^"
_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Cells:
    """The content of one file.

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


def read_cells(path: Path) -> Cells:
    """Read one file by its ending.

    Raises
    ------
    DataError
        If the file cannot be read at all.
    """
    if not path.is_file():
        msg = f"{path.name} cannot be read (it is not a file)"
        raise DataError(msg)
    try:
        return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = " ".join(str(error).split())
        msg = f"{path.name} cannot be read ({reason[:200]})"
        raise DataError(msg) from error


def _read_parquet(path: Path) -> Cells:
    table = pq.read_table(path, partitioning=None)
    columns = tuple(name.strip() for name in table.column_names)
    lines = pa.array(np.arange(1, table.num_rows + 1))
    return Cells(columns, _renamed(table, columns), lines, {})


def _read_csv(path: Path) -> Cells:
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16").encode()
    # Slices of a large file are copies: look at its head only, and hand the rest on as it is.
    start = _start(data[:_HEAD_BYTES])
    lines_of_head = data[start : start + _HEAD_BYTES].splitlines()
    head = _decode(lines_of_head[0]) if lines_of_head else ""
    if not head.strip():
        return Cells((), pa.table({}), pa.array([], pa.int64()), {})
    delimiter = max(_DELIMITERS, key=head.count)
    columns = tuple(name.strip() for name in next(csv.reader(io.StringIO(head), delimiter=delimiter)))
    only_header = len(lines_of_head) == 1
    table, broken = (
        _parse(data, start, columns, delimiter) if not only_header else (_no_rows(len(columns)), {})
    )
    # Every quote that opens has to close; an odd number of them may mean that the file stops inside a cell.
    if data.count(b'"') % 2 == 1:
        table, broken = _without_open_end(table, broken, ends_with_line=data.endswith((b"\n", b"\r")))
    lines = _line_numbers(table.num_rows, broken)
    decoded, foreign, unreadable = decoded_table(table, lines)
    return Cells(columns, _renamed(decoded, columns), lines, broken, foreign, unreadable)


def _start(head: bytes) -> int:
    """Position of the header: behind a byte order mark and blank lines."""
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    return mark + len(head) - mark - len(head[mark:].lstrip(b"\r\n"))


def _no_rows(columns: int) -> pa.Table:
    return pa.table({str(position): pa.array([], pa.binary()) for position in range(columns)})


def _parse(
    data: bytes, start: int, columns: tuple[str, ...], delimiter: str
) -> tuple[pa.Table, dict[int, str]]:
    """Split into cells; a file with broken lines is read once more, on one thread, to number them."""
    names = [str(position) for position in range(len(columns))]
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.binary()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=[""],
    )
    broken: dict[int, str] = {}

    def note(row: pa_csv.InvalidRow) -> str:
        broken[int(row.number or 0)] = row.text
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(start)),
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows=1, use_threads=threads, block_size=_HEAD_BYTES * 8
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in data, invalid_row_handler=note
            ),
            convert_options=convert,
        )

    table = read(threads=True)
    if broken:
        broken.clear()
        table = read(threads=False)
    return table, broken


def _without_open_end(
    table: pa.Table, broken: dict[int, str], *, ends_with_line: bool
) -> tuple[pa.Table, dict[int, str]]:
    """Count the lines that a quote which is never closed has swallowed into the last row as lines of their own."""
    last = table.num_rows + len(broken) + 1
    if last in broken:
        text = broken.pop(last)
    else:
        cells = [value for column in table.columns if (value := column[-1].as_py()) is not None]
        if ends_with_line and not (cells and cells[-1].endswith((b"\n", b"\r"))):
            return table, broken
        text = ",".join(_decode(cell) for cell in cells)
        table = table.slice(0, table.num_rows - 1)
    swallowed = {last + offset: line for offset, line in enumerate(text.splitlines() or [""])}
    return table, broken | swallowed


def _line_numbers(rows: int, broken: dict[int, str]) -> pa.Array:
    numbers = np.arange(2, rows + len(broken) + 2)
    return pa.array(numbers[~np.isin(numbers, list(broken))] if broken else numbers)


def decoded_table(table: pa.Table, lines: pa.Array) -> tuple[pa.Table, frozenset[int], frozenset[int]]:
    """Decode every column; say which lines hold Windows-1252 and which a byte neither encoding knows."""
    foreign: set[int] = set()
    unreadable: set[int] = set()
    columns = []
    for column in table.columns:
        values, odd, lost = decode_cells(column)
        columns.append(values)
        foreign.update(lines.take(pa.array(odd, pa.int64())).to_pylist())
        unreadable.update(lines.take(pa.array(lost, pa.int64())).to_pylist())
    return pa.table(columns, names=table.column_names), frozenset(foreign), frozenset(unreadable)


def decode_cells(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, list[int], list[int]]:
    """Cells as UTF-8 text, one by one if they are not; say which are Windows-1252 and which have a byte of neither."""
    with contextlib.suppress(pa.ArrowInvalid):
        return column.cast(pa.string()), [], []
    cells: list[str | None] = []
    odd: list[int] = []
    lost: list[int] = []
    for position, value in enumerate(column.to_pylist()):
        if value is None:
            cells.append(None)
            continue
        try:
            cells.append(value.decode())
        except UnicodeDecodeError:
            text = _decode(value)
            cells.append(text)
            (lost if "\ufffd" in text else odd).append(position)
    return pa.array(cells, pa.string()), odd, lost


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", errors="replace")


def _renamed(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Give the columns their written names; where a name comes twice, the first keeps it."""
    keep = {name: position for position, name in reversed(list(enumerate(columns)))}
    positions = sorted(keep.values())
    return pa.table([table.column(position) for position in positions], names=[columns[i] for i in positions])
