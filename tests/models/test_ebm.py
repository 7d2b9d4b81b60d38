"""The Explainable Boosting Machine as a document."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from early_id.models import AdditiveModel, EBMAdditiveClassifier, MonotoneAdditiveClassifier
from early_id.models._ebm import _bags
from early_id.models._learner import Rows
from models.made import LAW, students


def quick(**parameters) -> EBMAdditiveClassifier:
    return EBMAdditiveClassifier(**{"directions": None, "outer_bags": 2, "max_rounds": 300, **parameters})


def together(n: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Two features that count only together, one that counts alone, one that says nothing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.integers(0, 4, (n, 4)), columns=["a", "b", "c", "d"], dtype=float)
    score = 1.5 * np.sign((X["a"] - 1.5) * (X["b"] - 1.5)) + X["c"] - 1.5
    y = rng.random(n) < 1 / (1 + np.exp(-score))
    return X.where(rng.random((n, 4)) < 0.95), y.to_numpy().astype(int)


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1000), pairs=st.integers(0, 3), max_bins=st.sampled_from([2, 5, 32]))
def test_the_document_is_the_machines_own_function(seed, pairs, max_bins):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"a": rng.normal(size=300), "b": rng.poisson(2, 300), "c": rng.integers(0, 2, 300), "same": 1.0}
    )
    X["none"] = np.nan
    X.loc[rng.random(300) < 0.2, ["a", "b"]] = np.nan
    y = rng.random(300) < 1 / (1 + np.exp(-X["a"].fillna(1) * (X["c"] - 0.5)))
    model = quick(interactions=pairs, max_bins=max_bins, calibrate=False).fit(X, y)
    assert len(model.document_.pair_names) == pairs
    odd = [-np.inf, np.inf, np.nan, 1e300, -0.0]
    fresh = pd.concat([X, X.head(len(odd)).assign(a=odd, b=odd[::-1], c=np.nan, none=odd, same=np.nan)])
    expected = model.fits_[0].decision_function(fresh.to_numpy())
    np.testing.assert_allclose(model.decision_function(fresh), expected, rtol=0, atol=1e-9)
    again = AdditiveModel.from_json(model.document_.to_json())
    np.testing.assert_allclose(again.decision_function(fresh), expected, rtol=0, atol=1e-9)


def test_pairs_are_found_where_features_count_together_only():
    (X, y), (fresh, outcome) = together(6000), together(6000, seed=1)
    with_pair = quick(interactions=1).fit(X, y)
    assert with_pair.document_.pair_names == ("a × b",)
    alone, both = (
        roc_auc_score(outcome, model.decision_function(fresh)) for model in (quick().fit(X, y), with_pair)
    )
    assert both > alone + 0.1
    values = with_pair.document_.shapley_values(fresh)
    scores, base = with_pair.decision_function(fresh), with_pair.document_.background(fresh)["base"]
    np.testing.assert_allclose(values.sum(axis=1) + base, scores, rtol=0, atol=1e-9)


def test_what_is_stored_of_a_pair_is_what_the_training_rows_say():
    X, y = together(3000)
    weight = np.random.default_rng(0).integers(1, 3, 3000).astype(float)
    document = quick(interactions=2).fit(X, y, sample_weight=weight).document_
    (period,) = document.periods
    parts = document.contributions(X)
    for pair in period.pairs:
        assert np.average(parts[pair.name], weights=weight) == pytest.approx(pair.mean, abs=1e-12)
        for axis in (pair.first, pair.second):
            bins = axis.codes(X[axis.feature].to_numpy())
            for code, share in enumerate(axis.shares):
                assert np.average(bins == code, weights=weight) == pytest.approx(share, abs=1e-12)


def test_periods_that_find_other_pairs_have_each_others_as_nothing():
    (X, y), (other, outcome) = together(3000), together(3000, seed=1)
    turned = other.rename(columns={"a": "c", "c": "a", "b": "d", "d": "b"})[["a", "b", "c", "d"]]
    rows = pd.concat([X.assign(school_day=10), turned.assign(school_day=100)], ignore_index=True)
    model = quick(interactions=1, periods=(0, 50), calibrate=False).fit(rows, np.append(y, outcome))
    assert model.document_.pair_names == ("a × b", "c × d")
    parts = model.document_.contributions(rows)
    early = rows["school_day"] == 10
    assert (parts.loc[early, "c × d"] == 0).all()
    assert (parts.loc[~early, "a × b"] == 0).all()
    for fit, inside in zip(model.fits_, (early, ~early), strict=True):
        expected = fit.decision_function(rows.loc[inside, ["a", "b", "c", "d"]].to_numpy())
        np.testing.assert_allclose(model.decision_function(rows[inside]), expected, rtol=0, atol=1e-9)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1000), signs=st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
def test_no_table_moves_against_its_direction_and_no_pair_has_one(seed, signs):
    """Whatever the data say: the outcome is drawn without regard to the directions."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=400), "b": rng.poisson(2, 400), "c": rng.exponential(size=400)})
    X = X.where(rng.random(X.shape) < 0.9)
    y = (np.sin(3 * X["a"].fillna(0)) + np.cos(X["b"].fillna(0)) + rng.normal(size=400)) > 0.5
    directions = dict(zip(X.columns, signs, strict=True))
    document = quick(directions=directions, interactions=2).fit(X, y).document_
    assert document.check_monotone() == ()
    directed = {name for name, sign in directions.items() if sign}
    assert not any(directed & set(pair.features) for pair in document.periods[0].pairs)


def test_it_is_as_good_as_the_default_learner_where_the_truth_is_additive():
    (X, y, _), (fresh, outcome, _) = students(6000), students(20_000, seed=1)
    ebm, default = (
        roc_auc_score(outcome, model.fit(X, y).decision_function(fresh))
        for model in (quick(directions=LAW, max_rounds=2000), MonotoneAdditiveClassifier(directions=LAW))
    )
    assert ebm > default - 0.005


def test_rows_held_out_to_stop_are_of_whole_students():
    rng = np.random.default_rng(0)
    group, y = np.repeat(np.arange(100), 5), rng.integers(0, 2, 500)
    bags = _bags(Rows(np.zeros((500, 1)), y, np.ones(500), group), 3, seed=0)
    assert bags.shape == (500, 3)
    for bag in bags.T:
        held = {student for student in range(100) if (bag[group == student] == -1).all()}
        assert (bag[~np.isin(group, list(held))] == 1).all()
        assert 10 <= len(held) <= 20
    assert len({bag.tobytes() for bag in bags.T}) == 3


def test_steps_rest_on_enough_students_and_unknown_of_a_few_is_the_average():
    X, y, _ = students(2000, known=1.0)
    X.index = pd.Index(np.arange(2000), name="student_id")
    X.iloc[:5, X.columns.get_loc("mark")] = np.nan
    document = quick().fit(X, y).document_
    (period,) = document.periods
    for term in period.terms:
        counts = np.bincount(np.searchsorted(term.edges, X[term.feature].dropna(), side="right"))
        assert counts.min() >= 11
    assert period.terms[1].missing == pytest.approx(0, abs=1e-4)


def test_without_the_package_one_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['interpret'] = None; sys.modules['interpret.glassbox'] = None\n"
        "from early_id.models import EBMAdditiveClassifier\n"
        "from early_id.exceptions import ConfigError\n"
        "try: EBMAdditiveClassifier().fit([[0.0], [1.0]], [0, 1])\n"
        "except ConfigError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install early-id[ebm]" in said
    assert said.count("\n") == 1


def test_nothing_of_the_package_is_loaded_before_a_fit():
    code = "import sys; from early_id.models import EBMAdditiveClassifier; EBMAdditiveClassifier(); "
    code += "print('interpret' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"
