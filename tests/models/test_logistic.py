from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from early_id.exceptions import ConfigError
from early_id.models import LogisticAdditiveClassifier
from models.made import LAW, students


@pytest.mark.parametrize("basis", ["linear", "step"])
def test_the_document_equals_the_pipeline_it_stands_for(basis):
    """The ramps, written here by hand, through scikit-learn's own scaler and regression."""
    X, y, _ = students(3000)
    model = LogisticAdditiveClassifier(basis=basis, directions=LAW, calibrate=False).fit(X, y)
    columns = []
    for term in model.document_.periods[0].terms:
        x = X[term.feature].to_numpy()
        known = ~np.isnan(x)
        cuts = zip(term.edges, term.edges[1:], strict=False) if basis == "linear" else term.edges
        for cut in cuts:
            ramp = np.clip((x - cut[0]) / (cut[1] - cut[0]), 0, 1) if basis == "linear" else (x >= cut) * 1.0
            columns.append(np.where(known, ramp, ramp[known].mean()))
        columns.append((~known) * 1.0)
    design = StandardScaler().fit_transform(np.column_stack(columns))
    peer = LogisticRegression(solver="newton-cholesky", tol=1e-8).fit(design, y)
    np.testing.assert_allclose(model.decision_function(X), peer.decision_function(design), rtol=0, atol=1e-9)


def test_a_straight_law_is_found_between_the_outer_knots():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 50_000)
    y = rng.random(50_000) < 1 / (1 + np.exp(-(0.5 + x)))
    model = LogisticAdditiveClassifier(directions=None).fit(x[:, None], y)
    (term,) = model.document_.periods[0].terms
    assert term.kind == "linear"
    assert np.diff(term.values) / np.diff(term.edges) == pytest.approx(np.ones(len(term.edges) - 1), abs=0.15)
    assert model.decision_function([[0.0]])[0] == pytest.approx(0.5, abs=0.05)


def test_directions_are_declared_and_what_breaks_them_is_named():
    X, y, _ = students(3000)
    wrong = {"absence": -1, "mark": 1}
    document = LogisticAdditiveClassifier(directions=wrong).fit(X, y).document_
    assert set(document.check_monotone()) == {"absence", "mark"}


def test_the_penalty_shrinks():
    X, y, _ = students(1000)
    spread = [
        np.std(
            LogisticAdditiveClassifier(C=C, directions=LAW, calibrate=False).fit(X, y).decision_function(X)
        )
        for C in (1e-4, 1.0)
    ]
    assert spread[0] < spread[1] / 3


def test_another_basis_is_refused():
    X, y, _ = students(200)
    with pytest.raises(
        ConfigError, match="basis must be 'linear' or 'step', but is 'steps'; did you mean 'step'"
    ):
        LogisticAdditiveClassifier(basis="steps", directions=LAW).fit(X, y)
