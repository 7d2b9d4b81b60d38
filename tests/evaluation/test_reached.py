"""Per child: listed before the event or not, and how many full school weeks before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from early_id.evaluation import compute_reached, publish_reached

WEEKS = 14
SUNDAYS = pd.date_range("2023-09-03", periods=WEEKS, freq="7D")


def made(first, *, event=12, n_calm=20, contestant="m", year=2024):
    """Students whose event comes right after Sunday `event`, each listed from week `first` on (None: never)."""
    ids = [f"p{n}" for n in range(len(first))] + [f"n{n}" for n in range(n_calm)]
    starts = np.array([99 if week is None else week for week in first] + [99] * n_calm)
    weeks = []
    for week, day in enumerate(SUNDAYS):
        positive = np.arange(len(ids)) < len(first)
        weeks.append(
            pd.DataFrame(
                {
                    "contestant": contestant, "student_id": ids, "school_id": "01", "school_year": year, "as_of": day,
                    "school_day": 5 * week + 5, "score": np.where(week >= starts, 1.0, np.nan),
                    "label": positive.astype(float), "onset": ~positive | (week <= event),
                    "event_day": pd.Series(np.where(positive, SUNDAYS[event] + pd.Timedelta(days=2), pd.NaT)),
                }
            )
        )  # fmt: skip
    rows = pd.concat(weeks, ignore_index=True)
    return rows.assign(event_day=pd.to_datetime(rows["event_day"]))


def test_weeks_are_counted_from_the_first_list_and_nobody_listed_has_none():
    found = compute_reached(made([0, 2, 4, 5, 12, None, None]), 50).iloc[0]
    assert (found["n_students"], found["n_before"]) == (7, 0)
    assert found["reached"] == 5 / 7
    assert found["reached_early"] == 3 / 7  # 12, 10 and 8 full school weeks; 7 are too few
    assert found["median_weeks"] == 7  # of 12, 10, 8, 7, 0, 0, 0


def test_a_list_after_the_event_reaches_nobody_and_an_event_before_the_first_date_is_counted_apart():
    rows = made([None, 0], event=3)
    late = rows["student_id"] == "p0"
    rows.loc[late & (rows["as_of"] > SUNDAYS[3]), "score"] = 1.0
    gone = rows["student_id"] == "p1"
    rows.loc[gone, "onset"] = False
    rows.loc[gone, "event_day"] = SUNDAYS[0] - pd.Timedelta(days=3)
    found = compute_reached(rows, 50).iloc[0]
    assert (found["n_students"], found["n_before"]) == (1, 1)
    assert found[["reached", "reached_early", "median_weeks"]].tolist() == [0, 0, 0]


def test_a_student_counts_once_a_year_and_contestants_are_told_apart():
    again = made([5], year=2025)
    again = again.assign(
        as_of=again["as_of"] + pd.Timedelta(weeks=52), event_day=again["event_day"] + pd.Timedelta(weeks=52)
    )
    both = pd.concat([made([0]), again, made([None], contestant="none")], ignore_index=True)
    found = compute_reached(both, 50).set_index("contestant")
    assert found["n_students"].tolist() == [2, 1]
    assert found["reached"].tolist() == [1, 0]
    assert found.loc["m", "reached_early"] == 0.5
    assert found.loc["m", "median_weeks"] == (12 + 7) / 2


def test_where_nobody_has_the_outcome_nothing_is_said():
    rows = made([0]).assign(label=0.0, onset=True, event_day=pd.NaT)
    found = compute_reached(rows, 50)
    assert found["n_students"].tolist() == [0]
    assert found[["reached", "reached_early", "median_weeks"]].isna().all(axis=None)
    assert publish_reached(rows, 50)[["reached", "median_weeks"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("early", "late", "never", "shown"),
    [
        (20, 15, 15, (True, True)),
        (20, 10, 20, (True, False)),  # reached minus early would count ten
        (10, 15, 25, (True, False)),
        (20, 20, 10, (False, True)),
        (50, 0, 0, (True, True)),
        (0, 0, 50, (True, True)),
        (5, 4, 0, (False, False)),
    ],
)
def test_a_few_children_are_not_printed(early, late, never, shown):
    rows = made([0] * early + [9] * late + [None] * never)
    exact, found = compute_reached(rows, 90).iloc[0], publish_reached(rows, 90).iloc[0]
    assert exact["reached"] == (early + late) / (early + late + never)
    for name, printed in zip(("reached", "reached_early"), shown, strict=True):
        assert pd.notna(found[name]) == printed
        assert not printed or found[name] == round(exact[name], 3)
    assert pd.isna(found["median_weeks"]) == (early + late + never <= 10)
    assert found["n_students"] in (0, 100)


def test_a_share_has_the_wilson_interval_of_its_students():
    from statsmodels.stats.proportion import proportion_confint

    found = compute_reached(made([0] * 30 + [5] * 20 + [None] * 14), 80).iloc[0]
    for name, count in (("reached", 50), ("reached_early", 30)):
        expected = proportion_confint(count, 64, method="wilson")
        assert (found[f"{name}_low"], found[f"{name}_high"]) == pytest.approx(expected)
    assert found["median_weeks_low"] <= found["median_weeks"] <= found["median_weeks_high"]


def test_cases_of_one_student_in_two_years_are_no_two_students():
    first, again = made([0] * 20 + [None] * 20), made([0] * 20 + [None] * 20, year=2025)
    again = again.assign(
        as_of=again["as_of"] + pd.Timedelta(weeks=52), event_day=again["event_day"] + pd.Timedelta(weeks=52)
    )
    one, both = (
        compute_reached(rows, 50).iloc[0] for rows in (first, pd.concat([first, again], ignore_index=True))
    )
    assert both["n_students"] == 2 * one["n_students"]
    for end in ("low", "high"):
        assert both[f"reached_{end}"] == pytest.approx(one[f"reached_{end}"], abs=0.01)
