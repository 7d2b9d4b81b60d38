"""What a source may forget, `Reading` does not: every row of every file is somewhere, and once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from early_id.district import Reading, check_district
from early_id.exceptions import ConfigError, DataError

TODAY = dt.date(2024, 9, 30)
SITES = "Site,Name,Open\n07,Hill,Y\n08,Lake,N\n09,Wood,Y\n,Moor,Y\n"
DAYS = "Site,Day\n07,2024-09-02\n07,2024-09-03\n"
PUPILS = "Pupil,Site,From,Note\n01,07,2024-09-02,a\n02,07,2024-13-02,\n03,77,2024-09-02,\n"


@pytest.fixture
def files(tmp_path):
    for name, text in {"sites": SITES, "days": DAYS, "pupils": PUPILS}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def reading_of(path: Path) -> Reading:
    reading = Reading()
    reading.sheet("sites", [path / "sites.csv"], ["Site", "Name", "Open"])
    reading.sheet("days", [path / "days.csv"], ["Site", "Day"])
    reading.sheet("pupils", [path / "pupils.csv"], ["Pupil", "Site", "From", "Note"])
    reading.hold_back("sites", "Site IS NULL", "EID-SRC-002", "site {Name} has no number")
    reading.leave_out("sites", "Open = 'N'", "closed")
    reading.rows(
        "schools",
        "SELECT Site AS school_id, Name AS school_name, 'd' AS district_id, 'D' AS district_name, _file, _line FROM sites",
    )
    reading.rows(
        "calendar",
        "SELECT Site AS school_id, Day AS day, 2025 AS school_year, 'T' AS term, _file, _line FROM days",
    )
    reading.rows(
        "enrollments",
        'SELECT Pupil AS student_id, Site AS school_id, "From" AS entered_on, 2025 AS school_year, true AS "primary", '
        "_file, _line FROM pupils",
    )
    return reading


def accounts(result):
    return {
        row.file: (row.rows_in, row.rows_out, row.quarantined, row.ignored)
        for row in result.files.itertuples()
    }


def test_rows_are_held_back_by_the_source_and_by_the_rules_of_the_table(files):
    result = check_district(files, source=lambda path: reading_of(path).intake(), today=TODAY)
    assert accounts(result) == {
        "sites.csv": (4, 2, 1, 1),
        "days.csv": (2, 2, 0, 0),
        "pupils.csv": (3, 1, 2, 0),
    }
    assert result.files["ignored_because"].tolist() == ["closed (1)", "", ""]
    rules = result.rules.set_index("code")["examples"]
    assert rules["EID-SRC-002"] == ["sites.csv line 5: site Moor has no number"]
    assert rules["EID-ENR-103"] == [
        "pupils.csv line 3: entered_on is '2024-13-02', expected a day as YYYY-MM-DD"
    ]
    assert "pupils.csv line 4" in rules["EID-ENR-111"][0]
    assert result.quarantine["sites"].fillna("").to_dict("records") == [
        {"Site": "", "Name": "Moor", "Open": "Y", "line": 5, "file": "sites.csv", "rule": "EID-SRC-002"}
    ]
    assert result.district.frame("enrollments")["student_id"].tolist() == ["01"]


def test_a_forgotten_row_is_held_back_and_said(files):
    (files / "notes.csv").write_text("Pupil,Text\n01,x\n02,y\n")

    def read(path):
        reading = reading_of(path)
        reading.sheet("notes", [path / "notes.csv"], ["Pupil", "Text"])
        reading.looked_up("notes", "Pupil = '01'")
        return reading.intake()

    result = check_district(files, source=read, today=TODAY)
    assert accounts(result)["notes.csv"] == (2, 1, 1, 0)
    assert not result.ok
    said = result.rules.set_index("code").loc["EID-SRC-006", "examples"]
    assert said == ["notes.csv line 3: it became no row of any table"]


def test_a_row_that_became_part_of_another_shares_its_fate(files):
    (files / "notes.csv").write_text("Pupil,Text\n01,x\n02,y\n")

    def read(path):
        reading = reading_of(path)
        reading.sheet("notes", [path / "notes.csv"], ["Pupil", "Text"])
        reading.merged(
            "SELECT notes._file, notes._line, pupils._file AS to_file, pupils._line AS to_line "
            "FROM notes JOIN pupils USING (Pupil)"
        )
        return reading.intake()

    result = check_district(files, source=read, today=TODAY)
    assert accounts(result)["notes.csv"] == (2, 1, 1, 0)  # pupil 02 was held back, and the note with it


def test_a_row_counts_once_however_many_rows_come_of_it(files):
    def read(path):
        reading = reading_of(path)
        reading.rows(
            "groups",
            "SELECT Pupil AS student_id, unnest(['a', 'b']) AS attribute, 'x' AS value, '2024-09-02' AS valid_from, "
            "_file, _line FROM pupils",
        )
        return reading.intake()

    result = check_district(files, source=read, today=TODAY)
    assert accounts(result)["pupils.csv"] == (3, 1, 2, 0)
    # Half of a row may be good: what is known of groups stays, though the enrollment was held back.
    assert len(result.district.frame("groups")) == 6


def test_files_that_cannot_be_read_or_lack_a_column_are_held_back_whole(files):
    (files / "days2.csv").write_text("Site,Date\n07,2024-09-04\n")
    (files / "days3.parquet").write_bytes(b"no parquet")

    def read(path):
        reading = reading_of(path)
        more = [path / "days2.csv", path / "days3.parquet"]
        reading.sheet("more", more, ["Site", "Day"])
        reading.rows(
            "calendar",
            "SELECT Site AS school_id, Day AS day, 2025 AS school_year, 'T' AS term, _file, _line FROM more",
        )
        return reading.intake()

    result = check_district(files, source=read, today=TODAY)
    assert accounts(result)["days2.csv"] == (1, 0, 1, 0)
    assert accounts(result)["days3.parquet"] == (0, 0, 0, 0)
    rules = result.rules.set_index("code")["examples"]
    assert rules["EID-FILE-002"] == ["days2.csv has no column 'Day'; it has 'Site', 'Date'"]
    assert "days3.parquet cannot be read" in rules["EID-FILE-006"][0]


def test_an_account_that_does_not_add_up_is_refused(files):
    def read(path):
        intake = reading_of(path).intake()
        files = tuple(type(file)(file.name, file.rows_in + 1, file.ignored) for file in intake.files)
        return type(intake)(files, intake.rows, intake.findings, intake.quarantine, intake.fed)

    with pytest.raises(
        DataError, match=r"Expected every row of sites\.csv to be accounted for, but of 5 rows 2 went on"
    ):
        check_district(files, source=read, today=TODAY)


def test_a_source_of_one_s_own_can_be_a_file_of_python(files, tmp_path):
    own = tmp_path / "own.py"
    own.write_text("def read(path):\n    return None\n")
    with pytest.raises(ConfigError, match=r"Expected the source 'own' to return an Intake"):
        check_district(files, source=str(own))
    own.write_text("x = 1\n")
    with pytest.raises(ConfigError, match=r"Expected a function `read\(path\)`"):
        check_district(files, source=str(own))
    with pytest.raises(ConfigError, match="does not exist"):
        check_district(files, source="nowhere.py")
    with pytest.raises(ConfigError, match="Expected no mapping"):
        check_district(files, source=lambda path: reading_of(path).intake(), mapping={"a": "b"})


def test_of_a_file_that_cannot_be_read_to_its_end_nothing_is_taken(files):
    rows = pa.table({"Site": ["07"] * 30_000, "Day": [f"day {number}" for number in range(30_000)]})
    pq.write_table(rows, files / "more.parquet", row_group_size=1000, compression="none")
    data = bytearray((files / "more.parquet").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
    (files / "more.parquet").write_bytes(data)

    def read(path):
        reading = reading_of(path)
        reading.sheet("more", [path / "more.parquet"], ["Site", "Day"])
        assert not reading.has_rows("more")
        return reading.intake()

    result = check_district(files, source=read, today=TODAY)
    assert accounts(result)["more.parquet"] == (0, 0, 0, 0)
    (said,) = result.rules.set_index("code")["examples"]["EID-FILE-006"]
    assert said.startswith("more.parquet cannot be read (")
