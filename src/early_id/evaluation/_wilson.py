"""Intervals for rates of repeated rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Floats = npt.NDArray[np.float64]


def effective_size(
    k: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    kk: npt.ArrayLike,
    kn: npt.ArrayLike,
    nn: npt.ArrayLike,
    students: npt.ArrayLike = np.inf,
) -> Floats:
    """How many independent rows the rate Σk/Σn is worth when the rows of one student go together.

    `k`, `n` are sums over students, `kk`, `kn`, `nn` the sums of k², k·n and n². The design effect is the
    linearised variance Σ(k − r·n)²/(Σn)² over the variance r(1 − r)/Σn of independent rows, and never taken
    below 1. With the number of `students` G the variance is multiplied by G/(G − 1), as few students seem more alike
    than they are. A rate of 0 or 1 shows no spread to estimate it from: there the rows of one student are taken as
    one observation (Σn²/Σn).

    >>> float(effective_size(2, 4, kk=2, kn=2, nn=4))  # four students with one row each
    4.0
    >>> float(effective_size(4, 8, kk=8, kn=8, nn=16))  # the same students, every row twice
    4.0
    """
    k, n, kk, kn, nn = (np.asarray(value, dtype=np.float64) for value in (k, n, kk, kn, nn))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
        spread = (kk - 2 * rate * kn + rate**2 * nn) * small_sample(students)
        effect = np.where((k > 0) & (k < n), spread / (n * rate * (1 - rate)), nn / n)
        # n == nn exactly when no student has two rows; rounding must not turn 1 into 1 + 2e-16 there.
        effect = np.where(nn == n, 1.0, np.maximum(effect, 1.0))
        return np.asarray(n / effect)


def share_interval(values: npt.ArrayLike, student: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a share of cases, of which a student may have several.

    Parameters
    ----------
    values : array of bool, shape (n_cases,)
    student : array of int, shape (n_cases,)
        Whose case it is, from 0.

    Examples
    --------
    >>> low, high = share_interval([True, False] * 20, np.arange(40))
    >>> round(low, 3), round(high, 3)
    (0.352, 0.648)
    """
    k = np.bincount(student, weights=np.asarray(values, dtype=np.float64))
    n = np.bincount(student).astype(np.float64)
    if not n.sum():
        return float("nan"), float("nan")
    size = effective_size(k.sum(), n.sum(), kk=k @ k, kn=k @ n, nn=n @ n, students=int(np.count_nonzero(n)))
    low, high = wilson_interval(k.sum() / n.sum(), size)
    return float(low), float(high)


def small_sample(students: npt.ArrayLike) -> Floats:
    """Give G/(G − 1), by which a variance estimated from G students is too small; 1 for a single one.

    >>> float(small_sample(21))
    1.05
    """
    freedom = np.asarray(students, dtype=np.float64) - 1
    return 1 + np.where(freedom > 0, 1 / np.maximum(freedom, 1), 0.0)


def wilson_interval(
    rate: npt.ArrayLike, size: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson score interval of a rate seen in `size` (effective) rows.

    >>> low, high = wilson_interval(0.5, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2366, 0.7634)
    """
    rate, size = np.asarray(rate, dtype=np.float64), np.asarray(size, dtype=np.float64)
    z = float(norm.isf((1 - confidence) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (rate + z**2 / (2 * size)) / (1 + z**2 / size)
        half = z / (1 + z**2 / size) * np.sqrt(rate * (1 - rate) / size + z**2 / (4 * size**2))
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(rate == 0, 0.0, low), np.where(rate == 1, 1.0, high)
