"""The second view: whole schools resampled."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from made_county import FIRST_DAY, long_groups, make_rows

from early_id.fairness import audit_frame


def county(seed, *, schools=40, each=40, between=0.0):
    """Schools that reach their students unlike; A and B are reached alike in each, and A is more in the first half."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(schools), each)
    n = len(school)
    ids = np.array([f"s{number:05d}" for number in range(n)])
    reach = np.clip(0.5 + between * rng.standard_normal(schools), 0.02, 0.98)
    team = np.where(rng.random(n) < np.where(school < schools // 2, 0.8, 0.2), "A", "B")
    rows = pd.DataFrame(
        {
            "student_id": ids, "school_id": [f"school {number:02d}" for number in school], "district_id": "d",
            "as_of": FIRST_DAY, "grade_level": 3, "score": 0.5, "label": 1.0, "onset": True,
            "listed": rng.random(n) < reach[school],
        }
    )  # fmt: skip
    return rows, long_groups(ids, "team", team)


def line(rows, groups, replicates=400):
    audited = audit_frame(rows, groups=groups, resampling=(replicates, 1))
    key = ["metric", "attribute", "group"]
    pointwise = audited.gaps[audited.gaps["family"] == "single"].set_index(key)[["low", "high"]]
    return audited.verdicts.set_index(key).join(pointwise).loc[("recall", "team", "A")]


def test_where_schools_differ_the_interval_over_schools_is_the_wider_one():
    alike, unlike = (line(*county(3, between=between)) for between in (0.0, 0.25))
    students = alike["high"] - alike["low"]
    assert alike["high_schools"] - alike["low_schools"] == pytest.approx(students, rel=0.4)
    assert unlike["high_schools"] - unlike["low_schools"] > 2 * students
    assert unlike["low_schools"] < unlike["gap"] < unlike["high_schools"]


def test_the_interval_is_as_wide_as_counties_of_other_schools_differ():
    gaps = []
    for seed in range(60):
        rows, groups = county(seed, between=0.2)
        own = rows.merge(groups, on="student_id").groupby("value")["listed"].mean()
        gaps.append(own["A"] - own["B"])
    found = line(*county(100, between=0.2))
    assert (found["high_schools"] - found["low_schools"]) / 3.92 == pytest.approx(np.std(gaps), rel=0.35)


def test_few_schools_have_no_such_view():
    rows, groups = make_rows(schools=19)
    verdicts = audit_frame(rows, groups=groups, resampling=(100, 0)).verdicts
    assert verdicts["low_schools"].isna().all()


def test_schools_and_districts_have_none_and_masked_groups_print_none():
    rows, groups = county(5)
    groups.loc[groups.index[:7], "value"] = "C"
    audited = audit_frame(rows, groups=groups, resampling=(100, 0))
    derived = audited.verdicts["attribute"].isin(["school", "district"])
    assert audited.verdicts.loc[derived, "low_schools"].isna().all()
    printed = pd.DataFrame(json.loads(audited.to_json())["verdicts"])
    assert printed.loc[printed["gap"].isna(), "low_schools"].isna().all()
    assert printed["low_schools"].notna().any()


def test_the_same_seed_gives_the_same_bits():
    one, two = (line(*county(7)) for _ in range(2))
    assert (one["low_schools"], one["high_schools"]) == (two["low_schools"], two["high_schools"])
