"""A table that is too large for memory gives what it would give if it were not."""

from __future__ import annotations

import datetime as dt
import gc
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_district import TODAY, small_district, write_csv
from small_edfi import small_edfi, write_edfi_files

from early_id.district import (
    TABLES,
    Reading,
    _answers,
    _csv,
    _engine,
    _lines,
    _rows,
    _text,
    check_district,
    write_check,
)
from early_id.district._rows import Rows
from early_id.district._sources import _json, _reading
from early_id.panel import build_panel

_TODAY = dt.date.fromisoformat(TODAY)


def _four_threads():
    connection = _engine.quiet(duckdb.connect())
    connection.execute("SET threads = 4")
    return connection


@pytest.fixture
def in_files(tmp_path, monkeypatch):
    """Every table counts as large, a block holds three rows or a line or two, and several threads work on them."""
    place = tmp_path / "spilled"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(_engine, "engine", _four_threads)
    monkeypatch.setattr(_rows, "_KEEP", 0)
    monkeypatch.setattr(_rows, "BLOCK", 3)
    monkeypatch.setattr(_text, "BLOCK", 3)
    monkeypatch.setattr(_reading, "BLOCK", 3)
    monkeypatch.setattr(_json, "_PART_BYTES", 500)
    monkeypatch.setattr(_lines, "_PART_BYTES", 100)
    monkeypatch.setattr(_csv, "_BLOCK_BYTES", 320)
    monkeypatch.setattr(_answers, "_SHARE", 2)
    return place


def _broken(folder):
    tables = small_district()
    absences = tables["absences"]
    absences.loc[1, "kind"] = "sick"
    absences.loc[3, "occurred_on"] = "2024-13-17"
    absences.loc[4, "student_id"] = "999"
    tables["absences"] = pd.concat([absences, absences.iloc[[0]]], ignore_index=True)
    tables["calendar"].loc[7, "day"] = ""
    tables["grades"] = tables["grades"].drop(columns="known_at")
    tables["incidents"] = tables["incidents"].drop(columns="basis")
    write_csv(folder, tables)
    text = (folder / "absences.csv").read_text().splitlines()
    text.insert(3, "only,three,cells")
    (folder / "absences.csv").write_text("\n".join(text) + '\n003,0101,"2024-09-06')
    (folder / "groups.csv").write_bytes((folder / "groups.csv").read_bytes() + b"003,gender,\xe9,2024-09-02,\n003,gender,\x81,2024-09-02,\n")  # fmt: skip
    tables["supports"].to_parquet(folder / "supports.parquet", index=False)
    (folder / "supports.csv").unlink()
    return folder


def _same(one, other):
    for name in ("rules", "files", "freshness"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.capabilities == other.capabilities
    assert one.quarantine.keys() == other.quarantine.keys()
    for name in one.quarantine:
        pd.testing.assert_frame_equal(
            one.quarantine[name].astype("object"), other.quarantine[name].astype("object"), check_dtype=False
        )
    for name in TABLES:
        pd.testing.assert_frame_equal(one.district.frame(name), other.district.frame(name))


@pytest.mark.parametrize("write", [lambda folder: write_csv(folder, small_district()), _broken])
def test_a_check_says_the_same(tmp_path, request, write):
    folder = write(tmp_path / "district")
    in_memory = check_district(folder, today=_TODAY)
    place = request.getfixturevalue("in_files")
    result = check_district(folder, today=_TODAY)
    assert len(list(place.iterdir())) >= 10
    _same(result, in_memory)
    written = write_check(result, tmp_path / "out")
    _same(check_district(written, today=_TODAY), check_district(write_check(in_memory, tmp_path / "one"), today=_TODAY))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("source", ["edfi", "oneroster", "calpads"])
def test_other_sources_say_the_same(tmp_path, request, source):
    here = Path(__file__).parent / source
    folder = write_edfi_files(tmp_path / "edfi", small_edfi()) if source == "edfi" else here
    in_memory = check_district(folder, source=source, today=_TODAY)
    place = request.getfixturevalue("in_files")
    result = check_district(folder, source=source, today=_TODAY)
    assert list(place.iterdir())
    _same(result, in_memory)


def test_a_share_is_of_the_file_and_not_of_each_block_of_it(tmp_path, in_files):
    lines = ["Site,Name", *(f"{number:02},Höhe {number}" for number in range(60))]
    (tmp_path / "sites.csv").write_bytes("\n".join(lines).encode("cp1252"))

    def read(path):
        reading = Reading()
        reading.sheet("sites", [path / "sites.csv"], ["Site", "Name"])
        reading.leave_out("sites", "true", "not asked for")
        return reading.intake()

    found = check_district(tmp_path, source=read, today=_TODAY).rules.set_index("code").loc["EID-FILE-009"]
    assert (found["rows"], found["share"], len(found["examples"])) == (60, 1.0, 5)


@pytest.mark.slow
def test_a_panel_is_computed_from_the_files_and_they_go_with_the_district(tmp_path, request):
    folder = write_csv(tmp_path / "district", small_district())
    expected = build_panel(check_district(folder, today=_TODAY).district, as_of=["2024-09-22"]).frame
    place = request.getfixturevalue("in_files")
    signals = check_district(folder, today=_TODAY).district.signals
    gc.collect()
    assert signals.table("absences").count().to_pyarrow().as_py() == 5
    assert "groups" not in signals.connection.list_tables()
    result = check_district(folder, today=_TODAY)
    pd.testing.assert_frame_equal(build_panel(result.district, as_of=["2024-09-22"]).frame, expected)
    del signals, result
    gc.collect()
    assert not list(Path(place).iterdir())


@pytest.mark.parametrize("parquet", [True, False])
def test_rows_in_a_file_are_those_that_were_added(in_files, parquet):
    rows = Rows(parquet=parquet)
    for start in range(0, 10, 4):
        rows.add(pa.table({"n": pa.array(range(start, min(start + 4, 10))), "text": pa.array(["a"] * min(4, 10 - start))}))  # fmt: skip
    assert rows.num_rows == 10
    assert rows.column_names == ["n", "text"]
    assert [block["n"].to_pylist() for block in rows.blocks(["n"])] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert rows.take(np.array([0, 3, 9]))["n"].to_pylist() == [0, 3, 9]
    assert rows.take(np.array([], np.int64)).num_rows == 0
    assert rows.without("n", np.array([1, 8])).table()["n"].to_pylist() == [0, 2, 3, 4, 5, 6, 7, 9]
    assert (rows.path is not None) == parquet


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b"\r\n", b"SENR^A", b'"', b" ", b"\xe9", b"\xef\xbb\xbf"]), max_size=30
    ),
    st.integers(1, 9),
)
def test_lines_are_the_same_however_their_file_is_cut(parts, size):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "lines.txt"
        path.write_bytes(b"".join(parts))

        def read():
            found = list(_lines.read_lines(path, lambda _: "^"))
            return (
                [line for part in found for line in part.text.to_pylist()],
                [cells for part in found for cells in part.cells.to_pylist()],
                [number for part in found for number in part.lines.tolist()],
                sorted(number for part in found for number in part.foreign),
            )

        whole = read()
        patch.setattr(_lines, "_PART_BYTES", size)
        assert read() == whole
