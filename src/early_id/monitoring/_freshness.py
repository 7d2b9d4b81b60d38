"""How recent each school's attendance is on the day of a list."""

from __future__ import annotations

import pandas as pd

from early_id.district import District


def compute_freshness(district: District, as_of: pd.Timestamp) -> pd.DataFrame:
    """Say, school by school, how many school days of attendance are missing on a date.

    Answers: can this week's list be trusted for this school?

    Parameters
    ----------
    district : District
    as_of : pandas.Timestamp
        Only what was known at the end of this day counts.

    Returns
    -------
    pandas.DataFrame
        school_id, school_name, last_school_day, last_submitted_day (missing: nothing was ever submitted),
        days_behind: school days of this school year up to the date after the last submitted one.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> bool(compute_freshness(county, pd.Timestamp("2025-01-12"))["days_behind"].max() < 20)
    True
    """
    calendar = district.frame("calendar")
    calendar = calendar[calendar["day"] <= as_of]
    feed = district.frame("attendance_feed")
    feed = feed[feed["known_at"] <= as_of]
    year = calendar.groupby("school_id")["school_year"].transform("max")
    current = calendar[calendar["school_year"] == year]
    submitted = current.merge(feed[["school_id", "day"]], on=["school_id", "day"])
    # Every school has a place, so that a day before any submission is missing and not an error.
    ids = district.frame("schools")["school_id"]
    last = submitted.groupby("school_id")["day"].max().reindex(ids)
    behind = current[~(current["day"] <= current["school_id"].map(last))].groupby("school_id").size()
    schools: pd.DataFrame = district.frame("schools")[["school_id", "school_name"]].sort_values(
        "school_id", ignore_index=True
    )
    return schools.assign(
        last_school_day=schools["school_id"].map(current.groupby("school_id")["day"].max().reindex(ids)),
        last_submitted_day=schools["school_id"].map(last),
        days_behind=schools["school_id"].map(behind.reindex(ids)).fillna(0).astype("int64"),
    )
