"""What makes the scores of a group higher: an exact split, with intervals that hold, and nothing about a few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explain_parts import random_background, random_document
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.explain import compute_attribution_gap, explain
from early_id.models import AdditiveModel, FeatureInfo, Period, Term


def grouped(seed: int, n_rows: int = 300, weeks: int = 3) -> tuple[AdditiveModel, pd.DataFrame, pd.Series]:
    """Rows of several weeks of each student, in three groups that do not change."""
    background = random_background(5, n_rows, seed)
    student = np.arange(n_rows) // weeks
    X = background.set_index(pd.Index([f"s{number}" for number in student], name="student_id"))
    group = pd.Series(np.array(["a", "b", None])[np.random.default_rng(seed).integers(0, 3, n_rows)[student]])
    return random_document(background, seed, n_pairs=seed % 3), X, group


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.sampled_from(["feature", "concept", "domain"]))
def test_the_parts_add_up_to_the_difference_of_the_mean_scores(seed: int, level) -> None:
    document, X, group = grouped(seed)
    found = compute_attribution_gap(document, X, group, level=level)
    score = pd.Series(document.decision_function(X))
    assert sorted(found["group"].unique()) == ["a", "b", "unknown"]
    for name, rows in found.groupby("group"):
        inside = group.fillna("unknown") == name
        difference = score[inside].mean() - score[~inside].mean()
        parts = rows[rows["name"] != "score"]
        assert parts["gap"].sum() == pytest.approx(difference, abs=1e-9)
        assert rows["gap"].iloc[-1] == pytest.approx(difference, abs=1e-9)
        assert rows["students"].iloc[0] == X.index[inside].nunique()
        assert (rows["low"] <= rows["gap"]).all()
        assert (rows["gap"] <= rows["high"]).all()
    # Families are the sums of the features that belong to them.
    one = compute_attribution_gap(document, X, group).query("group == 'a'").set_index("name")["gap"]
    info = {
        feature.name: getattr(feature, "name" if level == "feature" else level)
        for feature in document.features
    }
    own = found.query("group == 'a'").set_index("name")["gap"]
    for family in set(info.values()):
        assert own[family] == pytest.approx(sum(one[name] for name in info if info[name] == family), abs=1e-9)


def test_each_part_is_the_difference_of_mean_shapley_values() -> None:
    document, X, group = grouped(5)
    values = pd.DataFrame(explain(document, X).values, columns=document.feature_names)
    inside = (group == "a").to_numpy()
    found = compute_attribution_gap(document, X, group).query("group == 'a'").set_index("name")["gap"]
    expected = values[inside].mean() - values[~inside].mean()
    np.testing.assert_allclose(found[list(expected.index)], expected, rtol=0, atol=1e-12)
    order = found.drop("score").abs()
    assert order.is_monotonic_decreasing


def test_with_a_row_per_student_the_interval_is_that_of_two_means() -> None:
    term = Term("x", "linear", edges=(0.0, 1.0), values=(0.0, 1.0), missing=0.0)
    document = AdditiveModel("l", [FeatureInfo("x")], [Period(0, None, 0.0, (term,))])
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"x": rng.random(50)})
    group = pd.Series(["a"] * 20 + ["b"] * 30)
    found = compute_attribution_gap(document, X, group).iloc[0]
    spread = np.sqrt(X["x"][:20].var() / 20 + X["x"][20:].var() / 30)
    assert found["high"] - found["gap"] == pytest.approx(1.959964 * spread, rel=0.02)
    # The weeks of a student are no new students.
    twice = pd.concat([X, X]).set_index(pd.Index([*range(50), *range(50)], name="student_id"))
    again = compute_attribution_gap(document, twice, pd.concat([group, group])).iloc[0]
    assert again["low"] == pytest.approx(found["low"], abs=1e-12)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    term = Term("x", "linear", edges=(-9.0, 9.0), values=(-9.0, 9.0), missing=0.0)
    document = AdditiveModel("l", [FeatureInfo("x")], [Period(0, None, 0.0, (term,))])
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(120):
        own = rng.normal(size=60) + 0.5 * (np.arange(60) < 25)
        weeks = np.repeat(own, 4) + rng.normal(scale=0.3, size=240)
        X = pd.DataFrame({"x": weeks}, index=pd.Index(np.repeat(np.arange(60), 4), name="student_id"))
        group = pd.Series(np.where(np.repeat(np.arange(60), 4) < 25, "a", "b"))
        row = compute_attribution_gap(document, X, group).iloc[0]
        held += row["low"] <= 0.5 <= row["high"]
    assert 0.89 <= held / 120 <= 0.992


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"a": 40, "b": 30, "c": 11}, {"a", "b", "c"}),
        ({"a": 40, "b": 30, "c": 10}, {"a"}),
        ({"a": 40, "b": 10}, set()),
        ({"a": 40, "b": 20, "c": 6, "d": 6}, {"a", "b"}),
        ({"a": 40, "b": 20, "c": 5, "d": 5}, {"a"}),
        ({"a": 40, "b": 20, "c": 15, "d": 1}, {"a", "b"}),
    ],
)
def test_few_students_are_hidden_and_cannot_be_computed_from_the_others(
    sizes: dict[str, int], shown: set[str]
) -> None:
    term = Term("x", "step", (0.5,), (-1.0, 1.0), 0.0)
    document = AdditiveModel("l", [FeatureInfo("x")], [Period(0, None, 0.0, (term,))])
    group = pd.Series([name for name, size in sizes.items() for _ in range(size)])
    X = pd.DataFrame({"x": np.random.default_rng(1).random(len(group))})
    found = compute_attribution_gap(document, X, group)
    assert set(found["group"]) == set(sizes)
    assert set(found.loc[found["gap"].notna(), "group"]) == shown
    assert found.loc[found["gap"].isna(), ["students", "others", "low", "high"]].isna().all(axis=None)
    together = sum(size for name, size in sizes.items() if name not in shown)
    assert together == 0 or together > 10


def test_several_attributes_are_split_as_each_by_itself() -> None:
    document, X, group = grouped(4)
    other = group.fillna("c").iloc[::-1].reset_index(drop=True)
    groups = pd.DataFrame({"one": group, "two": other})
    found = compute_attribution_gap(document, X, groups, level="concept")
    assert found["attribute"].unique().tolist() == ["one", "two"]
    for name in groups:
        own = found[found["attribute"] == name].drop(columns="attribute").reset_index(drop=True)
        alone = compute_attribution_gap(document, X, groups[name], level="concept")
        pd.testing.assert_frame_equal(own, alone)


def test_a_group_for_each_row_is_needed() -> None:
    document, X, group = grouped(1)
    with pytest.raises(DataError, match=r"one group for each of at least one row, got 299 for 300 rows"):
        compute_attribution_gap(document, X, group.iloc[:-1])
    with pytest.raises(DataError, match=r"got 0 for 0 rows"):
        compute_attribution_gap(document, X.iloc[:0], group.iloc[:0])
