"""What a reader can work out about a masked count from everything that was published."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array

from early_id.exceptions import DataError

# What the solver says where nothing bounds the target.
_UNBOUNDED = 3
# A published number that counts for less than this at an end of the range does not bound it.
_NO_WEIGHT = 1e-7


class Range(NamedTuple):
    """Smallest and largest value a masked count can have."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How far the published numbers leave the count open; 0 means it is disclosed."""
        return self.high - self.low


class Ends(NamedTuple):
    """The range of a masked count, counts at its ends, and the equations that hold it.

    Each end is a weighted sum of published numbers. The same sums bound the count where those of weight 0 (not in
    `binding`) are withheld, so withholding nothing else widens the range.
    """

    range: Range
    points: tuple[npt.NDArray[np.float64], ...]
    binding: frozenset[int]


def feasible_range(equations: npt.ArrayLike, values: npt.ArrayLike, target: npt.ArrayLike) -> Range:
    """Bound a masked count by solving the linear system of the published numbers.

    Answers: can a masked cell be worked out from totals, margins and rates?

    Parameters
    ----------
    equations : array of shape (n_equations, n_counts)
        Each published number as a linear form of the unknown counts, which are ≥ 0. A published rate r of
        counts k/n is the form k − r·n with the value 0.
    values : array of shape (n_equations,)
        The published numbers.
    target : array of shape (n_counts,)
        The linear form an attacker wants.

    Returns
    -------
    Range
        Smallest and largest value of the target (infinite where nothing bounds it).

    Raises
    ------
    DataError
        If no counts ≥ 0 satisfy the published numbers.

    Examples
    --------
    A total of 40 with two masked groups leaves each of them open, with one masked group discloses it.

    >>> feasible_range([[1, 1]], [40], [1, 0]).width
    40.0
    >>> feasible_range([[1, 1], [0, 1]], [40, 37], [1, 0])
    Range(low=3.0, high=3.0)
    """
    return find_ends(np.atleast_2d(np.asarray(equations, float)), values, target).range


def find_ends(
    equations: npt.NDArray[np.float64] | csr_array, values: npt.ArrayLike, target: npt.ArrayLike
) -> Ends:
    """Solve for both ends of the range of `feasible_range`, and say what holds them where they are."""
    ends, points, binding = [], [], set[int]()
    for sign in (1.0, -1.0):
        costs = sign * np.asarray(target, float)
        solved = linprog(costs, A_eq=equations, b_eq=values, bounds=(0, None), method="highs")
        if solved.status == _UNBOUNDED:
            ends.append(-sign * np.inf)
        elif solved.status == 0:
            ends.append(round(sign * float(solved.fun), 6))
            points.append(np.asarray(solved.x))
            binding.update(np.flatnonzero(np.abs(solved.eqlin.marginals) > _NO_WEIGHT).tolist())
        else:
            msg = (
                f"no counts ≥ 0 agree with the {len(np.asarray(values))} published numbers, so they contradict one "
                "another; check that all of them come from the same audit."
            )
            raise DataError(msg)
    return Ends(Range(ends[0] + 0.0, ends[1] + 0.0), tuple(points), frozenset(binding))
