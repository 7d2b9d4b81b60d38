"""Which schools get no list because their data did not arrive, on a county of two schools made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from early_id.district import District
from early_id.exceptions import DataError
from early_id.monitoring import check_tables, withheld_schools

DAYS = pd.bdate_range("2024-09-02", periods=40)
SUNDAY = DAYS[-1] + pd.Timedelta(days=2)


def county(
    *,
    students: int = 30,
    submitted: int = 40,
    absent_on: tuple[int, ...] = (39,),
    lag: int = 0,
    calendar: int = 2,
) -> District:
    """School 01 is in order; 02 has this many students, submitted days, days with an absence, calendars."""
    schools = ("01", "02")
    days = {"01": DAYS, "02": DAYS[:submitted]}
    absent = {"01": range(40), "02": absent_on}
    names = pd.DataFrame(
        {"school_id": schools, "school_name": schools, "district_id": "d", "district_name": "D"}
    )
    spells = pd.DataFrame(
        [
            {"student_id": f"{school}-{n}", "school_id": school, "entered_on": DAYS[0], "school_year": 2025,
             "grade_level": 9, "primary": True, "known_at": DAYS[0]}
            for school in schools
            for n in range(students if school == "02" else 50)
        ]
    )  # fmt: skip
    feed = [{"school_id": s, "day": day, "known_at": day} for s in schools for day in days[s]]
    absences = [
        {"student_id": f"{school}-0", "school_id": school, "occurred_on": DAYS[number], "kind": "excused",
         "thousandths": 1000, "known_at": DAYS[number] + pd.Timedelta(days=lag if school == "02" else 0)}
        for school in schools
        for number in absent[school]
    ]  # fmt: skip
    terms = [
        {"school_id": school, "day": day, "school_year": 2025, "term": "S1"}
        for school in schools[:calendar]
        for day in DAYS
    ]
    return District.from_frames(
        {
            "schools": names,
            "enrollments": spells,
            "calendar": pd.DataFrame(terms),
            "attendance_feed": pd.DataFrame(feed),
            "absences": pd.DataFrame(absences),
        }
    )


def withheld(most: int = 10, **made: object) -> dict[str, str]:
    return withheld_schools(county(**made), SUNDAY, max_days_behind=most)


def test_a_school_in_order_is_not_withheld():
    assert withheld() == {}


@pytest.mark.parametrize(("submitted", "held"), [(30, {}), (29, {"02": "attendance 11 school days behind"})])
def test_attendance_may_be_as_far_behind_as_configured_and_no_further(submitted, held):
    assert withheld(submitted=submitted, absent_on=(submitted - 1,)) == held
    assert withheld(most=11, submitted=submitted, absent_on=(submitted - 1,)) == {}


def test_a_school_without_a_calendar_this_year():
    assert withheld(calendar=1) == {"02": "no school calendar received for this school year"}


def test_absences_that_never_came():
    """On a submitted day no record means present: thirty students who are all well, every day, are a lost file."""
    assert withheld(absent_on=()) == {"02": "no absence record in 40 submitted school days of this year"}
    assert withheld(absent_on=(39,), lag=60) == withheld(absent_on=())
    assert withheld(absent_on=(), students=29) == {}
    assert withheld(most=99, absent_on=(), submitted=19) == {}
    assert "02" in withheld(most=99, absent_on=(), submitted=20)


def test_absences_that_stopped_while_attendance_went_on():
    assert withheld(absent_on=(0, 24)) == {}
    day = DAYS[23].date().isoformat()
    assert withheld(absent_on=(0, 23)) == {
        "02": f"no absence record after {day}, 16 submitted school days ago"
    }
    assert withheld(absent_on=(0, 23), students=29) == {}


def test_a_table_the_model_uses_must_have_rows():
    check_tables(county(), ["absences", "enrollments"])
    with pytest.raises(DataError, match=r"got none in 'grades', 'incidents'; deliver it, or train and sign"):
        check_tables(county(), ["absences", "grades", "incidents"])


@pytest.mark.parametrize("lost", ["absences", "attendance_feed"])
@pytest.mark.parametrize("tables", [["absences"], ["enrollments"]])
def test_absences_without_their_feed_are_none_and_the_reverse(lost, tables):
    whole = county()
    kept = [n for n in ("schools", "enrollments", "calendar", "attendance_feed", "absences") if n != lost]
    district = District.from_frames({name: whole.frame(name) for name in kept})
    if lost == "attendance_feed" and tables == ["enrollments"]:
        check_tables(district, tables)
    else:
        with pytest.raises(DataError, match=rf"got none in '{lost}'"):
            check_tables(district, tables)
