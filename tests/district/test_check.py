from __future__ import annotations

import datetime as dt
import json
import re

import pandas as pd
import pytest
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, District, check_district, read_district, simulate_district, write_check
from early_id.district._rules import RULES
from early_id.exceptions import ConfigError, DataError

_TODAY = dt.date.fromisoformat(TODAY)
_CONTRACT = {"source", "files", "rules", "freshness", "capabilities"}


def _check(folder, tables):
    return check_district(write_csv(folder, tables), today=_TODAY)


def _assert_same(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(one.frame(name), other.frame(name))


def _accounts_balance(result):
    files = result.files
    return (files["rows_in"] == files["rows_out"] + files["quarantined"] + files["ignored"]).all()


def test_a_valid_district_breaks_no_rule(tmp_path):
    tables = small_district()
    result = _check(tmp_path, tables)
    assert result.ok
    assert result.rules.empty
    assert result.quarantine == {}
    assert _accounts_balance(result)
    for name, table in tables.items():
        assert len(result.district.frame(name)) == len(table)
    assert set(result.capabilities["known_at_imputed"].values()) == {0.0}


def test_reading_and_checking_give_the_same_district(tmp_path):
    folder = write_csv(tmp_path, small_district())
    district = read_district(folder, today=_TODAY)
    _assert_same(district, check_district(folder, today=_TODAY).district)


def test_every_rule_is_declared_in_full():
    for code, rule in RULES.items():
        assert re.fullmatch(
            r"EID-(FILE|SRC|EDF|CPS|ONE|OUL|SCH|ENR|CAL|ATT|FEED|TOT|GRD|INC|OUT|GRP|SUP|DEC)-\d{3}", code
        )
        assert rule.code == code
        assert rule.cause.endswith(".")
        assert rule.remedy.endswith(".")
        assert not rule.title.endswith(".")
        asked = rule.stage in ("rows", "among", "district")
        assert bool(rule.breaks) == asked
        assert bool(rule.example) == asked
        assert rule.table in TABLES or rule.stage == "file"


# --- rules every table has, broken in all tables at once --------------------------------------------------------


def _break_wrong_type(table, frame):
    column = next((n for n, c in table.all_columns.items() if c.kind != "string" and n in frame), None)
    return None if column is None else (0, {column: "soon"})


def _break_empty(table, frame):
    return 0, {next(n for n, c in table.columns.items() if not c.nullable): ""}


def _break_allowed(table, frame):
    column = next((n for n, c in table.columns.items() if c.allowed), None)
    return None if column is None else (0, {column: "other"})


def _break_range(table, frame):
    column = next((n for n, c in table.columns.items() if c.high is not None), None)
    return None if column is None else (0, {column: str(table.columns[column].high + 1)})


def _break_future(table, frame):
    return (0, {"known_at": "2024-10-01"}) if "known_at" in frame else None


def _break_early(table, frame):
    return (0, {"known_at": "2024-08-01"}) if f"EID-{table.code}-108" in RULES else None


def _break_retraction(table, frame):
    return (0, {"known_at": "2024-09-28", "retracted_at": "2024-09-27"}) if table.known else None


def _break_school(table, frame):
    return (0, {"school_id": "101"}) if f"EID-{table.code}-111" in RULES else None


def _break_known(table, frame):
    return (0, {"known_at": ""}) if table.known else None


def _break_sign(table, frame):
    return 0, {[name for name in table.columns if name.endswith("_id")][-1]: "=1+1"}


def _break_span(table, frame):
    last = {"enrollments": "left_on", "groups": "valid_to", "supports": "ended_on"}.get(table.name)
    return None if last is None else (0, {last: "2024-09-01"})


@pytest.mark.parametrize(
    ("number", "broken"),
    [
        ("103", _break_wrong_type),
        ("104", _break_empty),
        ("105", _break_allowed),
        ("106", _break_range),
        ("107", _break_future),
        ("108", _break_early),
        ("109", _break_retraction),
        ("111", _break_school),
        ("112", _break_known),
        ("113", _break_span),
        ("114", _break_sign),
    ],
)
def test_generic_rules_find_the_broken_row_of_every_table(tmp_path, number, broken):
    tables = small_district()
    expected = set()
    for name, frame in tables.items():
        change = broken(TABLES[name], frame)
        if change is not None:
            row, cells = change
            frame.loc[row, list(cells)] = list(cells.values())
            expected.add(f"EID-{TABLES[name].code}-{number}")
    result = _check(tmp_path, tables)
    hit = result.rules[result.rules["code"].str.endswith(f"-{number}")].set_index("code")
    assert set(hit.index) == expected
    assert (hit["rows"] == 1).all()
    assert hit["examples"].str[0].str.contains("line 2: ").all()
    assert _accounts_balance(result)


def test_all_codes_with_a_generic_number_were_tested():
    numbers = {code[-3:] for code in RULES if code[-3] == "1" and "FILE" not in code}
    assert numbers == {"103", "104", "105", "106", "107", "108", "109", "110", "111", "112", "113", "114"}


def test_copies_are_held_back_but_the_first(tmp_path):
    tables = small_district()
    tables = {name: pd.concat([frame, frame.tail(1)]) for name, frame in tables.items()}
    result = _check(tmp_path, tables)
    hit = result.rules[result.rules["code"].str.endswith("-110")]
    assert len(hit) == len(TABLES)
    assert (hit["rows"] == 1).all()
    for name, frame in tables.items():
        assert len(result.district.frame(name)) == len(frame) - 1
        assert result.quarantine[name]["rule"].tolist() == [f"EID-{TABLES[name].code}-110"]


def test_of_two_rows_with_one_key_that_differ_none_is_believed(tmp_path):
    tables = small_district()
    row = tables["absences"].iloc[[2]].assign(thousandths="500")
    tables["absences"] = pd.concat([tables["absences"], row])
    result = _check(tmp_path, tables)
    assert result.rules["code"].tolist() == ["EID-ATT-110"]
    assert result.rules["rows"].tolist() == [2]
    assert "2024-09-10" not in result.district.frame("absences")["occurred_on"].astype(str).tolist()


def test_a_correction_shares_the_key_without_breaking_the_rule(tmp_path):
    tables = small_district()
    tables["absences"].loc[0, "kind"] = "excused"
    assert _check(tmp_path / "retracted", tables).ok
    tables["absences"].loc[0, "retracted_at"] = "2024-09-10"
    late = _check(tmp_path / "late", tables)
    assert late.rules["code"].tolist() == ["EID-ATT-110"]


def test_a_file_with_one_key_throughout_is_answered(tmp_path):
    tables = small_district()
    absence = tables["absences"].iloc[[2]]
    tables["absences"] = pd.concat([absence] * 30_000)
    result = _check(tmp_path, tables)
    assert result.files.set_index("file").loc["absences.csv", "quarantined"] == 29_999


# --- rules of one table ---------------------------------------------------------------------------------------------


def _second_primary(tables):
    tables["enrollments"].loc[5, "primary"] = "true"


def _open_spell(tables):
    tables["enrollments"] = tables["enrollments"].drop(index=2).reset_index(drop=True)
    tables["enrollments"].loc[1, "retracted_at"] = ""


def _set(table, row, **cells):
    def change(tables):
        tables[table].loc[row, list(cells)] = list(cells.values())

    return change


def _drop(table, query):
    def change(tables):
        tables[table] = tables[table].query(query)

    return change


def _twin_school(tables):
    twins = tables["schools"].assign(school_id=["a1", "A1"])
    tables["schools"] = pd.concat([tables["schools"], twins])


def _double_absence(tables):
    extra = tables["absences"].iloc[[1]].assign(kind="unexcused", known_at="2024-09-09")
    tables["absences"] = pd.concat([tables["absences"], extra])


@pytest.mark.parametrize(
    ("code", "change", "rows", "example"),
    [
        ("EID-SCH-001", _set("schools", 0, low_grade="9"), 1, "school 0101: 9 to 8"),
        ("EID-SCH-002", _set("schools", 1, school_id="nul.1"), 1, "school 'nul.1'"),
        ("EID-SCH-003", _twin_school, 2, "school 'a1'"),
        ("EID-CAL-001", _drop("calendar", "school_id != '0102'"), 1, "school 0102"),
        (
            "EID-ENR-001",
            _second_primary,
            2,
            "student 003: 0101 from 2024-09-02 and 0102 from 2024-09-04",
        ),
        ("EID-ENR-001", _open_spell, 2, "student 002: 0102 from 2024-09-02 and 0101 from 2024-09-16"),
        ("EID-ENR-002", _set("enrollments", 5, school_year="2024"), 1, "student 003 at school 0102"),
        (
            "EID-ENR-003",
            _set("enrollments", 4, primary="false"),
            2,
            "student 003 at school 0101 in school year 2025",
        ),
        ("EID-FEED-001", _set("attendance_feed", 0, day="2024-09-01"), 1, "school 0101 on 2024-09-01"),
        ("EID-FEED-002", _drop("attendance_feed", "school_id != '0102'"), 1, "school 0102"),
        (
            "EID-FEED-003",
            _drop("absences", "student_id == ''"),
            30,
            "attendance was submitted for 15 school days, yet there is no single absence",
        ),
        ("EID-ATT-001", _set("absences", 2, student_id="2"), 1, "student 2 at school 0102 on 2024-09-10"),
        ("EID-ATT-002", _set("absences", 2, occurred_on="2024-09-08"), 1, "student 002 .* 2024-09-08"),
        ("EID-ATT-003", _set("absences", 2, occurred_on="2024-09-17"), 1, "student 002 .* 2024-09-17"),
        ("EID-ATT-003", _set("absences", 2, school_id="0101"), 1, "student 002 at school 0101 on 2024-09-10"),
        ("EID-ATT-004", _double_absence, 2, "student 001 .* 2024-09-05: 2 days"),
        (
            "EID-TOT-001",
            _set("absence_totals", 2, student_id="9"),
            1,
            "student 9 at school 0102 in school year 2024",
        ),
        (
            "EID-TOT-002",
            _set("absence_totals", 2, expected_days="17"),
            1,
            "student 002 at school 0102: absent 18 of 17 days",
        ),
        ("EID-GRD-001", _set("grades", 0, student_id="9"), 1, "student 9, course M6, assessment Q1-1"),
        ("EID-INC-001", _set("incidents", 0, student_id="9"), 1, "student 9, incident i1"),
        ("EID-INC-002", _set("incidents", 0, basis=""), 1, "student 003, incident i1: fighting"),
        (
            "EID-ATT-005",
            _set("absences", 1, thousandths=""),
            1,
            "student 001 at school 0101 on 2024-09-05: excused",
        ),
        ("EID-OUT-001", _set("outcomes", 0, student_id="9"), 1, "student 9: transfer on 2024-09-13"),
        ("EID-GRP-001", _set("groups", 0, valid_to="2024-09-16"), 2, "student 001: english_learner from"),
        ("EID-GRP-001", _set("groups", 0, valid_to=""), 2, "student 001: english_learner from"),
        ("EID-GRP-002", _set("groups", 2, student_id="9"), 1, "student 9"),
        ("EID-SUP-001", _set("supports", 0, student_id="9"), 1, "student 9: mentor from 2024-09-09"),
    ],
)
def test_rules_of_one_table(tmp_path, code, change, rows, example):
    tables = small_district()
    change(tables)
    result = _check(tmp_path, tables)
    found = result.rules.set_index("code").loc[code]
    assert found["rows"] == rows
    assert re.search(example, found["examples"][0])
    assert (found["severity"] == "warning") == (RULES[code].severity == "warning")
    assert _accounts_balance(result)


def test_every_rule_of_one_table_has_a_case():
    tested = {
        mark.args[1][i][0] for mark in test_rules_of_one_table.pytestmark for i in range(len(mark.args[1]))
    }
    assert tested == {code for code, rule in RULES.items() if code[-3] == "0" and rule.stage != "file"}


def test_an_open_spell_ends_with_its_school_year(tmp_path):
    """A student with one open row a year is not in two schools at once."""
    tables = small_district()
    later = (
        tables["enrollments"].iloc[[0]].assign(school_id="0102", entered_on="2025-08-18", school_year="2026")
    )
    tables["enrollments"] = pd.concat([tables["enrollments"], later])
    day = pd.DataFrame(
        {"school_id": ["0102"], "day": ["2025-08-18"], "school_year": ["2026"], "term": ["Q1"]}
    )
    tables["calendar"] = pd.concat([tables["calendar"], day])
    assert _check(tmp_path, tables).rules.empty


def test_a_leaving_day_that_becomes_known_late_is_no_second_enrollment(tmp_path):
    """The new school's entry arrives before the old school's leaving: what stands in the end does not overlap."""
    tables = small_district()
    tables["enrollments"].loc[1, "retracted_at"] = "2024-09-27"
    tables["enrollments"].loc[2, "known_at"] = "2024-09-27"
    assert _check(tmp_path / "closed", tables).rules.empty
    tables["enrollments"].loc[2, "left_on"] = "2024-09-16"
    result = _check(tmp_path / "overlapping", tables)
    assert "EID-ENR-001" in set(result.rules["code"])


def test_the_corrected_last_day_bounds_the_spell_not_the_first_version(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "occurred_on"] = "2024-09-13"
    assert _check(tmp_path / "in", tables).ok
    tables["absences"].loc[2, ["occurred_on", "known_at"]] = "2024-09-16"
    assert _check(tmp_path / "out", tables).rules["code"].tolist() == ["EID-ATT-003"]


def test_bad_parents_take_their_children_with_them(tmp_path):
    """What is left is consistent: checked again it breaks no rule of severity error."""
    tables = small_district()
    tables["enrollments"].loc[0, "grade_level"] = "99"
    result = _check(tmp_path / "in", tables)
    assert {"EID-ENR-106", "EID-ATT-001", "EID-GRD-001"} <= set(result.rules["code"])
    again = check_district(write_check(result, tmp_path / "out"), today=_TODAY)
    assert again.ok
    _assert_same(again.district, result.district)


@pytest.mark.parametrize("absences", ["absent", "empty", "held back"])
def test_without_a_single_absence_attendance_is_unknown_and_not_perfect(tmp_path, absences):
    tables = small_district()
    if absences == "absent":
        del tables["absences"]
    elif absences == "empty":
        tables["absences"] = tables["absences"].head(0)
    else:
        tables["absences"]["kind"] = "away"
    result = _check(tmp_path / "in", tables)
    rule = result.rules.set_index("code").loc["EID-FEED-003"]
    assert rule["severity"] == "error"
    assert len(rule["examples"]) == 1
    assert not result.district.signals.has("attendance_feed")
    assert result.capabilities["labels"]["chronic_absence"] == "no: no rows in attendance_feed, absences"
    assert result.capabilities["absent"]["attendance_feed"] == "no good row: EID-FEED-003"
    assert _accounts_balance(result)
    assert check_district(write_check(result, tmp_path / "out"), today=_TODAY).ok


@pytest.mark.parametrize(
    "school",
    [
        "a/b",
        "a\\b",
        "a:b",
        "..",
        ".hidden",
        "end.",
        "CON",
        "com1.x",
        "a*b",
        'a"b',
        "a\tb",
        "a\u202eb",
        "é" * 51,
    ],
)
def test_a_school_that_cannot_have_a_file_is_held_back(tmp_path, school):
    tables = small_district()
    tables["schools"] = pd.concat([tables["schools"], tables["schools"].head(1).assign(school_id=school)])
    result = _check(tmp_path, tables)
    assert result.rules["code"].tolist() == ["EID-SCH-002"]
    assert result.quarantine["schools"]["school_id"].tolist() == [school]


@pytest.mark.parametrize("school", ["0103", "North-Bay_2", "São Bento 2", "a.b", "Conway", "4.5'"])
def test_an_ordinary_school_id_is_a_file_name(tmp_path, school):
    tables = small_district()
    tables["schools"] = pd.concat([tables["schools"], tables["schools"].head(1).assign(school_id=school)])
    assert _check(tmp_path, tables).rules.empty


def test_schools_whose_ids_a_file_system_may_take_for_one_are_held_back(tmp_path):
    tables = small_district()
    same = ["\u00e91", "E\u03011"]
    tables["schools"] = pd.concat([tables["schools"], tables["schools"].assign(school_id=same)])
    result = _check(tmp_path, tables)
    assert result.rules["code"].tolist() == ["EID-SCH-003"]
    assert result.quarantine["schools"]["school_id"].tolist() == same


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_an_id_that_a_spreadsheet_would_run_is_held_back(tmp_path, sign):
    tables = small_district()
    tables["supports"].loc[0, "adult_id"] = f"{sign}a7"
    tables["supports"].loc[1, "adult_id"] = f"a{sign}8"
    result = _check(tmp_path, tables)
    assert result.rules["code"].tolist() == ["EID-SUP-114"]
    assert result.quarantine["supports"]["adult_id"].tolist() == [f"{sign}a7"]


def test_a_primary_enrollment_of_another_year_lists_nobody_this_year(tmp_path):
    tables = small_district()
    spell = tables["enrollments"].iloc[[0]]
    other = spell.assign(entered_on="2024-09-03", school_year="2024", primary="no")
    tables["enrollments"] = pd.concat([tables["enrollments"], other])
    found = _check(tmp_path, tables).rules.set_index("code")
    assert found.loc["EID-ENR-003", "rows"] == 1


# --- a required table without a good row ----------------------------------------------------------------------------


def _lose(folder, name, how):
    """Take the required table away in one of the ways a district does."""
    file = folder / f"{name}.csv"
    frame = pd.read_csv(file, dtype=str)
    if how == "absent":
        file.unlink()
    elif how == "empty":
        frame.head(0).to_csv(file, index=False)
    elif how == "no such column":
        frame.rename(columns={frame.columns[0]: "id"}).to_csv(file, index=False)
    elif how == "unreadable":
        file.unlink()
        file.with_suffix(".parquet").write_bytes(b"PAR1")
    elif how == "a folder":
        file.unlink()
        file.mkdir()
    else:
        frame.assign(**{frame.columns[0]: ""}).to_csv(file, index=False)


@pytest.mark.parametrize("name", ["schools", "calendar", "enrollments"])
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("absent", "EID-FILE-001"),
        ("empty", "EID-FILE-005"),
        ("no such column", "EID-FILE-002"),
        ("unreadable", "EID-FILE-006"),
        ("a folder", "EID-FILE-006"),
        ("held back", "104"),
    ],
)
def test_without_a_required_table_the_check_stops_and_says_what_it_did_not_ask(tmp_path, name, how, code):
    folder = write_csv(tmp_path / "in", small_district())
    _lose(folder, name, how)
    result = check_district(folder, today=_TODAY)
    errors = result.rules.loc[result.rules["severity"] == "error", "code"].tolist()
    assert errors == [code if code.startswith("EID") else f"EID-{TABLES[name].code}-104", "EID-FILE-012"]
    said = result.rules.set_index("code").loc["EID-FILE-012", "examples"][0]
    assert said.startswith(f"{name} has no good row, so these were not asked: ")
    assert "EID-ATT-*" in said
    assert "EID-FEED-002" in said
    assert result.capabilities["absent"]["absences"] == f"not judged: {name} has no good row"
    assert result.capabilities["absent"][name] == f"no good row: {errors[0]}"
    assert _accounts_balance(result)
    files = result.files.set_index("file")
    assert files.loc["absences.csv", ["rows_in", "ignored"]].tolist() == [5, 5]
    assert "not judged" in files.loc["absences.csv", "ignored_because"]
    assert result.district.frame("absences").empty
    write_check(result, tmp_path / "out")


# --- the day of knowing ---------------------------------------------------------------------------------------------


def test_a_missing_day_of_knowing_is_the_assumed_lag_and_its_share_is_told(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "known_at"] = ""
    tables["grades"] = tables["grades"].drop(columns=["known_at", "retracted_at"]).drop(index=2)
    result = _check(tmp_path, tables)
    assert result.ok
    assert result.capabilities["known_at_imputed"] == {
        "enrollments": 0.0, "absences": 0.2, "absence_totals": 0.0, "grades": 1.0, "incidents": 0.0, "outcomes": 0.0,
        "supports": 0.0, "decisions": 0.0,
    }  # fmt: skip
    assert result.district.signals.imputed["absences"] == pytest.approx(0.2)
    absences = result.district.frame("absences").set_index("occurred_on")["known_at"]
    assert absences[pd.Timestamp("2024-09-10")] == pd.Timestamp("2024-09-13")
    grades = result.district.frame("grades")
    assert ((grades["known_at"] - grades["assessed_on"]).dt.days == 7).all()


def test_what_was_assumed_is_still_said_to_be_when_the_written_tables_are_used(tmp_path):
    tables = small_district()
    tables["absences"].loc[3, ["occurred_on", "known_at"]] = "2024-09-20", ""
    today = dt.date(2024, 9, 21)  # by the usual delay the last absence is known two days later
    first = check_district(write_csv(tmp_path / "district", tables), today=today)
    out = write_check(first, tmp_path / "out")
    again = check_district(out, today=today)
    assert again.ok
    assert again.district.frame("absences")["known_at"].max() == pd.Timestamp("2024-09-23")
    assert again.capabilities["known_at_imputed"] == first.capabilities["known_at_imputed"]
    assert dict(District.open(out).signals.imputed) == dict(first.district.signals.imputed)
    assert first.district.signals.imputed["absences"] == pytest.approx(0.2)
    _assert_same(again.district, first.district)


def test_an_assumed_day_of_knowing_is_never_later_than_the_retraction_nor_an_error(tmp_path):
    tables = small_district()
    tables["absences"].loc[0, ["known_at", "retracted_at"]] = ["", "2024-09-06"]
    tables["absences"].loc[2, "known_at"] = ""
    folder = write_csv(tmp_path, tables)
    result = check_district(folder, today=dt.date(2024, 9, 20))
    first = result.district.frame("absences").iloc[0]
    assert first["known_at"] == first["retracted_at"] == pd.Timestamp("2024-09-06")
    assert "EID-ATT-107" not in set(result.rules["code"])


# --- the result -----------------------------------------------------------------------------------------------------


def test_check_json_keeps_its_contract(tmp_path):
    tables = small_district()
    tables["grades"].loc[0, "hundredths"] = "13000"
    tables["attendance_feed"] = tables["attendance_feed"].query("school_id == '0101'")
    content = json.loads(_check(tmp_path, tables).to_json())
    assert set(content) == _CONTRACT
    assert content["source"] == "folder"
    for file in content["files"]:
        assert set(file) == {"file", "rows_in", "rows_out", "quarantined", "ignored", "ignored_because"}
        assert file["rows_in"] == file["rows_out"] + file["quarantined"] + file["ignored"]
    assert [set(rule) for rule in content["rules"]] == [
        {"code", "severity", "title", "rows", "share", "examples"}
    ] * 2
    grade = content["rules"][0]
    assert (grade["code"], grade["severity"], grade["rows"], grade["share"]) == (
        "EID-GRD-106",
        "error",
        1,
        0.25,
    )
    assert content["freshness"] == [
        {"school_id": "0101", "last_submitted": "2024-09-20", "school_days_since": 0},
        {"school_id": "0102", "last_submitted": None, "school_days_since": None},
    ]


def test_freshness_counts_school_days_behind_the_newest_school(tmp_path):
    tables = small_district()
    late = (tables["attendance_feed"]["school_id"] == "0102") & (
        tables["attendance_feed"]["day"] > "2024-09-17"
    )
    tables["attendance_feed"] = tables["attendance_feed"][~late]
    freshness = _check(tmp_path, tables).freshness.set_index("school_id")
    assert freshness["school_days_since"].to_dict() == {"0101": 0, "0102": 3}


def test_capabilities_say_what_is_missing(tmp_path):
    tables = small_district()
    required = {name: tables[name] for name in ("schools", "enrollments", "calendar")}
    words = _check(tmp_path, required).capabilities
    assert words["labels"]["chronic_absence"] == "no: no rows in attendance_feed, absences"
    assert words["features"]["grades"] == "no: no rows in grades"
    assert words["features"]["prior_year"] == "no: only 1 school year"
    assert words["groups"] == []
    full = _check(tmp_path / "full", tables).capabilities
    assert full["labels"]["outcome:transfer"] == "yes: 2 rows"
    assert full["labels"]["course_failure"] == "yes: 1 final marks"
    assert full["labels"]["suspension"] == "yes: 1 incidents"
    assert full["cadence"] == "weekly, from attendance, marks, incidents"
    assert full["groups"] == ["english_learner", "gender"]


def test_only_incidents_support_the_suspension_label(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "kind"] = "suspension_out"
    tables["incidents"]["suspension_days"] = "0"
    assert _check(tmp_path, tables).capabilities["labels"]["suspension"] == (
        "no: no incidents with suspension days; 1 absences of kind suspension_out do not tell of the incident"
    )


@pytest.mark.parametrize(("mark", "counts"), [("C+", 1), ("F", 1), ("", 0), ("incomplete", 0)])
def test_a_final_mark_counts_in_points_or_as_a_letter(tmp_path, mark, counts):
    tables = small_district()
    tables["grades"].loc[1, ["hundredths", "mark"]] = ["", mark]
    answer = _check(tmp_path, tables).capabilities["labels"]["course_failure"]
    assert answer == ("yes: 1 final marks" if counts else "no: no final marks in core courses")


def test_quarantine_keeps_the_cells_as_they_came(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, ["thousandths", "kind"]] = ["1,5", "sick"]
    held = _check(tmp_path, tables).quarantine["absences"].iloc[0]
    assert (held["student_id"], held["thousandths"], held["kind"]) == ("002", "1,5", "sick")
    assert (held["file"], held["line"]) == ("absences.csv", 4)
    assert held["rule"] == "EID-ATT-103;EID-ATT-105"


def test_write_check_writes_good_rows_bad_rows_and_the_report(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "kind"] = "sick"
    out = write_check(_check(tmp_path / "in", tables), tmp_path / "out")
    assert (out / "check.json").is_file()
    assert len(pd.read_parquet(out / "absences.parquet")) == 4
    held = pd.read_csv(out / "quarantine" / "absences.csv", dtype=str)
    assert held["student_id"].tolist() == ["002"]
    assert held["rule"].tolist() == ["EID-ATT-105"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_write_check_replaces_an_earlier_check_whole(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "kind"] = "sick"
    out = write_check(_check(tmp_path / "bad", tables), tmp_path / "out")
    write_check(_check(tmp_path / "good", small_district()), out)
    assert not (out / "quarantine").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "good", "out"]


def test_write_check_leaves_a_foreign_folder_alone(tmp_path):
    folder = write_csv(tmp_path / "in", small_district())
    result = check_district(folder, today=_TODAY)
    with pytest.raises(ConfigError, match="holds other files; name another folder"):
        write_check(result, folder)
    assert len(list(folder.iterdir())) == len(TABLES)
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="is a file; name another folder"):
        write_check(result, file)
    assert file.read_text() == "mine"


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    result = _check(tmp_path / "in", small_district())

    def refuse(self, folder):
        raise OSError("disk full")

    monkeypatch.setattr(District, "write", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_check(result, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


# --- a district written is a district read --------------------------------------------------------------------------


def test_write_then_read_gives_the_same_district(tmp_path):
    district = read_district(write_csv(tmp_path / "csv", small_district()), today=_TODAY)
    again = read_district(district.write(tmp_path / "parquet"), today=_TODAY)
    _assert_same(again, district)


@pytest.mark.slow
def test_a_simulated_county_has_no_error_and_reads_back_unchanged(tmp_path):
    county = simulate_district(students=300, schools=4, districts=2, years=2, seed=5)
    result = check_district(county.write(tmp_path))
    assert result.ok
    assert set(result.capabilities["known_at_imputed"].values()) == {0.0}
    _assert_same(result.district, county)


def test_on_error_quarantine_goes_on_with_the_good_rows(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "kind"] = "sick"
    folder = write_csv(tmp_path, tables)
    with pytest.raises(DataError, match="EID-ATT-105"):
        read_district(folder, today=_TODAY)
    assert len(read_district(folder, today=_TODAY, on_error="quarantine").frame("absences")) == 4
    with pytest.raises(ConfigError, match="'raise' or 'quarantine', got 'ignore'"):
        read_district(folder, on_error="ignore")
