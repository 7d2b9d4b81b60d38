"""What the model could not see of each group: known because it was made so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_county import make_rows

from early_id.fairness import audit_frame


@pytest.fixture(scope="module")
def county():
    """A quarter of the facts of team B are unknown, and the attendance of two schools comes two days late."""
    rows, groups = make_rows(600, dates=2)
    team = groups[groups["attribute"] == "team"].set_index("student_id")["value"]
    behind = rows["school_id"].isin(["school 0", "school 2"]) * 2.0
    unknown = np.where(rows["student_id"].map(team) == "B", 0.25, 0.0)
    return rows.assign(unknown_share=unknown, feed_days_behind=behind), groups


def test_means_of_groups_are_those_that_were_made(county):
    rows, groups = county
    found = audit_frame(rows, groups=groups, resampling=(100, 0)).measurement.set_index(
        ["attribute", "group"]
    )
    assert found.loc[("team", "A"), "unknown_share"] == 0
    assert found.loc[("team", "B"), "unknown_share"] == 0.25
    assert found.loc[("all", "everyone"), "unknown_share"] == pytest.approx(rows["unknown_share"].mean())
    assert found.loc[("school", "school 2"), "feed_days_behind"] == 2
    assert found.loc[("district", "district 1"), "feed_days_behind"] == 0
    own = found.loc[("half", "left")]
    assert own["feed_days_behind_low"] < own["feed_days_behind"] < own["feed_days_behind_high"]


def test_an_interval_holds_the_mean_of_new_students_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(60):
        rows, groups = make_rows(200, seed=int(rng.integers(1_000_000)))
        rows = rows.assign(unknown_share=rng.beta(2, 6, len(rows)), feed_days_behind=0.0)
        everybody = audit_rows(rows, groups)
        held.append(everybody["unknown_share_low"] <= 0.25 <= everybody["unknown_share_high"])
    assert np.mean(held) > 0.86


def audit_rows(rows, groups):
    from early_id.fairness._counted import count_rows
    from early_id.fairness._measurement import compute_measurement

    counted = count_rows(rows, groups)
    return compute_measurement(rows, counted.attributes, counted.student).iloc[0]


def test_a_group_of_whom_few_have_something_unknown_is_not_printed(county):
    rows, groups = county
    few = rows["student_id"].isin(rows["student_id"].unique()[:10])
    printed = audit_frame(
        rows.assign(unknown_share=few * 0.5), groups=groups, resampling=(100, 0)
    ).published()["measurement"]
    assert printed.empty or not {"all"} & set(printed["attribute"])
    full = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["measurement"]
    assert {("team", "A"), ("team", "B"), ("all", "everyone")} <= set(
        zip(full["attribute"], full["group"], strict=True)
    )
    assert not {"n_students", "n_students_some"} & set(full.columns)


def test_predictions_that_do_not_say_give_nothing():
    rows, groups = make_rows(200)
    found = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert found.measurement.empty
    assert found.published()["measurement"].empty


def test_a_school_is_behind_by_what_was_known_on_the_date():
    from early_id.pipeline._row_facts import feed_days_behind

    feed = pd.DataFrame(
        {
            "school_id": ["a", "a", "b", "b"],
            "day": ["2026-11-19", "2026-11-20", "2026-11-19", "2026-11-20"],
            "known_at": ["2026-11-19", None, "2026-11-19", "2026-11-24"],
        }
    )
    days = pd.to_datetime(["2026-11-22", "2026-11-29"])
    rows = pd.DataFrame({"school_id": ["a", "b", "c", "a", "b"], "as_of": days.take([0, 0, 0, 1, 1])})
    found = feed_days_behind(rows, feed)
    assert found.iloc[[0, 1, 3, 4]].tolist() == [0, 1, 0, 0]
    assert np.isnan(found.iloc[2])
