"""What changed between two documents, in words."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.models._pairs import TIMES, Axis, Pair, same_features
from early_id.models._render import ARROW, POINTS, in_words
from early_id.models._terms import Floats, Term

if TYPE_CHECKING:
    from early_id.models._document import AdditiveModel
    from early_id.models._parts import Period

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
    rows += [("", name, math.nan, "no longer used") for name in _pairs_lacking(model, other)]
    rows += [("", name, math.nan, "used for the first time") for name in _pairs_lacking(other, model)]
    for name in both:
        if ours[name].direction != theirs[name].direction:
            before, now = (ARROW[one[name].direction] for one in (ours, theirs))
            rows.append(("", name, math.nan, f"was {before!r}, is now {now!r}"))
    for days, first, second in _shared(model, other):
        rows += _of_period(days, first, second, both)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _pairs_lacking(model: AdditiveModel, other: AdditiveModel) -> list[str]:
    theirs = [set(pair.features) for pair in other.periods[0].pairs]
    return [pair.name for pair in model.periods[0].pairs if set(pair.features) not in theirs]


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
    average = POINTS * (second.average - first.average)
    if round(average, 1):
        rows.append(
            (days, "", average, f"the average student has {abs(average):.1f} points {_more(average)}")
        )
    before, after = ({term.feature: term for term in period.terms} for period in (first, second))
    changed = []
    for feature in features:
        for where, points in _largest(before[feature], after[feature]):
            changed.append((days, feature, points, f"{where}: {abs(points):.1f} points {_more(points)}"))
    for pair in first.pairs:
        for newer in second.pairs:
            if same_features(pair, newer):
                for where, points in _largest_of_pair(pair, newer):
                    changed.append(
                        (days, pair.name, points, f"{where}: {abs(points):.1f} points {_more(points)}")
                    )
    return [*rows, *sorted(changed, key=lambda row: -abs(row[2]))]


def _more(points: float) -> str:
    return "more" if points > 0 else "less"


def _largest(first: Term, second: Term) -> list[tuple[str, float]]:
    """Name the values for which the term adds most more and most less than before, against its average."""
    if first.numeric != second.numeric:
        return [("text in one and numbers in the other", math.nan)]
    places = _places(first, second)
    values = np.array([value for _, value in places], dtype=float if first.numeric else object)
    apart = (second.evaluate(values) - second.mean) - (first.evaluate(values) - first.mean)
    return _most([where for where, _ in places], POINTS * apart)


def _largest_of_pair(first: Pair, second: Pair) -> list[tuple[str, float]]:
    """Name the cells in which the pair adds most more and most less than before, against its average."""
    if first.features != second.features:
        second = Pair(second.second, second.first, tuple(zip(*second.values, strict=True)), second.mean)
    axes = [(first.first, second.first), (first.second, second.second)]
    if any(old.numeric != new.numeric for old, new in axes):
        return [("text in one and numbers in the other", math.nan)]
    places = [_cells_of(old, new) for old, new in axes]
    rows = list(itertools.product(*places))
    columns = [
        np.array([row[side][1] for row in rows], dtype=float if old.numeric else object)
        for side, (old, _) in enumerate(axes)
    ]
    apart = (second.evaluate(*columns) - second.mean) - (first.evaluate(*columns) - first.mean)
    return _most([TIMES.join(where for where, _ in row) for row in rows], POINTS * apart)


def _most(places: list[str], points: Floats) -> list[tuple[str, float]]:
    most = dict.fromkeys((int(np.argmax(points)), int(np.argmin(points))))
    return [(places[at], float(points[at])) for at in most if round(float(points[at]), 1)]


def _cells_of(first: Axis, second: Axis) -> list[tuple[str, Any]]:
    """Values in every bin of either axis; each in words."""
    flat = [
        Term(axis.feature, "category" if axis.categories else "step", axis.edges, (0.0,) * (axis.n_bins - 1), 0.0,
             categories=axis.categories)
        for axis in (first, second)
    ]  # fmt: skip
    return _places(*flat)


def _places(first: Term, second: Term) -> list[tuple[str, Any]]:
    """Values at which one of two tables, and so their difference, can be largest; each in words."""
    unknown = ("unknown", math.nan if first.numeric else None)
    codes = dict.fromkeys((*first.categories, *second.categories))
    found: list[tuple[str, Any]] = [(f"{code}", code) for code in codes]
    if first.kind == second.kind == "category":
        return [*found, unknown]
    edges = sorted({*first.edges, *second.edges})
    ends = [-math.inf, *edges, math.inf]
    flat = "linear" not in (first.kind, second.kind)
    for low, high in itertools.pairwise(ends):
        inside = (low,) if low > -math.inf else (np.nextafter(high, -math.inf),)
        # Along a straight line the largest difference is at one of its ends.
        more = () if flat or high == math.inf or low == -math.inf else (np.nextafter(high, -math.inf),)
        found += [(in_words(low, high), float(value)) for value in (*inside, *more)]
    return [*found, unknown]
