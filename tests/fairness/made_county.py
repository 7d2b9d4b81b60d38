"""Small counties whose gaps are known because they were made that way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

FIRST_DAY = pd.Timestamp("2023-10-01")


def make_rows(
    n: int = 800,
    *,
    dates: int = 1,
    seed: int = 0,
    recall: Mapping[str, float] | None = None,
    share: Mapping[str, float] | None = None,
    base_rate: float = 0.4,
    not_scored: float = 0.03,
    schools: int = 4,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with `listed`, and groups: `team` with the given recall per group, and `half`, which means nothing."""
    recall = {"A": 0.5, "B": 0.5} if recall is None else recall
    share = dict.fromkeys(recall, 1 / len(recall)) if share is None else share
    rng = np.random.default_rng(seed)
    students = np.array([f"s{number:05d}" for number in range(n)])
    team = rng.choice(list(recall), n, p=[share[name] for name in recall])
    half = rng.choice(["left", "right"], n)
    outcome = rng.random(n) < base_rate
    school = rng.integers(0, schools, n)
    grade = rng.integers(-1, 13, n)
    chance = np.where(outcome, np.array([recall[name] for name in team]), 0.05)
    frames = []
    for date in range(dates):
        missing = rng.random(n) < not_scored
        listed = (rng.random(n) < chance) & ~missing
        frames.append(
            pd.DataFrame(
                {
                    "student_id": students,
                    "school_id": [f"school {number}" for number in school],
                    "district_id": [f"district {number % 2}" for number in school],
                    "as_of": FIRST_DAY + pd.Timedelta(days=7 * date),
                    "school_year": 2024,
                    "grade_level": grade,
                    "score": np.where(missing, np.nan, rng.random(n)),
                    "label": outcome.astype(float),
                    "onset": True,
                    "not_scored": pd.Series(np.where(missing, "no feed", ""), dtype="str").replace("", None),
                    "listed": listed,
                }
            )
        )
    groups = pd.concat([long_groups(students, "team", team), long_groups(students, "half", half)])
    return pd.concat(frames, ignore_index=True), groups.reset_index(drop=True)


def twelve_weeks(
    sundays: pd.DatetimeIndex,
    n: int,
    listed: Callable[[int], np.ndarray],
    onset: bool | np.ndarray = True,
) -> pd.DataFrame:
    """Rows of students with the outcome, on the twelve Sundays before an event in the thirteenth week."""
    ids = np.array([f"s{number:04d}" for number in range(n)])
    frames = [
        pd.DataFrame(
            {
                "student_id": ids,
                "school_id": "s",
                "district_id": "d",
                "as_of": sundays[week],
                "grade_level": 5,
                "score": 0.5,
                "label": 1.0,
                "onset": onset,
                "listed": listed(week),
                "weeks_ahead": 12.0 - week,
            }
        )
        for week in range(12)
    ]
    return pd.concat(frames, ignore_index=True)


def long_groups(students: np.ndarray, attribute: str, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "student_id": students,
            "attribute": attribute,
            "value": values,
            "valid_from": pd.Timestamp("2020-07-01"),
            "valid_to": pd.NaT,
        }
    )


def eligible(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["label"].notna() & rows["onset"]]
