"""How much of a gap lies between schools: closed forms and resampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_county import make_rows

from early_id.fairness import audit_frame
from early_id.fairness._counted import count_rows
from early_id.fairness._schools_part import compute_schools_part


def parts_of(rows: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    counted = count_rows(rows, groups)
    found = compute_schools_part(rows, counted.attributes, counted.student, counted.measures)
    return found.set_index(["attribute", "group"])


def crowded(n: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Group B is mostly in schools that reach nobody; within a school both are reached alike."""
    rows, groups = make_rows(n, seed=seed, not_scored=0, dates=2)
    rng = np.random.default_rng(seed + 1000)
    team = rows["student_id"].map(groups[groups["attribute"] == "team"].set_index("student_id")["value"])
    student = pd.factorize(rows["student_id"])[0]
    draw = rng.random(n)[student]
    school = np.where(team == "B", draw < 0.7, draw < 0.2)
    chance = np.where(school, 0.1, 0.6)
    rows = rows.assign(
        school_id=[f"{'poor' if poor else 'rich'} {i % 3}" for poor, i in zip(school, student, strict=True)],
        listed=rng.random(len(rows)) < chance,
    )
    return rows, groups


def test_both_parts_add_up_to_the_gap_of_the_audit():
    rows, groups = make_rows(900, recall={"A": 0.6, "B": 0.4, "C": 0.5}, dates=2, seed=4)
    found = parts_of(rows, groups)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    gaps = result.gaps.query("metric == 'recall' and family == 'single'").set_index(["attribute", "group"])[
        "gap"
    ]
    assert np.allclose(found["between"] + found["within"], found["gap"])
    assert np.allclose(found["gap"], gaps.reindex(found.index))


def test_a_gap_of_crowded_schools_lies_between_them():
    found = parts_of(*crowded()).loc[("team", "B")]
    # By hand: 70 % against 20 % in schools that reach .1 instead of .6.
    assert found["between"] == pytest.approx(-0.25, abs=0.06)
    assert found["within_low"] < 0 < found["within_high"]
    assert found["between_high"] < 0


def test_a_gap_in_schools_alike_lies_within_them():
    rows, groups = make_rows(1500, recall={"A": 0.7, "B": 0.3}, seed=1)
    found = parts_of(rows, groups).loc[("team", "B")]
    assert abs(found["between"]) < 0.03
    assert found["within_high"] < -0.2


@pytest.mark.slow
def test_intervals_are_as_wide_as_resampling_students_says():
    rows, groups = crowded(150, seed=3)
    own = parts_of(rows, groups).loc[("team", "B")]
    rng, ids, drawn = np.random.default_rng(0), rows["student_id"].unique(), []
    by_student = dict(tuple(rows.groupby("student_id")))
    spells = groups.set_index("student_id")
    for _ in range(40):
        picked = rng.choice(ids, len(ids))
        names = [f"r{i}" for i in range(len(ids))]
        again = pd.concat(
            [by_student[one].assign(student_id=name) for one, name in zip(picked, names, strict=True)]
        )
        twins = pd.concat(
            [spells.loc[[one]].assign(student_id=name) for one, name in zip(picked, names, strict=True)]
        )
        drawn.append(
            parts_of(again.reset_index(drop=True), twins.reset_index(drop=True)).loc[
                ("team", "B"), ["between", "within"]
            ]
        )
    spread = pd.DataFrame(drawn).astype(float).std()
    for name in ("between", "within"):
        error = (own[f"{name}_high"] - own[f"{name}_low"]) / 3.92
        assert error == pytest.approx(spread[name], rel=0.4)


def test_it_is_printed_where_the_gap_is_and_of_enough_schools():
    rows, groups = make_rows(2000, recall={"A": 0.6, "B": 0.4}, schools=6)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    published = result.published()["schools_part"]
    assert set(published["group"]) >= {"A", "B"}
    few, groups = make_rows(2000, recall={"A": 0.6, "B": 0.4}, schools=3)
    assert audit_frame(few, groups=groups, resampling=(100, 0)).published()["schools_part"].empty
