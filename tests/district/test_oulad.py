from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from broken_csv import break_files
from good_rows import BROKEN, assert_good_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.district import check_district, read_district, write_check
from early_id.district._sources._oulad import read_oulad
from early_id.exceptions import ConfigError, DataError

_REAL = Path(__file__).parents[2].parent / "shared" / "data" / "oulad"
_needs_data = pytest.mark.skipif(not _REAL.is_dir(), reason="needs the OULAD files in ../shared/data/oulad")

_FILES = {
    "courses": ["code_module,code_presentation,module_presentation_length", "AAA,2013J,60", "AAA,2014B,60"],
    "assessments": [
        "code_module,code_presentation,id_assessment,assessment_type,date,weight",
        "AAA,2013J,1,TMA,10,20",
        "AAA,2013J,2,CMA,20,12.5",
        "AAA,2013J,3,Exam,,100",
        "AAA,2014B,4,TMA,10,100",
    ],
    "studentRegistration": [
        "code_module,code_presentation,id_student,date_registration,date_unregistration",
        "AAA,2013J,11,-10,",
        "AAA,2013J,12,-5,15",
        "AAA,2013J,13,12,",
        "AAA,2013J,14,,",
        "AAA,2013J,15,-5,-5",
        "AAA,2014B,11,-40,?",
    ],
    "studentInfo": [
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,"
        "num_of_prev_attempts,studied_credits,disability,final_result",
        "AAA,2013J,11,F,Wales,HE Qualification,10-20,0-35,0,60,N,Pass",
        "AAA,2013J,12,M,Wales,HE Qualification,?,0-35,0,60,N,Withdrawn",
        "AAA,2013J,13,M,Wales,HE Qualification,20-30%,35-55,0,60,Y,Fail",
        "AAA,2013J,14,M,Wales,HE Qualification,20-30%,35-55,0,60,Y,Fail",
        "AAA,2013J,15,M,Wales,HE Qualification,20-30%,35-55,0,60,Y,Withdrawn",
        "AAA,2014B,11,F,Wales,HE Qualification,10-20%,35-55,0,60,N,Distinction",
    ],
    "studentAssessment": [
        "id_assessment,id_student,date_submitted,is_banked,score",
        "1,11,9,0,78",
        "2,11,25,0,",
        "3,11,60,0,90",
        "1,12,10,0,55.5",
        "2,13,-1,1,60",
        "4,11,12,0,81",
    ],
}


@pytest.fixture
def files(tmp_path):
    for name, lines in _FILES.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def _rewrite(folder, name, old, new):
    file = folder / f"{name}.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def _day(number, start="2013-10-01"):
    return pd.Timestamp(start) + pd.Timedelta(days=number)


def _balance(result):
    files = result.files
    return (files["rows_in"] == files["rows_out"] + files["quarantined"] + files["ignored"]).all()


def test_presentations_are_schools_with_a_year_of_their_own(files):
    district = read_district(files, source="oulad")
    schools = district.frame("schools")
    assert schools["school_id"].tolist() == ["AAA-2013J", "AAA-2014B"]
    assert schools["district_id"].tolist() == ["AAA", "AAA"]
    calendar = district.frame("calendar").query("school_id == 'AAA-2013J'")
    assert set(calendar["school_year"]) == {201310}
    assert set(calendar["term"]) == {"2013J"}
    assert calendar["day"].min() == _day(0)
    # Every day of the week, day 60 (a Saturday) included.
    assert sorted(calendar["day"]) == [_day(day) for day in range(61)]


def test_the_visible_enrollments_of_a_day_are_its_risk_set(files):
    """Registered on or before the day, and not unregistered on or before it."""
    rows = read_district(files, source="oulad").frame("enrollments").query("school_id == 'AAA-2013J'")
    registered = {"11": (-10, 999), "12": (-5, 15), "13": (12, 999), "15": (-5, -5)}
    for day in range(-15, 30):
        today = _day(day)
        visible = rows[(rows["known_at"] <= today) & ~(rows["retracted_at"] <= today)]
        there = visible[(visible["entered_on"] <= today) & ~(visible["left_on"] < today)]
        expected = {student for student, (start, stop) in registered.items() if start <= day < stop}
        assert sorted(there["student_id"]) == sorted(expected)


def test_work_is_missing_from_its_due_day_until_it_is_handed_in(files):
    grades = read_district(files, source="oulad").frame("grades")
    assert set(grades["course_id"]) == set(grades["school_id"]) == {"AAA-2013J", "AAA-2014B"}
    mine = grades.query("student_id == '11' and school_id == 'AAA-2013J'").set_index(
        ["assessment_id", "mark"]
    )
    on_time = mine.loc["1"].iloc[0]
    assert (on_time["hundredths"], on_time["weight"]) == (7800, 2000)
    assert on_time["known_at"] == on_time["assessed_on"] == _day(9)
    assert on_time["due_on"] == _day(10)
    late = mine.loc[("2", "missing")]
    assert pd.isna(late["hundredths"])
    assert (late["known_at"], late["assessed_on"], late["retracted_at"]) == (_day(20), _day(20), _day(25))
    handed_in = mine.loc["2"].drop("missing").iloc[0]
    assert handed_in["known_at"] == _day(25)
    assert pd.isna(handed_in["hundredths"])
    assert handed_in["weight"] == 1250
    assert set(mine.index.get_level_values(0)) == {"1", "2"}


def test_nothing_is_missing_of_students_who_are_not_there_or_brought_it_along(files):
    grades = read_district(files, source="oulad").frame("grades")
    missing = grades[grades["mark"] == "missing"]
    # 12 left before assessment 2 was due, 13 came after assessment 1 and brought assessment 2, 15 was never there.
    assert set(zip(missing["student_id"], missing["assessment_id"], strict=True)) == {
        ("11", "2"),
        ("11", "4"),
    }


def test_work_never_handed_in_stays_missing(files):
    _rewrite(files, "studentAssessment", "2,11,25,0,\n", "")
    grades = read_district(files, source="oulad").frame("grades")
    row = grades.query("student_id == '11' and assessment_id == '2'")
    assert row["mark"].tolist() == ["missing"]
    assert row["retracted_at"].isna().all()


def test_a_marking_lag_shows_the_work_first_and_the_score_later(files):
    rows = read_oulad(files, {"mark_lag_days": 14}).rows["grades"].table().to_pandas()
    work = rows[(rows["student_id"] == "12") & (rows["assessment_id"] == "1")].sort_values("known_at")
    assert work["hundredths"].isna().tolist() == [True, False]
    assert work["hundredths"].tolist()[1] == 5550
    assert pd.to_datetime(work["known_at"]).tolist() == [_day(10), _day(24)]
    assert pd.Timestamp(work["retracted_at"].tolist()[0]) == _day(24)
    assert work["mark"].tolist()[0] == "submitted"
    own = rows[(rows["student_id"] == "11") & (rows["assessment_id"] == "2")]
    unscored = own[own["mark"] == "submitted"]
    assert pd.to_datetime(unscored["known_at"]).tolist() == [_day(25)]


def test_outcomes_are_known_on_the_day_of_withdrawal_or_at_the_end(files):
    outcomes = read_district(files, source="oulad").frame("outcomes").set_index(["school_id", "student_id"])
    assert set(outcomes["outcome"]) == {"unsuccessful"}
    assert outcomes["value"].to_dict() == {
        ("AAA-2013J", "11"): "no",
        ("AAA-2013J", "12"): "yes",
        ("AAA-2013J", "13"): "yes",
        ("AAA-2013J", "15"): "yes",
        ("AAA-2014B", "11"): "no",
    }
    assert outcomes.loc[("AAA-2013J", "12"), "known_at"] == _day(15)
    assert outcomes.loc[("AAA-2013J", "13"), "known_at"] == _day(60)
    assert (outcomes["known_at"] == outcomes["occurred_on"]).all()


def test_a_group_holds_until_it_changes(files):
    groups = read_district(files, source="oulad").groups.query("student_id == '11'").set_index("attribute")
    assert groups.loc["imd_band", "value"] == "10-20%"
    assert pd.isna(groups.loc["imd_band", "valid_to"])
    age = groups.loc["age_band"].sort_values("valid_from")
    assert age["value"].tolist() == ["0-35", "35-55"]
    assert age["valid_from"].tolist() == [_day(-10), _day(-40, "2014-02-01")]
    assert age["valid_to"].tolist()[0] == _day(-41, "2014-02-01")
    assert (
        "imd_band"
        not in read_district(files, source="oulad").groups.query("student_id == '12'")["attribute"].tolist()
    )


def test_every_file_is_accounted_for_with_its_reasons(files):
    (files / "vle.csv").write_text("id_site\n1\n2\n")
    result = check_district(files, source="oulad")
    assert result.ok
    assert _balance(result)
    accounts = result.files.set_index("file")
    assert accounts.loc["vle.csv", "ignored_because"] == "not needed (2)"
    assert accounts.loc["assessments.csv", "ignored_because"] == "exam: part of the outcome (1)"
    assert accounts.loc["studentAssessment.csv", "ignored_because"] == (
        "exam: part of the outcome (1); banked: work of an earlier presentation (1)"
    )
    assert accounts.loc["studentRegistration.csv", "ignored"] == 1
    assert accounts["quarantined"].sum() == 0


# What goes with a registration, and with an assessment, that cannot be believed.
_REGISTRATION = {"studentRegistration": 1, "studentInfo": 1, "studentAssessment": 3}
_ASSESSMENT = {"assessments": 1, "studentAssessment": 2}


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "held"),
    [
        ("studentRegistration", "11,-10,", "11,soon,", "EID-OUL-001", _REGISTRATION),
        ("studentAssessment", "1,12,10,0,55.5", "1,12,,0,55.5", "EID-OUL-002", {"studentAssessment": 1}),
        ("studentAssessment", "1,12,10,0,55.5", "1,11,10,0,55.5", "EID-OUL-003", {"studentAssessment": 2}),
        ("studentAssessment", "1,12,10,0,55.5", "1,11,9,0,78", "EID-OUL-003", {"studentAssessment": 1}),
        ("assessments", "AAA,2013J,1,TMA", "BBB,2013J,1,TMA", "EID-OUL-004", _ASSESSMENT),
        ("studentAssessment", "1,12,10,0,55.5", "9,12,10,0,55.5", "EID-OUL-005", {"studentAssessment": 1}),
        ("studentAssessment", "1,12,10,0,55.5", "4,12,10,0,55.5", "EID-OUL-006", {"studentAssessment": 1}),
        ("studentAssessment", "1,12,10,0,55.5", "1,12,10,0,130", "EID-OUL-007", {"studentAssessment": 1}),
        ("studentInfo", "Withdrawn", "Gone", "EID-OUL-007", {"studentInfo": 1}),
        ("studentAssessment", "1,12,10,0,55.5", "1,12,10", "EID-FILE-007", {"studentAssessment": 1}),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_believed_are_held_back(files, name, old, new, code, held):
    _rewrite(files, name, old, new)
    result = check_district(files, source="oulad")
    assert code in set(result.rules["code"])
    assert {key: len(frame) for key, frame in result.quarantine.items()} == held
    assert _balance(result)
    assert result.files["quarantined"].sum() == sum(held.values())
    with pytest.raises(DataError, match=code):
        read_district(files, source="oulad")


def test_missing_files_and_columns_are_named(files):
    with pytest.raises(ConfigError, match="does not exist"):
        read_district(files / "nowhere", source="oulad")
    _rewrite(files, "courses", "module_presentation_length", "module_presentation_lenght")
    with pytest.raises(
        DataError, match=r"courses\.csv, but it has no 'module_presentation_length' \(did you mean"
    ):
        read_district(files, source="oulad")
    (files / "courses.csv").unlink()
    with pytest.raises(
        DataError, match=r"Expected the OULAD file courses\.csv in .*, but it is not there; put"
    ):
        read_district(files, source="oulad")
    (files / "courses.csv").write_text(_FILES["courses"][0])
    with pytest.raises(DataError, match=r"Expected rows in courses\.csv, but it is empty"):
        read_district(files, source="oulad")


def test_days_without_a_click_are_absences(files):
    clicks = [
        "AAA,2013J,11,5,0,3",   # Tuesday, day 0
        "AAA,2013J,11,6,0,1",   # another site, same day
        "AAA,2013J,11,5,2,3",   # Thursday
        "AAA,2013J,11,5,4,3",   # Saturday: a day like any other
        "AAA,2013J,12,5,6,1",   # Monday: the last day of the stream
        "AAA,2013J,12,5,-3,1",  # before the start
        "AAA,2013J,13,5,3,1",   # Friday, before registration
    ]  # fmt: skip
    (files / "studentVle.csv").write_text(
        "\n".join(["code_module,code_presentation,id_student,id_site,date,sum_click", *clicks]) + "\n"
    )
    result = check_district(files, source="oulad")
    assert result.ok
    assert _balance(result)
    district = result.district
    feed = district.frame("attendance_feed")
    running = [_day(day) for day in range(7)]
    assert feed["day"].tolist() == running
    assert (feed["known_at"] == feed["day"]).all()
    absences = district.frame("absences")
    away = absences.groupby("student_id")["occurred_on"].agg(list).to_dict()
    assert away == {
        "11": [_day(1), _day(3), _day(5), _day(6)],
        "12": [_day(day) for day in range(6)],
    }
    assert set(absences["kind"]) == {"unexcused"}
    assert set(absences["thousandths"]) == {1000}
    accounts = result.files.set_index("file").loc["studentVle.csv"]
    assert (accounts["rows_in"], accounts["rows_out"]) == (7, 5)
    assert accounts["ignored_because"] == (
        "click on a day outside the presentation (1); click on a day the student was not registered (1)"
    )


def test_without_the_click_stream_there_is_no_attendance(files):
    result = check_district(files, source="oulad")
    assert not result.district.signals.has("attendance_feed")
    assert result.capabilities["features"]["attendance"] == "no: no rows in attendance_feed"
    assert result.capabilities["labels"]["outcome:unsuccessful"] == "yes: 5 rows"


@pytest.mark.data
@pytest.mark.slow
@_needs_data
def test_the_real_files_reconcile_with_counts_taken_from_them(tmp_path):
    result = check_district(_REAL, source="oulad", today=dt.date(2016, 1, 1))
    assert result.ok
    assert _balance(result)
    files = result.files.set_index("file")
    assert files.loc["studentRegistration.csv", ["rows_in", "ignored"]].tolist() == [21_333, 36]
    assert files.loc["studentAssessment.csv", "rows_in"] == 121_738
    registration = pd.read_csv(_REAL / "studentRegistration.csv").dropna(subset="date_registration")
    enrollments = result.district.frame("enrollments")
    start = {"2013B": "2013-02-01", "2013J": "2013-10-01", "2014B": "2014-02-01"}
    for presentation, day0 in start.items():
        for day in (14, 56):
            mine = registration[registration["code_presentation"] == presentation]
            risk = mine[(mine["date_registration"] <= day) & ~(mine["date_unregistration"] <= day)]
            today = _day(day, day0)
            rows = enrollments[enrollments["school_id"].str.endswith(presentation)]
            visible = rows[(rows["known_at"] <= today) & ~(rows["retracted_at"] <= today)]
            there = visible[(visible["entered_on"] <= today) & ~(visible["left_on"] < today)]
            assert len(there) == len(risk)
    submitted = result.district.frame("grades").query("mark != 'missing'")
    work = pd.read_csv(_REAL / "studentAssessment.csv").merge(
        pd.read_csv(_REAL / "assessments.csv"), on="id_assessment"
    )
    work = work[(work["is_banked"] == 0) & (work["assessment_type"] != "Exam")]
    work = work.merge(registration, on=["code_module", "code_presentation", "id_student"])
    assert len(submitted) == len(work)
    assert submitted["hundredths"].sum() == work["score"].sum() * 100


def test_without_a_course_the_check_stops_with_an_error(files):
    header, *rows = _FILES["courses"]
    (files / "courses.csv").write_text("\n".join([header, *(row.replace(",60", ",0") for row in rows)]))
    result = check_district(files, source="oulad")
    assert {"EID-OUL-007", "EID-FILE-012"} <= set(result.rules["code"])
    counts = result.files
    assert (counts["rows_in"] == counts["rows_out"] + counts["quarantined"] + counts["ignored"]).all()


_CELLS = [
    "",
    "?",
    "AAA",
    "BBB",
    "2013J",
    "2014B",
    "-1",
    "0",
    "11",
    "60",
    "99999",
    "1e9",
    "nan",
    "TMA",
    "Exam",
    "Pass",
    "é,\"'",
]


def _holds_however_it_is_broken(data):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        for name, lines in _FILES.items():
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
        break_files(folder, [f"{name}.csv" for name in _FILES], _CELLS, data)
        assert_good_or_refused(
            lambda: check_district(folder, source="oulad"),
            lambda found: check_district(write_check(found, Path(place) / "out")),
        )


@given(data=st.data())
@settings(max_examples=6, **BROKEN)
def test_however_the_files_are_broken(data):
    _holds_however_it_is_broken(data)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=80, **BROKEN)
def test_however_the_files_are_broken_at_length(data):
    _holds_however_it_is_broken(data)


def test_where_nobody_left_no_row_is_made_up(files):
    _rewrite(files, "studentRegistration", "AAA,2013J,12,-5,15", "AAA,2013J,12,-5,")
    _rewrite(files, "studentRegistration", "AAA,2013J,15,-5,-5", "AAA,2013J,15,-5,")
    result = check_district(files, source="oulad")
    assert "error" not in set(result.rules["severity"])
    assert len(result.district.frame("enrollments")) == 5
