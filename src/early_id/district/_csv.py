"""A CSV file read block by block, with every line accounted for."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from early_id.district._decoding import as_it_came, decode, decoded_table, in_bytes
from early_id.district._file_cells import Cells, renamed

_DELIMITERS = ",;\t|^"
_HEAD_BYTES = 1 << 20
_BLOCK_BYTES = 8 << 20


def csv_blocks(path: Path) -> Iterator[Cells]:
    """Split a file into cells of UTF-8 text, a block of lines at a time; at least one block."""
    with in_bytes(path) as place, pa.OSFile(str(place)) as file:
        head = file.read(2 * _HEAD_BYTES)
        start = _start(head[:_HEAD_BYTES])
        lines_of_head = head[start : start + _HEAD_BYTES].splitlines()
        first = decode(lines_of_head[0]) if lines_of_head else ""
        if not first.strip():
            yield Cells((), pa.table({}), pa.array([], pa.int64()), {})
            return
        delimiter = max(_DELIMITERS, key=first.count)
        columns = tuple(name.strip() for name in next(csv.reader(io.StringIO(first), delimiter=delimiter)))
        if len(lines_of_head) == 1:
            yield Cells(columns, renamed(_no_rows(len(columns)), columns), pa.array([], pa.int64()), {})
            return
        quotes, is_utf8 = _looked_through(file)
        file.seek(-1, io.SEEK_END)
        ends_with_line = file.read(1) in (b"\n", b"\r")
        file.seek(start)
        yield from _numbered(
            _parsed(file, len(columns), delimiter, quotes=quotes > 0, is_utf8=is_utf8),
            columns,
            # Every quote that opens has to close; an odd number may mean that the file stops inside a cell.
            open_end=quotes % 2 == 1,
            ends_with_line=ends_with_line,
        )


def _looked_through(file: pa.NativeFile) -> tuple[int, bool]:
    """Count the quotes of a file, and say whether all of it is UTF-8."""
    file.seek(0)
    quotes, is_utf8, decoder = 0, True, codecs.getincrementaldecoder("utf-8")()
    while block := file.read(_BLOCK_BYTES):
        quotes += block.count(b'"')
        is_utf8 = is_utf8 and _decodes(decoder, block)
    return quotes, is_utf8 and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    """Say whether a block goes on as text; the last one leaves no letter half."""
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _start(head: bytes) -> int:
    """Position of the header: behind a byte order mark and blank lines."""
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    return mark + len(head) - mark - len(head[mark:].lstrip(b"\r\n"))


def _no_rows(columns: int) -> pa.Table:
    return pa.table({str(position): pa.array([], pa.binary()) for position in range(columns)})


def _parsed(
    file: pa.NativeFile, columns: int, delimiter: str, *, quotes: bool, is_utf8: bool
) -> Iterator[tuple[pa.Table, dict[int, str]]]:
    """Split into cells; beside each block the lines of another number of cells that were met on the way to its end."""
    names = [str(position) for position in range(columns)]
    broken: dict[int, str] = {}

    def note(row: pa_csv.InvalidRow) -> str:
        broken[int(row.number or 0)] = row.text if is_utf8 else decode(row.text.encode("latin-1"))
        return "skip"

    # One after the other, not in parallel: only then lines are numbered.
    reader = pa_csv.open_csv(
        file,
        read_options=pa_csv.ReadOptions(
            column_names=names,
            skip_rows=1,
            use_threads=False,
            block_size=_BLOCK_BYTES,
            # Broken lines are handed over as text, of which other bytes are none: each byte is a letter then.
            encoding="utf8" if is_utf8 else "latin-1",
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=quotes, invalid_row_handler=note
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
        ),
    )
    for batch in reader:
        block = pa.Table.from_batches([batch])
        yield block if is_utf8 else pa.table([as_it_came(cells) for cells in block.columns], names), broken
    yield _no_rows(columns), broken


def _numbered(
    parsed: Iterator[tuple[pa.Table, dict[int, str]]],
    columns: tuple[str, ...],
    *,
    open_end: bool,
    ends_with_line: bool,
) -> Iterator[Cells]:
    """Give each row its line; the last block waits until it is known to be the last."""
    rows, line = _no_rows(len(columns)), 2
    broken: dict[int, str] = {}
    for block, broken in parsed:
        if not block.num_rows:
            continue
        if rows.num_rows:
            lines = _lines(rows.num_rows, line, broken)
            line = lines[-1].as_py() + 1
            behind = {number: broken.pop(number) for number in list(broken) if number < line}
            yield _cells(rows, columns, lines, behind)
        rows = block
    if open_end:
        rows, broken = _without_open_end(rows, broken, before=line - 2, ends_with_line=ends_with_line)
    yield _cells(rows, columns, _lines(rows.num_rows, line, broken), broken)


def _lines(rows: int, line: int, broken: dict[int, str]) -> pa.Array:
    """Give rows their lines, from a line on and past those that are broken."""
    numbers = np.arange(line, line + rows + len(broken))
    return pa.array(numbers[~np.isin(numbers, list(broken))][:rows] if broken else numbers)


def _cells(table: pa.Table, columns: tuple[str, ...], lines: pa.Array, broken: dict[int, str]) -> Cells:
    decoded, foreign, unreadable = decoded_table(table, lines)
    return Cells(columns, renamed(decoded, columns), lines, broken, foreign, unreadable)


def _without_open_end(
    table: pa.Table, broken: dict[int, str], *, before: int, ends_with_line: bool
) -> tuple[pa.Table, dict[int, str]]:
    """Count the lines that a quote which is never closed has swallowed into the last row as lines of their own.

    `before` is the number of lines before the table.
    """
    last = before + table.num_rows + len(broken) + 1
    if last in broken:
        text = broken.pop(last)
    elif not table.num_rows:
        return table, broken
    else:
        cells = [value for column in table.columns if (value := column[-1].as_py()) is not None]
        if ends_with_line and not (cells and cells[-1].endswith((b"\n", b"\r"))):
            return table, broken
        text = ",".join(decode(cell) for cell in cells)
        table = table.slice(0, table.num_rows - 1)
    swallowed = {last + offset: line for offset, line in enumerate(text.splitlines() or [""])}
    return table, broken | swallowed
