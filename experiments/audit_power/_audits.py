"""What the audit of a county says of every group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from early_id.fairness._counts import ceiling, count_segments, row_measures, tabulate
from early_id.fairness._frames import ceiling_of_others
from early_id.fairness._gaps import Resampling, family_gaps
from early_id.fairness._groups import Attribute
from early_id.fairness._rates import add_ceiling, compute_rates
from early_id.fairness._verdicts import judge

TOLERANCE = 0.05
COUNTS = {"recall": ("n_rows_reached", "n_rows_positive"), "not_scored": ("n_rows_not_scored", "n_rows")}
KEPT = [
    "metric", "attribute", "group", "verdict", "in_family", "gap", "low", "high", "low_simultaneous",
    "high_simultaneous", "standard_error", "n_students", "n_students_outcome", "ceiling_gap", "over", "under",
]  # fmt: skip


def audit_singles(
    rows: pd.DataFrame,
    attributes: Sequence[Attribute],
    *,
    metrics: Sequence[str] = tuple(COUNTS),
    replicates: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge every group of one county, as `audit_frame` does before it masks anything.

    Crossed groups, displayed metrics and masking are left out: they move none of these numbers and are most of its
    time. `over` and `under` are the rows of the rate's numerator and denominator.
    """
    students = pd.factorize(rows["student_id"], sort=True)[0].astype(np.int64)
    measures = row_measures(rows)
    segments = count_segments(students, attributes, measures)
    tables = [tabulate(segments, attributes, [axis]) for axis in range(len(attributes))]
    reach = ceiling(rows, measures)
    frames = [
        add_ceiling(compute_rates(table), attribute.codes, reach)
        for table, attribute in zip(tables, attributes, strict=True)
    ]
    by_group = pd.concat(frames, ignore_index=True)
    by_group["ceiling_gap"] = by_group["ceiling_recall"] - np.array(
        list(ceiling_of_others(by_group).values())
    )
    parts = []
    for metric in metrics:
        over, under = COUNTS[metric]
        gaps = family_gaps(
            segments, tables, metric=metric, family="single", resampling=Resampling(replicates, seed)
        )
        counts = by_group[
            ["attribute", "group", "n_students", "n_students_outcome", "ceiling_gap", over, under]
        ]
        counts = counts.rename(columns={over: "over", under: "under"})
        parts.append(judge(gaps, tolerance=TOLERANCE).merge(counts, on=["attribute", "group"]))
    return pd.concat(parts, ignore_index=True)[KEPT]
