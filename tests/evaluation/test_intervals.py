"""Intervals equal closed forms and a peer's where there are such, and hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from early_id.evaluation import compare_contestants, compute_metrics, compute_metrics_by_date, wilson_interval
from early_id.evaluation._estimate import (
    estimate_average_precision,
    estimate_concordance,
    estimate_line,
    estimate_ratio,
)
from early_id.exceptions import ConfigError


def made(seed, *, students=150, dates=6, noise=1.0):
    """Weekly rows of students whose risk stays the same over the year: rows of one student go together."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=students)
    label = (rng.random(students) < 1 / (1 + np.exp(1.2 - 1.5 * risk))).astype(float)
    parts = []
    for week in range(dates):
        score = 1 / (1 + np.exp(-(risk - 1 + noise * rng.normal(size=students))))
        parts.append(
            pd.DataFrame(
                {
                    "student_id": np.arange(students),
                    "school_id": np.arange(students) % 3,
                    "as_of": week,
                    "score": score.round(2),
                    "label": label,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def as_predictions(rows, name="model"):
    """Make rows what a backtest gives."""
    return rows.assign(
        contestant=name,
        student_id=rows["student_id"].map("s{:04d}".format),
        school_id=rows["school_id"].map("{:02d}".format),
        as_of=pd.Timestamp("2024-10-06") + pd.to_timedelta(7 * rows["as_of"], unit="D"),
        school_day=20 + 5 * rows["as_of"],
        probability=rows["score"].clip(0.01, 0.99),
        onset=True,
        treated=False,
        not_scored=None,
    )


def delong(score, label):
    """Variance of the area under the curve from the placements of DeLong and others, by two plain loops."""
    ahead = [[1.0 if p > q else 0.5 if p == q else 0.0 for q in score[label == 0]] for p in score[label == 1]]
    placements = np.array(ahead)
    return placements.mean(), (
        placements.mean(axis=1).var(ddof=1) / placements.shape[0]
        + placements.mean(axis=0).var(ddof=1) / placements.shape[1]
    )


def by_jackknife(rows, figure):
    """Variance from leaving each student out once."""
    students = rows["student_id"].unique()
    values = np.array([figure(rows[rows["student_id"] != student]) for student in students])
    return (len(students) - 1) / len(students) * np.square(values - values.mean()).sum()


def test_one_row_per_student_gives_the_variance_of_delong():
    rows = made(1, students=120, dates=1)
    area, variance = delong(rows["score"].to_numpy(), rows["label"].to_numpy())
    found = estimate_concordance(rows, ["as_of"], 120)
    assert found.value == pytest.approx(area, abs=1e-12)
    # The two differ in what is taken for a degree of freedom, one of all students or one of each kind.
    assert found.variance == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("within", [["as_of"], ["as_of", "school_id"]])
def test_leaving_each_student_out_gives_the_same_variance(within):
    rows = made(3)
    found = estimate_concordance(rows, within, 150)
    expected = by_jackknife(rows, lambda part: estimate_concordance(part, within, 150).value)
    assert found.variance == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("estimate", "peer"),
    [(estimate_concordance, roc_auc_score), (estimate_average_precision, average_precision_score)],
)
def test_influence_is_what_scikit_learn_changes_by_when_a_student_weighs_more(estimate, peer):
    rows = made(4, students=80, dates=1)
    found = estimate(rows, ["as_of"], 80)
    for student in (0, 7, 33, 79):
        weight = np.ones(80)
        weight[student] += 1e-6
        more = peer(rows["label"], rows["score"], sample_weight=weight)
        assert found.influence[student] == pytest.approx((more - found.value) / 1e-6, abs=1e-6)


def test_the_same_student_twice_adds_no_certainty():
    rows = made(5, dates=1)
    again = pd.concat([rows, rows.assign(as_of=1)], ignore_index=True)
    for estimate in (estimate_concordance, estimate_average_precision):
        once, twice = (estimate(part, ["as_of"], 150) for part in (rows, again))
        assert twice.value == pytest.approx(once.value, abs=1e-12)
        assert twice.interval() == pytest.approx(once.interval(), abs=1e-12)


@given(st.integers(1, 30), st.integers(1, 30))
def test_a_share_of_single_rows_is_wilson_s(hits, others):
    """The variance of a sample is taken with one degree of freedom less, and the interval with it."""
    n = hits + others
    found = estimate_ratio(np.r_[np.ones(hits), np.zeros(others)], np.ones(n), np.arange(n), n)
    low, high = wilson_interval(hits / n, n - 1)
    assert found.interval() == pytest.approx((float(low), float(high)), abs=1e-12)


def test_a_rate_without_spread_is_not_certain():
    found = estimate_ratio(np.ones(12), np.ones(12), np.repeat(np.arange(4), 3), 4)
    low, high = found.interval()
    assert (found.value, high) == (1.0, 1.0)
    assert low == pytest.approx(float(wilson_interval(1.0, 4)[0]))
    perfect = made(2, students=40, dates=2).assign(score=lambda rows: rows["label"])
    area = estimate_concordance(perfect, ["as_of"], 40)
    positives = int(perfect.groupby("student_id")["label"].max().sum())
    assert area.value == 1.0
    assert area.interval()[0] == pytest.approx(float(wilson_interval(1.0, min(positives, 40 - positives))[0]))


def test_a_score_that_is_the_same_for_all_orders_nobody_and_that_is_certain():
    rows = made(2, students=40, dates=2).assign(score=lambda rows: rows["school_id"].astype(float))
    assert estimate_concordance(rows, ["as_of", "school_id"], 40).interval() == (0.5, 0.5)


def test_the_line_has_the_clustered_errors_of_statsmodels():
    rows = made(8)
    probability = rows["score"].clip(0.01, 0.99)
    log_odds = np.log(probability / (1 - probability))
    fit = sm.GLM(rows["label"], sm.add_constant(log_odds), family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": rows["student_id"], "use_correction": False}
    )
    slope, intercept = estimate_line(probability, rows["label"], rows["student_id"].to_numpy(), 150)
    assert (slope.value, intercept.value) == pytest.approx((fit.params.iloc[1], fit.params.iloc[0]), abs=1e-4)
    by_peer = np.square([fit.bse.iloc[1], fit.bse.iloc[0]]) * 150 / 149
    assert (slope.variance, intercept.variance) == pytest.approx(tuple(by_peer), rel=1e-3)


def test_one_date_has_the_figures_of_the_whole():
    """The table by date and the one of the whole period are computed in two ways."""
    rows = as_predictions(made(9, dates=1))
    rows.loc[rows.index % 17 == 0, ["score", "probability"]] = np.nan
    whole, dated = compute_metrics(rows, 10), compute_metrics_by_date(rows, 10)
    for subset in ("all", "onset"):
        own, other = (frame[frame["rows"] == subset].iloc[0] for frame in (whole, dated))
        for metric in set(dated) - {"contestant", "rows", "as_of"}:
            assert own[metric] == pytest.approx(other[metric], abs=1e-12), metric


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Truth: the mean over many more students. Rows of one student go together, which plain intervals ignore."""
    large = estimate_concordance(made(1000, students=20_000, dates=4), ["as_of"], 20_000).value
    held, half_widths, values = [], [], []
    for seed in range(250):
        found = estimate_concordance(made(seed, students=200, dates=4), ["as_of"], 200)
        low, high = found.interval()
        held.append(low <= large <= high)
        half_widths.append((high - low) / 2)
        values.append(found.value)
    # 95 % with 250 tries: three standard errors to each side.
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(half_widths) == pytest.approx(1.96 * np.std(values), rel=0.12)


def test_a_difference_is_surer_than_two_separate_intervals():
    base = made(11, students=300)
    rng = np.random.default_rng(0)
    near = base.assign(score=(base["score"] + rng.normal(0, 0.05, len(base))).round(3))
    both = pd.concat([as_predictions(base, "a"), as_predictions(near, "b")], ignore_index=True)
    found = compare_contestants(both, 10, "a").set_index(["rows", "metric"]).loc[("all", "auroc")]
    own = compute_metrics(both, 10).set_index(["contestant", "rows"])
    a, b = (own.loc[(name, "all")] for name in ("a", "b"))
    assert found["difference"] == pytest.approx(a["auroc"] - b["auroc"], abs=1e-12)
    assert found["high"] - found["low"] < 0.5 * (a["auroc_high"] - a["auroc_low"])


def test_a_contestant_that_took_no_part_is_named():
    with pytest.raises(ConfigError, match=r"'modle'.*model"):
        compare_contestants(as_predictions(made(1)), 10, "modle")


def test_nothing_to_judge_gives_no_figure():
    rows = as_predictions(made(1, students=20, dates=1)).assign(label=0.0)
    found = compute_metrics(rows, 5).set_index("rows").loc["all"]
    assert found[["auroc", "auroc_low", "auroc_high", "recall", "lift"]].isna().all()
    assert found["precision"] == 0.0
    assert found["precision_high"] > 0.1


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("apart", [0.0, 0.1])
def test_no_line_is_fitted_where_none_fits_best(turned, apart):
    probability = pd.Series([0.1, 0.3, 0.4, 0.4 + apart, 0.6, 0.9])
    label = pd.Series([0, 0, 0, 1, 1, 1])
    slope, intercept = estimate_line(probability, 1 - label if turned else label, np.arange(6), 6)
    assert np.isnan([slope.value, intercept.value, *slope.interval()]).all()
