"""One term of an additive model: a table that turns one feature's value into log-odds."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError, examples

if TYPE_CHECKING:
    from collections.abc import Iterable

Floats = npt.NDArray[np.float64]
Kind = Literal["step", "linear", "category"]

KINDS: tuple[Kind, ...] = ("step", "linear", "category")
# No school number and no log-odds comes near it; differences and ratios below it cannot overflow.
LARGEST = 1e12


class Piece(NamedTuple):
    """A range of values [start, end) and the log-odds at its start and just before its end, a straight line between."""

    start: float
    end: float
    low: float
    high: float


@dataclass(frozen=True)
class Term:
    """What one feature adds to the score: a look-up table with a bin of its own for "unknown".

    Parameters
    ----------
    feature : str
        Name of the feature's column.
    kind : {"step", "linear", "category"}
        step: with edges e1 < … < ek there are k + 1 values. A value x falls in bin b = number of edges ≤ x,
        so a bin holds its lower edge and not its upper one: (−∞, e1), [e1, e2), …, [ek, ∞).
        linear: continuous and piecewise linear through the points (edge, value); constant beyond the first
        and the last edge.
        category: one value per code in `categories`; any other code is treated as missing.
    edges : tuple of float
        Strictly increasing edges (step) or knots (linear); empty for a category.
    values : tuple of float
        Log-odds: k + 1 of them (step), k (linear) or one per category.
    missing : float
        Log-odds where the feature is unknown (NaN, None).
    mean : float, default=0.0
        Mean of the term over the training rows of its period: what the term adds for a student drawn at
        random.
    categories : tuple of str or tuple of float, default=()
        The codes, all text or all numbers.

    Raises
    ------
    DataError
        If the lengths do not fit, the edges do not increase or a number is not finite.

    Examples
    --------
    >>> days = Term("absent_days", "step", edges=(2.0, 4.0), values=(-0.5, 0.25, 1.0), missing=0.0)
    >>> days.evaluate(np.array([0.0, 2.0, 3.9, np.inf, np.nan])).tolist()
    [-0.5, 0.25, 0.25, 1.0, 0.0]
    """

    feature: str
    kind: Kind
    edges: tuple[float, ...]
    values: tuple[float, ...]
    missing: float
    mean: float = 0.0
    categories: tuple[str, ...] | tuple[float, ...] = ()

    def __post_init__(self) -> None:
        where = f"term {self.feature!r}"
        if self.kind not in KINDS:
            msg = (
                f"{where} needs a kind among {examples(KINDS)}, but has {self.kind!r}; correct the document."
            )
            raise DataError(msg)
        object.__setattr__(self, "edges", finite(self.edges, f"{where}, edges"))
        object.__setattr__(self, "values", finite(self.values, f"{where}, values"))
        object.__setattr__(self, "missing", finite([self.missing], f"{where}, missing")[0])
        object.__setattr__(self, "mean", finite([self.mean], f"{where}, mean")[0])
        object.__setattr__(self, "categories", codes_of(self.categories, where))
        _check_lengths(self, where)

    @property
    def numeric(self) -> bool:
        """Whether the term reads numbers (a category may be coded in numbers too)."""
        return not (self.kind == "category" and isinstance(self.categories[0], str))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What holds below the first edge, between each two and from the last one on; none for a category."""
        if self.kind == "category":
            return ()
        starts, ends = (-math.inf, *self.edges), (*self.edges, math.inf)
        lows = self.values if self.kind == "step" else (self.values[0], *self.values)
        highs = self.values if self.kind == "step" else (*self.values, self.values[-1])
        return tuple(Piece(*part) for part in zip(starts, ends, lows, highs, strict=True))

    def evaluate(self, x: npt.NDArray[Any]) -> Floats:
        """Look up the log-odds of each value of one column.

        Parameters
        ----------
        x : ndarray of shape (n,)
            float64 with NaN where unknown; objects when the categories are text.

        Returns
        -------
        ndarray of shape (n,)
            Log-odds, never NaN.
        """
        if self.kind == "category":
            found = code_index(self.categories, x)
            return np.append(np.asarray(self.values), self.missing)[found]  # -1, not found, is the last one
        unknown = np.isnan(x)
        if self.kind == "step":
            bins = np.searchsorted(self.edges, x, side="right")
            bins[unknown] = len(self.values)
            return np.append(np.asarray(self.values), self.missing)[bins]
        return np.where(
            unknown, self.missing, _interpolate(x, np.asarray(self.edges), np.asarray(self.values))
        )

    def stretched(self, slope: float) -> Term:
        """Multiply all that the term adds."""
        values = tuple(slope * value for value in self.values)
        return replace(self, values=values, missing=slope * self.missing, mean=slope * self.mean)

    def is_monotone(self, direction: int) -> bool:
        """Tell whether the table never moves against `direction` (+1 up, −1 down, 0 anything goes)."""
        if direction == 0:
            return True
        if self.kind == "category":
            return False  # codes have no order, so no direction can hold
        return all((b - a) * direction >= 0 for a, b in zip(self.values, self.values[1:], strict=False))


def _interpolate(x: Floats, knots: Floats, values: Floats) -> Floats:
    """Join the points by straight lines, never beyond the two values joined, not even by a bit."""
    if len(knots) == 1:
        return np.full(len(x), values[0])
    x = np.clip(x, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    share = (x - knots[left]) / (knots[left + 1] - knots[left])
    a, b = values[left], values[left + 1]
    between: Floats = np.clip(a + (b - a) * share, np.minimum(a, b), np.maximum(a, b))
    return np.where(share == 1.0, b, between)


def finite(numbers: Iterable[float], what: str) -> tuple[float, ...]:
    """Return the numbers as plain floats; refuse text, NaN, infinities and absurd sizes."""
    try:
        result = tuple(_number(number) for number in numbers)
    except (TypeError, ValueError, OverflowError):
        msg = f"{what} must be numbers, but is {numbers!r}; correct the document."
        raise DataError(msg) from None
    bad = [number for number in result if not abs(number) <= LARGEST]
    if bad:
        msg = (
            f"{what} must be finite and within ±{LARGEST:g}, but holds {examples(bad)}; correct the document."
        )
        raise DataError(msg)
    return result


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError  # float("1") would be a guess
    return float(value)


def code_index(categories: tuple[str, ...] | tuple[float, ...], x: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Give the place of each value among the categories, -1 where it is none of them."""
    codes = pd.Index(categories, dtype=object if isinstance(categories[0], str) else "float64")
    return codes.get_indexer(pd.Index(x, dtype=codes.dtype))


def codes_of(categories: Iterable[Any], where: str) -> tuple[Any, ...]:
    """Return the codes, all text or all numbers and each once."""
    codes = tuple(categories)
    if not all(isinstance(code, str) for code in codes):
        if any(isinstance(code, str) for code in codes):
            msg = (
                f"{where} mixes text and numbers in its categories ({examples(codes)}); use one kind of code."
            )
            raise DataError(msg)
        codes = finite(codes, f"{where}, categories")
    if len(set(codes)) < len(codes):
        msg = f"{where} names a category twice ({examples(codes)}); every code needs one value."
        raise DataError(msg)
    return codes


def _check_lengths(term: Term, where: str) -> None:
    n_edges, n_values, n_codes = len(term.edges), len(term.values), len(term.categories)
    expected = {"step": n_edges + 1, "linear": n_edges, "category": n_codes}[term.kind]
    if n_values != expected or n_values == 0:
        msg = (
            f"{where} ({term.kind}) needs {max(expected, 1)} values, but has {n_values}; "
            "correct the document."
        )
        raise DataError(msg)
    if (term.kind == "category") != (n_codes > 0) or (term.kind == "category" and n_edges):
        msg = (
            f"{where} ({term.kind}): only a category term has categories, and it has no edges; "
            "correct the document."
        )
        raise DataError(msg)
    check_edges(term.edges, where)


def check_edges(edges: tuple[float, ...], where: str) -> None:
    """Refuse edges that do not strictly increase."""
    falls = [b for a, b in itertools.pairwise(edges) if not a < b]
    if falls:
        msg = (
            f"{where} needs strictly increasing edges, but they do not increase at {examples(falls)}; "
            "sort them."
        )
        raise DataError(msg)
