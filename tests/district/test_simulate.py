"""What every simulated county keeps, whatever its seed: types, keys, time, and what plants may change."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from simulated_years import (
    WHOLE,
    final,
    onset_rows,
    school_days,
    spells,
    student_years,
    visible,
)

from early_id.district._simulate import Bias, Simulated, load_bias, simulate_tables
from early_id.district._simulate._life import live
from early_id.district._simulate._plan import draw_plan
from early_id.district._simulate._settings import Settings
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError

SMALL = {"students": 900, "schools": 7, "districts": 2, "years": 3}
BLACK = {"attribute": "race_ethnicity", "value": "Black"}


@pytest.fixture(scope="module")
def county() -> Simulated:
    return simulate_tables(students=3000, schools=12, districts=3, years=4, seed=5)


@pytest.fixture(scope="module")
def small() -> Simulated:
    return simulate_tables(**SMALL, seed=3)


def members(county: Simulated, attribute: str, value: str) -> set[str]:
    groups = county.tables["groups"]
    return set(groups.loc[(groups["attribute"] == attribute) & (groups["value"] == value), "student_id"])


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_columns_kinds_and_limits(county: Simulated, name: str) -> None:
    frame, table = county.tables[name], TABLES[name]
    assert list(frame.columns) == list(table.all_columns)
    assert name in ("decisions", "absence_totals") or len(frame)
    for column, spec in table.all_columns.items():
        values = frame[column]
        kinds = {
            "string": pd.api.types.is_string_dtype,
            "int": pd.api.types.is_integer_dtype,
            "bool": pd.api.types.is_bool_dtype,
            "date": lambda series: series.dtype == "datetime64[us]",
        }
        assert kinds[spec.kind](values), (column, values.dtype)
        assert spec.nullable or not values.isna().any(), column
        known = values.dropna()
        assert not spec.allowed or known.isin(spec.allowed).all()
        assert spec.low is None or (known >= spec.low).all()
        assert spec.high is None or (known <= spec.high).all()
        if spec.kind == "date":
            assert (known == known.dt.normalize()).all()


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_sorted_and_keys_are_unique_among_visible_rows(county: Simulated, name: str) -> None:
    frame, table = county.tables[name], TABLES[name]
    key = list(table.key)
    pd.testing.assert_frame_equal(frame, frame.sort_values(key, kind="stable"))
    if not table.known:
        assert not frame.duplicated(key).any()
        return
    # Two versions never stand side by side: each one is retracted no later than the next becomes known.
    rows = frame.sort_values([*key, "known_at"], kind="stable")
    again = rows.duplicated(key).to_numpy()
    before = rows["retracted_at"].shift().to_numpy()[again]
    assert (before <= rows["known_at"].to_numpy()[again]).all()
    assert not (rows["retracted_at"] < rows["known_at"]).any()


def test_nothing_is_known_after_today_and_nothing_before_it_happened(county: Simulated) -> None:
    today = pd.Timestamp(county.today)
    occurred = {name: table.occurred for name, table in TABLES.items()} | {"attendance_feed": "day"}
    assert today.weekday() == 6
    for name, frame in county.tables.items():
        for column in ("known_at", "retracted_at"):
            if column in frame:
                assert not (frame[column] > today).any(), name
        if "known_at" in frame:
            assert (frame["known_at"] >= frame[occurred[name]]).all(), name
    assert county.tables["calendar"]["day"].max() > today
    assert county.truth["as_of"].max() == today


def test_the_running_year_is_cut_in_its_twentieth_week_of_school(county: Simulated) -> None:
    days = school_days(county.tables)
    done = days[(days["school_year"] == 2025) & (days["day"] <= pd.Timestamp(county.today))]
    assert done.groupby("school_id").size().between(90, 110).all()
    assert set(days["school_year"]) == {2022, 2023, 2024, 2025}
    assert (days.groupby(["school_id", "school_year"]).size() == 180).all()
    assert days.groupby("term")["school_year"].nunique().eq(1).all()


def test_absences_fall_on_school_days_of_a_school_the_student_attends(county: Simulated) -> None:
    absences = county.tables["absences"]
    days = absences.merge(
        county.tables["calendar"], left_on=["school_id", "occurred_on"], right_on=["school_id", "day"]
    )
    assert len(days) == len(absences)
    spell = spells(county.tables)[["student_id", "school_id", "school_year", "entered_on", "last"]]
    inside = days.merge(spell, on=["student_id", "school_id", "school_year"])
    inside = inside[inside["occurred_on"].between(inside["entered_on"], inside["last"])]
    assert len(inside) == len(absences)


def test_one_exception_per_student_and_day_stands_in_the_end(county: Simulated) -> None:
    rows = final(county.tables["absences"])
    assert not rows.duplicated(["student_id", "occurred_on"]).any()
    assert (rows.loc[rows["kind"].isin(WHOLE), "thousandths"] == 1000).all()
    assert (rows.loc[rows["kind"].isin(["tardy", "partial"]), "thousandths"] < 1000).all()


@pytest.mark.parametrize("day", ["2022-10-02", "2023-03-05", "2025-01-12"])
def test_primary_spells_never_overlap_as_seen_on_any_day(county: Simulated, day: str) -> None:
    rows = visible(county.tables["enrollments"], pd.Timestamp(day)).query("primary")
    rows = rows.sort_values(["student_id", "entered_on"])
    same = rows["student_id"].eq(rows["student_id"].shift()) & rows["school_year"].eq(
        rows["school_year"].shift()
    )
    assert same.any()
    previous = rows["left_on"].shift()[same]
    assert previous.notna().all()
    assert (rows.loc[same, "entered_on"] > previous).all()


def test_leaving_becomes_known_late_and_as_a_correction(county: Simulated) -> None:
    rows = county.tables["enrollments"]
    left = rows[rows["left_on"].notna()]
    assert len(left) > 100
    key = ["student_id", "school_id", "entered_on"]
    pair = left.merge(rows[rows["left_on"].isna()], on=key, suffixes=("", "_open"))
    assert len(pair) == len(left)
    assert (pair["retracted_at_open"] == pair["known_at"]).all()
    assert (pair["known_at"] > pair["left_on"]).all()


def test_cohorts_age_one_grade_a_year_at_a_school_that_teaches_it(county: Simulated) -> None:
    rows = county.tables["enrollments"].query("primary").drop_duplicates(["student_id", "school_year"])
    wide = rows.pivot_table(index="student_id", columns="school_year", values="grade_level")
    for year in (2022, 2023, 2024):
        both = wide[[year, year + 1]].dropna()
        assert len(both) > 2000
        assert (both[year + 1] == both[year] + 1).all()
    fits = county.tables["enrollments"].merge(county.tables["schools"], on="school_id")
    assert fits["grade_level"].between(fits["low_grade"], fits["high_grade"]).all()
    enrolled = rows.groupby("school_year").size()
    assert enrolled.between(2900, 3200).all()


def test_ids_are_text_of_one_width_and_schools_keep_their_zeros(county: Simulated) -> None:
    assert county.tables["schools"]["school_id"].str.fullmatch(r"0\d{6}").all()
    assert county.tables["enrollments"]["student_id"].str.fullmatch(r"\d{10}").all()
    known = set(county.tables["enrollments"]["student_id"])
    for name in ("absences", "grades", "incidents", "outcomes", "supports"):
        assert set(county.tables[name]["student_id"]) <= known
    assert len(set(county.tables["groups"]["student_id"]) & known) / len(known) > 0.99


@pytest.mark.parametrize("name", ["absences", "grades", "incidents"])
def test_nothing_is_recorded_before_the_school_has_the_student_on_file(county: Simulated, name: str) -> None:
    key = ["student_id", "school_id", "school_year"]
    on_file = county.tables["enrollments"].query("primary").groupby(key)["known_at"].min().rename("on_file")
    rows = county.tables[name]
    occurred = rows[TABLES[name].occurred]
    year = (occurred.dt.year + (occurred.dt.month > 7)).astype("int64")
    found = rows.assign(school_year=year).merge(on_file.reset_index(), on=key)
    assert len(found) == len(rows)
    assert (found["known_at"] >= found["on_file"]).all()


def test_missing_work_is_an_empty_row_that_the_handed_in_work_replaces(county: Simulated) -> None:
    grades = county.tables["grades"]
    missing = grades[grades["mark"] == "missing"]
    assert missing["hundredths"].isna().all()
    assert (missing["known_at"] > missing["due_on"]).all()
    replaced = missing.dropna(subset=["retracted_at"]).merge(
        grades[grades["hundredths"].notna()],
        on=["student_id", "course_id", "assessment_id"],
        suffixes=("", "_new"),
    )
    assert len(replaced) == missing["retracted_at"].notna().sum() > 100
    assert (replaced["known_at_new"] == replaced["retracted_at"]).all()


def test_final_marks_fail_as_often_as_in_real_schools_and_with_absence(county: Simulated) -> None:
    finals = county.tables["grades"].query("kind == 'final' and core")
    failed = finals.assign(failed=finals["hundredths"] < 6000).groupby(["student_id", "term"])["failed"].any()
    assert 0.08 <= failed.mean() <= 0.20
    rate = student_years(county.tables).groupby("student_id")["rate"].mean()
    often = failed.groupby("student_id").mean()
    assert often.corr(rate) > 0.2


def test_suspension_days_are_served_on_the_school_days_that_follow(county: Simulated) -> None:
    days = school_days(county.tables)
    incidents = (
        county.tables["incidents"]
        .query("suspension_days > 0")
        .merge(days, left_on=["school_id", "occurred_on"], right_on=["school_id", "day"])
    )
    assert len(incidents) > 50
    after = days.assign(number=days["number"] - 1)
    first = incidents.merge(after, on=["school_id", "school_year", "number"], suffixes=("", "_served"))
    served = county.tables["absences"].query("kind == 'suspension_out'")[
        ["student_id", "school_id", "occurred_on"]
    ]
    found = first.merge(
        served, left_on=["student_id", "school_id", "day_served"], right_on=list(served.columns), how="left"
    )
    settled = found["day_served"] < pd.Timestamp(county.today) - pd.Timedelta(days=60)
    assert found.loc[settled, "occurred_on_y"].notna().mean() > 0.95


def test_feeds_are_prompt_but_for_outages_and_absences_of_an_outage_wait_for_them(county: Simulated) -> None:
    feed = county.tables["attendance_feed"]
    lag = (feed["known_at"] - feed["day"]).dt.days
    assert (lag <= 1).mean() > 0.9
    assert (lag >= 14).any()
    rows = county.tables["absences"].merge(
        feed, left_on=["school_id", "occurred_on"], right_on=["school_id", "day"]
    )
    assert len(rows) == len(county.tables["absences"])
    assert (rows["known_at_x"] >= rows["known_at_y"]).all()


def test_equal_arguments_give_equal_bits_and_another_seed_does_not(small: Simulated) -> None:
    again = simulate_tables(**SMALL, seed=3)
    other = simulate_tables(**SMALL, seed=4)
    assert again.today == small.today
    pd.testing.assert_frame_equal(again.truth, small.truth, check_exact=True)
    for name, frame in small.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], frame, check_exact=True)
    assert not other.tables["absences"].equals(small.tables["absences"])


def test_a_home_district_lives_alike_in_any_order() -> None:
    plan = draw_plan(Settings(400, 6, 2, 2, 2025, 9), Bias())
    alone, after = live(plan, 1), [live(plan, home) for home in (0, 1)][1]
    for name, parts in alone.items():
        for part, same in zip(parts, after[name], strict=True):
            assert all(np.array_equal(part[column], same[column]) for column in part)


def test_dates_do_not_depend_on_the_day_of_the_run(small: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert simulate_tables(**SMALL, seed=3).today == small.today


def test_truth_is_a_probability_for_each_week_a_student_was_in_school(county: Simulated) -> None:
    truth = county.truth
    assert truth["risk"].between(0, 1).all()
    assert not truth.duplicated(["student_id", "school_id", "as_of"]).any()
    assert (truth["as_of"].dt.day_of_week == 6).all()
    # At the end of a closed year nothing is left to chance.
    years = student_years(county.tables)
    last = truth.sort_values("as_of").groupby(["student_id", "school_year"]).last().reset_index()
    last = last[last["school_year"] < 2024].merge(years, on=["student_id", "school_year"])
    settled = last["risk"].isin([0.0, 1.0])
    assert settled.mean() > 0.9
    assert (last.loc[settled, "risk"] == last.loc[settled, "chronic"]).mean() > 0.99


@pytest.mark.parametrize("number", [10, 30, 90])
def test_truth_is_calibrated(county: Simulated, number: int) -> None:
    rows = onset_rows(county.tables, county.truth, number)
    rows = rows[rows["school_year"] < 2025]
    for band, part in rows.groupby(pd.cut(rows["risk"], [0, 0.1, 0.2, 0.4, 0.7, 1.0]), observed=True):
        error = 3.5 * np.sqrt(part["risk"].mean() * (1 - part["risk"].mean()) / len(part))
        assert abs(part["chronic"].mean() - part["risk"].mean()) < error + 0.01, band


def test_regimes_change_within_the_year_and_move_absence(county: Simulated) -> None:
    truth = county.truth[county.truth["school_year"] == 2023].sort_values(["student_id", "as_of"])
    changes = truth.groupby("student_id")["regime"].nunique()
    assert 0.3 < (changes > 1).mean() < 0.9
    absent = final(county.tables["absences"]).query("kind in @WHOLE").copy()
    absent["as_of"] = absent["occurred_on"] + pd.to_timedelta(
        6 - absent["occurred_on"].dt.day_of_week, unit="D"
    )
    weekly = absent.groupby(["student_id", "as_of"]).size().rename("absent").reset_index()
    rate = (
        truth.merge(weekly, how="left", on=["student_id", "as_of"])
        .fillna({"absent": 0})
        .groupby("regime")["absent"]
        .mean()
    )
    assert rate["strained"] > 3 * rate["calm"]
    assert rate["supported"] < rate["calm"]


def test_schools_explain_ten_to_twenty_percent_of_propensity(county: Simulated) -> None:
    # On the log-odds scale of an ordinary, calm school day, over students of one year.
    for year in (2022, 2023, 2024):
        seats = county.truth[county.truth["school_year"] == year].drop_duplicates("student_id")
        total = seats["propensity"].var(ddof=0)
        between = seats.groupby("school_id")["propensity"].transform("mean").var(ddof=0)
        assert 0.10 <= between / total <= 0.20, year


def test_late_records_are_late_and_nothing_else_changes(small: Simulated) -> None:
    late = simulate_tables(**SMALL, seed=3, bias=Bias(late_records={**BLACK, "school_days": 15}))
    pd.testing.assert_frame_equal(late.truth, small.truth, check_exact=True)
    key = list(TABLES["absences"].key)
    rows = (
        small.tables["absences"]
        .query("retracted_at.isna() and occurred_on < '2024-06-30'")
        .merge(late.tables["absences"].query("retracted_at.isna()"), on=key, suffixes=("", "_late"))
    )
    shift = (rows["known_at_late"] - rows["known_at"]).dt.days
    of_group = rows["student_id"].isin(members(small, **BLACK))
    known_group = rows["student_id"].isin(
        set(small.tables["groups"].query("attribute == 'race_ethnicity'")["student_id"])
    )
    # Fifteen school days are three weeks, less where the school had the student on file only days after the start.
    assert (shift[of_group] >= 19).mean() > 0.99
    assert (shift[of_group] >= 12).all()
    assert (shift[~of_group & known_group] == 0).all()
    for name in ("grades", "enrollments", "incidents", "groups"):
        pd.testing.assert_frame_equal(late.tables[name], small.tables[name])


def test_under_recording_loses_a_share_of_one_groups_absences(small: Simulated) -> None:
    under = simulate_tables(**SMALL, seed=3, bias=Bias(under_recording={**BLACK, "share": 0.4}))
    before, after = (final(c.tables["absences"]).query("kind in @WHOLE") for c in (small, under))
    group = members(small, **BLACK)
    share = after["student_id"].isin(group).sum() / before["student_id"].isin(group).sum()
    assert share == pytest.approx(0.6, abs=0.03)
    pd.testing.assert_frame_equal(under.truth, small.truth, check_exact=True)


def test_subjective_over_recording_multiplies_one_groups_subjective_incidents(small: Simulated) -> None:
    plant = {"attribute": "gender", "value": "Male", "factor": 3.0}
    more = simulate_tables(**SMALL, seed=3, bias=Bias(subjective_over_recording=plant))
    group = members(small, "gender", "Male")

    def count(of: Simulated, basis: str) -> int:
        rows = of.tables["incidents"]
        return int((rows["student_id"].isin(group) & (rows["basis"] == basis)).sum())

    assert count(more, "subjective") / count(small, "subjective") == pytest.approx(3.0, rel=0.25)
    assert count(more, "objective") == count(small, "objective")
    pd.testing.assert_frame_equal(more.tables["absences"], small.tables["absences"])


def test_a_planted_outage_silences_schools_that_serve_half_of_the_group(small: Simulated) -> None:
    plant = {**BLACK, "from_school_day": 20, "school_days": 30, "late_days": 40}
    out = simulate_tables(**SMALL, seed=3, bias=Bias(feed_outage=plant))
    days = school_days(out.tables).merge(out.tables["attendance_feed"], on=["school_id", "day"])
    down = days[(days["number"].between(20, 49)) & (days["school_year"] == 2023)]
    lag = (down["known_at"] - down["day"]).dt.days.groupby(down["school_id"]).min()
    hit = set(lag.index[lag >= 40])
    assert 0 < len(hit) < len(lag)
    rows = out.tables["enrollments"].query("school_year == 2023 and primary")
    group = rows[rows["student_id"].isin(members(out, **BLACK))].drop_duplicates("student_id")
    assert group["school_id"].isin(hit).mean() > 0.45


def test_equal_groups_share_one_distribution() -> None:
    equal = simulate_tables(students=3000, schools=6, districts=2, years=2, bias=Bias(equal_groups=True))
    years = student_years(equal.tables).query("school_year == 2024")
    black = years["student_id"].isin(members(equal, **BLACK))
    white = years["student_id"].isin(members(equal, "race_ethnicity", "White"))
    assert years.loc[black, "chronic"].mean() == pytest.approx(years.loc[white, "chronic"].mean(), abs=0.09)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"students": 5, "schools": 6}, "at least as many students as schools, got 5 students and 6"),
        ({"schools": 2, "districts": 3}, "at least one school per district .* got 2 schools in 3"),
        ({"years": 1}, "2 to 20 school years .* got 1"),
        ({"districts": 0}, "1 to 99 districts, got 0"),
        ({"seed": -1}, "seed of 0 or more, got -1"),
        ({"students": 10.5}, "whole number for students, got 10.5"),
        ({"last_year": 25}, "last school year from 1990 to 2200, got 25"),
    ],
)
def test_impossible_arguments_are_refused_in_one_sentence(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        simulate_tables(**wrong)


def test_the_smallest_county_still_has_every_table() -> None:
    tiny = simulate_tables(students=1, schools=1, districts=1, years=2)
    assert {name: list(frame.columns) for name, frame in tiny.tables.items()} == {
        name: list(table.all_columns) for name, table in TABLES.items()
    }
    assert Settings(1, 1, 1, 2, 2025, 0).school_years == range(2024, 2026)


def test_bias_from_yaml(tmp_path) -> None:
    path = tmp_path / "bias.yaml"
    path.write_text("late_records: {attribute: foster, value: 'yes', school_days: 15}\n")
    assert load_bias(path) == Bias(late_records={"attribute": "foster", "value": "yes", "school_days": 15})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("late_record: {}\n", "Unknown key 'late_record'.*did you mean 'late_records'"),
        ("late_records: {attribute: foster, value: 'yes', school_day: 15}\n", "did you mean 'school_days'"),
        ("late_records: {attribute: fostr, value: 'yes', school_days: 15}\n", "did you mean 'foster'"),
        (
            "late_records: {attribute: gender, value: Boy, school_days: 15}\n",
            "Expected a value of gender, got 'Boy'",
        ),
        (
            "under_recording: {attribute: foster, value: 'yes', share: 1.5}\n",
            "under_recording.share.*got 1.5",
        ),
        ("- 1\n", "Expected a mapping of plants"),
        ("a: [\n", "does not parse"),
    ],
)
def test_a_wrong_bias_file_is_refused(tmp_path, text: str, says: str) -> None:
    path = tmp_path / "bias.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_bias(path)


def test_a_bias_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(ConfigError, match="there is none"):
        load_bias(tmp_path / "none.yaml")


def test_a_plant_cannot_be_misspelt() -> None:
    with pytest.raises(ValidationError, match="late_record"):
        Bias(late_record={})
