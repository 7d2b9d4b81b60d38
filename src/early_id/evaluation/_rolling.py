"""What a rolling backtest adds: how scores age, and how much history a training needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from early_id.evaluation._metrics import compute_metrics
from early_id.evaluation._publish import NEEDS, hide, publish_metrics
from early_id.exceptions import ConfigError

if TYPE_CHECKING:
    from early_id.evaluation._backtest import Backtest
    from early_id.evaluation._capacity import Capacity

#: Names the rows of all folds together in `compare_histories`.
EVERY_FOLD = "every fold"
DAYS_OF_WEEK = 7

_Judge = Callable[[pd.DataFrame, "Capacity"], pd.DataFrame]


def compute_decay(backtest: Backtest, capacity: Capacity | None = None, *, weeks: int = 4) -> pd.DataFrame:
    """Judge every contestant by how long ago it was trained.

    Answers whether a model has to be trained more often than it is.

    Parameters
    ----------
    backtest : Backtest
    capacity : str, int or mapping, optional
        The list size; default is the one of the backtest.
    weeks : int
        Length of a block of weeks.

    Returns
    -------
    pandas.DataFrame
        history, weeks (full calendar weeks since `trained_on`, such as "4-7"), and the columns of `compute_metrics`.
        Blocks take together the same weeks of all folds; pairs and lists never cross dates, so never folds.

    Raises
    ------
    ConfigError
        If a block is shorter than a week.

    Notes
    -----
    In folds by school year a model is trained as the year begins, so that weeks since training are also weeks into the
    year, and later dates are easier whatever the age of the score. Folds by term train anew within the year: compare
    the same dates between the two to tell one from the other.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": ["a", "b"] * 2, "school_id": "01", "school_day": 30,
    ...     "as_of": pd.to_datetime(["2024-10-06"] * 2 + ["2024-11-10"] * 2), "score": [0.9, 0.1, 0.2, 0.8],
    ...     "probability": None, "label": [1.0, 0.0] * 2, "onset": True, "treated": False, "history": "all",
    ...     "trained_on": pd.Timestamp("2024-09-08")})
    >>> found = compute_decay(SimpleNamespace(rolling=rows, capacity=1))
    >>> found.loc[found["rows"] == "onset", ["weeks", "auroc"]].to_numpy().tolist()
    [['4-7', 1.0], ['8-11', 0.0]]
    """
    return _decay(backtest, capacity, weeks, compute_metrics)


def publish_decay(backtest: Backtest, capacity: Capacity | None = None, *, weeks: int = 4) -> pd.DataFrame:
    """Judge every contestant by how long ago it was trained, by the rules of `publish_metrics`."""
    return _decay(backtest, capacity, weeks, publish_metrics)


def compare_histories(backtest: Backtest, capacity: Capacity | None = None) -> pd.DataFrame:
    """Judge every contestant by how many school years it learned from, on the same rows.

    Answers whether old school years still help, and whether a contestant is best in every fold or in one.

    Parameters
    ----------
    backtest : Backtest
    capacity : str, int or mapping, optional
        The list size; default is the one of the backtest.

    Returns
    -------
    pandas.DataFrame
        fold ("every fold", then each), history, and the columns of `compute_metrics`. Folds that lack one of the
        histories, because fewer school years come before them, are left out. In "every fold" each pair of students
        shares a date and so a fold.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": ["a", "b"] * 2, "school_id": "01", "school_day": 30,
    ...     "as_of": pd.Timestamp("2024-10-06"), "score": [0.9, 0.1, 0.2, 0.8], "probability": None, "fold": "2025",
    ...     "label": [1.0, 0.0] * 2, "onset": True, "treated": False, "history": ["1", "1", "all", "all"]})
    >>> found = compare_histories(SimpleNamespace(rolling=rows, capacity=1))
    >>> found.loc[found["rows"] == "onset", ["fold", "history", "auroc"]].to_numpy().tolist()[:2]
    [['every fold', '1', 1.0], ['every fold', 'all', 0.0]]
    """
    return _histories(backtest, capacity, compute_metrics)


def publish_histories(backtest: Backtest, capacity: Capacity | None = None) -> pd.DataFrame:
    """Compare histories as `compare_histories` does, by the rules of `publish_metrics`.

    A rate over every fold is missing where that of a fold is: the others, subtracted, would tell it.
    """
    found = _histories(backtest, capacity, publish_metrics)
    by = ["history", "contestant", "rows"]
    single = found[found["fold"] != EVERY_FOLD]
    rates = [name for name in NEEDS if name in found]
    masked = single[by].join(single[rates].isna()).groupby(by).any()
    whole = found["fold"] == EVERY_FOLD
    keys = pd.MultiIndex.from_frame(found.loc[whole, by])
    for rate in rates:
        hide(found, whole, rate, masked[rate].reindex(keys, fill_value=False))
    return found


def _decay(backtest: Backtest, capacity: Capacity | None, weeks: int, judge: _Judge) -> pd.DataFrame:
    if weeks < 1:
        msg = f"Expected blocks of one week or more, got {weeks}; 4 is the default."
        raise ConfigError(msg)
    rows = backtest.rolling
    block = (rows["as_of"] - rows["trained_on"]).dt.days // DAYS_OF_WEEK // weeks
    parts = [
        judge(part, backtest.capacity if capacity is None else capacity).assign(
            history=history, weeks=f"{number * weeks}-{number * weeks + weeks - 1}"
        )
        for history, own in rows.groupby("history", sort=False)
        for number, part in own.groupby(block[own.index])
    ]
    return _first(pd.concat(parts, ignore_index=True), ["history", "weeks"])


def _histories(backtest: Backtest, capacity: Capacity | None, judge: _Judge) -> pd.DataFrame:
    rows = backtest.rolling
    has = rows.groupby("fold", sort=False)["history"].nunique()
    shared = has.index[has == rows["history"].nunique()]
    parts = [
        judge(own, backtest.capacity if capacity is None else capacity).assign(fold=name, history=history)
        for name, folds in [(EVERY_FOLD, list(shared)), *((fold, [fold]) for fold in shared)]
        for history, own in rows[rows["fold"].isin(folds)].groupby("history", sort=False)
    ]
    return _first(pd.concat(parts, ignore_index=True), ["fold", "history"])


def _first(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return found[[*keys, *(name for name in found.columns if name not in keys)]]
