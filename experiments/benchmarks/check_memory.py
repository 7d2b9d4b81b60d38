"""`early-id check` of a folder with ten million absences: how long, and in how much memory.

Run: python -m experiments.benchmarks.check_memory [--rows 2500000 10000000] [--students 250000] [--out TABLE.md]

Every check runs in a process of its own, so that its peak memory is its own. It reads CSV files, judges them and writes
the good rows, as `early-id check FOLDER --out DIR` does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from early_id.district import check_district, write_check

_DAYS, _SCHOOL_SIZE = 180, 420
# Every student is absent on days a stride of 7 apart: it shares no divisor with 180, so that no day comes twice.
_TABLES = """
CREATE TABLE day_of AS
    SELECT row_number() OVER (ORDER BY day) - 1 AS number, day::DATE AS day
    FROM range(DATE '2024-08-12', DATE '2025-06-30', INTERVAL 1 DAY) AS r(day)
    WHERE isodow(day) < 6 QUALIFY number < {days};
COPY (
    SELECT printf('S%04d', n) AS school_id, 'School ' || n AS school_name, 'D1' AS district_id, 'One' AS district_name
    FROM range({schools}) AS r(n)
) TO '{folder}/schools.csv';
COPY (
    SELECT printf('S%04d', n) AS school_id, day, 2025 AS school_year, 'T' || (number // 90 + 1) AS term
    FROM range({schools}) AS r(n), day_of ORDER BY n, number
) TO '{folder}/calendar.csv';
COPY (
    SELECT printf('S%04d', n) AS school_id, day, day + 1 AS known_at
    FROM range({schools}) AS r(n), day_of ORDER BY n, number
) TO '{folder}/attendance_feed.csv';
COPY (
    SELECT printf('P%010d', n) AS student_id, printf('S%04d', n % {schools}) AS school_id,
        DATE '2024-08-12' AS entered_on,
        2025 AS school_year, n % 13 AS grade_level, NULL AS left_on, true AS "primary", DATE '2024-08-01' AS known_at
    FROM range({students}) AS r(n)
) TO '{folder}/enrollments.csv';
COPY (
    SELECT printf('P%010d', n) AS student_id, printf('S%04d', n % {schools}) AS school_id, day AS occurred_on,
        ['unexcused', 'excused', 'tardy'][(hash(n, k) % 3)::INTEGER + 1] AS kind, 1000 AS thousandths,
        day + (hash(k, n) % 4)::INTEGER AS known_at
    FROM range({students}) AS r(n), range({each}) AS e(k) JOIN day_of ON number = (n + 7 * k) % {days}
    ORDER BY n, k
) TO '{folder}/absences.csv'
"""


def write_folder(folder: Path, students: int, rows: int) -> None:
    """Write the CSV files of a county whose students have the same number of absences each."""
    folder.mkdir()
    each = rows // students
    if not 0 < each <= _DAYS:
        msg = f"Expected between 1 and {_DAYS} absences for each of {students:,} students, got {each:,}."
        raise SystemExit(msg)
    parts = {"days": _DAYS, "schools": max(1, students // _SCHOOL_SIZE), "students": students, "each": each}
    with duckdb.connect() as connection:
        for statement in _TABLES.format(folder=folder, **parts).split(";\n"):
            connection.execute(statement)


def _peak() -> float:
    """Return the peak memory of this process in GB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e6
    msg = "Expected VmHWM in /proc/self/status, got none; the memory is measured on Linux only."
    raise SystemExit(msg)


def _alone(folder: Path) -> None:
    """Check a folder in this process and print its figures."""
    start = time.perf_counter()
    result = check_district(folder)
    read = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as out:
        write_check(result, Path(out) / "checked")
    files = result.files.set_index("file")
    print(
        json.dumps(
            {
                "ok": result.ok,
                "rows": int(files.loc["absences.csv", "rows_out"]),
                "size": (folder / "absences.csv").stat().st_size / 1e6,
                "read": read,
                "seconds": time.perf_counter() - start,
                "peak": _peak(),
            }
        )
    )


def _measure(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "experiments.benchmarks.check_memory", "--alone", str(folder)]
    # The command is this module.
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _table(students: int, found: list[dict[str, float]]) -> str:
    rows = " ".join(str(int(one["rows"])) for one in found)
    lines = [
        f"{students:,} students, one school year, CSV files. Made by",
        f"`python -m experiments.benchmarks.check_memory --rows {rows} --students {students}`; seconds are those of",
        "one machine with 2 processors.",
        "",
        "| absences | MB of absences.csv | seconds to check | seconds with --out | peak memory, GB |",
        "|---|---|---|---|---|",
        *(
            f"| {one['rows']:,} | {one['size']:.0f} | {one['read']:.0f} | {one['seconds']:.0f} | {one['peak']:.1f} |"
            for one in found
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table of seconds and memory, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[2_500_000, 10_000_000])
    parser.add_argument("--students", type=int, default=250_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        _alone(options.alone)
        return
    found = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as parent:
            write_folder(Path(parent) / "district", options.students, rows)
            found.append(_measure(Path(parent) / "district"))
            print(found[-1], flush=True)
    table = _table(options.students, found)
    print(table)
    if options.out:
        options.out.write_text(table)


if __name__ == "__main__":
    main()
