"""Metrics and calibration that may leave the building: rounded, and without what they say of a few students."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.evaluation._calibration import compute_calibration, period_name
from early_id.evaluation._metrics import SUBSETS, judge, judge_by_date, judged_rows

if TYPE_CHECKING:
    from early_id.evaluation._capacity import Capacity

DIGITS = 3
#: Totals are rounded to this, so that no total of another page minus this one is a small number of students.
HUNDRED = 100
FEW = 10
TOTALS = ("n_rows", "n_students", "n_positives")

_MEASURES: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = MappingProxyType(
    {
        "positive": lambda rows: rows["label"] == 1,
        "negative": lambda rows: rows["label"] == 0,
        "listed": lambda rows: rows["listed"],
        "reached": lambda rows: rows["listed"] & (rows["label"] == 1),
        "missed": lambda rows: ~rows["listed"] & (rows["label"] == 1),
        "listed in vain": lambda rows: rows["listed"] & (rows["label"] == 0),
        "county": lambda rows: rows["listed_county"],
        "reached county": lambda rows: rows["listed_county"] & (rows["label"] == 1),
        "missed county": lambda rows: ~rows["listed_county"] & (rows["label"] == 1),
        "county in vain": lambda rows: rows["listed_county"] & (rows["label"] == 0),
    }
)
_ORDER = ("positive", "negative")
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "auroc": _ORDER,
        "auroc_within_school": _ORDER,
        "average_precision": _ORDER,
        "brier": _ORDER,
        "precision": ("listed", "reached", "listed in vain"),
        "recall": ("positive", "reached", "missed"),
        "lift": ("positive", "listed", "reached", "listed in vain"),
        "precision_county": ("county", "reached county", "county in vain"),
        "recall_county": ("positive", "reached county", "missed county"),
        "slope": _ORDER,
    }
)
# The audit prints "onset"; each other set could be subtracted from, or from it, a set that is printed.
_BESIDE = {name: "onset" for name in SUBSETS if name != "onset"}


def publish_metrics(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Judge every contestant, for a log, a page or a screen.

    Answers what `compute_metrics` answers, without numbers that could be traced to a few students.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.
    capacity : str, int or mapping
        The list size; see `early_id.evaluation.capacity_by_school`.

    Returns
    -------
    pandas.DataFrame
        The columns of `compute_metrics`. Rates have three digits and are missing where a count behind them concerns
        1–10 distinct students. A set of rows beside "onset" (say, "onset, untreated") has no rates where the rows that
        make the difference (the treated ones) are of 1–10 students, or 1–10 of these have the outcome, are listed,
        reached or missed. Totals are rounded to hundreds: exact ones, beside those of the audit, would tell how many
        are masked there.

    Examples
    --------
    Forty students, of whom the list reaches five: too few to print a recall.

    >>> rows = pd.DataFrame({"contestant": "m", "student_id": [f"s{n}" for n in range(40)], "school_id": "01",
    ...     "as_of": pd.Timestamp("2024-10-06"), "school_day": 30, "score": [n / 40 for n in range(40)],
    ...     "probability": None, "label": [0.0, 1.0] * 20, "onset": True, "treated": False, "not_scored": None})
    >>> found = publish_metrics(rows, 10).set_index("rows").loc["onset"]
    >>> print(found["auroc"], found["recall"])
    0.525 nan
    """
    rows = judged_rows(predictions, capacity)
    return _mask(judge(rows), rows, ["contestant"])


def publish_metrics_by_date(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Judge every contestant on each as-of date by the rules of `publish_metrics`."""
    rows = judged_rows(predictions, capacity)
    return _mask(judge_by_date(rows), rows, ["contestant", "as_of"])


def publish_calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare probabilities with what happened, for a log or a page.

    The columns of `compute_calibration` without n_rows, which, beside the rows of the metrics, counts the labelled rows
    without a score; three digits; missing where 10 or fewer students have the outcome, or have not.
    """
    found = compute_calibration(predictions)
    if found.empty:
        return found
    rows = predictions[predictions["probability"].notna() & predictions["label"].notna()]
    rows = rows.assign(period=period_name(rows["school_day"]))
    rows = pd.concat([rows, rows.assign(period="all")])
    rows = pd.concat([rows.assign(rows="all"), rows[rows["onset"]].assign(rows="onset")])
    by = ["contestant", "rows", "period"]
    students = rows.groupby([*by, "label"])["student_id"].nunique().unstack("label")
    least = students.reindex(columns=[0.0, 1.0]).fillna(0).min(axis=1).rename("least").reset_index()
    enough = (found[by].merge(least, on=by, how="left")["least"] > FEW).to_numpy()
    for name in found.columns.difference([*by, "n_rows"]):
        found[name] = found[name].where(enough).round(DIGITS)
    return found.drop(columns="n_rows")


def _mask(metrics: pd.DataFrame, rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    rows = rows.assign(contestant=rows["contestant"].astype("str"))
    keep = {name: chosen(rows) for name, chosen in SUBSETS.items()}
    published = metrics.copy()
    for name in metrics["rows"].unique():
        place = metrics["rows"] == name
        own = _few(metrics.loc[place, by], rows[keep[name]])
        beside = np.asarray(False)
        if name in _BESIDE:
            difference = rows[keep[name] ^ keep[_BESIDE[name]]]
            beside = np.asarray(_few(metrics.loc[place, by], difference).any(axis=1))
        for rate, needs in NEEDS.items():
            if rate not in published:
                continue
            hidden = own[["cohort", *needs]].to_numpy().any(axis=1) | beside
            hide(published, place, rate, hidden)
    in_hundreds(published, TOTALS)
    figures = [name for name in published if published[name].dtype.kind == "f"]
    return published.round(dict.fromkeys(figures, DIGITS))


def hide(frame: pd.DataFrame, place: pd.Series, rate: str, hidden: npt.ArrayLike) -> None:
    """Blank a rate of some rows, and the ends of its interval where there are such."""
    for figure in (name for name in (rate, f"{rate}_low", f"{rate}_high") if name in frame):
        frame.loc[place, figure] = frame.loc[place, figure].mask(np.asarray(hidden))


def in_hundreds(frame: pd.DataFrame, totals: Iterable[str]) -> None:
    """Round totals to hundreds: no two of them differ by a few students."""
    for total in totals:
        frame[total] = (frame[total] / HUNDRED).round().astype("int64") * HUNDRED


def few_behind(rows: pd.DataFrame, metric: str) -> list[str]:
    """Name the contestants whose figure over these judged rows rests on a count of 1–10 students."""
    keys = pd.DataFrame({"contestant": rows["contestant"].astype("str").unique()})
    few = _few(keys, rows.assign(contestant=rows["contestant"].astype("str")))
    return list(keys["contestant"][few[["cohort", *NEEDS[metric]]].any(axis=1).to_numpy()])


def _few(keys: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Mark, for each key, the counts of its rows that concern 1–10 distinct students."""
    measures = {"cohort": pd.Series(True, rows.index), **{name: of(rows) for name, of in _MEASURES.items()}}
    by = list(keys.columns)
    students = {name: rows[chosen].groupby(by)["student_id"].nunique() for name, chosen in measures.items()}
    found = keys.merge(pd.DataFrame(students).reset_index(), on=by, how="left")
    counts = found[list(measures)].fillna(0)
    return (counts >= 1) & (counts <= FEW)
