from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from early_id.exceptions import ConfigError, DataError
from early_id.models import ABCRule, LastMarkRule, PaceRule, PriorYearRule, SchoolMeanRule, YearToDateRule
from early_id.panel import CATALOG


def row(day, days=0.0, rate=0.0, prior=0.0) -> pd.DataFrame:
    columns = {
        "school_day": [day],
        "absent_days_year": [days],
        "absence_rate_year": [rate],
        "prior_absence_rate": [prior],
    }
    return pd.DataFrame(columns, dtype=float)


def meets(X) -> bool:
    return bool(PaceRule().rank_score(X)[0] > 1)


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (1, 1, False), (10, 2, True), (20, 2, True),
        (21, 3, False), (21, 4, True), (40, 3, False), (40, 4, True),
        (41, 5, False), (60, 6, True), (60, 5, False),
    ],
)  # fmt: skip
def test_the_limit_of_a_month_holds_on_every_day_of_it(day, days, expected):
    assert meets(row(day, days, rate=0.0)) is expected


@pytest.mark.parametrize(("rate", "expected"), [(0.0999, False), (0.1, True), (9 / 90, True)])
def test_after_the_third_month_the_pace_counts_and_ten_percent_is_in(rate, expected):
    assert meets(row(61, 50.0, rate)) is expected
    assert meets(row(5, 0.0, 0.0, prior=rate)) is expected


def test_those_who_meet_the_rule_come_first_then_the_rate():
    X = pd.concat([row(10, 1, 0.9), row(10, 2, 0.2), row(10, 3, 0.3), row(10, 0, 0.0, prior=0.5)])
    assert np.argsort(-PaceRule().rank_score(X)).tolist() == [2, 1, 3, 0]


def test_unknown_is_last_among_its_like_and_all_unknown_is_not_ranked():
    nan = np.nan
    X = pd.concat(
        [
            row(10, nan, nan, 0.2),
            row(10, 0, 0.0, 0.2),
            row(10, 0, 1.0, 0.0),
            row(10, nan, nan, 0.0),
            row(10, nan, nan, nan),
        ]
    )
    score = PaceRule().rank_score(X)
    assert np.isnan(score[4])
    assert np.argsort(-score[:4]).tolist() == [1, 0, 2, 3]
    assert not meets(row(nan, 50.0, 0.5))


@given(st.integers(0, 180), st.floats(0, 30), st.floats(0, 30), st.floats(0, 1), st.floats(0, 1))
def test_more_absence_never_lowers_the_rank(day, days, more, rate, prior):
    at = row(day, days, rate, prior)
    for column, step in {
        "absent_days_year": more,
        "absence_rate_year": more / 30,
        "prior_absence_rate": more / 30,
    }.items():
        assert PaceRule().rank_score(at.assign(**{column: at[column] + step})) >= PaceRule().rank_score(at)


def test_the_numbers_of_the_rule_are_parameters():
    rule = PaceRule(month_ends=(10,), month_days=(1,), rate=0.05)
    assert rule.rank_score(row(10, 1))[0] == 2.0
    assert rule.rank_score(row(11, 1, 0.05))[0] == 2.05
    assert clone(rule).rate == 0.05
    with pytest.raises(ConfigError, match="increasing month_ends and as many month_days"):
        PaceRule(month_ends=(20, 40), month_days=(1,)).rank_score(row(1))


@pytest.mark.parametrize(
    ("rule", "column", "sign"),
    [
        (PriorYearRule(), "prior_absence_rate", 1),
        (YearToDateRule(), "absence_rate_year", 1),
        (LastMarkRule(), "last_mark", -1),
    ],
)
def test_a_rule_of_one_column_orders_by_it_and_knows_nothing_where_it_is_unknown(rule, column, sign):
    X = pd.DataFrame({column: pd.array([0.2, None, 0.7], dtype="Float64")})
    np.testing.assert_array_equal(rule.fit(X).rank_score(X), [sign * 0.2, np.nan, sign * 0.7])


@pytest.mark.parametrize("rule", [PaceRule(), PriorYearRule(), YearToDateRule(), LastMarkRule(), ABCRule()])
def test_missing_columns_are_named(rule):
    X = pd.DataFrame({name: [1.0] for name in rule.columns})
    gone = rule.columns[0]
    X = X.rename(columns={gone: gone[:-1]})
    for call in (rule.fit, rule.rank_score):
        with pytest.raises(DataError, match=f"lacks '{gone}'; did you mean '{gone[:-1]}'"):
            call(X)
    with pytest.raises(DataError, match="needs the columns"):
        rule.fit(np.zeros((2, 2)))


@pytest.mark.parametrize(
    "rule", [PaceRule(), PriorYearRule(), YearToDateRule(), LastMarkRule(), ABCRule(), SchoolMeanRule()]
)
def test_rules_read_features_of_the_catalogue_and_give_no_probability(rule):
    assert set(rule.columns) <= {*CATALOG, "school_day"}
    assert not hasattr(rule, "predict_proba")
    assert clone(rule).get_params() == rule.get_params()
