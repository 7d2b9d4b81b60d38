"""How many full school weeks lie between a list and the event it should come before."""

from __future__ import annotations

import pandas as pd

#: A child is reached when listed at least this many full school weeks before the event.
WEEKS_AHEAD = 8
SCHOOL_WEEK_DAYS = 5
_NEEDED = ["school_id", "as_of", "school_day", "event_day"]


def school_weeks_ahead(rows: pd.DataFrame) -> pd.Series:
    """Count the full school weeks (five school days) from each row's list to its event; missing without an event.

    School days are read from the rows of the same school: the event is placed at the last as-of date before it, so
    that a week is never counted that was not complete.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns school_id, as_of, school_day, event_day (missing without an event).

    Returns
    -------
    pandas.Series of float
        School weeks, on the index of `rows`.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-09-06", "2026-11-08"])
    >>> rows = pd.DataFrame({"school_id": "north", "as_of": days, "school_day": [15, 58],
    ...                      "event_day": pd.Timestamp("2026-11-10")})
    >>> school_weeks_ahead(rows).tolist()
    [8.0, 0.0]
    """
    own = rows[_NEEDED].reset_index(drop=True).astype(dict.fromkeys(("as_of", "event_day"), "datetime64[us]"))
    calendar = own.groupby(["school_id", "as_of"], observed=True)["school_day"].max().rename("day_before")
    calendar_days = calendar.reset_index().rename(columns={"as_of": "list_before"})
    dated = own.loc[own["event_day"].notna()].rename_axis("place").reset_index()
    found = pd.merge_asof(
        dated.sort_values("event_day", kind="stable"),
        calendar_days.sort_values("list_before", kind="stable"),
        left_on="event_day",
        right_on="list_before",
        by="school_id",
        allow_exact_matches=False,
    ).set_index("place")
    weeks = (found["day_before"] - found["school_day"]) // SCHOOL_WEEK_DAYS
    return weeks.astype("float64").reindex(own.index).set_axis(rows.index)
