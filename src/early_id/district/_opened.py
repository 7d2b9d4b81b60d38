"""Canonical Parquet tables used where they lie: views of DuckDB over the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.district._arrow import arrow_schema, conform
from early_id.district._tables import TABLES, Table
from early_id.exceptions import ConfigError, DataError, examples

_SQL = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.date32(): "DATE", pa.bool_(): "BOOLEAN"}
_WRITTEN = "check the exports with `early-id check` and open what its --out wrote"


def canonical_files(folder: Path) -> dict[str, Path]:
    """Find the Parquet files of a folder that hold canonical tables, and look at their columns.

    Raises
    ------
    ConfigError
        If there is no such folder.
    DataError
        If it holds no canonical table, or one that is not as the library writes it.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        msg = f"Expected a folder of canonical tables, but {str(folder)!r} {what}; check the path."
        raise ConfigError(msg)
    files = {name: folder / f"{name}.parquet" for name in TABLES if (folder / f"{name}.parquet").exists()}
    if not files:
        present = sorted(entry.name for entry in folder.iterdir())
        found = f"found {examples(present)}" if present else "it is empty"
        msg = f"Expected tables such as enrollments.parquet in {str(folder)!r}, but {found}; {_WRITTEN}."
        raise DataError(msg)
    for name, file in files.items():
        _look_at(file, TABLES[name])
    return files


def create_view(connection: duckdb.DuckDBPyConnection, name: str, file: Path | None) -> None:
    """Let a table be read from its file on every use, with canonical columns and types; without a file it is empty."""
    columns = ", ".join(
        f"CAST({'NULL' if file is None else _quoted(part.name)} AS {_SQL[part.type]}) AS {_quoted(part.name)}"
        for part in arrow_schema(TABLES[name])
    )
    source = "(SELECT 1) WHERE false" if file is None else _parquet(file)
    # Names and types are those of the canonical tables, the path is quoted.
    connection.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {source}")  # noqa: S608


def load_table(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Copy a canonical table into the engine."""
    connection.register("arriving", rows)
    connection.execute(f"CREATE TABLE {name} AS FROM arriving")  # a name of ours
    connection.unregister("arriving")


def read_rows(files: Mapping[str, Path], name: str) -> pa.Table:
    """Read one table into memory; without a file it is empty."""
    if name not in files:
        return conform(TABLES[name], pd.DataFrame())
    return conform(TABLES[name], pq.read_table(files[name], partitioning=None))


def copy_rows(file: Path, name: str, to: Path) -> None:
    """Write the canonical columns of a file to another, a part at a time."""
    schema = arrow_schema(TABLES[name])
    with pq.ParquetFile(file) as source, pq.ParquetWriter(to, schema) as writer:
        for batch in source.iter_batches(columns=schema.names):
            writer.write_table(conform(TABLES[name], pa.Table.from_batches([batch])))


def _look_at(file: Path, table: Table) -> None:
    try:
        given = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        msg = f"Expected Parquet in {str(file)!r}, but it cannot be read as such; {_WRITTEN}."
        raise DataError(msg) from error
    check_columns(given, table, repr(str(file)))


def check_columns(given: pa.Schema, table: Table, where: str) -> None:
    """Refuse a table that lacks a canonical column or has one of another kind.

    Raises
    ------
    DataError
    """
    # Also the optional ones: a file without `known_at` would hide all its rows without a word.
    missing = [name for name in table.all_columns if name not in given.names]
    if missing:
        msg = f"Expected all columns of {table.name} in {where}, but there is no {examples(missing)}; {_WRITTEN}."
        raise DataError(msg)
    other = [
        f"{part.name} ({given.field(part.name).type})"
        for part in arrow_schema(table)
        if not _same_kind(given.field(part.name).type, part.type)
    ]
    if other:
        msg = f"Expected canonical types in {where}, got {', '.join(other)}; {_WRITTEN}."
        raise DataError(msg)


def _same_kind(given: pa.DataType, canonical: pa.DataType) -> bool:
    """Say whether a type differs from the canonical one in its width at most, so that no value can change.

    >>> _same_kind(pa.int32(), pa.int64()), _same_kind(pa.int64(), pa.string())
    (True, False)
    """
    if pa.types.is_dictionary(given):
        given = given.value_type
    if pa.types.is_string(canonical):
        return bool(pa.types.is_string(given) or pa.types.is_large_string(given))
    if pa.types.is_integer(canonical):
        return bool(pa.types.is_integer(given))
    return bool(given == canonical)


def _parquet(file: Path) -> str:
    """Name a file to DuckDB, which takes `*`, `?` and `[` for a pattern: in brackets each stands for itself."""
    path = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file.resolve()))
    return "read_parquet('{}', hive_partitioning = false)".format(path.replace("'", "''"))


def _quoted(name: str) -> str:
    return f'"{name}"'
