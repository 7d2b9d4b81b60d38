"""What a person reads when the data is not what it should be: one sentence, the place, and what to do next."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, check_district, read_district
from early_id.exceptions import ConfigError, DataError

_TODAY = dt.date.fromisoformat(TODAY)


def _refusal(folder, tables):
    write_csv(folder, tables)
    with pytest.raises(DataError) as caught:
        read_district(folder, today=_TODAY)
    return str(caught.value)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(
        ConfigError, match=r"^Expected a folder, but '.*nowhere' does not exist; check the path\.$"
    ):
        read_district(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(tmp_path):
    file = tmp_path / "schools.csv"
    file.write_text("school_id\n")
    with pytest.raises(
        ConfigError, match=r"one file per table, but '.*schools.csv' is a file; give the folder"
    ):
        read_district(file)


def test_a_folder_without_tables(tmp_path):
    with pytest.raises(
        DataError, match=r"Expected tables such as schools\.csv .* but found no CSV or Parquet file"
    ):
        read_district(tmp_path)
    (tmp_path / "pupils.csv").write_text("a\n1\n")
    with pytest.raises(
        DataError, match=r"but found 'pupils\.csv'; name the files after the tables: schools, "
    ):
        read_district(tmp_path)


def test_an_unknown_source(tmp_path):
    with pytest.raises(ConfigError, match=r"Expected a source, got 'folders': did you mean 'folder'\?"):
        check_district(tmp_path, source="folders")


def test_a_missing_table(tmp_path):
    tables = small_district()
    del tables["calendar"]
    message = _refusal(tmp_path, tables)
    assert "EID-FILE-001 required table missing (no calendar.csv or calendar.parquet)" in message
    assert "EID-ATT-0" not in message
    assert message.endswith("; mend the table that has no good row and read again.")


def test_a_missing_column(tmp_path):
    tables = small_district()
    tables["absences"] = tables["absences"].rename(columns={"thousandths": "fraction"})
    message = _refusal(tmp_path, tables)
    assert "EID-FILE-002 required column missing (5 rows: absences has no column 'thousandths'" in message
    assert "columns that are not known: 'fraction'" in message


def test_an_unknown_column_is_a_warning_with_the_nearest_name(tmp_path):
    tables = small_district()
    tables["absences"] = tables["absences"].rename(columns={"retracted_at": "retracted_on"})
    tables["absences"] = tables["absences"].drop(index=[0])
    result = check_district(write_csv(tmp_path, tables), today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-003"]
    assert result.rules["examples"][0] == ["absences.csv column 'retracted_on': did you mean 'retracted_at'?"]
    assert result.ok


def test_a_wrong_type(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "occurred_on"] = "9/10/2024"
    assert (
        "EID-ATT-103 wrong type (1 row: absences.csv line 4: occurred_on is '9/10/2024', "
        "expected a day as YYYY-MM-DD)" in _refusal(tmp_path, tables)
    )


def test_a_date_in_the_future(tmp_path):
    tables = small_district()
    tables["grades"].loc[1, ["assessed_on", "known_at"]] = "2024-10-01"
    assert (
        "EID-GRD-107 date in the future (1 row: grades.csv line 3: student_id 001, course_id M6, "
        "assessment_id Q1: known_at 2024-10-01" in _refusal(tmp_path, tables)
    )


def test_today_is_the_current_date_unless_given(tmp_path):
    tomorrow = str(dt.date.today() + dt.timedelta(days=1))  # noqa: DTZ011 - as the library does
    tables = small_district()
    tables["incidents"].loc[0, "known_at"] = tomorrow
    folder = write_csv(tmp_path, tables)
    with pytest.raises(DataError, match="EID-INC-107 date in the future"):
        read_district(folder)


def test_two_primary_enrollments_at_once(tmp_path):
    tables = small_district()
    tables["enrollments"].loc[5, "primary"] = "true"
    assert (
        "EID-ENR-001 two primary enrollments at once (2 rows: enrollments.csv line 6: "
        "student 003: 0101 from 2024-09-02 and 0102 from 2024-09-04" in _refusal(tmp_path, tables)
    )


def test_an_absence_on_a_day_that_is_no_school_day(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, ["occurred_on", "known_at"]] = "2024-09-08"
    assert (
        "EID-ATT-002 absence on a day that is no school day (1 row: absences.csv line 4: "
        "student 002 at school 0102 on 2024-09-08)" in _refusal(tmp_path, tables)
    )


def test_attendance_for_a_student_never_enrolled(tmp_path):
    tables = small_district()
    tables["absences"].loc[4, "student_id"] = "3"
    assert (
        "EID-ATT-001 student never enrolled (1 row: absences.csv line 6: "
        "student 3 at school 0101 on 2024-09-06)" in _refusal(tmp_path, tables)
    )


def test_a_percent_of_130(tmp_path):
    tables = small_district()
    tables["grades"].loc[0, "hundredths"] = "13000"
    assert (
        "EID-GRD-106 number out of range (1 row: grades.csv line 2: hundredths is 130 % "
        "(allowed: 0 to 100 %))" in _refusal(tmp_path, tables)
    )


def test_more_than_a_day_in_one_absence(tmp_path):
    tables = small_district()
    tables["absences"].loc[2, "thousandths"] = "1500"
    assert "thousandths is 1.5 of a school day (allowed: 0 to 1 of a school day)" in _refusal(
        tmp_path, tables
    )


def test_empty_tables(tmp_path):
    tables = {name: frame.head(0) for name, frame in small_district().items()}
    message = _refusal(tmp_path, tables)
    assert "EID-FILE-005 empty table (" in message
    assert "0 rows" not in message
    for name in ("schools", "enrollments", "calendar"):
        assert f"{name}.csv has no rows" in message


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if not table.required])
def test_a_table_that_is_sent_empty_is_an_error_and_one_that_is_not_sent_is_none(tmp_path, name):
    tables = small_district()
    empty, absent = tmp_path / "empty", tmp_path / "absent"
    result = check_district(write_csv(empty, tables | {name: tables[name].head(0)}), today=_TODAY)
    assert result.rules["code"].iloc[0] == "EID-FILE-005"
    assert result.capabilities["absent"][name] == "no good row: EID-FILE-005"
    (empty / f"{name}.csv").unlink()
    typed = dict.fromkeys(tables[name], "str")
    tables[name].head(0).astype(typed).to_parquet(empty / f"{name}.parquet")
    assert check_district(empty, today=_TODAY).rules["examples"][0] == [f"{name}.parquet has no rows"]
    del tables[name]
    result = check_district(write_csv(absent, tables), today=_TODAY)
    assert result.capabilities["absent"][name] == "not submitted"
    assert result.ok == (name != "absences")


def test_two_files_for_one_table(tmp_path):
    tables = small_district()
    folder = write_csv(tmp_path, tables)
    pd.DataFrame({"school_id": ["0101"]}).to_parquet(folder / "schools.parquet")
    with pytest.raises(
        DataError, match=r"EID-FILE-004 two files for one table \(3 rows: schools\.csv: keep one"
    ):
        read_district(folder, today=_TODAY)
    files = check_district(folder, today=_TODAY).files.set_index("file")
    assert files.loc[["schools.csv", "schools.parquet"], "ignored"].tolist() == [2, 1]
    assert files.loc["schools.csv", "ignored_because"] == "two files for one table (2)"


def test_the_refusal_is_one_sentence_that_ends_with_the_next_step(tmp_path):
    tables = small_district()
    for name, column in (("absences", "kind"), ("incidents", "basis"), ("grades", "kind")):
        tables[name][column] = "other"
    tables["groups"]["valid_from"] = "soon"
    tables["supports"]["tier"] = "9"
    tables["decisions"]["decided_on"] = ""
    message = _refusal(tmp_path, tables)
    assert message.startswith(f"Expected data without errors, but {str(tmp_path)!r} breaks EID-")
    assert message.endswith(
        f"run `early-id check {tmp_path} --source folder --out DIR` and use the cleaned DIR."
    )
    # The seventh is about attendance: no absence is left.
    assert " and 2 more rules; run" in message
    assert message.count("line ") == 5
    assert "\n" not in message
