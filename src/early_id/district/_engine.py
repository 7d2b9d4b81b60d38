"""The engine: DuckDB, in memory, without a word on the screen."""

from __future__ import annotations

from typing import Any

import duckdb


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Turn the progress bar off: where Python was not started with a file, DuckDB prints one among our results.

    >>> connection = quiet(duckdb.connect())
    >>> connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    [(False,)]
    """
    connection.execute("SET enable_progress_bar = false; SET enable_progress_bar_print = false")
    return connection


def engine() -> duckdb.DuckDBPyConnection:
    """Open a database for plain SQL."""
    return quiet(duckdb.connect())


def ibis_engine() -> Any:
    """Open a database for Ibis expressions."""
    import ibis

    backend = ibis.duckdb.connect()
    quiet(backend.con)
    # Tables that lie in files are read from the system's own cache; a second copy would not be memory well spent.
    backend.con.execute("SET enable_external_file_cache = false")
    return backend
