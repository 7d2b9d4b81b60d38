"""A district opened where its files lie is the district that was written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from early_id.district import TABLES, District, simulate_tables
from early_id.exceptions import ConfigError, DataError
from early_id.panel import build_panel


@pytest.fixture(scope="module")
def loaded() -> District:
    return District.from_frames(simulate_tables(students=200, schools=3, districts=1, years=2).tables)


@pytest.fixture(scope="module")
def folder(loaded: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loaded.write(tmp_path_factory.mktemp("it's [a] *county*") / "school_id=7")


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_the_same(loaded: District, folder: Path, name: str) -> None:
    opened = District.open(folder)
    pd.testing.assert_frame_equal(opened.frame(name), loaded.frame(name))
    if name != "groups":
        assert opened.signals.rows[name] == loaded.signals.rows[name]
        assert opened.signals.table(name).schema() == loaded.signals.table(name).schema()
        order = list(TABLES[name].all_columns)
        rows = [d.signals.table(name).order_by(order).to_pyarrow() for d in (opened, loaded)]
        assert rows[0].equals(rows[1])


def test_groups_data_until_and_panel_are_the_same(loaded: District, folder: Path) -> None:
    opened = District.open(str(folder))
    pd.testing.assert_frame_equal(opened.groups, loaded.groups)
    assert opened.data_until == loaded.data_until
    panels = [build_panel(district, as_of=["2025-01-19"]).frame for district in (opened, loaded)]
    pd.testing.assert_frame_equal(*panels)
    assert len(panels[0])


def test_another_cursor_sees_the_tables_but_never_the_groups(folder: Path) -> None:
    cursor = District.open(folder).signals.connection.con.cursor()
    names = {
        name for (name,) in cursor.execute("SELECT table_name FROM information_schema.tables").fetchall()
    }
    assert names == set(TABLES) - {"groups"}
    assert cursor.execute("SELECT count(*) FROM schools").fetchone() == (3,)


def test_an_opened_district_can_be_written_and_missing_tables_are_empty(folder: Path, tmp_path: Path) -> None:
    District.open(folder).write(tmp_path)
    (tmp_path / "grades.parquet").unlink()
    again = District.open(tmp_path)
    assert not again.signals.has("grades")
    assert again.frame("grades").empty
    assert again.signals.table("grades").count().to_pyarrow().as_py() == 0
    pd.testing.assert_frame_equal(again.frame("absences"), District.open(folder).frame("absences"))


def test_wider_types_become_canonical(folder: Path, tmp_path: Path) -> None:
    rows = pq.read_table(folder / "calendar.parquet")
    rows = rows.set_column(2, "school_year", rows["school_year"].cast(pa.int16()))
    rows = rows.set_column(3, "term", rows["term"].dictionary_encode()).append_column("note", rows["term"])
    pq.write_table(rows, tmp_path / "calendar.parquet")
    opened = District.open(tmp_path)
    pd.testing.assert_frame_equal(opened.frame("calendar"), District.open(folder).frame("calendar"))
    assert (
        opened.signals.table("calendar").schema() == District.open(folder).signals.table("calendar").schema()
    )


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Expected a folder .* does not exist; check the path"):
        District.open(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"'.*file' is a file; check the path"):
        District.open(tmp_path / "file")
    with pytest.raises(DataError, match=r"found 'file'; check the exports with `early-id check`"):
        District.open(tmp_path)


def test_a_file_that_is_not_as_the_library_writes_it(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "schools.parquet"
    file.write_text("school_id,school_name\n")
    with pytest.raises(DataError, match=r"Expected Parquet in .*schools.parquet.*; check the exports"):
        District.open(tmp_path)
    rows = pq.read_table(folder / "schools.parquet")
    pq.write_table(rows.drop_columns(["school_name"]), file)
    with pytest.raises(DataError, match=r"all columns of schools in .* there is no 'school_name'; check"):
        District.open(tmp_path)
    pq.write_table(rows.set_column(0, "school_id", rows["school_id"].cast(pa.int64())), file)
    with pytest.raises(DataError, match=r"canonical types in .*, got school_id \(int64\); check the exports"):
        District.open(tmp_path)
