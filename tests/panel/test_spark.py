"""Spark gives the panel that DuckDB gives, from the same plan, and both give that of the oracle."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from oracle import assert_features_equal
from small import small_district
from tiny import tiny_district

from early_id.district import District
from early_id.exceptions import ConfigError, DataError
from early_id.panel import CATALOG, Label, _given, build_panel, panel_query

ROOT = Path(__file__).parent.parent.parent
FAR = date(2030, 1, 1)
FEW = {name: CATALOG[name] for name in ("absence_rate_20d", "tardies_20d", "entry_day")}
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "1",
    # A few hundred rows: compiling each query takes longer than running it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
}

slow = pytest.mark.slow
pytestmark = [
    # PySpark 4.0 and Ibis 12 use a keyword and an option that pandas 3 deprecates.
    pytest.mark.filterwarnings(
        "ignore:The copy keyword is deprecated:pandas.errors.Pandas4Warning:pyspark.sql.pandas.types"
    ),
    pytest.mark.filterwarnings(
        "ignore:The 'future.infer_string' option:pandas.errors.Pandas4Warning:ibis.formats.pandas"
    ),
    # PySpark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


def java_or_skip() -> None:
    pytest.importorskip("pyspark.sql", reason="PySpark is not installed: `make slow` does")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("there is no Java on this machine: Debian's default-jre-headless is enough")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    java_or_skip()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]")
    settings = {**SETTINGS, "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    gc.collect()


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(expected)
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=0, atol=1e-12)


def both(folder: Path, **asked: Any) -> tuple[Any, Any]:
    """The panel of a folder by DuckDB and by Spark."""
    return tuple(build_panel(District.open(folder, engine), **asked) for engine in ("duckdb", "spark"))


@slow
def test_every_feature_label_and_fact_of_the_written_district_is_the_same(spark, tmp_path: Path) -> None:
    folder = District.from_frames(tiny_district()).write(tmp_path / "it's [a] *county*" / "school_id=7")
    expected, found = both(folder, label="chronic_absence", as_of=["2024-12-01", "2024-11-17"])
    assert set(CATALOG) <= set(found.frame)
    same(found.frame, expected.frame)
    same(found.facts, expected.facts)


@slow
def test_a_simulated_county_is_the_same(spark, county: District, tmp_path: Path) -> None:
    expected, found = both(
        county.write(tmp_path), label=Label("suspension", scope="school"), scope="school",
        as_of=["2024-01-21", "2025-01-12"],
    )  # fmt: skip
    same(found.frame, expected.frame)


@slow
@settings(
    max_examples=3,
    deadline=None,
    # To shrink a district would take hours.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10_000), label=st.sampled_from(["chronic_absence", "course_failure", "suspension"])
)
# Nobody is enrolled on 2024-11-10.
@example(seed=149, label="chronic_absence")
def test_random_districts_are_the_same_in_both_engines_and_by_the_oracle(
    spark, tmp_path_factory, seed: int, label: str
) -> None:
    tables = small_district(seed, students=8)
    folder = District.from_frames(tables).write(tmp_path_factory.mktemp("small"))
    try:
        expected, found = both(folder, label=label, known_by=FAR)
    except DataError as refused:
        # Of so few students nobody may be enrolled on some date: both engines refuse it in the same words.
        with pytest.raises(DataError, match=f"^{re.escape(str(refused))}$"):
            build_panel(District.open(folder, "spark"), label=label, known_by=FAR)
        return
    same(found.frame, expected.frame)
    assert_features_equal(found.frame, tables)
    assert_features_equal(expected.frame, tables)


@slow
def test_words_with_blanks_around_them_are_the_same(spark, tmp_path: Path) -> None:
    values = {"ann": " Yes", "ben": "FALSE\n", "fay": "\x0bno\x0c", "dan": "perhaps"}
    days = {"known_at": pd.Timestamp("2024-10-08"), "retracted_at": pd.NaT}
    outcomes = [
        {"student_id": student, "school_id": "A", "outcome": "transfer", "value": value, **days,
         "occurred_on": pd.Timestamp("2024-12-05")} for student, value in values.items()
    ]  # fmt: skip
    decisions = [
        {"list_id": "1", "student_id": student, "decision": word, **days, "decided_on": days["known_at"]}
        for student, word in (("ann", "\x0cDismissed \n"), ("ben", "reached out"), ("fay", " NO outreach"))
    ]
    tables = {**tiny_district(), "outcomes": pd.DataFrame(outcomes), "decisions": pd.DataFrame(decisions)}
    folder = District.from_frames(tables).write(tmp_path)
    asked = {"label": "outcome:transfer", "as_of": ["2024-12-01"], "catalog": FEW, "known_by": FAR}
    expected, found = both(folder, **asked)
    same(found.frame, expected.frame)
    rows = found.frame.set_index("student_id")
    assert rows.label[["ann", "ben", "fay"]].tolist() == [1, 0, 0]
    assert rows.treated[["ann", "ben", "fay"]].tolist() == [False, True, False]


@slow
def test_parts_make_the_file_that_duckdb_makes(spark, tmp_path: Path, monkeypatch) -> None:
    folder = District.from_frames(small_district(4)).write(tmp_path / "county")
    asked = {"as_of": ["2023-10-08", "2024-10-06", "2024-10-27"], "catalog": FEW, "label": "course_failure"}
    panel_query(District.open(folder), **asked).to_parquet(tmp_path / "duckdb.parquet")
    monkeypatch.setattr(_given, "ROWS_AT_A_TIME", 15)
    query = panel_query(District.open(folder, "spark"), **asked)
    assert query.to_parquet(tmp_path / "spark.parquet") > 15
    files = [pq.read_table(tmp_path / f"{engine}.parquet") for engine in ("spark", "duckdb")]
    assert files[0].schema.equals(files[1].schema)
    same(files[0].to_pandas(), files[1].to_pandas())


@slow
def test_the_statements_run_as_they_are(spark, tmp_path: Path) -> None:
    folder = District.from_frames(tiny_district()).write(tmp_path)
    asked = {"as_of": "2024-12-01", "catalog": FEW, "label": "chronic_absence"}
    district = District.open(folder, engine="spark")
    *before, last, rest = panel_query(district, **asked).sql().split(";\n")
    assert rest == ""
    sql = district.signals.connection.raw_sql
    for statement in ("CREATE DATABASE panel", "USE panel", *before):
        sql(statement)
    rows = sql(last).toArrow()
    sql("DROP DATABASE panel CASCADE")
    same(rows.to_pandas(), panel_query(District.open(folder), **asked).to_arrow().to_pandas())
    with pytest.raises(ConfigError, match="in DuckDB for the panel as one expression, got one in Spark"):
        panel_query(district, **asked).to_ibis()


@slow
def test_tables_of_another_session_are_used_and_nothing_is_left_behind(spark, tmp_path: Path) -> None:
    folder = District.from_frames(tiny_district()).write(tmp_path / "county")
    frames = {file.stem: spark.read.parquet(str(file)) for file in folder.glob("*.parquet")}
    frames["schools"].createOrReplaceTempView("schools_of_the_county")
    district = District.on_spark(spark, {**frames, "schools": "schools_of_the_county"})
    opened = District.open(folder)
    assert district.signals.rows == opened.signals.rows
    pd.testing.assert_frame_equal(district.frame("grades"), opened.frame("grades"))
    assert district.frame("supports").empty
    before = set(district.signals.connection.list_tables())

    def left() -> tuple[set[str], int, list[str]]:
        tables = set(district.signals.connection.list_tables()) - before
        return tables, spark.sparkContext._jsc.getPersistentRDDs().size(), [
            file.name for file in (tmp_path / "checkpoints").rglob("*") if file.is_file()
        ]  # fmt: skip

    query = panel_query(district, as_of="2024-12-01", catalog=FEW)
    batches = query.batches()
    assert next(batches).num_rows == 5
    batches.close()
    assert left() == (set(), 0, [])
    # From here on steps are written to files that outlive an executor.
    spark.sparkContext.setCheckpointDir(str(tmp_path / "checkpoints"))
    batches = query.batches()
    assert next(batches).num_rows == 5
    assert left()[2]
    batches.close()
    assert left() == (set(), 0, [])
    assert [row.tableName for row in spark.sql("SHOW TABLES").collect()] == ["schools_of_the_county"]


@slow
def test_tables_that_are_not_canonical_are_refused(spark) -> None:
    with pytest.raises(ConfigError, match=r"got 'absense': did you mean 'absences'\?"):
        District.on_spark(spark, {"absense": spark.range(1)})
    with pytest.raises(
        DataError, match=r"all columns of calendar in the DataFrame, but there is no 'school_id'"
    ):
        District.on_spark(spark, {"calendar": spark.range(1)})
    wrong = spark.sql("SELECT 1 AS school_id, DATE '2024-09-02' AS day, 2025 AS school_year, 'T1' AS term")
    with pytest.raises(DataError, match=r"canonical types in the DataFrame, got school_id \(int32\)"):
        District.on_spark(spark, {"calendar": wrong})


@slow
def test_the_job_of_the_page_runs(tmp_path: Path) -> None:
    java_or_skip()
    page = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    (job,) = (part.split("```")[0] for part in page.split("```python\n") if "argparse" in part)
    (tmp_path / "job.py").write_text(job, encoding="utf-8")
    folder = District.from_frames(small_district(4)).write(tmp_path / "county")
    command = [Path(sys.executable).with_name("spark-submit"), "--master", "local[2]"]
    command += [part for setting in SETTINGS.items() for part in ("--conf", "=".join(setting))]
    command += [
        tmp_path / "job.py",
        "--tables",
        folder,
        "--as-of",
        "2024-10-27",
        "--out",
        tmp_path / "panel.parquet",
    ]
    command += ["--checkpoints", tmp_path / "checkpoints"]
    done = subprocess.run(
        command,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    asked = {"label": "chronic_absence", "as_of": ["2024-10-27"]}
    expected = panel_query(District.open(folder), **asked).to_arrow()
    assert f"{expected.num_rows} rows" in done.stdout
    same(pq.read_table(tmp_path / "panel.parquet").to_pandas(), expected.to_pandas())


def test_an_engine_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"got 'sprak': did you mean 'spark'\?"):
        District.open(tmp_path, engine="sprak")


def test_pyspark_is_missing(tmp_path: Path, monkeypatch) -> None:
    folder = District.from_frames(tiny_district()).write(tmp_path)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"Expected PySpark .*; install `early-id\[spark\]`"):
        District.open(folder, engine="spark")
    with pytest.raises(ConfigError, match=r"Expected PySpark .*; install `early-id\[spark\]`"):
        District.on_spark(object(), {})


def test_java_is_missing_or_spark_does_not_start(tmp_path: Path, monkeypatch) -> None:
    class Builder:
        def __getattr__(self, name: str) -> Any:
            return lambda *_: self

        def getOrCreate(self) -> None:  # noqa: N802 - the name of PySpark's
            msg = "Java gateway process exited before sending its port number"
            raise RuntimeError(msg)

    pyspark, sql = ModuleType("pyspark"), ModuleType("pyspark.sql")
    sql.SparkSession = SimpleNamespace(getActiveSession=lambda: None, builder=Builder())
    monkeypatch.setitem(sys.modules, "pyspark", pyspark)
    monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
    folder = District.from_frames(tiny_district()).write(tmp_path)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"Expected Java 17 or newer .*got no `java` and no JAVA_HOME; install"
    ):
        District.open(folder, engine="spark")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"Expected Spark to start .*gateway.*; it needs Java 17 or newer"):
        District.open(folder, engine="spark")


def test_what_is_no_session_with_a_driver_here_is_refused() -> None:
    pytest.importorskip("pyspark.sql", reason="PySpark is not installed: `make slow` does")
    with pytest.raises(
        ConfigError, match=r"Expected a pyspark.sql.SparkSession, got builtins.object; .*Connect"
    ):
        District.on_spark(object(), {})
