from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term
from early_id.models import _schema as schema
from models.made import documents, documents_with_rows


def made() -> AdditiveModel:
    term = Term("days", "step", (2.0,), (-0.5, 1.0), 0.1)
    return AdditiveModel(
        "chronic_absence", [FeatureInfo("days")], [Period(0, None, -1.0, (term,))], {"by": "test"}
    )


def resigned(change) -> str:
    """The document with a change and a hash that fits it, as somebody might forge it."""
    raw = json.loads(made().to_json())
    change(raw)
    raw.pop("sha256")
    return json.dumps({**raw, "sha256": schema.digest(raw)})


@given(documents_with_rows())
def test_round_trip_is_exact(pair):
    model, X = pair
    text = model.to_json()
    again = AdditiveModel.from_json(text)
    assert again.to_json() == text
    assert again == model
    assert (again.features, again.periods, again.provenance) == (
        model.features,
        model.periods,
        model.provenance,
    )
    assert again.decision_function(X).tolist() == model.decision_function(X).tolist()
    assert AdditiveModel.from_json(text.encode()) == model


def test_text_is_canonical_and_layout_does_not_matter():
    text = made().to_json()
    raw = json.loads(text)
    assert text == json.dumps(raw, sort_keys=True, separators=(",", ":"))
    assert raw["schema"] == "early-id/additive-model/1"
    assert AdditiveModel.from_json(json.dumps(raw, indent=2)) == made()


@given(documents(), st.data())
def test_any_changed_digit_breaks_the_hash(model, data):
    text = model.to_json()
    digits = [i for i, character in enumerate(text) if character.isdigit()]
    place = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[place]]))
    changed = text[:place] + other + text[place + 1 :]
    try:
        same = AdditiveModel.from_json(changed).sha256 == model.sha256
    except DataError:
        return
    # A digit past the precision of float64 may be read as the same number: then nothing was altered.
    assert same
    assert json.loads(changed) == json.loads(text)


def test_an_altered_document_is_refused():
    text = made().to_json().replace("-0.5", "-0.4")
    with pytest.raises(DataError, match=r"its content has .*it was altered after it was written"):
        AdditiveModel.from_json(text)


# Written before documents had pairs.
OLD = (
    '{"features":[{"changeable":false,"concept":"days","direction":1,"domain":"","name":"days","phrase":"","unit":""}],'
    '"label":"chronic_absence","periods":[{"calibration":{"folds":3,"intercept":-0.1,"slope":0.9},"from_day":0,'
    '"intercept":-1.0,"n_events":2,"n_rows":10,"n_students":5,"terms":[{"categories":[],"edges":[2.0],"feature":"days",'
    '"kind":"step","mean":0.2,"missing":0.1,"values":[-0.5,1.0]}],"to_day":20},{"calibration":null,"from_day":20,'
    '"intercept":-2.0,"n_events":0,"n_rows":0,"n_students":0,"terms":[{"categories":[],"edges":[2.0],"feature":"days",'
    '"kind":"step","mean":0.2,"missing":0.1,"values":[-0.5,1.0]}],"to_day":null}],"provenance":{"by":"test"},'
    '"schema":"early-id/additive-model/1","sha256":"ab88b4d35b20d94049dd7ca3b6016f838b17de98b93a3edc09b13ab72fb57841"}'
)


def test_a_document_of_before_pairs_keeps_its_text_and_its_hash():
    assert AdditiveModel.from_json(OLD).to_json() == OLD


def with_pair() -> AdditiveModel:
    side = Axis("days", (0.5, 0.5, 0.0), edges=(2.0,)), Axis("late", (0.5, 0.5, 0.0), edges=(1.0,))
    pair = Pair(*side, ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)), 0.25)
    term = Term("days", "step", (2.0,), (-0.5, 1.0), 0.1)
    terms = (term, Term("late", "step", (1.0,), (0.0, 0.5), 0.0))
    return AdditiveModel(
        "x", [FeatureInfo("days"), FeatureInfo("late")], [Period(0, None, -1.0, terms, pairs=(pair,))]
    )


def first_pair(raw):
    return raw["periods"][0]["pairs"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw.update(schema="early-id/additive-model/1"), "at 'periods.0.pairs': it is not a known key"),
        (lambda raw: raw["periods"][0].pop("pairs"), "/2' at 'periods.0.pairs': it is missing"),
        (lambda raw: raw["periods"][0].update(pairs=[]), "at 'periods.0.pairs': List should have at least 1"),
        (lambda raw: first_pair(raw).update(code="x"), "at 'periods.0.pairs.0.code': it is not a known key"),
        (lambda raw: first_pair(raw)["first"].pop("shares"), "at 'periods.0.pairs.0.first.shares': it is missing"),
        (lambda raw: first_pair(raw)["first"].update(shares=[1.0, 1.0, 1.0]), "add up to 1"),
        (lambda raw: first_pair(raw).update(values=[["0"]]), "Input should be a valid number"),
    ],
)  # fmt: skip
def test_pairs_that_do_not_fit_the_schema_are_refused(change, message):
    raw = json.loads(with_pair().to_json())
    assert raw["schema"] == "early-id/additive-model/2"
    change(raw)
    raw.pop("sha256")
    with pytest.raises(DataError, match=message):
        AdditiveModel.from_json(json.dumps({**raw, "sha256": schema.digest(raw)}))


def first_term(raw):
    return raw["periods"][0]["terms"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda raw: raw.update(schema="early-id/additive-model/3"),
            "needs a schema among .*/1', .*/2', but this one has .*/3'",
        ),
        (lambda raw: raw.pop("schema"), "but this one has None"),
        (lambda raw: raw.update(note="x"), "at 'note': it is not a known key"),
        (
            lambda raw: first_term(raw).update(code="import os"),
            r"at 'periods.0.terms.0.code': it is not a known key",
        ),
        (lambda raw: raw.pop("label"), "at 'label': it is missing"),
        (
            lambda raw: first_term(raw).update(missing="0"),
            r"at 'periods.0.terms.0.missing': Input should be a valid number",
        ),
        (lambda raw: first_term(raw).update(missing=True), "Input should be a valid number"),
        (lambda raw: first_term(raw).update(edges=[3.0, 2.0], values=[0.0, 1.0, 2.0]), "strictly increasing"),
        (lambda raw: first_term(raw).update(values=[1.0]), "needs 2 values, but has 1"),
        (lambda raw: raw["periods"].append(raw["periods"][0]), "without gap or overlap"),
        (lambda raw: raw["periods"][0].update(to_day=0), r"0 ≤ from_day < to_day"),
        (
            lambda raw: raw["periods"][0].update(from_day=5),
            "must begin with school day 0, but the first one is",
        ),
        (lambda raw: raw.update(label=""), "needs a label, the outcome it speaks of, but has ''"),
        (lambda raw: raw.update(label=" \n"), "needs a label"),
        (
            lambda raw: raw["periods"][0].update(n_rows=10, n_students=5, n_events=11),
            "10 rows cannot hold 5 students and 11 events",
        ),
        (lambda raw: raw["periods"][0].update(n_rows=10, n_students=11), "10 rows cannot hold 11 students"),
        (lambda raw: raw["features"][0].update(direction=3), r"at 'features.0.direction'"),
        (lambda raw: raw["periods"][0].update(n_rows=1.5), r"at 'periods.0.n_rows'"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_in_one_sentence(change, message):
    with pytest.raises(DataError, match=message) as caught:
        AdditiveModel.from_json(resigned(change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (made().to_json().replace("-0.5", "NaN"), "valid JSON, but it holds NaN"),
        (made().to_json().replace("-0.5", "-Infinity"), "valid JSON, but it holds -Infinity"),
        (made().to_json().replace("-0.5", "1e999"), "finite number"),
        (made().to_json().replace("-0.5", "9" * 400), "values|number"),
        (
            made().to_json().replace('"by":"test"', '"by":1e999'),
            "provenance must hold only what JSON can hold",
        ),
        (made().to_json().replace('"label"', '"schema":"x","label"'), "repeats the key 'schema'"),
        ("not json", "must be valid JSON"),
        (b"\xff\xfe\xfa", "must be valid JSON"),
        ("[" * 100_000, "must be valid JSON"),
        (None, "must be text or bytes, but is a NoneType; read the file first"),
        ({}, "must be text or bytes, but is a dict"),
        ("[]", "must be a JSON object, but is a list"),
        (" " * 1_000_001, "may take 1,000,000 bytes, but this text takes 1,000,001"),
        ("é" * 600_000, "but this text takes 1,200,000"),
    ],
)
def test_text_that_is_no_document_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        AdditiveModel.from_json(text)


def test_a_document_too_large_to_be_read_is_not_written():
    model = AdditiveModel("x", made().features, made().periods, {"filler": "x" * 1_000_000})
    with pytest.raises(DataError, match="use fewer features or bins"):
        model.to_json()
