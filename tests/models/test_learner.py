"""What holds for every learner of documents."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from early_id.exceptions import ConfigError, DataError
from early_id.models import (
    EBMAdditiveClassifier,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    PointScorecardClassifier,
)
from models.made import LAW, students

LEARNERS = [
    MonotoneAdditiveClassifier(directions=LAW),
    LogisticAdditiveClassifier(directions=LAW),
    PointScorecardClassifier(directions=LAW),
    # Boosting in cycles takes longer than all others together.
    pytest.param(
        EBMAdditiveClassifier(directions=LAW, outer_bags=1, max_rounds=1000), marks=pytest.mark.slow
    ),
]
each_learner = pytest.mark.parametrize("learner", LEARNERS, ids=lambda one: type(one).__name__)


def slope_of(score, y) -> float:
    return sm.GLM(np.asarray(y), sm.add_constant(score), family=sm.families.Binomial()).fit().params[1]


def weekly(X, y, n_weeks=6) -> tuple[pd.DataFrame, pd.Series]:
    """The same students seen on several days of the school year."""
    rows = pd.concat(
        [X.assign(school_day=day) for day in np.linspace(5, 175, n_weeks).round()], ignore_index=True
    )
    rows.index = pd.Index(np.tile(np.arange(len(X)), n_weeks), name="student_id")
    return rows, pd.Series(np.tile(y, n_weeks), index=rows.index, name="chronic_absence")


@each_learner
def test_it_recovers_a_known_law_on_fresh_students(learner):
    X, y, _ = students(20_000)
    fresh, outcome, truth = students(20_000, seed=1)
    score = clone(learner).fit(X, y).decision_function(fresh)
    assert roc_auc_score(outcome, score) > roc_auc_score(outcome, truth) - 0.01
    assert slope_of(score, outcome) == pytest.approx(1.0, abs=0.06)
    assert (1 / (1 + np.exp(-score))).mean() == pytest.approx(outcome.mean(), abs=0.01)


@each_learner
def test_the_document_decides_as_what_it_was_read_off(learner):
    X, y, _ = students(3000)
    X.loc[:50, "noise"] = [np.inf, -np.inf, np.nan] * 17
    model = clone(learner).fit(X, y)
    (period,) = model.document_.periods
    raw = model.fits_[0].decision_function(X[list(model.document_.feature_names)].to_numpy())
    expected = period.calibration.intercept + period.calibration.slope * raw
    np.testing.assert_allclose(model.document_.decision_function(X), expected, rtol=0, atol=1e-9)
    assert model.decision_function(X).tolist() == model.document_.decision_function(X).tolist()
    np.testing.assert_array_equal(model.predict_proba(X), model.document_.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), model.decision_function(X) > 0)


@each_learner
def test_stored_means_are_those_of_the_training_rows(learner):
    rows, y = weekly(*students(2000)[:2])
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    model = clone(learner).set_params(calibrate=False).fit(rows, y, sample_weight=weight)
    document = model.document_
    assert len(document.periods) == 4
    for period in document.periods:
        inside = (rows["school_day"] >= period.from_day) & (rows["school_day"] < (period.to_day or np.inf))
        inside &= weight > 0
        parts = document.contributions(rows[inside])
        means = np.average(parts, axis=0, weights=weight[inside])
        np.testing.assert_allclose(means, [term.mean for term in period.terms], rtol=0, atol=1e-12)
        assert period.n_rows == inside.sum()
        assert period.n_students == rows.index[inside].nunique()
        assert period.n_events == y[inside].sum()


@each_learner
def test_periods_have_their_own_tables(learner):
    """The mark counts for twice as much in the second half of the year."""
    X, _, _ = students(8000, known=1.0)
    rng = np.random.default_rng(3)
    day = rng.integers(0, 180, len(X))
    truth = np.where(day < 90, -0.06, -0.12) * (X["mark"] - 75)
    y = rng.random(len(X)) < 1 / (1 + np.exp(-truth))
    model = clone(learner).set_params(periods=(0, 90)).fit(X.assign(school_day=day), y)
    fresh = students(5000, seed=4, known=1.0)[0].query("55 < mark < 95")
    spread = [
        np.std(model.document_.contributions(fresh.assign(school_day=one))["mark"]) / np.std(fresh["mark"])
        for one in (10, 100)
    ]
    assert spread == pytest.approx([0.06, 0.12], rel=0.25)
    assert "school_day" not in model.document_.feature_names


@each_learner
def test_the_same_rows_give_the_same_document_whatever_the_threads(learner):
    X, y, _ = students(3000)
    hashes = set()
    for threads in (1, 2):
        with threadpool_limits(threads):
            hashes.add(clone(learner).fit(X, y).document_.sha256)
    assert len(hashes) == 1


@each_learner
def test_arrays_and_frames_give_the_same_scores(learner):
    X, y, _ = students(2000)
    frame = clone(learner).fit(X, y)
    array = (
        clone(learner)
        .set_params(directions={f"x{i}": v for i, v in enumerate((1, -1, 1))})
        .fit(X.to_numpy(), y)
    )
    np.testing.assert_array_equal(frame.decision_function(X), array.decision_function(X.to_numpy()))
    assert array.document_.feature_names == tuple(
        f"x{X.columns.get_loc(name)}" for name in frame.document_.feature_names
    )
    assert frame.feature_names_in_.tolist() == list(X.columns)
    small = X.astype(np.float32)
    same = clone(learner).fit(small, y)
    np.testing.assert_array_equal(same.decision_function(small), same.decision_function(small.astype(float)))


@each_learner
def test_students_stay_together_in_the_folds(learner):
    """Features say nothing but who a student is; only a learner that mixes a student's rows believes in them."""
    rng = np.random.default_rng(0)
    n, weeks = 400, 8
    X = pd.DataFrame(
        np.repeat(rng.normal(size=(n, 12)), weeks, axis=0) + 1e-6 * rng.normal(size=(n * weeks, 12))
    )
    X.columns = [f"x{j}" for j in range(12)]
    y = np.repeat(rng.integers(0, 2, n), weeks)
    model = clone(learner).set_params(directions=None)
    assert model.fit(X, y).document_.periods[0].calibration.slope > 0.7
    mixed = model.decision_function(X).std()
    X.index = pd.Index(np.repeat([f"s{i}" for i in range(n)], weeks), name="student_id")
    assert model.fit(X, y).document_.periods[0].n_students == n
    # A card's features were chosen on all rows, which its folds do not know of.
    assert (
        model.decision_function(X).std()
        < (0.7 if isinstance(learner, PointScorecardClassifier) else 0.4) * mixed
    )


@each_learner
def test_a_student_level_of_several_is_found(learner):
    X, y, _ = students(600)
    X.index = pd.MultiIndex.from_arrays([np.arange(600) // 3, ["a"] * 600], names=["student_id", "school_id"])
    assert clone(learner).fit(X, y).document_.periods[0].n_students == 200


@each_learner
def test_columns_without_information_have_no_effect(learner):
    X, y, _ = students(2000)
    X["none"], X["huge"] = np.nan, 1e300
    document = clone(learner).fit(X, y).document_
    effect = document.contributions(X.assign(none=3.0)).reindex(columns=["none", "same", "huge"])
    assert (effect.isna() | (effect == 0.0)).all(axis=None)  # what a card does not hold has no effect either


@each_learner
def test_only_empty_columns_give_the_base_rate(learner):
    _, y, _ = students(2000)
    X = pd.DataFrame({"none": np.full(2000, np.nan), "same": 1.0})
    model = clone(learner).set_params(directions=None).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], y.mean(), rtol=1e-4)


@each_learner
def test_one_percent_with_the_outcome(learner):
    X, y, _ = students(20_000, intercept=-6.0)
    assert 0.005 < y.mean() < 0.02
    fresh, outcome, truth = students(20_000, seed=1, intercept=-6.0)
    score = clone(learner).fit(X, y).decision_function(fresh)
    assert roc_auc_score(outcome, score) > roc_auc_score(outcome, truth) - 0.04
    assert (1 / (1 + np.exp(-score))).mean() == pytest.approx(y.mean(), rel=0.15)


@each_learner
def test_too_few_for_folds_leaves_the_tables_uncalibrated(learner):
    X, y, _ = students(200)
    y.iloc[:] = 0.0
    y.iloc[7] = 1.0
    document = clone(learner).fit(X, y).document_
    assert document.periods[0].calibration is None


@each_learner
def test_other_labels_pickling_and_provenance(learner):
    X, y, _ = students(1000)
    model = clone(learner).fit(X, np.where(y == 1, "yes", "no"))
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(X)) == {"no", "yes"}
    assert model.document_.label == "outcome"
    assert clone(learner).fit(X, y).document_.label == "chronic_absence"
    assert model.document_.provenance["learner"] == type(learner).__name__
    assert model.document_.provenance["parameters"]["directions"] == LAW
    assert pickle.loads(pickle.dumps(model)).document_ == model.document_  # noqa: S301


@each_learner
def test_input_that_cannot_be_learnt_from_is_refused(learner):
    X, y, _ = students(300)
    model = clone(learner)
    for error in (ValueError, DataError):
        with pytest.raises(error, match=r"needs both classes, but y .* holds one class"):
            model.fit(X, np.zeros(300))
    with pytest.raises(
        DataError, match="school days 0 to 90 holds one class; give more rows or join periods"
    ):
        clone(model).set_params(periods=(0, 90)).fit(X.assign(school_day=np.where(y == 1, 100, 10)), y)
    with pytest.raises(
        ValueError, match=r"Only binary classification is supported\. The type of the target is multiclass"
    ):
        model.fit(X, np.arange(300) % 3)
    with pytest.raises(ValueError, match="contains NaN"):
        model.fit(X, np.where(y == 1, np.nan, 0.0))
    with pytest.raises(DataError, match="X holds no feature besides 'school_day'"):
        model.fit(X.assign(school_day=1.0)[["school_day"]], y)
    with pytest.raises(DataError, match="must hold school days from 0 on, but holds nan"):
        model.fit(X.assign(school_day=np.nan), y)
    with pytest.raises(
        ConfigError, match="names 'absense', which is no feature column of X; did you mean 'absence'"
    ):
        clone(model).set_params(directions={"absense": 1}).fit(X, y)
    with pytest.raises(ConfigError, match="periods must be 'auto' or"):
        clone(model).set_params(periods=(5, 10)).fit(X, y)


@each_learner
@pytest.mark.parametrize("kind", [object, "str", "string"])
def test_text_is_not_read_as_numbers(learner, kind):
    X, y, _ = students(300)
    text = X.assign(mark=X["mark"].astype(str).astype(kind))
    model = clone(learner).fit(X, y)
    with pytest.raises(DataError, match="column 'mark' must hold numbers, but is"):
        clone(learner).fit(text, y)
    with pytest.raises(DataError, match="column 'mark' must hold numbers, but is"):
        model.predict_proba(text)
    np.testing.assert_array_equal(model.decision_function(X.astype(object)), model.decision_function(X))


@each_learner
def test_a_column_there_twice_is_refused(learner):
    X, y, _ = students(300)
    twice = pd.concat([X, X[["mark"]]], axis=1)
    with pytest.raises(DataError, match="X needs each column once, but has 'mark' twice"):
        clone(learner).fit(twice, y)
    with pytest.raises(DataError, match="X needs each column once, but has 'mark' twice"):
        clone(learner).fit(X, y).predict_proba(twice)


@each_learner
def test_a_day_unknown_when_scoring_is_refused(learner):
    rows, y = weekly(*students(500)[:2])
    model = clone(learner).fit(rows, y)
    with pytest.raises(DataError, match=r"must lie in the periods .* but holds nan"):
        model.predict_proba(rows.assign(school_day=np.nan))
