"""The panel engine against queries written by hand that give the same numbers, on a county of 250,000 students.

Run: python -m experiments.benchmarks.panel [--students 250000] [--repeats 3] [--out TABLE.md]
With Spark instead of the hand-written queries: python -m experiments.benchmarks.panel --spark --students 25000

Every figure comes from a process of its own, so that its peak memory is its own; ratios are of one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from early_id.district import District, write_county
from early_id.panel import CATALOG, panel_query
from experiments.benchmarks.spark import against_spark

YEAR = 2024
ONE_DATE = "2024-01-14"
DATES = 36
FOUR = ("absence_rate_year", "mean_mark_year", "incidents_year", "schools_this_year")
EIGHT = (
    "absence_rate_10d", "absence_rate_20d", "absence_rate_60d", "absence_rate_year", "unexcused_rate_year",
    "absence_trend_20d", "days_since_absence", "tardies_20d",
)  # fmt: skip
_HERE = Path(__file__).parent


def _dates(county: District) -> list[str]:
    """Sundays of the first 36 full weeks of the school year."""
    sql = (
        "SELECT DISTINCT (date_trunc('week', day) + INTERVAL 6 DAY)::DATE FROM calendar WHERE school_year = ?"
    )
    rows = county.signals.connection.con.execute(sql, [YEAR]).fetchall()
    return sorted(day.isoformat() for (day,) in rows)[2 : 2 + DATES]


def one_by_hand(county: District, _: Path) -> pa.Table:
    """Answer the hand-written query of one date."""
    con = county.signals.connection.con
    first = con.execute("SELECT min(day) FROM calendar WHERE school_year = ?", [YEAR]).fetchone()[0]
    sql = (_HERE / "one_date.sql").read_text().format(day=ONE_DATE, first=first, year=YEAR)
    rows: pa.Table = con.execute(sql).fetch_arrow_table()
    return rows


def one_by_engine(county: District, _: Path) -> pa.Table:
    """Compute the whole catalogue of one date."""
    return panel_query(county, as_of=[ONE_DATE]).to_arrow()


def many_by_hand(county: District, folder: Path) -> Path:
    """Run the hand-written statements of 36 dates, to Parquet."""
    con, out = county.signals.connection.con.cursor(), folder / "by_hand.parquet"
    values = ", ".join(f"(DATE '{day}')" for day in _dates(county))
    # The values are dates of the calendar.
    con.execute(f"CREATE TEMP TABLE dates AS SELECT * FROM (VALUES {values}) AS t(as_of)")  # noqa: S608
    for statement in (_HERE / "many_dates.sql").read_text().format(year=YEAR, out=out).split(";\n"):
        con.execute(statement)
    con.close()
    return out


def _many(names: Mapping[str, Any], name: str) -> Callable[[District, Path], Path]:
    def work(county: District, folder: Path) -> Path:
        panel_query(county, as_of=_dates(county), catalog=names).to_parquet(folder / name)
        return folder / name

    return work


WORK: dict[str, Callable[[District, Path], Any]] = {
    "one date, four features by hand": one_by_hand,
    "one date, whole catalogue": one_by_engine,
    "36 dates, eight features by hand": many_by_hand,
    "36 dates, eight features": _many({name: CATALOG[name] for name in EIGHT}, "eight.parquet"),
    "36 dates, whole catalogue": _many(CATALOG, "all.parquet"),
}
#: What is compared with what, the names whose values have to be equal, and the ratio that is aimed at.
PAIRS = (
    ("one date, whole catalogue", "one date, four features by hand", FOUR, 2.0),
    ("36 dates, eight features", "36 dates, eight features by hand", EIGHT, 1.0),
    ("36 dates, whole catalogue", "36 dates, eight features by hand", EIGHT, 4.0),
)


def _peak() -> float:
    """Return the peak memory of this process in GB; what `getrusage` says includes that of the process before it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e6
    msg = "Expected VmHWM in /proc/self/status, got none; the memory is measured on Linux only."
    raise SystemExit(msg)


def _alone(name: str, county: Path, folder: Path, repeats: int) -> None:
    """Do one piece of work in this process and print its figures."""
    opened, times = District.open(county), []
    if repeats > 1:
        WORK[name](opened, folder)  # the first run also writes the plan down
    for _ in range(repeats):
        start = time.perf_counter()
        WORK[name](opened, folder)
        times.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(times), "peak": _peak(), "runs": repeats}))


def _measure(name: str, county: Path, folder: Path, repeats: int) -> dict[str, float]:
    command = [sys.executable, "-m", "experiments.benchmarks.panel", "--alone", name, "--county", str(county)]
    command += ["--folder", str(folder), "--repeats", str(repeats)]
    # The command is this module.
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _equal(county: Path, folder: Path) -> None:
    """Stop if the engine and the hand-written queries differ anywhere."""
    import pandas as pd

    opened, keys = District.open(county), ["student_id", "school_id"]
    pairs = [(one_by_hand(opened, folder).to_pandas(), one_by_engine(opened, folder).to_pandas(), keys, FOUR)]
    if (folder / "by_hand.parquet").exists():
        named = [*keys, "as_of", *EIGHT]
        hand, engine = (
            pd.read_parquet(folder / f"{name}.parquet", columns=named) for name in ("by_hand", "all")
        )
        pairs.append((hand, engine, [*keys, "as_of"], EIGHT))
    for hand, engine, index, names in pairs:
        left = hand.set_index(index)[list(names)].astype("float64").sort_index()
        right = engine.set_index(index)[list(names)].astype("float64").sort_index()
        pd.testing.assert_frame_equal(left, right, rtol=0, atol=1e-12)


def _table(students: int, found: Mapping[str, dict[str, float]], tenth: float) -> str:
    lines = [
        f"{students:,} students, three school years, Parquet, 2 threads. Made by",
        f"`python -m experiments.benchmarks.panel --students {students}`; seconds are medians of one machine, ratios",
        "travel.",
        "",
        f"| work ({len(CATALOG)} features in the catalogue) | runs | seconds | peak memory, GB |",
        "|---|---|---|---|",
        *(f"| {n} | {v['runs']} | {v['seconds']:.1f} | {v['peak']:.1f} |" for n, v in found.items()),
        "",
        "| ratio | measured | aim |",
        "|---|---|---|",
        *(
            f"| {work} : {other.split(', ')[1]} | {found[work]['seconds'] / found[other]['seconds']:.1f} | {aim:g} |"
            for work, other, _, aim in PAIRS
        ),
        f"| one date, whole catalogue: {students:,} students : {students // 10:,} | "
        f"{found['one date, whole catalogue']['seconds'] / tenth:.1f} | 11 |",
        "",
        "The hand-written queries give the same numbers on every row (checked to 1e-12 in the same run).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table of times and ratios, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=250_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--spark", action="store_true", help="compare DuckDB with Spark instead; needs early-id[spark]"
    )
    parser.add_argument("--spark-memory", default="6g", help="memory of Spark's process")
    for name in ("--alone", "--county", "--folder"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        _alone(options.alone, Path(options.county), Path(options.folder), options.repeats)
        return
    if options.spark:
        works = {"one date": lambda _: [ONE_DATE], f"{DATES} dates": _dates}
        against_spark(options.students, options.spark_memory, works)
        return
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        for name, students in (("county", options.students), ("tenth", options.students // 10)):
            write_county(folder / name, students=students, schools=max(3, students // 420), years=3)
        found = {}
        for name in WORK:
            # The long ones run once: a minute and more is not decided by chance.
            repeats = options.repeats if name.startswith("one") else 1
            found[name] = _measure(name, folder / "county", folder, repeats)
            print(name, found[name], flush=True)
        tenth = _measure("one date, whole catalogue", folder / "tenth", folder, options.repeats)
        _equal(folder / "county", folder)
    table = _table(options.students, found, tenth["seconds"])
    print(table)
    if options.out:
        options.out.write_text(table)


if __name__ == "__main__":
    main()
