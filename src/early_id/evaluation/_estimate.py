"""A figure and how much each student moves it: the interval of any metric, and of any difference of two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from early_id.evaluation._wilson import effective_size, small_sample, wilson_interval

Floats = npt.NDArray[np.float64]
#: How an interval is made: of a rate between 0 and 1, of a ratio above 0, or of any number.
Scale = Literal["rate", "ratio", "number"]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure with its student-clustered interval.

    The rows of a student go together: the variance is the sum of the squared influences of the students, that is, of
    the first-order change of the figure when a student counts a little more (the infinitesimal jackknife; for a ratio
    it is the linearised variance, for AUROC the clustered variance of DeLong's kind).

    Attributes
    ----------
    value : float
        NaN where there is nothing to compute it from.
    influence : ndarray of shape (n_students,)
        The same students in the same order for all estimates that are to be compared; 0 for who takes no part.
    students : int
        How many take part.
    scale : {"rate", "ratio", "number"}
    alone : float
        How many independent rows a rate is worth that shows no spread, because it is 0 or 1.
    """

    value: float
    influence: Floats
    students: int
    scale: Scale = "number"
    alone: float = np.nan

    @property
    def variance(self) -> float:
        """Student-clustered variance; NaN with fewer than two students."""
        if self.students < 2:
            return np.nan
        return float(np.square(self.influence).sum() * small_sample(self.students))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Lower and upper end; NaN where it cannot be told.

        Of a rate it is Wilson's, for as many independent rows as the variance is worth; of a ratio it is symmetric on
        the scale of logarithms; of any other number it is symmetric.
        """
        spread = self.variance
        if np.isnan(self.value) or np.isnan(spread):
            return np.nan, np.nan
        if self.scale == "rate":
            noise = self.value * (1 - self.value)
            size = noise / spread if noise > 0 and spread > 0 else self.alone
            low, high = wilson_interval(self.value, size, confidence=confidence)
            return float(low), float(high)
        half = float(norm.isf((1 - confidence) / 2)) * np.sqrt(spread)
        if self.scale == "ratio" and self.value > 0:
            factor = np.exp(half / self.value)
            return float(self.value / factor), float(self.value * factor)
        return float(self.value - half), float(self.value + half)

    def minus(self, other: Estimate) -> Estimate:
        """Compare with an estimate from the same students: what both have in common cancels."""
        return Estimate(
            self.value - other.value, self.influence - other.influence, max(self.students, other.students)
        )

    def over(self, other: Estimate) -> Estimate:
        """Divide by an estimate from the same students."""
        if not other.value > 0:
            return Estimate(np.nan, np.zeros_like(self.influence), 0, "ratio")
        value = self.value / other.value
        influence = (self.influence - value * other.influence) / other.value
        return Estimate(value, influence, max(self.students, other.students), "ratio")


def estimate_ratio(
    top: npt.ArrayLike, bottom: npt.ArrayLike, student: npt.NDArray[np.int64], n_students: int
) -> Estimate:
    """Estimate Σ top ÷ Σ bottom over rows, `top` being a part of `bottom`: a share.

    Parameters
    ----------
    top, bottom : array of shape (n_rows,)
        Whole numbers or numbers between 0 and 1.
    student : array of int, shape (n_rows,)
        Whose row it is, from 0.
    n_students : int
        Length of the influence.

    Examples
    --------
    Twenty students with one row each: the interval of Wilson, one degree of freedom taken off.

    >>> low, high = estimate_ratio([1] * 5 + [0] * 15, [1] * 20, np.arange(20), 20).interval()
    >>> print(round(low, 3), round(high, 3))
    0.11 0.475
    """
    k, n = _summed(top, student, n_students), _summed(bottom, student, n_students)
    found = _of_sums(k, n)
    if not found.students:
        return replace(found, scale="rate")
    alone = effective_size(k.sum(), n.sum(), kk=(k * k).sum(), kn=(k * n).sum(), nn=(n * n).sum())
    return replace(found, scale="rate", alone=float(alone))


def estimate_mean(values: npt.ArrayLike, student: npt.NDArray[np.int64], n_students: int) -> Estimate:
    """Estimate the mean over rows of any number.

    Parameters
    ----------
    values : array of shape (n_rows,)
    student : array of int, shape (n_rows,)
        Whose row it is, from 0.
    n_students : int
        Length of the influence.

    Examples
    --------
    >>> found = estimate_mean([1.0, 3.0, 5.0], np.arange(3), 3)
    >>> found.value, round(found.variance, 3)  # 4 / 3: the variance of the numbers over how many there are
    (3.0, 1.333)
    """
    rows = _summed(np.ones(len(student)), student, n_students)
    return _of_sums(_summed(values, student, n_students), rows)


def _of_sums(top: Floats, bottom: Floats) -> Estimate:
    """Estimate Σ top ÷ Σ bottom from the sums of each student."""
    total = bottom.sum()
    if not total > 0:
        return Estimate(np.nan, np.zeros(len(bottom)), 0)
    value = float(top.sum() / total)
    return Estimate(value, (top - value * bottom) / total, int(np.count_nonzero(bottom)))


def estimate_concordance(rows: pd.DataFrame, within: list[str], n_students: int) -> Estimate:
    """Estimate the share of (positive, negative) pairs in the right order; see `concordance`.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns score, label, student_id (numbers from 0) and those of `within`.
    within : list of str
        Columns that both members of a pair share.

    Notes
    -----
    With one row per student and one date it is the estimator of DeLong, DeLong and Clarke-Pearson (1988), whose
    components it sums per student as Obuchowski (1997) does for clustered data.
    """
    which = rows.groupby(within, sort=False, observed=True).ngroup().to_numpy() + 1
    score = rows["score"].to_numpy(dtype=np.float64)
    # Two sorts of one key each, the second one of small numbers, take a quarter of the time of one by both keys.
    order = np.argsort(score)
    small = which.astype(np.min_scalar_type(int(which.max(initial=0))))
    order = order[np.argsort(small[order], kind="stable")]
    label, score, which = (rows["label"].to_numpy() == 1)[order], score[order], which[order]
    new = np.r_[True, which[1:] != which[:-1]][: len(which)]
    other = np.r_[True, score[1:] != score[:-1]][: len(score)] | new
    group, level = np.cumsum(new) - 1, np.cumsum(other) - 1  # who shares the keys, and the score besides
    first, lowest = np.flatnonzero(new)[group], np.flatnonzero(other)[level]
    before = np.r_[0, np.cumsum(label)]
    positives, alike = (np.bincount(of, weights=label)[of] for of in (group, level))
    negatives, alike_negative = np.bincount(group)[group] - positives, np.bincount(level)[level] - alike
    below = before[lowest] - before[first]
    below_negative = lowest - first - below
    # Of a positive row: how many negatives lie below it; of a negative one: how many positives lie above it.
    right = np.where(label, below_negative + alike_negative / 2, positives - below - alike / 2)
    pairs = np.where(label, negatives, positives)
    return _of_pairs(right, pairs, rows["student_id"].to_numpy()[order], n_students, label)


def _of_pairs(
    right: Floats,
    pairs: Floats,
    student: npt.NDArray[np.int64],
    n_students: int,
    label: npt.NDArray[np.bool_],
) -> Estimate:
    total = pairs[label].sum()
    if not total > 0:
        return Estimate(np.nan, np.zeros(n_students), 0, "rate")
    value = float(right[label].sum() / total)
    # Every pair counts for both of its members.
    own = _summed(right, student, n_students) - value * _summed(pairs, student, n_students)
    taking = pairs > 0
    # All pairs right, or all wrong, may be chance; all of them ties are none.
    few = min(_distinct(student[taking & side]) for side in (label, ~label)) if value in {0, 1} else np.inf
    return Estimate(value, own / total, _distinct(student[taking]), "rate", float(few))


def _distinct(student: npt.NDArray[np.int64]) -> int:
    return int(np.count_nonzero(np.bincount(student)))


def estimate_average_precision(rows: pd.DataFrame, within: list[str], n_students: int) -> Estimate:
    """Estimate the mean, over positives, of the precision at their score; see `average_precision`."""
    at_score = rows.groupby([*within, "score"], sort=True, observed=True)["label"].agg(["sum", "size"])
    down = at_score.iloc[::-1].groupby(level=within, sort=False, observed=True).cumsum().iloc[::-1]
    precision = down["sum"] / down["size"]
    # A row moves the precision of every positive that scores no higher than it does.
    moves = pd.DataFrame(
        {"each": at_score["sum"] / down["size"], "level": at_score["sum"] * precision / down["size"]}
    )
    upto = moves.groupby(level=within, sort=False, observed=True).cumsum()
    found = pd.DataFrame({"precision": precision, "each": upto["each"], "level": upto["level"]})
    own = rows[[*within, "score"]].merge(found, left_on=[*within, "score"], right_index=True, how="left")
    label = rows["label"].to_numpy(dtype=np.float64)
    total = label.sum()
    if not total > 0:
        return Estimate(np.nan, np.zeros(n_students), 0, "rate")
    parts = own["precision"].to_numpy() * label
    value = float(parts.sum() / total)
    change = parts + label * own["each"].to_numpy() - own["level"].to_numpy() - value * label
    student = rows["student_id"].to_numpy()
    positives = len(np.unique(student[label == 1]))
    influence = _summed(change, student, n_students) / total
    return Estimate(value, influence, len(np.unique(student)), "rate", float(positives))


def estimate_line(
    probability: pd.Series, label: pd.Series, student: npt.NDArray[np.int64], n_students: int
) -> tuple[Estimate, Estimate]:
    """Estimate slope and intercept of the logistic regression of the label on the log-odds; 1 and 0 are perfect.

    Missing where there is nothing to fit, or no finite line fits best: all that happened had the higher log-odds, or
    all the lower ones. The variance is that of the sandwich, clustered by student.
    """
    from sklearn.linear_model import LogisticRegression

    nothing = Estimate(np.nan, np.zeros(n_students), 0)
    if label.nunique() < 2 or probability.nunique() < 2:
        return nothing, nothing
    clipped = probability.clip(1e-9, 1 - 1e-9).to_numpy()
    log_odds = np.log(clipped / (1 - clipped))
    with_it, without = (log_odds[label.to_numpy() == value] for value in (1, 0))
    if with_it.min() >= without.max() or without.min() >= with_it.max():
        return nothing, nothing
    fit = LogisticRegression(C=1e9, solver="newton-cholesky").fit(log_odds.reshape(-1, 1), label)
    slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    expected = 1 / (1 + np.exp(-(intercept + slope * log_odds)))
    design = np.column_stack([log_odds, np.ones_like(log_odds)])
    bread = np.linalg.pinv((design * (expected * (1 - expected))[:, None]).T @ design)
    change = (design * (label.to_numpy() - expected)[:, None]) @ bread
    students = len(np.unique(student))
    return (
        Estimate(slope, _summed(change[:, 0], student, n_students), students),
        Estimate(intercept, _summed(change[:, 1], student, n_students), students),
    )


def _summed(values: npt.ArrayLike, student: npt.NDArray[np.int64], n_students: int) -> Floats:
    """Add up the values of each student's rows."""
    return np.bincount(student, np.asarray(values, dtype=np.float64), n_students).astype(np.float64)
