"""A text file without a header, one record per line, as lists of cells: records may differ in their number of cells."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from early_id.district._cells import trimmed
from early_id.district._decoding import decode_cells, in_bytes
from early_id.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Positions = npt.NDArray[np.int64]

_PART_BYTES = 8 << 20


@dataclass(frozen=True)
class Lines:
    """The content of one file, or of a part of it.

    Attributes
    ----------
    text : pyarrow.Array
        Each line that is not blank, as it came.
    cells : pyarrow.ListArray
        Its cells without surrounding blanks; an empty cell is null.
    lines : numpy.ndarray
        Its number in the file, from 1.
    foreign : frozenset of int
        Lines read as Windows-1252 because they are not UTF-8.
    unreadable : frozenset of int
        Lines with a byte that neither encoding knows.
    """

    text: pa.Array
    cells: pa.ListArray
    lines: Positions
    foreign: frozenset[int]
    unreadable: frozenset[int]

    @property
    def widths(self) -> Positions:
        """Number of cells of each line."""
        return np.asarray(pc.list_value_length(self.cells).to_numpy(zero_copy_only=False), np.int64)

    def cell(self, place: int | Positions, rows: Positions) -> pa.Array:
        """Return one cell of some lines, counted from 0; null where a line is shorter."""
        places = np.broadcast_to(np.asarray(place, np.int64), rows.shape)
        starts = np.asarray(self.cells.offsets.to_numpy(), np.int64)[rows]
        outside = (places < 0) | (places >= self.widths[rows])
        return self.cells.values.take(pa.array(np.where(outside, 0, starts + places), mask=outside))


def read_lines(path: Path, delimiter: Callable[[str], str]) -> Iterator[Lines]:
    """Read one file, some megabytes at a time; `delimiter` says from its first lines what stands between cells.

    A cell may be quoted. A quote that is not closed on its line runs to the end of that line, never beyond.

    Raises
    ------
    DataError
        If the file cannot be read at all, or not to its end.
    """
    between, before = "", 0
    try:
        for data in _parts(path):
            every = data.splitlines()
            filled = np.array([bool(line.strip()) for line in every], bool)
            numbers = np.flatnonzero(filled) + before + 1
            before += len(every)
            raw = pa.array(
                [line for line, is_filled in zip(every, filled, strict=True) if is_filled], pa.binary()
            )
            text, odd, lost = decode_cells(raw)
            between = between or delimiter("\n".join(text.slice(0, 1000).to_pylist()))
            foreign, unreadable = (frozenset(numbers[found].tolist()) for found in (odd, lost))
            yield Lines(text, _split(text, between), numbers, foreign, unreadable)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name} cannot be read ({' '.join(str(error).split())[:200]})"
        raise DataError(msg) from error


def _parts(path: Path) -> Iterator[bytes]:
    """Cut a file where a line ends."""
    with in_bytes(path) as place, place.open("rb") as file:
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        rest = b""
        while block := file.read(_PART_BYTES):
            data = rest + block
            # After a lone carriage return too, but not between it and its line feed.
            end = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
            rest = data[end:]
            if end:
                yield data[:end]
        if rest:
            yield rest


def _split(text: pa.Array, delimiter: str) -> pa.ListArray:
    """Split every line; those with a quote one by one."""
    quoted = np.asarray(pc.match_substring(text, '"').to_numpy(zero_copy_only=False), bool)
    plain = pc.split_pattern(text.filter(pa.array(~quoted)), delimiter)
    parts = [plain]
    if quoted.any():
        careful = [_cells_of(line, delimiter) for line in text.filter(pa.array(quoted)).to_pylist()]
        parts.append(pa.array(careful, pa.list_(pa.string())))
    # Back into the order of the file.
    order = np.argsort(np.concatenate([np.flatnonzero(~quoted), np.flatnonzero(quoted)]), kind="stable")
    cells = pa.concat_arrays([part.cast(pa.list_(pa.string())) for part in parts]).take(pa.array(order))
    return pa.ListArray.from_arrays(cells.offsets, trimmed(cells.values))


def _cells_of(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return [line]
