"""How sure a figure is: a student-clustered interval beside every metric and every difference of contestants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from early_id.evaluation._capacity import Capacity
from early_id.evaluation._estimate import (
    Estimate,
    estimate_average_precision,
    estimate_concordance,
    estimate_line,
    estimate_ratio,
)
from early_id.evaluation._metrics import SUBSETS, judged_rows
from early_id.exceptions import ConfigError, did_you_mean


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
    found = estimate_ratio(squared, np.ones(len(known)), known["student_id"].to_numpy(), n_students)
    # A mean of numbers, and no share of rows.
    return Estimate(found.value, found.influence, found.students)


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows all contestants are ordered on; who gets no score comes last."""
    rows = rows[rows["comparable"] | rows["score"].notna()]
    return rows.assign(score=rows["score"].fillna(-np.inf))


def _line(part: int) -> Callable[[pd.DataFrame, int], Estimate]:
    def estimate(rows: pd.DataFrame, n_students: int) -> Estimate:
        known = rows[rows["probability"].notna()]
        student = known["student_id"].to_numpy()
        return estimate_line(known["probability"], known["label"], student, n_students)[part]

    return estimate


#: What is computed of judged rows, by name; a length of the influence goes with them.
ESTIMATORS: Mapping[str, Callable[[pd.DataFrame, int], Estimate]] = MappingProxyType(
    {
        "auroc": lambda rows, n: estimate_concordance(_ranked(rows), ["as_of"], n),
        "auroc_within_school": lambda rows, n: estimate_concordance(_ranked(rows), ["as_of", "school_id"], n),
        "average_precision": lambda rows, n: estimate_average_precision(_ranked(rows), ["as_of"], n),
        "brier": _brier,
        "precision": _share("label", "listed"),
        "recall": _share("listed", "label"),
        "lift": _lift,
        "precision_county": _share("label", "listed_county"),
        "recall_county": _share("listed_county", "label"),
        "slope": _line(0),
        "intercept": _line(1),
    }
)


def estimates(
    rows: pd.DataFrame, metrics: Sequence[str], n_students: int
) -> Iterator[tuple[str, dict[str, Estimate]]]:
    """Yield each metric with its estimate for every contestant of judged rows."""
    own = {str(name): part for name, part in rows.groupby("contestant", sort=False, observed=True)}
    for metric in metrics:
        yield metric, {name: ESTIMATORS[metric](part, n_students) for name, part in own.items()}


def compute_intervals(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Give the metrics of every contestant with their student-clustered intervals.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.
    capacity : str, int or mapping
        The list size; see `early_id.evaluation.capacity_by_school`.

    Returns
    -------
    pandas.DataFrame
        contestant, rows (the sets of `compute_metrics`), metric (its columns, and slope and intercept of the
        calibration), value, low, high: 95 % intervals, missing where they cannot be told. They hold for the fitted
        model and the lists as drawn: what another training would have changed is not in them.

    Examples
    --------
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": [f"s{n}" for n in range(40)], "school_id": "01",
    ...     "as_of": pd.Timestamp("2024-10-06"), "school_day": 30, "score": [n / 40 for n in range(40)],
    ...     "probability": None, "label": [0.0, 1.0] * 20, "onset": True, "treated": False, "not_scored": None})
    >>> found = compute_intervals(rows, 10).set_index(["rows", "metric"]).loc[("onset", "recall")]
    >>> print(found["value"], round(found["low"], 2), round(found["high"], 2))
    0.25 0.11 0.47
    """
    rows = judged_rows(predictions, capacity)
    n_students = int(rows["student_id"].max()) + 1 if len(rows) else 0
    found = [
        {"contestant": name, "rows": subset, "metric": metric, "value": one.value, **_ends(one)}
        for subset, chosen in SUBSETS.items()
        for metric, of in estimates(rows[chosen(rows)], tuple(ESTIMATORS), n_students)
        for name, one in of.items()
    ]
    return pd.DataFrame(found, columns=["contestant", "rows", "metric", "value", "low", "high"])


def compare_contestants(
    predictions: pd.DataFrame,
    capacity: Capacity,
    contestant: str,
    *,
    metrics: Sequence[str] = ("auroc", "auroc_within_school", "precision", "recall", "precision_county"),
) -> pd.DataFrame:
    """Compare one contestant with every other one on the same students: paired differences.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.
    capacity : str, int or mapping
    contestant : str
        The one whose figure comes first.
    metrics : sequence of str
        Names of `compute_intervals`.

    Returns
    -------
    pandas.DataFrame
        contestant, against, rows, metric, difference (above zero: more for `contestant`), low, high.

    Raises
    ------
    ConfigError
        If it took no part.

    Examples
    --------
    >>> rows = pd.DataFrame({"student_id": [f"s{n}" for n in range(40)], "school_id": "01", "school_day": 30,
    ...     "as_of": pd.Timestamp("2024-10-06"), "score": [n / 40 for n in range(40)], "onset": True,
    ...     "probability": None, "label": [0.0, 1.0] * 20, "treated": False, "not_scored": None})
    >>> both = pd.concat([rows.assign(contestant="a"), rows.assign(contestant="b")], ignore_index=True)
    >>> compare_contestants(both, 10, "a", metrics=["recall"]).loc[0, ["difference", "low", "high"]].tolist()
    [0.0, 0.0, 0.0]
    """
    names = list(predictions["contestant"].unique())
    if contestant not in names:
        msg = f"Expected a contestant of the backtest, got {contestant!r}: {did_you_mean(contestant, names)}"
        raise ConfigError(msg)
    rows = judged_rows(predictions, capacity)
    n_students = int(rows["student_id"].max()) + 1 if len(rows) else 0
    found = [
        {
            "contestant": contestant,
            "against": name,
            "rows": subset,
            "metric": metric,
            **_difference(of, contestant, name),
        }
        for subset, chosen in SUBSETS.items()
        for metric, of in estimates(rows[chosen(rows)], metrics, n_students)
        for name in names
        if name != contestant and {name, contestant} <= set(of)
    ]
    columns = ["contestant", "against", "rows", "metric", "difference", "low", "high"]
    return pd.DataFrame(found, columns=columns)


def _difference(of: Mapping[str, Estimate], name: str, other: str) -> dict[str, float]:
    found = of[name].minus(of[other])
    return {"difference": found.value, **_ends(found)}


def _ends(estimate: Estimate) -> dict[str, float]:
    low, high = estimate.interval()
    return {"low": low, "high": high}
