"""Canonical tables in Spark: views of a session over files or over tables that are already there."""

from __future__ import annotations

import os
import shutil
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
_INSTALL = "install `early-id[spark]`"
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
}


def spark_session() -> Any:
    """Return the active session, or start a quiet one on this machine.

    Raises
    ------
    ConfigError
        If PySpark or Java is missing.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        msg = f"Expected PySpark for engine='spark', got {error}; {_INSTALL}."
        raise ConfigError(msg) from error
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        msg = (
            "Expected Java 17 or newer for engine='spark', got no `java` and no JAVA_HOME; install it beside "
            "`early-id[spark]`, such as Debian's default-jre-headless."
        )
        raise ConfigError(msg)
    builder = SparkSession.builder.appName("early-id")
    for key, value in _LOCAL.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except RuntimeError as error:
        msg = f"Expected Spark to start on this machine, got {error}; it needs Java 17 or newer."
        raise ConfigError(msg) from error


def spark_engine(session: Any) -> Any:
    """Open a session of its own beside the caller's for Ibis: its views and settings are nobody else's.

    Raises
    ------
    ConfigError
        If it is no session whose driver runs in this process, such as one of Spark Connect, or a library is missing.

    Notes
    -----
    `spark.sql.ansi.enabled` is on, as it is by default from Spark 4 on: a number that does not fit is an error and
    not another number, which is what DuckDB does.
    """
    try:
        import ibis
        from pyspark.sql import SparkSession

        connect = ibis.pyspark.connect
    except ImportError as error:
        msg = f"Expected PySpark and what Ibis needs for it, got {error}; {_INSTALL}."
        raise ConfigError(msg) from error
    if not isinstance(session, SparkSession):
        kind = f"{type(session).__module__}.{type(session).__qualname__}"
        msg = (
            f"Expected a pyspark.sql.SparkSession, got {kind}; run where the driver is, such as with spark-submit, and "
            "not through Spark Connect."
        )
        raise ConfigError(msg)
    own = session.newSession()
    backend = connect(own)
    # A new session knows the settings of the cluster, but not those made since in the caller's session.
    for key, value in session.conf.getAll.items():
        if key.startswith("spark.sql.") and own.conf.isModifiable(key):
            own.conf.set(key, value)
    own.conf.set("spark.sql.session.timeZone", "UTC")
    own.conf.set("spark.sql.ansi.enabled", "true")
    own.conf.set("spark.sql.execution.arrow.pyspark.enabled", "true")
    return backend


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
