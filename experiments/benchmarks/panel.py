"""One as-of date with the whole catalogue, against a hand-written DuckDB query of one feature per table.

Run: python -m experiments.benchmarks.panel [--students 25000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

from early_id.district import District, simulate_tables
from early_id.panel import CATALOG, build_panel

SUNDAY = "2025-01-26"
HAND_WRITTEN = """
with cohort as (
    select student_id, school_id from enrollments
    where "primary" and school_year = 2025 and entered_on <= date '{day}'
      and (left_on is null or left_on >= date '{day}')
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}')
), a as (
    select student_id, count(*) as absent from absences
    where kind in ('excused', 'unexcused', 'suspension_out') and thousandths = 1000
      and occurred_on between date '2024-08-01' and date '{day}'
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}') group by 1
), g as (
    select student_id, sum(hundredths) / count(hundredths) as mark from grades
    where assessed_on between date '2024-08-01' and date '{day}'
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}') group by 1
), i as (
    select student_id, count(*) as incidents from incidents
    where basis = 'objective' and occurred_on between date '2024-08-01' and date '{day}'
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}') group by 1
)
select * from cohort left join a using (student_id) left join g using (student_id) left join i using (student_id)
"""


def _median(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print both medians, their ratio and the peak memory of the process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=25_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    schools = max(3, options.students // 420)
    tables = simulate_tables(students=options.students, schools=schools, years=2).tables
    county = District.from_frames(tables)
    query = HAND_WRITTEN.format(day=SUNDAY)
    engine = _median(lambda: build_panel(county, as_of=[SUNDAY]), options.repeats)
    by_hand = _median(
        lambda: county.signals.connection.con.execute(query).fetch_arrow_table(), options.repeats
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{options.students:,} students, one as-of date, medians of {options.repeats} runs")
    print(f"whole catalogue ({len(CATALOG)} features): {engine:.2f} s")
    print(f"hand-written query (3 features): {by_hand:.2f} s")
    print(f"ratio: {engine / by_hand:.1f}; peak memory with the simulator: {memory:.1f} GB")


if __name__ == "__main__":
    main()
