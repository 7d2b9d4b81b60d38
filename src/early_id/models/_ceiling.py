"""The black box every document is measured against. It has no document, so it can never be deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted, validate_data

from early_id.models._threads import side_by_side

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Tags

    from early_id.models._terms import Floats


class Ceiling(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
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
    booster_ : HistGradientBoostingClassifier
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

    def fit(self, X: pd.DataFrame | npt.ArrayLike, y: npt.ArrayLike, sample_weight: Any = None) -> Self:
        """Fit the booster on the columns that have a known value (all of them if none has)."""
        x, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        known = ~np.isnan(x).all(axis=0)
        self.known_ = known
        booster = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            early_stopping=False,
            random_state=self.random_state,
        )
        (self.booster_,) = side_by_side([lambda: booster.fit(self._used(x), y, sample_weight=sample_weight)])
        self.classes_ = self.booster_.classes_
        self.n_iter_ = self.booster_.n_iter_
        return self

    def decision_function(self, X: pd.DataFrame | npt.ArrayLike) -> Floats:
        """Score each row in log-odds."""
        return self._ask("decision_function", X)

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
        answer = getattr(self.booster_, question)
        result: npt.NDArray[Any] = side_by_side([lambda: answer(x)])[0]
        return result

    def _used(self, x: Floats) -> Floats:
        return x[:, self.known_] if self.known_.any() else np.zeros((len(x), 1))
