"""The study of the audit itself, on smaller counties; and the rules by which its table is made."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from early_id.fairness import audit_frame
from experiments.audit_power.__main__ import main
from experiments.audit_power._audits import audit_singles
from experiments.audit_power._plants import GROUP, PLANTS
from experiments.audit_power._pool import Pool, fit_document, make_pool
from experiments.audit_power._study import run
from experiments.audit_power._truth import with_truth
from experiments.audit_power._world import draw_world, live_year

STUDENTS = 4000


def pool_of(students):
    rows = pd.DataFrame(
        {
            "student_id": np.repeat([f"{number:03d}" for number in range(students)], 2).astype(object),
            "school_id": "north",
            "as_of": [pd.Timestamp("2026-10-04"), pd.Timestamp("2026-11-01")] * students,
            "score": np.repeat(np.arange(students) / students, 2),
        }
    )
    groups = pd.DataFrame(
        {"student_id": rows["student_id"].unique(), "attribute": "g", "value": rows["score"][::2]}
    )
    return Pool(rows, groups.astype({"student_id": object}))


def test_a_county_is_drawn_by_whole_students_with_replacement_and_listed_by_itself():
    pool = pool_of(50)
    rows, groups = pool.county(200, (1,))
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
    inside = [
        with_truth(made_cells(3, seed=seed)).query("group == 'x'")["inside"].mean() for seed in range(400)
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_over_recorded_subjective_incidents_reach_neither_feature_nor_label():
    tables = {}
    for name in ("a", "c"):
        plan = draw_world(600, times=1, seed=3, bias=PLANTS[name].bias)
        district, _ = live_year(plan, truth=False)
        tables[name] = {table: district.frame(table) for table in ("absences", "enrollments", "incidents")}
    for table in ("absences", "enrollments"):
        pd.testing.assert_frame_equal(tables["a"][table], tables["c"][table])
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
def test_the_short_way_gives_the_numbers_of_the_whole_audit():
    plant = PLANTS["a"]
    pool = make_pool(plant, fit_document(plant, students=1500), students=1500, seed=1, times=1)
    rows, groups = pool.county(1500, (4,))
    ours = audit_singles(rows, groups, replicates=200, seed=5).set_index(["metric", "attribute", "group"])
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
    cells = run(tmp_path, plants=["a", "b", "d"], tell=told.append, **options)
    found = with_truth(cells)
    family = found[found["in_family"] & found["of_students"]]
    equal = family[family["plant"] == "a"]
    # Of twelve audits at 5 % more than two false alarms come in 2 % of runs.
    assert equal.groupby("county")["false_alarm"].any().sum() <= 2
    recall = equal[equal["metric"] == "recall"]
    assert recall["true"].abs().max() < 0.1
    assert 0.91 <= recall["inside"].mean() <= 0.985
    late = found[(found["plant"] == "b") & (found["metric"] == "recall")]
    late = late[(late["attribute"] == GROUP[0]) & (late["group"] == GROUP[1])]
    assert (late["true"] <= -0.1).all()
    assert (late["verdict"] == "gap").mean() >= 0.9
    # So few schools serve every group nearly alike: an outage is seen in the schools, and claimed nowhere else.
    silent = found[(found["plant"] == "d") & (found["metric"] == "not_scored")]
    assert set(silent.loc[silent["true"] >= 0.1, "attribute"]) >= {"school"}
    assert (silent.loc[silent["true"] >= 0.1, "verdict"] == "gap").mean() >= 0.9
    assert not (silent.loc[silent["true"] <= 0, "verdict"] == "gap").any()
    # What is done stays done.
    told.clear()
    pd.testing.assert_frame_equal(cells, run(tmp_path, plants=["a", "b", "d"], tell=told.append, **options))
    assert not told
    # The command goes on from there and writes the table.
    assert (
        main(["--out", str(tmp_path), "--counties", "12", "--students", str(STUDENTS), "--plants", "a,b,d"])
        == 0
    )
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "(b) found, recall" in text
    assert "12 of (a), 12 of (b), 12 of (d)" in text
