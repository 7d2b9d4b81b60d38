"""What changed between two documents, in words."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.models._render import ARROW, POINTS, in_words

if TYPE_CHECKING:
    from early_id.models._document import AdditiveModel
    from early_id.models._parts import Period
    from early_id.models._terms import Term

_COLUMNS = ["period", "feature", "points", "change"]


def difference(model: AdditiveModel, other: AdditiveModel) -> pd.DataFrame:
    """List what `other` says otherwise than `model`, the largest changes of the score first within a period."""
    rows: list[tuple[str, str, float, str]] = []
    if model.label != other.label:
        rows.append(("", "", math.nan, f"predicts {other.label!r} instead of {model.label!r}"))
    ours, theirs = ({feature.name: feature for feature in one.features} for one in (model, other))
    rows += [("", name, math.nan, "no longer used") for name in ours if name not in theirs]
    rows += [("", name, math.nan, "used for the first time") for name in theirs if name not in ours]
    both = [name for name in ours if name in theirs]
    for name in both:
        if ours[name].direction != theirs[name].direction:
            before, now = (ARROW[one[name].direction] for one in (ours, theirs))
            rows.append(("", name, math.nan, f"was {before!r}, is now {now!r}"))
    for days, first, second in _shared(model, other):
        rows += _of_period(days, first, second, both)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _shared(model: AdditiveModel, other: AdditiveModel) -> list[tuple[str, Period, Period]]:
    """Cut the year where either begins a period; pair the periods that hold there."""
    starts = sorted({period.from_day for one in (model, other) for period in one.periods})
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        first, second = (
            next(period for period in reversed(one.periods) if period.from_day <= start)
            for one in (model, other)
        )
        name = f"school days {start}–{'' if end is None else end - 1}"
        found.append((first.name if len(starts) == 1 else name, first, second))
    return found


def _of_period(
    days: str, first: Period, second: Period, features: list[str]
) -> list[tuple[str, str, float, str]]:
    rows = []
    average = POINTS * (_average(second) - _average(first))
    if round(average, 1):
        rows.append(
            (days, "", average, f"the average student has {abs(average):.1f} points {_more(average)}")
        )
    before, after = ({term.feature: term for term in period.terms} for period in (first, second))
    changed = []
    for feature in features:
        for where, points in _largest(before[feature], after[feature]):
            changed.append((days, feature, points, f"{where}: {abs(points):.1f} points {_more(points)}"))
    return [*rows, *sorted(changed, key=lambda row: -abs(row[2]))]


def _average(period: Period) -> float:
    return period.intercept + sum(term.mean for term in period.terms)


def _more(points: float) -> str:
    return "more" if points > 0 else "less"


def _largest(first: Term, second: Term) -> list[tuple[str, float]]:
    """Name the values for which the term adds most more and most less than before, against its average."""
    if first.numeric != second.numeric:
        return [("text in one and numbers in the other", math.nan)]
    places = _places(first, second)
    values = np.array([value for _, value in places], dtype=float if first.numeric else object)
    apart = (second.evaluate(values) - second.mean) - (first.evaluate(values) - first.mean)
    points = POINTS * apart
    most = dict.fromkeys((int(np.argmax(points)), int(np.argmin(points))))
    return [(places[at][0], float(points[at])) for at in most if round(float(points[at]), 1)]


def _places(first: Term, second: Term) -> list[tuple[str, Any]]:
    """Values at which one of two tables, and so their difference, can be largest; each in words."""
    unknown = ("unknown", math.nan if first.numeric else None)
    if "category" in (first.kind, second.kind):
        codes = dict.fromkeys((*first.categories, *second.categories))
        return [*((f"{code}", code) for code in codes), unknown]
    edges = sorted({*first.edges, *second.edges})
    ends = [-math.inf, *edges, math.inf]
    flat = first.kind == second.kind == "step"
    found = []
    for low, high in itertools.pairwise(ends):
        inside = (low,) if low > -math.inf else (np.nextafter(high, -math.inf),)
        # Along a straight line the largest difference is at one of its ends.
        more = () if flat or high == math.inf or low == -math.inf else (np.nextafter(high, -math.inf),)
        found += [(in_words(low, high), float(value)) for value in (*inside, *more)]
    return [*found, unknown]
