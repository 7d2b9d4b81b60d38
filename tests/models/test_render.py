from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from models.made import documents

STEP = Term("days", "step", (2.0, 4.0, 6.0), (0.0, 0.7, 0.7, 1.4), -0.7, mean=0.0)
LINE = Term("mark", "linear", (50.0, 90.0), (math.log(2), 0.0), 0.0)
KIND = Term("track", "category", (), (0.0, 0.0), 0.0, categories=("a", "b"))
MODEL = AdditiveModel(
    "chronic_absence",
    [FeatureInfo("days", direction=1, unit="days"), FeatureInfo("mark", direction=-1), FeatureInfo("track")],
    [Period(0, None, -1.0, (STEP, LINE, KIND), 1000, 400, 123)],
)


@given(documents())
def test_every_value_of_the_document_is_in_the_frame_once(model):
    frame = model.to_frame()
    expected = []
    for period in model.periods:
        for term in period.terms:
            extra = [term.values[0]] if term.kind == "linear" else []  # below the first knot it is constant
            expected += [*extra, *term.values, term.missing]
        expected += [value for pair in period.pairs for row in pair.values for value in row]
    assert frame["log_odds"].tolist() == expected


@given(documents())
def test_the_frame_scores_like_the_document(model):
    frame = model.to_frame()
    first = model.periods[0]
    for feature, term in zip(model.features, first.terms, strict=True):
        part = frame[(frame["feature"] == feature.name) & (frame["from_day"] == 0) & frame["from"].notna()]
        inside = (
            part["from"].where(part["from"] > -np.inf, part["to"] - 1).where(part["from"].notna()).to_numpy()
        )
        inside = np.where(np.isfinite(inside), inside, 0.0)
        if term.kind != "category":
            assert term.evaluate(inside).tolist() == part["log_odds"].tolist()


def test_ten_points_double_the_odds():
    line = MODEL.to_frame().query("feature == 'mark'")
    assert line["points"].tolist() == [10, 10, 0, 0]
    assert line["log_odds_to"].tolist() == [math.log(2), 0.0, 0.0, 0.0]


def test_text_says_what_a_board_needs():
    text = str(MODEL)
    for part in (
        "Additive model of 'chronic_absence': 3 features, 1 period\n",
        MODEL.sha256,
        "(average score -1.000 log-odds; trained on 1,000 rows of 400 students, 123 rows with the outcome)",
        "days (days, more never lowers the score)",
        "2 to below 6    +10",  # equal neighbours are one line
        "6 or more       +20",
        "unknown         -10",
        "50 to below 90  +10 to +0",
        "track (free): less than half a point",
    ):
        assert part in text


@pytest.mark.parametrize("column", ["from_day", "to_day", "direction", "log_odds", "points"])
def test_numbers_are_numbers(column):
    assert pd.api.types.is_numeric_dtype(MODEL.to_frame()[column])
