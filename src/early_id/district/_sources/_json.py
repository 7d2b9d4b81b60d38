"""Files of JSON objects, one a line or in arrays, read in parts as the text of one object a row."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from early_id.district._decoding import decoded_table, in_bytes
from early_id.district._text import Cells
from early_id.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: The one column of what is read.
ITEM = "item"
_PART_BYTES = 1 << 26
_SPACE = " \t\r\n"


def json_items(path: Path) -> Iterator[Cells]:
    """Read the objects of a file without looking into them.

    A file is read as JSON Lines if its first line is an object of its own, else as arrays or objects one after the
    other, however they are laid out. What is no JSON comes back as text too, for the reader to hold back.

    Yields
    ------
    Cells
        Parts of the file: column `item`, and the line of each object (in an array: its place, counted from 1).

    Raises
    ------
    DataError
        If the file cannot be read at all, or not to its end.
    """
    try:
        yield from _items(path)
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror})"
        raise DataError(msg) from error


def _items(path: Path) -> Iterator[Cells]:
    with in_bytes(path, errors="replace") as place, place.open("rb") as file:
        first = next((line for line in file if _bare(line)), b"")
        file.seek(0)
        if _is_object(_bare(first)) or not first:
            yield from _of_lines(file)
        else:
            yield _of_values(file.read())


def _bare(line: bytes) -> bytes:
    return line.removeprefix(codecs.BOM_UTF8).strip()


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _of_lines(lines: Iterable[bytes]) -> Iterator[Cells]:
    """Gather lines until a part is full; blank ones are not counted."""
    number, size, part = 0, 0, []
    for line in lines:
        text = _bare(line) if number == 0 else line.strip()
        if not text:
            continue
        number += 1
        part.append(text)
        size += len(text)
        if size > _PART_BYTES:
            yield _cells(part, number)
            size, part = 0, []
    if part:
        yield _cells(part, number)


def _of_values(data: bytes) -> Cells:
    """Take values apart that lie one after the other; where that fails, the rest is one broken item."""
    text, decoder = data.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape"), json.JSONDecoder()
    items: list[str] = []
    at, depth = 0, 0
    while True:
        while at < len(text) and (text[at] in _SPACE or (depth and text[at] == ",")):
            at += 1
        if at == len(text):
            break
        if text[at] in "[]":
            depth += 1 if text[at] == "[" else -1
            at += 1
            continue
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            items.append(text[at:])
            break
        items.append(text[at:end])
        at = end
    return _cells([item.encode(errors="surrogateescape") for item in items], len(items))


def _cells(items: list[bytes], last: int) -> Cells:
    lines = pa.array(np.arange(last - len(items) + 1, last + 1))
    rows = pa.table({ITEM: pa.array(items, pa.binary())})
    text, foreign, unreadable = decoded_table(rows, lines)
    return Cells((ITEM,), text, lines, {}, foreign, unreadable)
