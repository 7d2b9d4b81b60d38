"""The black boxes every document is measured against. They have no document, so they can never be deployed."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.utils.validation import check_is_fitted, validate_data

from early_id.models._threads import side_by_side

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Tags

    from early_id.models._terms import Floats


class _BlackBox(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the ceilings: columns without any known training value are left out."""

    random_state: int | np.random.RandomState | None

    @abstractmethod
    def _fitted(self, x: Floats, y: npt.ArrayLike, sample_weight: Any) -> Any:
        """Fit scikit-learn's estimator on the columns that are used."""

    def fit(self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike, sample_weight: Any = None) -> Self:
        """Fit the black box on the columns that have a known value (all of them if none has)."""
        x, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        self.known_ = ~np.isnan(x).all(axis=0)
        (self.black_box_,) = side_by_side([lambda: self._fitted(self._used(x), y, sample_weight)])
        self.classes_ = self.black_box_.classes_
        return self

    def predict_proba(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        """Give the probability of each class."""
        return self._ask("predict_proba", X)

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        """Give the most probable class."""
        return self._ask("predict", X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _ask(self, question: str, X: pd.DataFrame | npt.ArrayLike) -> npt.NDArray[Any]:
        check_is_fitted(self)
        x = self._used(validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False))
        answer = getattr(self.black_box_, question)
        result: npt.NDArray[Any] = side_by_side([lambda: answer(x)])[0]
        return result

    def _used(self, x: Floats) -> Floats:
        return x[:, self.known_] if self.known_.any() else np.zeros((len(x), 1))


class Ceiling(_BlackBox):
    """Say how much an unconstrained model could reach on the same columns: the price of being readable.

    scikit-learn's HistGradientBoostingClassifier with interactions, without directions or periods
    (`school_day` is an ordinary column to it). Columns without any known training value are left out, which
    the booster itself does not survive. For comparison only: there is no `document_`, and nothing but a
    document can be signed off.

    Parameters
    ----------
    max_iter, learning_rate, max_leaf_nodes
        Of the boosting.
    random_state : int, RandomState or None, default=None
        As in scikit-learn.

    Attributes
    ----------
    black_box_ : HistGradientBoostingClassifier
        The fitted black box.
    known_ : ndarray of bool, shape (n_features,)
        Columns it uses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> ceiling = Ceiling(random_state=0).fit(X, X[:, 0] * X[:, 1] > 0)
    >>> ceiling.predict_proba(X).shape, hasattr(ceiling, "document_")
    ((200, 2), False)
    """

    def __init__(
        self,
        *,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 31,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.random_state = random_state

    def decision_function(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        """Score each row in log-odds."""
        return self._ask("decision_function", X)

    def _fitted(self, x: Floats, y: npt.ArrayLike, sample_weight: Any) -> HistGradientBoostingClassifier:
        booster = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            early_stopping=False,
            random_state=self.random_state,
        )
        booster.fit(x, y, sample_weight=sample_weight)
        self.n_iter_ = booster.n_iter_
        return booster


class ForestCeiling(_BlackBox):
    """Say how much a random forest could reach: a second ceiling that errs in other ways than boosting.

    scikit-learn's RandomForestClassifier; otherwise as `Ceiling`.

    Parameters
    ----------
    n_estimators : int, default=200
        Trees.
    max_rows : int, default=20000
        Each tree is grown on so many rows at most, drawn with replacement: rows of a student in neighbouring weeks
        are nearly the same, and more of them cost time only.
    min_samples_leaf : int, default=5
        Of each tree.
    random_state : int, RandomState or None, default=None
        As in scikit-learn.

    Attributes
    ----------
    black_box_ : RandomForestClassifier
        The fitted black box.
    known_ : ndarray of bool, shape (n_features,)
        Columns it uses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> forest = ForestCeiling(n_estimators=20, random_state=0).fit(X, X[:, 0] * X[:, 1] > 0)
    >>> forest.predict_proba(X).shape, hasattr(forest, "document_")
    ((200, 2), False)
    """

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_rows: int = 20_000,
        min_samples_leaf: int = 5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_rows = max_rows
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state

    def _fitted(self, x: Floats, y: npt.ArrayLike, sample_weight: Any) -> RandomForestClassifier:
        forest = RandomForestClassifier(
            n_estimators=self.n_estimators,
            max_samples=min(self.max_rows, len(x)),
            min_samples_leaf=self.min_samples_leaf,
            n_jobs=-1,
            random_state=self.random_state,
        )
        # Trees are grown in threads, each by itself; added up by one, always in the same order.
        return forest.fit(x, y, sample_weight=sample_weight).set_params(n_jobs=1)
