"""Intervals of figures that have no formula: students drawn anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_REPLICATES = 200


def resampled_interval(
    figure: Callable[[npt.NDArray[np.int64]], float], n_students: int
) -> tuple[float, float]:
    """Give the 95 % percentile interval of a figure over 200 draws of the students.

    Parameters
    ----------
    figure : callable
        Takes how often each student was drawn, shape (n_students,); NaN where that draw has none.
    n_students : int
        With none the ends are NaN.

    Returns
    -------
    (float, float)
        The same for the same students: the draws start from one seed.

    Examples
    --------
    >>> resampled_interval(lambda weight: float(weight.sum()), 7)  # every draw is of seven students
    (7.0, 7.0)
    """
    rng = np.random.default_rng(0)
    drawn = [
        figure(np.bincount(rng.integers(0, n_students, n_students), minlength=n_students))
        for _ in range(_REPLICATES if n_students else 0)
    ]
    known = np.array(drawn)[~np.isnan(drawn)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)
