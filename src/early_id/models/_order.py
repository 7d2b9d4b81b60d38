"""Whether the tables of a document keep to the declared directions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.models._document import AdditiveModel
    from early_id.models._pairs import Axis, Pair
    from early_id.models._parts import Period
    from early_id.models._terms import Term

Rows = Sequence[Sequence[float]]


def against_direction(model: AdditiveModel) -> tuple[str, ...]:
    """Name the features that move the score against their declared direction, in any period."""
    return tuple(
        feature.name
        for j, feature in enumerate(model.features)
        if not all(_holds(period.terms[j], period, feature.direction) for period in model.periods)
    )


def _holds(term: Term, period: Period, direction: int) -> bool:
    """Tell whether a larger value never moves the score against the direction, whatever the other values are.

    The other features of the pairs are all different ones and take their values freely. So the least that a step of
    this feature adds is what its own table adds, plus the least that each pair adds over the other feature's bins.
    """
    slices = [_slices(pair, term.feature) for pair in period.pairs if term.feature in pair.features]
    if direction == 0 or not slices:
        return term.is_monotone(direction)
    if term.kind == "category" or any(axis.categories for axis, _ in slices):
        return False  # codes have no order, so no direction can hold
    if term.kind == "linear" and not term.is_monotone(direction):
        return False  # between two edges of the pairs only the line moves
    steps = dict.fromkeys(edge for axis, _ in slices for edge in axis.edges)
    if term.kind == "step":
        steps |= dict.fromkeys(term.edges)
    return all(_least(edge, term, slices, direction) >= 0 for edge in steps)


def _least(edge: float, term: Term, slices: Sequence[tuple[Axis, Rows]], direction: int) -> Fraction:
    """Give the least that crossing the edge adds in the direction, exactly: a rounded sum could hide a wrong step."""
    least = Fraction(0)
    if term.kind == "step" and edge in term.edges:
        place = term.edges.index(edge)
        least += _step(term.values[place], term.values[place + 1], direction)
    for axis, rows in slices:
        if edge in axis.edges:
            place = axis.edges.index(edge)
            least += min(_step(a, b, direction) for a, b in zip(rows[place], rows[place + 1], strict=True))
    return least


def _step(low: float, high: float, direction: int) -> Fraction:
    return (Fraction(high) - Fraction(low)) * direction


def _slices(pair: Pair, feature: str) -> tuple[Axis, Rows]:
    """Give the feature's axis of a pair, and the table with the feature's bins as rows."""
    if pair.first.feature == feature:
        return pair.first, pair.values
    return pair.second, tuple(zip(*pair.values, strict=True))
