"""A beeswarm that tells of no student: dots stand for many, and dots of two features belong to nobody together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.explain import beeswarm_points, beeswarm_svg, plot_beeswarm, terms_svg
from early_id.models import AdditiveModel, FeatureInfo, Period, Term

STEPS = Term("absent", "step", edges=(2.0, 5.0), values=(-0.5, 0.25, 1.0), missing=0.1, mean=0.05)
LINE = Term("mark", "linear", edges=(50.0, 90.0), values=(0.8, -0.4), missing=0.2, mean=-0.1)
DOCUMENT = AdditiveModel(
    "x", [FeatureInfo("absent"), FeatureInfo("mark")], [Period(0, None, -1.0, (STEPS, LINE))]
)


def rows(absent: list[float | None], students: list[str] | None = None) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays(
        [students or [f"s{n}" for n in range(len(absent))]], names=["student_id"]
    )
    return pd.DataFrame({"absent": absent, "mark": 70.0}, index=index).astype("float64")


def test_dots_lie_where_the_tables_say_and_are_as_many_as_the_rows():
    X = rows([0.0] * 60 + [3.0] * 30 + [9.0] * 20 + [None] * 15)
    found = beeswarm_points(DOCUMENT, X).query("feature == 'absent'").set_index("log_odds")
    assert found.index.tolist() == [-0.55, 0.05, 0.2, 0.95]
    assert found["dots"].tolist() == [round(n * 200 / 125) for n in (60, 15, 30, 20)]
    assert np.isnan(found["shade"].iloc[1])
    assert found["shade"].dropna().is_monotonic_increasing


def test_a_value_of_ten_students_is_joined_to_its_neighbour_however_many_weeks_they_have_it():
    few = rows([0.0] * 50 + [9.0] * 40, [f"s{n}" for n in range(50)] + [f"t{n % 10}" for n in range(40)])
    many = rows([0.0] * 50 + [9.0] * 44, [f"s{n}" for n in range(50)] + [f"t{n % 11}" for n in range(44)])
    shown = [list(beeswarm_points(DOCUMENT, X).query("feature == 'absent'")["log_odds"]) for X in (few, many)]
    assert shown == [[round((50 * -0.55 + 40 * 0.95) / 90, 2)], [-0.55, 0.95]]


def test_unknown_values_of_a_few_students_are_not_drawn():
    X = rows([0.0] * 50 + [None] * 10)
    assert list(beeswarm_points(DOCUMENT, X).query("feature == 'absent'")["log_odds"]) == [-0.55]
    assert beeswarm_points(DOCUMENT, rows([0.0] * 10)).empty


@given(st.lists(st.integers(0, 30), min_size=30, max_size=120), st.integers(1, 3))
def test_every_dot_stands_for_more_than_ten_students_and_no_value_gets_lost(marks, weeks):
    """A straight line gives everybody a value of its own: the dots keep the mean of all rows."""
    students = [f"s{n // weeks}" for n in range(len(marks))]
    X = rows([0.0] * len(marks), students).assign(mark=[50.0 + mark for mark in marks])
    found = beeswarm_points(DOCUMENT, X).query("feature == 'mark'")
    many = X.groupby("student_id").size().shape[0] > 10
    assert (len(found) > 0) == many
    assert len(found) * 11 <= len(marks)
    if len(found) == 1:
        assert found["log_odds"].iloc[0] == pytest.approx((-0.03 * X["mark"] + 2.4).mean(), abs=0.011)


def test_the_feature_that_moves_scores_most_comes_first():
    X = rows([3.0] * 40).assign(mark=np.linspace(50, 90, 40).round(-1))
    assert list(beeswarm_points(DOCUMENT, X)["feature"].unique()) == ["mark", "absent"]


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="Expected at least one row to explain, got none"):
        beeswarm_points(DOCUMENT, rows([]))


def test_every_dot_is_drawn_near_the_line_of_its_feature():
    points = beeswarm_points(DOCUMENT, rows([0.0] * 60 + [3.0] * 30))
    axes = plot_beeswarm(points)
    for line, name in enumerate(points["feature"].unique()):
        drawn = np.asarray(axes.collections[line].get_offsets())
        own = points[points["feature"] == name]
        assert sorted(drawn[:, 0]) == sorted(np.repeat(own["log_odds"], own["dots"]))
        assert np.abs(drawn[:, 1] - line).max() <= 0.4 + 1e-9
        assert len(np.unique(drawn.round(9), axis=0)) == len(drawn)


def test_pictures_are_the_same_bytes_every_time_and_name_the_features():
    X = rows([0.0] * 60 + [3.0] * 30)
    for draw in (lambda: beeswarm_svg(DOCUMENT, X), lambda: terms_svg(DOCUMENT)):
        picture = draw()
        assert picture == draw()
        assert picture.startswith(b"<?xml")
        assert not any(student.encode() in picture for student in ("s17", "s88"))
