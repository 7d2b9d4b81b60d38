"""Rows gathered block by block: in memory while they are few, in a file of their own when they are many."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

#: Rows of a block: what is held in memory of a large table at any time.
BLOCK = 1 << 17
_KEEP = 64 << 20  # bytes of a table that stay in memory


class Rows:
    """The rows of one table.

    Parameters
    ----------
    parquet : bool
        Whether many rows go to Parquet, which queries can read where it lies, and not to the format of Arrow, which
        holds cells of any type.

    Examples
    --------
    >>> rows = Rows.of(pa.table({"n": [1, 2, 3]}))
    >>> rows.num_rows, rows.take(np.array([0, 2])).to_pydict()
    (3, {'n': [1, 3]})
    """

    def __init__(self, *, parquet: bool = False) -> None:
        self.num_rows = 0
        self._parquet = parquet
        self._kept: list[pa.Table] = []
        self._bytes = 0
        self._file: _File | None = None

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """Take a table that is in memory already as it is."""
        rows = cls()
        rows._kept, rows.num_rows = [table], table.num_rows
        return rows

    @property
    def path(self) -> Path | None:
        """The Parquet file with the rows, once they are many."""
        return None if self._file is None or not self._parquet else self._file.done()

    @property
    def column_names(self) -> list[str]:
        """Names of the columns; none before there is a block."""
        if self._file is not None:
            return list(self._file.schema.names)
        return list(self._kept[0].column_names) if self._kept else []

    def add(self, block: pa.Table) -> None:
        """Add a block of rows; all blocks have the same columns."""
        self.num_rows += block.num_rows
        if self._file is not None:
            self._file.write(block)
            return
        self._kept.append(block)
        self._bytes += block.nbytes
        if self._bytes > _KEEP:
            self._file = _File(block.schema, parquet=self._parquet)
            for kept in self._kept:
                self._file.write(kept)
            self._kept = []

    def blocks(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Give all rows in order, a block at a time; at least one block, which may be empty."""
        if self._file is not None:
            yield from self._file.parts(columns)
            return
        table = self.table(columns)
        for start in range(0, max(table.num_rows, 1), BLOCK):
            yield table.slice(start, BLOCK)

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """Give all rows as one table in memory."""
        if self._file is not None:
            return pa.concat_tables(self._file.parts(columns))
        if len(self._kept) != 1:
            self._kept = [pa.concat_tables(self._kept, promote_options="permissive")] if self._kept else []
        table = self._kept[0] if self._kept else pa.table({})
        return table if columns is None else table.select(columns)

    def take(self, positions: npt.NDArray[np.int64]) -> pa.Table:
        """Give the rows at some positions, which rise."""
        if self._file is None:
            return self.table().take(pa.array(positions))
        return self._file.take(positions)

    def without(self, column: str, values: npt.NDArray[np.int64]) -> Rows:
        """Give the rows whose number in a column is none of some."""
        if not len(values):
            return self
        rows = Rows(parquet=self._parquet)
        for block in self.blocks():
            keep = ~np.isin(block.column(column).to_numpy(), values)
            rows.add(block if keep.all() else block.filter(pa.array(keep)))
        return rows

    def register(self, connection: duckdb.DuckDBPyConnection, name: str, where: str = "true") -> None:
        """Let queries ask the rows by a name; of rows in a file, those for which a condition over `{rows}` holds."""
        if self.path is None:
            connection.register(name, self.table())
            return
        # Names and conditions are of our own code, and the path too.
        rows = "read_parquet('{}')".format(str(self.path).replace("'", "''"))
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {rows} WHERE {where.format(rows=rows)}"
        )


class _File:
    """A file of blocks, which is removed with the last one who knows it."""

    def __init__(self, schema: pa.Schema, *, parquet: bool) -> None:
        folder = tempfile.mkdtemp(prefix="early_id-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.schema = schema
        self._path = Path(folder) / ("rows.parquet" if parquet else "rows.arrow")
        self._parquet = parquet
        self._starts = [0]
        self._writer: Any = (
            pq.ParquetWriter(self._path, schema)
            if parquet
            else pa.ipc.new_file(str(self._path), schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
        )

    def write(self, block: pa.Table) -> None:
        """Append a block as one part of the file."""
        if not block.num_rows:
            return
        whole = block.cast(self.schema).combine_chunks()
        if self._parquet:
            self._writer.write_table(whole, row_group_size=whole.num_rows)
        else:
            for batch in whole.to_batches():
                self._writer.write_batch(batch)
        self._starts.append(self._starts[-1] + whole.num_rows)

    def done(self) -> Path:
        """Close the file and say where it is."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        return self._path

    def parts(self, columns: list[str] | None) -> Iterator[pa.Table]:
        """Read the parts one after the other."""
        for place in range(len(self._starts) - 1):
            yield self._part(place, columns)

    def take(self, positions: npt.NDArray[np.int64]) -> pa.Table:
        """Read the parts that hold some positions and take those."""
        ends = np.searchsorted(positions, self._starts)
        found = [
            self._part(place, None).take(
                pa.array(positions[ends[place] : ends[place + 1]] - self._starts[place])
            )
            for place in range(len(self._starts) - 1)
            if ends[place] < ends[place + 1]
        ]
        return pa.concat_tables(found) if found else self.schema.empty_table()

    def _part(self, place: int, columns: list[str] | None) -> pa.Table:
        if self._parquet:
            with pq.ParquetFile(self.done()) as file:
                return file.read_row_group(place, columns=columns, use_threads=False)
        with pa.OSFile(str(self.done())) as file:
            table = pa.Table.from_batches([pa.ipc.open_file(file).get_batch(place)])
        return table if columns is None else table.select(columns)
