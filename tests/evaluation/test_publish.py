"""What is logged and printed can be subtracted from nothing else to find a few students."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from early_id.evaluation import (
    compute_calibration,
    compute_metrics,
    list_at_capacity,
    publish_calibration,
    publish_metrics,
    publish_metrics_by_date,
)

RATES = ["auroc", "auroc_within_school", "average_precision", "brier", "precision", "recall"]


def made(n=619, *, dates=3, treated=(), unscored=3, seed=0):
    """One school year of weekly rows; the first students are treated, the last have no score."""
    rng = np.random.default_rng(seed)
    outcome = (rng.random(n) < 0.3).astype(float)
    score = np.round(np.clip(0.3 * outcome + 0.7 * rng.random(n), 0, 1), 6)
    score[n - unscored :] = np.nan
    parts = [
        pd.DataFrame(
            {
                "contestant": "additive", "student_id": [f"s{i}" for i in range(n)], "school_id": "01",
                "as_of": pd.Timestamp("2024-10-06") + pd.Timedelta(weeks=week), "school_day": 30 + 5 * week,
                "score": score, "probability": score, "label": outcome, "onset": True,
                "treated": np.isin(np.arange(n), treated),
                "not_scored": pd.Series(np.where(np.isnan(score), "no feed", ""), dtype="str").replace("", None),
            }
        )
        for week in range(dates)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_no_total_minus_another_counts_a_few_students():
    rows = made()
    exact = compute_metrics(rows, "20%")
    assert (
        exact.loc[0, "n_rows"] - compute_calibration(rows).loc[0, "n_rows"] == 9
    )  # three students, three weeks
    published = publish_metrics(rows, "20%")
    assert not (published[["n_rows", "n_students", "n_positives"]] % 100).any(axis=None)
    # An audit prints 619 students where five of them have no label yet, a number it masks.
    rows.loc[rows["student_id"].isin([f"s{i}" for i in range(5)]), "label"] = np.nan
    assert compute_metrics(rows, "20%").loc[0, "n_students"] == 614
    assert publish_metrics(rows, "20%").loc[0, "n_students"] == 600


def test_calibration_is_published_without_its_number_of_rows():
    rows = made()
    published, exact = publish_calibration(rows), compute_calibration(rows)
    assert list(published.columns) == [name for name in exact.columns if name != "n_rows"]
    assert published["slope"].tolist() == exact["slope"].round(3).tolist()
    few = rows[(rows["label"] == 0) | rows["student_id"].isin(rows.loc[rows["label"] == 1, "student_id"][:8])]
    numbers = ["observed", "expected", "slope", "intercept"]
    assert compute_calibration(few)["observed"].notna().all()
    assert publish_calibration(few)[numbers].isna().all(axis=None)


@pytest.mark.parametrize("reached", [0, 1, 10, 11])
def test_a_set_of_rows_is_published_only_if_what_it_leaves_out_is_of_many_students(reached):
    rows = made()
    listed = list_at_capacity(rows, "40%")
    once = rows.assign(listed=listed).drop_duplicates("student_id")
    in_time = once.loc[once["listed"] & (once["label"] == 1), "student_id"]
    missed = once.loc[~once["listed"] & (once["label"] == 1) & once["score"].notna(), "student_id"]
    calm = once.loc[~once["listed"] & (once["label"] == 0), "student_id"]
    treated = pd.concat([in_time[:reached], missed[:15], calm[:30]])
    rows["treated"] = rows["student_id"].isin(treated)
    found = publish_metrics(rows, "40%").set_index("rows")
    assert found.loc["onset", ["auroc", "recall"]].notna().all()
    assert found.loc["onset, untreated", ["auroc", "recall"]].notna().all() == (reached in (0, 11))
    if reached in (1, 10):
        assert found.loc["onset, untreated", RATES].isna().all()


def test_a_rate_of_few_students_is_not_published():
    rows = made(dates=1)
    exact, published = compute_metrics(rows, 8).set_index("rows"), publish_metrics(rows, 8).set_index("rows")
    assert exact.loc["onset", ["precision", "recall"]].notna().all()
    assert published.loc["onset", ["precision", "recall"]].isna().all()
    assert published.loc["onset", "auroc"] == round(exact.loc["onset", "auroc"], 3)


def test_each_date_is_published_by_the_same_rules():
    rows = made(treated=[0])
    rows.loc[(rows["as_of"] == rows["as_of"].max()) & (rows["student_id"] == "s1"), "onset"] = False
    found = publish_metrics_by_date(rows, "20%").set_index(["as_of", "rows"])
    last = rows["as_of"].max()
    # One student had the event before the last date: both sets together would say whether the list held that student.
    assert found.loc[(last, "all"), RATES].isna().all()
    assert found.loc[(last, "onset"), RATES].notna().all()
    assert found.drop(index=(last, "all"))["recall"].notna().all()
