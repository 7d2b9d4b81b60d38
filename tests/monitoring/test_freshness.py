"""How recent each school's attendance is, on a feed made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from early_id.district import District
from early_id.monitoring import compute_freshness

MONDAY = pd.Timestamp("2024-09-02")
DAYS = pd.bdate_range(MONDAY, periods=15)


def county(feed: dict[str, list[tuple[int, int]]], schools: tuple[str, ...] = ("01", "02", "03")) -> District:
    """Three weeks of school days; per school the (number of the day, days until it was submitted)."""
    calendar = [
        {"school_id": school, "day": day, "school_year": 2025, "term": "S1"}
        for school in schools
        for day in DAYS
    ]
    rows = [
        {"school_id": school, "day": DAYS[number], "known_at": DAYS[number] + pd.Timedelta(days=lag)}
        for school, days in feed.items()
        for number, lag in days
    ]
    names = pd.DataFrame(
        {
            "school_id": schools,
            "school_name": [f"School {school}" for school in schools],
            "district_id": "d",
            "district_name": "D",
            "low_grade": 0,
            "high_grade": 12,
        }
    )
    return District.from_frames(
        {"schools": names, "calendar": pd.DataFrame(calendar), "attendance_feed": pd.DataFrame(rows)}
    )


def fresh(district: District, as_of: str) -> pd.DataFrame:
    return compute_freshness(district, pd.Timestamp(as_of)).set_index("school_id")


def test_each_school_is_as_far_behind_as_its_last_submitted_day():
    all_days = [(number, 0) for number in range(15)]
    feed = {"01": all_days, "02": all_days[:7]}
    found = fresh(county(feed), "2024-09-22")
    assert found["days_behind"].to_dict() == {"01": 0, "02": 8, "03": 15}
    assert found.loc["01", "last_submitted_day"] == DAYS[14]
    assert found.loc["02", "last_submitted_day"] == DAYS[6]
    assert pd.isna(found.loc["03", "last_submitted_day"])
    assert (found["last_school_day"] == DAYS[14]).all()
    assert found["school_name"].tolist() == ["School 01", "School 02", "School 03"]


def test_a_day_counts_from_when_it_was_submitted_and_not_before():
    feed = {"01": [(number, 0) for number in range(4)] + [(4, 6)]}
    district = county(feed, schools=("01",))
    before, after = fresh(district, "2024-09-11"), fresh(district, "2024-09-12")
    assert before.loc["01", "last_submitted_day"] == DAYS[3]
    assert after.loc["01", "last_submitted_day"] == DAYS[4]
    assert before.loc["01", "days_behind"] == 8 - 4
    assert after.loc["01", "days_behind"] == 9 - 5


def test_a_hole_before_the_last_submitted_day_is_no_delay():
    feed = {"01": [(0, 0), (14, 0)]}
    assert fresh(county(feed, schools=("01",)), "2024-09-22").loc["01", "days_behind"] == 0


def test_school_days_after_the_date_are_not_missed_yet():
    feed = {"01": [(number, 0) for number in range(5)]}
    assert fresh(county(feed, schools=("01",)), "2024-09-08").loc["01", "days_behind"] == 0


@pytest.mark.parametrize("as_of", ["2024-09-02", "2024-08-25"])
def test_where_nothing_was_submitted_yet_every_school_day_so_far_is_missing(as_of):
    """On the first day, and before it: the answer is a number of days, not an error."""
    found = fresh(county({"01": [(0, 3)]}), as_of)
    assert found["last_submitted_day"].isna().all()
    assert (found["days_behind"] == (pd.Timestamp(as_of) >= DAYS).sum()).all()


def test_a_school_whose_calendar_did_not_arrive_this_year_has_no_number():
    """Zero days behind would say that all is well."""
    district = county({"01": [(number, 0) for number in range(15)], "02": []}, schools=("01", "02"))
    calendar = district.frame("calendar")
    old = calendar[calendar["school_id"] == "02"].assign(
        school_year=2024, day=lambda rows: rows["day"] - pd.Timedelta(days=364)
    )
    calendar = pd.concat([old, calendar[calendar["school_id"] == "01"]])
    found = fresh(
        District.from_frames(
            {
                "calendar": calendar,
                **{name: district.frame(name) for name in ("schools", "attendance_feed")},
            }
        ),
        "2024-09-22",
    )
    assert found.loc["01", "days_behind"] == 0
    assert pd.isna(found.loc["02", "days_behind"])
    assert pd.isna(found.loc["02", "last_school_day"])
