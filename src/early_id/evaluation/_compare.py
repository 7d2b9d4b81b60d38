"""Two contestants on the same students: what both have in common cancels."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from early_id.evaluation._capacity import Capacity
from early_id.evaluation._estimate import Estimate
from early_id.evaluation._estimators import estimates, how_many_students
from early_id.evaluation._metrics import SUBSETS, judged_rows
from early_id.exceptions import ConfigError, did_you_mean


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
        Columns of `compute_metrics`.

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
    n_students = how_many_students(rows)
    found = [
        {
            "contestant": contestant,
            "against": name,
            "rows": subset,
            "metric": metric,
            **_difference(of[contestant].minus(of[name])),
        }
        for subset, chosen in SUBSETS.items()
        for metric, of in estimates(rows[chosen(rows)], metrics, n_students)
        for name in names
        if name != contestant and {name, contestant} <= set(of)
    ]
    columns = ["contestant", "against", "rows", "metric", "difference", "low", "high"]
    return pd.DataFrame(found, columns=columns)


def _difference(gap: Estimate) -> dict[str, float]:
    low, high = gap.interval()
    return {"difference": gap.value, "low": low, "high": high}
