"""One CSV or Parquet file as an Arrow table of cells, with every line accounted for."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.district._csv import csv_blocks
from early_id.district._file_cells import Cells, renamed
from early_id.district._rows import BLOCK
from early_id.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Cells", "plain", "read_blocks", "read_cells"]


def read_cells(path: Path) -> Cells:
    """Read one file by its ending, whole.

    Raises
    ------
    DataError
        If the file cannot be read at all.
    """
    blocks = list(read_blocks(path))
    return Cells(
        blocks[0].columns,
        pa.concat_tables(block.rows for block in blocks),
        pa.chunked_array([block.lines for block in blocks], pa.int64()).combine_chunks(),
        {line: text for block in blocks for line, text in block.broken.items()},
        frozenset().union(*(block.foreign for block in blocks)),
        frozenset().union(*(block.unreadable for block in blocks)),
    )


def read_blocks(path: Path) -> Iterator[Cells]:
    """Read one file by its ending, some 100,000 rows at a time; there is at least one block, which may be empty.

    Raises
    ------
    DataError
        If the file cannot be read at all, or not to its end.
    """
    if not path.is_file():
        msg = f"{path.name} cannot be read (it is not a file)"
        raise DataError(msg)
    try:
        yield from _parquet_blocks(path) if path.suffix.lower() == ".parquet" else csv_blocks(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = " ".join(str(error).split())
        msg = f"{path.name} cannot be read ({reason[:200]})"
        raise DataError(msg) from error


def _parquet_blocks(path: Path) -> Iterator[Cells]:
    with pq.ParquetFile(path) as file:
        columns = tuple(name.strip() for name in file.schema_arrow.names)
        before = 0
        batches = (pa.Table.from_batches([batch]) for batch in file.iter_batches(batch_size=BLOCK))
        for rows in itertools.chain(batches, [file.schema_arrow.empty_table()]):
            if rows.num_rows or not before:
                lines = pa.array(np.arange(before + 1, before + rows.num_rows + 1))
                yield Cells(columns, renamed(plain(rows), columns), lines, {})
            before += rows.num_rows


def plain(rows: pa.Table) -> pa.Table:
    """Spell cells out that are kept as numbers of a list of words: each block may have a list of its own."""
    for place, column in enumerate(rows.columns):
        if pa.types.is_dictionary(column.type):
            rows = rows.set_column(place, rows.field(place).name, column.cast(column.type.value_type))
    return rows
