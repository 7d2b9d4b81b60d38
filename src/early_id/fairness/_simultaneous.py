"""Gaps between a group and everyone else, and intervals that hold for one cell or for all cells together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """A smoothed gap and its standard error, replicates × cells (or cells alone); the rest's part of the error."""

    value: Floats
    error: Floats
    other_error: Floats


def against_rest(
    sums: Mapping[str, Floats],
    *,
    k: str,
    n: str,
    per_student: Floats,
    per_rest: Floats,
    small: tuple[Floats, Floats],
) -> Gap:
    """Gap of each cell against all other cells of its table, with its clustered standard error.

    Half a success and half a failure are added to either side before the standard error, so that a cell
    reached wholly or not at all still has one. One observation is one student: the half counts `per_student`
    rows. `small`: G/(G − 1) of the students of either side, by which a variance from few is too small.
    """
    names = (k, n, f"{k}*{k}", f"{k}*{n}", f"{n}*{n}")
    cell = [sums[name] for name in names]
    rest = [values.sum(axis=-1, keepdims=True) - values for values in cell]
    inside, inside_variance = _smoothed(*cell, rows=per_student)
    outside, outside_variance = _smoothed(*rest, rows=per_rest)
    inside_variance, outside_variance = inside_variance * small[0], outside_variance * small[1]
    return Gap(inside - outside, np.sqrt(inside_variance + outside_variance), np.sqrt(outside_variance))


def _smoothed(
    k: Floats, n: Floats, kk: Floats, kn: Floats, nn: Floats, *, rows: Floats
) -> tuple[Floats, Floats]:
    size = n + rows
    rate = (k + rows / 2) / size
    spread = kk - 2 * rate * kn + rate**2 * nn + rows**2 / 2 * ((1 - rate) ** 2 + rate**2)
    return rate, np.maximum(spread, 0.0) / size**2


def absolute_t(replicated: Gap, observed: Gap) -> Floats:
    """|t| of every replicate and cell; 0 where a cell has no spread at all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(replicated.value - observed.value) / replicated.error
    return np.where(np.isfinite(t), t, 0.0)


def pointwise_critical(t: Floats, *, confidence: float) -> Floats:
    """Multiple of the standard error that covers each cell by itself."""
    return np.asarray(np.quantile(t, confidence, axis=0))


def simultaneous_critical(t: Floats, *, confidence: float) -> float:
    """Multiple of the standard error that covers all cells of a family together: the quantile of max |t|."""
    if t.shape[1] == 0:
        return float("nan")
    return float(np.quantile(t.max(axis=1), confidence))
