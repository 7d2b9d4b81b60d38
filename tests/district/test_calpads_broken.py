"""However CALPADS files are broken: every line is accounted for, no bad row passes, only our own errors are raised."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from good_rows import BROKEN, assert_good_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st
from test_calpads import FILES, MAPPING, TODAY, check

from early_id.district import check_district, write_check
from early_id.district._sources._folder import read_folder

_CONTENT = {file.name: file.read_bytes() for file in sorted(FILES.iterdir())}
_CELLS = [
    "", "?", "A", "D", "R", "10", "E155", "N470", "E140", "0000001", "0000002", "0100022", "0000000101", "2024-2025",
    "20240229", "20230230", "08162023", "08/16/2023", "99999999", "SENR", "STAS-R", "511", "100", "-1", "1e9", "{x}",
    '"', "é", "=1+1",
]  # fmt: skip
_DATE = re.compile(r"(19|20)\d{6}")


def _table(content):
    text = content.decode("cp1252")
    between = "^" if "^" in text else ","
    return between, [line.split(between) for line in text.split("\r\n")[:-1]]


def _bytes(between, rows):
    return "".join(between.join(row) + "\r\n" for row in rows).encode("cp1252", errors="replace")


def _drop(rows, data):
    rows.pop(data.draw(st.integers(0, len(rows) - 1)))


def _duplicate(rows, data):
    rows.insert(data.draw(st.integers(0, len(rows))), list(data.draw(st.sampled_from(rows))))


def _shift(rows, data):
    row, by = data.draw(st.sampled_from(rows)), dt.timedelta(days=data.draw(st.integers(-800, 800)))
    for place, cell in enumerate(row):
        if _DATE.fullmatch(cell):
            row[place] = (dt.datetime.strptime(cell, "%Y%m%d") + by).strftime("%Y%m%d")  # noqa: DTZ007 - a day


def _corrupt(rows, data):
    row = data.draw(st.sampled_from(rows))
    cell = st.sampled_from(_CELLS) | st.text(st.characters(codec="cp1252"), max_size=6)
    row[data.draw(st.integers(0, len(row) - 1))] = data.draw(cell)


def _swap(rows, data):
    one, other = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 30))
    for row in rows:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]


def _shorten(rows, data):
    row = data.draw(st.sampled_from(rows))
    del row[data.draw(st.integers(0, len(row))) :]


def _mix(rows, data):
    rows += _table(_CONTENT[data.draw(st.sampled_from(list(_CONTENT)))])[1]


_BREAK_ROWS = [_drop, _duplicate, _shift, _corrupt, _swap, _shorten, _mix]
_NOISE = [
    b"\xe9",
    b"\x81",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00",
    b'"',
    b"^",
    b",",
    b"\n",
    b"\r\n",
    b'""',
    b"\x1a",
]


def _broken(data):
    content = dict(_CONTENT)
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(list(content)))
        between, rows = _table(content[name])
        if rows:
            data.draw(st.sampled_from(_BREAK_ROWS))(rows, data)
            content[name] = _bytes(between, rows)
    name = data.draw(st.sampled_from(list(content)))
    at = data.draw(st.integers(0, len(content[name])))
    match data.draw(st.sampled_from(["cut", "noise", "utf-16", "none"])):
        case "cut":
            content[name] = content[name][:at]
        case "noise":
            content[name] = content[name][:at] + data.draw(st.sampled_from(_NOISE)) + content[name][at:]
        case "utf-16":
            content[name] = content[name].decode("cp1252").encode("utf-16")
    return content


def _written(path):
    """Read what was written, as a source that lacks what CALPADS lacks."""
    intake = read_folder(path)
    found = tuple(finding for finding in intake.findings if finding.code != "EID-FILE-001")
    return replace(intake, findings=found, lacks=frozenset({"calendar", "absences", "attendance_feed"}))


def _assert_what_holds(content):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_bytes(text)

        def checked():
            result = check(folder)
            assert sorted(result.files["file"]) == sorted(content)
            return result

        def again(result):
            return check_district(write_check(result, Path(place) / "out"), source=_written, today=TODAY)

        assert_good_or_refused(checked, again)


@given(data=st.data())
@settings(max_examples=3, **BROKEN)
def test_however_files_are_broken(data):
    _assert_what_holds(_broken(data))


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=25, **BROKEN)
def test_however_files_are_broken_at_length(data):
    _assert_what_holds(_broken(data))


def test_the_files_as_they_are_pass():
    assert MAPPING["terms"]
    _assert_what_holds(_CONTENT)
