"""A county in blocks: the same meaning, the same rows as in memory, the same bytes however it is made."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from simulated_years import final, student_years

from early_id.district import TABLES, District, read_district, simulate_tables, write_county
from early_id.district._arrow import arrow_schema
from early_id.district._simulate import Bias, Simulated
from early_id.district._simulate._county import simulate
from early_id.district._simulate._files import write_blocks
from early_id.district._simulate._life import live
from early_id.district._simulate._plan import draw_plan
from early_id.district._simulate._settings import Settings
from early_id.exceptions import ConfigError

PARTED = Settings(600, 5, 2, 2, 2025, 3, block=70)
SIZE = {"students": 150, "schools": 3, "districts": 2, "years": 2, "seed": 4}


@pytest.fixture(scope="module")
def parted() -> Simulated:
    return simulate(PARTED, Bias())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parted")
    write_blocks(draw_plan(PARTED, Bias()), path, 2)
    return path


def by_key(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    known = [column for column in ("known_at",) if column in frame]
    return frame.sort_values([*TABLES[name].key, *known], kind="stable", ignore_index=True)


def test_no_student_lives_in_two_blocks() -> None:
    plan = draw_plan(PARTED, Bias())
    assert [roster.block.part for roster in plan.rosters] == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert sum(roster.block.slots for roster in plan.rosters) == 600
    assert max(roster.block.slots for roster in plan.rosters) <= 70
    numbers = np.concatenate(plan.number)
    assert len(np.unique(numbers)) == len(numbers)
    incidents = [
        part["incident_id"] for block in range(len(plan.rosters)) for part in live(plan, block)["incidents"]
    ]
    assert len(np.unique(np.concatenate(incidents))) == sum(map(len, incidents))


def test_the_first_block_of_a_district_is_the_district_it_was_before_there_were_blocks() -> None:
    whole, parted = (draw_plan(Settings(140, 1, 1, 2, 2025, 3, block=size), Bias()) for size in (200, 140))
    for before, after in zip(whole.rosters[0].seats, parted.rosters[0].seats, strict=True):
        assert np.array_equal(before.person, after.person)
    first, second = draw_plan(Settings(140, 1, 1, 2, 2025, 3, block=70), Bias()).rosters
    assert not np.array_equal(first.traits[:70], second.traits[:70])


def test_ids_keep_one_width_where_there_are_many_blocks(parted: Simulated) -> None:
    incidents = parted.tables["incidents"]["incident_id"]
    assert incidents.str.fullmatch(r"INC\d{11}").all()
    assert not incidents.duplicated().any()
    assert parted.tables["enrollments"]["student_id"].str.fullmatch(r"\d{10}").all()


def test_blocks_do_not_change_what_a_county_is_like() -> None:
    size = {"students": 4000, "schools": 9, "districts": 1, "years": 2, "last_year": 2025, "seed": 2}
    rates = []
    for block in (4000, 500):
        county = simulate(Settings(**size, block=block), Bias())
        years = student_years(county.tables).query("school_year == 2024 and enrolled >= 31")
        absences = final(county.tables["absences"])
        rates.append([years["chronic"].mean(), years["rate"].mean(), len(absences) / len(years)])
        assert county.tables["enrollments"].query("primary and school_year == 2024")[
            "student_id"
        ].nunique() == pytest.approx(4100, abs=100)
    assert rates[1][0] == pytest.approx(rates[0][0], abs=0.04)
    assert rates[1][1:] == pytest.approx(rates[0][1:], rel=0.08)


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ("decisions", "absence_totals")])
def test_written_tables_are_those_in_memory(parted: Simulated, folder: Path, name: str) -> None:
    written = pq.read_table(folder / f"{name}.parquet")
    assert written.schema.equals(arrow_schema(TABLES[name]))
    expected = District.from_frames({name: parted.tables[name]}).frame(name)
    found = District.open(folder).frame(name)
    pd.testing.assert_frame_equal(by_key(name, found), expected)
    kinds = {str(kind) for kind in duckdb.read_parquet(str(folder / f"{name}.parquet")).types}
    assert kinds <= {"VARCHAR", "DATE", "BIGINT", "BOOLEAN"}


def test_a_row_group_is_sorted_by_key(folder: Path) -> None:
    file = pq.ParquetFile(folder / "absences.parquet")
    assert file.num_row_groups == 10
    for number in range(file.num_row_groups):
        rows = file.read_row_group(number).to_pandas()
        pd.testing.assert_frame_equal(by_key("absences", rows), rows)


def test_written_truth_is_that_in_memory(parted: Simulated, folder: Path) -> None:
    truth = pd.read_parquet(folder / "truth.parquet")
    order = ["student_id", "school_id", "as_of"]
    pd.testing.assert_frame_equal(
        truth.sort_values(order, ignore_index=True), parted.truth, check_exact=True, check_dtype=False
    )


def test_a_written_county_passes_the_check(parted: Simulated, folder: Path) -> None:
    district = read_district(folder)
    for name in ("enrollments", "grades", "incidents", "groups"):
        expected = District.from_frames({name: parted.tables[name]}).frame(name)
        pd.testing.assert_frame_equal(by_key(name, district.frame(name)), expected)


def test_the_bytes_do_not_depend_on_the_workers(folder: Path, tmp_path: Path) -> None:
    write_blocks(draw_plan(PARTED, Bias()), tmp_path, 1)
    files = sorted(path.name for path in folder.iterdir())
    assert files == sorted(path.name for path in tmp_path.iterdir())
    for name in files:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_write_county_counts_what_it_wrote(tmp_path: Path) -> None:
    plant = Bias(feed_outage={"attribute": "gender", "value": "Male", "from_school_day": 9, "school_days": 9})
    rows = write_county(tmp_path / "new" / "county", **SIZE, bias=plant)
    county = simulate_tables(**SIZE, bias=plant)
    expected = {name: len(frame) for name, frame in county.tables.items() if len(frame)}
    assert rows == expected | {"truth": len(county.truth)}
    assert {path.stem for path in (tmp_path / "new" / "county").iterdir()} == set(rows)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["county"]


def test_a_county_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(plan: object, number: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("early_id.district._simulate._files.live", fail)
    with pytest.raises(OSError, match="disk full"):
        write_county(tmp_path / "county", **SIZE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"workers": 0}, "1 or more workers, got 0"),
        ({"students": 4_000_001}, "at most 4,000,000 students, got 4,000,001"),
    ],
)
def test_impossible_numbers_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, int], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        write_county(tmp_path / "new" / "county", **SIZE | wrong)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="new or empty folder"):
        write_county(tmp_path, **SIZE)
