from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from early_id.models import MonotoneAdditiveClassifier
from early_id.models._edges import bin_codes, join_thin_bins
from models.made import LAW, students


def test_it_is_as_good_as_plain_boosting_where_the_truth_is_additive():
    X, y, _ = students(20_000)
    fresh, outcome, _ = students(20_000, seed=1)
    with threadpool_limits(1):  # two threads wait for each other where tests share the processors
        plain = HistGradientBoostingClassifier(random_state=0).fit(X, y).decision_function(fresh)
    ours = MonotoneAdditiveClassifier(directions=LAW).fit(X, y).decision_function(fresh)
    assert roc_auc_score(outcome, ours) > roc_auc_score(outcome, plain) - 0.005


@given(
    st.integers(0, 10_000), st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3), st.integers(2, 40)
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fitted_tables_never_move_against_their_direction(seed, signs, max_bins):
    """Whatever the data say: the outcome is drawn without regard to the directions."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"a": rng.normal(size=400), "b": rng.poisson(2, 400), "c": rng.exponential(size=400)}, dtype=float
    )
    X = X.where(rng.random(X.shape) < 0.9)
    y = (np.sin(3 * X["a"].fillna(0)) + np.cos(X["b"].fillna(0)) + rng.normal(size=400)) > 0.5
    directions = dict(zip(X.columns, signs, strict=True))
    model = MonotoneAdditiveClassifier(
        directions=directions, max_bins=max_bins, max_iter=30, min_samples_leaf=5
    )
    document = model.fit(X, y).document_
    assert document.check_monotone() == ()
    assert [feature.direction for feature in document.features] == signs
    for name, sign in directions.items():
        values = np.sort(np.append(rng.normal(size=30) * 3, [-np.inf, np.inf]))
        grid = X.iloc[[0] * len(values)].assign(**{name: values})
        assert (np.diff(document.decision_function(grid)) * sign >= 0).all()


def test_free_features_may_turn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 1))
    y = rng.random(5000) < 1 / (1 + np.exp(-(X[:, 0] ** 2 - 1)))
    score = MonotoneAdditiveClassifier(directions=None).fit(X, y).decision_function([[-2.0], [0.0], [2.0]])
    assert score[0] > score[1] < score[2]


@pytest.mark.parametrize("effect", [-2.0, 0.0, 2.0])
def test_unknown_is_a_value_of_its_own_beside_a_monotone_table(effect):
    rng = np.random.default_rng(0)
    n = 20_000
    x, unknown = rng.normal(size=n), rng.random(n) < 0.2
    truth = np.where(unknown, effect, np.tanh(x))
    y = rng.random(n) < 1 / (1 + np.exp(-truth))
    model = MonotoneAdditiveClassifier(directions={"x0": 1}).fit(np.where(unknown, np.nan, x)[:, None], y)
    assert model.document_.check_monotone() == ()
    assert model.decision_function([[np.nan]])[0] == pytest.approx(effect, abs=0.2)


def test_a_value_unknown_only_later_gets_the_average():
    X, y, _ = students(2000, known=1.0)
    document = MonotoneAdditiveClassifier(directions=LAW).fit(X, y).document_
    effect = document.contributions(X.assign(absence=np.nan))["absence"]
    assert (effect == 0.0).all()
    assert document.contributions(X)["absence"].mean() == pytest.approx(0.0, abs=1e-12)


def test_bags_are_averaged_on_the_log_odds_scale():
    X, y, _ = students(1500)
    model = MonotoneAdditiveClassifier(directions=LAW, bags=3, max_iter=40, calibrate=False).fit(X, y)
    (fit,) = model.fits_
    assert len(fit.boosters) == 3
    matrix = fit.bins.matrix(fit.bins.codes(X.to_numpy()))
    each = np.array([booster.decision_function(matrix) for booster in fit.boosters])
    assert np.ptp(each, axis=0).max() > 0.01
    np.testing.assert_allclose(model.decision_function(X), each.mean(axis=0), rtol=0, atol=1e-9)
    assert model.document_.check_monotone() == ()


def test_without_calibration_the_average_probability_is_the_rate():
    X, y, _ = students(3000)
    weight = np.random.default_rng(0).integers(1, 4, 3000)
    model = MonotoneAdditiveClassifier(directions=LAW, calibrate=False).fit(X, y, sample_weight=weight)
    assert model.document_.periods[0].calibration is None
    fitted = np.average(model.predict_proba(X)[:, 1], weights=weight)
    assert fitted == pytest.approx(np.average(y, weights=weight), abs=2e-3)


def test_rows_without_weight_do_not_matter():
    X, y, _ = students(2000)
    weight = np.ones(2000)
    weight[1500:] = 0.0
    model = MonotoneAdditiveClassifier(directions=LAW)
    with_them = clone(model).fit(X, y, sample_weight=weight).document_
    without = clone(model).fit(X[:1500], y[:1500]).document_
    assert with_them == without


def test_the_catalogue_gives_directions_by_column_name():
    X, y, _ = students(1000)
    X = X.rename(columns={"absence": "absence_rate_year", "mark": "mean_mark_year"})
    document = MonotoneAdditiveClassifier().fit(X, y).document_
    found = {feature.name: (feature.direction, feature.domain) for feature in document.features}
    assert found["absence_rate_year"] == (1, "attendance")
    assert found["mean_mark_year"] == (-1, "grades")
    assert found["noise"] == (0, "")


def test_edges_are_at_most_as_many_as_asked_and_readable():
    X, y, _ = students(5000)
    document = MonotoneAdditiveClassifier(directions=LAW, max_bins=8).fit(X, y).document_
    terms = {term.feature: term for term in document.periods[0].terms}
    assert all(len(term.edges) <= 7 for term in terms.values())
    assert all(edge == round(edge, 3) for edge in terms["absence"].edges)
    assert terms["incidents"].edges[:2] == (1.0, 2.0)
    assert terms["same"].edges == ()


@pytest.mark.slow
def test_a_county_is_scored_in_less_than_a_few_seconds():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(250_000, 40))).add_prefix("f")
    small = X[:5000].assign(school_day=rng.integers(0, 180, 5000))
    document = (
        MonotoneAdditiveClassifier(directions=None, max_iter=20, calibrate=False)
        .fit(small, rng.integers(0, 2, 5000))
        .document_
    )
    X["school_day"] = rng.integers(0, 180, len(X))
    start = time.process_time()
    document.decision_function(X)
    assert time.process_time() - start < 3.0


def test_every_step_rests_on_eleven_students():
    """Each student is there six times, so that 20 rows are but four students; a few have rare values."""
    X, y, _ = students(300)
    X["rare"] = np.where(np.arange(300) < 5, 7.0, 0.0)
    X["gone"] = np.where(np.arange(300) < 8, np.nan, X["mark"].fillna(70.0))
    X = pd.concat([X] * 6, ignore_index=True)
    y = np.tile(y, 6)
    who = np.tile(np.arange(300), 6)
    X.index = pd.Index(who, name="student_id")
    document = MonotoneAdditiveClassifier(directions=LAW, max_iter=30).fit(X, y).document_
    (period,) = document.periods
    for term in period.terms:
        column = X[term.feature].to_numpy()
        bins = np.where(np.isnan(column), -1, np.searchsorted(term.edges, column, side="right"))
        sizes = [len(np.unique(who[bins == one])) for one in range(len(term.values))]
        assert min(sizes) >= 11, term.feature
    terms = {term.feature: term for term in period.terms}
    assert len(terms["mark"].edges) > 5
    assert terms["rare"].edges == ()
    usual = X["gone"].dropna()
    most = np.bincount(np.searchsorted(terms["gone"].edges, usual, side="right")).argmax()
    assert terms["gone"].missing == terms["gone"].values[most]
    # Nobody knows whose a row is: nothing is joined.
    anonymous = MonotoneAdditiveClassifier(directions=LAW, max_iter=30).fit(X.reset_index(drop=True), y)
    assert len(anonymous.document_.periods[0].terms[list(X.columns).index("rare")].edges) == 1


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12)), min_size=1, max_size=40),
    st.integers(0, 8),
)
def test_joined_bins_hold_enough_students_or_there_is_one_bin(rows, fewest):
    values, who = (np.array(column) for column in zip(*rows, strict=True))
    edges = tuple(float(one) for one in range(1, 7))
    kept = join_thin_bins(edges, bin_codes(values.astype(float), edges), who, fewest)
    assert set(kept) <= set(edges)
    bins = bin_codes(values.astype(float), kept)
    sizes = [len(np.unique(who[bins == one])) for one in range(len(kept) + 1)]
    assert min(sizes) >= min(fewest, len(np.unique(who)))
    if fewest == 0:
        assert kept == edges
