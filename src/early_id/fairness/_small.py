"""Intervals of gaps where a side has so few students that the bootstrap shows no spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, norm, t

from early_id.fairness._counts import RATES

if TYPE_CHECKING:
    from early_id.fairness._counts import Floats, Table
    from early_id.fairness._groups import Ints

#: With fewer students than this on one side of a rate, its interval is the exact one.
FEW = 5
FAILURE = {"recall": "missed", "not_scored": "scored"}


def at_least_t(critical: Floats, table: Table, metric: str) -> Floats:
    """Widen a multiple of the standard error, per cell, to that of a t distribution of equal confidence.

    Degrees of freedom: the students of the smaller side of the comparison less one. Where none or all of few students
    are reached, resampling them shows no spread and gives a multiple that is far too small.
    """
    n = RATES[metric][1]
    smaller = np.minimum(table.students(n), table.students_outside(n))
    normal = np.maximum(critical, norm.isf(0.025))
    return np.asarray(np.maximum(critical, t.isf(norm.sf(normal), np.maximum(smaller - 1, 1))))


def widen(
    table: Table, metric: str, low: Floats, high: Floats, *, critical: Floats, errors: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Let an interval of the gap contain the gap, and the exact bounds where fewer than five students tell.

    The share of students ever reached bounds the share of their rows that was, and its exact (Clopper–Pearson) bound
    needs no estimate of spread. It is put together with the error of the other side by adding squares;
    `errors` are the standard errors of the group's rate and of all others'.
    """
    k, n = (table.total(name).astype(np.float64) for name in RATES[metric])
    with np.errstate(divide="ignore", invalid="ignore"):
        own, rest = k / n, (k.sum() - k) / (n.sum() - n)
    gap, tail = own - rest, norm.sf(critical)
    names = (RATES[metric][0], FAILURE[metric], RATES[metric][1])
    inside = _exact(own, *(table.students(name) for name in names), tail=tail)
    outside = _exact(rest, *(table.students_outside(name) for name in names), tail=tail)
    down = [np.hypot(inside[0], critical * errors[1]), np.hypot(outside[1], critical * errors[0]), 0 * gap]
    up = [np.hypot(inside[1], critical * errors[1]), np.hypot(outside[0], critical * errors[0]), 0 * gap]
    # A side with five or more students on either side of its rate adds nothing here (missing).
    least, most = gap - np.fmax.reduce(down), gap + np.fmax.reduce(up)
    return np.minimum(low, least), np.maximum(high, most)


def _exact(rate: Floats, yes: Ints, no: Ints, students: Ints, *, tail: Floats) -> tuple[Floats, Floats]:
    """How far a rate may lie below and above the one seen; missing where five or more students tell."""
    upper = beta.isf(tail, yes + 1, np.maximum(students - yes, 1))
    lower = 1 - beta.isf(tail, no + 1, np.maximum(students - no, 1))
    return np.where(no < FEW, np.maximum(rate - lower, 0), np.nan), np.where(
        yes < FEW, np.maximum(upper - rate, 0), np.nan
    )
