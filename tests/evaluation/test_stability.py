"""Lists that rotate by a known number of places have a known Jaccard and known stretches; plain sets say the same."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.evaluation import compute_stability, list_at_capacity, publish_stability

RATES = ["jaccard", "one_week_share"]


def made(listed, *, year=2025, school="01", contestant="m"):
    """Rows whose list of capacity k in each week is the set given for it; everybody is enrolled all weeks."""
    students = [*sorted(set().union(*listed)), "nobody"]
    weeks = [
        pd.DataFrame(
            {
                "contestant": contestant, "student_id": students, "school_id": school, "school_year": year,
                "as_of": pd.Timestamp(year - 1, 9, 8) + pd.Timedelta(weeks=week),
                "score": [float(student in names) for student in students],
            }
        )
        for week, names in enumerate(listed)
    ]  # fmt: skip
    return pd.concat(weeks, ignore_index=True)


def rotating(k, m, weeks):
    """k places, of which m go to somebody new every week, the longest listed first."""
    return [{f"s{n:04d}" for n in range(week * m, week * m + k)} for week in range(weeks)]


@pytest.mark.parametrize(("k", "m"), [(12, 0), (12, 3), (12, 6), (12, 12)])
def test_a_list_that_rotates_has_a_known_jaccard(k, m):
    found = compute_stability(made(rotating(k, m, 9)), k).iloc[0]
    assert found["jaccard"] == pytest.approx((k - m) / (k + m))
    assert found["n_pairs"] == 8
    assert found["n_students"] == k + 8 * m
    # Who begins on the last list is of unknown length; the first and last stay shorter than k / m weeks.
    assert found["n_spells"] == k + 7 * m
    once = {0: 0, 3: 3, 6: 6, 12: 12 * 8}[m]  # the m that leave after the first week, or everybody
    assert found["one_week_share"] == pytest.approx(once / (k + 7 * m))


def test_a_student_who_comes_back_has_two_spells_and_a_year_ends_them():
    two = [{"a", "b"}, {"a", "c"}, {"a", "b"}, {"a", "b"}]
    one = compute_stability(made(two), 2).iloc[0]
    assert one["n_spells"] == 4  # a; b, once; c, once; b
    assert one["one_week_share"] == 0.5
    assert one["jaccard"] == pytest.approx((1 / 3 + 1 / 3 + 1) / 3)
    years = pd.concat([made(two), made(two, year=2026)], ignore_index=True)
    both = compute_stability(years, 2).iloc[0]
    assert (both["n_spells"], both["n_pairs"], both["n_students"]) == (8, 6, 3)
    assert both[RATES].tolist() == pytest.approx(one[RATES].tolist())


def test_each_school_has_its_own_weeks_and_each_pair_of_lists_the_same_weight():
    still, moving = made(rotating(6, 0, 5)), made(rotating(6, 6, 9), school="02")
    # The first school has no list in one of the weeks: its neighbours are the weeks it has.
    still["as_of"] += pd.to_timedelta(np.where(still["as_of"] > "2024-09-20", 14, 0), unit="D")
    rows = pd.concat([still, moving], ignore_index=True)
    found = compute_stability(rows, 6).iloc[0]
    assert found["n_pairs"] == 4 + 8
    assert found["jaccard"] == pytest.approx(4 / 12)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_plain_sets_say_the_same(seed):
    rng = np.random.default_rng(seed)
    n, weeks = 30, 6
    rows = pd.DataFrame(
        {
            "contestant": "m", "student_id": np.tile([f"s{i}" for i in range(n)], weeks),
            "school_id": np.tile(np.where(np.arange(n) < 18, "01", "02"), weeks), "school_year": 2025,
            "as_of": np.repeat(pd.date_range("2024-09-08", periods=weeks, freq="7D"), n),
            "score": np.where(rng.random(n * weeks) < 0.2, np.nan, rng.integers(0, 4, n * weeks)),
        }
    )  # fmt: skip
    rows = rows[rng.random(len(rows)) < 0.9].reset_index(drop=True)
    on = rows[list_at_capacity(rows, 4)]
    jaccards, lengths = [], []
    for school, own in rows.groupby("school_id"):
        lists = [
            set(on.loc[(on["school_id"] == school) & (on["as_of"] == day), "student_id"])
            for day in sorted(own["as_of"].unique())
        ]
        jaccards += [len(a & b) / len(a | b) for a, b in itertools.pairwise(lists) if a | b]
        for student in set().union(*lists):
            begun = None
            for week in range(len(lists) + 1):
                here = week < len(lists) and student in lists[week]
                if here and begun is None:
                    begun = week
                if not here and begun is not None:
                    if begun < len(lists) - 1:
                        lengths.append(week - begun)
                    begun = None
    found = compute_stability(rows, 4).iloc[0]
    assert found["jaccard"] == pytest.approx(np.mean(jaccards))
    assert (found["n_pairs"], found["n_spells"]) == (len(jaccards), len(lengths))
    assert found["one_week_share"] == pytest.approx(np.mean(np.array(lengths) == 1))


def test_contestants_are_told_apart_and_a_list_of_nobody_is_no_pair():
    rows = pd.concat([made(rotating(4, 4, 3)), made(rotating(4, 4, 3), contestant="still")])
    rows = rows.reset_index(drop=True)
    rows.loc[rows["contestant"] == "still", "score"] = np.nan
    found = compute_stability(rows, 4).set_index("contestant")
    assert found.loc["m", RATES].tolist() == [0.0, 1.0]
    assert found.loc["still", ["n_pairs", "n_spells", "n_students"]].tolist() == [0, 0, 0]
    assert found.loc["still", RATES].isna().all()


@pytest.mark.parametrize(("changed", "shown"), [(0, True), (1, False), (10, False), (11, True)])
def test_a_few_who_came_or_went_are_not_printed(changed, shown):
    """Of forty on the list, some leave half-way and nobody comes: only the leavers change."""
    stay = {f"a{n}" for n in range(40)}
    leave = {f"b{n}" for n in range(changed)}
    rows = made([stay | leave] * 3 + [stay] * 3)
    rows["score"] = rows["score"].replace(0.0, np.nan)
    exact, found = compute_stability(rows, 60).iloc[0], publish_stability(rows, 60).iloc[0]
    assert exact[RATES].notna().all()
    assert pd.notna(found["jaccard"]) == shown
    assert found["one_week_share"] == 0
    if shown:
        assert found["jaccard"] == round(exact["jaccard"], 3)
    assert found[["n_pairs", "n_spells", "n_students"]].tolist() == [0, 0, 0] if changed < 11 else True
    once = publish_stability(made([stay | {"x"}] + [stay] * 3), 41).iloc[0]
    assert pd.isna(once["one_week_share"])


def test_lists_that_never_change_leave_no_doubt_and_others_an_interval_around_the_mean():
    calm = compute_stability(made(rotating(30, 0, 6)), 30).iloc[0]
    assert (calm["jaccard_low"], calm["jaccard_high"]) == (1, 1)
    moving = compute_stability(made(rotating(30, 6, 12)), 30).iloc[0]
    for name in RATES:
        assert moving[f"{name}_low"] < moving[name] < moving[f"{name}_high"]


def test_the_interval_is_that_of_students_drawn_anew():
    """By hand: a student who is drawn twice is two students on all the lists of the one."""
    rng = np.random.default_rng(3)
    ids = [f"s{n:02d}" for n in range(40)]
    weeks = [set(rng.choice(ids, 20, replace=False)) | {"s00", "s01", "s02"} for _ in range(6)]
    most = max(map(len, weeks))
    rows = made(weeks)
    rows = rows[rows["score"] > 0]
    found = compute_stability(rows, most).iloc[0]
    everybody = sorted(set().union(*weeks))
    drawn = []
    for _ in range(400):
        count = dict(
            zip(
                everybody,
                np.bincount(rng.integers(0, len(everybody), len(everybody)), minlength=len(everybody)),
                strict=True,
            )
        )
        drawn.append(
            np.mean(
                [
                    sum(count[s] for s in a & b) / sum(count[s] for s in a | b)
                    for a, b in itertools.pairwise(weeks)
                ]
            )
        )
    width = np.subtract(*np.quantile(drawn, [0.975, 0.025]))
    assert found["jaccard_high"] - found["jaccard_low"] == pytest.approx(width, rel=0.25)
