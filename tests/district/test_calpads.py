"""CALPADS files as a district and the state write them; what comes of every line was worked out by hand."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest

from early_id.district import check_district, read_district
from early_id.district._sources._calpads import read_calpads
from early_id.exceptions import ConfigError, DataError

FILES = Path(__file__).parent / "calpads"
TODAY = dt.date(2025, 3, 10)
MAPPING = {
    "schools": {"0100011": "Alder Middle"},
    "districts": {"0112345": "North River Unified"},
    "terms": {"S1": {"2024": "2023-12-20"}},
    "codes": {"special_education": {"3": "no"}, "subject": {"24": "math"}, "core": {"math": "yes"}},
}


def check(folder=FILES, mapping=MAPPING):
    return check_district(folder, source="calpads", mapping=mapping, today=TODAY)


@pytest.fixture(scope="module")
def result():
    return check()


def _cell(value):
    if pd.isna(value):
        return "-"
    text = str(value.date()) if isinstance(value, pd.Timestamp) else str(value)
    return text.removesuffix(".0").removeprefix("0000000")


def told(result, table, columns):
    """Rows of a table as text in order; of a student the last three digits, nothing as a dash."""
    frame = result.district.frame(table)[columns.split()].astype(object)
    return sorted(" ".join(map(_cell, row)) for row in frame.to_numpy())


def accounts(result):
    return {
        row.file: (row.rows_in, row.rows_out, row.quarantined, row.ignored)
        for row in result.files.itertuples()
    }


def codes(result):
    return dict(zip(result.rules["code"], result.rules["rows"], strict=True))


# --- the files as they are ------------------------------------------------------------------------------------------


def test_every_line_is_accounted_for(result):
    assert accounts(result) == {
        "SENR extract January.csv": (4, 3, 0, 1),
        "SENR extract October.txt": (3, 3, 0, 0),
        "absence extract.txt": (2, 1, 0, 1),
        "absence.txt": (4, 3, 0, 1),
        "courses.txt": (7, 4, 0, 3),
        "discipline.txt": (12, 12, 0, 0),
        "enrollment.txt": (15, 11, 0, 4),
        "information.csv": (6, 6, 0, 0),
        "programs.txt": (10, 9, 0, 1),
    }
    reasons = result.files.set_index("file")["ignored_because"]
    assert reasons["SENR extract January.csv"] == "header (1)"
    assert reasons["absence extract.txt"] == "sent before the school year was over (1)"
    assert set(reasons["enrollment.txt"].split("; ")) == {
        "deleted by a later record (1)",
        "deletion of another record (1)",
        "no-show: the student never came, so there was no stay (1)",
        "replaced by a later record (1)",
    }


def test_only_warnings_are_found(result):
    assert result.ok
    assert result.quarantine == {}
    assert codes(result) == {
        "EID-FILE-009": 1,
        "EID-CPS-008": 1,
        "EID-CPS-011": 1,
        "EID-FILE-014": 0,
        "EID-ENR-112": 10,
        "EID-TOT-112": 3,
        "EID-GRD-112": 3,
        "EID-INC-112": 4,
        "EID-OUT-112": 2,
    }


def test_what_the_standard_does_not_carry_is_said_in_words(result):
    found = result.rules.set_index("code").loc["EID-FILE-014"]
    assert found["examples"] == ["the source carries no calendar, absences, attendance_feed"]
    absent = result.capabilities["absent"]
    assert absent["calendar"] == absent["absences"] == "this source does not carry it"
    assert result.capabilities["cadence"].startswith("only yearly, no weekly list")
    assert result.capabilities["labels"]["chronic_absence"].startswith("no: no rows in calendar")


def test_reading_gives_what_checking_gives(result):
    district = read_district(FILES, source="calpads", mapping=MAPPING, today=TODAY)
    for name in ("enrollments", "groups", "outcomes"):
        pd.testing.assert_frame_equal(district.frame(name), result.district.frame(name))


def test_schools(result):
    assert told(
        result, "schools", "school_id school_name district_id district_name low_grade high_grade"
    ) == [
        "0100011 Alder Middle 0112345 North River Unified 0 12",
        "0100022 0100022 0112345 North River Unified -1 11",
        "7100005 7100005 0112345 North River Unified 8 8",
    ]


def test_enrollments(result):
    columns = "student_id school_id entered_on school_year grade_level left_on exit_reason primary known_at retracted_at"
    # 102 and 113: an exit and an entry the day after are one stay; of 112 and 113 the exit came with a later update.
    assert told(result, "enrollments", columns) == [
        "101 0100011 2023-08-16 2024 8 2024-06-07 E155 True 2023-08-16 -",
        "101 0100011 2024-08-14 2025 9 - - True 2024-08-20 -",
        "102 0100011 2023-08-16 2024 7 2024-06-07 E155 True 2023-08-16 -",
        "103 0100011 2023-08-16 2024 11 2024-03-01 E140 True 2023-08-16 -",
        "104 0100011 2023-08-16 2024 10 2024-03-15 E400 True 2023-08-16 -",
        "104 0100022 2024-09-05 2025 11 - - True 2024-09-10 -",
        "105 0100011 2023-08-16 2024 12 2024-06-07 E230 True 2023-08-16 -",
        "106 0100011 2023-08-16 2024 12 2024-06-07 E230 True 2023-08-16 -",
        "108 7100005 2023-08-16 2024 8 2024-06-07 E155 True 2023-08-16 -",
        "109 0100011 2023-08-16 2024 6 2024-06-07 E155 True 2023-08-16 -",
        "109 0100022 2023-09-01 2024 6 2024-05-31 E170 False 2023-09-01 -",
        "111 0100011 2023-08-16 2024 0 2024-06-07 E155 True 2023-08-16 -",
        "112 0100022 2024-08-14 2025 -1 - - True 2024-08-20 2025-01-13",
        "112 0100022 2024-08-14 2025 -1 2025-01-10 T160 True 2025-01-13 -",
        "113 0100011 2024-08-14 2025 7 - - True 2024-08-20 2025-01-15",
        "113 0100011 2024-08-14 2025 8 - - True 2025-01-15 -",
    ]


def test_absence_totals(result):
    columns = (
        "student_id school_id school_year expected_days excused_days unexcused_days suspension_out_days "
        "suspension_in_days incomplete_study_days known_at"
    )
    assert told(result, "absence_totals", columns) == [
        "101 0100011 2024 180 5 2 1 2 0 2024-08-14",
        "102 0100011 2024 170 10 9 0 1 0 2024-08-14",
        "103 0100011 2024 20 10 0 0 0 0 2024-08-14",
        "109 0100022 2024 180 0 18 0 0 0 2024-06-30",
    ]


def test_outcomes(result):
    # 104 left without a known enrollment and was back before the census day, 106 completed grade 12 without a diploma;
    # 102 was absent 19 of 170 days, 109 exactly 18 of 180, 103 was not expected long enough to count.
    assert told(result, "outcomes", "student_id school_id outcome occurred_on value known_at") == [
        "101 0100011 chronic_absence 2024-06-07 no 2024-08-14",
        "101 0100011 dropout 2024-06-07 no 2024-10-02",
        "102 0100011 chronic_absence 2024-06-07 yes 2024-08-14",
        "102 0100011 dropout 2024-06-07 no 2024-10-02",
        "103 0100011 dropout 2024-03-01 yes 2024-10-02",
        "104 0100011 dropout 2024-03-15 no 2024-10-02",
        "105 0100011 dropout 2024-06-07 no 2024-10-02",
        "105 0100011 graduation 2024-06-07 yes 2024-06-07",
        "106 0100011 dropout 2024-06-07 yes 2024-10-02",
        "106 0100011 graduation 2024-06-07 no 2024-06-07",
        "108 7100005 dropout 2024-06-07 no 2024-10-02",
        "109 0100022 chronic_absence 2024-05-31 yes 2024-06-30",
    ]


def test_incidents(result):
    columns = "student_id school_id incident_id occurred_on behavior basis suspension_days expelled known_at"
    # 101: two suspensions of 2 and 1.5 days; the day in school is none of them.
    assert told(result, "incidents", columns) == [
        "101 0100011 2024-0007 2023-10-03 disruption or defiance, serious physical injury objective 4 False 2023-10-10",
        "102 0100011 2024-0007 2023-10-03 disruption or defiance subjective 0 False 2023-10-10",
        "103 0100011 2024-0008 2024-02-20 no offense on record subjective 0 True 2024-02-27",
        "108 7100005 2024-0009 2024-02-21 no offense on record subjective 0 False 2024-02-28",
    ]


def test_marks(result):
    columns = "student_id school_id course_id assessment_id term kind mark assessed_on subject core known_at"
    assert told(result, "grades", columns) == [
        "101 0100011 0100011-0M1 2024-S1-1 2024-S1 final A- 2023-12-20 math True 2023-12-27",
        "102 0100011 0100011-0M1 2024-S1-1 2024-S1 final F 2023-12-20 math True 2023-12-27",
        "104 0100011 0100011-0E1 2024-S1-3 2024-S1 final B+ 2023-12-20 - False 2023-12-27",
    ]


def test_groups(result):
    found = told(result, "groups", "student_id attribute value valid_from valid_to")
    assert [row for row in found if row.startswith("101")] == [
        "101 english_learner no 2024-09-01 -",
        "101 english_learner yes 2023-08-16 2024-08-31",
        "101 gender Female 2023-07-01 2024-06-30",
        "101 gender Nonbinary 2024-07-01 -",
        "101 homeless no 2023-08-16 -",
        "101 low_income yes 2023-07-01 -",
        "101 race_ethnicity White 2023-07-01 2024-06-30",
        "101 race_ethnicity White 2024-07-01 -",
        "101 students_with_disabilities no 2023-08-16 -",
    ]
    assert [row for row in found if row.startswith("102") and "homeless" in row] == [
        "102 homeless no 2023-08-16 2024-01-04",
        "102 homeless no 2024-06-08 -",
        "102 homeless yes 2024-01-05 2024-06-07",
    ]
    assert [row for row in found if row.startswith("103")] == [
        "103 gender Female 2023-07-01 -",
        "103 homeless no 2023-08-16 -",
        "103 low_income no 2023-08-16 2023-08-31",
        "103 low_income no 2024-07-01 -",
        "103 low_income yes 2023-09-01 2024-06-30",
        "103 race_ethnicity Asian 2023-07-01 -",
        "103 students_with_disabilities yes 2023-08-16 -",
    ]
    races = {row.split(" ", 2)[0]: row for row in found if "race_ethnicity" in row}
    assert races["102"] == "102 race_ethnicity Hispanic 2023-07-01 -"
    assert races["104"] == "104 race_ethnicity Two or more 2023-07-01 2025-06-30"
    assert races["105"] == "105 race_ethnicity unknown 2023-07-01 -"


# --- single lines ---------------------------------------------------------------------------------------------------


def senr(ssid="0000000101", school="0100011", year="2024-2025", start="20240814", **cells):
    """Write one SENR line of 39 cells; further cells by their place, such as `c26="T160"`."""
    line = [""] * 39
    line[:5] = ["SENR", "", "", "0112345", school]
    line[6:8], line[21:24] = [year, ssid], [start, "10", "07"]
    for place, cell in cells.items():
        line[int(place.removeprefix("c")) - 1] = cell
    return "^".join(line)


def h12(kind, *cells, ssid="0000000101", school="0100011", year="2023-2024"):
    return "^".join([kind, "", "", "0112345", school, year, ssid, "L", "A", "B", "20100101", "X", *cells])


def check_lines(folder, *lines, name="lines.txt", mapping=MAPPING, others=()):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    for file, text in others:
        (folder / file).write_text(text, encoding="utf-8", newline="")
    return check(folder, mapping)


_BAD_LINES = [
    ("SENT^1^2", "EID-CPS-001", "it begins with 'SENT'"),
    ("hello", "EID-CPS-001", "it begins with 'HELLO'"),
    ("SENR^^^0112345^0100011", "EID-CPS-002", "SENR has 5 cells, expected 27 or more"),
    (senr(c2="R"), "EID-CPS-003", "SENR of student 0000000101 has transaction type R"),
    (senr(c2="U"), "EID-SRC-005", "transaction type is 'U', expected blank, A or D"),
    (senr(ssid=""), "EID-SRC-002", "SENR: SSID is empty"),
    (senr(ssid="101"), "EID-SRC-001", "SENR: SSID is '101', expected 10 digits"),
    (senr(school="100011"), "EID-SRC-001", "SENR: School is '100011', expected 7 digits"),
    (senr(year="2024"), "EID-SRC-001", "SENR: Year is '2024', expected a school year as 2024-2025"),
    (senr(year="2024-2026"), "EID-SRC-001", "SENR: Year is '2024-2026'"),
    (senr(start="08142024"), "EID-SRC-001", "SENR: Start is '08142024', expected a day as 20240815"),
    (senr(start="20240231"), "EID-SRC-001", "SENR: Start is '20240231'"),
    (senr(c23=""), "EID-SRC-002", "SENR: Status is empty"),
    (senr(c24="7"), "EID-SRC-005", "Grade is '7', which `codes: grade` does not name"),
    (senr(c25="20250101"), "EID-SRC-002", "exit 20250101, reason None: one of the two is empty"),
    (senr(c25="20250101", c26="E999"), "EID-SRC-005", "exit reason is 'E999'"),
    (senr(c25="20240101", c26="T160"), "EID-CPS-004", "Start 20240814, Exit 20240101"),
    (senr(school="0000001"), "EID-CPS-005", "student 0000000101 at school 0000001"),
    (senr(start="20250801"), "EID-CPS-006", "student 0000000101 from 20250801 to None in 2024-2025"),
    (h12("STAS", "N", "N", "180", "170", "0", "0", "5", "6", "0"), "EID-CPS-007", "expected 180, attended 170"),
    (h12("STAS", "N", "N", "180", "170.5", "0", "0", "5", "6", "0"), "EID-SRC-001", "'170.5', expected a whole"),
    (h12("SIRS", "7", "300", "", "", ""), "EID-SRC-004", "there is no SINC of incident 7 in 2023-2024"),
    (h12("SOFF", "7", "511", ""), "EID-SRC-004", "there is no SINC of incident 7 in 2023-2024"),
    (h12("SIRS", "7", "100", "", "", ""), "EID-SRC-002", "result 100 of student 0000000101: no duration"),
    (h12("SINC", "7", "20240901", "N", "N", ""), "EID-SRC-001", "Occurred is '20240901', expected a day of"),
    (h12("SPRG", "999", "3", "20230901", "", "", ""), "EID-SRC-005", "Program is '999'"),
    ("SWDS^^^0112345^2023-2024^1^2^3^4^5^20230816^1^", "EID-SRC-002", "SWDS: SSID is empty"),

]  # fmt: skip


def test_lines_that_cannot_be_believed_are_held_back_with_a_rule(tmp_path):
    (tmp_path / "lines.txt").write_text("\r\n".join(line for line, _, _ in _BAD_LINES), newline="")
    intake = read_calpads(tmp_path, {})
    held = {line: finding.code for finding in intake.findings for line in finding.lines}
    assert held == {number: code for number, (_, code, _) in enumerate(_BAD_LINES, 1)}
    spoken = [example for finding in intake.findings for example in finding.examples]
    for number, (_, _, said) in enumerate(_BAD_LINES, 1):
        told_of = [example for example in spoken if example.startswith(f"lines.txt line {number}: ")]
        assert len(told_of) == 1
        assert said in told_of[0]
    assert sum(len(frame) for frame in intake.quarantine.values()) == len(_BAD_LINES)


def test_a_first_line_that_is_no_record_does_not_hide_the_caret(tmp_path):
    result = check_lines(tmp_path / "in", "Title, of the export", senr())
    assert accounts(result)["lines.txt"] == (2, 1, 1, 0)


def test_lines_without_content_and_records_that_are_not_read_are_left_out_with_a_reason(tmp_path):
    result = check_lines(tmp_path / "in", senr(), "^^^^", "SDEM^^^20240701", "")
    assert accounts(result)["lines.txt"] == (3, 1, 0, 2)
    assert result.files["ignored_because"][0] == "SDEM is not read: staff (1); no content (1)"


def test_the_private_group_and_files_that_are_no_text_are_passed_over(tmp_path):
    result = check_lines(tmp_path / "in", senr(), senr(school="0000002"), others=[("Extract.xlsx", "PK")])
    assert accounts(result) == {"Extract.xlsx": (0, 0, 0, 0), "lines.txt": (2, 1, 0, 1)}
    assert codes(result)["EID-CPS-013"] == 0


def test_a_mark_of_a_term_without_an_end_is_left_out_and_said(tmp_path):
    mark = h12("SCSC", "0M1", "1", "S1", "5", "5", "A", "", "")
    result = check_lines(tmp_path / "in", senr(year="2023-2024", start="20230816"), mark, mapping={})
    assert accounts(result)["lines.txt"] == (2, 1, 0, 1)
    assert codes(result)["EID-CPS-011"] == 1
    assert result.ok


def test_a_completion_nobody_explains_keeps_the_enrollment_without_an_outcome(tmp_path):
    year = {"year": "2023-2024", "start": "20230816"}
    leaving = senr(**year, c24="12", c25="20240607", c26="E230", c27="777")
    result = check_lines(tmp_path / "in", leaving, senr(ssid="0000000102", start="20241101"))
    assert codes(result)["EID-CPS-010"] == 1
    assert len(result.district.frame("enrollments")) == 2
    assert result.district.frame("outcomes").empty
    named = {"codes": {"completion": {"777": "graduate"}}}
    again = check_lines(tmp_path / "in", leaving, mapping=named)
    assert told(again, "outcomes", "outcome value") == ["graduation yes"]


def test_an_enrollment_over_several_years_is_one_row_of_each(tmp_path):
    long = senr(year="2022-2023", start="20220816", c25="20240607", c26="T160")
    open_ = senr(ssid="0000000102", year="2022-2023", start="20220816")
    result = check_lines(
        tmp_path / "in", long, open_, senr(ssid="0000000103", year="2023-2024", start="20230816")
    )
    assert told(
        result, "enrollments", "student_id entered_on left_on school_year grade_level exit_reason"
    ) == [
        "101 2022-08-16 2023-06-30 2023 7 -",
        "101 2023-07-01 2024-06-07 2024 - T160",
        "102 2022-08-16 2023-06-30 2023 7 -",
        "103 2023-08-16 - 2024 7 -",
    ]
    assert codes(result)["EID-CPS-009"] == 1


def test_a_stay_goes_on_only_the_next_day_in_the_same_school_and_role(tmp_path):
    out = {"c25": "20240930", "c26": "E150"}
    result = check_lines(
        tmp_path / "in",
        senr(**out), senr(start="20241001"),
        senr(ssid="0000000102", **out), senr(ssid="0000000102", start="20241002"),
        senr(ssid="0000000103", **out), senr(ssid="0000000103", start="20241001", school="0100022"),
        senr(ssid="0000000104", **out), senr(ssid="0000000104", start="20241001", c23="20"),
        senr(ssid="0000000105", c25="20240930", c26="T160"), senr(ssid="0000000105", start="20241001"),
    )  # fmt: skip
    assert result.ok
    assert result.district.frame("enrollments").groupby("student_id").size().tolist() == [1, 2, 2, 2, 2]
    assert accounts(result)["lines.txt"] == (10, 10, 0, 0)


def totals(upload, *days, ssid="0000000101"):
    sent = [upload, upload] if upload else []
    return h12("STAS-R" if upload else "STAS", "N", "N", *days, *sent, ssid=ssid)


def test_a_later_submission_replaces_the_totals_of_its_school_and_year(tmp_path):
    folder = tmp_path / "in"
    year = {"year": "2023-2024", "start": "20230816"}
    people = "\r\n".join(senr(ssid=f"000000010{n}", **year) for n in (1, 2)) + "\r\n"
    june = [totals("20240610", "180", "170", "0", "0", "5", "5", "0")]
    june += [totals("20240610", "180", "160", "0", "0", "15", "5", "0", ssid="0000000102")]
    july = totals("20240720", "180", "165", "0", "0", "10", "5", "0")
    result = check_lines(
        folder, *june, name="a.txt", others=[("b.txt", july + "\r\n"), ("people.txt", people)]
    )
    assert told(result, "absence_totals", "student_id excused_days known_at retracted_at") == [
        "101 10 2024-07-20 -",
        "101 5 2024-06-30 2024-07-20",
        "102 15 2024-06-30 2024-07-20",
    ]
    undated = [line.replace("STAS-R", "STAS").removesuffix("^20240610^20240610") for line in june]
    again = check_lines(folder, *undated, name="a.txt")
    assert told(again, "absence_totals", "student_id excused_days known_at") == ["101 10 2024-07-20"]
    assert accounts(again)["a.txt"] == (2, 0, 0, 2)
    assert "EID-CPS-012" not in codes(again)
    plain = july.replace("STAS-R", "STAS").removesuffix("^20240720^20240720")
    last = check_lines(folder, *undated, name="a.txt", others=[("b.txt", plain + "\r\n")])
    assert codes(last)["EID-CPS-012"] == 2


def test_a_result_that_arrives_later_is_not_known_before(tmp_path):
    people = senr(year="2023-2024", start="20230816")
    incident = h12("SINC-R", "7", "20231003", "Y", "N", "", "20231005", "20231005")
    offense = h12("SOFF-R", "7", "500", "", "20231005", "20231005")
    outcome = h12("SIRS-R", "7", "100", "", "3", "", "20231020", "20231020")
    result = check_lines(tmp_path / "in", people, incident, offense, outcome)
    assert told(result, "incidents", "basis suspension_days known_at retracted_at") == [
        "objective 0 2023-10-05 2023-10-20",
        "objective 3 2023-10-20 -",
    ]


# --- the folder and the mapping -------------------------------------------------------------------------------------


def test_a_folder_without_text_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not exist; check the path"):
        check(tmp_path / "none")
    with pytest.raises(DataError, match="it is empty; export them between"):
        check(tmp_path)
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"found 'a\.xlsx'"):
        check(tmp_path)


def test_an_empty_file_is_an_error(tmp_path):
    shutil.copytree(FILES, tmp_path / "in")
    (tmp_path / "in" / "empty.txt").write_bytes(b"\r\n\r\n")
    assert codes(check(tmp_path / "in"))["EID-FILE-005"] == 0


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"school": {}}, "Expected a mapping as the source 'calpads' understands it"),
        ({"codes": {"exits": {}}}, "Expected a code set under `codes`, got 'exits': did you mean 'exit'"),
        ({"codes": {"completion": {"777": "done"}}}, r"got 'done'; see docs/sources\.md"),
        ({"terms": {"S1": {"2024": "Christmas"}}}, "got 'S1: 2024: Christmas'"),
        ({"terms": {"S1": {"2023-24": "2023-12-20"}}}, "Expected `terms` as term, year"),
    ],
)
def test_a_mapping_that_is_not_understood_is_refused(mapping, said):
    with pytest.raises(ConfigError, match=said):
        check(mapping=mapping)


def test_a_mapping_of_numbers_is_text(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "codes:\n  basis: {511: objective}\n  special_education: {3: no}\nterms:\n  S1: {2024: 2023-12-20}\n"
    )
    result = check(mapping=own)
    basis = result.district.frame("incidents").set_index("incident_id")["basis"]
    assert basis["2024-0007"].tolist() == ["objective", "objective"]
    assert check(mapping={"codes": {"basis": {511: "objective"}, "special_education": {3: "no"}}}).ok
