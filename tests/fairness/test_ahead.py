"""A child is reached when listed at least once eight full school weeks before the event."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_county import long_groups, make_rows, twelve_weeks
from statsmodels.stats.proportion import proportion_confint

from early_id.evaluation import compute_reached, school_weeks_ahead
from early_id.fairness import audit, audit_frame

SUNDAYS = pd.date_range("2023-09-03", periods=20, freq="7D")


def calendar(holiday=()):
    """One student, every Sunday; five school days a week but in the weeks of a holiday."""
    days = np.cumsum([0 if week in holiday else 5 for week in range(len(SUNDAYS))])
    return pd.DataFrame({"school_id": "a", "as_of": SUNDAYS, "school_day": days})


@pytest.mark.parametrize(("holiday", "weeks"), [((), 9), ((3, 4), 7)])
def test_only_complete_school_weeks_before_the_event_count(holiday, weeks):
    rows = calendar(holiday).assign(event_day=SUNDAYS[9] + pd.Timedelta(days=2))
    found = school_weeks_ahead(rows)
    assert found[0] == weeks
    assert found[9] == 0
    assert (found.diff().dropna() <= 0).all()


def test_a_list_on_the_day_of_the_event_is_not_before_it_and_no_event_has_no_weeks():
    rows = calendar().assign(event_day=SUNDAYS[9])
    assert school_weeks_ahead(rows)[0] == 8
    assert school_weeks_ahead(rows.assign(event_day=pd.NaT)).isna().all()


def test_each_school_has_its_own_calendar_and_the_order_of_rows_does_not_matter():
    other = calendar().assign(school_id="b", school_day=np.arange(len(SUNDAYS)))
    rows = pd.concat([calendar(), other], ignore_index=True).assign(event_day=SUNDAYS[15])
    found = school_weeks_ahead(rows)
    assert (found[0], found[len(SUNDAYS)]) == (14, 2)
    shuffled = rows.sample(frac=1, random_state=0)
    pd.testing.assert_series_equal(school_weeks_ahead(shuffled).sort_index(), found)


def made(early):
    """Four hundred students with the outcome over 12 weeks, of whom the first `early` are listed in week 2 only."""
    number = np.arange(400)
    rows = twelve_weeks(
        SUNDAYS, 400, lambda week: (week == 2) & (number < early) | (week == 9) & (number >= 200)
    )
    return rows, long_groups(rows["student_id"].unique(), "half", np.where(number < 200, "x", "y"))


def test_a_child_counts_once_however_many_weeks_and_only_when_early():
    rows, groups = made(60)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    own = result.by_group.set_index("group").loc[["x", "y"]]
    # All of y is listed once, two weeks before the event: reached in some weeks, and none of them early.
    assert own["n_students_reached_early"].tolist() == [60, 0]
    assert own["reached_early"].tolist() == [0.3, 0.0]
    assert own["recall"].tolist() == pytest.approx([60 / 2400, 200 / 2400])
    expected = proportion_confint(60, 200, method="wilson")
    assert own.loc["x", ["reached_early_low", "reached_early_high"]].tolist() == pytest.approx(expected)
    assert result.overall["reached_early"] == 60 / 400


@pytest.mark.parametrize(("early", "text"), [(10, "masked"), (11, "5.5 %"), (190, "masked")])
def test_few_students_reached_early_are_not_printed(early, text):
    rows, groups = made(early)
    content = json.loads(audit_frame(rows, groups=groups, resampling=(100, 0)).to_json())
    printed = {row["group"]: row for row in content["by_group"]}
    assert printed["x"]["reached_early_text"] == text
    assert (printed["x"]["reached_early"] is None) == (text == "masked")
    # The total is public wherever more than ten are behind it, so the other half is hidden with the first.
    if text == "masked":
        assert printed["y"]["reached_early_text"] == "masked"


def test_where_the_day_of_the_event_is_not_known_nothing_is_said_of_children():
    rows, groups = make_rows(200)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert "reached_early" not in result.by_group
    assert "reached_early" not in result.published()["by_group"]


def test_the_audit_of_a_backtest_reads_the_weeks_from_its_school_days():
    rows, groups = made(60)
    predictions = rows.drop(columns="weeks_ahead").assign(
        contestant="m",
        school_year=2024,
        school_day=(rows["as_of"] - SUNDAYS[0]).dt.days // 7 * 5,
        event_day=SUNDAYS[11] + pd.Timedelta(days=1),
        score=np.where(rows["listed"], 1.0, 0.0),
    )
    backtest = SimpleNamespace(predictions=predictions, deployable="m")
    result = audit(backtest, groups=groups, capacity=60, replicates=100)
    # Week 2 is nine weeks ahead of the event, week 9 two; with 60 places some of the early listed of every week count.
    assert 60 <= result.overall["n_students_reached_early"] < 400
    own = compute_reached(predictions, 60).iloc[0]
    assert own["reached_early"] == result.overall["reached_early"]
    assert own["n_students"] == result.overall["n_students_outcome"]
