"""The list: as many as the team can reach, ties by a keyed hash, nobody without a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.evaluation import capacity_by_school, list_at_capacity
from early_id.exceptions import ConfigError

SUNDAY = pd.Timestamp("2026-11-22")


def rows_of(scores: list[float | None], school: str = "01") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "student_id": [f"s{i}" for i in range(len(scores))],
            "school_id": school,
            "as_of": SUNDAY,
            "score": scores,
        }
    ).astype({"score": "float64"})


def test_a_share_is_rounded_up_exactly():
    cohort = pd.Series([420, 421, 1], index=pd.Index(["a", "b", "c"], name="school_id"))
    assert capacity_by_school("5%", cohort).tolist() == [21, 22, 1]
    assert capacity_by_school("2.5 %", cohort).tolist() == [11, 11, 1]
    assert capacity_by_school({"*": 25, "b": 30}, cohort).tolist() == [25, 30, 25]
    # 2.345 % of 20,000 is 469 exactly; rounded to 2.34 or 2.35 it would be 468 or 470. Any share gives a place.
    assert capacity_by_school("2.345%", pd.Series([20_000], index=cohort.index[:1])).tolist() == [469]
    assert capacity_by_school("0.004%", cohort).tolist() == [1, 1, 1]


def test_whole_numbers_of_numpy_are_numbers():
    cohort = pd.Series([10, 10], index=pd.Index(["01", "02"], name="school_id"))
    assert capacity_by_school(np.int64(3), cohort).tolist() == [3, 3]
    assert capacity_by_school({"*": np.int32(3), "02": 4}, cohort).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("capacity", "message"),
    [
        ("five", "Expected a capacity such as '5%'"),
        ("0%", "a share lies above 0"),
        (0, r"at least one place .*'\*: 0'"),
        (25.0, "got 25.0; the number of students is a whole number"),
        (True, "got True; the number of students is a whole number"),
        (None, "got None; the number of students is a whole number"),
        ([5], r"got \[5\]; the number of students is a whole number"),
        ({"*": 2.5}, r"as a whole number, got '\*: 2.5'"),
        ({"*": True}, r"as a whole number, got '\*: True'"),
        ({"01": 25}, r"a capacity for every school with students, got none for '02'; add them or '\*'"),
    ],
)
def test_a_capacity_that_cannot_be_used_is_refused(capacity, message):
    cohort = pd.Series([10, 10], index=pd.Index(["01", "02"], name="school_id"))
    with pytest.raises(ConfigError, match=message):
        capacity_by_school(capacity, cohort)


@given(
    scores=st.lists(
        st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.3, 0.30000001])), min_size=1, max_size=30
    ),
    k=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_the_list_is_the_highest_scores_and_independent_of_row_order(scores, k, seed):
    rows = rows_of(scores)
    listed = list_at_capacity(rows, k)
    scored = rows["score"].notna()
    assert listed.sum() == min(k, scored.sum())
    assert not listed[~scored].any()
    rounded = rows["score"].round(6)
    if listed.any() and (scored & ~listed).any():
        assert rounded[listed].min() >= rounded[scored & ~listed].max()
    shuffled = rows.sample(frac=1, random_state=seed)
    pd.testing.assert_series_equal(list_at_capacity(shuffled, k).sort_index(), listed)


def test_ties_favour_nobody_across_lists():
    """Among equal scores each student is listed about as often as any other over many dates."""
    days = SUNDAY + pd.to_timedelta(np.arange(400) * 7, unit="D")
    rows = pd.concat([rows_of([0.5] * 4).assign(as_of=day) for day in days], ignore_index=True)
    often = rows[list_at_capacity(rows, 1)]["student_id"].value_counts()
    assert often.sum() == 400
    assert often.min() > 60


def test_scores_are_compared_after_rounding():
    """A difference beyond the sixth decimal cannot decide who is reached."""
    a = list_at_capacity(rows_of([0.5, 0.5 + 1e-9, 0.5 - 1e-9]), 1)
    b = list_at_capacity(rows_of([0.5 + 1e-9, 0.5 - 1e-9, 0.5]), 1)
    pd.testing.assert_series_equal(a, b)
