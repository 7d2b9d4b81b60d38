"""Sessions of Spark: the one that is there or a quiet one of this machine, and the district's own beside it."""

from __future__ import annotations

import os
import shutil
from typing import Any

from early_id.exceptions import ConfigError

_INSTALL = "install `early-id[spark]`"
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
#: What a statement means must not depend on the caller's settings.
_MEANING = {
    "spark.sql.session.timeZone": "UTC",
    # As by default from Spark 4 on: a number that does not fit is an error and not another number, as in DuckDB.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
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
    for key, value in _MEANING.items():
        own.conf.set(key, value)
    return backend
