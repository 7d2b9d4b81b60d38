from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from early_id.models._calibration import SMALLEST_SLOPE, fit_sigmoid, grouped_folds


def drawn(n=50_000, slope=0.7, intercept=-1.0, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(-1, 1.5, n)
    return scores, (rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * scores)))).astype(int)


def test_slope_and_intercept_are_those_of_a_logistic_regression():
    scores, y = drawn()
    weight = np.random.default_rng(1).integers(1, 4, len(y)).astype(float)
    peer = sm.GLM(y, sm.add_constant(scores), family=sm.families.Binomial(), freq_weights=weight).fit()
    slope, intercept = fit_sigmoid(scores, y, weight)
    # Platt's targets differ from 0 and 1 by less than 1 in 10,000 here.
    assert slope == pytest.approx(peer.params[1], rel=1e-3)
    assert intercept == pytest.approx(peer.params[0], rel=1e-3)
    assert slope == pytest.approx(0.7, abs=0.03)


def test_perfect_separation_stays_finite():
    scores = np.concatenate([np.linspace(-3, -1, 100), np.linspace(1, 3, 100)])
    slope, intercept = fit_sigmoid(scores, (scores > 0).astype(int), np.ones(200))
    assert 1 < slope < 20
    assert abs(intercept) < 1e-6


@pytest.mark.parametrize("sign", [1, -1])
def test_a_score_that_points_the_wrong_way_is_weakened_and_not_turned(sign):
    scores, y = drawn()
    slope, intercept = fit_sigmoid(-scores, y, np.ones(len(y)))
    assert slope == SMALLEST_SLOPE
    assert np.mean(1 / (1 + np.exp(slope * scores - intercept))) == pytest.approx(y.mean(), abs=1e-3)
    assert fit_sigmoid(np.full(10, sign * 2.0), np.arange(10) % 2, np.ones(10)) == (1.0, 0.0)


@given(st.integers(1, 30), st.integers(2, 5), st.data())
def test_groups_stay_together_and_both_sides_stay_to_train_on(n_groups, n_folds, data):
    groups = np.array([*range(n_groups), *data.draw(st.lists(st.integers(0, n_groups - 1), max_size=60))])
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(groups), max_size=len(groups))))
    fold = grouped_folds(groups, y, n_folds, np.random.RandomState(0))
    if fold is None:
        # Only where one side of the outcome has too few groups to be in every training part.
        assert min(len(np.unique(groups[y == side])) for side in (0, 1)) < n_folds
        return
    assert all(len(np.unique(fold[groups == group])) == 1 for group in groups)
    assert all(len(np.unique(y[fold != i])) == 2 for i in range(fold.max() + 1))
    sizes = np.bincount(fold[np.unique(groups, return_index=True)[1]])
    assert sizes.max() - sizes.min() <= 1


def test_two_groups_without_the_outcome_do_not_share_a_fold():
    groups, y = np.array([0, 1, 2, 3, 4, 5]), np.array([0, 1, 0, 1, 1, 1])
    for seed in range(20):
        fold = grouped_folds(groups, y, 2, np.random.RandomState(seed))
        assert fold is not None
        assert fold[0] != fold[2]


def test_folds_do_not_depend_on_how_often_a_row_is_repeated():
    groups, y = np.arange(40), np.arange(40) % 3 == 0
    often = np.repeat(np.arange(40), np.arange(40) % 4 + 1)
    once = grouped_folds(groups, y.astype(int), 3, np.random.RandomState(5))
    assert (grouped_folds(often, y[often].astype(int), 3, np.random.RandomState(5)) == once[often]).all()
