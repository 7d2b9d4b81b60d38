"""A true probability lies on the diagonal, a known distortion lies where it was put, and small bins are not printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from early_id.evaluation import compute_calibration_curve, publish_calibration_curve
from early_id.exceptions import ConfigError


def made(n=60_000, *, seed=3, told=lambda p: p, students=None):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, n)
    return pd.DataFrame(
        {
            "contestant": "m", "student_id": [f"s{i % (students or n)}" for i in range(n)], "probability": told(p),
            "label": (rng.random(n) < p) * 1.0, "onset": rng.random(n) < 0.5,
        }
    )  # fmt: skip


def test_a_true_probability_lies_on_the_diagonal_and_a_distorted_one_where_it_was_put():
    curve = compute_calibration_curve(made()).query("rows == 'all'")
    assert curve["bin"].tolist() == [str(n) for n in range(1, 11)]
    assert (curve["n_rows"] == 6_000).all()
    assert (curve["observed"] - curve["expected"]).abs().max() < 4 * np.sqrt(0.25 / 6_000)
    bent = compute_calibration_curve(made(told=lambda p: p**2)).query("rows == 'all'")
    # The mean of the truth in the tenth from a to b is its middle; what was told is the mean of its square.
    edges = np.linspace(0.02, 0.98, 11)
    middle, square = (edges[1:] + edges[:-1]) / 2, (edges[1:] ** 3 - edges[:-1] ** 3) / (3 * np.diff(edges))
    np.testing.assert_allclose(bent["observed"], middle, atol=0.02)
    np.testing.assert_allclose(bent["expected"], square, atol=0.01)


def test_bins_equal_those_of_scikit_learn_by_quantiles():
    rows = made(5_000)
    found = compute_calibration_curve(rows, bins=8).query("rows == 'all'")
    observed, expected = calibration_curve(rows["label"], rows["probability"], n_bins=8, strategy="quantile")
    np.testing.assert_allclose(found["observed"], observed, atol=2e-3)
    np.testing.assert_allclose(found["expected"], expected, atol=2e-3)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 12))
def test_no_row_is_lost_and_equal_probabilities_stay_together(values, bins):
    rows = pd.DataFrame(
        {
            "contestant": "m",
            "student_id": [str(n) for n in range(len(values))],
            "probability": np.array(values) / 9,
        }
    ).assign(label=lambda own: np.arange(len(own)) % 2 * 1.0)
    found = compute_calibration_curve(rows, bins=bins)
    assert found["n_rows"].sum() == len(rows)
    assert (found["lowest"].iloc[1:].to_numpy() > found["highest"].iloc[:-1].to_numpy()).all()
    assert (found["n_rows"] * found["observed"]).sum() == pytest.approx(rows["label"].sum())
    if len(set(values)) == len(values):
        assert found["n_rows"].max() - found["n_rows"].min() <= 1 or len(values) < bins


def test_each_student_counts_once_and_widens_the_interval_by_going_together():
    alone, together = made(4_000), made(4_000, students=200)
    together["label"] = together["student_id"].isin([f"s{n}" for n in range(90)]) * 1.0
    one, many = (compute_calibration_curve(rows, bins=1).iloc[0] for rows in (alone, together))
    assert (one["n_students"], many["n_students"]) == (4_000, 200)
    assert (many["n_students_with"], many["n_students_without"]) == (90, 110)
    assert many["observed"] == 0.45
    # Twenty equal rows of a student are one observation.
    assert many["high"] - many["low"] == pytest.approx(2 * 1.96 * np.sqrt(0.45 * 0.55 / 200), rel=0.03)


def test_onset_rows_have_a_curve_of_their_own_and_rankers_none():
    rows = made(1_000)
    ranker = rows.assign(contestant="rule", probability=np.nan)
    found = compute_calibration_curve(pd.concat([rows, ranker], ignore_index=True), bins=4)
    assert found["contestant"].unique().tolist() == ["m"]
    assert found.loc[found["rows"] == "onset", "n_rows"].sum() == rows["onset"].sum()
    assert compute_calibration_curve(ranker).empty
    assert publish_calibration_curve(ranker).empty
    with pytest.raises(ConfigError, match="Expected one bin or more, got 0"):
        compute_calibration_curve(rows, bins=0)


@pytest.mark.parametrize("seed", range(6))
def test_every_printed_bin_has_more_than_ten_students_with_and_without_the_outcome(seed):
    rng = np.random.default_rng(seed + 100)
    rows = made(400, seed=seed, told=lambda p: p, students=150).drop(columns="onset")
    rows["label"] = (rng.random(400) < rows["probability"] ** 2) * 1.0
    exact, found = compute_calibration_curve(rows), publish_calibration_curve(rows)
    assert list(found.columns) == ["contestant", "rows", "bin", "expected", "observed", "low", "high"]
    reached = 0
    for row in found.itertuples():
        first, last = (int(end) for end in (row.bin.split("-") * 2)[:2])
        assert first == reached + 1
        reached = last
        inside = rows["probability"].between(
            exact.set_index("bin").loc[str(first), "lowest"], exact.set_index("bin").loc[str(last), "highest"]
        )
        own = rows[inside]
        assert own.groupby("label")["student_id"].nunique().min() > 10
        assert row.observed == round(own["label"].mean(), 3)
        assert row.expected == round(own["probability"].mean(), 3)
    assert reached == 10


def test_where_all_together_are_too_few_nothing_is_printed():
    rows = made(200)
    few = rows[(rows["label"] == 0) | (rows["label"].cumsum() <= 10)]
    assert not compute_calibration_curve(few).empty
    assert publish_calibration_curve(few).empty
