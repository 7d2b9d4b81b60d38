"""The plainest learner: a logistic regression on a few straight pieces or steps per feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.linear_model import LogisticRegression

from early_id.exceptions import ConfigError, did_you_mean
from early_id.models._edges import cut_edges, cut_knots
from early_id.models._learner import AdditiveLearner, Rows
from early_id.models._tables import Tables
from early_id.models._terms import Floats, Term

if TYPE_CHECKING:
    from early_id.models._directions import Directions
    from early_id.models._parts import FeatureInfo


class LogisticAdditiveClassifier(AdditiveLearner):
    """Fit an additive document by L2-regularised logistic regression on piecewise linear or step terms.

    Parameters
    ----------
    basis : {"linear", "step"}, default="linear"
        Continuous lines between knots, constant beyond the outer ones; or steps.
    n_knots : int, default=6
        At least 2. Most knots (or edges) per feature, at round numbers near quantiles.
    C : float, default=1.0
        Inverse strength of the penalty on the standardised columns.
    directions : "catalogue", mapping of column name to -1, 0 or 1, or None, default="catalogue"
        Declared in the document but not enforced by this learner: `document_.check_monotone()` names what
        breaks them. See `MonotoneAdditiveClassifier`.
    periods, calibrate, folds, random_state
        As in `MonotoneAdditiveClassifier`.

    Attributes
    ----------
    document_ : AdditiveModel
        The fitted model. Predictions of the learner are the document's.
    fits_ : list of LogisticFit
        Per period, the regression the tables were read off, before calibration.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    Between knots t₁ < … < tₖ a feature has k − 1 ramp columns clip((x − tᵢ) / (tᵢ₊₁ − tᵢ), 0, 1), or k
    columns [x ≥ tᵢ] when it is stepped; a term's value at a knot is the sum of the coefficients before it.
    Unknown values take the columns' means and have an indicator.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(3, size=(500, 1)).astype(float)
    >>> y = rng.random(500) < 0.1 * X[:, 0].clip(0, 9)
    >>> model = LogisticAdditiveClassifier(directions=None, random_state=0).fit(X, y)
    >>> model.document_.periods[0].terms[0].edges
    (0.0, 2.0, 3.0, 4.0, 7.0)
    """

    def __init__(
        self,
        *,
        basis: Literal["linear", "step"] = "linear",
        n_knots: int = 6,
        C: float = 1.0,
        directions: Directions = "catalogue",
        periods: Literal["auto"] | tuple[int, ...] = "auto",
        calibrate: bool = True,
        folds: int = 3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.basis = basis
        self.n_knots = n_knots
        self.C = C
        self.directions = directions
        self.periods = periods
        self.calibrate = calibrate
        self.folds = folds
        self.random_state = random_state

    def _design(self, rows: Rows, features: tuple[FeatureInfo, ...]) -> Basis:
        if self.basis not in ("linear", "step"):
            hint = did_you_mean(str(self.basis), ["linear", "step"])
            msg = f"basis must be 'linear' or 'step', but is {self.basis!r}; {hint}"
            raise ConfigError(msg)
        return Basis.cut(rows, features, self.basis, self.n_knots)

    def _fit_tables(self, design: Basis, rows: Rows, seed: int) -> tuple[Tables, LogisticFit]:
        columns = design.columns(rows.x)
        center = np.average(columns, axis=0, weights=rows.weight)
        scale = np.sqrt(np.average((columns - center) ** 2, axis=0, weights=rows.weight))
        scale[scale <= 1e-12] = np.inf  # a column that does not vary has no effect
        regression = LogisticRegression(C=self.C, solver="newton-cholesky", tol=1e-8, random_state=seed)
        regression.fit((columns - center) / scale, rows.y, sample_weight=rows.weight)
        fitted = LogisticFit(design, center, scale, regression)
        return fitted.tables(), fitted


@dataclass(frozen=True)
class Basis:
    """The columns of one period: per feature its ramps or steps, then an indicator of unknown.

    `means` are the training means of a feature's ramps over its known values: unknown values take them.
    """

    names: tuple[str, ...]
    kind: Literal["linear", "step"]
    knots: tuple[tuple[float, ...], ...]
    means: tuple[Floats, ...]

    @classmethod
    def cut(
        cls, rows: Rows, features: tuple[FeatureInfo, ...], kind: Literal["linear", "step"], n_knots: int
    ) -> Basis:
        """Choose the knots of each column."""
        knots: list[tuple[float, ...]] = []
        means: list[Floats] = []
        for j in range(len(features)):
            column = rows.x[:, j]
            known = ~np.isnan(column)
            column, weight = column[known], rows.weight[known]
            if kind == "linear":
                knots.append(cut_knots(column, weight, n_knots))
            else:
                knots.append(cut_edges(column, weight, n_knots + 1) if known.any() else ())
            ramps = _ramps(column, knots[-1], kind)
            means.append(
                np.average(ramps, axis=0, weights=weight) if known.any() else np.zeros(ramps.shape[1])
            )
        return cls(tuple(feature.name for feature in features), kind, tuple(knots), tuple(means))

    def columns(self, x: Floats) -> Floats:
        """Build the columns of the regression."""
        blocks = []
        for j, (cuts, mean) in enumerate(zip(self.knots, self.means, strict=True)):
            unknown = np.isnan(x[:, j])
            ramps = _ramps(x[:, j], cuts, self.kind)
            ramps[unknown] = mean
            blocks += [ramps, unknown[:, None].astype(np.float64)]
        return np.hstack(blocks)


@dataclass(frozen=True)
class LogisticFit:
    """A regression on the standardised columns of one period."""

    basis: Basis
    center: Floats
    scale: Floats
    regression: Any

    def decision_function(self, x: Floats) -> Floats:
        """Log-odds of the regression, uncalibrated."""
        scores: Floats = self.regression.decision_function((self.basis.columns(x) - self.center) / self.scale)
        return scores

    def tables(self) -> Tables:
        """Undo the standardisation and add the coefficients up along each feature."""
        slopes = self.regression.coef_[0] / self.scale
        intercept = float(self.regression.intercept_[0] - slopes @ self.center)
        terms, start = [], 0
        for name, cuts, mean in zip(self.basis.names, self.basis.knots, self.basis.means, strict=True):
            own = slopes[start : start + len(mean)]
            missing = float(own @ mean + slopes[start + len(mean)])
            start += len(mean) + 1
            values = np.concatenate([[0.0], np.cumsum(own)])
            terms.append(Term(name, self.basis.kind, cuts, tuple(values.tolist()), missing))
        return Tables(intercept, tuple(terms))


def _ramps(x: Floats, knots: tuple[float, ...], kind: Literal["linear", "step"]) -> Floats:
    cuts = np.asarray(knots)
    if kind == "step":
        return (x[:, None] >= cuts[None, :]).astype(np.float64)
    inside = np.clip(x, cuts[0], cuts[-1])[:, None]
    ramps: Floats = np.clip((inside - cuts[None, :-1]) / np.diff(cuts)[None, :], 0.0, 1.0)
    return ramps
