from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from early_id.models import Ceiling, MonotoneAdditiveClassifier


def xor(n=4000, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def test_it_finds_what_no_additive_model_can():
    (X, y), (fresh, truth) = xor(), xor(seed=1)
    black = Ceiling(random_state=0).fit(X, y).decision_function(fresh)
    additive = MonotoneAdditiveClassifier(directions=None).fit(X, y).decision_function(fresh)
    assert roc_auc_score(truth, black) > 0.95
    assert roc_auc_score(truth, additive) < 0.65


@pytest.mark.parametrize("columns", [[1], [0, 1]])
def test_columns_without_a_known_value_are_left_out(columns):
    X, y = xor(300)
    X[:, columns] = np.nan
    ceiling = Ceiling(random_state=0).fit(X, y)
    assert np.flatnonzero(~ceiling.known_).tolist() == columns
    assert np.isfinite(ceiling.predict_proba(X)).all()


def test_it_has_no_document():
    assert not hasattr(Ceiling().fit(*xor(100)), "document_")
