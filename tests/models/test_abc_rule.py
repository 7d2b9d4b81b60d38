from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.models import ABCRule

NONE_MET = {
    "absence_rate_year": 0.0,
    "suspension_days_year": 0.0,
    "incidents_year": 0.0,
    "failed_finals_year": 0.0,
    "lowest_core_mark": 100.0,
}


def score(**changed) -> float:
    return float(ABCRule().rank_score(pd.DataFrame([{**NONE_MET, **changed}], dtype=float))[0])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 0),
        ({"absence_rate_year": 0.0999}, 0.0999),
        ({"absence_rate_year": 9 / 90}, 2.1),
        ({"suspension_days_year": 1}, 2),
        ({"incidents_year": 1}, 0),
        ({"incidents_year": 2}, 2),
        ({"incidents_year": 9, "suspension_days_year": 5}, 2),
        ({"failed_finals_year": 1}, 2),
        ({"lowest_core_mark": 60}, 0),
        ({"lowest_core_mark": 59.9}, 2),
        ({"lowest_core_mark": 59.9, "suspension_days_year": 1, "absence_rate_year": 1.0}, 7),
    ],
)
def test_each_threshold_counts_once(changed, expected):
    assert score(**changed) == pytest.approx(expected)


def test_more_indicators_come_before_any_rate():
    assert score(failed_finals_year=1, suspension_days_year=1) > score(absence_rate_year=1.0)


def test_unknown_meets_nothing_and_all_unknown_is_not_ranked():
    nan = np.nan
    assert score(absence_rate_year=nan, suspension_days_year=nan, incidents_year=2) == 1.5
    assert score(absence_rate_year=nan) == -0.5
    assert score(lowest_core_mark=nan, failed_finals_year=nan) == 0.0
    assert np.isnan(score(**dict.fromkeys(NONE_MET, nan)))


unknown_or = st.floats(0, 5) | st.just(np.nan)


@given(st.tuples(*[unknown_or] * 4, st.floats(0, 100) | st.just(np.nan)), st.tuples(*[st.floats(0, 5)] * 5))
def test_more_of_it_never_lowers_the_rank(at, more):
    rows = pd.DataFrame([dict(zip(NONE_MET, at, strict=True))], dtype=float)
    for (column, step), sign in zip(zip(NONE_MET, more, strict=True), (1, 1, 1, 1, -1), strict=True):
        moved = rows.assign(**{column: rows[column] + sign * step})
        before, after = ABCRule().rank_score(rows)[0], ABCRule().rank_score(moved)[0]
        assert after >= before or (np.isnan(before) and np.isnan(after))


def test_the_thresholds_are_parameters():
    rule = ABCRule(absence_rate=0.2, suspension_days=3, incidents=5, failed_finals=2, mark=50)
    just_below = [0.19, 2, 4, 1, 50.0]
    met = [0.2, 3, 5, 2, 49.0]
    X = pd.DataFrame([just_below, met], columns=list(NONE_MET))
    assert rule.rank_score(X).tolist() == pytest.approx([0.19, 6.2])
