from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, selection_rate
from made_county import eligible, long_groups, make_rows
from sklearn.metrics import precision_score, recall_score
from threadpoolctl import threadpool_limits

from early_id.exceptions import ConfigError, DataError
from early_id.fairness import audit, audit_frame

FAST = (200, 0)


def false_omission_rate(y_true, y_pred):
    return np.mean(np.asarray(y_true)[~np.asarray(y_pred, dtype=bool)])


@pytest.mark.parametrize("dates", [1, 5])
def test_point_estimates_equal_fairlearn(dates):
    rows, groups = make_rows(600, dates=dates, recall={"A": 0.6, "B": 0.3}, seed=dates)
    rows.loc[::11, "label"] = np.nan
    rows.loc[::13, "onset"] = False
    result = audit_frame(rows, groups=groups, resampling=FAST)
    own = eligible(rows)
    team = groups.loc[groups["attribute"] == "team"].set_index("student_id")["value"]
    metrics = {
        "recall": recall_score,
        "precision": precision_score,
        "selection_rate": selection_rate,
        "false_omission_rate": false_omission_rate,
    }
    for name_of, feature in (("team", own["student_id"].map(team)), ("school", own["school_id"])):
        peer = MetricFrame(
            metrics=metrics,
            y_true=own["label"].to_numpy(),
            y_pred=own["listed"].to_numpy(),
            sensitive_features=feature.to_numpy(),
        )
        ours = result.by_group.loc[result.by_group["attribute"] == name_of].set_index("group")
        for name in metrics:
            assert ours[name].to_dict() == peer.by_group[name].to_dict()
            assert result.overall[name] == peer.overall[name]


def test_a_planted_gap_is_found_and_named():
    rows, groups = make_rows(6000, recall={"A": 0.55, "B": 0.40}, share={"A": 0.7, "B": 0.3}, seed=1)
    decision = audit_frame(rows, groups=groups, resampling=FAST).verdict()
    assert decision.gaps == ("recall:team=B",)
    assert not decision.can_open
    assert "recall:half=left" not in decision.gaps


@pytest.mark.slow
def test_equal_groups_show_no_gap():
    found = 0
    for seed in range(12):
        rows, groups = make_rows(1500, seed=seed)
        found += bool(audit_frame(rows, groups=groups, resampling=FAST).verdict().gaps)
    # 5 % of audits may raise a false alarm; three of twelve happen by chance in 2 % of runs.
    assert found <= 2


def test_many_equal_students_pass():
    rows, groups = make_rows(12_000, seed=2)
    passed = audit_frame(rows, groups=groups, resampling=FAST).verdict().passed
    assert {"recall:team=A", "recall:team=B", "not_scored:team=A", "not_scored:half=left"} <= set(passed)


def test_a_tiny_group_is_suppressed_with_its_partner_and_the_rest_is_not():
    rows, groups = make_rows(
        900, recall={"A": 0.5, "B": 0.5, "C": 0.0}, share={"A": 0.6, "B": 0.39, "C": 0.01}, seed=3
    )
    result = audit_frame(rows, groups=groups, resampling=FAST)
    # The larger of the two others is the partner: one is enough, and the smaller is the one to look after.
    assert {"recall:team=A", "recall:team=C"} <= set(result.verdict().suppressed)
    assert "recall:team=B" not in result.verdict().suppressed


def test_a_gap_hidden_by_its_small_numbers_keeps_the_gate_shut():
    # 60 students of C, about half with the outcome, hardly any reached: the numerator is masked, the gap is plain.
    rows, groups = make_rows(
        4000, recall={"A": 0.8, "C": 0.1}, share={"A": 0.985, "C": 0.015}, base_rate=0.5, seed=6
    )
    result = audit_frame(rows, groups=groups, resampling=FAST)
    decision = result.verdict()
    assert "recall:team=C" in decision.suppressed
    assert decision.hidden_gaps == 1
    assert not decision.can_open
    assert "in groups too small to print" in str(decision)


def test_simultaneous_intervals_contain_pointwise_ones():
    rows, groups = make_rows(900, dates=3)
    gaps = audit_frame(rows, groups=groups, resampling=FAST).gaps
    family = gaps.loc[gaps["in_family"]]
    assert len(family) > 20
    assert (family["low_simultaneous"] <= family["low"]).all()
    assert (family["high_simultaneous"] >= family["high"]).all()


def test_the_order_of_the_rows_moves_no_bit():
    rows, groups = make_rows(400, dates=4)
    shuffled = audit_frame(
        rows.sample(frac=1, random_state=1), groups=groups.sample(frac=1, random_state=2), resampling=FAST
    )
    result = audit_frame(rows, groups=groups, resampling=FAST)
    for name in ("by_group", "gaps", "verdicts", "intersections", "excluded", "not_scored"):
        pd.testing.assert_frame_equal(getattr(result, name), getattr(shuffled, name), check_exact=True)
    assert result.to_json() == shuffled.to_json()


def test_threads_move_no_bit_and_the_seed_does():
    rows, groups = make_rows(700, dates=4)
    with threadpool_limits(1):
        one = audit_frame(rows, groups=groups, resampling=FAST)
    with threadpool_limits(2):
        two = audit_frame(rows, groups=groups, resampling=FAST)
    pd.testing.assert_frame_equal(one.gaps, two.gaps, check_exact=True)
    other = audit_frame(rows, groups=groups, resampling=(200, 1))
    assert not other.gaps["low"].equals(one.gaps["low"])


def test_students_without_a_value_stay_as_a_group():
    rows, groups = make_rows(400)
    lost = groups["student_id"].isin(groups["student_id"].unique()[:100])
    result = audit_frame(rows, groups=groups.loc[~(lost & (groups["attribute"] == "team"))], resampling=FAST)
    team = result.by_group.query("attribute == 'team'").set_index("group")
    assert team.loc["unknown", "n_students"] == 100
    assert team["n_students"].sum() == 400


def test_students_without_a_score_stay_in_the_denominator():
    rows, groups = make_rows(400, not_scored=0.0)
    before = audit_frame(rows, groups=groups, resampling=FAST).overall
    silent = rows["listed"] & (rows["label"] == 1)
    rows = rows.assign(score=rows["score"].mask(silent), listed=rows["listed"] & ~silent)
    after = audit_frame(rows, groups=groups, resampling=FAST).overall
    assert before["recall"] > 0
    assert after["recall"] == 0
    assert after["n_rows_positive"] == before["n_rows_positive"]
    assert after["not_scored"] == pytest.approx(silent.mean())


def test_excluded_rows_are_counted_with_their_reason():
    rows, groups = make_rows(400)
    rows.loc[:49, "label"] = np.nan
    rows.loc[50:89, "onset"] = False
    result = audit_frame(rows, groups=groups, resampling=FAST)
    whole = result.excluded.query("attribute == 'all'").set_index("reason")["n_students"]
    assert whole.to_dict() == {"label not yet known": 50, "event already happened": 40}
    assert result.overall["n_rows_eligible"] == 310


def test_a_reference_group_is_compared_with_each_other_group():
    rows, groups = make_rows(900, recall={"A": 0.6, "B": 0.5, "C": 0.4})
    result = audit_frame(rows, groups=groups, reference={"team": "A"}, resampling=FAST)
    against = result.gaps.query("comparison == 'A' and metric == 'recall'").set_index("group")
    recall = result.by_group.query("attribute == 'team'").set_index("group")["recall"]
    assert set(against.index) == {"B", "C"}
    assert against.loc["C", "gap"] == recall["C"] - recall["A"]
    assert against.loc["C", "ratio"] == recall["C"] / recall["A"]


def test_the_part_of_a_gap_that_base_rate_and_capacity_explain():
    # One list for all: with perfect hindsight both groups are reached alike, whatever their base rates.
    rows, groups = make_rows(600, schools=1, recall={"A": 0.6, "B": 0.3})
    one = audit_frame(rows, groups=groups, resampling=FAST).verdicts.query(
        "attribute == 'team' and metric == 'recall'"
    )
    assert one["ceiling_gap"].abs().max() == pytest.approx(0, abs=1e-9)
    # Lists of equal size in two schools with different need: hindsight itself reaches fewer where more need it.
    need = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"]) == "A"
    crowded = rows.assign(school_id=np.where(need, "crowded", "calm"), listed=False)
    crowded["label"] = np.where(need, 1.0, (np.arange(len(rows)) % 10 == 0).astype(float))
    crowded.loc[crowded.groupby("school_id").head(40).index, "listed"] = True
    two = audit_frame(crowded, groups=groups, resampling=FAST).verdicts
    gap = two.query("attribute == 'team' and metric == 'recall' and group == 'A'")["ceiling_gap"].item()
    assert gap == pytest.approx(40 / need.sum() - 1.0)


def test_json_is_plain_and_holds_nothing_masked():
    rows, groups = make_rows(
        900, recall={"A": 0.5, "B": 0.5, "C": 0.0}, share={"A": 0.6, "B": 0.39, "C": 0.01}, seed=3
    )
    result = audit_frame(rows, groups=groups, resampling=FAST, about={"label": "chronic_absence"})
    content = json.loads(result.to_json())
    assert content["about"]["label"] == "chronic_absence"
    hidden = [row for row in content["by_group"] if row["group"] in ("A", "C")]
    assert all(row["students"] is None and row["recall"] is None for row in hidden)
    assert [row["recall_text"] for row in hidden] == ["masked", "masked"]
    assert not [row for row in content["gaps"] if row["attribute"] == "team" and row["group"] in ("A", "C")]
    assert not [row for row in content["intersections"] if row["group"].startswith("C")]


def test_crossing_leaves_out_what_another_attribute_already_tells():
    rows, groups = make_rows(2000)
    ids = rows["student_id"].unique()
    fine = np.array(
        [f"{value}{i % 2}" for i, value in enumerate(groups.query("attribute == 'team'")["value"])]
    )
    result = audit_frame(rows, groups=pd.concat([groups, long_groups(ids, "fine", fine)]), resampling=FAST)
    crossed = set(result.intersections["attribute"])
    assert "half × team" in crossed
    assert not any("fine" in name or "school" in name for name in crossed)


def test_no_student_with_the_outcome_is_cannot_tell():
    rows, groups = make_rows(300)
    result = audit_frame(rows.assign(label=0.0), groups=groups, resampling=FAST)
    recall = result.verdicts.query("metric == 'recall'")
    assert set(recall["verdict"]) == {"cannot tell"}
    assert np.isnan(result.overall["recall"])


class Backtest:
    deployable = "additive"

    def __init__(self, rows):
        self.predictions = rows.drop(columns="listed").assign(contestant="additive")


def test_an_unknown_contestant_is_named():
    rows, groups = make_rows(300)
    with pytest.raises(ConfigError, match=r"no contestant 'aditive' to audit; did you mean 'additive'\?"):
        audit(Backtest(rows), groups=groups, capacity="5%", contestant="aditive")


def test_settings_and_rows_that_make_no_sense_are_refused():
    rows, groups = make_rows(300)
    with pytest.raises(ConfigError, match="tolerance is a difference of two shares between 0 and 1"):
        audit_frame(rows, groups=groups, tolerance=5)
    with pytest.raises(ConfigError, match="at least 100 replicates; got 10"):
        audit_frame(rows, groups=groups, resampling=(10, 0))
    with pytest.raises(
        ConfigError, match=r"attribute 'taem', which groups does not have; did you mean 'team'\?"
    ):
        audit_frame(rows, groups=groups, reference={"taem": "A"})
    with pytest.raises(ConfigError, match="the group 'Z' of 'team', which no audited row has"):
        audit_frame(rows, groups=groups, reference={"team": "Z"})
    with pytest.raises(DataError, match="the rows to audit must have the column 'listed'"):
        audit_frame(rows.drop(columns="listed"), groups=groups)
    with pytest.raises(DataError, match="hold 5 students; with 10 or fewer nothing may be published"):
        audit_frame(rows.head(5), groups=groups)
    with pytest.raises(DataError, match=r"label must be 0, 1 or missing; got 2\.0"):
        audit_frame(rows.assign(label=2.0), groups=groups)
    with pytest.raises(DataError, match="once per school and as-of date; more rows came for 's00000'"):
        audit_frame(pd.concat([rows, rows.head(1)]), groups=groups)
    with pytest.raises(DataError, match="listed must be true or false in every row"):
        audit_frame(rows.assign(listed=None), groups=groups)


def test_the_list_of_the_real_capacity_is_audited():
    rows, groups = make_rows(400, schools=4)
    rows["score"] = rows["score"].fillna(0.0) + rows["label"]
    result = audit(Backtest(rows), groups=groups, capacity="10%", replicates=100)
    sizes = rows.groupby("school_id").size()
    assert result.overall["n_rows_listed"] == np.ceil(sizes / 10).sum()
    # The score ranks all positives first, so the list reaches what hindsight would.
    assert result.overall["recall"] == pytest.approx(result.overall["ceiling_recall"])
    assert result.about["capacity"] == "10%"


def test_a_school_without_capacity_is_named():
    rows, groups = make_rows(300, schools=2)
    with pytest.raises(ConfigError, match="got none for 'school 1'"):
        audit(Backtest(rows), groups=groups, capacity={"school 0": 10})
