"""Canonical tables in Spark: views of a session over files or over tables that are already there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from early_id.district._arrow import arrow_schema, conform
from early_id.district._opened import check_columns
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

_SQL = {pa.string(): "STRING", pa.int64(): "BIGINT", pa.date32(): "DATE", pa.bool_(): "BOOLEAN"}


def view_files(connection: Any, files: Mapping[str, Path]) -> None:
    """Let each table but the groups be read from its file on every use; without a file it is empty."""
    session = session_of(connection)
    for name in TABLES:
        if name != "groups":
            frame = session.read.parquet(_literal(files[name])) if name in files else None
            _view(session, name, frame)


def view_frames(connection: Any, frames: Mapping[str, Any]) -> None:
    """Let each table but the groups be a DataFrame of another session of the same Spark."""
    session = session_of(connection)
    for name in TABLES:
        if name != "groups":
            _view(session, name, _brought(session, frames[name]) if name in frames else None)


def checked_frames(session: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Look up tables given by name, and look at the columns of all.

    Raises
    ------
    ConfigError
        If a name is not that of a canonical table.
    DataError
        If a table lacks a column or has one of another type.
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    frames = {}
    for name, given in tables.items():
        if name not in TABLES:
            msg = f"Expected canonical tables, got {name!r}: {did_you_mean(name, TABLES)}"
            raise ConfigError(msg)
        frames[name] = session.table(given) if isinstance(given, str) else given
        shown = f"Spark's table {given!r}" if isinstance(given, str) else "the DataFrame"
        check_columns(to_arrow_schema(frames[name].schema), TABLES[name], shown)
    return frames


def canonical(frame: Any, name: str) -> Any:
    """Give a DataFrame the columns, order and types of its canonical table."""
    return frame.selectExpr(
        *(f"CAST(`{part.name}` AS {_SQL[part.type]}) AS `{part.name}`" for part in arrow_schema(TABLES[name]))
    )


def spark_rows(frames: Mapping[str, Any], name: str) -> pa.Table:
    """Read one table into memory; where none was given it is empty."""
    if name not in frames:
        return conform(TABLES[name], pd.DataFrame())
    return conform(TABLES[name], canonical(frames[name], name).toArrow())


def session_of(connection: Any) -> Any:
    """Return the session an Ibis connection works in."""
    return connection.raw_sql("SELECT 1").sparkSession


def _view(session: Any, name: str, frame: Any) -> None:
    if frame is None:
        columns = ", ".join(f"NULL AS `{part.name}`" for part in arrow_schema(TABLES[name]))
        # Names of our own.
        frame = session.sql(f"SELECT {columns} WHERE false")
    canonical(frame, name).createOrReplaceTempView(name)


def _brought(session: Any, frame: Any) -> Any:
    """Make a DataFrame of one session one of another; the only public way is a global view, dropped at once."""
    from uuid import uuid4

    passing = f"early_id_{uuid4().hex}"
    frame.createGlobalTempView(passing)
    try:
        database = session.conf.get("spark.sql.globalTempDatabase")
        return session.table(f"{database}.{passing}")
    finally:
        session.catalog.dropGlobalTempView(passing)


def _literal(file: Path) -> str:
    r"""Name a file to Spark, which takes `*`, `?`, `[`, `{` for a pattern and `\` for an escape."""
    return "".join(f"\\{sign}" if sign in "*?[]{}\\" else sign for sign in str(file.resolve()))
