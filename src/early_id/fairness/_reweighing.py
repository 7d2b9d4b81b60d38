"""Weights with which group and outcome have nothing to do with each other in what a model learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from early_id.exceptions import ConfigError, did_you_mean
from early_id.fairness._groups import UNKNOWN, attach_recorded

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Names = npt.NDArray[np.str_]


def reweigh(group: Names, outcome: Floats) -> Floats:
    """Weigh rows so that every group has the outcome equally often.

    Answers: how much would each row count if group and outcome were unrelated and nothing else changed?

    Parameters
    ----------
    group : array of str, shape (n_rows,)
    outcome : array of 0 and 1, shape (n_rows,)

    Returns
    -------
    array of float, shape (n_rows,)
        P(group) · P(outcome) / P(group, outcome). Each group keeps its total weight, and so has each outcome.

    Notes
    -----
    Kamiran and Calders (2012), "Data preprocessing techniques for classification without discrimination".

    Examples
    --------
    Half of group a has the outcome, a quarter of group b.

    >>> group = np.array(["a", "a", "b", "b", "b", "b"])
    >>> reweigh(group, np.array([1, 0, 1, 0, 0, 0])).round(3).tolist()
    [0.667, 1.333, 1.333, 0.889, 0.889, 0.889]
    """
    codes = np.unique(group, return_inverse=True)[1]
    positive = np.asarray(outcome, dtype=np.int64)
    both = np.zeros((codes.max() + 1, 2))
    np.add.at(both, (codes, positive), 1.0)
    expected = both.sum(axis=1, keepdims=True) * both.sum(axis=0, keepdims=True) / len(codes)
    return np.asarray(expected[codes, positive] / both[codes, positive])


@dataclass(frozen=True, eq=False, repr=False)
class Membership:
    """Who belongs to which group of one attribute, and when; it prints its name only, never a student."""

    groups: pd.DataFrame
    attribute: str

    def __post_init__(self) -> None:
        known = self.groups["attribute"].dropna().astype("str").unique()
        if not len(known):
            msg = (
                f"Expected a groups table with the attribute {self.attribute!r} of mitigation.attribute, got none; "
                "read the district with its groups, or leave the key out."
            )
            raise ConfigError(msg)
        if self.attribute not in known:
            msg = (
                f"Expected an attribute of the groups table in mitigation.attribute, got {self.attribute!r}: "
                f"{did_you_mean(self.attribute, known)}"
            )
            raise ConfigError(msg)

    def __repr__(self) -> str:
        return f"Membership({self.attribute!r})"

    def __deepcopy__(self, _: Any) -> Membership:
        return self

    def of(self, rows: pd.DataFrame) -> Names:
        """Name the group of each row (student_id, as_of) on its date; "unknown" where none is recorded."""
        attribute = attach_recorded(rows, self.groups, self.attribute)
        names: Names = np.array([*attribute.groups, UNKNOWN])[attribute.codes]
        return names


class Reweighed(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A learner that learns with the weights of `reweigh`.

    The document it fits needs no group to score: groups are looked at while it learns, and only there. The document
    says so in its provenance.

    Parameters
    ----------
    learner : estimator
        A classifier that takes `sample_weight` and fits a document.
    membership : Membership
        Rows of X are named by the index levels student_id and as_of.
    """

    def __init__(self, learner: Any, membership: Membership) -> None:
        self.learner = learner
        self.membership = membership

    def fit(self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Weigh the rows and fit the learner."""
        group = self.membership.of(X.index.to_frame(index=False))
        weights = reweigh(group, np.asarray(y, dtype=np.float64))
        self.learner_ = clone(self.learner).fit(X, y, sample_weight=weights)
        self.classes_ = self.learner_.classes_
        if hasattr(self.learner_, "document_"):
            document = self.learner_.document_
            origin = {**document.provenance, "reweighed_by": self.membership.attribute}
            self.document_ = replace(document, provenance=origin)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        """Score with the fitted learner."""
        return self.learner_.predict_proba(X)

    def predict(self, X: pd.DataFrame) -> Any:
        """Say whether the outcome is more likely than not."""
        return self.learner_.predict(X)
