from __future__ import annotations

import codecs
import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, check_district, read_district
from early_id.district._cells import to_kind
from early_id.exceptions import ConfigError

_TODAY = dt.date.fromisoformat(TODAY)


@pytest.fixture
def folder(tmp_path):
    return write_csv(tmp_path / "district", small_district())


@pytest.fixture
def expected(tmp_path):
    return read_district(write_csv(tmp_path / "expected", small_district()), today=_TODAY)


def _rewrite(folder, name, change):
    file = folder / f"{name}.csv"
    file.write_bytes(change(file.read_bytes()))


def _same(folder, expected):
    result = check_district(folder, today=_TODAY)
    for name in TABLES:
        pd.testing.assert_frame_equal(result.district.frame(name), expected.frame(name))
    return result


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: codecs.BOM_UTF8 + data, id="byte order mark"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: data.replace(b"\n", b"\r"), id="CR"),
        pytest.param(lambda data: data.rstrip(), id="no line end at the end"),
        pytest.param(lambda data: b"\n\n" + data.replace(b"\n", b"\n\n"), id="blank lines"),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda data: data.replace(b",", b", ", 3), id="blanks around header names"),
    ],
)
def test_text_files_as_spreadsheets_write_them(folder, expected, change):
    for name in ("schools", "absences"):
        _rewrite(folder, name, change)
    assert _same(folder, expected).rules.empty


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
def test_other_separators(folder, expected, delimiter):
    for name, table in small_district().items():
        table.to_csv(folder / f"{name}.csv", index=False, sep=delimiter)
    assert _same(folder, expected).rules.empty


def test_leading_zeros_and_separators_inside_quotes_stay(folder):
    schools = read_district(folder, today=_TODAY).frame("schools")
    assert schools["school_id"].tolist() == ["0101", "0102"]
    assert schools["school_name"].tolist() == ["North, Upper", "South"]


def test_windows_1252_is_read_and_told(folder, expected):
    _rewrite(folder, "schools", lambda data: data.decode().encode("cp1252"))
    result = _same(folder, expected)
    assert result.rules["code"].tolist() == ["EID-FILE-009"]
    assert result.rules["examples"][0] == ["schools.csv line 2", "schools.csv line 3"]


def test_mixed_encodings_are_decoded_cell_by_cell(folder, expected):
    lines = (folder / "schools.csv").read_bytes().splitlines()
    lines[2] = lines[2].decode().encode("cp1252")
    (folder / "schools.csv").write_bytes(b"\n".join(lines))
    result = _same(folder, expected)
    assert result.rules["rows"].tolist() == [1]


def test_bytes_of_no_encoding_are_held_back(folder):
    _rewrite(folder, "incidents", lambda data: data.replace(b"fighting", b"fight\x81ng"))
    result = check_district(folder, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-008"]
    assert result.quarantine["incidents"]["incident_id"].tolist() == ["i1"]
    assert result.district.frame("incidents")["incident_id"].tolist() == ["i2"]


def test_lines_without_one_cell_per_column_are_held_back(folder):
    _rewrite(folder, "groups", lambda data: data + b"003,gender,F\n003,gender,M,2024-09-02,,extra\n")
    result = check_district(folder, today=_TODAY)
    files = result.files.set_index("file").loc["groups.csv"]
    assert (files["rows_in"], files["rows_out"], files["quarantined"]) == (5, 3, 2)
    assert result.rules["code"].tolist() == ["EID-FILE-007"]
    assert result.quarantine["groups"]["text"].tolist() == ["003,gender,F", "003,gender,M,2024-09-02,,extra"]
    assert result.quarantine["groups"]["line"].tolist() == [5, 6]


def test_a_line_of_other_cells_may_be_of_another_encoding_as_well(folder, expected):
    more = "ä,ö\n".encode("cp1252")
    _rewrite(folder, "schools", lambda data: data.decode().encode("cp1252") + more)
    result = _same(folder, expected)
    assert result.rules["code"].tolist() == ["EID-FILE-007", "EID-FILE-009"]
    assert result.rules["examples"][0] == ["schools.csv line 4: 'ä,ö'"]


def test_a_file_that_ends_within_a_letter_is_read_line_by_line(folder, expected):
    _rewrite(folder, "schools", lambda data: data + "0103,Süd".encode()[:-2])
    result = _same(folder, expected)
    assert result.rules["code"].tolist() == ["EID-FILE-007"]
    assert result.rules["examples"][0] == ["schools.csv line 4: '0103,SÃ'"]


def test_lines_are_numbered_across_broken_ones(folder):
    lines = (folder / "absences.csv").read_text().splitlines()
    lines.insert(1, "only,three,cells")
    lines[4] = lines[4].replace("unexcused", "sick")
    (folder / "absences.csv").write_text("\n".join(lines))
    result = check_district(folder, today=_TODAY)
    assert dict(
        zip(result.quarantine["absences"]["line"], result.quarantine["absences"]["rule"], strict=True)
    ) == {
        2: "EID-FILE-007",
        5: "EID-ATT-105",
    }


def test_a_quote_that_never_closes_swallows_no_good_row(folder):
    _rewrite(folder, "incidents", lambda data: data.replace(b"fighting", b'"fighting'))
    result = check_district(folder, today=_TODAY)
    files = result.files.set_index("file").loc["incidents.csv"]
    assert (files["rows_in"], files["rows_out"], files["quarantined"]) == (2, 0, 2)


def test_a_quote_that_swallows_lines_into_a_whole_row_is_seen(folder):
    """The last cell of the first row opens a quote: the row has the right number of cells and a wrong content."""
    (folder / "groups.csv").write_text(
        "student_id,attribute,valid_from,valid_to,value\n"
        '001,gender,2024-09-02,,"F\n002,gender,2024-09-02,,F\n003,gender,2024-09-02,,M\n'
    )
    result = check_district(folder, today=_TODAY)
    files = result.files.set_index("file").loc["groups.csv"]
    assert (files["rows_in"], files["rows_out"], files["quarantined"]) == (3, 0, 3)


def test_a_lone_quote_inside_a_cell_is_text(folder):
    _rewrite(folder, "incidents", lambda data: data.replace(b"fighting", b'about 5" long'))
    result = check_district(folder, today=_TODAY)
    assert result.ok
    assert result.district.frame("incidents")["behavior"].tolist() == ['about 5" long', "disruption"]


@pytest.mark.parametrize("keep", [0.35, 0.6, 0.9])
def test_a_file_cut_off_loses_only_its_end(folder, keep):
    _rewrite(folder, "absences", lambda data: data[: int(len(data) * keep)])
    result = check_district(folder, today=_TODAY)
    whole = small_district()["absences"]
    kept = result.district.frame("absences")
    assert len(kept) < len(whole)
    assert kept["student_id"].tolist() == whole["student_id"].tolist()[: len(kept)]
    assert not result.ok


def test_a_file_that_is_no_parquet(folder):
    (folder / "grades.csv").unlink()
    (folder / "grades.parquet").write_bytes(b"PAR1 and then nothing")
    result = check_district(folder, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-006"]
    assert result.rules["examples"][0][0].startswith("grades.parquet cannot be read (")


def test_a_column_that_comes_twice_is_not_guessed(folder):
    _rewrite(folder, "groups", lambda data: data.replace(b"valid_to", b"valid_from", 1))
    result = check_district(folder, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-011"]
    assert result.district.groups.empty
    assert len(result.quarantine["groups"]) == 3


def test_files_that_are_no_table_are_ignored_with_a_reason(folder):
    (folder / "truth.csv").write_text("student_id,risk\n001,0.1\n")
    (folder / "nothing.csv").mkdir()
    (folder / "absence.csv").write_text("a\n1\n2\n")
    (folder / "notes.txt").write_text("not looked at")
    result = check_district(folder, today=_TODAY)
    assert result.ok
    files = result.files.set_index("file")
    assert files.loc["truth.csv", "ignored_because"] == "not a canonical table (1)"
    assert files.loc["absence.csv", "ignored"] == 2
    assert "notes.txt" not in files.index
    assert "absence.csv: did you mean 'absences'?" in result.rules["examples"][0]


def test_the_truth_of_a_simulated_county_is_known_and_not_read(folder):
    pq.write_table(pa.table({"student_id": ["001"], "risk": [0.1]}), folder / "truth.parquet")
    result = check_district(folder, today=_TODAY)
    assert result.rules.empty
    files = result.files.set_index("file")
    assert files.loc["truth.parquet", "ignored_because"] == "the truth behind a simulated county (1)"


@pytest.mark.parametrize("written", ["Absences.csv", "absences.CSV", "ABSENCES.Csv"])
def test_the_case_of_a_file_name_does_not_matter(folder, expected, written):
    (folder / "absences.csv").rename(folder / written)
    assert _same(folder, expected).rules.empty


def test_two_files_that_differ_in_case_are_two_files_for_one_table(folder):
    if (folder / "Incidents.CSV").exists():
        pytest.skip("this file system does not tell upper from lower case")
    (folder / "Incidents.CSV").write_bytes((folder / "incidents.csv").read_bytes())
    assert check_district(folder, today=_TODAY).rules["code"].tolist() == ["EID-FILE-004"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_with_the_name_of_a_table_is_reported(folder, ending):
    (folder / "incidents.csv").unlink()
    (folder / f"incidents.{ending}").mkdir()
    result = check_district(folder, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-006"]
    assert result.rules["examples"][0] == [f"incidents.{ending} cannot be read (it is not a file)"]
    assert result.capabilities["absent"] == {"incidents": "no good row: EID-FILE-006"}


@pytest.mark.parametrize("name", ["incidents.xlsx", "Incidents.csv.gz", "incidents"])
def test_a_table_in_another_format_is_not_passed_over(folder, name):
    (folder / "incidents.csv").unlink()
    (folder / name).write_text("student_id\n")
    result = check_district(folder, today=_TODAY)
    assert result.rules["code"].tolist() == ["EID-FILE-010"]
    assert result.rules["examples"][0] == [f"{name}: not read; expected incidents.csv or incidents.parquet"]


def test_a_district_without_optional_tables(tmp_path):
    tables = {name: small_district()[name] for name in ("schools", "enrollments", "calendar")}
    result = check_district(write_csv(tmp_path, tables), today=_TODAY)
    assert result.ok
    assert result.rules["code"].tolist() == ["EID-FEED-002"]
    assert result.district.groups.empty


@pytest.mark.parametrize(
    ("kind", "column", "expected", "wrong"),
    [
        ("string", pa.array([7, None, 10]), ["7", None, "10"], []),
        ("string", pa.array([7.0, 7.5]), ["7", "7.5"], []),
        ("string", pa.array([" a ", "", "  "]), ["a", None, None], []),
        ("string", pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"], []),
        ("string", pa.array([[1], None]), [None, None], [0]),
        ("string", pa.array([(1, 2, 3)], pa.month_day_nano_interval()), [None], [0]),
        ("int", pa.array([1, 2], pa.int16()), [1, 2], []),
        ("int", pa.array([1, 2**63], pa.uint64()), [1, None], [1]),
        ("int", pa.array([1.0, 2.5, None, float("nan")]), [1, None, None, None], [1, 3]),
        ("int", pa.array(["-3", "+4", "5.0", "5.5", "1e3", "٣", ""]), [-3, 4, 5, None, None, None, None], [3, 4, 5]),
        ("date", pa.array(["2024-02-29", "2023-02-29", "20240229"]), ["2024-02-29", None, None], [1, 2]),
        ("date", pa.array(["2024-2-9", "2024-09-02T08:00:00"]), [None, None], [0, 1]),
        ("date", pa.array(["2024-09-02", "2024-09-02T08:00"]).cast(pa.timestamp("us")), ["2024-09-02", None], [1]),
        ("date", pa.array([dt.date(2024, 9, 2)], pa.date64()), ["2024-09-02"], []),
        ("date", pa.array([1, 2]), [None, None], [0, 1]),
        ("bool", pa.array(["true", "FALSE", "1", "0", "Yes", "no", "t"]), [True, False] * 3 + [None], [6]),
        ("bool", pa.array([1, 0, 2]), [True, False, None], [2]),
        ("bool", pa.nulls(2), [None, None], []),
    ],
)  # fmt: skip
def test_cells_become_typed_or_are_pointed_at(kind, column, expected, wrong):
    typed = to_kind(pa.chunked_array([column]), kind)
    values = [str(value) if isinstance(value, dt.date) else value for value in typed.values.to_pylist()]
    assert values == expected
    assert typed.wrong.tolist() == wrong


def test_parquet_with_types_of_its_own(folder, expected):
    frames = {name: expected.frame(name) for name in TABLES}
    frames["absences"]["thousandths"] = frames["absences"]["thousandths"].astype("float64")
    frames["absences"]["kind"] = frames["absences"]["kind"].astype("category")
    frames["enrollments"]["primary"] = frames["enrollments"]["primary"].astype("int8")
    for name, frame in frames.items():
        (folder / f"{name}.csv").unlink()
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet")
    assert _same(folder, expected).rules.empty


def _renamed(folder):
    """The small district as a student information system exports it: other names, other words."""
    absences = small_district()["absences"].rename(columns={"student_id": "Pupil", "kind": "Type"})
    absences["Type"] = absences["Type"].replace({"unexcused": "U", "excused": "E", "tardy": " t "})
    absences.to_csv(folder / "Abs 2024.csv", index=False)
    (folder / "absences.csv").unlink()
    return {
        "absences": {
            "file": "Abs 2024.csv",
            "columns": {"student_id": "Pupil", "kind": "Type"},
            "values": {"kind": {"u": "unexcused", "E": "excused", "T": "tardy"}},
        }
    }


def test_a_mapping_names_file_columns_and_words(folder, expected):
    result = check_district(folder, mapping=_renamed(folder), today=_TODAY)
    assert result.rules.empty
    assert result.files["file"].tolist()[3] == "Abs 2024.csv"
    for name in TABLES:
        pd.testing.assert_frame_equal(result.district.frame(name), expected.frame(name))


def test_a_mapping_that_says_something_twice_is_refused(folder):
    file = folder / "names.yaml"
    file.write_text("absences:\n  file: first.csv\nabsences:\n  file: second.csv\n")
    with pytest.raises(ConfigError, match=r"the key 'absences' twice, again at line 3"):
        check_district(folder, mapping=file)


def test_a_mapping_is_a_yaml_file_too(folder, expected):
    _renamed(folder)
    file = folder / "names.yaml"
    file.write_text(
        "absences:\n  file: Abs 2024.csv\n  columns: {student_id: Pupil, kind: Type}\n"
        "  values:\n    kind: {U: unexcused, E: excused, t: tardy}\n"
    )
    district = read_district(folder, mapping=file, today=_TODAY)
    pd.testing.assert_frame_equal(district.frame("absences"), expected.frame("absences"))


def test_two_columns_can_change_places(folder, expected):
    _rewrite(folder, "enrollments", lambda data: data.replace(b"entered_on", b"x").replace(b"left_on", b"entered_on").replace(b"x,", b"left_on,", 1))  # fmt: skip
    mapping = {"enrollments": {"columns": {"entered_on": "left_on", "left_on": "entered_on"}}}
    district = read_district(folder, mapping=mapping, today=_TODAY)
    pd.testing.assert_frame_equal(district.frame("enrollments"), expected.frame("enrollments"))


def test_messages_and_quarantine_hold_what_the_mapped_file_holds(folder):
    mapping = _renamed(folder)
    mapping["absences"]["values"]["kind"].pop("T")
    result = check_district(folder, mapping=mapping, today=_TODAY)
    (said,) = result.rules.set_index("code").loc["EID-ATT-105", "examples"]
    assert said.startswith("Abs 2024.csv line 6: kind (column 'Type') is 't' (allowed: excused")
    held = result.quarantine["absences"].iloc[0]
    assert (held["Pupil"], held["Type"], held["file"]) == ("003", " t ", "Abs 2024.csv")


def test_an_empty_cell_can_have_a_meaning(folder, expected):
    _rewrite(folder, "absences", lambda data: data.replace(b",unexcused,", b",,"))
    mapping = {"absences": {"values": {"kind": {"": "unexcused"}}}}
    district = read_district(folder, mapping=mapping, today=_TODAY)
    pd.testing.assert_frame_equal(district.frame("absences"), expected.frame("absences"))


def test_the_file_of_the_mapping_is_read_instead_of_the_one_with_the_table_s_name(folder, expected):
    (folder / "new.csv").write_bytes((folder / "absences.csv").read_bytes())
    (folder / "absences.csv").write_text("a\n1\n2\n")
    result = check_district(folder, mapping={"absences": {"file": "new.csv"}}, today=_TODAY)
    pd.testing.assert_frame_equal(result.district.frame("absences"), expected.frame("absences"))
    files = result.files.set_index("file")
    assert files.loc["absences.csv", "ignored_because"] == "the mapping names another file for this table (2)"


def test_an_empty_mapped_file_is_named_as_the_reason_of_the_absent_table(folder):
    (folder / "incidents.csv").unlink()
    (folder / "inc24.csv").write_text("student_id\n")
    result = check_district(folder, mapping={"incidents": {"file": "inc24.csv"}}, today=_TODAY)
    assert result.capabilities["absent"] == {"incidents": "no good row: EID-FILE-005"}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"absence": {}}, r"names of canonical tables in the mapping, got 'absence': did you mean 'absences'"),
        ({"absences": {"colums": {}}}, r"understands it \(file, columns, values\), got 'absences.colums'"),
        ({"absences": {"columns": {"knd": "Type"}}}, r"columns of absences in the mapping, got 'knd': did you mean 'kind'"),
        ({"absences": {"values": {"knd": {}}}}, r"columns of absences in the mapping, got 'knd'"),
        ({"absences": {"values": {"kind": {"T": "late"}}}}, r"words for absences.kind in the mapping, got 'late': known are"),
        ({"absences": {"file": "absence.csv"}}, r"file 'absence.csv' in .*, which the mapping reads as absences, but there is none: did you mean 'absences.csv'"),
        ({"absences": {"columns": {"kind": "Kind"}}}, r"a column 'Kind' in absences.csv, which the mapping reads as absences.kind, but there is none: did you mean 'kind'"),
        ({"grades": {"file": "x.csv"}, "absences": {"file": "x.csv"}}, r"one table per file in the mapping, got 'x.csv' for two"),
        ({"absences": "abs.csv"}, r"got 'absences'"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_refused(folder, mapping, said):
    with pytest.raises(ConfigError, match=said):
        read_district(folder, mapping=mapping, today=_TODAY)
