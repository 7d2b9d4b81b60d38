"""Reached in time? Each student with the outcome counts once: listed before the event, and how long before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from early_id.evaluation._ahead import WEEKS_AHEAD, school_weeks_ahead
from early_id.evaluation._capacity import Capacity
from early_id.evaluation._metrics import with_lists
from early_id.evaluation._publish import DIGITS, FEW, in_hundreds
from early_id.evaluation._resampled import resampled_interval
from early_id.evaluation._wilson import share_interval

_SHOWN = ("reached", "reached_early", "median_weeks")


def compute_reached(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Say which share of the students with the outcome was listed before it happened, and how early.

    Answers per child what recall answers per week of a child.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.
    capacity : str, int or mapping
        The list size; see `early_id.evaluation.capacity_by_school`.

    Returns
    -------
    pandas.DataFrame
        contestant, n_students (with the outcome, still ahead on some as-of date; a student counts once for each school
        year of it), n_before (students whose event came before their first as-of date: no list could reach them, and
        they are in none of the shares), reached (share listed at least once before the event), reached_early (at least
        eight full school weeks before it), median_weeks (full school weeks from the first list to the event; 0 for a
        student who was never listed). Each with _low and _high, 95 %, students as units: Wilson for the shares, 200
        resamples for the median.

    Examples
    --------
    One of two is listed, on the first Sunday, eight school weeks before both reach the outcome.

    >>> days = pd.to_datetime(["2026-09-06"] * 2 + ["2026-11-08"] * 2)
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": ["a", "b"] * 2, "school_id": "01", "as_of": days,
    ...     "school_year": 2027, "school_day": [15, 15, 58, 58], "score": [0.9, 0.1, 0.9, 0.1], "label": 1.0,
    ...     "onset": True, "event_day": pd.Timestamp("2026-11-10")})
    >>> compute_reached(rows, 1).loc[0, ["reached", "reached_early", "median_weeks"]].tolist()
    [0.5, 0.5, 4.0]
    """
    return _shares(_cases(predictions, capacity))


def publish_reached(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Say who was reached, for a log or a page.

    The columns of `compute_reached` with three digits and totals in hundreds. A share is missing where 1–10 students
    are in it, are not, or were reached and not early; the median where it is of 10 students or fewer.
    """
    every = _cases(predictions, capacity)
    found = _shares(every)
    for place, (_, cases, _) in enumerate(every):
        listed, early = cases["listed"], cases["early"]
        few = {
            "reached": _few(listed) or _few(~listed),
            "reached_early": _few(early) or _few(~early) or _few(listed & ~early),
            "median_weeks": False,
        }
        for name, hidden in few.items():
            if hidden or len(cases) <= FEW:
                found.loc[place, [name, f"{name}_low", f"{name}_high"]] = float("nan")
    in_hundreds(found, ("n_students", "n_before"))
    numbers = [f"{name}{end}" for name in _SHOWN for end in ("", "_low", "_high")]
    return found.round(dict.fromkeys(numbers, DIGITS))


def _shares(every: list[tuple[str, pd.DataFrame, int]]) -> pd.DataFrame:
    return pd.DataFrame([_line(*one) for one in every])


def _line(contestant: str, cases: pd.DataFrame, before: int) -> dict[str, object]:
    student = pd.factorize(cases.index.get_level_values("student_id"))[0]
    found: dict[str, object] = {
        "contestant": contestant,
        "n_students": len(cases),
        "n_before": before,
        "reached": cases["listed"].mean(),
        "reached_early": cases["early"].mean(),
        "median_weeks": cases["weeks"].median(),
    }
    for name, column in (("reached", "listed"), ("reached_early", "early")):
        found[f"{name}_low"], found[f"{name}_high"] = share_interval(cases[column], student)
    weeks = cases["weeks"].to_numpy()
    found["median_weeks_low"], found["median_weeks_high"] = resampled_interval(
        lambda weight: float(np.median(np.repeat(weeks, weight[student]))), len(np.unique(student))
    )
    return found


def _few(cases: pd.Series) -> bool:
    return 1 <= int(cases.sum()) <= FEW


def _cases(predictions: pd.DataFrame, capacity: Capacity) -> list[tuple[str, pd.DataFrame, int]]:
    """Give, per contestant, a row for each student and year with the outcome ahead, and how many were never ahead."""
    rows = with_lists(predictions, capacity)
    rows = rows.assign(weeks=school_weeks_ahead(rows))
    contestants = rows["contestant"].unique()
    rows = rows[rows["label"] == 1].sort_values("as_of", kind="stable")
    by = ["student_id", "school_year"]
    found = []
    for contestant in contestants:
        own = rows[rows["contestant"] == contestant]
        ahead = own[own["onset"]]
        listed = ahead[ahead["listed"]]
        first = listed.drop_duplicates(by).set_index(by)["weeks"]
        early = listed[listed["weeks"] >= WEEKS_AHEAD].drop_duplicates(by).set_index(by).index
        cases = pd.DataFrame(index=ahead.drop_duplicates(by).set_index(by).index)
        cases = cases.assign(
            listed=cases.index.isin(first.index),
            early=cases.index.isin(early),
            weeks=first.reindex(cases.index).fillna(0.0),
        )
        found.append((str(contestant), cases, len(own.drop_duplicates(by)) - len(cases)))
    return found
