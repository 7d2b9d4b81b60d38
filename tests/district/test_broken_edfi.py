"""However an Ed-Fi export is broken: every object is accounted for, no bad row passes, only our own errors are raised."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from good_rows import BROKEN, assert_every_row_is_somewhere, assert_no_bad_row
from hypothesis import event, given, settings
from hypothesis import strategies as st
from small_edfi import TODAY, small_edfi, write_edfi_files

from early_id.district import check_district, write_check
from early_id.exceptions import EarlyIdError

_TODAY = dt.date.fromisoformat(TODAY)
_VALUES = [
    None,
    "",
    "?",
    "0",
    7,
    -1,
    1e9,
    0.005,
    True,
    [],
    {},
    [[]],
    [None],
    "2024-09-31",
    "9999-12-31",
    "é\u0000{x}",
    "101",
    101.0,
]


def _leaves(node, place=()):
    """Every place in an object, inner ones too."""
    yield place
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from _leaves(value, (*place, key))


def _at(node, place):
    for key in place:
        node = node[key]
    return node


def _object(resources, data):
    name = data.draw(st.sampled_from([name for name, objects in resources.items() if objects]))
    return name, data.draw(st.integers(0, len(resources[name]) - 1))


def _drop(resources, data):
    name, place = _object(resources, data)
    del resources[name][place]


def _duplicate(resources, data):
    name, place = _object(resources, data)
    resources[name].append(resources[name][place])


def _corrupt(resources, data):
    name, place = _object(resources, data)
    one = resources[name][place]
    where = data.draw(st.sampled_from([leaf for leaf in _leaves(one) if leaf] or [()]))
    if where:
        _at(one, where[:-1])[where[-1]] = data.draw(st.sampled_from(_VALUES))


def _shift(resources, data):
    by = dt.timedelta(days=data.draw(st.integers(-400, 400)))
    name, _ = _object(resources, data)
    for one in resources[name]:
        for where in [leaf for leaf in _leaves(one) if leaf]:
            value = _at(one, where)
            if isinstance(value, str) and value[:2] == "20" and len(value) == 10:
                _at(one, where[:-1])[where[-1]] = str(dt.date.fromisoformat(value) + by)


def _swap(resources, data):
    name, place = _object(resources, data)
    one = resources[name][place]
    keys = sorted(one)
    if len(keys) > 1:
        first, other = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(keys))
        one[first], one[other] = one[other], one[first]


def _remove(resources, data):
    name, _ = _object(resources, data)
    if len(resources) > 1:
        del resources[name]


def _break_bytes(content, data):
    at = data.draw(st.integers(0, len(content)))
    odd = data.draw(
        st.sampled_from(
            [b"\xe9", b"\x81", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\n", b'"', b"[", b"}", b"\\ud800"]
        )
    )
    return content[:at] if data.draw(st.booleans()) else content[:at] + odd + content[at:]


def _check_broken(data):
    resources = small_edfi()
    for _ in range(data.draw(st.integers(1, 4))):
        data.draw(st.sampled_from([_drop, _duplicate, _corrupt, _corrupt, _shift, _swap, _remove]))(
            resources, data
        )
        resources = small_edfi() if not any(resources.values()) else resources
    with tempfile.TemporaryDirectory() as place:
        folder = write_edfi_files(Path(place) / "in", resources)
        if data.draw(st.booleans()):
            file = folder / f"{data.draw(st.sampled_from(sorted(resources)))}.jsonl"
            file.write_bytes(_break_bytes(file.read_bytes(), data))
        try:
            result = check_district(folder, source="edfi", today=_TODAY)
        except EarlyIdError as refusal:
            event(f"refused: {type(refusal).__name__}")
            raise AssertionError(refusal) from refusal
        assert_every_row_is_somewhere(result)
        assert_no_bad_row(result.district, TODAY)
        if "EID-FILE-012" in set(result.rules["code"]):
            return
        again = check_district(write_check(result, Path(place) / "out"), today=_TODAY).rules
        errors = set(again.loc[again["severity"] == "error", "code"])
        assert not {code for code in errors if not code.startswith("EID-FILE")}


@given(data=st.data())
@settings(max_examples=3, **BROKEN)
def test_however_an_export_is_broken(data):
    _check_broken(data)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=30, **BROKEN)
def test_however_an_export_is_broken_many_times(data):
    _check_broken(data)
