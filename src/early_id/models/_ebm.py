"""The learner others know: an Explainable Boosting Machine, kept as a document."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from early_id.exceptions import ConfigError
from early_id.models._bins import Bins
from early_id.models._calibration import grouped_folds
from early_id.models._learner import AdditiveLearner, Rows
from early_id.models._pairs import Axis, Pair
from early_id.models._tables import Tables
from early_id.models._terms import Floats, Term

if TYPE_CHECKING:
    from early_id.models._directions import Directions
    from early_id.models._parts import FeatureInfo

# A seventh of the students tells when to stop, as 15 % of the rows do in an EBM of its own.
_PARTS = 7
# Where nobody can be spared to tell when to stop.
_ROUNDS_UNWATCHED = 200


class EBMAdditiveClassifier(AdditiveLearner):
    """Fit an additive document by an Explainable Boosting Machine on human-readable bins.

    interpret's ``ExplainableBoostingClassifier`` finds the tables; the document is the same function without it.
    Needs the extra ``early-id[ebm]`` to fit, and nothing to score.

    Parameters
    ----------
    directions : "catalogue", mapping of column name to -1, 0 or 1, or None, default="catalogue"
        As in `MonotoneAdditiveClassifier`; given to the EBM as monotone constraints.
    periods, calibrate, folds, random_state
        As in `MonotoneAdditiveClassifier`.
    interactions : int, default=0
        At least 0. How many pairs of features per period get a table of their own, the strongest that the EBM finds.
        It looks only among features without a direction, so that no pair can turn a direction round.
    max_bins : int, default=32
        2 to 255. Most bins per feature, besides the one for unknown. A pair has the product of its features' bins:
        with a dozen its table can still be read.
    outer_bags : int, default=14
        At least 1. EBMs that are averaged, each stopped by other students held out.
    max_rounds : int, default=50000
        At least 1. Rounds after which each stops in any case.

    Attributes
    ----------
    document_ : AdditiveModel
        The fitted model. Predictions of the learner are the document's.
    fits_ : list of EBMFit
        Per period, the EBM the tables were taken from, before calibration.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    ConfigError
        From ``fit``, if interpret is not installed.

    Notes
    -----
    An EBM boosts one feature at a time with very small steps, stops when held-out rows get worse, and averages such
    machines [1]_; then it boosts pairs on what is left [2]_. Everything else is as in an EBM with interpret's own
    settings, but for three things: columns are cut as in `MonotoneAdditiveClassifier`, at round numbers and with at
    least 11 students per bin (a thousand quantiles per feature would be no document anybody reads); rows held out to
    stop are those of whole students; unknown for fewer than 11 students counts as the most frequent value. Cells of
    a pair may rest on fewer students than a bin does. It runs in one thread per fit, so that the same rows and number
    give the same document.

    References
    ----------
    .. [1] Y. Lou, R. Caruana, J. Gehrke, Intelligible models for classification and regression, KDD 2012,
       doi:10.1145/2339530.2339556.
    .. [2] Y. Lou, R. Caruana, J. Gehrke, G. Hooker, Accurate intelligible models with pairwise interactions, KDD
       2013, doi:10.1145/2487575.2487579.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(3, size=(500, 1)).astype(float)
    >>> y = rng.random(500) < 0.1 * X[:, 0].clip(0, 9)
    >>> model = EBMAdditiveClassifier(directions={"x0": 1}, outer_bags=2).fit(X, y)
    >>> model.document_.check_monotone()
    ()
    """

    def __init__(
        self,
        *,
        directions: Directions = "catalogue",
        periods: Literal["auto"] | tuple[int, ...] = "auto",
        interactions: int = 0,
        max_bins: int = 32,
        outer_bags: int = 14,
        max_rounds: int = 50_000,
        calibrate: bool = True,
        folds: int = 3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.directions = directions
        self.periods = periods
        self.interactions = interactions
        self.max_bins = max_bins
        self.outer_bags = outer_bags
        self.max_rounds = max_rounds
        self.calibrate = calibrate
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the document; parameters as in the other learners."""
        check_interpret()
        with warnings.catch_warnings():
            # interpret warns that its plots leave unknown values out; tables of a document show them.
            warnings.filterwarnings("ignore", "Missing values detected", UserWarning)
            return super().fit(X, y, sample_weight)

    def _design(self, rows: Rows, features: tuple[FeatureInfo, ...]) -> Bins:
        return Bins.cut(rows, features, self.max_bins)

    def _fit_tables(self, design: Bins, rows: Rows, seed: int) -> tuple[Tables, EBMFit]:
        bags = _bags(rows, self.outer_bags, seed)
        watched = (bags < 0).any()
        machine = check_interpret()(
            feature_types=[_cuts(edges) for edges in design.edges],
            interactions=min(self.interactions, len(design.edges) * (len(design.edges) - 1) // 2),
            outer_bags=self.outer_bags,
            max_rounds=self.max_rounds if watched else min(self.max_rounds, _ROUNDS_UNWATCHED),
            monotone_constraints=[feature.direction for feature in design.features],
            n_jobs=1,
            random_state=seed,
        )
        codes = _columns(design, design.cells(rows.x))
        machine.fit(codes, rows.y, sample_weight=rows.weight, bags=bags)
        fitted = EBMFit(design, machine)
        return fitted.tables(), fitted

    def _provenance(self) -> dict[str, Any]:
        import interpret

        return {**super()._provenance(), "interpret": interpret.__version__}


@dataclass(frozen=True)
class EBMFit:
    """An EBM trained on the bins of one period."""

    bins: Bins
    machine: Any

    def decision_function(self, x: Floats) -> Floats:
        """Log-odds of the EBM, uncalibrated."""
        scores: Floats = self.machine.decision_function(_columns(self.bins, self.bins.codes(x)))
        return scores

    def tables(self) -> Tables:
        """Take the tables over: an EBM has the score of unknown first, then those of the bins, then one for nothing."""
        terms: dict[int, Term] = {}
        pairs: dict[tuple[int, int], Pair] = {}
        for columns, scores in zip(self.machine.term_features_, self.machine.term_scores_, strict=True):
            places = [[*range(1, len(self.bins.edges[j]) + 2), 0] for j in columns]
            own = scores[np.ix_(*places)]
            if len(columns) == 1:
                (j,) = columns
                *values, missing = own.tolist()
                terms[j] = Term(
                    self.bins.features[j].name, "step", self.bins.edges[j], tuple(values), missing
                )
            else:
                first, second = (self._axis(j) for j in columns)
                pairs[columns] = Pair(first, second, tuple(map(tuple, own.tolist())))
        return Tables(
            float(self.machine.intercept_[0]),
            tuple(terms[j] for j in range(len(terms))),
            tuple(pairs.values()),
            tuple(pairs),
        )

    def _axis(self, j: int) -> Axis:
        edges = self.bins.edges[j]
        # How the rows lie in the bins is counted when the tables are centred on them.
        return Axis(self.bins.features[j].name, (1.0, *[0.0] * (len(edges) + 1)), edges=edges)


def check_interpret() -> Any:
    """Return interpret's classifier, or say how to install it.

    Raises
    ------
    ConfigError
        If the package is not there.
    """
    try:
        from interpret.glassbox import ExplainableBoostingClassifier
    except ImportError as error:
        msg = (
            "Expected interpret, which fits an Explainable Boosting Machine, got no such package; "
            "`pip install early-id[ebm]`, or use MonotoneAdditiveClassifier."
        )
        raise ConfigError(msg) from error
    return ExplainableBoostingClassifier


def _columns(bins: Bins, codes: npt.NDArray[np.int16]) -> Floats:
    """Bin numbers as an EBM takes them: NaN for unknown."""
    return np.where(codes > bins.last, np.nan, codes)


def _cuts(edges: tuple[float, ...]) -> list[float]:
    """Cut between the bin numbers; an EBM wants one cut at least, and nothing lies above it if there is one bin."""
    return [place + 0.5 for place in range(max(len(edges), 1))]


def _bags(rows: Rows, n_bags: int, seed: int) -> npt.NDArray[np.int8]:
    """Say per row and bag whether the row trains (1) or tells when to stop (−1); a student's rows stay together."""
    rng = np.random.RandomState(seed)
    bags = np.ones((len(rows.y), n_bags), dtype=np.int8)
    for bag in range(n_bags):
        part = grouped_folds(rows.group, rows.y, _PARTS, rng)
        if part is not None:
            bags[part == 0, bag] = -1
    return bags
