"""What else could have been done: the same learner otherwise trained, or its scores otherwise used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.exceptions import DataError
from early_id.fairness._reductions import correlation_removed, exponentiated_gradient, thresholds, ties_by
from early_id.fairness._reweighing import Reweighed
from early_id.fairness._ways import WAYS, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from early_id.fairness._reweighing import Membership

    Floats = npt.NDArray[np.float64]
    Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Learned:
    """The rows a model learned from: features, outcome (0 or 1), and the group of each row."""

    X: pd.DataFrame
    y: pd.Series
    group: Names


@dataclass(frozen=True)
class Scored:
    """The rows it scored afterwards: features, the group of each row, and the scores it gave."""

    X: pd.DataFrame
    group: Names
    score: Floats


def fit_alternatives(
    learner: Any,
    learned: Learned,
    scored: Scored,
    *,
    membership: Membership,
    listed_share: float,
    concepts: Mapping[str, tuple[str, ...]],
    labels: Mapping[str, tuple[pd.DataFrame, pd.Series]],
    ways: tuple[str, ...] = tuple(WAYS),
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Score the same rows by each alternative.

    Answers: had the district trained otherwise, or read the scores otherwise, in which order would it have seen the
    same students on the same days?

    Parameters
    ----------
    learner : estimator
        The learner of the audited model, with its settings; it is cloned.
    learned, scored : Learned, Scored
        What the audited model learned from, and what it scored.
    membership : Membership
        The attribute the alternatives are about.
    listed_share : float
        Share of the rows that lists hold: where methods with one cut-off put it.
    concepts : mapping of name to feature names
        What to learn without, one at a time.
    labels : mapping of name to (X, y)
        Other outcomes to learn, and the rows to learn them from.
    ways : tuple of str
        Keys of `WAYS` to try.
    seed : int
    tell : callable
        Called with a line as each begins.

    Returns
    -------
    DataFrame of float, (n_scored, n_alternatives)
        One column per alternative, named by its key ("drop:…" and "label:…" by what they are of); only the order of
        the values within a column means anything. "capacity" has none: it is the same score. A column that is missing
        throughout could not be learned from so few students with the outcome.
    """
    own = cache(lambda: _out_of_fold(learner, learned))

    def attempts() -> Iterator[tuple[str, Callable[[], Floats]]]:
        X, y = learned.X, learned.y
        if not isinstance(learner, Reweighed):  # else today's list is the one with weights
            yield "reweighing", lambda: _fitted(Reweighed(learner, membership), X, y, scored.X)
        for name, features in concepts.items():
            yield (
                f"drop:{name}",
                lambda features=features: _fitted(  # type: ignore[misc]
                    learner, X.drop(columns=list(features)), y, scored.X.drop(columns=list(features))
                ),
            )
        for name, (other_x, other_y) in labels.items():
            yield f"label:{name}", lambda x=other_x, y=other_y: _fitted(learner, x, y, scored.X)  # type: ignore[misc]
        yield (
            "exponentiated_gradient",
            lambda: exponentiated_gradient(learned, scored, share=listed_share, seed=seed),
        )
        yield "threshold_optimizer", lambda: thresholds(learned, scored, own())
        yield "correlation_remover", lambda: correlation_removed(learner, learned, scored)
        yield "group_cut_offs", lambda: place_among_positives(own(), learned, scored)

    found: dict[str, Floats] = {}
    for key, attempt in attempts():
        if key.partition(":")[0] in ways:
            tell(f"Trying: {title_of(key)}")
            try:
                found[key] = attempt()
            except DataError:  # too few students with the outcome to learn this from
                found[key] = np.full(len(scored.score), np.nan)
    return pd.DataFrame(found, index=scored.X.index)


def place_among_positives(own: Floats, learned: Learned, scored: Scored) -> Floats:
    """Rank everybody by the place among students of the own group who had the outcome.

    A list cut anywhere along this order reaches the same share of each group, as far as scores of later students with
    the outcome lie as those of earlier ones did: it is what cut-offs of their own per group can do at best.

    Parameters
    ----------
    own : array of float
        Scores of the rows learned from.

    Returns
    -------
    array of float
        An order of the scored rows, above 0 and up to 1: by the share of the group's earlier rows with the outcome
        that score no higher (of all groups, where the own has none), and where that is equal by the score.

    Examples
    --------
    >>> X = pd.DataFrame({"f": [1.0, 2.0, 3.0, 4.0]})
    >>> learned = Learned(X, pd.Series([1, 1, 1, 1]), np.array(["a", "a", "b", "b"]))
    >>> scored = Scored(X, np.array(["a", "b", "a", "b"]), np.array([0.25, 0.25, 0.15, 0.45]))
    >>> place_among_positives(np.array([0.1, 0.2, 0.3, 0.4]), learned, scored).tolist()
    [0.75, 0.25, 0.5, 1.0]
    """
    positive = np.asarray(learned.y) == 1
    out = np.empty(len(scored.score))
    for name in np.unique(scored.group):
        among = np.sort(own[positive & (learned.group == name)])
        if not len(among):
            among = np.sort(own[positive])
        here = scored.group == name
        out[here] = np.searchsorted(among, scored.score[here], side="right") / len(among)
    return ties_by(out, scored.score)


def _out_of_fold(learner: Any, learned: Learned) -> Floats:
    """Score the rows learned from by models that did not learn from these students."""
    from sklearn.model_selection import GroupKFold, cross_val_predict

    student = pd.factorize(learned.X.index.get_level_values("student_id"))[0]
    found = cross_val_predict(
        learner, learned.X, learned.y, groups=student, cv=GroupKFold(2), method="predict_proba"
    )
    return np.asarray(found[:, 1])


def _fitted(learner: Any, X: pd.DataFrame, y: pd.Series, design: pd.DataFrame) -> Floats:
    from sklearn.base import clone

    return np.asarray(clone(learner).fit(X, y).predict_proba(design)[:, 1])
