"""Sigmoid calibration on out-of-fold scores, folds grouped by student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

if TYPE_CHECKING:
    from early_id.models._terms import Floats

Ints = npt.NDArray[np.intp]

# A calibration may weaken a score that says nothing, never turn it round.
SMALLEST_SLOPE = 0.01


def grouped_folds(groups: Ints, y: Ints, n_folds: int, rng: np.random.RandomState) -> Ints | None:
    """Deal whole groups into folds, those with the outcome and those without it evenly.

    Parameters
    ----------
    groups : ndarray of shape (n,)
        A code per group, 0 … k − 1; the rows of one group stay together.
    y : ndarray of shape (n,)
        0 or 1.
    n_folds : int
        Wanted number of folds; fewer if a side of the outcome has fewer groups.
    rng : RandomState
        Draws the order of the groups.

    Returns
    -------
    ndarray of shape (n,) or None
        Fold of each row. None if no split leaves both sides of the outcome to train on.

    Examples
    --------
    >>> groups = np.array([0, 0, 1, 2, 3, 3])
    >>> fold = grouped_folds(groups, np.array([1, 0, 0, 1, 0, 0]), 2, np.random.RandomState(0))
    >>> len({(group, f) for group, f in zip(groups.tolist(), fold.tolist())})
    4
    """
    n_groups = int(groups.max()) + 1
    event = np.bincount(groups, weights=y, minlength=n_groups) > 0
    n_folds = min(n_folds, int(event.sum()), n_groups)
    if n_folds < 2:
        return None
    order = rng.permutation(n_groups)
    # Groups of one side only lie at the two ends, those of both between them: then either side is one run of groups,
    # and two or more of a run are dealt to more than one fold.
    calm = np.bincount(groups, weights=1 - y, minlength=n_groups) > 0
    order = order[np.argsort(calm[order].astype(int) - event[order], kind="stable")]
    fold_of_group = np.empty(n_groups, dtype=np.intp)
    fold_of_group[order] = np.arange(n_groups) % n_folds
    fold = fold_of_group[groups]
    if any(len(np.unique(y[fold != i])) < 2 for i in range(n_folds)):
        return None
    return fold


def fit_sigmoid(scores: Floats, y: Ints, weight: Floats) -> tuple[float, float]:
    """Fit slope > 0 and intercept of logit P(y = 1) = intercept + slope · score by maximum likelihood.

    Parameters
    ----------
    scores, y, weight : ndarray of shape (n,)
        Out-of-fold log-odds, outcome (0 or 1), row weight.

    Returns
    -------
    slope, intercept : float
        Slope at least 0.01. (1, 0) if all scores are the same.

    Notes
    -----
    The targets are those of Platt (1999), (n₁ + 1) / (n₁ + 2) and 1 / (n₀ + 2) for n₁ rows with and n₀
    without the outcome, so that perfectly separated scores have a finite slope; on large data they equal 1
    and 0. Newton's method with step halving.

    Examples
    --------
    >>> scores, y = np.repeat([-1.0, 1.0], 1000), np.repeat([0, 1, 0, 1], [800, 200, 200, 800])
    >>> slope, intercept = fit_sigmoid(scores, y, np.ones(2000))
    >>> bool(np.isclose(slope, np.log(4), atol=0.01)), bool(abs(intercept) < 1e-9)
    (True, True)
    """
    center = float(np.average(scores, weights=weight))
    spread = float(np.sqrt(np.average((scores - center) ** 2, weights=weight)))
    if spread <= 1e-12 * max(1.0, abs(center)):
        return 1.0, 0.0
    positives = float(weight[y == 1].sum())
    negatives = float(weight.sum()) - positives
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    z = (scores - center) / spread
    slope, shift = _newton(np.column_stack([z, np.ones_like(z)]), np.zeros_like(z), target, weight)
    if slope / spread >= SMALLEST_SLOPE:
        return slope / spread, shift - slope * center / spread
    offset = SMALLEST_SLOPE * (scores - center)
    (shift,) = _newton(np.ones((len(z), 1)), offset, target, weight)
    return SMALLEST_SLOPE, shift - SMALLEST_SLOPE * center


def _newton(design: Floats, offset: Floats, target: Floats, weight: Floats) -> list[float]:
    beta = np.zeros(design.shape[1])
    loss = _loss(offset, target, weight)
    for _ in range(100):
        p = expit(offset + design @ beta)
        gradient = design.T @ (weight * (p - target))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(hessian + 1e-12 * np.trace(hessian) * np.eye(len(beta)), gradient)
        size = 1.0
        while (new := _loss(offset + design @ (beta - size * step), target, weight)) > loss and size > 1e-9:
            size /= 2
        beta = beta - size * step
        if loss - new <= 1e-14 * abs(loss) and np.abs(step).max() < 1e-10:
            break
        loss = min(loss, new)
    return [float(value) for value in beta]


def _loss(score: Floats, target: Floats, weight: Floats) -> float:
    return float(np.sum(weight * (np.logaddexp(0.0, score) - target * score)))
