"""The smallest learner: a card of whole points that can be filled in by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from early_id.models._bins import Bins
from early_id.models._calibration import grouped_folds
from early_id.models._learner import AdditiveLearner, Rows
from early_id.models._selection import choose_features
from early_id.models._sheet import Sheet, counted
from early_id.models._tables import Tables
from early_id.models._terms import Floats, Term

if TYPE_CHECKING:
    from early_id.models._directions import Directions
    from early_id.models._parts import FeatureInfo
    from early_id.models._periods import Ints

# Points so fine that their rounding is not felt, up to ± 3 log-odds at a time.
FINE, FINE_WIDTH = 0.125, 24
# Log-odds of a point, in shares of the one at which the widest feature just fits.
STARTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.8)


class PointScorecardClassifier(AdditiveLearner):
    r"""Fit a card of few features with whole points that can be added up by hand.

    Parameters
    ----------
    max_features : int, default=10
        1 to 10. Most features on the card, over all periods; at most one of each concept.
    max_points : int, default=5
        1 to 100. Most points of a feature; its lowest cell has none.
    max_bins : int, default=8
        2 to 255. Most bins per feature before those with the same points are joined.
    directions : "catalogue", mapping of column name to -1, 0 or 1, or None, default="catalogue"
        As in `MonotoneAdditiveClassifier`: points never move against them.
    periods, calibrate, folds, random_state
        As in `MonotoneAdditiveClassifier`. All periods have the same features, each its own points.

    Attributes
    ----------
    document_ : AdditiveModel
        The fitted model: of the columns it names only those on the card, the strongest first. `document_.to_card()`
        prints it.
    fits_ : list of PointFit
        Per period, the points before calibration.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
        log-odds = intercept + scale · Σ points

    Features are cut as in `MonotoneAdditiveClassifier`, and taken one after the other: the one that most lowers the log
    loss of students it was not fitted to (grouped folds), until no one lowers it in every fold. Points begin as tables
    without rounding, divided by several scales. Then each feature in turn gets the very points, monotone and whole,
    that have the least log loss beside the others (dynamic programming on counts by cell and total), and intercept and
    scale are fitted again, until nothing moves; the best of all scales is kept. A cell's squared distance from the
    feature's mean in log-odds, halved, is added to its log loss, so that a handful of rows gives no extreme points.

    Unknown values have points of their own; unknown for fewer than 11 students, or in no training row, counts as the
    most frequent value. The calibration stretches the scale and leaves the points alone; its folds do not choose the
    features again, so with few students and many features its slope is somewhat too near to 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(3, size=(500, 2)).astype(float)
    >>> y = rng.random(500) < 0.1 * X[:, 0].clip(0, 9)
    >>> model = PointScorecardClassifier(directions={"x0": 1}, max_points=3, random_state=0).fit(X, y)
    >>> print(model.document_.to_card().partition("\n\n")[2])
    The whole school year
      [  ] X0: below 1 → 0 points, 1 to below 4 → 1, 4 to below 5 → 2, 5 or more → 3, unknown → 1
      Points in all → probability:
         0 → 9.9 %     1 → 20.1 %    2 → 36.5 %    3 → 56.9 %
    """

    def __init__(
        self,
        *,
        max_features: int = 10,
        max_points: int = 5,
        max_bins: int = 8,
        directions: Directions = "catalogue",
        periods: Literal["auto"] | tuple[int, ...] = "auto",
        calibrate: bool = True,
        folds: int = 3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.max_features = max_features
        self.max_points = max_points
        self.max_bins = max_bins
        self.directions = directions
        self.periods = periods
        self.calibrate = calibrate
        self.folds = folds
        self.random_state = random_state

    def _choose(
        self, rows: Rows, features: tuple[FeatureInfo, ...], place: Ints, rng: np.random.RandomState
    ) -> list[int]:
        fold = grouped_folds(rows.group, rows.y, self.folds, rng)
        fold = np.zeros(len(rows.y), dtype=np.intp) if fold is None else fold
        sheets, folds = [], []
        for period in range(int(place.max()) + 1):
            inside = place == period
            part = rows[inside]
            bins = self._design(part, features)
            sheets.append(_sheet(bins, bins.cells(part.x), part.weight, part.weight * part.y))
            folds.append(fold[inside])
        concepts = [feature.concept for feature in features]
        return choose_features(sheets, folds, concepts, self.max_features, FINE_WIDTH)

    def _design(self, rows: Rows, features: tuple[FeatureInfo, ...]) -> Bins:
        return Bins.cut(rows, features, self.max_bins)

    def _fit_tables(self, design: Bins, rows: Rows, seed: int) -> tuple[Tables, PointFit]:  # noqa: ARG002 - no draw
        like = counted(design.cells(rows.x), design.sizes, rows.weight, rows.weight * rows.y)
        sheet = _sheet(design, *like)
        sheet.settle(2 * FINE_WIDTH, shift=FINE_WIDTH)
        fine, intercept = sheet.points, sheet.intercept
        widest = max(int(own.max()) for own in fine)
        best, fitted = np.inf, PointFit(design, fine, intercept, FINE)
        for start in STARTS if widest else ():
            points_each = self.max_points / (start * widest)
            sheet.put([np.minimum(np.rint(own * points_each), self.max_points) for own in fine])
            sheet.intercept, sheet.scale = intercept, FINE / points_each
            sheet.settle(self.max_points, rescale=True)
            if (loss := sheet.loss()) < best:
                best, fitted = loss, PointFit(design, list(sheet.points), sheet.intercept, sheet.scale)
        return fitted.tables(), fitted

    def _origin(self, tables: Tables, rows: Rows) -> Tables:
        return tables.with_means(rows.x, rows.weight)  # a table begins at no points


def _sheet(bins: Bins, cells: npt.NDArray[np.integer], weight: Floats, events: Floats) -> Sheet:
    directions = [feature.direction for feature in bins.features]
    return Sheet(cells, bins.sizes, directions, weight, events, FINE)


@dataclass(frozen=True)
class PointFit:
    """Whole points on the bins of one period."""

    bins: Bins
    points: list[Ints]  # per feature: of each bin, and then of unknown
    intercept: float
    scale: float

    def decision_function(self, x: Floats) -> Floats:
        """Log-odds of the points, uncalibrated."""
        cells = self.bins.cells(x)
        total = np.sum([own[cells[:, j]] for j, own in enumerate(self.points)], axis=0)
        scores: Floats = self.intercept + self.scale * total
        return scores

    def tables(self) -> Tables:
        """One step per change of the points."""
        terms = []
        for j, own in enumerate(self.points):
            told = j in self.bins.unknown
            missing = own[-1] if told else own[self.bins.usual[j]]
            known = own[:-1]
            moves = np.flatnonzero(np.diff(known))
            edges = tuple(self.bins.edges[j][i] for i in moves)
            values = tuple(self.scale * int(known[i]) for i in [*moves, len(known) - 1])
            name = self.bins.features[j].name
            terms.append(Term(name, "step", edges, values, self.scale * int(missing)))
        return Tables(self.intercept, tuple(terms))
