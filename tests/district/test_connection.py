"""Tables of a database are read and judged as the files of a folder are."""

from __future__ import annotations

import datetime as dt

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pytest
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, check_district, read_district, write_check
from early_id.exceptions import ConfigError, DataError

_TODAY = dt.date.fromisoformat(TODAY)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return read_district(write_csv(tmp_path_factory.mktemp("expected"), small_district()), today=_TODAY)


@pytest.fixture
def database(tmp_path, expected):
    """A DuckDB file with typed tables."""
    file = tmp_path / "district.duckdb"
    with duckdb.connect(file) as connection:
        for name in TABLES:
            rows = pa.Table.from_pandas(expected.frame(name), preserve_index=False)
            connection.register("rows", rows)
            connection.execute(f"CREATE TABLE {name} AS FROM rows")
    return file


def _execute(file, *statements):
    with duckdb.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    return ibis.duckdb.connect(file)


def test_a_database_is_read_where_it_is(database, expected):
    result = check_district(ibis.duckdb.connect(database), today=_TODAY)
    assert result.rules.empty
    assert result.source == "folder"
    assert result.files.set_index("file")["rows_out"].to_dict() == {
        name: len(expected.frame(name)) for name in TABLES
    }
    for name in TABLES:
        pd.testing.assert_frame_equal(result.district.frame(name), expected.frame(name))


def test_names_and_words_come_from_the_mapping(database, expected):
    connection = _execute(
        database,
        "CREATE SCHEMA sis",
        "CREATE TABLE sis.abs AS SELECT * EXCLUDE kind, upper(kind[1]) AS kind_code FROM absences",
        "DROP TABLE absences",
        "ALTER TABLE schools RENAME TO Sites",
    )
    words = {"U": "unexcused", "E": "excused", "P": "partial", "T": "tardy"}
    mapping = {
        "schools": {"file": "Sites"},
        "absences": {"file": "sis.abs", "columns": {"kind": "kind_code"}, "values": {"kind": words}},
    }
    result = check_district(connection, mapping=mapping, today=_TODAY)
    assert result.rules.empty
    assert {"Sites", "sis.abs"} < set(result.files["file"])
    pd.testing.assert_frame_equal(result.district.frame("absences"), expected.frame("absences"))


def test_rows_are_numbered_and_bad_ones_held_back(database, tmp_path):
    connection = _execute(
        database,
        "INSERT INTO absences SELECT * REPLACE ('sick' AS kind, '003' AS student_id) FROM absences LIMIT 1",
        "CREATE TABLE notes AS SELECT 1 AS x",
    )
    result = check_district(connection, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-ATT-105"]
    assert result.rules["examples"][0][0].startswith("absences line 6: kind is 'sick'")
    files = result.files.set_index("file").loc["absences"]
    assert (files["rows_in"], files["rows_out"], files["quarantined"]) == (6, 5, 1)
    assert "notes" not in set(result.files["file"])
    assert check_district(write_check(result, tmp_path / "out"), today=_TODAY).rules.empty
    with pytest.raises(DataError, match=r"but the database breaks EID-ATT-105 .*write_check\(check_district"):
        read_district(connection, today=_TODAY)


def test_types_that_are_no_cells_are_pointed_at(database):
    connection = _execute(
        database, "ALTER TABLE incidents ALTER suspension_days TYPE INTERVAL USING INTERVAL 1 DAY"
    )
    result = check_district(connection, today=_TODAY)
    assert set(result.rules["code"]) <= {"EID-INC-103", "EID-INC-104", "EID-FILE-006"}
    assert not result.ok


def test_a_view_that_fails_is_reported(database):
    connection = _execute(
        database,
        "DROP TABLE incidents",
        "CREATE VIEW incidents AS SELECT error('no rights') AS student_id FROM schools",
    )
    result = check_district(connection, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-006"]
    assert "no rights" in result.rules["examples"][0][0]


def test_a_missing_table_is_reported(database):
    result = check_district(_execute(database, "DROP TABLE calendar"), today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-001", "EID-FILE-012"]
    assert result.rules["examples"][0] == ["no table calendar"]


def test_what_is_no_connection_or_holds_nothing_is_refused(tmp_path, database):
    with pytest.raises(
        ConfigError, match=r"Expected a path, or an Ibis connection .* got DuckDBPyConnection"
    ):
        check_district(duckdb.connect(), today=_TODAY)
    with pytest.raises(DataError, match="in the database, but found no table"):
        check_district(ibis.duckdb.connect(), today=_TODAY)
    with pytest.raises(ConfigError, match="Expected the source 'folder' for an Ibis connection, got 'oulad'"):
        check_district(ibis.duckdb.connect(), source="oulad")
    with pytest.raises(ConfigError, match=r"which the mapping reads as absences.*did you mean 'absences'"):
        check_district(ibis.duckdb.connect(database), mapping={"absences": {"file": "absence"}})
    with pytest.raises(ConfigError, match=r"Expected a table 'nowhere.absences' .* no table lies there"):
        check_district(ibis.duckdb.connect(database), mapping={"absences": {"file": "nowhere.absences"}})
    closed = ibis.duckdb.connect(database)
    closed.con.close()
    with pytest.raises(DataError, match="Expected a database that lists its tables"):
        check_district(closed)
