"""The default learner: monotone boosted step tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from early_id.models._bins import Bins
from early_id.models._learner import AdditiveLearner, Rows
from early_id.models._tables import Tables
from early_id.models._terms import Floats, Term

if TYPE_CHECKING:
    from early_id.models._directions import Directions
    from early_id.models._parts import FeatureInfo


class MonotoneAdditiveClassifier(AdditiveLearner):
    """Fit an additive document by monotone gradient boosting on human-readable bins.

    Parameters
    ----------
    directions : "catalogue", mapping of column name to -1, 0 or 1, or None, default="catalogue"
        +1: a larger value never lowers the score, −1: never raises it, 0: free. "catalogue" takes direction
        and description of each column from the panel's feature catalogue (columns not in it are free); None:
        all free.
    periods : "auto" or tuple of int, default="auto"
        First school days of the periods; used only if X has the column `school_day`. "auto" is (0, 20, 60,
        120) with a period of fewer than 50 students on either side of the outcome merged into its neighbour.
    max_bins : int, default=32
        2 to 255. Most bins per feature, besides the one for unknown.
    max_iter, learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization
        Of the boosting; every tree uses one feature only.
    bags : int, default=1
        More than 1: average the tables over so many bootstrap samples of students.
    calibrate : bool, default=True
        Fold a sigmoid calibration, fitted per period on out-of-fold scores, into the tables.
    folds : int, default=3
        At least 2. Folds of the calibration, grouped by student.
    random_state : int, RandomState or None, default=0
        Draws bags and folds. The same rows and number give the same document, digit for digit.

    Attributes
    ----------
    document_ : AdditiveModel
        The fitted model. Predictions of the learner are the document's.
    bag_documents_ : tuple of AdditiveModel
        With more than one bag, the document of each by itself, calibrated as the whole: how they differ says how sure
        a table is. Empty with one bag.
    fits_ : list of BoostedFit
        Per period, the boosters the tables were read off, before calibration.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Each feature is cut at round numbers near its quantiles; scikit-learn's HistGradientBoostingClassifier is
    trained on the bin numbers with monotone constraints, each feature alone; its decision function on one
    row per bin gives the tables. A feature with unknown values gets an unconstrained indicator, and its bin
    number the most frequent one, so that "unknown" is a value of its own and no end of the scale.

    If the index of X has a level `student_id`, every step rests on at least 11 distinct students: bins with fewer
    join a neighbour, and "unknown" for fewer counts as the most frequent value.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(3, size=(500, 1)).astype(float)
    >>> y = rng.random(500) < 0.1 * X[:, 0].clip(0, 9)
    >>> model = MonotoneAdditiveClassifier(directions={"x0": 1}, random_state=0).fit(X, y)
    >>> model.document_.check_monotone()
    ()
    >>> bool(model.predict_proba([[0.0]])[0, 1] < model.predict_proba([[6.0]])[0, 1])
    True
    """

    def __init__(
        self,
        *,
        directions: Directions = "catalogue",
        periods: Literal["auto"] | tuple[int, ...] = "auto",
        max_bins: int = 32,
        max_iter: int = 200,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 20,
        l2_regularization: float = 1.0,
        bags: int = 1,
        calibrate: bool = True,
        folds: int = 3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.directions = directions
        self.periods = periods
        self.max_bins = max_bins
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.bags = bags
        self.calibrate = calibrate
        self.folds = folds
        self.random_state = random_state

    def _design(self, rows: Rows, features: tuple[FeatureInfo, ...]) -> Bins:
        return Bins.cut(rows, features, self.max_bins)

    def _fit_tables(self, design: Bins, rows: Rows, seed: int) -> tuple[Tables, BoostedFit]:
        matrix = design.matrix(design.codes(rows.x))
        rng = np.random.RandomState(seed)
        boosters = []
        for _ in range(self.bags):
            weight = rows.weight
            if self.bags > 1:
                n_groups = int(rows.group.max()) + 1
                weight = weight * rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups))[rows.group]
            used = weight > 0
            booster = self._booster(design, seed)
            boosters.append(booster.fit(matrix[used], rows.y[used], sample_weight=weight[used]))
        fitted = BoostedFit(design, tuple(boosters))
        self.n_iter_ = self.max_iter  # there is no early stopping: nothing else to stop it
        return fitted.tables(), fitted

    def _bag_tables(self, fitted: BoostedFit) -> list[Tables]:
        if len(fitted.boosters) == 1:
            return []
        return [replace(fitted, boosters=(booster,)).tables() for booster in fitted.boosters]

    def _booster(self, design: Bins, seed: int) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            monotonic_cst=design.directions(),
            interaction_cst=design.alone(),
            categorical_features=None,
            early_stopping=False,
            random_state=seed,
        )


@dataclass(frozen=True)
class BoostedFit:
    """Boosters trained on the bins of one period."""

    bins: Bins
    boosters: tuple[Any, ...]

    def decision_function(self, x: Floats) -> Floats:
        """Average log-odds of the boosters, uncalibrated."""
        return self._scores(self.bins.codes(x))

    def tables(self) -> Tables:
        """Read the tables off: the score of one row per bin, minus that of the usual row."""
        sizes = self.bins.sizes
        starts = np.cumsum([0, *sizes])
        grid = np.tile(self.bins.usual.astype(np.int16), (int(starts[-1]) + 1, 1))
        for j, (start, size) in enumerate(zip(starts, sizes, strict=False)):
            grid[start : start + size, j] = np.arange(size)
        scores = self._scores(grid)
        base = float(scores[-1])
        terms = []
        for j, feature in enumerate(self.bins.features):
            values = (scores[starts[j] : starts[j + 1]] - base).tolist()
            terms.append(Term(feature.name, "step", self.bins.edges[j], tuple(values[:-1]), values[-1]))
        return Tables(base, tuple(terms))

    def _scores(self, codes: npt.NDArray[np.int16]) -> Floats:
        matrix = self.bins.matrix(codes)
        total: Floats = sum(booster.decision_function(matrix) for booster in self.boosters) / len(
            self.boosters
        )
        return total
