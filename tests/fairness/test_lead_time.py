"""How early: the median school weeks from the first list to the event, and what may be said of it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_county import long_groups, make_rows, twelve_weeks

from early_id.evaluation import compute_reached
from early_id.fairness import audit, audit_frame, feasible_range

PHASES = [phase for phase in Phase if phase is not Phase.shrink]
SUNDAYS = pd.date_range("2023-09-03", periods=20, freq="7D")


def made(leads, group, before=()):
    """Students first listed so many weeks before an event in week 13 and on every list after; 0 is never listed.

    `before`: numbers of students whose event came before the first date.
    """
    early = np.asarray(leads)
    onset = ~np.isin(np.arange(len(leads)), list(before))
    rows = twelve_weeks(SUNDAYS, len(leads), lambda week: early >= 12 - week, onset)
    return rows, long_groups(rows["student_id"].unique(), "half", np.asarray(group))


def lead_times(leads, group, **how):
    rows, groups = made(leads, group, **how)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    return result, result.lead_time.set_index("group"), result.published()["lead_time"].set_index("group")


def test_the_median_is_over_all_children_never_listed_being_zero():
    # x: of 40 children 25 are first listed nine weeks ahead and 15 never; of y 11 four weeks ahead and 29 never.
    leads = [9] * 25 + [0] * 15 + [4] * 11 + [0] * 29
    result, own, _ = lead_times(leads, ["x"] * 40 + ["y"] * 40)
    assert own.loc[["x", "y", "everyone"], "median_weeks"].tolist() == [9, 0, 0]
    assert own.loc[["x", "y", "everyone"], "n_students"].tolist() == [40, 40, 80]
    assert result.by_group.set_index("group").loc["x", "reached_early"] == 25 / 40
    # The 29th of 40 children and beyond are never listed: no draw of the children is likely to move the median.
    assert own.loc["y", ["median_weeks_low", "median_weeks_high"]].tolist() == [0, 0]
    assert own.loc["x", "median_weeks_low"] <= 9 <= own.loc["x", "median_weeks_high"] == 9


def test_the_interval_of_a_median_holds_the_binomial_one():
    """Of n distinct values the ends are order statistics; 95 % lie near n/2 ± √n, with 200 draws a little off."""
    rng = np.random.default_rng(1)
    leads = rng.permutation(np.arange(100) % 12 + 1)
    _, own, _ = lead_times(leads, ["x"] * 100)
    ordered = np.sort(leads)
    low, high = own.loc["x", ["median_weeks_low", "median_weeks_high"]]
    assert ordered[37] <= low <= ordered[43]
    assert ordered[56] <= high <= ordered[62]


def test_the_same_rows_in_another_order_give_the_same_bits():
    rng = np.random.default_rng(2)
    rows, groups = made(rng.integers(0, 12, 120), rng.choice(["x", "y"], 120))
    first = audit_frame(rows, groups=groups, resampling=(100, 0)).lead_time
    again = audit_frame(rows.sample(frac=1, random_state=3), groups=groups, resampling=(100, 0)).lead_time
    pd.testing.assert_frame_equal(first, again)


def test_events_before_the_first_date_are_apart_and_in_no_median():
    leads = [9] * 30 + [0] * 30 + [0] * 15
    group = ["x"] * 75 + ["y"] * 75
    _, own, printed = lead_times(leads * 2, group, before=range(60, 75))
    assert own.loc["x", ["n_students", "n_before", "median_weeks"]].tolist() == [60, 15, 4.5]
    assert own.loc["y", ["n_students", "n_before"]].tolist() == [75, 0]
    assert own.loc["everyone", "n_before"] == 15
    assert printed.loc[["x", "y", "everyone"], "students_before"].tolist() == [15, 0, 15]


def test_everybody_s_figures_are_those_of_the_backtest():
    rng = np.random.default_rng(4)
    rows, groups = made(np.zeros(200), ["x"] * 200, before=range(20))
    predictions = rows.drop(columns=["weeks_ahead", "listed"]).assign(
        contestant="m",
        school_year=2024,
        school_day=(rows["as_of"] - SUNDAYS[0]).dt.days // 7 * 5,
        event_day=SUNDAYS[11] + pd.Timedelta(days=1),
        score=rng.random(len(rows)),
    )
    backtest = SimpleNamespace(predictions=predictions, deployable="m")
    own = audit(backtest, groups=groups, capacity=40, replicates=100).lead_time.iloc[0]
    reached = compute_reached(predictions, 40).iloc[0]
    assert (own["n_students"], own["n_before"]) == (reached["n_students"], reached["n_before"]) == (180, 20)
    for name in ("median_weeks", "median_weeks_low", "median_weeks_high"):
        assert own[name] == reached[name] > 0


@pytest.mark.parametrize(("early", "printed"), [(10, False), (11, True), (30, True)])
def test_a_median_stands_only_beside_the_shares_it_belongs_to(early, printed):
    leads = [9] * early + [0] * (60 - early)
    result, own, shown = lead_times(leads * 2, ["x"] * 60 + ["y"] * 60)
    shares = result.published()["by_group"].set_index("group")
    assert pd.notna(own.loc["x", "median_weeks"])
    for group in ("x", "y"):
        assert pd.notna(shown.loc[group, "median_weeks"]) == printed
        assert (shares.loc[group, "reached_early_text"] != "masked") == printed


def test_where_the_day_of_the_event_is_not_known_nothing_is_said():
    rows, groups = make_rows(200)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert result.lead_time.empty
    assert result.published()["lead_time"].empty
    assert json.loads(result.to_json())["lead_time"] == []


def attack(seed, n, rare, late):
    """Work out how many events came before, from all that is printed of students, outcomes and events before."""
    rng = np.random.default_rng(seed)
    one, two = rng.choice(["a", "b"], n), rng.choice(["c", "d", "e"], n).astype(object)
    two[rng.choice(n, rare, replace=False)] = "rare"
    before = np.flatnonzero(rng.random(n) < late)
    rows, groups = made(np.where(rng.random(n) < 0.4, 9, 0), one, before)
    rows["label"] = np.where(rng.random(n) < 0.5, 1.0, 0.0)[rows["student_id"].str[1:].astype(int)]
    groups = pd.concat([groups, long_groups(rows["student_id"].unique(), "two", two)])
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    label = rows["label"].to_numpy()[:n] == 1
    is_before = np.isin(np.arange(n), before) & label
    parts = np.column_stack([label & ~is_before, is_before, ~label]).astype(float)
    cells = [("half", group) for group in "ab"] + [("two", group) for group in ("c", "d", "e", "rare")]
    inside = {cell: (one if cell[0] == "half" else two) == cell[1] for cell in cells}
    equations, values = [], []

    def say(of, form, value):
        row = np.zeros((len(cells), 3))
        row[[cells.index(cell) for cell in of]] = form
        equations.append(row.ravel())
        values.append(float(value))

    sums = {"students": (1, 1, 1), "students_with_outcome": (1, 0, 0), "students_before": (0, 1, 0)}
    for name in ("by_group", "overall", "lead_time", "not_scored"):
        for row in frames[name].to_dict("records"):
            cell = (row["attribute"], row["group"])
            for column, form in sums.items():
                if name == "lead_time" and column == "students":
                    form = (1, 0, 0)  # there they are those with the outcome
                if pd.isna(row.get(column)):
                    continue
                if cell in inside:
                    say([cell], form, row[column])
                elif cell[0] == "all":
                    for attribute in ("half", "two"):
                        say([own for own in cells if own[0] == attribute], form, row[column])
    asked = 0
    for cell, own in inside.items():
        for form in ((0, 1, 0), (1, 0, 1), (0, 0, 1)):
            true = float(parts[own].sum(axis=0) @ form)
            printed = frames["lead_time"].set_index(["attribute", "group"]).loc[cell, "students_before"]
            # Who is in neither part by the numbers of the audit alone is for the mask of the audit.
            if 1 <= true <= 10 and (form != (0, 0, 1) or pd.notna(printed)):
                asked += 1
                target = np.zeros((len(cells), 3))
                target[cells.index(cell)] = form
                low, high = feasible_range(equations, values, target.ravel())
                assert low <= true <= high
                assert high - low >= 10, (cell, form, true)
    return asked


@pytest.mark.parametrize(("seed", "rare", "late"), [(1, 30, 0.2), (2, 40, 0.3), (3, 60, 0.1)])
def test_no_few_events_before_follow_from_what_is_printed(seed, rare, late):
    assert attack(seed, 400, rare, late)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(100, 700), st.integers(1, 60), st.floats(0.02, 0.6))
def test_no_few_events_before_of_any_county_follow(seed, n, rare, late):
    attack(seed, n, rare, late)
