"""The command: ``python -m experiments.audit_power --out OUT [--counties N --students N --plants a,a2,b,b2,c,d]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from early_id.evaluation import write_atomic
from early_id.exceptions import ConfigError, EarlyIdError, did_you_mean
from experiments.audit_power._plants import PLANTS
from experiments.audit_power._study import run
from experiments.audit_power._table import table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study, or go on with it; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.audit_power", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="a folder; what is in it already is not run again"
    )
    parser.add_argument("--counties", type=int, default=200, help="counties of each plant")
    parser.add_argument("--students", type=int, default=20_000, help="students of each county")
    parser.add_argument("--plants", default=",".join(PLANTS), help="names, with commas")
    options = parser.parse_args(arguments)
    plants = options.plants.split(",")
    try:
        _check(plants, options.counties, options.students)
        cells = run(
            options.out,
            counties=options.counties,
            students=options.students,
            plants=plants,
            tell=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except EarlyIdError as error:
        print(error, file=sys.stderr)
        return 2
    text = table(cells, students=options.students)
    write_atomic(options.out / "results.md", text.encode())
    print(text)
    return 0


def _check(plants: Sequence[str], counties: int, students: int) -> None:
    for name in plants:
        if name not in PLANTS:
            msg = f"Expected plants with commas between, got {name!r}: {did_you_mean(name, PLANTS)}"
            raise ConfigError(msg)
    if counties < 2 or students < 1000:
        msg = f"Expected 2 or more counties of 1,000 or more students, got {counties} of {students}; choose more."
        raise ConfigError(msg)


if __name__ == "__main__":
    sys.exit(main())
