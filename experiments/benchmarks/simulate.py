"""A county of Sacramento's size written to Parquet: how long, and in how much memory.

Run: python -m experiments.benchmarks.simulate [--students 250000] [--years 3] [--workers 2]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from early_id.district import District, write_county


def _peak() -> float:
    """Return the peak memory in GB of this process and the largest of its children."""
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used) / 1e6


def main() -> None:
    """Print seconds, peak memory and the rows of every table; then what opening the county takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=250_000)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    schools = max(3, options.students // 420)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "county"
        start, used = time.perf_counter(), time.process_time()
        rows = write_county(
            folder, students=options.students, schools=schools, years=options.years, workers=options.workers
        )
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e9
        print(f"{options.students:,} students, {options.years} years, {options.workers} workers")
        print(
            f"written in {seconds:.0f} s ({processor:.0f} s of processor time); peak memory {_peak():.1f} GB"
        )
        print(f"{sum(rows.values()):,} rows in {size:.2f} GB")
        for name, count in rows.items():
            print(f"  {name}: {count:,}")
        start = time.perf_counter()
        until = District.open(folder).data_until
        print(
            f"opened, known until {until}: {time.perf_counter() - start:.1f} s; peak memory {_peak():.1f} GB"
        )


if __name__ == "__main__":
    main()
