"""Metrics equal scikit-learn's where it has them, and hand-counted figures where it has not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from early_id.evaluation import (
    compute_calibration,
    compute_metrics,
    compute_metrics_by_date,
    list_at_capacity,
)


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(7)
    n = 900
    base = pd.DataFrame(
        {
            "student_id": [f"s{i % 150}" for i in range(n)],
            "school_id": np.where(np.arange(n) % 150 < 90, "01", "02"),
            "as_of": pd.Timestamp("2024-10-06") + pd.to_timedelta(np.arange(n) // 150 * 7, unit="D"),
            "school_day": 15 + np.arange(n) // 150 * 20,
            "label": (rng.random(n) < 0.3).astype(float),
            "treated": rng.random(n) < 0.1,
        }
    )
    base.loc[rng.random(n) < 0.05, "label"] = np.nan
    base["onset"] = base["label"].notna() & (rng.random(n) < 0.8)
    parts = []
    for name in ("model", "ranker"):
        score = np.round(np.clip(rng.normal(0.3 + 0.2 * base["label"].fillna(0), 0.2), 0.01, 0.99), 1)
        score = pd.Series(np.where(rng.random(n) > 0.04, score, np.nan))
        parts.append(
            base.assign(contestant=name, score=score, probability=score if name == "model" else np.nan)
        )
    return pd.concat(parts, ignore_index=True)


def test_each_date_equals_scikit_learn(predictions):
    found = compute_metrics_by_date(predictions, 9)
    for row in found.itertuples():
        own = predictions[(predictions.contestant == row.contestant) & (predictions.as_of == row.as_of)]
        own = own[own.onset if row.rows == "onset" else own.label.notna()]
        scored = own[own.score.notna()]
        assert row.n_rows == len(own)
        assert row.auroc == pytest.approx(roc_auc_score(scored.label, scored.score), abs=1e-12)
        assert row.average_precision == pytest.approx(
            average_precision_score(scored.label, scored.score), abs=1e-12
        )
        if row.contestant == "model":
            assert row.brier == pytest.approx(brier_score_loss(scored.label, scored.probability), abs=1e-12)
        else:
            assert np.isnan(row.brier)


def test_overall_auroc_counts_pairs_of_one_date_and_school(predictions):
    found = compute_metrics(predictions, 9).set_index(["contestant", "rows"])
    own = predictions[
        (predictions.contestant == "model") & predictions.label.notna() & predictions.score.notna()
    ]
    for column, keys in (("auroc", ["as_of"]), ("auroc_within_school", ["as_of", "school_id"])):
        right = pairs = 0.0
        for _, part in own.groupby(keys):
            positive, negative = (
                part.score[part.label == 1].to_numpy(),
                part.score[part.label == 0].to_numpy(),
            )
            difference = positive[:, None] - negative[None, :]
            right += (difference > 0).sum() + 0.5 * (difference == 0).sum()
            pairs += difference.size
        assert found.loc[("model", "all"), column] == pytest.approx(right / pairs, abs=1e-12)


def test_recall_and_precision_are_counted_at_the_list(predictions):
    found = compute_metrics(predictions, {"01": 4, "02": 2}).set_index(["contestant", "rows"])
    own = predictions[predictions.contestant == "model"]
    on_list = list_at_capacity(own, {"01": 4, "02": 2})
    assert on_list.sum() == 6 * (4 + 2)
    ahead = own[own.onset]
    hits, listed = (ahead.label[on_list[ahead.index]]).sum(), on_list[ahead.index].sum()
    assert found.loc[("model", "onset"), "recall"] == hits / ahead.label.sum()
    assert found.loc[("model", "onset"), "precision"] == hits / listed


def test_a_row_without_a_score_stays_in_the_denominator_of_recall():
    rows = pd.DataFrame(
        {
            "contestant": "m", "student_id": ["a", "b"], "school_id": "01", "as_of": pd.Timestamp("2024-10-06"),
            "school_day": 30, "score": [0.9, np.nan], "probability": [0.9, np.nan], "label": 1.0, "onset": True,
            "treated": False,
        }
    )  # fmt: skip
    found = compute_metrics(rows, 2).set_index("rows")
    assert found.loc["onset", "recall"] == 0.5


def test_every_contestant_is_ordered_on_the_rows_the_panel_scored():
    """A rule that is silent about the hard cases is compared on them too: they come last, as its list has them."""
    n = 400
    rng = np.random.default_rng(5)
    label = (rng.random(n) < 0.4).astype(float)
    base = pd.DataFrame(
        {
            "student_id": [f"s{i}" for i in range(n)], "school_id": "01", "as_of": pd.Timestamp("2024-10-06"),
            "school_day": 30, "label": label, "onset": True, "treated": False,
            "not_scored": pd.Series(["no feed"] * 10 + [None] * (n - 10), dtype="str"),
        }
    )  # fmt: skip
    score = pd.Series(label + rng.normal(0, 1, n)).mask(base["not_scored"].notna())
    known = rng.random(n) < 0.7
    silent = score.where(known)
    parts = [
        base.assign(contestant=name, score=values, probability=np.nan)
        for name, values in (("model", score), ("rule", silent), ("last", silent.fillna(-99.0)))
    ]
    parts[2].loc[base["not_scored"].notna(), "score"] = np.nan
    found = compute_metrics(pd.concat(parts, ignore_index=True), 20).set_index(["contestant", "rows"])
    ranked = base["not_scored"].isna()
    for column, peer in (("auroc", roc_auc_score), ("average_precision", average_precision_score)):
        expected = peer(label[ranked], silent[ranked].fillna(-99.0))
        assert found.loc[("rule", "onset"), column] == pytest.approx(expected, abs=1e-12)
        assert found.loc[("rule", "onset"), column] == found.loc[("last", "onset"), column]
        assert found.loc[("rule", "onset"), column] < peer(label[ranked & known], silent[ranked & known])


def test_calibration_is_reported_where_the_event_is_ahead_and_in_the_order_of_the_year():
    rng = np.random.default_rng(4)
    n = 4000
    rows = pd.DataFrame(
        {"contestant": "m", "school_day": rng.integers(1, 180, n), "onset": rng.random(n) < 0.7}
    )
    rows["student_id"] = [f"s{i}" for i in range(n)]
    rows["label"] = np.where(rows["onset"], rng.random(n) < 0.2, 1.0).astype(float)
    rows["probability"] = np.where(rows["onset"], 0.2, 0.9) + rng.normal(0, 0.01, n)
    found = compute_calibration(rows)
    assert found["period"].tolist() == ["all", "0-20", "20-60", "60-120", "120-"] * 2
    assert found["rows"].tolist() == ["all"] * 5 + ["onset"] * 5
    ahead = rows[rows["onset"]]
    assert found.loc[5, ["n_rows", "observed", "expected"]].tolist() == [
        len(ahead), ahead["label"].mean(), ahead["probability"].mean()
    ]  # fmt: skip


def test_calibration_of_a_true_probability_is_one_and_zero():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.02, 0.98, 60_000)
    rows = pd.DataFrame(
        {
            "contestant": "m",
            "student_id": np.arange(p.size) % 6_000,
            "probability": p,
            "label": (rng.random(p.size) < p) * 1.0,
            "school_day": rng.integers(1, 180, p.size),
        }
    )
    found = compute_calibration(rows)
    assert set(found.period) == {"all", "0-20", "20-60", "60-120", "120-"}
    everyone = found.set_index("period").loc["all"]
    assert everyone["slope"] == pytest.approx(1, abs=0.03)
    assert everyone["intercept"] == pytest.approx(0, abs=0.03)
    assert everyone["slope_low"] < 1 < everyone["slope_high"] < everyone["slope_low"] + 0.1
    skewed = compute_calibration(rows.assign(probability=1 / (1 + ((1 - p) / p) ** 2))).set_index("period")
    assert skewed.loc["all", "slope"] == pytest.approx(0.5, abs=0.02)
