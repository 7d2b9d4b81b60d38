"""Ed-Fi exports: what every object becomes, on a hand-made export, on a simulated county and on official sample data."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from good_rows import assert_every_row_is_somewhere
from small_edfi import TODAY, small_edfi, write_edfi_files

from early_id.district import check_district, read_district, write_check, write_county
from early_id.exceptions import ConfigError, DataError

_TODAY = dt.date.fromisoformat(TODAY)
SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "edfi"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = write_edfi_files(tmp_path_factory.mktemp("edfi"), small_edfi())
    return check_district(folder, source="edfi", today=_TODAY)


def rows_of(result, table, *columns):
    frame = result.district.frame(table)[list(columns)].astype(object)
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame.itertuples(index=False)]


def days(*rows, at):
    return [
        tuple(pd.Timestamp(cell) if place in at and cell else cell for place, cell in enumerate(row))
        for row in rows
    ]


def accounts(result):
    return {
        row.file.removesuffix(".jsonl"): (row.rows_in, row.rows_out, row.quarantined, row.ignored)
        for row in result.files.itertuples()
    }


def test_schools_and_who_is_enrolled_in_them(small):
    assert rows_of(
        small, "schools", "school_id", "district_id", "district_name", "low_grade", "high_grade"
    ) == [
        ("101", "1", "Bend USD", 6, 8),
        ("102", "102", "Lake Charter", None, None),
    ]
    columns = (
        "student_id",
        "school_id",
        "entered_on",
        "school_year",
        "grade_level",
        "left_on",
        "exit_reason",
        "primary",
    )
    assert rows_of(small, "enrollments", *columns) == days(
        ("1", "101", "2024-09-02", 2025, 7, None, None, True),
        ("2", "101", "2024-09-02", 2025, None, None, None, True),
        ("2", "102", "2024-09-03", 2025, None, None, None, False),
        ("3", "102", "2024-09-02", 2025, None, None, None, False),
        ("3", "101", "2024-09-04", 2025, None, None, None, True),
        ("4", "101", "2024-09-02", 2025, None, "2024-09-05", "Dropout", True),
        ("6", "102", "2024-09-02", 2025, None, None, None, True),
        at=(2, 5),
    )
    assert rows_of(small, "outcomes", "student_id", "outcome", "occurred_on", "value") == days(
        ("4", "dropout", "2024-09-05", "yes"),
        ("4", "graduation", "2024-09-05", "no"),
        ("3", "graduation", "2024-12-20", "yes"),
        at=(2,),
    )
    examples = small.rules.set_index("code")["examples"]
    assert "grade level uri://ed-fi.org/GradeLevelDescriptor#Pod B of student 6" in examples["EID-SRC-007"][0]
    assert len(examples["EID-EDF-003"]) == 2


def test_a_school_day_is_a_day_of_instruction_of_the_school_s_own_calendars(small):
    calendar = small.district.frame("calendar")
    assert calendar["day"].dt.strftime("%d").tolist() == ["02", "03", "04", "05", "06"]
    assert set(calendar["term"]) == {"Fall"}
    assert accounts(small)["calendarDates"] == (9, 6, 0, 3)
    assert small.rules.set_index("code").loc["EID-EDF-008", "examples"] == ["school 102"]


def test_absences_are_sized_and_what_nobody_knows_stays_unknown(small):
    assert rows_of(small, "absences", "student_id", "occurred_on", "kind", "thousandths") == days(
        ("1", "2024-09-03", "excused", 1000),
        ("1", "2024-09-04", "unexcused", 1000),
        ("1", "2024-09-05", "unexcused", 500),
        ("2", "2024-09-03", "tardy", None),
        ("2", "2024-09-04", "partial", None),
        at=(1,),
    )
    # Quarantined: a category nobody explains, a Saturday, a day after the last one, a student never enrolled.
    assert accounts(small)["studentSchoolAttendanceEvents"] == (11, 6, 4, 1)
    assert accounts(small)["studentSectionAttendanceEvents"] == (2, 0, 0, 2)
    found = small.rules.set_index("code")["examples"]
    assert found["EID-EDF-002"] == ["school 101: 1 of 10 records say present"]
    assert found["EID-EDF-009"] == ["school 102"]
    assert (
        "attendance category uri://ed-fi.org/AttendanceEventCategoryDescriptor#Field Trip"
        in found["EID-SRC-005"][0]
    )


def test_minutes_have_a_size_where_the_district_says_how_long_its_day_is(tmp_path):
    folder = write_edfi_files(tmp_path, small_edfi())
    own = {
        "minutes_per_day": "240",
        "descriptors": {"AttendanceEventCategory": {"Field Trip": "present"}, "GradeLevel": {"pod b": "5"}},
        "last_day": "exclusive",
    }
    result = check_district(folder, source="edfi", mapping=own, today=_TODAY)
    late = result.district.frame("absences").query("kind == 'tardy'")
    assert late["thousandths"].tolist() == [50]
    assert "EID-SRC-007" not in set(result.rules["code"])
    assert (
        str(result.district.frame("enrollments").query("student_id == '4'")["left_on"].iloc[0].date())
        == "2024-09-04"
    )


def test_a_day_is_submitted_where_attendance_was_taken_and_no_earlier_than_its_absences_are_known(small):
    assert rows_of(small, "attendance_feed", "school_id", "day", "known_at") == days(
        ("101", "2024-09-03", "2024-09-06"), ("101", "2024-09-04", "2024-09-11"), at=(1, 2)
    )


def test_without_taken_events_a_day_with_an_event_counts_as_submitted(tmp_path):
    resources = small_edfi() | {"sectionAttendanceTakenEvents": []}
    result = check_district(write_edfi_files(tmp_path, resources), source="edfi", today=_TODAY)
    feed = result.district.frame("attendance_feed")
    assert feed["day"].dt.strftime("%d").tolist() == ["03", "04", "05", "06"]  # the Saturday is no school day
    assert (feed["known_at"] - feed["day"]).dt.days.eq(3).all()
    assert "EID-EDF-006" in set(result.rules["code"])


def test_marks_are_dated_named_and_scaled(small):
    columns = (
        "student_id",
        "course_id",
        "kind",
        "hundredths",
        "mark",
        "due_on",
        "assessed_on",
        "subject",
        "core",
        "term",
    )
    assert sorted(rows_of(small, "grades", *columns), key=str) == sorted(
        days(
            ("1", "ALG-101", "final", 8725, "B", None, "2024-11-01", "Mathematics", True, "Fall"),
            ("2", "ALG-101", "progress", None, "D", None, "2024-10-01", "Mathematics", True, "Fall"),
            (
                "1",
                "ALG-101",
                "assignment",
                8500,
                None,
                "2024-09-05",
                "2024-09-04",
                "Mathematics",
                True,
                "Fall",
            ),
            (
                "2",
                "ALG-101",
                "assignment",
                None,
                "missing",
                "2024-09-05",
                "2024-09-05",
                "Mathematics",
                True,
                "Fall",
            ),
            (
                "3",
                "ALG-101",
                "assignment",
                10000,
                None,
                "2024-09-05",
                "2024-09-05",
                "Mathematics",
                True,
                "Fall",
            ),
            ("3", "ALG-101", "final", 6100, None, None, "2024-12-20", "Mathematics", True, "Fall"),
            at=(5, 6),
        ),
        key=str,
    )
    assert accounts(small)["courseTranscripts"] == (2, 1, 0, 1)  # of student 1 the final mark is in grades
    assert accounts(small)["studentGradebookEntries"] == (4, 3, 1, 0)
    assert "EID-EDF-004" in set(small.rules["code"])


def test_an_incident_is_one_row_a_student_with_what_followed(small):
    columns = ("student_id", "incident_id", "behavior", "basis", "suspension_days", "expelled")
    assert rows_of(small, "incidents", *columns) == [
        ("1", "i1", "School Violation; State Offense", "objective", 2, True),
        ("2", "i1", "School Violation", None, 0, False),
        ("3", "action a4", "not recorded", None, 1, False),
    ]
    assert accounts(small)["disciplineActions"] == (4, 4, 0, 0)
    assert accounts(small)["studentDisciplineIncidentBehaviorAssociations"] == (5, 3, 1, 1)
    assert accounts(small)["disciplineIncidents"] == (2, 1, 0, 1)
    assert {"EID-EDF-005", "EID-INC-002"} <= set(small.rules["code"])


def test_groups_hold_over_time_and_no_is_said_only_where_somebody_would_have_said_yes(small):
    told = {
        (attribute, student): [
            (value, str(since.date()), None if pd.isna(to) else str(to.date())) for value, since, to in rows
        ]
        for (attribute, student), rows in (
            (key, part[["value", "valid_from", "valid_to"]].itertuples(index=False))
            for key, part in small.district.groups.sort_values("valid_from").groupby(
                ["attribute", "student_id"]
            )
        )
    }
    assert told["race_ethnicity", "1"] == [("Two or more", "2024-09-02", None)]
    assert told["race_ethnicity", "2"] == [("Hispanic", "2024-09-02", None)]
    assert told["gender", "1"] == [("Non-binary", "2024-09-02", None)]
    assert told["gender", "2"] == [("Female", "2024-09-02", None)]
    assert told["students_with_disabilities", "1"] == [
        ("no", "2024-09-02", "2024-09-02"),
        ("yes", "2024-09-03", "2024-10-05"),
        ("no", "2024-10-06", None),
    ]
    assert told["students_with_disabilities", "6"] == [("no", "2024-09-02", None)]
    assert told["foster", "2"] == [
        ("no", "2024-09-02", "2024-09-03"),
        ("yes", "2024-09-04", "2024-09-10"),
        ("no", "2024-09-11", None),
    ]
    assert told["english_learner", "2"][1] == ("yes", "2024-09-03", None)
    assert ("section_504", "1") not in told  # no such resource was exported


def test_every_object_is_accounted_for_and_the_good_rows_hold_again(small, tmp_path):
    assert_every_row_is_somewhere(small)
    assert small.files["rows_in"].sum() == sum(map(len, small_edfi().values()))
    again = check_district(write_check(small, tmp_path / "out"), today=_TODAY)
    assert again.ok


def test_pages_arrays_folders_and_marks_of_encoding_are_one_export(small, tmp_path):
    resources = small_edfi()
    write_edfi_files(
        tmp_path, {name: rows for name, rows in resources.items() if name not in ("grades", "students")}
    )
    (tmp_path / "grades").mkdir()
    for page, one in enumerate(resources["grades"]):
        (tmp_path / "grades" / f"{page}.json").write_text(json.dumps([one], indent=1), encoding="utf-8")
    students = resources["students"]
    (tmp_path / "students-1.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(students[:1]).encode())
    (tmp_path / "students_2.JSON").write_bytes(json.dumps([*students[1:], students[0]]).encode("utf-16"))
    result = check_district(tmp_path, source="edfi", today=_TODAY)
    for table in ("grades", "groups", "enrollments"):
        one, other = (part.district.frame(table) for part in (small, result))
        order = [name for name in one.columns if name != "known_at"]
        pd.testing.assert_frame_equal(
            one.sort_values(order, ignore_index=True), other.sort_values(order, ignore_index=True)
        )
    assert accounts(result)["students_2.JSON"] == (2, 1, 0, 1)  # the object that is there twice is left out


def test_what_is_no_object_is_held_back_with_its_text(tmp_path):
    folder = write_edfi_files(tmp_path, small_edfi())
    with (folder / "grades.jsonl").open("a") as file:
        file.write('[1, 2]\n"x"\n{"half": \n')
    (folder / "schools.jsonl").write_text(json.dumps(small_edfi()["schools"])[:-30])
    result = check_district(folder, source="edfi", today=_TODAY)
    assert accounts(result)["grades"][:3] == (6, 2, 3)
    assert accounts(result)["schools"] == (2, 1, 1, 0)
    held = result.quarantine["grades"].query("rule == 'EID-EDF-001'")
    assert held["item"].tolist() == ["[1, 2]", '"x"', '{"half":']


def test_objects_of_one_name_that_differ_are_both_held_back(tmp_path):
    resources = small_edfi()
    resources["sessions"] += [{**resources["sessions"][0], "endDate": "2024-12-01"}]
    result = check_district(write_edfi_files(tmp_path, resources), source="edfi", today=_TODAY)
    assert accounts(result)["sessions"][2] == 2
    assert "sessionName" not in result.rules.set_index("code").loc["EID-SRC-003", "examples"][0]


def test_work_of_an_entry_without_a_namespace_is_found(tmp_path):
    resources = small_edfi()
    for one in resources["gradebookEntries"]:
        del one["namespace"]
    for one in resources["studentGradebookEntries"]:
        del one["gradebookEntryReference"]["namespace"]
    result = check_district(write_edfi_files(tmp_path, resources), source="edfi", today=_TODAY)
    assert_every_row_is_somewhere(result)
    assert accounts(result)["studentGradebookEntries"] == (4, 3, 1, 0)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "found no JSON file"),
        ({"pupils.json": "[]"}, "found 'pupils.json'; name each file after the Ed-Fi resource it holds"),
    ],
)
def test_a_folder_without_resources_is_refused(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=said):
        read_district(tmp_path, source="edfi")


def test_a_mapping_the_source_does_not_know_is_refused(tmp_path):
    folder = write_edfi_files(tmp_path, small_edfi())
    with pytest.raises(ConfigError, match=r"got 'descriptor': .*; see docs/sources\.md"):
        read_district(folder, source="edfi", mapping={"descriptor": {}})
    with pytest.raises(ConfigError, match="does not exist"):
        read_district(tmp_path / "none", source="edfi")


# --- there and back ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    place = tmp_path_factory.mktemp("county")
    size = {"students": 300, "schools": 3, "districts": 1, "years": 2, "seed": 1}
    write_county(place / "tables", **size)
    write_county(place / "edfi", **size, layout="edfi")
    first = check_district(place / "tables").district
    result = check_district(place / "edfi", source="edfi", mapping=place / "edfi" / "mapping.yaml")
    return first, result


#: What the standard does not carry: when a record was known, and weights and names of assignments. The end of an
#: enrollment says dropout where there is one.
_NOT_CARRIED = {"known_at", "known_at_assumed", "retracted_at", "assessment_id", "weight", "exit_reason"}


def _comparable(frame, table):
    if "retracted_at" in frame:
        frame = frame[frame["retracted_at"].isna()]
    frame = frame.drop(columns=[name for name in frame.columns if name in _NOT_CARRIED])
    for name in ("school_id", "district_id"):
        if name in frame:
            frame = frame.assign(**{name: frame[name].str.lstrip("0")})
    if "course_id" in frame:
        frame = frame.assign(course_id=frame["course_id"].str.replace(r"-0*(\d+)$", r"-\1", regex=True))
    if table == "absences":
        frame = frame.assign(thousandths=(frame["thousandths"] / 10).round().astype("int64"))
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize(
    "table", ["schools", "calendar", "enrollments", "absences", "attendance_feed", "grades", "incidents"]
)
def test_what_is_written_is_read_back(county, table):
    first, result = county
    written, read = (_comparable(part.frame(table), table) for part in (first, result.district))
    assert len(written) > 0
    if table == "absences":  # a half between two hundredths may go either way
        assert (written.pop("thousandths") - read.pop("thousandths")).abs().max() <= 1
    pd.testing.assert_frame_equal(written, read)


def test_outcomes_that_the_standard_carries_are_read_back(county):
    first, result = county
    told = first.frame("outcomes").query("value == 'yes'")
    read = result.district.frame("outcomes").query("value == 'yes'")
    key = ["student_id", "outcome", "occurred_on"]
    assert sorted(map(tuple, told[key].to_numpy())) == sorted(map(tuple, read[key].to_numpy()))


def test_groups_hold_on_every_enrolled_day_as_they_did(county):
    first, result = county
    enrolled = first.frame("enrollments")[["student_id", "entered_on"]].drop_duplicates()

    def held(groups):
        rows = enrolled.merge(groups, on="student_id")
        now = rows[(rows["valid_from"] <= rows["entered_on"]) & ~(rows["valid_to"] < rows["entered_on"])]
        return now[["student_id", "entered_on", "attribute", "value"]].sort_values(
            ["student_id", "entered_on", "attribute"], ignore_index=True
        )

    both = held(first.groups).merge(held(result.district.groups), how="outer", indicator=True)
    assert not (both["_merge"] == "left_only").any()
    # Of whom nobody knew, nobody says yes: in an export that reads as no.
    assert set(both.loc[both["_merge"] == "right_only", "value"]) == {"no"}
    assert (both["_merge"] == "both").mean() > 0.9
    assert result.ok
    assert "EID-SRC-006" not in set(result.rules["code"])


# --- official sample data ---------------------------------------------------------------------------------------


@pytest.mark.data
def test_every_row_of_the_sample_district_is_somewhere():
    if not SAMPLE.is_dir():
        pytest.skip("the Ed-Fi sample data is not beside the project")
    result = check_district(SAMPLE, source="edfi")
    files = result.files.set_index("file")
    for file in SAMPLE.glob("*.jsonl"):
        assert files.loc[file.name, "rows_in"] == len(file.read_text().splitlines())
    assert_every_row_is_somewhere(result)
    # Marks of students of whom no school is known are the only rows that cannot be believed.
    assert set(result.rules.loc[result.rules["severity"] == "error", "code"]) == {"EID-GRD-001"}
    assert len(result.district.frame("absences")) == 1086
    assert (
        result.capabilities["cadence"].startswith("only yearly")
        or "calendar" in result.capabilities["absent"]
    )
