"""The panel on a simulated county: its dates, its rows, the form of X and y, and what it says is unknown."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from small import small_district

from early_id.district import District
from early_id.exceptions import ConfigError, DataError
from early_id.panel import CATALOG, build_panel

KEYS = ["student_id", "school_id", "as_of"]
DATES = ["2023-11-05", "2024-03-03"]


@pytest.fixture(scope="module")
def panel(county):
    return build_panel(county, label="chronic_absence", as_of=DATES)


def without_feed_of(tables, school_id):
    feed = tables["attendance_feed"]
    return District.from_frames({**tables, "attendance_feed": feed[feed["school_id"] != school_id]})


def enrolled(tables, day):
    """Plain count: a spell covers the school's last school day and was visible at the end of the date."""
    at = pd.Timestamp(day)
    calendar = tables["calendar"]
    held = calendar[calendar["day"] <= at].sort_values("day").groupby("school_id").tail(1)
    spells = tables["enrollments"].merge(
        held[["school_id", "school_year", "day"]], on=["school_id", "school_year"]
    )
    seen = (spells["known_at"] <= at) & ~(spells["retracted_at"] <= at)
    there = (spells["entered_on"] <= spells["day"]) & ~(spells["left_on"] < spells["day"])
    return spells[seen & there]


# Dates


@pytest.mark.parametrize(
    ("as_of", "error", "said"),
    [
        (
            ["2000-01-02"],
            DataError,
            r"on or after the first school day of the calendar, 20\d\d-\d\d-\d\d, got 2000-01-02",
        ),
        (["2000-01-02", "2023-11-05"], DataError, "got 2000-01-02"),
        (["2023-07-09"], DataError, "within a school year with enrolled students, got '2023-07-09'"),
        (["2023-07-09", "2023-11-05"], DataError, "got '2023-07-09'"),
        (["someday"], ConfigError, r"such as '2026-11-22' or the word 'weekly', got \['someday'\]"),
        ("monthly", ConfigError, "or the word 'weekly', got"),
        ([], ConfigError, "Expected at least one as-of date, got none"),
    ],
)
def test_a_date_that_cannot_be_looked_back_from_is_named(county, as_of, error, said):
    with pytest.raises(error, match=said):
        build_panel(county, as_of=as_of)


def test_a_district_without_a_calendar_has_no_dates(simulated):
    tables = {name: rows for name, rows in simulated.tables.items() if name != "calendar"}
    with pytest.raises(DataError, match="Expected a calendar with school days, got an empty table"):
        build_panel(District.from_frames(tables), as_of=DATES)


def test_dates_are_the_same_however_they_are_written(county, panel):
    forms = [date(2023, 11, 5), pd.Timestamp("2024-03-03 17:30"), "2023-11-05"]
    again = build_panel(county, as_of=forms)
    assert again.frame["as_of"].unique().tolist() == panel.frame["as_of"].unique().tolist()
    assert len(again.frame) == len(panel.frame)


def test_weekly_dates_are_the_sundays_of_weeks_with_school_and_with_data():
    tables = small_district(1)
    district = District.from_frames(tables)
    found = build_panel(district).frame["as_of"].drop_duplicates()
    days = tables["calendar"]["day"]
    sundays = set(days + pd.to_timedelta(6 - days.dt.day_of_week, unit="D"))
    until = pd.Timestamp(district.data_until)
    # The Sunday after a Friday is the same week: no school day lies between.
    assert set(found) == {sunday for sunday in sundays if sunday <= until + pd.Timedelta(days=2)}
    assert (found.dt.day_of_week == 6).all()


def test_no_weekly_date_lies_after_the_data():
    tables = small_district(3)
    cut = pd.Timestamp("2024-10-04")  # a Friday
    known = {
        name: rows[rows["known_at"] <= cut] if "known_at" in rows else rows for name, rows in tables.items()
    }
    for rows in known.values():
        if "retracted_at" in rows:
            rows.loc[rows["retracted_at"] > cut, "retracted_at"] = pd.NaT
    assert tables["calendar"]["day"].max() > cut + pd.Timedelta(days=14)
    assert build_panel(District.from_frames(known)).frame["as_of"].max() == pd.Timestamp("2024-10-06")


# Rows


def test_nobody_who_is_enrolled_is_left_out(simulated, panel):
    for day in DATES:
        expected = enrolled(simulated.tables, day).query("primary")
        rows = panel.frame[panel.frame["as_of"] == day]
        assert set(rows["student_id"]) == set(expected["student_id"])
        assert not rows["student_id"].duplicated().any()
        at_school = set(zip(expected["student_id"], expected["school_id"], strict=True))
        assert set(zip(rows["student_id"], rows["school_id"], strict=True)) <= at_school


def test_the_scope_of_a_school_has_a_row_for_every_school_a_student_attends(county, simulated):
    """Also for those that are not the student's primary one."""
    rows = build_panel(county, as_of=DATES, scope="school").frame
    for day in DATES:
        expected = enrolled(simulated.tables, day)[["student_id", "school_id"]]
        found = rows.loc[rows["as_of"] == day, ["student_id", "school_id"]]
        assert set(found.itertuples(index=False, name=None)) == set(
            expected.itertuples(index=False, name=None)
        )
        assert not found.duplicated().any()
        assert found["student_id"].duplicated().any()


def test_rows_are_sorted_and_carry_their_school_s_district(panel, simulated):
    keys = panel.frame[KEYS]
    assert keys.equals(keys.sort_values(KEYS, ignore_index=True))
    districts = simulated.tables["schools"].set_index("school_id")["district_id"]
    assert panel.frame["district_id"].tolist() == panel.frame["school_id"].map(districts).tolist()


def test_the_school_day_is_counted_in_the_student_s_own_school(panel, simulated):
    calendar = simulated.tables["calendar"]
    for (school, day), rows in panel.frame.groupby(["school_id", "as_of"]):
        own = calendar[
            (calendar["school_id"] == school) & (calendar["school_year"] == 2024) & (calendar["day"] <= day)
        ]
        assert rows["school_day"].unique().tolist() == [len(own)]


def test_treated_marks_students_with_an_outreach_on_record_this_year_or_still_open(county, simulated):
    day = pd.Timestamp("2024-03-03")
    calendar, supports = simulated.tables["calendar"], simulated.tables["supports"]
    first = calendar.loc[calendar["school_year"] == 2024, "day"].min()
    seen = (supports["known_at"] <= day) & ~(supports["retracted_at"] <= day)
    running = (supports["started_on"] <= day) & ~(supports["ended_on"] < first)
    reached = set(supports.loc[seen & running, "student_id"])
    frame = build_panel(county, as_of=[day]).frame
    assert set(frame.loc[frame["treated"], "student_id"]) == reached & set(frame["student_id"])
    assert frame["treated"].any()
    assert not frame["treated"].all()


def test_a_decision_on_a_flag_counts_as_an_outreach(simulated):
    day = pd.Timestamp("2024-03-03")
    student = sorted(enrolled(simulated.tables, day)["student_id"])[0]
    row = {"list_id": "x", "student_id": student, "decided_on": day - pd.Timedelta(days=9),
           "role": "counselor", "retracted_at": pd.NaT}  # fmt: skip
    later = day + pd.Timedelta(days=1)
    for decision, known_at, expected in (
        ("reached", day, True),
        ("reached", later, False),
        ("dismissed", day, False),
    ):
        decisions = pd.DataFrame([{**row, "decision": decision, "known_at": known_at}])
        tables = {
            **simulated.tables,
            "supports": simulated.tables["supports"].iloc[:0],
            "decisions": decisions,
        }
        frame = build_panel(District.from_frames(tables), as_of=[day]).frame.set_index("student_id")
        assert bool(frame.loc[student, "treated"]) is expected
        assert frame["treated"].sum() == expected


# Unknown is not zero


def test_a_school_that_submits_nothing_is_not_scored_with_the_reason(simulated, panel):
    school = panel.frame["school_id"].value_counts().idxmax()
    frame = build_panel(without_feed_of(simulated.tables, school), as_of=DATES).frame
    assert frame[KEYS].equals(panel.frame[KEYS])
    spells = simulated.tables["enrollments"].query("school_year == 2024").groupby("student_id")["school_id"]
    only_here = frame["student_id"].map(spells.agg(lambda schools: set(schools) == {school}))
    silent = frame[only_here & (frame["school_id"] == school)]
    assert len(silent) > 50
    reason = "no attendance submitted by the school for the student's last 20 school days"
    assert silent["not_scored"].unique().tolist() == [reason]
    attendance = [name for name, f in CATALOG.items() if f.table == "absences" and f.window != "prior_year"]
    assert silent[attendance].isna().all(axis=None)
    others = frame["school_id"] != school
    pd.testing.assert_series_equal(frame.loc[others, "not_scored"], panel.frame.loc[others, "not_scored"])


def test_without_incidents_on_record_anywhere_they_are_unknown_and_not_none(simulated, panel):
    tables = {name: rows for name, rows in simulated.tables.items() if name != "incidents"}
    frame = build_panel(District.from_frames(tables), as_of=DATES).frame
    incidents = [name for name, feature in CATALOG.items() if feature.table == "incidents"]
    assert len(incidents) >= 3
    assert frame[incidents].isna().all(axis=None)
    this_year = [name for name in incidents if CATALOG[name].window != "prior_year"]
    assert panel.frame[this_year].notna().all(axis=None)
    rest = [name for name in CATALOG if name not in incidents]
    pd.testing.assert_frame_equal(frame[rest], panel.frame[rest], check_exact=True)


def test_one_district_of_the_county_that_sends_no_incidents_has_them_unknown(simulated):
    schools = simulated.tables["schools"]
    district = schools["district_id"].iloc[0]
    silent = schools.loc[schools["district_id"] == district, "school_id"]
    incidents = simulated.tables["incidents"]
    tables = {**simulated.tables, "incidents": incidents[~incidents["school_id"].isin(silent)]}
    frame = build_panel(District.from_frames(tables), as_of=DATES).frame
    own = frame[frame["district_id"] == district]
    assert own["incidents_year"].isna().all()
    assert frame.loc[frame["district_id"] != district, "incidents_year"].notna().all()


# X, y and parts of a panel


def test_x_and_y_hold_the_scored_rows_with_a_mature_label(county):
    """The running school year has rows and no mature labels yet, but for students who have left."""
    panel = build_panel(county, label="chronic_absence", as_of=["2024-03-03", "2024-10-27"])
    frame = panel.frame
    rows = frame[frame["label"].notna() & frame["not_scored"].isna()]
    running = frame["school_year"] == 2025
    assert running.sum() > 500
    assert frame.loc[running, "label"].isna().mean() > 0.9
    assert frame.loc[~running, "label"].notna().mean() > 0.9
    assert panel.X.index.names == KEYS
    assert panel.X.columns.tolist() == ["school_day", *CATALOG]
    assert (panel.X.dtypes == "float64").all()
    assert panel.X.index.equals(pd.MultiIndex.from_frame(rows[KEYS]))
    assert panel.y.index.equals(panel.X.index)
    assert set(panel.y) == {0.0, 1.0}
    assert panel.X["school_day"].tolist() == rows["school_day"].tolist()
    assert "school_day" not in panel.feature_names


def test_no_protected_attribute_and_no_label_is_a_column_of_x(panel, simulated):
    attributes = set(simulated.tables["groups"]["attribute"].unique())
    assert not attributes & set(panel.frame.columns)
    assert not {"label", "event_day", "onset", "treated", *KEYS} & set(panel.X.columns)


def test_a_panel_without_a_label_has_features_only(county, panel):
    bare = build_panel(county, as_of=DATES)
    assert not {"label", "event_day", "onset", "label_matures_on"} & set(bare.frame.columns)
    pd.testing.assert_frame_equal(bare.design(bare.frame), panel.design(panel.frame), check_exact=True)
    for part in ("X", "y", "learnable"):
        with pytest.raises(
            ConfigError, match="Expected a panel with a label, got features only; build it with label="
        ):
            getattr(bare, part)


def test_a_label_that_is_not_known_is_named_with_the_nearest(county):
    with pytest.raises(ConfigError, match=r"got 'chronic_absense': did you mean 'chronic_absence'\?"):
        build_panel(county, label="chronic_absense", as_of=DATES)


def test_features_can_be_dropped_by_name(panel):
    fewer = panel.without(["incidents_year", "grade_level"])
    assert set(panel.feature_names) - set(fewer.feature_names) == {"incidents_year", "grade_level"}
    assert "incidents_year" not in fewer.X.columns
    assert "incidents_year" in panel.X.columns
    assert len(fewer.X) == len(panel.X)
    with pytest.raises(ConfigError, match=r"got 'incidents_yaer': did you mean 'incidents_year'\?"):
        panel.without(["incidents_yaer"])


def test_rows_can_be_chosen_with_their_facts(panel):
    early = panel.where(panel.frame["as_of"] == DATES[0])
    assert early.frame["as_of"].unique().tolist() == [pd.Timestamp(DATES[0])]
    assert early.facts.index.equals(pd.MultiIndex.from_frame(early.frame[KEYS]))
    assert early.X.equals(panel.X.xs(pd.Timestamp(DATES[0]), level="as_of", drop_level=False))


def test_facts_are_the_counts_behind_the_features(panel):
    """A share is its count over its total: what a sentence names is what the model saw."""
    frame, facts = panel.frame, panel.facts.reset_index(drop=True)
    for name in ("absence_rate_20d", "absence_rate_year", "late_work_share_year"):
        known = frame[name].notna()
        share = facts[f"{name}__count"] / facts[f"{name}__of"]
        pd.testing.assert_series_equal(frame.loc[known, name], share[known], check_names=False, rtol=1e-12)
        assert known.any()
    assert (facts["absence_rate_20d__from"] <= facts["absence_rate_20d__to"]).all()
    assert (facts["absence_rate_20d__to"] <= frame["as_of"]).all()
