"""Bytes as text: UTF-8, or Windows-1252 where they are not."""

from __future__ import annotations

import codecs
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_PART = 1 << 20


@contextlib.contextmanager
def in_bytes(path: Path, errors: str = "strict") -> Iterator[Path]:
    """Give a file of bytes that ASCII is part of: UTF-16 is written anew, a part at a time."""
    with path.open("rb") as file:
        wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if not wide:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="early_id-") as folder:
        narrow = Path(folder) / path.name
        with (
            path.open(encoding="utf-16", errors=errors, newline="") as source,
            narrow.open("w", encoding="utf-8", newline="") as to,
        ):
            while text := source.read(_PART):
                to.write(text)
        yield narrow


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
            text = decode(value)
            cells.append(text)
            (lost if "\ufffd" in text else odd).append(position)
    return pa.array(cells, pa.string()), odd, lost


def decode(value: bytes) -> str:
    """Text of some bytes, with a mark where neither encoding knows one."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", errors="replace")


def as_it_came(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give back the bytes of cells that were read as if each byte were a letter (Latin-1)."""
    text = column.cast(pa.string())
    if pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return column
    came = [None if value is None else value.encode("latin-1") for value in text.to_pylist()]
    return pa.chunked_array([pa.array(came, pa.binary())])
