"""What the score is worth inside each group, against peers and closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_county import FIRST_DAY, long_groups
from sklearn.metrics import roc_auc_score

from early_id.evaluation import list_at_capacity
from early_id.fairness import audit_frame


@pytest.fixture(scope="module")
def county():
    """In A a probability means what it says; in B the outcome is half as frequent as it says. C has eight students."""
    rng = np.random.default_rng(2)
    n = 3000
    ids = np.array([f"s{number:04d}" for number in range(n)])
    team = rng.choice(["A", "B"], n)
    team[:8] = "C"
    probability = rng.uniform(0.05, 0.95, n)
    outcome = rng.random(n) < probability * np.where(team == "B", 0.5, 1.0)
    rows = pd.DataFrame(
        {
            "student_id": ids, "school_id": rng.choice(["north", "south"], n), "district_id": "d",
            "as_of": FIRST_DAY, "grade_level": 3, "score": probability, "probability": probability,
            "school_day": rng.choice([10, 40], n), "label": outcome.astype(float), "onset": True,
        }
    )  # fmt: skip
    rows["listed"] = list_at_capacity(rows, "10%")
    return rows, long_groups(ids, "team", team)


@pytest.fixture(scope="module")
def audited(county):
    rows, groups = county
    return audit_frame(rows, groups=groups, resampling=(100, 0))


def figures(frame, group, part="all"):
    return frame.set_index(["group", "part"]).loc[(group, part)]


@pytest.mark.parametrize("group", ["A", "B"])
def test_auroc_of_a_group_is_that_of_scikit_learn(county, audited, group):
    rows, groups = county
    own = rows[rows["student_id"].isin(groups.loc[groups["value"] == group, "student_id"])]
    found = figures(audited.calibration, group)
    assert found["auroc"] == pytest.approx(roc_auc_score(own["label"], own["score"]), abs=1e-12)
    assert found["auroc_low"] < found["auroc"] < found["auroc_high"]


def test_who_has_no_score_comes_last(county):
    rows, groups = county
    rows = rows.assign(score=rows["score"].where(rows["label"] == 0), listed=False)
    found = audit_frame(rows, groups=groups, resampling=(100, 0)).calibration
    assert figures(found, "A")["auroc"] == 0


@pytest.mark.parametrize("part", ["all", "0-20", "20-60", "top tenth"])
@pytest.mark.parametrize(("group", "truth"), [("A", 1.0), ("B", 0.5)])
def test_the_ratio_finds_the_group_whose_probabilities_are_too_high(audited, group, truth, part):
    found = figures(audited.calibration, group, part)
    assert found["ratio"] == pytest.approx(found["observed"] / found["expected"])
    spread = (found["ratio_high"] - found["ratio_low"]) / 2
    assert abs(found["ratio"] - truth) < 1.6 * spread  # about three standard errors
    assert found["ratio_low"] < found["ratio"] < found["ratio_high"]


def test_all_groups_together_are_the_whole(audited):
    frame = audited.calibration[audited.calibration["part"] == "all"]
    whole = frame[frame["attribute"] == "all"].iloc[0]
    teams = frame[frame["attribute"] == "team"]
    assert teams["n_rows"].sum() == whole["n_rows"]
    assert (teams["observed"] * teams["n_rows"]).sum() == pytest.approx(whole["observed"] * whole["n_rows"])


def test_no_figure_of_a_masked_group_and_no_count_is_printed(audited):
    printed = audited.published()["calibration"]
    assert {"A", "B", "C"} >= set(printed.loc[printed["attribute"] == "team", "group"])
    hidden = audited.published()["by_group"].query("attribute == 'team' and students_with_outcome.isna()")[
        "group"
    ]
    assert "C" in set(hidden)
    assert not set(printed.loc[printed["attribute"] == "team", "group"]) & set(hidden)
    assert not [name for name in printed if name.startswith("n_") or name in ("observed", "expected")]


@pytest.mark.parametrize("many", [10, 11])
def test_an_order_within_schools_rests_on_those_who_form_pairs(county, many):
    """Whoever has the outcome is in the north, and only `many` of the others of A are."""
    rows, groups = county
    own = rows["student_id"].isin(groups.loc[groups["value"] == "A", "student_id"])
    positive = rows["label"] == 1
    kept = rows.index[own & ~positive][:many]
    rows = rows.assign(school_id=np.where(own & ~positive & ~rows.index.isin(kept), "south", "north"))
    printed = figures(audit_frame(rows, groups=groups, resampling=(100, 0)).published()["calibration"], "A")
    assert pd.notna(printed["auroc"])
    assert pd.notna(printed["auroc_within_school"]) == (many > 10)


@pytest.mark.parametrize("many", [10, 11])
def test_a_ratio_rests_on_those_who_have_a_probability(county, many):
    rows, groups = county
    own = rows["student_id"].isin(groups.loc[groups["value"] == "A", "student_id"])
    hidden = rows.index[own & (rows["label"] == 1)][many:]
    rows = rows.assign(probability=rows["probability"].mask(rows.index.isin(hidden)))
    printed = figures(audit_frame(rows, groups=groups, resampling=(100, 0)).published()["calibration"], "A")
    assert pd.notna(printed["ratio"]) == (many > 10)
    assert pd.notna(printed["auroc"])


def test_a_ranker_has_an_order_and_no_probability(county):
    rows, groups = county
    found = audit_frame(rows.drop(columns="probability"), groups=groups, resampling=(100, 0)).calibration
    assert set(found["part"]) == {"all"}
    assert found["ratio"].isna().all()
    assert figures(found, "A")["auroc"] > 0.5
