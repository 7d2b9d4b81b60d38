"""What is estimated of judged rows: every metric by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from early_id.evaluation._estimate import (
    Estimate,
    estimate_average_precision,
    estimate_concordance,
    estimate_line,
    estimate_mean,
    estimate_ratio,
)


def _share(top: str, bottom: str) -> Callable[[pd.DataFrame, int], Estimate]:
    def estimate(rows: pd.DataFrame, n_students: int) -> Estimate:
        columns = [rows[name].to_numpy(dtype=np.float64) for name in (top, bottom)]
        return estimate_ratio(columns[0] * columns[1], columns[1], rows["student_id"].to_numpy(), n_students)

    return estimate


def _lift(rows: pd.DataFrame, n_students: int) -> Estimate:
    base = estimate_ratio(rows["label"], np.ones(len(rows)), rows["student_id"].to_numpy(), n_students)
    return _share("label", "listed")(rows, n_students).over(base)


def _brier(rows: pd.DataFrame, n_students: int) -> Estimate:
    known = rows[rows["probability"].notna()]
    squared = (known["probability"] - known["label"]) ** 2
    return estimate_mean(squared, known["student_id"].to_numpy(), n_students)


def ranked_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows all contestants are ordered on; who gets no score comes last."""
    rows = rows[rows["comparable"] | rows["score"].notna()]
    return rows.assign(score=rows["score"].fillna(-np.inf))


def _slope(rows: pd.DataFrame, n_students: int) -> Estimate:
    known = rows[rows["probability"].notna()]
    return estimate_line(known["probability"], known["label"], known["student_id"].to_numpy(), n_students)[0]


#: What is computed of judged rows, by name; a length of the influence goes with them.
ESTIMATORS: Mapping[str, Callable[[pd.DataFrame, int], Estimate]] = MappingProxyType(
    {
        "auroc": lambda rows, n: estimate_concordance(ranked_rows(rows), ["as_of"], n),
        "auroc_within_school": lambda rows, n: estimate_concordance(
            ranked_rows(rows), ["as_of", "school_id"], n
        ),
        "average_precision": lambda rows, n: estimate_average_precision(ranked_rows(rows), ["as_of"], n),
        "brier": _brier,
        "precision": _share("label", "listed"),
        "recall": _share("listed", "label"),
        "lift": _lift,
        "precision_county": _share("label", "listed_county"),
        "recall_county": _share("listed_county", "label"),
        "slope": _slope,
    }
)
#: Those that are a figure of the list or of the order, and so have a column in the table of the metrics.
METRICS = tuple(name for name in ESTIMATORS if name != "slope")


def estimates(
    rows: pd.DataFrame, metrics: Sequence[str], n_students: int
) -> Iterator[tuple[str, dict[str, Estimate]]]:
    """Yield each metric with its estimate for every contestant of judged rows."""
    own = {str(name): part for name, part in rows.groupby("contestant", sort=False, observed=True)}
    for metric in metrics:
        yield metric, {name: ESTIMATORS[metric](part, n_students) for name, part in own.items()}


def how_many_students(rows: pd.DataFrame) -> int:
    """Give the length of the influence: students of judged rows are numbered from 0."""
    return int(rows["student_id"].max()) + 1 if len(rows) else 0
