"""The engine: DuckDB, in memory, without a word on the screen."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
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


def bounded_engine() -> duckdb.DuckDBPyConnection:
    """Open a database that works in a bounded share of memory and puts what is more into a file for the time being."""
    connection = engine()
    threads = connection.execute("SELECT current_setting('threads')").fetchall()[0][0]
    # Every thread works on blocks of its own; no rule depends on the order in which rows come.
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET memory_limit = '{max(1024, 256 * int(threads))}MiB'")
    place = Path(tempfile.gettempdir()) / f"early_id-{uuid.uuid4().hex}"
    connection.execute(f"SET temp_directory = '{str(place).replace(chr(39), chr(39) * 2)}'")
    return connection


def ibis_engine() -> Any:
    """Open a database for Ibis expressions."""
    import ibis

    backend = ibis.duckdb.connect()
    quiet(backend.con)
    # Tables that lie in files are read from the system's own cache; a second copy would not be memory well spent.
    backend.con.execute("SET enable_external_file_cache = false")
    return backend
