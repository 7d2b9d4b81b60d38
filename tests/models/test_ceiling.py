from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from early_id.models import Ceiling, ForestCeiling, MonotoneAdditiveClassifier

each_ceiling = pytest.mark.parametrize("ceiling", [Ceiling(random_state=0), ForestCeiling(random_state=0)])


def xor(n=4000, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


@each_ceiling
def test_it_finds_what_no_additive_model_can(ceiling):
    (X, y), (fresh, truth) = xor(), xor(seed=1)
    black = clone(ceiling).fit(X, y).predict_proba(fresh)[:, 1]
    additive = MonotoneAdditiveClassifier(directions=None).fit(X, y).decision_function(fresh)
    assert roc_auc_score(truth, black) > 0.95
    assert roc_auc_score(truth, additive) < 0.65


@each_ceiling
@pytest.mark.parametrize("columns", [[1], [0, 1]])
def test_columns_without_a_known_value_are_left_out(ceiling, columns):
    X, y = xor(300)
    X[:, columns] = np.nan
    X[:50, 0] = np.nan
    ceiling = clone(ceiling).fit(X, y)
    assert np.flatnonzero(~ceiling.known_).tolist() == columns
    assert np.isfinite(ceiling.predict_proba(X)).all()


@each_ceiling
def test_it_has_no_document(ceiling):
    assert not hasattr(clone(ceiling).fit(*xor(100)), "document_")


def test_a_tree_of_the_forest_sees_so_many_rows_at_most():
    X, y = xor(3000)
    forest = ForestCeiling(n_estimators=5, max_rows=100, random_state=0).fit(X, y).black_box_
    for tree in forest.estimators_:
        assert tree.tree_.weighted_n_node_samples[0] == 100


def test_a_forest_gives_the_same_numbers_again():
    X, y = xor(1000)
    first, second = (ForestCeiling(random_state=0).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
