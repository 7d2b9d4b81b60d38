"""How sure a table is: against a closed form, and what must hold whatever the document."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from early_id.exceptions import ConfigError
from early_id.models import (
    AdditiveModel,
    FeatureInfo,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    Period,
    Term,
    fit_bags,
    term_intervals,
)
from models.made import documents


@given(documents())
def test_a_document_beside_itself_has_intervals_without_width_at_its_own_values(document):
    found = term_intervals(document, [document, document])
    table = document.to_frame().loc[lambda frame: frame["kind"] != "pair"]
    means = [term.mean for period in document.periods for term in period.terms]
    parts = table.groupby(["from_day", "feature"], sort=False).size().to_numpy()
    mean = np.repeat(means, parts)
    for ends, own in ((("low", "high"), "log_odds"), (("low_to", "high_to"), "log_odds_to")):
        for end in ends:
            np.testing.assert_allclose(found[end], table[own].to_numpy() - mean, rtol=1e-12, atol=1e-9)
    assert found[["period", "feature", "bin"]].equals(table[["period", "feature", "bin"]])


#: 95th percentile of Student's distribution with one degree of freedom.
T1 = np.tan(0.45 * np.pi)


def made(edges, values, name="days"):
    term = Term(name, "step", edges, values, 0.0)
    return AdditiveModel("late", [FeatureInfo(name)], [Period(0, None, 0.0, (term,))])


def test_a_bag_with_edges_of_its_own_is_read_inside_the_bins_of_the_document():
    document = made((2.0, 4.0), (-1.0, 0.0, 1.0))
    bags = [made((1.5, 3.5), (-2.0, 0.5, 3.0)), made((1.5, 3.5), (-2.0, 1.5, 5.0))]
    found = term_intervals(document, bags)
    # Just below 2 a bag says what it says from 1.5 on; in the middle of 2 to 4, at 3; from 4 on, its last value.
    half = T1 / np.sqrt(2) * np.array([1.0, 1.0, 2.0, 0.0])
    np.testing.assert_allclose(found["low"], np.array([-1.0, 0.0, 1.0, 0.0]) - half)
    np.testing.assert_allclose(found["high"], np.array([-1.0, 0.0, 1.0, 0.0]) + half)


def test_a_feature_that_a_bag_does_not_use_adds_nothing_there():
    document = made((2.0,), (-1.0, 1.0))
    found = term_intervals(document, [made((2.0,), (-1.0, 1.0)), made((2.0,), (-5.0, 5.0), name="other")])
    # Zero in one of two bags, ±1 in the other.
    np.testing.assert_allclose(found["high"] - found["low"], 2 * T1 / np.sqrt(2) * np.array([1.0, 1.0, 0.0]))


@pytest.mark.parametrize("many", [2, 10])
def test_nine_in_ten_intervals_hold_the_truth_however_few_the_bags(many):
    """Values that scatter around the truth as bags scatter around them."""
    rng = np.random.default_rng(many)
    held = 0
    for _ in range(1000):
        value = rng.normal()
        bags = [made((2.0,), (-1.0, bag)) for bag in value + rng.normal(size=many)]
        row = term_intervals(made((2.0,), (-1.0, value)), bags).iloc[1]
        held += row["low"] <= 0.0 <= row["high"]
    assert 870 <= held <= 930


def students(n, weeks=1, seed=0):
    """One fact, known or not, and an outcome with odds of its own for each value."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, n).astype(float)
    y = (rng.random(n) < np.where(x == 1, 0.4, 0.15)).astype(int)
    index = pd.MultiIndex.from_arrays(
        [np.repeat(np.arange(n), weeks), np.tile(np.arange(weeks), n)], names=["student_id", "as_of"]
    )
    return pd.DataFrame({"x": np.repeat(x, weeks)}, index=index), pd.Series(
        np.repeat(y, weeks), index, name="late"
    )


def learner():
    return MonotoneAdditiveClassifier(
        directions=None, max_iter=60, learning_rate=0.3, l2_regularization=0.0, calibrate=False
    )


def width_of_the_step(X, y, bags):
    """Nine tenths of the bootstrap's log odds ratio."""
    model = learner().fit(X, y)
    found = fit_bags(learner(), model.document_, X, y, bags=bags, random_state=1)
    assert len(found) == bags
    steps = [bag.decision_function(pd.DataFrame({"x": [0.0, 1.0]})) for bag in found]
    low, high = np.quantile(np.diff(steps, axis=1), (0.05, 0.95))
    return float(high - low)


def test_the_width_is_that_of_the_closed_form_and_weeks_of_a_student_count_together():
    X, y = students(600)
    counts = pd.crosstab(X["x"].to_numpy(), y.to_numpy()).to_numpy()
    expected = 2 * 1.645 * float(np.sqrt((1 / counts).sum()))
    alone = width_of_the_step(X, y, 120)
    # The quantiles of 120 draws scatter by about a tenth.
    assert alone == pytest.approx(expected, rel=0.3)
    together = width_of_the_step(*students(600, weeks=4), 120)
    assert together == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize(
    "made",
    [
        MonotoneAdditiveClassifier(directions=None, max_iter=10),
        LogisticAdditiveClassifier(directions=None),
    ],
)
def test_bags_have_the_periods_of_the_document_and_its_calibration_and_come_again(made):
    rng = np.random.default_rng(3)
    X, y = students(500, weeks=2)
    X = X.assign(
        school_day=np.where(X.index.get_level_values("as_of") == 0, 10.0, 40.0), z=rng.random(len(X))
    )
    document = made.fit(X, y).document_
    assert len(document.periods) == 2
    first, again = (fit_bags(made, document, X, y, bags=3, random_state=4) for _ in range(2))
    assert first == again
    assert [[period.from_day for period in bag.periods] for bag in first] == [[0, 20]] * 3
    slopes = [period.calibration.slope for period in document.periods]
    plain = tuple(replace(period, calibration=None) for period in document.periods)
    raw = fit_bags(made, replace(document, periods=plain), X, y, bags=3, random_state=4)
    for own, other in zip(first, raw, strict=True):
        for slope, ours, theirs in zip(slopes, own.periods, other.periods, strict=True):
            for term, plain_term in zip(ours.terms, theirs.terms, strict=True):
                np.testing.assert_allclose(term.values, slope * np.array(plain_term.values), rtol=1e-12)


def test_a_draw_with_one_class_is_left_out_and_too_few_bags_are_refused():
    X, y = students(40)
    few = pd.Series(0, y.index, name="late")
    few.iloc[0] = 1
    own = learner().set_params(min_samples_leaf=1)
    document = own.fit(X, few).document_
    found = fit_bags(own, document, X, few, bags=20, random_state=0)
    # The one student with the outcome is drawn in 1 − 1/e of the bags.
    assert 0 < len(found) < 20
    with pytest.raises(ConfigError, match="two bags or more with the periods of the document, got 1"):
        term_intervals(document, found[:1])
    later = replace(
        document, periods=(replace(document.periods[0], to_day=20), replace(document.periods[0], from_day=20))
    )
    with pytest.raises(ConfigError, match="with the periods of the document"):
        term_intervals(later, found[:2])
