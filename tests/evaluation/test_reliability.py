"""Observed against expected shares along the scale: every bin is of many students, with and without the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from early_id.evaluation import publish_reliability


def made(n_students: int, weeks: int, seed: int, steps: int = 1000) -> pd.DataFrame:
    """Rows whose label comes up as often as the probability says."""
    rng = np.random.default_rng(seed)
    probability = np.ceil(rng.beta(1, 4, n_students * weeks) * steps) / steps
    return pd.DataFrame(
        {
            "contestant": "m",
            "student_id": np.repeat([f"s{n}" for n in range(n_students)], weeks),
            "probability": probability,
            "label": (rng.random(len(probability)) < probability).astype("float64"),
            "onset": rng.random(len(probability)) < 0.7,
        }
    )


def test_thirty_percent_means_thirty_percent():
    found = publish_reliability(made(4000, 4, 0)).query("rows == 'all'")
    assert list(found["bin"]) == list(range(1, 11))
    # Binomial errors of 1,600 rows a bin stay below .05.
    assert (found["expected"] - found["observed"]).abs().max() < 0.05
    assert found["expected"].is_monotonic_increasing


@given(
    students=st.integers(5, 60),
    weeks=st.integers(1, 4),
    seed=st.integers(0, 99),
    steps=st.sampled_from([2, 5, 1000]),
)
def test_there_are_bins_wherever_many_students_have_the_outcome_and_many_have_not(
    students, weeks, seed, steps
):
    """Nothing is left out: where one bin is all there is, it holds every row."""
    rows = made(students, weeks, seed, steps)
    found = publish_reliability(rows).query("rows == 'all'")
    of = rows.groupby("label")["student_id"].nunique()
    possible = bool((of.reindex([0.0, 1.0]).fillna(0) > 10).all())
    assert (len(found) > 0) == possible
    if len(found) == 1:
        np.testing.assert_allclose(
            found[["expected", "observed"]].to_numpy()[0], rows[["probability", "label"]].mean(), atol=5e-4
        )
    assert len(found) <= 10
    assert found["expected"].is_monotonic_increasing


def test_a_bin_of_few_students_is_joined_to_its_neighbour():
    """Many rows of one student are one student: the upper half is one student's, so there is one bin."""
    low = pd.DataFrame(
        {"student_id": [f"s{n}" for n in range(40)], "probability": 0.1, "label": [0.0, 1.0] * 20}
    )
    high = pd.DataFrame({"student_id": "one", "probability": 0.9, "label": [0.0, 1.0] * 20})
    rows = pd.concat([low, high], ignore_index=True).assign(contestant="m", onset=False)
    found = publish_reliability(rows)
    assert found[["rows", "bin", "expected", "observed"]].to_numpy().tolist() == [["all", 1, 0.5, 0.5]]


def test_rankers_and_rows_without_label_have_no_place():
    rows = made(100, 2, 3)
    ranker = rows.assign(contestant="rule", probability=np.nan)
    unknown = rows.assign(label=np.nan, probability=1.0)
    both = pd.concat([rows, ranker, unknown], ignore_index=True)
    pd.testing.assert_frame_equal(publish_reliability(both), publish_reliability(rows))
    assert publish_reliability(ranker).empty
