"""The study of the audit itself, on smaller counties; and the rules by which its table is made."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from early_id.district._simulate._attendance import propensity
from early_id.district._simulate._groups import has_value
from early_id.district._simulate._schools import LEVEL_OF_GRADE
from early_id.fairness import audit_frame
from early_id.fairness._groups import attach_attributes
from experiments.audit_power.__main__ import main
from experiments.audit_power._audits import audit_singles
from experiments.audit_power._plants import GROUP, PLANTS
from experiments.audit_power._pool import TIMES, Pool, fit_document, make_pool
from experiments.audit_power._study import run
from experiments.audit_power._table import table
from experiments.audit_power._truth import with_truth
from experiments.audit_power._world import draw_world, incident_outcomes, live_year
from experiments.audit_power.scatter import CUT_OFF, LENGTH, scatter

STUDENTS = 4000


def pool_of(students):
    rows = pd.DataFrame(
        {
            "student_id": np.repeat([f"{number:03d}" for number in range(students)], 2).astype(object),
            "school_id": "north",
            "district_id": "1",
            "grade_level": 3,
            "as_of": [pd.Timestamp("2026-10-04"), pd.Timestamp("2026-11-01")] * students,
            "score": np.repeat(np.arange(students) / students, 2),
        }
    )
    groups = pd.DataFrame(
        {
            "student_id": rows["student_id"].unique(),
            "attribute": "g",
            "value": rows["score"][::2],
            "valid_from": pd.NaT,
            "valid_to": pd.NaT,
        }
    )
    return Pool(rows, groups.astype({"student_id": object}), "20%")


def test_a_county_is_drawn_by_whole_students_with_replacement_and_listed_by_itself():
    pool = pool_of(50)
    rows, attributes, groups = pool.county(200, (1,))
    found = attach_attributes(rows, groups)
    for ours, theirs in zip(attributes, found, strict=True):
        assert (ours.name, ours.groups) == (theirs.name, theirs.groups)
        assert (ours.codes == theirs.codes).all()
    assert rows["student_id"].nunique() == 200
    assert (rows.groupby("student_id").size() == 2).all()
    # Rows and groups of one drawn student are those of one simulated student.
    value = groups.set_index("student_id")["value"]
    assert (rows["student_id"].map(value) == rows["score"]).all()
    drawn = value.value_counts()
    assert len(drawn) <= 50
    assert drawn.sum() == 200
    # A fifth of 200 is listed on each date, the highest scores first.
    assert rows.groupby("as_of")["listed"].sum().tolist() == [40, 40]
    assert rows.loc[rows["listed"], "score"].min() >= rows.loc[~rows["listed"], "score"].max()
    again, other = pool.county(200, (1,))[0], pool.county(200, (2,))[0]
    pd.testing.assert_frame_equal(rows, again)
    assert not rows["score"].equals(other["score"])


def made_cells(counties, *, true=0.0, error=0.02, seed=0):
    """Cells of one attribute whose estimates scatter by `error` about `true`, with honest intervals."""
    rng = np.random.default_rng(seed)
    n = 10_000
    parts = []
    for county in range(counties):
        rate = 0.5 + true + error * rng.standard_normal()
        gap = rate - 0.5
        ends = {"low": gap - 1.96 * error, "high": gap + 1.96 * error}
        parts.append(
            {
                "plant": "a", "world": 1, "county": county, "share": 1, "outcome": "recorded", "metric": "recall",
                "attribute": "g", "group": "x", "verdict": "gap" if gap < -0.05 else "pass", "gap": gap, **ends,
                "low_simultaneous": ends["low"], "high_simultaneous": ends["high"], "over": rate * n, "under": n,
            }
        )  # fmt: skip
        parts.append({**parts[-1], "group": "y", "gap": -gap, "over": 0.5 * n})
    return pd.DataFrame(parts)


def test_the_truth_is_the_gap_of_all_counties_together():
    cells = made_cells(40, true=-0.2)
    found = with_truth(cells)
    x = cells[cells["group"] == "x"]
    assert found.loc[found["group"] == "x", "true"].to_numpy() == pytest.approx(x["gap"].mean())
    # The gap is real, so finding it is no false alarm.
    assert (found.loc[found["group"] == "x", "verdict"] == "gap").all()
    assert not found["false_alarm"].any()


def test_a_claim_where_the_truth_is_within_the_tolerance_is_a_false_alarm():
    found = with_truth(made_cells(200, true=-0.02, error=0.03))
    x = found[found["group"] == "x"]
    assert 0 < x["false_alarm"].sum() == (x["gap"] < -0.05).sum()


def test_few_counties_do_not_make_coverage_look_better():
    # The truth is the mean of three counties: without stretching, 98 % of honest intervals would hold it.
    worlds = pd.concat(
        [made_cells(3, seed=seed).assign(world=seed) for seed in range(400)], ignore_index=True
    )
    inside = with_truth(worlds).query("group == 'x'")["inside"]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_schools_districts_and_grades_are_alike_where_a_plant_says_so():
    plan = draw_world(STUDENTS, times=1, seed=3, plant=PLANTS["a"])
    year = plan.years[0]
    for rows in (year.open, year.position, year.term, plan.waves[0]):
        assert (rows == rows[0]).all()
    assert len(set(year.terms)) == 1
    assert (plan.feeds[0] == year.days).all()
    # A school's level is the same for all schools of its grades: it weighs these grades, and nothing else.
    levels = pd.Series(plan.schools.level).groupby(plan.schools.low)
    assert (levels.nunique() == 1).all()
    seats = plan.rosters[0].seats[0]
    odds = pd.Series(
        propensity(
            np.random.default_rng(0),
            plan.settings.process,
            plan.schools,
            seats,
            np.zeros(seats.person.max() + 1),
        )
    )
    assert np.ptp(odds.groupby(LEVEL_OF_GRADE[seats.grade]).mean()) < 0.01
    # No student sits where the calendar of another district would have put it.
    assert year.open[0][seats.start[seats.start < len(year.days)]].all()


def test_an_outage_of_schools_that_serve_one_group_stays_where_all_else_is_alike():
    plan = draw_world(STUDENTS, times=1, seed=3, plant=PLANTS["d"])
    late = plan.feeds[0] - plan.years[0].days
    days = (late[:, plan.years[0].open[0]] > 0).sum(axis=1)
    assert set(days) == {0, 100}
    calm = draw_world(STUDENTS, times=1, seed=3, plant=PLANTS["a"])
    assert (late[days == 0] == 0).all()
    assert (calm.schools.level == plan.schools.level).all()


def test_one_group_mostly_attends_schools_that_serve_mostly_it():
    plan = draw_world(20_000, times=1, seed=3, plant=PLANTS["a2"])
    school = np.concatenate([roster.seats[0].school for roster in plan.rosters])
    black = np.concatenate(
        [has_value(roster.groups, *PLANTS["a2"].group)[roster.seats[0].person] for roster in plan.rosters]
    )
    share = pd.Series(black).groupby(school).mean()
    mostly = share.index[share > 0.5]
    assert 3 <= len(mostly) <= 9
    assert np.isin(school[black], mostly).mean() > 0.8


def test_outcomes_are_the_third_incident_and_the_first_objective_one():
    def day(number):
        return pd.Timestamp("2026-01-01") + pd.Timedelta(days=number)

    incidents = pd.DataFrame(
        {
            "student_id": ["a", "a", "a", "a", "b", "b", "c"],
            "school_id": "1",
            "occurred_on": [day(n) for n in (9, 3, 5, 7, 1, 2, 4)],
            "basis": ["subjective"] * 4 + ["objective"] * 2 + ["objective"],
            "retracted_at": [pd.NaT] * 6 + [day(8)],
        }
    )
    enrollments = pd.DataFrame({"student_id": list("aabcd"), "school_id": ["1", "2", "1", "1", "1"]})
    calendar = pd.DataFrame({"day": [day(0), day(99)]})
    found = incident_outcomes(enrollments, incidents, calendar).set_index(["outcome", "student_id"])
    yes = found[found["value"] == "yes"]["occurred_on"]
    assert yes.to_dict() == {("written_up", "a"): day(7), ("objective", "b"): day(1)}
    no = found[found["value"] == "no"]
    assert sorted(no.index) == [("objective", s) for s in "acd"] + [("written_up", s) for s in "bcd"]
    assert (no["occurred_on"] == day(99)).all()


def test_the_table_says_in_how_many_counties_another_label_moves_the_verdict():
    cells = pd.concat([made_cells(10, true=-0.2, seed=seed) for seed in (1, 2)], ignore_index=True)
    cells["county"] += np.repeat([0, 10], 20)
    attribute, group = GROUP
    cells = cells.assign(
        plant="c", attribute=attribute, n_students=500, n_students_outcome=100, in_family=True
    )
    cells["group"] = cells["group"].replace("x", group)
    other = cells.assign(outcome="independent", verdict="cannot tell")
    other.loc[other["county"] == 0, "verdict"] = "gap"
    text = table(pd.concat([cells, other], ignore_index=True), students=1000)
    line = text.split("named |")[1].splitlines()[2]
    assert "| 1,000 | 100 |" in line
    for share in ("| 100.0% (", "| 5.0% (", "| 95.0% ("):
        assert share in line


def test_over_recorded_subjective_incidents_reach_no_label_of_the_library():
    tables = {}
    for name in ("a", "c"):
        plan = draw_world(600, times=1, seed=3, plant=PLANTS[name])
        district, _ = live_year(plan, PLANTS[name])
        tables[name] = {kind: district.frame(kind) for kind in ("absences", "enrollments", "incidents")}
    for kind in ("absences", "enrollments"):
        pd.testing.assert_frame_equal(tables["a"][kind], tables["c"][kind])
    a, c = (tables[name]["incidents"] for name in ("a", "c"))
    assert (a["basis"] == "objective").sum() == (c["basis"] == "objective").sum()
    assert (a["basis"] == "subjective").sum() < (c["basis"] == "subjective").sum()
    assert a["suspension_days"].sum() == c["suspension_days"].sum()


def test_a_mistake_is_one_sentence(capsys, tmp_path):
    assert main(["--out", str(tmp_path), "--plants", "a,b3"]) == 2
    assert "Expected plants with commas between, got 'b3'" in capsys.readouterr().err
    assert main(["--out", str(tmp_path), "--counties", "1"]) == 2
    assert "Expected 2 or more counties of 1,000 or more students" in capsys.readouterr().err


@pytest.mark.slow
def test_gaps_of_schools_scatter_as_errors_say_where_no_place_hangs_on_others():
    rng = np.random.default_rng(0)
    students = 4000
    score = rng.random(students)
    rows = pd.DataFrame(
        {
            "student_id": np.array([f"{number:04d}" for number in range(students)], dtype=object),
            "school_id": rng.choice(["east", "north", "south", "west"], students),
            "district_id": "1",
            "grade_level": 3.0,
            "as_of": pd.Timestamp("2026-10-04"),
            "label": (rng.random(students) < score).astype(float),
            "onset": True,
            "not_scored": None,
            "score": score,
        }
    )
    value = rng.choice(["x", "y"], students)
    groups = pd.DataFrame({"student_id": rows["student_id"], "attribute": "g", "value": value})
    pool = Pool(rows, groups.assign(valid_from=pd.NaT, valid_to=pd.NaT), "20%")
    found = scatter(pool, students=1000, counties=60)
    ratio = found[found["attribute"] == "school"].groupby("listed")["ratio"].mean()
    assert ratio[CUT_OFF] == pytest.approx(1, abs=0.12)
    # Of how many a school lists, chance has no part where the length is fixed.
    assert ratio[LENGTH] < 0.9 * ratio[CUT_OFF]


@pytest.mark.slow
def test_the_short_way_gives_the_numbers_of_the_whole_audit():
    plant = PLANTS["a"]
    pool = make_pool(plant, fit_document(plant, students=1500), students=1500, seed=1, times=1)
    rows, attributes, groups = pool.county(1500, (4,))
    ours = audit_singles(rows, attributes, replicates=200, seed=5).set_index(["metric", "attribute", "group"])
    whole = audit_frame(rows, groups=groups, resampling=(200, 5))
    judged = whole.verdicts.set_index(["metric", "attribute", "group"])
    assert set(ours.index) == set(judged.index)
    assert (ours["verdict"] == judged["unmasked"].loc[ours.index]).all()
    columns = ["gap", "low_simultaneous", "high_simultaneous", "ceiling_gap"]
    recall = ours.loc[["recall"]]
    pd.testing.assert_frame_equal(recall[columns], judged.loc[recall.index, columns], check_exact=True)


@pytest.mark.slow
def test_plants_are_found_and_equal_groups_are_left_alone(tmp_path):
    told: list[str] = []
    options = {"counties": 12, "students": STUDENTS, "replicates": 400}
    audited = run(tmp_path, plants=["a", "b", "d"], tell=told.append, **options)
    found = with_truth(audited)
    family = found[found["in_family"] & found["of_students"]]
    equal = family[family["plant"] == "a"]
    # Of twelve audits at 5 % more than two false alarms come in 2 % of runs.
    assert equal.groupby("county")["false_alarm"].any().sum() <= 2
    recall = equal[equal["metric"] == "recall"]
    # No group differs beyond the chance of the world's students and of twelve counties: no school, no grade band.
    every = found[(found["plant"] == "a") & (found["metric"] == "recall") & found["in_family"]]
    cells = every.groupby(["attribute", "group"])[["true", "standard_error"]].mean()
    assert {"district", "grade_band", "school"} < set(cells.index.get_level_values("attribute"))
    assert (cells["true"].abs() <= 4 * cells["standard_error"] * np.sqrt(1 / TIMES + 1 / 12)).all()
    assert 0.91 <= recall["inside"].mean() <= 0.985
    # Counties of the whole size: the smaller ones, of the table of power, are audited besides.
    late = found[(found["plant"] == "b") & (found["metric"] == "recall") & (found["share"] == 1)]
    late = late[(late["attribute"] == GROUP[0]) & (late["group"] == GROUP[1])]
    assert (late["true"] <= -0.1).all()
    assert (late["verdict"] == "gap").mean() >= 0.9
    # So few schools serve every group nearly alike: an outage is seen in the schools, and hardly claimed elsewhere.
    silent = found[(found["plant"] == "d") & (found["metric"] == "not_scored")]
    assert set(silent.loc[silent["true"] >= 0.1, "attribute"]) >= {"school"}
    assert (silent.loc[silent["true"] >= 0.1, "verdict"] == "gap").mean() >= 0.9
    wrong = (silent["true"] <= 0) & (silent["verdict"] == "gap")
    assert wrong.groupby(silent["county"]).any().sum() <= 2
    # What is done stays done.
    told.clear()
    pd.testing.assert_frame_equal(audited, run(tmp_path, plants=["a", "b", "d"], tell=told.append, **options))
    assert not told
    # The command goes on from there and writes the table.
    assert (
        main(["--out", str(tmp_path), "--counties", "12", "--students", str(STUDENTS), "--plants", "a,b,d"])
        == 0
    )
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "(b) race_ethnicity = Asian found, recall" in text
    assert text.count("| 20% | 1 | 12 |") == 3
