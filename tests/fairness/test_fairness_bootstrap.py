from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from made_county import eligible, make_rows
from sklearn.metrics import recall_score

from early_id.fairness import _stack, audit_frame
from early_id.fairness._bootstrap import draw_weights, find_patterns
from early_id.fairness._counts import count_segments, row_measures, tabulate
from early_id.fairness._groups import attach_attributes
from early_id.fairness._stack import Stack


def prepare(rows, groups):
    attributes = attach_attributes(rows, groups)
    students = pd.factorize(rows["student_id"], sort=True)[0]
    segments = count_segments(students, attributes, row_measures(rows))
    axis = [a.name for a in attributes].index("team")
    return segments, tabulate(segments, attributes, [axis])


def test_students_alike_in_groups_and_counts_are_one_pattern():
    rows, groups = make_rows(500)
    segments, _ = prepare(rows, groups)
    patterns = find_patterns(segments, ("positive", "reached"))
    assert patterns.size.sum() == rows.loc[rows["label"] == 1, "student_id"].nunique()
    assert len(patterns.size) < patterns.size.sum()
    assert (patterns.of_student >= 0).sum() == patterns.size.sum()


def test_weights_are_multinomial_over_all_students():
    rows, groups = make_rows(500)
    segments, _ = prepare(rows, groups)
    patterns = find_patterns(segments, ("positive",))
    weights = np.vstack(list(draw_weights(patterns, replicates=4000, seed=(1,))))
    share = patterns.size / 500
    assert weights.mean(axis=0) == pytest.approx(patterns.size, rel=0.05, abs=0.15)
    assert weights.var(axis=0) == pytest.approx(500 * share * (1 - share), rel=0.15, abs=0.1)
    total = weights.sum(axis=1)
    assert total.var() == pytest.approx(500 * share.sum() * (1 - share.sum()), rel=0.15)


def test_every_sample_has_as_many_students_as_the_county():
    rows, groups = make_rows(500)
    segments, _ = prepare(rows, groups)
    patterns = find_patterns(segments, ("cohort",))
    assert patterns.size.max() > 1
    for weights in draw_weights(patterns, replicates=100, seed=(1,)):
        assert (weights.sum(axis=1) == 500).all()


def test_weights_of_one_each_give_the_counts_themselves():
    rows, groups = make_rows(300, dates=5)
    segments, table = prepare(rows, groups)
    patterns = find_patterns(segments, ("positive", "reached"))
    stack = Stack.of([table], patterns, ("positive", "reached*positive"))
    sums = next(stack.resample(patterns.size[None, :].astype(float)))
    assert list(sums["positive"][0]) == list(table.total("positive"))
    assert list(sums["reached*positive"][0]) == list(table.products("reached", "positive"))


@pytest.mark.parametrize("cells", [1, 256])  # every table alone, or several together
def test_a_stack_gives_what_adding_student_by_student_gives(cells, monkeypatch):
    monkeypatch.setattr(_stack, "_CELLS", cells)
    rows, groups = make_rows(200, dates=4, seed=7)
    rows.loc[rows.index % 7 == 0, "school_id"] = "school 1"  # so that many are in two schools
    attributes = attach_attributes(rows, groups)
    students = pd.factorize(rows["student_id"], sort=True)[0]
    segments = count_segments(students, attributes, row_measures(rows))
    tables = [tabulate(segments, attributes, axes) for axes in ([0], [1], [3], [0, 1], [1, 3])]
    patterns = find_patterns(segments, ("positive", "reached"))
    weights = next(draw_weights(patterns, replicates=5, seed=(1,)))
    measures = ("reached", "positive", "reached*positive", "positive*positive")
    for table, found in zip(tables, Stack.of(tables, patterns, measures).resample(weights), strict=True):
        expected = {name: np.zeros((5, table.size)) for name in measures}
        entries = zip(
            table.student, table.cell, table.measure("reached"), table.measure("positive"), strict=True
        )
        for student, cell, reached, positive in entries:
            for place in np.flatnonzero(patterns.example == student):
                for name, value in zip(
                    measures, (reached, positive, reached * positive, positive**2), strict=True
                ):
                    expected[name][:, cell] += weights[:, place] * value
        for name in measures:
            assert (found[name] == expected[name]).all()


@pytest.mark.slow
def test_agrees_with_fairlearn_on_one_row_per_student():
    rows, groups = make_rows(500, recall={"A": 0.6, "B": 0.4}, seed=4)
    segments, table = prepare(rows, groups)
    patterns = find_patterns(segments, ("positive", "reached"))
    weights = np.vstack(list(draw_weights(patterns, replicates=2000, seed=(0,))))
    sums = next(Stack.of([table], patterns, ("positive", "reached")).resample(weights))
    ours = np.quantile(sums["reached"] / sums["positive"], [0.025, 0.975], axis=0)
    own = eligible(rows)
    team = groups.loc[groups["attribute"] == "team"].set_index("student_id")["value"]
    peer = MetricFrame(
        metrics=recall_score,
        y_true=own["label"].to_numpy(),
        y_pred=own["listed"].to_numpy(),
        sensitive_features=own["student_id"].map(team).to_numpy(),
        n_boot=300,
        ci_quantiles=[0.025, 0.975],
        random_state=0,
    ).by_group_ci
    for place, (name,) in enumerate(table.groups):
        # A 2.5 % quantile of 300 replicates has a standard error of about .15 standard deviations of the estimate.
        spread = (ours[1, place] - ours[0, place]) / 3.92
        assert abs(ours[0, place] - peer[0][name]) < 0.6 * spread
        assert abs(ours[1, place] - peer[1][name]) < 0.6 * spread


def test_width_of_a_linear_metric_is_the_cluster_robust_one():
    rows, groups = make_rows(900, dates=6, seed=5)
    result = audit_frame(rows, groups=groups, resampling=(4000, 0))
    gaps = result.gaps.set_index(["metric", "attribute", "group", "comparison"])
    found = gaps.loc[("selection_rate", "team", "A", "others")]
    team = groups.loc[groups["attribute"] == "team"].set_index("student_id")["value"]
    per = rows.assign(team=rows["student_id"].map(team)).groupby(["team", "student_id"])["listed"]
    sums = pd.DataFrame({"k": per.sum(), "n": per.size()}).reset_index()
    variance = 0.0
    for _, own in sums.groupby("team"):
        rate = own["k"].sum() / own["n"].sum()
        variance += ((own["k"] - rate * own["n"]) ** 2).sum() / own["n"].sum() ** 2
    assert (found["high"] - found["low"]) == pytest.approx(2 * 1.959964 * variance**0.5, rel=0.06)


def test_renaming_the_students_moves_no_bit():
    rows, groups = make_rows(400, dates=3)
    names = dict(zip(rows["student_id"].unique(), reversed([f"z{i}" for i in range(400)]), strict=True))
    renamed = audit_frame(
        rows.assign(student_id=rows["student_id"].map(names)),
        groups=groups.assign(student_id=groups["student_id"].map(names)),
        resampling=(300, 0),
    )
    assert audit_frame(rows, groups=groups, resampling=(300, 0)).to_json() == renamed.to_json()
