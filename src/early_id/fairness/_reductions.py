"""Fairlearn's methods, as orders of the same rows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    import numpy.typing as npt

    from early_id.fairness._alternatives import Learned, Scored

    Floats = npt.NDArray[np.float64]

DAY = "school_day"
# Each round fits a model. More of them did not help: fifteen lost more precision in the Open University study.
_ROUNDS = 10
_BINS = 32


def ties_by(values: Floats, score: Floats) -> Floats:
    """Order by `values`, and where they are equal by `score`; what comes out lies above 0 and goes up to 1.

    A method with one cut-off gives many students the same value; a list needs an order among them.

    >>> ties_by(np.array([1.0, 0.0, 1.0]), np.array([0.2, 0.9, 0.7])).tolist()
    [0.6666666666666666, 0.3333333333333333, 1.0]
    """
    order = np.lexsort((score, values))
    rises = (np.diff(values[order]) > 0) | (np.diff(score[order]) > 0)
    place = np.empty(len(values))
    place[order] = np.r_[1, 1 + np.cumsum(rises)]
    return np.asarray(place / place.max())


def exponentiated_gradient(learned: Learned, scored: Scored, *, share: float, seed: int) -> Floats:
    """Order by the probability of being picked by `ExponentiatedGradient` with equal recall asked of all groups.

    Errors are priced such that its cut-off lies where the list ends and not at one half: a missed student costs so
    much more than a needless name as there are more students than places.
    """
    from fairlearn.reductions import ErrorRate, ExponentiatedGradient, TruePositiveRateParity
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    cut = float(np.quantile(scored.score, 1 - share))
    cut = min(max(cut, 0.01), 0.99)
    base = HistGradientBoostingClassifier(
        max_iter=50,
        learning_rate=0.1,
        interaction_cst="no_interactions",
        early_stopping=False,
        random_state=seed,
    )
    method = ExponentiatedGradient(
        base,
        constraints=TruePositiveRateParity(difference_bound=0.01),
        objective=ErrorRate(costs={"fp": cut, "fn": 1 - cut}),
        max_iter=_ROUNDS,
    )
    train, test = _coarse(learned.X, scored.X)
    # So many small fits wait for each other's threads longer than they compute.
    with warnings.catch_warnings(), threadpool_limits(1):
        # Fairlearn sets up its tables in a way that pandas will take no more from version 4 on.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="fairlearn")
        method.fit(train, np.asarray(learned.y, dtype=np.int64), sensitive_features=learned.group)
    return ties_by(method._pmf_predict(test)[:, 1], scored.score)


def thresholds(learned: Learned, scored: Scored, own: Floats) -> Floats:
    """Order by the probability of being picked by `ThresholdOptimizer` with equal recall; it looks at the group.

    Parameters
    ----------
    own : array of float
        Scores of the rows learned from.
    """
    from fairlearn.postprocessing import ThresholdOptimizer

    method = ThresholdOptimizer(
        estimator=_Given(),
        constraints="true_positive_rate_parity",
        objective="accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    y = np.asarray(learned.y, dtype=np.int64)
    # A group with one kind of outcome only has no trade-off to choose from: fairlearn refuses it.
    both = [name for name in np.unique(learned.group) if len(np.unique(y[learned.group == name])) == 2]
    fits = np.isin(learned.group, both)
    known = np.isin(scored.group, both)
    method.fit(own[fits, None], y[fits], sensitive_features=learned.group[fits])
    picked = np.zeros(len(scored.score))
    picked[known] = method._pmf_predict(scored.score[known, None], sensitive_features=scored.group[known])[
        :, 1
    ]
    return ties_by(picked, scored.score)


def correlation_removed(learner: Any, learned: Learned, scored: Scored) -> Floats:
    """Score by the learner after `CorrelationRemover`; what is unknown stays unknown, the school day stays as it is."""
    from fairlearn.preprocessing import CorrelationRemover
    from sklearn.base import clone

    features = [name for name in learned.X.columns if name != DAY]
    names = np.unique(learned.group)[1:]  # the first group is where all others are 0
    train, test = _complete(learned.X[features], scored.X[features])

    def with_groups(frame: pd.DataFrame, group: Any) -> Floats:
        return np.column_stack([frame.to_numpy(), *(group == name for name in names)]).astype(np.float64)

    places = list(range(len(features), len(features) + len(names)))
    remover = CorrelationRemover(sensitive_feature_ids=places)
    remover.fit(with_groups(train, learned.group))

    def removed(whole: pd.DataFrame, frame: pd.DataFrame, group: Any) -> pd.DataFrame:
        values = pd.DataFrame(remover.transform(with_groups(frame, group)), whole.index, features)
        out = whole.copy()
        out[features] = values.where(whole[features].notna())
        return out

    fitted = clone(learner).fit(removed(learned.X, train, learned.group), learned.y)
    return np.asarray(fitted.predict_proba(removed(scored.X, test, scored.group))[:, 1])


def _coarse(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut every feature into at most 32 bins of about as many rows, unknown a bin of its own.

    Weighted rows are slow to bin, and each of many fits would bin them anew; fairlearn takes no missing values.
    """
    codes: list[dict[str, Floats]] = [{}, {}]
    for name in train:
        values = train[name].to_numpy(dtype=np.float64)
        known = values[~np.isnan(values)]
        cuts = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
        for found, frame in zip(codes, (train, test), strict=True):
            own = frame[name].to_numpy(dtype=np.float64)
            found[str(name)] = np.where(np.isnan(own), -1.0, np.searchsorted(cuts, own, side="right"))
    return pd.DataFrame(codes[0], train.index), pd.DataFrame(codes[1], test.index)


def _complete(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the median of the rows learned from where a value is unknown: fairlearn takes no missing values."""
    middle = train.median().fillna(0.0)
    return train.fillna(middle), test.fillna(middle)


class _Given(BaseEstimator):  # type: ignore[misc]
    """A classifier whose input is its score already."""

    def fit(self, X: Floats, y: Any) -> Self:  # noqa: ARG002 - scikit-learn's names
        """Learn nothing."""
        return self

    def predict_proba(self, X: Floats) -> Floats:
        """Give the score and what it leaves."""
        return np.column_stack([1 - X[:, 0], X[:, 0]])

    def __sklearn_is_fitted__(self) -> bool:
        return True
