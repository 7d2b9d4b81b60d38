"""The same panel by DuckDB and by Spark on two cores of one machine: seconds, and how far the numbers differ."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from early_id.district import District, write_county
from early_id.panel import CATALOG, panel_query

KEYS = ["student_id", "school_id", "as_of"]


def _session(memory: str, scratch: Path) -> Any:
    """Start Spark with as many cores as DuckDB is measured with."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("early-id benchmark")
    for key, value in {
        "spark.driver.memory": memory,
        "spark.local.dir": str(scratch),
        "spark.sql.shuffle.partitions": "8",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _seconds(district: District, dates: Sequence[str], path: Path) -> float:
    start = time.perf_counter()
    panel_query(district, as_of=dates).to_parquet(path)
    return time.perf_counter() - start


def largest_difference(one: Path, other: Path) -> float:
    """Return the largest difference over all features; stop where the rows or what is missing differ."""
    left, right = (
        pd.read_parquet(path, columns=[*dict.fromkeys([*KEYS, *CATALOG])])
        .set_index(KEYS)[list(CATALOG)]
        .astype("float64")
        .sort_index()
        for path in (one, other)
    )
    if not (left.index.equals(right.index) and left.isna().equals(right.isna())):
        msg = "Expected the same rows and the same missing values in both engines, got others."
        raise SystemExit(msg)
    return float((left - right).abs().max().max())


def against_spark(students: int, memory: str, works: dict[str, Any]) -> None:
    """Print a table of the works, each a function that gives the dates of a district."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        write_county(folder / "county", students=students, schools=max(3, students // 420), years=3)
        (folder / "scratch").mkdir()
        session = _session(memory, folder / "scratch")
        duckdb, spark = (District.open(folder / "county", engine) for engine in ("duckdb", "spark"))
        print(
            f"{students:,} students, {len(CATALOG)} features, two cores, Spark with {memory}, one run each, to Parquet"
        )
        print(
            "| work | DuckDB, s | Spark, s | ratio | largest difference |\n|---|---|---|---|---|", flush=True
        )
        for work, dates_of in works.items():
            dates, files = dates_of(duckdb), (folder / "duckdb.parquet", folder / "spark.parquet")
            one, other = _seconds(duckdb, dates, files[0]), _seconds(spark, dates, files[1])
            difference = largest_difference(*files)
            print(f"| {work} | {one:.1f} | {other:.1f} | {other / one:.1f} | {difference:.1g} |", flush=True)
        session.stop()
