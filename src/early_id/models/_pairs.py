"""One pair term of an additive model: a table over two features that turns both values into log-odds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from early_id.exceptions import DataError, examples
from early_id.models._terms import check_edges, code_index, codes_of, finite

if TYPE_CHECKING:
    from early_id.models._terms import Floats

Ints = npt.NDArray[np.intp]
TIMES = " × "
# Shares are quotients of sums of weights: they add up to 1 but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Axis:
    """How one feature of a pair is cut, and how its training rows lie in the bins.

    Parameters
    ----------
    feature : str
        Name of the feature's column.
    shares : tuple of float
        Share of the period's training rows in each bin, the last one "unknown"; not negative, together 1.
    edges : tuple of float, default=()
        Strictly increasing; k edges make k + 1 bins that hold their lower edge and not their upper one.
    categories : tuple of str or tuple of float, default=()
        Or codes, one bin each; any other code is unknown.

    Raises
    ------
    DataError
        If the numbers of bins and shares do not fit, or edges do not increase.

    Examples
    --------
    >>> days = Axis("absent_days", shares=(0.5, 0.25, 0.25), edges=(2.0,))
    >>> days.codes(np.array([0.0, 2.0, np.inf, np.nan])).tolist()
    [0, 1, 1, 2]
    """

    feature: str
    shares: tuple[float, ...]
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] | tuple[float, ...] = ()

    def __post_init__(self) -> None:
        where = f"pair, feature {self.feature!r}"
        for name in ("edges", "shares"):
            object.__setattr__(self, name, finite(getattr(self, name), f"{where}, {name}"))
        object.__setattr__(self, "categories", codes_of(self.categories, where))
        if self.edges and self.categories:
            msg = f"{where} needs edges or categories, but has both; correct the document."
            raise DataError(msg)
        check_edges(self.edges, where)
        if len(self.shares) != self.n_bins:
            msg = f"{where} needs {self.n_bins} shares, but has {len(self.shares)}; correct the document."
            raise DataError(msg)
        if min(self.shares) < 0 or abs(math.fsum(self.shares) - 1) > _ROUNDING:
            msg = (
                f"{where} needs shares from 0 on that add up to 1, "
                f"but has {examples(self.shares)}; correct the document."
            )
            raise DataError(msg)

    @property
    def numeric(self) -> bool:
        """Whether it reads numbers (codes may be numbers too)."""
        return not (self.categories and isinstance(self.categories[0], str))

    @property
    def n_bins(self) -> int:
        """Number of bins, "unknown" among them."""
        return (len(self.categories) or len(self.edges) + 1) + 1

    def codes(self, x: npt.NDArray[Any]) -> Ints:
        """Give the bin of each value of one column; the last bin is "unknown"."""
        if self.categories:
            found = code_index(self.categories, x)
            return np.where(found < 0, len(self.categories), found)
        bins = np.searchsorted(self.edges, x, side="right")
        bins[np.isnan(x)] = len(self.edges) + 1
        return bins

    def shares_of(self, x: npt.NDArray[Any], weight: Floats) -> tuple[float, ...]:
        """Give the share of the weight in each bin, for one column of the training rows."""
        counts = np.bincount(self.codes(x), weights=weight, minlength=self.n_bins)
        return tuple((counts / counts.sum()).tolist())


@dataclass(frozen=True)
class Pair:
    """What two features add to the score together, beyond what each adds alone.

    Parameters
    ----------
    first, second : Axis
        Two features.
    values : tuple of tuple of float
        Log-odds: a row per bin of the first feature, in it a value per bin of the second; the last row and the
        last column are "unknown".
    mean : float, default=0.0
        Mean of the table over the training rows of its period, in which the two may go together.

    Raises
    ------
    DataError
        If the table has another shape than the bins, or a number is not finite.

    Examples
    --------
    >>> days = Axis("absent_days", shares=(0.5, 0.5, 0.0), edges=(2.0,))
    >>> mark = Axis("mean_mark", shares=(0.25, 0.5, 0.25), edges=(70.0,))
    >>> pair = Pair(days, mark, values=((0.0, 0.0, 0.0), (1.0, -1.0, 0.5), (0.0, 0.0, 0.0)))
    >>> pair.name, pair.evaluate(np.array([3.0, 3.0]), np.array([60.0, np.nan])).tolist()
    ('absent_days × mean_mark', [1.0, 0.5])
    """

    first: Axis
    second: Axis
    values: tuple[tuple[float, ...], ...]
    mean: float = 0.0

    def __post_init__(self) -> None:
        where = f"pair {self.name!r}"
        if self.first.feature == self.second.feature:
            msg = f"{where} needs two features, but names one twice; correct the document."
            raise DataError(msg)
        rows = tuple(finite(row, f"{where}, values") for row in self.values)
        object.__setattr__(self, "values", rows)
        object.__setattr__(self, "mean", finite([self.mean], f"{where}, mean")[0])
        shape = (self.first.n_bins, self.second.n_bins)
        if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
            msg = (
                f"{where} needs {shape[0]} rows of {shape[1]} values, "
                f"but has rows of {examples(map(len, rows)) or 'none'} ({len(rows)} in all); correct the document."
            )
            raise DataError(msg)

    @property
    def name(self) -> str:
        """How the pair is called, such as "a × b"."""
        return TIMES.join(self.features)

    @property
    def features(self) -> tuple[str, str]:
        """Names of the two features."""
        return self.first.feature, self.second.feature

    @cached_property
    def table(self) -> Floats:
        """The values as an array of shape (bins of the first, bins of the second)."""
        return np.array(self.values)

    @cached_property
    def means(self) -> tuple[Floats, Floats]:
        """What the pair adds on average where only one of the two is known.

        Per bin of the first feature with the second drawn from the training rows, and the other way round.
        """
        return self.table @ np.array(self.second.shares), np.array(self.first.shares) @ self.table

    def evaluate(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Floats:
        """Look up the log-odds of each row of two columns; never NaN."""
        values: Floats = self.table[self.first.codes(first), self.second.codes(second)]
        return values

    def split(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        """Share each row's value, less the mean, between the two features: their exact Shapley values.

        Parameters
        ----------
        first, second : ndarray of shape (n,)
            The two columns.

        Returns
        -------
        tuple of two ndarray of shape (n,)
            They add up to ``evaluate(first, second) − mean``.

        Notes
        -----
        With f the table and (A, B) a training row, a game of two players has the values ``E f(A, B)`` (nobody
        known: `mean`), ``E f(a, B)`` and ``E f(A, b)`` (one known: `means`) and ``f(a, b)``. A player's Shapley
        value is the average of what it adds as the first and as the second to be known [1]_:
        ``½ [E f(a, B) − E f(A, B)] + ½ [f(a, b) − E f(A, b)]`` for the first feature.

        References
        ----------
        .. [1] L. S. Shapley, A value for n-person games, Contributions to the Theory of Games II, 1953.

        Examples
        --------
        >>> side = (0.5, 0.5, 0.0)
        >>> both = Pair(Axis("a", side, (1.0,)), Axis("b", side, (1.0,)), ((0, 0, 0), (0, 1, 0), (0, 0, 0)), mean=0.5)
        >>> [part.tolist() for part in both.split(np.array([1.0, 1.0]), np.array([1.0, 0.0]))]
        [[0.25, 0.0], [0.25, -0.5]]
        """
        a, b = self.first.codes(first), self.second.codes(second)
        value, (of_first, of_second) = self.table[a, b], self.means
        return (
            ((of_first[a] - self.mean) + (value - of_second[b])) / 2,
            ((of_second[b] - self.mean) + (value - of_first[a])) / 2,
        )


def same_features(pair: Pair, other: Pair) -> bool:
    """Tell whether two pairs are of the same features, in whatever order."""
    return set(pair.features) == set(other.features)
