"""The document in an engine gives what NumPy gives."""

from __future__ import annotations

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.exceptions import ConfigError, DataError
from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term
from models.made import documents_with_rows

A = Term("a", "step", (0.1, 0.3), (-1.0, 0.5, 2.0), 0.25, mean=0.5)
B = Term("b", "linear", (0.0, 10.0), (0.0, 3.0), -1.0, mean=1.0)
C = Term("c", "category", (), (1.0, -1.0), 0.0, mean=0.0, categories=("x", "y"))
INFOS = (FeatureInfo("a", concept="absence"), FeatureInfo("b", concept="absence"), FeatureInfo("c"))
MODEL = AdditiveModel("chronic_absence", INFOS, (Period(0, None, -1.0, (A, B, C)),))


@pytest.fixture(scope="module")
def engine():
    return ibis.duckdb.connect()


def in_engine(engine, model: AdditiveModel, X: pd.DataFrame, reasons: int = 0) -> pd.DataFrame:
    """Score as Arrow holds it: NaN stays NaN, and is not null."""
    columns = {name: pa.array(X[name].to_numpy() if X[name].dtype == float else X[name]) for name in X}
    rows = ibis.memtable(pa.table({**columns, "place": np.arange(len(X))}))
    found = model.to_ibis(engine.create_table("rows", rows, overwrite=True), reasons=reasons)
    return found.order_by("place").to_pyarrow().to_pandas()


@settings(max_examples=40)
@given(documents_with_rows())
def test_scores_in_the_engine_are_those_of_numpy(made):
    model, X = made
    if not len(X):
        return
    found = in_engine(ibis.duckdb.connect(), model, X)
    np.testing.assert_allclose(found["score"], model.decision_function(X), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found["probability"], model.predict_proba(X)[:, 1], rtol=0, atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=31, unique=True))
@settings(max_examples=20)
def test_a_value_on_an_edge_is_in_the_bin_above_in_the_engine_too(edges):
    edges = sorted(edges)
    term = Term("a", "step", tuple(edges), tuple(float(place) for place in range(len(edges) + 1)), -9.0)
    model = AdditiveModel("x", [FeatureInfo("a")], [Period(0, None, 0.0, (term,))])
    near = [*edges, *np.nextafter(edges, -np.inf), *np.nextafter(edges, np.inf), -np.inf, np.inf, np.nan]
    X = pd.DataFrame({"a": near})
    found = in_engine(ibis.duckdb.connect(), model, X)
    assert found["score"].tolist() == model.decision_function(X).tolist()


@pytest.mark.parametrize("kind", ["float32", "int8", "int64", "boolean", "Int64"])
def test_numbers_of_any_width_are_read_alike(engine, kind):
    values = [0, 1, 1] if kind != "float32" else [0.1, 0.3, np.nan]
    X = pd.DataFrame({"a": pd.array(values, dtype=kind), "b": [5.0, np.nan, 20.0], "c": ["x", "y", None]})
    expected = MODEL.decision_function(X.assign(a=X["a"].astype("float64")))
    assert in_engine(engine, MODEL, X)["score"].tolist() == expected.tolist()


def test_reasons_are_the_concepts_that_raise_the_score_most(engine):
    X = pd.DataFrame({"a": [0.0, 0.4, 0.4], "b": [0.0, 10.0, 1.0], "c": ["y", "x", "x"]})
    # Above average: absence a + b - 1.5, c as it is.
    found = in_engine(engine, MODEL, X, reasons=3)
    named = found[["reason_1", "reason_2", "reason_3"]].astype(object)
    assert named.where(named.notna(), None).values.tolist() == [
        [None, None, None],
        ["absence", "c", None],
        ["c", "absence", None],
    ]


@settings(max_examples=20)
@given(documents_with_rows())
def test_reasons_of_pairs_are_by_the_same_split_as_in_numpy(made):
    model, X = made
    if not len(X) or not model.pair_names:
        return
    found = in_engine(ibis.duckdb.connect(), model, X, reasons=len(model.features))
    values = model.shapley_values(X)
    for row in range(len(X)):
        named = found.filter(like="reason_").iloc[row].dropna().tolist()
        own = values.iloc[row]
        assert set(own.index[own > 1e-9]) <= set(named) <= set(own.index[own > -1e-9])
        np.testing.assert_allclose(own[named], sorted(own[named], reverse=True), rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["float32", "Int64", "boolean"])
def test_a_pair_is_looked_up_alike_for_numbers_of_any_width_and_on_its_edges(engine, kind):
    edges = (0.1, 1.0) if kind == "float32" else (0.5, 1.0)
    pair = Pair(
        Axis("c", (0.5, 0.25, 0.25), categories=("x", "y")),
        Axis("a", (0.25, 0.25, 0.25, 0.25), edges=edges),
        tuple(tuple(0.1 * (4 * row + cell) for cell in range(4)) for row in range(3)),
    )
    model = AdditiveModel("x", INFOS, (Period(0, None, -1.0, (A, B, C), pairs=(pair,)),))
    values = [0, 1, None] if kind != "float32" else [0.1, 1.0, np.nan]
    rows = {"a": pd.array(values, dtype=kind), "b": [5.0, np.nan, 20.0], "c": ["x", "y", None]}
    expected = model.decision_function(pd.DataFrame({**rows, "a": rows["a"].astype("Float64")}))
    table = pa.table(
        {**{name: pa.array(rows[name]) for name in "bc"}, "a": pa.array(rows["a"]), "place": [0, 1, 2]}
    )
    found = model.to_ibis(engine.create_table("narrow", table, overwrite=True)).order_by("place")
    assert found.to_pyarrow()["score"].to_pylist() == expected.tolist()


def test_a_large_pair_is_a_short_statement():
    size = 65
    axes = [Axis(name, (1 / size,) * size, edges=tuple(range(size - 2))) for name in "ab"]
    cells = np.random.default_rng(0).normal(size=(size, size))
    pair = Pair(*axes, tuple(map(tuple, cells.tolist())))
    model = AdditiveModel("x", INFOS[:2], (Period(0, None, 0.0, (A, B), pairs=(pair,)),))
    X = pd.DataFrame({"a": [-1.0, 0.0, 40.5, 62.0, np.nan], "b": [62.0, np.nan, 3.0, 0.0, np.inf]})
    with duckdb.connect() as connection:
        connection.register("panel", X)
        found = connection.execute(model.to_sql(keys=("a",), reasons=0)).df()
    assert found["score"].tolist() == model.decision_function(X).tolist()
    assert model.to_sql(reasons=0).count("CASE") < 10 * size


def test_a_day_of_no_period_has_no_score(engine):
    term = Term("a", "step", (0.5,), (0.0, 1.0), 0.0)
    model = AdditiveModel(
        "x", [FeatureInfo("a")], [Period(0, 20, 0.0, (term,)), Period(20, 60, 5.0, (term,))]
    )
    X = pd.DataFrame({"a": [1.0] * 4, "school_day": [19, 20, 60, None]})
    found = in_engine(engine, model, X, reasons=1)
    assert found["score"].tolist()[:2] == [1.0, 6.0]
    assert found.loc[2:, ["score", "probability", "reason_1"]].isna().all(axis=None)


def test_the_statement_runs_as_it_is():
    keys = {"student_id": ["1", "2"], "school_id": ["7", "7"], "as_of": ["2024-10-06"] * 2}
    X = pd.DataFrame({**keys, "a": [0.1, None], "b": [3.0, 4.0], "c": ["x", "z"]})
    with duckdb.connect() as connection:
        connection.register("features", X)
        found = connection.execute(MODEL.to_sql("duckdb", table="features")).df()
    assert list(found.columns) == [*keys, "score", "probability", "reason_1", "reason_2", "reason_3"]
    assert found.sort_values("student_id")["score"].tolist() == MODEL.decision_function(X).tolist()


@pytest.mark.parametrize(
    ("columns", "error", "said"),
    [
        ({"a": "float64", "b": "float64"}, DataError, "lacks 'c'"),
        (
            {"a": "string", "b": "float64", "c": "string"},
            DataError,
            "column 'a' must hold numbers, but is string",
        ),
        (
            {"a": "float64", "b": "float64", "c": "int64"},
            DataError,
            "column 'c' must hold text, but is int64",
        ),
        (
            {"a": "float64", "b": "float64", "c": "string", "score": "float64"},
            ConfigError,
            "has columns 'score'",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(columns, error, said):
    with pytest.raises(error, match=said):
        MODEL.to_ibis(ibis.table(columns, name="rows"))


def test_a_dialect_nobody_writes_is_refused():
    with pytest.raises(ConfigError, match="Expected a dialect of SQL"):
        MODEL.to_sql("cobol")
