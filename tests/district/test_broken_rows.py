"""However rows are broken: every row is accounted for, no bad one passes, and only our own errors are raised."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from good_rows import BROKEN, assert_accounts_balance, assert_no_bad_row
from hypothesis import event, given, settings
from hypothesis import strategies as st
from small_district import TODAY, small_district, write_csv

from early_id.district import TABLES, check_district, write_check
from early_id.exceptions import EarlyIdError

_TODAY = dt.date.fromisoformat(TODAY)
_NAMES = list(TABLES)
_CELLS = [
    "",
    "?",
    "00",
    "7",
    "-1",
    "99999",
    "1e9",
    "2024-09-31",
    "1066-10-14",
    "9999-12-31",
    "0001-01-01",
    "é,\"'",
    "{x}",
]


def _row(frame, data):
    return data.draw(st.integers(0, len(frame) - 1)) if len(frame) else None


def _drop(tables, name, data):
    row = _row(tables[name], data)
    if row is not None:
        tables[name] = tables[name].drop(index=tables[name].index[row]).reset_index(drop=True)


def _duplicate(tables, name, data):
    row = _row(tables[name], data)
    if row is not None:
        tables[name] = pd.concat([tables[name], tables[name].iloc[[row]]], ignore_index=True)


def _shift(tables, name, data):
    days = [
        part
        for part, column in TABLES[name].all_columns.items()
        if column.kind == "date" and part in tables[name]
    ]
    if days:
        column = data.draw(st.sampled_from(days))
        by = pd.Timedelta(days=data.draw(st.integers(-400, 400)))
        moved = pd.to_datetime(tables[name][column], format="%Y-%m-%d", errors="coerce") + by
        tables[name][column] = moved.dt.strftime("%Y-%m-%d").fillna("")


def _corrupt(tables, name, data):
    row = _row(tables[name], data)
    if row is not None:
        column = data.draw(st.sampled_from(list(tables[name].columns)))
        cell = data.draw(
            st.sampled_from(_CELLS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
        )
        tables[name].loc[row, column] = cell


def _swap(tables, name, data):
    columns = list(tables[name].columns)
    one, other = data.draw(st.sampled_from(columns)), data.draw(st.sampled_from(columns))
    tables[name] = tables[name].rename(columns={one: other, other: one})


def _remove_column(tables, name, data):
    tables[name] = tables[name].drop(columns=data.draw(st.sampled_from(list(tables[name].columns))))


_BREAK_CELLS = [_drop, _duplicate, _shift, _corrupt, _swap]


def _truncate(content, data):
    return content[: data.draw(st.integers(0, len(content)))]


def _mix_encodings(content, data):
    at = data.draw(st.integers(0, len(content)))
    return (
        content[:at]
        + data.draw(st.sampled_from([b"\xe9", b"\x81", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00"]))
        + content[at:]
    )


def _insert(content, data):
    at = data.draw(st.integers(0, len(content)))
    return content[:at] + data.draw(st.sampled_from([b'"', b",", b"\n", b"\r\n", b";", b'""'])) + content[at:]


_BREAK_BYTES = [_truncate, _mix_encodings, _insert]


def _break(folder, data):
    tables = small_district()
    for _ in range(data.draw(st.integers(1, 3))):
        change = data.draw(st.sampled_from(_BREAK_CELLS))
        change(tables, data.draw(st.sampled_from(_NAMES)), data)
    if data.draw(st.integers(0, 9)) == 0:
        _remove_column(tables, data.draw(st.sampled_from(_NAMES)), data)
    write_csv(folder, tables)
    if data.draw(st.booleans()):
        file = folder / f"{data.draw(st.sampled_from(_NAMES))}.csv"
        change = data.draw(st.sampled_from(_BREAK_BYTES))
        file.write_bytes(change(file.read_bytes(), data))


def _assert_accounts_balance(result):
    files = result.files
    assert_accounts_balance(files)
    for row in files.itertuples():
        name = row.file.removesuffix(".csv")
        assert row.rows_out == len(result.district.frame(name))
        assert row.quarantined == len(result.quarantine.get(name, ()))


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=20, **BROKEN)
def test_however_rows_are_broken(data):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        _break(folder, data)
        try:
            result = check_district(folder, today=_TODAY)
        except EarlyIdError as refusal:
            event(f"refused: {type(refusal).__name__}")
            return
        _assert_accounts_balance(result)
        assert_no_bad_row(result.district, TODAY)
        if "EID-FILE-012" in set(result.rules["code"]):
            event("a required table has no good row")
            assert not result.ok
            return
        again = check_district(write_check(result, Path(place) / "out"), today=_TODAY)
        errors = again.rules[
            (again.rules["severity"] == "error") & ~again.rules["code"].str.startswith("EID-FILE")
        ]
        assert errors.empty


def test_the_oracle_can_fail():
    with tempfile.TemporaryDirectory() as place:
        result = check_district(write_csv(Path(place), small_district()), today=_TODAY)
    assert_no_bad_row(result.district, TODAY)
    broken = result.district.frame("absences").assign(student_id="9")
    frames = {name: result.district.frame(name) for name in TABLES} | {"absences": broken}
    with pytest.raises(AssertionError):
        assert_no_bad_row(type(result.district).from_frames(frames), TODAY)
