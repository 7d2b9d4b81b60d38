"""Why intervals of whole schools are a little wide: ``python -m experiments.audit_power.scatter --out OUT``.

A standard error over students lets the number who are listed vary; a list of so many places per school does not. In
the same counties of plant (a) the same students are listed in two ways: up to the length of their school's list, and
wherever they are listed in the whole world, which is a cut-off that no other student of the county moves. Printed is
the standard deviation of the gaps over the counties, divided by the mean of the standard errors of the audits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from early_id.evaluation import list_at_capacity, write_atomic
from experiments.audit_power._audits import audit_singles
from experiments.audit_power._plants import PLANTS
from experiments.audit_power._pool import Pool, fit_document, make_pool
from experiments.audit_power._truth import OF_SCHOOLS

LENGTH, CUT_OFF = "a list of fixed length per school", "a fixed cut-off per school"


def scatter(pool: Pool, *, students: int, counties: int) -> pd.DataFrame:
    """Return attribute, group, listed, and how far gaps scatter over their standard error (`ratio`)."""
    everybody = Pool(
        pool.rows.assign(always=list_at_capacity(pool.rows, pool.capacity)), pool.groups, pool.capacity
    )
    parts = []
    for number in range(counties):
        rows, attributes, _ = everybody.county(students, (number, 1))
        for name, listed in ((LENGTH, rows["listed"]), (CUT_OFF, rows["always"])):
            # Standard errors need no resampling.
            found = audit_singles(
                rows.assign(listed=listed), attributes, metrics=["recall"], replicates=20, seed=number
            )
            parts.append(found[found["in_family"]].assign(listed=name))
    cells = pd.concat(parts).groupby(["attribute", "group", "listed"])
    whole = cells["gap"].size() == counties
    ratio = (cells["gap"].std() / cells["standard_error"].mean())[whole]
    return ratio.rename("ratio").reset_index()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print and keep the table."""
    parser = argparse.ArgumentParser(prog="python -m experiments.audit_power.scatter", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--counties", type=int, default=100)
    parser.add_argument("--students", type=int, default=20_000, help="students of each county")
    options = parser.parse_args(arguments)
    plant, students = PLANTS["a"], options.students
    with threadpool_limits(1):
        pool = make_pool(plant, fit_document(plant, students=students), students=students, seed=1)
        found = scatter(pool, students=students, counties=options.counties)
    text = _table(found, students=students, counties=options.counties)
    write_atomic(options.out / "scatter.md", text.encode())
    print(text)
    return 0


def _table(found: pd.DataFrame, *, students: int, counties: int) -> str:
    kind = found["attribute"].where(found["attribute"].isin(OF_SCHOOLS), "students")
    lines = [
        f"Standard deviation of the gap in recall over {counties} counties of {students:,} students of plant (a), over",
        "the mean of the audits' standard errors: median of the groups that are in the family in every county. Made by",
        f"`python -m experiments.audit_power.scatter --out OUT --students {students} --counties {counties}`.",
        "",
        f"| groups | cells | {LENGTH} | {CUT_OFF} |",
        "| --- | --- | --- | --- |",
    ]
    for name, own in found.groupby(kind, sort=False):
        median = own.groupby("listed")["ratio"].median()
        lines.append(f"| {name} | {len(own) // 2} | {median[LENGTH]:.2f} | {median[CUT_OFF]:.2f} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
