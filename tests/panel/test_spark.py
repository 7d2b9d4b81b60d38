"""Spark gives the panel that DuckDB gives, from the same plan."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import small_district
from tiny import tiny_district

from early_id.district import District
from early_id.exceptions import ConfigError
from early_id.panel import build_panel, panel_query

# Py4J leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    # A few hundred rows: compiling each query takes longer than running it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    if not shutil.which("java"):
        pytest.skip("no Java on this machine")
    builder = sql.SparkSession.builder.master("local[2]")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    gc.collect()


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "dates"), [(None, ["2024-12-01"]), (0, "weekly"), (1, "weekly")])
def test_every_column_of_the_panel_is_the_same(spark, tmp_path: Path, seed, dates) -> None:
    tables = tiny_district() if seed is None else small_district(seed)
    folder = District.from_frames(tables).write(tmp_path / "it's [a] *county*" / "school_id=7")
    found = {
        engine: build_panel(District.open(folder, engine), label="chronic_absence", as_of=dates).frame
        for engine in ("duckdb", "spark")
    }
    pd.testing.assert_frame_equal(found["spark"], found["duckdb"], check_exact=False, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_tables_of_another_session_are_used_and_nothing_is_left_behind(spark, tmp_path: Path) -> None:
    folder = District.from_frames(tiny_district()).write(tmp_path)
    frames = {file.stem: spark.read.parquet(str(file)) for file in folder.glob("*.parquet")}
    district = District.on_spark(spark, frames)
    assert district.signals.rows == District.open(folder).signals.rows
    before = set(district.signals.connection.list_tables())
    batches = panel_query(district, as_of="2024-12-01").batches()
    assert next(batches).num_rows == 5
    batches.close()
    assert set(district.signals.connection.list_tables()) == before
    assert spark.sparkContext._jsc.getPersistentRDDs().size() == 0
    assert not spark.catalog.listTables()


def test_an_engine_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"got 'sprak': did you mean 'spark'\?"):
        District.open(tmp_path, engine="sprak")
