"""One plan, many forms: statements, Arrow, a file, a frame; whole or in parts, the same rows."""

from __future__ import annotations

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest
from small import small_district

from early_id.district import District, to_pandas
from early_id.exceptions import ConfigError, DataError
from early_id.panel import CATALOG, _given, build_panel, panel_query

KEYS = ["student_id", "school_id", "as_of"]
DATES = ["2024-10-06", "2024-10-13", "2024-10-27"]
BOTH_YEARS = ["2023-10-08", *DATES]


@pytest.fixture(scope="module")
def district():
    return District.from_frames(small_district(4))


@pytest.fixture(scope="module")
def expected(district):
    return by_keys(panel_query(district, as_of=DATES).to_arrow())


def by_keys(rows):
    frame = rows if isinstance(rows, pd.DataFrame) else to_pandas(rows)
    return frame.sort_values(KEYS, ignore_index=True)


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=0, atol=1e-12)


def test_the_frame_holds_the_rows_of_the_query(district, expected):
    frame = build_panel(district, as_of=DATES).frame
    same(frame, expected)


def test_the_statements_run_as_they_are(district, expected):
    with district.signals.connection.con.cursor() as cursor:
        *before, last, rest = panel_query(district, as_of=DATES).sql().split(";\n")
        assert rest == ""
        for statement in before:
            cursor.execute(statement)
        same(by_keys(cursor.execute(last).fetch_arrow_table()), expected)


@pytest.mark.slow
def test_the_expression_can_be_asked_further(district, expected):
    panel = panel_query(district, as_of=DATES).to_ibis()
    same(by_keys(panel.to_pyarrow()), expected)
    day = int(expected["school_day"].min())
    late = panel.filter(panel.school_day > day).group_by("school_id").agg(rows=ibis._.count())
    found = late.to_pyarrow().to_pandas().set_index("school_id")["rows"]
    known = expected[expected["school_day"] > day].groupby("school_id").size()
    assert found.sort_index().to_dict() == known.to_dict()
    assert len(known) > 0


def test_labels_are_the_same_in_every_form(district):
    query = panel_query(district, as_of=DATES, label="chronic_absence")
    frame = build_panel(district, as_of=DATES, label="chronic_absence").frame
    same(by_keys(query.to_arrow()), frame)


@pytest.mark.slow
def test_parts_of_the_students_make_the_same_file(district, tmp_path, monkeypatch):
    query = panel_query(district, as_of=BOTH_YEARS, label="chronic_absence")
    whole = query.to_arrow()
    assert query.to_parquet(tmp_path / "whole.parquet") == whole.num_rows
    monkeypatch.setattr(_given, "ROWS_AT_A_TIME", 9)
    assert len(list(query.batches())) > 4
    assert query.to_parquet(tmp_path / "deep" / "parts.parquet") == whole.num_rows
    found = pq.read_table(tmp_path / "deep" / "parts.parquet")
    assert found.equals(pq.read_table(tmp_path / "whole.parquet"))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["parts.parquet"]


def test_a_file_is_written_whole_or_not_at_all(district, tmp_path, monkeypatch):
    query = panel_query(district, as_of=DATES)
    query.to_parquet(tmp_path / "panel.parquet")
    before = (tmp_path / "panel.parquet").read_bytes()
    query.to_parquet(tmp_path / "panel.parquet")
    assert (tmp_path / "panel.parquet").read_bytes() == before

    batches = list(query.batches())

    def broken(_):
        yield from batches
        msg = "the disk is full"
        raise OSError(msg)

    monkeypatch.setattr(type(query), "batches", broken)
    with pytest.raises(OSError, match="full"):
        query.to_parquet(tmp_path / "panel.parquet")
    assert (tmp_path / "panel.parquet").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["panel.parquet"]


def test_text_is_of_one_school_year(district):
    with pytest.raises(ConfigError, match=r"one school year for SQL text, got dates of 2; ask for each year"):
        panel_query(district, as_of=BOTH_YEARS).sql()
    with pytest.raises(ConfigError, match="for one expression, got dates of 2"):
        panel_query(district, as_of=BOTH_YEARS).to_ibis()


def test_dates_without_anybody_are_refused_in_every_form(district, tmp_path):
    query = panel_query(district, as_of=["2024-10-06", "2024-07-07"])
    with pytest.raises(DataError, match="got '2024-07-07'"):
        query.to_arrow()
    with pytest.raises(DataError, match="got '2024-07-07'"):
        query.to_parquet(tmp_path / "panel.parquet")
    assert not list(tmp_path.iterdir())


def test_an_opened_folder_gives_the_same_panel(district, expected, tmp_path):
    opened = District.open(district.write(tmp_path / "county"))
    same(by_keys(panel_query(opened, as_of=DATES).to_arrow()), expected)


def test_a_small_catalogue_gives_the_same_values(district, expected):
    names = ["tardies_20d", "prior_tardies", "course_standing_year", "entry_day"]
    found = panel_query(district, as_of=DATES, catalog={name: CATALOG[name] for name in names}).to_arrow()
    same(by_keys(found)[[*KEYS, *names]], expected[[*KEYS, *names]])
