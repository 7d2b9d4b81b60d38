"""Fitted tables of one period before they become part of a document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from early_id.models._terms import Floats, Term


@dataclass(frozen=True)
class Tables:
    """Intercept and terms, in the order of the columns of x (n_rows × n_features)."""

    intercept: float
    terms: tuple[Term, ...]

    def scores(self, x: Floats) -> Floats:
        """Score each row."""
        total = np.full(len(x), self.intercept)
        for j, term in enumerate(self.terms):
            total += term.evaluate(x[:, j])
        return total

    def stretched(self, slope: float, intercept: float) -> Tables:
        """Fold the calibration intercept + slope · score into the tables."""
        terms = [
            replace(term, values=tuple(slope * value for value in term.values), missing=slope * term.missing)
            for term in self.terms
        ]
        return Tables(intercept + slope * self.intercept, tuple(terms))

    def centred(self, x: Floats, weight: Floats) -> Tables:
        """Move each term's mean over the rows into the intercept and store the mean that is left.

        Tables then read as "compared with the average student". Where the rows hold no unknown value,
        training says nothing about it, and it gets the average: 0.
        """
        intercept, terms = self.intercept, []
        for j, term in enumerate(self.terms):
            column = x[:, j]
            mean = float(np.average(term.evaluate(column), weights=weight))
            intercept += mean
            # Adding 0.0 turns −0.0 into 0.0: one way to write nothing.
            values = tuple(value - mean + 0.0 for value in term.values)
            missing = term.missing - mean + 0.0 if np.isnan(column).any() else 0.0
            terms.append(replace(term, values=values, missing=missing))
        return Tables(intercept, tuple(terms)).with_means(x, weight)

    def with_means(self, x: Floats, weight: Floats) -> Tables:
        """Store each term's mean over the rows."""
        means = [
            float(np.average(term.evaluate(x[:, j]), weights=weight)) for j, term in enumerate(self.terms)
        ]
        terms = [replace(term, mean=mean) for term, mean in zip(self.terms, means, strict=True)]
        return Tables(self.intercept, tuple(terms))
