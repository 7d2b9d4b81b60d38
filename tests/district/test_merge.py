"""Two sources as one district: the first one counts, every disagreement is told, and the whole holds."""

from __future__ import annotations

import datetime as dt

import pytest
from good_rows import assert_accounts_balance
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, check_district, merge_districts
from early_id.exceptions import DataError

_TODAY = dt.date.fromisoformat(TODAY)


@pytest.fixture
def read(tmp_path):
    def read(name, **changed):
        tables = small_district() | changed
        present = {table: frame for table, frame in tables.items() if frame is not None}
        return check_district(write_csv(tmp_path / name, present), today=_TODAY).district

    return read


def test_tables_of_either_source_make_one_district(read):
    daily = ("calendar", "absences", "attendance_feed")
    first = read("first", **dict.fromkeys(("grades", "incidents", "groups"), None))
    whole = read("whole")
    merged = merge_districts(first, whole, today=_TODAY)
    assert merged.conflicts.empty
    assert merged.check.ok
    for name in TABLES:
        assert len(merged.district.frame(name)) == len(whole.frame(name)), name
    assert all(merged.district.signals.has(name) for name in daily)


def test_the_first_source_counts_and_what_the_second_says_otherwise_is_told(read):
    other = small_district()
    absences = other["absences"].copy()
    absences.loc[2, "kind"] = (
        "excused"  # 2024-09-10: another kind is another row, of a day the first submitted
    )
    grades = other["grades"].copy()
    grades.loc[1, "hundredths"] = "4000"
    groups = other["groups"].copy()
    groups.loc[2, "value"] = "M"
    merged = merge_districts(
        read("first"), read("second", absences=absences, grades=grades, groups=groups), today=_TODAY
    )
    told = [tuple(row) for row in merged.conflicts.fillna("").itertuples(index=False)]
    assert told == [
        ("absences", "student_id 002, school_id 0102, occurred_on 2024-09-10, kind excused", "", "", "row"),
        ("grades", "student_id 001, course_id M6, assessment_id Q1", "hundredths", "9000", "4000"),
        ("groups", "student_id 002, attribute gender, valid_from 2024-09-02", "value", "F", "M"),
    ]
    assert merged.district.frame("grades")["hundredths"].max() == 9000
    assert merged.check.ok
    assert_accounts_balance(merged.check.files)


def test_ids_of_the_second_source_are_led_to_those_of_the_first(read):
    other = small_district()
    other["grades"]["student_id"] = "9" + other["grades"]["student_id"]
    other["enrollments"]["student_id"] = "9" + other["enrollments"]["student_id"]
    for name in ("schools", "enrollments", "calendar"):
        other[name]["school_id"] = other[name]["school_id"].str.lstrip("0")
    second = {
        name: other[name] if name in ("schools", "enrollments", "calendar", "grades") else None
        for name in other
    }
    second["grades"]["school_id"] = second["grades"]["school_id"].str.lstrip("0")
    students = {f"9{number}": number for number in ("001", "002", "003")}
    merged = merge_districts(
        read("first", grades=None),
        read("second", **second),
        student_ids=students,
        school_ids={"101": "0101", "102": "0102"},
        today=_TODAY,
    )
    assert merged.conflicts.empty
    assert set(merged.district.frame("grades")["student_id"]) == {"001", "002"}
    assert len(merged.district.frame("enrollments")) == len(small_district()["enrollments"])


def test_two_ids_that_become_one_are_refused(read):
    with pytest.raises(DataError, match="'a', 'b' are all 'c'"):
        merge_districts(read("first"), read("second"), student_ids={"a": "c", "b": "c"})


def test_a_student_in_two_primary_schools_by_two_sources_is_held_back_by_the_rules(read):
    enrollments = small_district()["enrollments"].iloc[[0]].assign(school_id="0102")
    second = dict.fromkeys(small_district()) | {
        name: small_district()[name] for name in ("schools", "calendar")
    }
    second["enrollments"] = enrollments
    merged = merge_districts(read("first"), read("second", **second), today=_TODAY)
    assert not merged.check.ok
    assert "EID-ENR-001" in set(merged.check.rules["code"])


def test_the_share_of_assumed_days_is_weighed(read):
    second = small_district()["incidents"].assign(known_at="")
    merged = merge_districts(read("first", incidents=None), read("second", incidents=second), today=_TODAY)
    assert merged.district.signals.imputed["incidents"] == 1.0
    assert merged.check.capabilities["known_at_imputed"]["absences"] == 0.0
