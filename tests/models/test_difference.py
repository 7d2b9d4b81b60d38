"""What changed between two documents, and points to be added up by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from early_id.exceptions import ConfigError
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.models._render import POINTS
from models.made import documents

DAYS = Term("days", "step", (2.0, 4.0), (-0.5, 0.0, 1.0), 0.1, mean=0.2)
MARK = Term("mark", "linear", (50.0, 90.0), (1.0, -1.0), 0.3, mean=-0.4)
INFOS = (FeatureInfo("days", direction=1), FeatureInfo("mark", direction=-1))
MODEL = AdditiveModel("chronic_absence", INFOS, (Period(0, None, -1.0, (DAYS, MARK)),))


def changed(**terms: Term) -> AdditiveModel:
    (period,) = MODEL.periods
    new = tuple(terms.get(term.feature, term) for term in period.terms)
    return AdditiveModel(MODEL.label, INFOS, (replace(period, terms=new),))


@given(documents())
def test_a_document_does_not_differ_from_itself(model):
    assert model.diff(model).empty


def test_the_values_that_changed_most_are_named():
    found = MODEL.diff(changed(days=replace(DAYS, edges=(2.0, 6.0), values=(-0.5, 0.0, 1.5))))
    assert found["change"].tolist() == ["4 to below 6: 14.4 points less", "6 or more: 7.2 points more"]
    assert found["points"].tolist() == pytest.approx([-POINTS, POINTS / 2])
    assert set(found["feature"]) == {"days"}


def test_a_line_differs_most_at_its_ends():
    found = MODEL.diff(changed(mark=replace(MARK, values=(1.0, 0.0))))
    assert found["change"].tolist() == ["90 or more: 14.4 points more"]


def test_the_average_student_of_a_period_is_compared_where_the_periods_overlap():
    early, late = Period(0, 20, -1.0, (DAYS, MARK)), Period(20, None, -2.0, (DAYS, MARK))
    found = MODEL.diff(AdditiveModel(MODEL.label, INFOS, (early, late)))
    assert found[["period", "change"]].to_numpy().tolist() == [
        ["school days 20–", "the average student has 14.4 points less"]
    ]


def test_features_directions_and_labels_are_compared():
    other = AdditiveModel(
        "suspension",
        (FeatureInfo("days"), FeatureInfo("marks_missing")),
        (Period(0, None, -1.0, (DAYS, replace(MARK, feature="marks_missing"))),),
    )
    assert MODEL.diff(other)["change"].tolist() == [
        "predicts 'suspension' instead of 'chronic_absence'",
        "no longer used",
        "used for the first time",
        "was 'more never lowers the score', is now 'free'",
    ]


@given(documents())
def test_points_give_the_score_to_half_a_unit_per_feature(model):
    if model.pair_names:
        with pytest.raises(ConfigError, match="without pairs for a card of points, got 'f"):
            model.to_points(100)
        model = replace(model, periods=[replace(period, pairs=()) for period in model.periods])
    card = model.to_points(100)
    assert card["points"].min() == 0
    assert max(card["points"].max(), card["points_to"].max()) <= 100
    bins = model.to_frame()
    for period in model.periods:
        inside = bins["period"] == period.name
        unit = card.loc[inside, "unit"].iloc[0]
        exact = bins.loc[inside, "log_odds"]
        lowest = exact - unit * card.loc[inside, "points"]
        by_feature = lowest.groupby(bins.loc[inside, "feature"])
        # Whatever bin a student is in, base + unit · points is the score to half a unit per feature.
        low, high = by_feature.min().sum(), by_feature.max().sum()
        slack = 0.5 * unit * len(model.features) + 1e-9
        base = card.loc[inside, "base"].iloc[0]
        assert abs(period.intercept + low - base) <= slack
        assert abs(period.intercept + high - base) <= slack


@pytest.mark.parametrize("points", [0, 1001])
def test_points_out_of_range_are_refused(points):
    with pytest.raises(ConfigError, match="between 1 and 1000"):
        MODEL.to_points(points)


def test_a_constant_model_has_no_points():
    flat = replace(DAYS, values=(0.0, 0.0, 0.0), missing=0.0)
    model = AdditiveModel("x", INFOS[:1], (Period(0, None, 0.5, (flat,)),))
    card = model.to_points()
    assert (card["points"] == 0).all()
    assert card["base"].tolist() == [0.5] * len(card)
    assert isinstance(card, pd.DataFrame)
    assert np.isfinite(card["unit"]).all()
