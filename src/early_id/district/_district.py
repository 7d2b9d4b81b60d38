"""A district's tables in one engine, with the protected attributes kept apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.district._arrow import conform, to_pandas
from early_id.district._engine import ibis_engine
from early_id.district._on_spark import checked_frames, spark_rows, view_files, view_frames
from early_id.district._opened import canonical_files, copy_rows, create_view, load_table, read_rows
from early_id.district._spark_session import spark_engine, spark_session
from early_id.district._table import ASSUMED
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkFrame
    from pyspark.sql import SparkSession

_ENGINES = ("duckdb", "spark")


@dataclass(frozen=True, eq=False)
class Signals:
    """The tables a feature may be made from, in one Ibis connection: every canonical table but the groups.

    The panel room receives this object and nothing else, so a protected attribute cannot become a feature.
    """

    connection: Any
    rows: Mapping[str, int]
    _kept: object = field(default=None, repr=False)

    def table(self, name: str) -> Any:
        """Return one table as an Ibis expression; empty where the district has no such rows."""
        if name not in self.rows:
            msg = f"Expected the name of a signal table, got {name!r}: {did_you_mean(name, self.rows)}"
            raise ConfigError(msg)
        return self.connection.table(name)

    def has(self, name: str) -> bool:
        """Say whether the table has any row."""
        return self.rows.get(name, 0) > 0

    @cached_property
    def imputed(self) -> Mapping[str, float]:
        """Share of the rows of each table whose day of knowing is an assumption, by table that has rows."""
        asked = [
            # Names are those of the canonical tables.
            f"SELECT '{name}' AS name, avg(CASE WHEN {ASSUMED} THEN 1.0 ELSE 0.0 END) AS share FROM {name}"  # noqa: S608
            for name in self.rows
            if self.has(name) and TABLES[name].known
        ]
        if not asked:
            return MappingProxyType({})
        found = self.connection.sql(" UNION ALL ".join(asked)).to_pyarrow().to_pylist()
        return MappingProxyType({row["name"]: float(row["share"]) for row in found})

    @property
    def data_until(self) -> date:
        """The last day on which any record became known."""
        days = [
            self.table(name).known_at.max().to_pyarrow().as_py()
            for name in self.rows
            if self.has(name) and "known_at" in TABLES[name].all_columns
        ]
        known = [day for day in days if day is not None]
        if not known:
            msg = (
                "Expected at least one record with the day it became known, got none; the district is empty."
            )
            raise DataError(msg)
        latest: date = max(known)
        return latest


@dataclass(frozen=True, eq=False)
class District:
    """Everything a district (or a county of several) knows, as canonical tables.

    Attributes
    ----------
    signals : Signals
        All tables but the groups, in one engine, for the panel.
    groups : pandas.DataFrame
        Protected attributes by student, for the audit only.
    """

    signals: Signals
    groups: pd.DataFrame
    _rows: Callable[[str], pa.Table] = field(repr=False)
    _files: Mapping[str, Path] = field(default_factory=dict, repr=False)

    @classmethod
    def from_frames(cls, frames: Mapping[str, pd.DataFrame | pa.Table]) -> District:
        """Make a district from frames that were already checked.

        Parameters
        ----------
        frames : mapping of table name to pandas.DataFrame or pyarrow.Table
            Canonical tables; tables that are missing are taken as empty.

        Raises
        ------
        ConfigError
            If a name is not a canonical table.

        Examples
        --------
        >>> import pandas as pd
        >>> district = District.from_frames({"calendar": pd.DataFrame(
        ...     {"school_id": ["01"], "day": pd.to_datetime(["2024-08-12"]), "school_year": [2025], "term": ["S1"]})})
        >>> district.signals.has("calendar"), district.signals.has("absences")
        (True, False)
        """
        for name in frames:
            if name not in TABLES:
                msg = f"Expected canonical tables, got {name!r}: {did_you_mean(name, TABLES)}"
                raise ConfigError(msg)
        arrow = {
            name: conform(table, frames[name] if name in frames else pd.DataFrame())
            for name, table in TABLES.items()
        }
        connection = ibis_engine()
        for name, rows in arrow.items():
            if name != "groups":
                load_table(connection.con, name, rows)
        counts = {name: rows.num_rows for name, rows in arrow.items() if name != "groups"}
        signals = Signals(connection, MappingProxyType(counts))
        return cls(signals, to_pandas(arrow["groups"]), arrow.__getitem__)

    @classmethod
    def open(cls, folder: str | Path, engine: Literal["duckdb", "spark"] = "duckdb") -> District:
        """Open a folder of canonical Parquet tables as they were written, without loading them into memory.

        Nothing is checked but the columns: it is for tables that `District.write`, `write_county` or `early-id check
        --out` wrote. A district's own exports are read with `early_id.district.read_district`.

        Parameters
        ----------
        folder : path
            One Parquet file per table; tables that are missing are taken as empty. The files must stay as they are for
            as long as the district is in use.
        engine : {"duckdb", "spark"}
            What a panel is computed by: DuckDB in this process, or Spark by the extra `early-id[spark]`, in the active
            session if there is one. Tables on a cluster's storage are opened with `District.on_spark`.

        Raises
        ------
        ConfigError
            If there is no such folder or engine, or PySpark or Java is missing.
        DataError
            If it holds no canonical table in Parquet, or one that lacks a column, has one of another type or is not
            Parquet.

        Examples
        --------
        >>> import tempfile
        >>> from early_id.district import simulate_district
        >>> folder = simulate_district(students=120, schools=3, districts=1, years=2).write(tempfile.mkdtemp())
        >>> District.open(folder).frame("schools")["school_id"].tolist()
        ['0102003', '0102460', '0102917']
        """
        if engine not in _ENGINES:
            msg = f"Expected one of the engines {examples(_ENGINES)}, got {engine!r}: {did_you_mean(engine, _ENGINES)}"
            raise ConfigError(msg)
        files = canonical_files(Path(folder))
        if engine == "spark":
            connection = spark_engine(spark_session())
            view_files(connection, files)
        else:
            connection = ibis_engine()
            for name in TABLES:
                if name != "groups":
                    create_view(connection.con, name, files.get(name))
        counts = {
            name: pq.read_metadata(files[name]).num_rows if name in files else 0
            for name in TABLES
            if name != "groups"
        }
        signals = Signals(connection, MappingProxyType(counts))
        rows = partial(read_rows, files)
        return cls(signals, to_pandas(rows("groups")), rows)

    @classmethod
    def on_spark(cls, session: SparkSession, tables: Mapping[str, SparkFrame | str]) -> District:
        """Use canonical tables that a Spark session can read, wherever they lie; only the groups are loaded.

        Parameters
        ----------
        session : pyspark.sql.SparkSession
            Its settings are taken over into a session of the district's own; neither sees the other's views.
        tables : mapping of table name to pyspark.sql.DataFrame or str
            Canonical tables, or the names of tables in the session's catalog; tables that are missing are taken as
            empty. Nothing is checked but the columns.

        Raises
        ------
        ConfigError
            If a name is not a canonical table, or PySpark is missing.
        DataError
            If a table lacks a column or has one of another type.

        Examples
        --------
        On a cluster (`docs/spark.md` has the whole job)::

            District.on_spark(session, {"calendar": session.read.parquet("hdfs:///county/calendar.parquet"), ...})
        """
        connection = spark_engine(session)
        frames = checked_frames(session, tables)
        view_frames(connection, frames)
        rows = partial(spark_rows, frames)
        counts = {name: frames[name].count() if name in frames else 0 for name in TABLES if name != "groups"}
        signals = Signals(connection, MappingProxyType(counts))
        return cls(signals, to_pandas(rows("groups")), rows)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table as a pandas frame, days as `datetime64[us]`."""
        return to_pandas(self.arrow(name))

    def arrow(self, name: str) -> pa.Table:
        """Return one table as an Arrow table with canonical types."""
        if name not in TABLES:
            msg = f"Expected the name of a canonical table, got {name!r}: {did_you_mean(name, TABLES)}"
            raise ConfigError(msg)
        return self._rows(name)

    @property
    def data_until(self) -> date:
        """The last day on which any record of the district became known."""
        return self.signals.data_until

    def write(self, folder: str | Path) -> Path:
        """Write every table that has rows as `<table>.parquet` into a folder that may not exist yet."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            if name in self._files:
                copy_rows(self._files[name], name, folder / f"{name}.parquet")
                continue
            rows = self.arrow(name)
            if rows.num_rows:
                pq.write_table(rows, folder / f"{name}.parquet")
        return folder
