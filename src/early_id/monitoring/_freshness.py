"""How recent each school's attendance is on the day of a list."""

from __future__ import annotations

import pandas as pd

from early_id.district import District
from early_id.flags import school_year


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
        school_id, school_name, last_school_day, last_submitted_day (missing: nothing was submitted this school year),
        days_behind: school days of the county's school year up to the date after the last submitted one; missing for
        a school whose calendar of that year did not arrive.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> bool(compute_freshness(county, pd.Timestamp("2025-01-12"))["days_behind"].max() < 20)
    True
    """
    year = school_year(district.frame("calendar"), as_of)
    current = year[year["day"] <= as_of]
    last = submitted_days(district, as_of).groupby("school_id")["day"].max()
    # Every school has a place, so that a day before any submission is missing and not an error.
    ids = district.frame("schools")["school_id"]
    last = last.reindex(ids)
    behind = current[~(current["day"] <= current["school_id"].map(last))].groupby("school_id").size()
    schools: pd.DataFrame = district.frame("schools")[["school_id", "school_name"]].sort_values(
        "school_id", ignore_index=True
    )
    days = schools["school_id"].map(behind.reindex(ids)).fillna(0).astype("Int64")
    return schools.assign(
        last_school_day=schools["school_id"].map(current.groupby("school_id")["day"].max().reindex(ids)),
        last_submitted_day=schools["school_id"].map(last),
        days_behind=days.where(schools["school_id"].isin(year["school_id"])),
    )


def submitted_days(district: District, as_of: pd.Timestamp) -> pd.DataFrame:
    """List the school days of the county's school year whose attendance was submitted by the date."""
    year = school_year(district.frame("calendar"), as_of)
    feed = district.frame("attendance_feed")
    feed = feed.loc[feed["known_at"] <= as_of, ["school_id", "day"]]
    begun: pd.DataFrame = year.loc[year["day"] <= as_of, ["school_id", "day"]]
    return begun.merge(feed, on=["school_id", "day"])
