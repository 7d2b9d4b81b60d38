"""What was not known on a date cannot move its features; what lies outside a window cannot move its label."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import small_district

from early_id.district import District
from early_id.panel import build_panel

FAR = date(2030, 1, 1)
KNOWN = ["enrollments", "absences", "grades", "incidents"]
WEEKS = {"seed": st.integers(0, 10_000), "week": st.integers(1, 8), "year": st.sampled_from([2023, 2024])}
TOO_SLOW = [HealthCheck.too_slow]


def rewrite_the_future(tables: dict[str, pd.DataFrame], at: pd.Timestamp, rng: np.random.Generator) -> dict:
    """Change, delete, add and retract rows that were not visible at the date."""
    changed = dict(tables)
    for name in KNOWN:
        frame = tables[name].copy()
        hidden = frame["known_at"] > at
        keep = ~hidden | (rng.random(len(frame)) < 0.6)
        frame, hidden = frame[keep], hidden[keep]
        frame.loc[hidden, "known_at"] += pd.to_timedelta(rng.integers(0, 9, hidden.sum()), unit="D")
        for column, low, high in (
            ("thousandths", 0, 1001),
            ("hundredths", 0, 10001),
            ("suspension_days", 0, 9),
        ):
            if column in frame:
                frame.loc[hidden, column] = rng.integers(low, high, hidden.sum())
        added = tables[name].sample(frac=0.5, random_state=int(rng.integers(1 << 30)))
        added = added.assign(known_at=at + pd.Timedelta(days=1), retracted_at=pd.NaT)
        if "assessment_id" in added:
            added["assessment_id"] += "-new"
        later = frame["retracted_at"].isna() & (rng.random(len(frame)) < 0.3)
        frame.loc[later, "retracted_at"] = at + pd.Timedelta(days=3)
        gone = tables[name].sample(frac=0.5, random_state=int(rng.integers(1 << 30)))
        gone = gone.assign(known_at=at - pd.Timedelta(days=2), retracted_at=at)  # withdrawn on the very day
        frame = frame[~(frame["retracted_at"] <= at) | (rng.random(len(frame)) < 0.5)]
        changed[name] = pd.concat([frame, added, gone], ignore_index=True)
    feed = tables["attendance_feed"]
    changed["attendance_feed"] = feed[(feed.known_at <= at) | (rng.random(len(feed)) < 0.5)]
    return changed


def _rows_not_visible_cannot_move_a_feature(seed, week, year):
    tables = small_district(seed, students=8)
    sunday = pd.Timestamp(f"{year}-09-10") + pd.Timedelta(days=7 * week)
    sunday -= pd.Timedelta(days=sunday.day_of_week + 1)
    before = build_panel(District.from_frames(tables), as_of=[sunday])
    other = rewrite_the_future(tables, sunday, np.random.default_rng(seed))
    after = build_panel(District.from_frames(other), as_of=[sunday])
    pd.testing.assert_frame_equal(before.frame, after.frame, check_exact=True)
    pd.testing.assert_frame_equal(before.facts, after.facts, check_exact=True)


@settings(max_examples=3, suppress_health_check=TOO_SLOW)
@given(**WEEKS)
def test_rows_not_visible_cannot_move_a_feature(seed, week, year):
    _rows_not_visible_cannot_move_a_feature(seed, week, year)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=TOO_SLOW)
@given(**WEEKS)
def test_rows_not_visible_cannot_move_a_feature_at_length(seed, week, year):
    _rows_not_visible_cannot_move_a_feature(seed, week, year)


def test_a_visible_row_does_move_its_features():
    """The check above would notice: the same change one day earlier is seen."""
    tables = small_district(3)
    sunday = pd.Timestamp("2024-10-13")
    before = build_panel(District.from_frames(tables), as_of=[sunday]).frame
    absences = tables["absences"]
    absences = absences[~((absences.known_at <= sunday) & (absences.occurred_on > "2024-09-20"))]
    after = build_panel(District.from_frames({**tables, "absences": absences}), as_of=[sunday]).frame
    assert not before["absence_rate_20d"].equals(after["absence_rate_20d"])


def test_replaying_a_date_reproduces_the_panel_bit_for_bit():
    district = District.from_frames(small_district(5))
    weekly = build_panel(district, label="chronic_absence", known_by=FAR).frame
    for as_of in weekly["as_of"].unique()[::5]:
        alone = build_panel(district, label="chronic_absence", as_of=[as_of], known_by=FAR).frame
        expected = weekly[weekly["as_of"] == as_of].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=True)


def outside_the_window(tables: dict, name: str, year: int, rng: np.random.Generator) -> dict:
    """Change everything but what the label of one school year and term is declared to be made of."""
    changed = dict(tables)
    calendar = tables["calendar"]
    begins = calendar.loc[calendar["school_year"] == year, "day"].min()
    # The window of a suspension reaches into the next year.
    ends = calendar.loc[(calendar["school_year"] == year) | (name == "suspension"), "day"].max()
    own = {"chronic_absence": "absences", "course_failure": "grades", "suspension": "incidents"}[name]
    days = {"absences": "occurred_on", "grades": "assessed_on", "incidents": "occurred_on"}
    for table, day in days.items():
        frame = tables[table]
        if table != own:
            changed[table] = frame.iloc[: len(frame) // 2]
            continue
        inside = frame[day].between(begins, ends + pd.Timedelta(days=14))
        other = frame[~inside].sample(frac=0.5, random_state=int(rng.integers(1 << 30)))
        late = frame.assign(known_at=ends + pd.Timedelta(days=15), retracted_at=pd.NaT)
        before = frame[inside].assign(**{day: begins - pd.Timedelta(days=3), "retracted_at": pd.NaT})
        for rows, mark in ((late, "-late"), (before, "-before")):
            for key in ("assessment_id", "incident_id"):
                if key in rows:
                    rows[key] = rows[key] + mark
        parts = [frame[inside], other, late] + ([before] if name != "suspension" else [])
        if name == "course_failure":  # last term's failing marks, seen in time, are not this term's
            parts[0] = parts[0].assign(term=parts[0]["term"].where(parts[0]["kind"] == "final", "other"))
        changed[table] = pd.concat(parts, ignore_index=True)
    changed["attendance_feed"] = (
        tables["attendance_feed"]
        if own == "absences"
        else tables["attendance_feed"].sample(frac=0.5, random_state=1)
    )
    return changed


@pytest.mark.parametrize("name", ["chronic_absence", "course_failure", "suspension"])
@pytest.mark.parametrize("seed", [6, pytest.param(2, marks=pytest.mark.slow)])
def test_rows_outside_the_window_cannot_move_a_label(seed, name):
    tables = small_district(seed)
    year = 2024 if name == "suspension" else 2025
    days = tables["calendar"].query("school_year == @year")["day"]
    sundays = [days.min() + pd.Timedelta(days=n - days.min().day_of_week + 6) for n in (0, 21, 42)]
    before = build_panel(District.from_frames(tables), label=name, as_of=sundays, known_by=FAR).frame
    changed = outside_the_window(tables, name, year, np.random.default_rng(seed))
    after = build_panel(District.from_frames(changed), label=name, as_of=sundays, known_by=FAR).frame
    columns = ["student_id", "as_of", "label", "event_day", "onset", "label_matures_on"]
    pd.testing.assert_frame_equal(before[columns], after[columns], check_exact=True)
    assert before["label"].notna().any()


def suspended(day: pd.Timestamp, student: pd.Series) -> pd.DataFrame:
    row = {"student_id": student["student_id"], "school_id": student["school_id"], "incident_id": "new",
           "occurred_on": day, "behavior": "fighting", "basis": "objective", "suspension_days": 2, "expelled": False,
           "known_at": day, "retracted_at": pd.NaT}  # fmt: skip
    return pd.DataFrame([row])


def test_a_suspension_counts_from_the_day_after_the_date_to_the_sixtieth_school_day():
    tables = small_district(6)
    sunday = pd.Timestamp("2023-10-08")
    frame = build_panel(District.from_frames(tables), label="suspension", as_of=[sunday], known_by=FAR).frame
    student = frame[frame["label"] == 0].iloc[0]
    calendar = tables["calendar"]
    days = calendar.loc[calendar["school_id"] == student["school_id"], "day"].sort_values()
    last = days[days > sunday].iloc[59]
    for day, expected in (
        (sunday, 0),
        (sunday + pd.Timedelta(days=1), 1),
        (last, 1),
        (last + pd.Timedelta(days=1), 0),
    ):
        incidents = pd.concat([tables["incidents"], suspended(day, student)], ignore_index=True)
        county = District.from_frames({**tables, "incidents": incidents})
        rows = build_panel(county, label="suspension", as_of=[sunday], known_by=FAR).frame.set_index(
            "student_id"
        )
        assert rows.loc[student["student_id"], "label"] == expected, day


def test_a_label_is_missing_until_it_matures():
    district = District.from_frames(small_district(4))
    frame = build_panel(district, label="chronic_absence", known_by=FAR).frame
    matures = frame["label_matures_on"].max()
    day_before = build_panel(
        district, label="chronic_absence", known_by=(matures - pd.Timedelta(days=1)).date()
    ).frame
    on_the_day = build_panel(district, label="chronic_absence", known_by=matures.date()).frame
    last_year = frame["label_matures_on"] == matures
    assert day_before.loc[last_year, "label"].isna().all()
    pd.testing.assert_series_equal(on_the_day["label"], frame["label"])
