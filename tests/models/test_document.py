from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.models._document import sigmoid_pair
from models.made import documents_with_rows

DAYS = Term("days", "step", (2.0,), (-0.5, 1.0), 0.1, mean=0.2)
MARK = Term("mark", "linear", (50.0, 90.0), (1.0, -1.0), 0.3, mean=-0.4)
INFOS = (FeatureInfo("days", direction=1), FeatureInfo("mark", direction=-1))
AUTUMN, SPRING = (
    Period(0, 20, -1.0, (DAYS, MARK)),
    Period(20, None, -2.0, (replace(DAYS, values=(0.0, 2.0)), MARK)),
)
YEAR = Period(0, None, -1.0, (DAYS, MARK))


def two_periods() -> AdditiveModel:
    return AdditiveModel("chronic_absence", INFOS, (AUTUMN, SPRING))


def rows(**columns) -> pd.DataFrame:
    return pd.DataFrame({"days": [0.0, 2.0], "mark": [70.0, np.nan], **columns})


def test_the_school_day_selects_the_tables():
    X = rows(school_day=[19, 20])
    assert two_periods().decision_function(X).tolist() == [-1.0 - 0.5 + 0.0, -2.0 + 2.0 + 0.3]


def test_one_period_needs_no_school_day_and_other_columns_do_not_matter():
    model = AdditiveModel("x", INFOS, (YEAR,))
    expected = model.decision_function(rows()).tolist()
    assert (
        model.decision_function(rows(school_day=[np.nan, 7])[["school_day", "mark", "days"]]).tolist()
        == expected
    )


@given(documents_with_rows())
def test_contributions_and_intercept_add_up_to_the_score(made):
    model, X = made
    scores = model.decision_function(X)
    starts = [period.from_day for period in model.periods]
    which = np.searchsorted(starts, X["school_day"], side="right") - 1
    intercepts = np.array([period.intercept for period in model.periods])[which]
    parts = model.contributions(X)
    assert parts.index.equals(X.index)
    np.testing.assert_allclose(parts.sum(axis=1) + intercepts, scores, rtol=0, atol=1e-12)
    background = model.background(X)
    assert list(parts) == [*model.feature_names, *model.pair_names]
    centred = (parts - background[parts.columns]).sum(axis=1) + background["base"]
    np.testing.assert_allclose(centred, scores, rtol=0, atol=1e-12)
    values = model.shapley_values(X)
    assert list(values) == list(model.feature_names)
    np.testing.assert_allclose(values.sum(axis=1) + background["base"], scores, rtol=0, atol=1e-9)


@given(documents_with_rows())
def test_a_row_is_scored_alone(made):
    model, X = made
    alone = [model.decision_function(X.iloc[[i]])[0] for i in range(len(X))]
    assert model.decision_function(X).tolist() == alone


@given(documents_with_rows())
def test_probabilities_are_the_sigmoid_of_the_score(made):
    model, X = made
    probability = model.predict_proba(X)
    np.testing.assert_allclose(probability[:, 1], 1 / (1 + np.exp(-model.decision_function(X))), rtol=1e-14)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, rtol=0, atol=1e-15)


def test_both_tails_are_exact():
    with np.errstate(all="raise"):
        pair = sigmoid_pair(np.array([-700.0, 700.0]))
    assert pair[0, 1] == pair[1, 0] == np.exp(-700.0)


def test_float32_and_nullable_columns_are_read_as_float64():
    model = AdditiveModel("x", INFOS, (YEAR,))
    X = pd.DataFrame(
        {"days": pd.array([2, None], dtype="Int64"), "mark": np.array([70.5, 50], dtype=np.float32)}
    )
    plain = pd.DataFrame({"days": [2.0, np.nan], "mark": [70.5, 50.0]})
    assert model.decision_function(X).tolist() == model.decision_function(plain).tolist()
    mixed = pd.DataFrame({"days": np.array([2, None], dtype=object), "mark": [70.5, 50.0]})
    assert model.decision_function(mixed).tolist() == model.decision_function(plain).tolist()


def test_monotone_check_names_the_features_that_break_their_direction():
    bad = replace(DAYS, values=(1.0, -0.5))
    model = AdditiveModel("x", INFOS, (AUTUMN, replace(SPRING, terms=(bad, MARK))))
    assert model.check_monotone() == ("days",)
    assert two_periods().check_monotone() == ()


@given(documents_with_rows(), st.data())
def test_a_document_that_passes_the_check_is_monotone(made, data):
    model, X = made
    broken = model.check_monotone()
    for feature, term in zip(model.features, model.periods[0].terms, strict=True):
        if feature.direction == 0 or feature.name in broken or term.kind == "category" or not len(X):
            continue
        low, high = sorted(data.draw(st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))))
        less = model.decision_function(X.assign(**{feature.name: low}))
        more = model.decision_function(X.assign(**{feature.name: high}))
        # A sum of a rising and a falling table is exact only up to its rounding.
        slack = 1e-12 if model.pair_names else 0
        assert ((more - less) * feature.direction >= -slack).all()


def test_documents_are_equal_by_content():
    model = two_periods()
    assert model == two_periods()
    assert hash(model) == hash(two_periods())
    nudged = replace(SPRING, intercept=np.nextafter(-2.0, 0))
    assert model != replace(model, periods=(AUTUMN, nudged))
    assert model != "a document"
    assert repr(model).startswith("AdditiveModel('chronic_absence', 2 features, 2 periods, sha256 ")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (rows(), "lacks the column 'school_day', which selects the period"),
        (rows(school_day=[3, np.nan]), "must lie in the periods .* but holds nan"),
        (rows(school_day=[3, -1]), "must lie in the periods .* but holds -1.0"),
        (rows(school_day=1).drop(columns="mark").assign(marks=1.0), "lacks 'mark'; did you mean 'marks'"),
        (rows(school_day=1).assign(mark="good"), "column 'mark' must hold numbers, but is .*'good'"),
        (
            rows(school_day=1).assign(mark=np.array([1.0, "x"], dtype=object)),
            "column 'mark' must hold numbers",
        ),
        (rows(school_day=1).assign(mark=pd.Timestamp("2022-01-01")), "column 'mark' must hold numbers"),
        (rows(school_day=1).assign(mark=1 + 2j), "column 'mark' must hold numbers, but is complex128"),
        (
            rows(school_day=1).assign(mark=np.array(["70", 71], dtype=object)),
            "column 'mark' must hold numbers, but is object",
        ),
        (rows(school_day=1).assign(mark=np.array([b"70", None], dtype=object)), "'mark' must hold numbers"),
        (
            pd.concat([rows(school_day=1), rows()[["mark"]]], axis=1),
            "X needs each column once, but has 'mark' twice",
        ),
        (
            pd.concat([rows(school_day=1), rows(school_day=1)[["school_day"]]], axis=1),
            "X needs each column once, but has 'school_day' twice",
        ),
        (rows(school_day=1).to_numpy(), "must be a DataFrame with columns by name, but is a ndarray"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(X, message):
    with pytest.raises(DataError, match=message):
        two_periods().decision_function(X)


def test_a_column_that_is_no_feature_may_be_there_twice():
    model = AdditiveModel("x", INFOS, (YEAR,))
    other = pd.DataFrame([["a", "b"]] * 2, columns=["note", "note"])
    X = pd.concat([rows(), other], axis=1)
    assert model.decision_function(X).tolist() == model.decision_function(rows()).tolist()


def test_a_year_that_ends_refuses_later_days():
    model = AdditiveModel("x", INFOS, (AUTUMN,))
    with pytest.raises(DataError, match=r"\(0 to 19\), but holds 20.0"):
        model.decision_function(rows(school_day=[0, 20]))


def test_nothing_the_hash_covers_can_change():
    given_ = {"years": [2022, 2023], "parameters": {"bags": 1}, "note": None}
    model = replace(two_periods(), provenance=given_)
    signed = model.sha256
    given_["years"].append(2024)
    given_["parameters"]["bags"] = 5
    for change in (
        lambda: model.provenance.update(note="x"),
        lambda: model.provenance.__setitem__("note", "x"),
        lambda: model.provenance["parameters"].__setitem__("bags", 2),
        lambda: model.provenance["years"].append(2024),
    ):
        with pytest.raises((TypeError, AttributeError)):
            change()
    assert model.provenance == {"years": (2022, 2023), "parameters": {"bags": 1}, "note": None}
    assert model.sha256 == signed


def test_a_document_survives_copies_pickles_and_replacements():
    model = replace(two_periods(), provenance={"years": [2022], "parameters": {"bags": 1}})
    for again in (copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert again == model
        assert (again.features, again.periods, again.provenance) == (
            model.features,
            model.periods,
            model.provenance,
        )
    more = replace(model, provenance={**model.provenance, "by": "test"})
    assert more.provenance == {**model.provenance, "by": "test"}
    assert more != model


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"features": ()}, "distinct names, but has none"),
        ({"features": (INFOS[0], INFOS[0])}, "repeats 'days'"),
        ({"features": INFOS[::-1]}, "one term per feature in their order .2., but has 'days', 'mark'"),
        ({"features": INFOS[:1]}, "one term per feature in their order .1., but has '2 terms'"),
        ({"periods": ()}, "periods must follow each other .* but there is none"),
        ({"periods": (AUTUMN, AUTUMN)}, "'school days 0–19' does not begin where the one before ends"),
        ({"periods": (AUTUMN, replace(SPRING, from_day=30))}, "'school days 30–' does not begin"),
        (
            {"provenance": {"when": pd.Timestamp("2022-01-01")}},
            "provenance must hold only what JSON can hold",
        ),
        ({"provenance": {"loss": np.inf}}, "provenance must hold only what JSON can hold"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, message):
    with pytest.raises(DataError, match=message):
        AdditiveModel(**{"label": "x", "features": INFOS, "periods": (AUTUMN, SPRING), **parts})


def test_a_feature_is_text_all_year_or_never():
    text = Term("days", "category", (), (1.0,), 0.0, categories=("many",))
    with pytest.raises(DataError, match="'days' is text in one period and a number in another"):
        AdditiveModel("x", INFOS, (AUTUMN, replace(SPRING, terms=(text, MARK))))
