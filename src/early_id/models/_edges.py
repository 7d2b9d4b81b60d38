"""Edges a person can read: the roundest numbers near the quantiles of a feature."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.models._terms import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from early_id.models._terms import Floats


def cut_edges(x: Floats, weight: Floats, max_bins: int) -> tuple[float, ...]:
    """Cut a feature into at most `max_bins` bins of about equal weight at human-readable edges.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Values; NaN, infinities and numbers beyond ±1e12 are left out.
    weight : ndarray of shape (n,)
        Positive weights. A weight of 2 has the effect of the row twice.
    max_bins : int
        At least 2.

    Returns
    -------
    tuple of float
        Strictly increasing edges of left-closed bins, none below the smallest value.

    Notes
    -----
    With few distinct values every value gets its own bin. Otherwise an edge may lie anywhere within a
    quarter of a bin around its quantile, and the roundest number there is taken: a multiple of 1, 2 or 5
    times the largest possible power of ten. A value that alone holds a bin's weight gets a bin of its own.

    Examples
    --------
    >>> days = np.array([0.0, 1.0, 1.0, 2.0, 5.0, 30.0])
    >>> cut_edges(days, np.ones(6), max_bins=32)
    (1.0, 2.0, 5.0, 20.0)
    >>> cut_edges(np.linspace(0, 1, 10_001) ** 2, np.ones(10_001), max_bins=5)
    (0.05, 0.2, 0.4, 0.6)
    """
    values, cumulative = _distribution(x, weight)
    if len(values) <= max_bins:
        return tuple(_roundest(a, b) for a, b in itertools.pairwise(values))
    total = float(cumulative[-1])
    levels = np.arange(1, max_bins) / max_bins
    low = _quantile(values, cumulative, total * (levels - 0.25 / max_bins))
    high = _quantile(values, cumulative, total * (levels + 0.25 / max_bins))
    pieces = list(zip(low.tolist(), high.tolist(), strict=True))
    share = np.diff(cumulative, prepend=0.0) / total
    for i in np.flatnonzero(share >= 1 / max_bins).tolist():
        pieces += [(i - 1, i)] * (i > 0) + [(i, i + 1)] * (i + 1 < len(values))
    return _thin({_snap(values, a, b) for a, b in pieces}, values, cumulative, max_bins)


def cut_knots(x: Floats, weight: Floats, n_knots: int) -> tuple[float, ...]:
    """Choose at most `n_knots` round knots of a piecewise linear term, at even quantiles from 2 % to 98 %.

    Examples
    --------
    >>> cut_knots(np.linspace(0, 1, 1001), np.ones(1001), n_knots=3)
    (0.02, 0.5, 0.98)
    """
    values, cumulative = _distribution(x, weight)
    if len(values) <= n_knots:
        return tuple(values.tolist()) or (0.0,)
    total = float(cumulative[-1])
    levels = np.linspace(0.02, 0.98, n_knots)
    # The ends stay near their quantile: a far-off round knot would stretch a line over a nearly empty tail.
    slack = np.minimum(0.15 / n_knots, np.minimum(levels, 1 - levels) / 2)
    low = _quantile(values, cumulative, total * (levels - slack))
    high = _quantile(values, cumulative, total * (levels + slack))
    return tuple(sorted({_knot(values, a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)}))


def bin_codes(x: Floats, edges: Iterable[float]) -> npt.NDArray[np.intp]:
    """Give each known value its bin and NaN the bin after the last."""
    cuts = np.asarray(tuple(edges))
    codes = np.searchsorted(cuts, x, side="right")
    codes[np.isnan(x)] = len(cuts) + 1
    return codes


def join_thin_bins(
    edges: tuple[float, ...], codes: npt.NDArray[np.intp], students: npt.NDArray[np.intp], fewest: int
) -> tuple[float, ...]:
    """Drop edges, from the lowest bin up, until every bin rests on at least `fewest` distinct students.

    Parameters
    ----------
    edges : tuple of float
        Of the bins.
    codes, students : ndarray of shape (n,)
        Bin and student of each row.
    fewest : int

    Examples
    --------
    >>> codes, students = np.array([0, 0, 1, 2, 2, 2]), np.array([1, 2, 3, 4, 4, 5])
    >>> join_thin_bins((1.0, 2.0), codes, students, fewest=2)
    (1.0,)
    """
    held = [set(students[codes == bin_].tolist()) for bin_ in range(len(edges) + 1)]
    kept: list[float] = []
    together: set[int] = set()
    for edge, own in zip(edges, held, strict=False):
        together |= own
        if len(together) >= fewest:
            kept.append(edge)
            together = set()
    if len(together | held[-1]) < fewest:
        return tuple(kept[:-1])
    return tuple(kept)


def _distribution(x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    known = np.abs(x) <= LARGEST
    values, place = np.unique(x[known], return_inverse=True)
    return values, np.cumsum(np.bincount(place, weights=weight[known], minlength=len(values)))


def _quantile(values: Floats, cumulative: Floats, targets: Floats) -> npt.NDArray[np.intp]:
    return np.minimum(np.searchsorted(cumulative, targets), len(values) - 1)


def _snap(values: Floats, low: int, high: int) -> float:
    """Round within [value low, value high]; one value: anything that parts it from the one before."""
    high = max(high, 1)
    return _roundest(float(values[min(low, high - 1)]), float(values[high]))


def _knot(values: Floats, low: int, high: int) -> float:
    """Round within [value low, value high]; one value alone is its own knot."""
    return float(values[low]) if low == high else _roundest(float(values[low]), float(values[high]))


def _roundest(low: float, high: float) -> float:
    """Return the roundest number in (low, high], the one nearest the middle if there are several.

    >>> _roundest(0.0333, 0.0512), _roundest(1.0, 8.0), _roundest(0.1, 0.3)
    (0.05, 5.0, 0.2)
    """
    if low < 0.0 <= high:
        return 0.0
    middle = low + (high - low) / 2
    power = math.floor(math.log10(max(abs(low), abs(high))))
    for exponent in range(power, max(power - 17, -300), -1):
        for step in (5, 2, 1):
            found = _multiples(low, high, step, exponent)
            if found:
                return min(found, key=lambda number: (abs(number - middle), number))
    return high  # neighbours in float64, or next to nothing


def _multiples(low: float, high: float, step: int, exponent: int) -> list[float]:
    """List the multiples of step · 10^exponent in (low, high] nearest the middle and the ends."""
    size = step * 10.0**exponent
    guesses = {math.floor(low / size) + 1, round((low + high) / 2 / size), math.floor(high / size)}
    # float() of decimal text is the nearest float64, so the edge prints as short as it was meant.
    numbers = {float(f"{guess * step}e{exponent}") for guess in guesses}
    return [number for number in numbers if low < number <= high]


def _thin(edges: set[float], values: Floats, cumulative: Floats, max_bins: int) -> tuple[float, ...]:
    """Drop the edges that part the least weight until the bins are few enough."""
    kept = sorted(edge for edge in edges if edge > values[0])
    while len(kept) > max_bins - 1:
        below = np.searchsorted(values, kept, side="left")
        weights = np.diff(np.concatenate([[0.0], cumulative[below - 1], cumulative[-1:]]))
        del kept[int(np.argmin(weights[:-1] + weights[1:]))]
    return tuple(kept)
