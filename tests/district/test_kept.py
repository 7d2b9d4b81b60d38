"""Exports that were kept tell when each record was first known, and when it was taken back."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy

import pandas as pd
import pytest
from good_rows import assert_every_row_is_somewhere
from small_district import small_district, write_csv
from small_edfi import TODAY, small_edfi, write_edfi_files

from early_id.district import check_district, write_check

_TODAY = dt.date.fromisoformat(TODAY)


@pytest.fixture
def kept(tmp_path):
    first = small_edfi()
    event = first["studentSchoolAttendanceEvents"]
    second, third = deepcopy(first), deepcopy(first)
    second["studentSchoolAttendanceEvents"] = [
        event[0],
        {**event[1], "attendanceEventCategoryDescriptor": "x#Tardy"},
        *event[2:],
    ]
    second["studentSchoolAttendanceEvents"] += [{**event[0], "eventDate": "2024-09-06"}]
    second["schools"][0]["nameOfInstitution"] = "Hill"
    third["studentSchoolAttendanceEvents"] = [*event[2:], {**event[0], "eventDate": "2024-09-06"}]
    third["studentSchoolAssociations"][0]["exitWithdrawDate"] = "2024-10-01"
    third["grades"] = []  # not exported that day: it takes nothing back
    del third["courseTranscripts"]
    for day, resources in (("2024-09-08", first), ("2024-09-15", second), ("2024-10-06", third)):
        write_edfi_files(tmp_path / day, resources)
    return check_district(tmp_path, source="edfi", today=_TODAY)


def told(frame, *columns):
    return [tuple(None if pd.isna(cell) else str(getattr(cell, "date", lambda c=cell: c)()) for cell in row)
            for row in frame[list(columns)].itertuples(index=False)]  # fmt: skip


def test_a_record_is_known_from_the_export_it_first_appears_in(kept):
    rows = kept.district.frame("absences").query("student_id == '1'").sort_values(["occurred_on", "known_at"])
    assert told(rows, "occurred_on", "kind", "known_at", "retracted_at") == [
        ("2024-09-03", "excused", "2024-09-06", "2024-10-06"),
        ("2024-09-04", "unexcused", "2024-09-07", "2024-09-15"),
        ("2024-09-04", "tardy", "2024-09-15", "2024-10-06"),
        ("2024-09-05", "unexcused", "2024-09-08", None),
        ("2024-09-06", "excused", "2024-09-15", None),
    ]


def test_a_changed_enrollment_is_a_correction_and_a_missing_resource_is_none(kept):
    rows = kept.district.frame("enrollments").query("student_id == '1'").sort_values("known_at")
    assert told(rows, "left_on", "known_at", "retracted_at") == [
        (None, "2024-09-02", "2024-10-06"),
        ("2024-10-01", "2024-10-06", None),
    ]
    assert kept.district.frame("grades").query("kind == 'final'")["retracted_at"].isna().all()


def test_schools_are_those_of_the_newest_export_and_every_row_is_somewhere(kept, tmp_path):
    assert kept.district.frame("schools")["school_name"].tolist()[0] == "Hill Middle"
    assert_every_row_is_somewhere(kept)
    files = kept.files.set_index("file")
    assert files.loc["2024-09-15/schools.jsonl", "ignored_because"] == "a later export says it anew (2)"
    # Whoever stays absent in three exports is one row of the table and three of the account.
    assert files.loc["2024-10-06/studentSchoolAttendanceEvents.jsonl", "rows_out"] > 0
    assert "EID-EDF-007" not in set(kept.rules["code"])
    assert 0 < kept.capabilities["known_at_imputed"]["absences"] < 1
    assert check_district(write_check(kept, tmp_path / "out"), today=_TODAY).ok


def test_an_export_of_the_next_school_year_takes_nothing_of_the_last_one_back(tmp_path):
    tables = small_district()
    later = {name: frame.copy() for name, frame in tables.items()}
    later["absences"] = (
        later["absences"]
        .assign(occurred_on="2025-09-05", known_at="", retracted_at="")
        .drop_duplicates(["student_id", "kind", "school_id"])
    )
    write_csv(tmp_path / "2024-09-29", tables)
    write_csv(tmp_path / "2025-09-28", later)
    result = check_district(tmp_path, today=dt.date(2025, 10, 1))
    old = result.district.frame("absences")
    assert old["occurred_on"].dt.year.eq(2024).sum() == len(tables["absences"])


def test_what_the_source_knows_about_knowing_is_kept(tmp_path):
    write_csv(tmp_path / "2024-09-22", small_district())
    write_csv(tmp_path / "2024-09-29", small_district())
    result = check_district(tmp_path, today=dt.date(2024, 9, 30))
    alone = check_district(tmp_path / "2024-09-22", today=dt.date(2024, 9, 30))
    for name in small_district():
        order = list(alone.district.frame(name).columns)
        pd.testing.assert_frame_equal(
            result.district.frame(name).sort_values(order, ignore_index=True),
            alone.district.frame(name).sort_values(order, ignore_index=True),
        )
