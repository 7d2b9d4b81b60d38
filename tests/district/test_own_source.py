"""The source of one's own that the docs show: it is short, it runs as it stands, and every row is accounted for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from early_id.district import check_district

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
TODAY = dt.date(2024, 9, 30)


@pytest.fixture
def source(tmp_path):
    code = PAGE.read_text(encoding="utf-8").split("# my_sis.py", 1)[1].split("```", 1)[0]
    file = tmp_path / "my_sis.py"
    file.write_text("# my_sis.py" + code, encoding="utf-8")
    return file


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    files = {
        "Sites": "Site,Name\n07,Hill\n08,Lake\n",
        "Days": "Site,Date,Taken,Term\n07,9/2/2024,9/2/2024,S1\n07,9/3/2024,9/4/2024,S1\n07,9/4/2024,,S1\n"
        "08,9/2/2024,,\n08,soon,,\n",
        "Pupils": "Pupil,Site,Grade,From,To\n01,07,7,9/2/2024,\n02,07,8,9/2/2024,9/3/2024\n03,08,x,9/2/2024,\n",
        "Attendance 1": "Pupil,Site,Date,Code,Entered\n01,07,9/2/2024,A,9/2/2024\n01,07,9/3/2024,P,9/3/2024\n",
        "Attendance 2": "Pupil,Site,Date,Code,Entered\n02,07,9/3/2024,L,\n02,07,9/4/2024,E,9/5/2024\n01,07,9/4/2024,Q,\n",
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_it_is_one_file_of_less_than_sixty_lines(source):
    assert len(source.read_text().splitlines()) < 60


def test_it_reads_and_accounts_for_every_row(source, exports):
    result = check_district(exports, source=str(source), today=TODAY)
    assert result.source == "my_sis"
    accounts = {r.file: (r.rows_in, r.rows_out, r.quarantined, r.ignored) for r in result.files.itertuples()}
    assert accounts == {
        "Sites.csv": (2, 2, 0, 0),
        "Days.csv": (5, 4, 1, 0),
        "Pupils.csv": (3, 2, 1, 0),
        "Attendance 1.csv": (2, 1, 0, 1),
        "Attendance 2.csv": (3, 1, 2, 0),
    }
    absences = result.district.frame("absences")
    assert absences["kind"].tolist() == ["unexcused", "tardy"]
    assert absences["thousandths"].tolist()[0] == 1000
    assert absences["thousandths"].isna().tolist() == [False, True]
    assert len(result.district.frame("attendance_feed")) == 2
    assert {"EID-SRC-001", "EID-SRC-005", "EID-ENR-103", "EID-ATT-003"} <= set(result.rules["code"])
