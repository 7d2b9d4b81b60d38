"""Fitted tables of one period before they become part of a document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from early_id.models._pairs import Axis, Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._terms import Floats, Term


@dataclass(frozen=True)
class Tables:
    """Intercept and terms, in the order of the columns of x (n_rows × n_features), and pairs of them if any.

    `places` are the two columns of each pair.
    """

    intercept: float
    terms: tuple[Term, ...]
    pairs: tuple[Pair, ...] = ()
    places: tuple[tuple[int, int], ...] = ()

    def scores(self, x: Floats) -> Floats:
        """Score each row."""
        total = np.full(len(x), self.intercept)
        for j, term in enumerate(self.terms):
            total += term.evaluate(x[:, j])
        for (i, j), pair in zip(self.places, self.pairs, strict=True):
            total += pair.evaluate(x[:, i], x[:, j])
        return total

    def stretched(self, slope: float, intercept: float) -> Tables:
        """Fold the calibration intercept + slope · score into the tables."""
        terms = tuple(term.stretched(slope) for term in self.terms)
        pairs = [
            replace(pair, values=tuple(tuple(slope * value for value in row) for row in pair.values))
            for pair in self.pairs
        ]
        return replace(self, intercept=intercept + slope * self.intercept, terms=terms, pairs=tuple(pairs))

    def centred(self, x: Floats, weight: Floats) -> Tables:
        """Move the mean of each table over the rows into the intercept and store the mean that is left.

        Tables then read as "compared with the average student". Where the rows hold no unknown value,
        training says nothing about it, and it gets the average: 0. Pairs also store how the rows lie in their bins.
        """
        intercept, terms, pairs = self.intercept, [], []
        for j, term in enumerate(self.terms):
            column = x[:, j]
            mean = float(np.average(term.evaluate(column), weights=weight))
            intercept += mean
            # Adding 0.0 turns −0.0 into 0.0: one way to write nothing.
            values = tuple(value - mean + 0.0 for value in term.values)
            missing = term.missing - mean + 0.0 if np.isnan(column).any() else 0.0
            terms.append(replace(term, values=values, missing=missing))
        for (i, j), pair in zip(self.places, self.pairs, strict=True):
            first, second = x[:, i], x[:, j]
            mean = float(np.average(pair.evaluate(first, second), weights=weight))
            intercept += mean
            table = pair.table - mean + 0.0
            table[-1] *= np.isnan(first).any()
            table[:, -1] *= np.isnan(second).any()
            moved_pair = Pair(
                replace(pair.first, shares=pair.first.shares_of(first, weight)),
                replace(pair.second, shares=pair.second.shares_of(second, weight)),
                tuple(map(tuple, (table + 0.0).tolist())),
            )
            left = float(np.average(moved_pair.evaluate(first, second), weights=weight))
            pairs.append(replace(moved_pair, mean=left))
        moved = replace(self, intercept=intercept, terms=tuple(terms), pairs=tuple(pairs))
        return moved.with_means(x, weight)

    def with_means(self, x: Floats, weight: Floats) -> Tables:
        """Store each term's mean over the rows."""
        means = [
            float(np.average(term.evaluate(x[:, j]), weights=weight)) for j, term in enumerate(self.terms)
        ]
        terms = [replace(term, mean=mean) for term, mean in zip(self.terms, means, strict=True)]
        return replace(self, terms=tuple(terms))


def with_same_pairs(every: Sequence[Tables]) -> list[Tables]:
    """Give the tables of all periods the same pairs in the same order; one that a period has not adds nothing there."""
    places = sorted({place for tables in every for place in tables.places})
    return [replace(tables, pairs=tuple(_pairs(tables, places)), places=tuple(places)) for tables in every]


def _pairs(tables: Tables, places: Sequence[tuple[int, int]]) -> list[Pair]:
    own = dict(zip(tables.places, tables.pairs, strict=True))
    whole = [Axis(term.feature, shares=(1.0, 0.0)) for term in tables.terms]
    nothing = ((0.0, 0.0), (0.0, 0.0))
    return [own.get((i, j)) or Pair(whole[i], whole[j], nothing) for i, j in places]
