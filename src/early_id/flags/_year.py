"""Which school year a date belongs to: the newest one that has begun anywhere in the county."""

from __future__ import annotations

import pandas as pd


def school_year(calendar: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give the calendar of the school year that a date belongs to.

    One year for all schools: a school whose new calendar did not arrive must not pass for one that is still in its
    old year.

    Parameters
    ----------
    calendar : pandas.DataFrame
        school_id, day, school_year.
    as_of : pandas.Timestamp

    Returns
    -------
    pandas.DataFrame
        The rows of the newest school year with a school day up to the date; of the first year before any.

    Examples
    --------
    >>> days = pd.DataFrame({"school_id": ["01", "01"], "school_year": [2024, 2025],
    ...                      "day": pd.to_datetime(["2024-05-20", "2024-08-12"])})
    >>> school_year(days, pd.Timestamp("2024-07-14"))["school_year"].tolist()
    [2024]
    """
    begun = calendar.loc[calendar["day"] <= as_of, "school_year"]
    year = begun.max() if len(begun) else calendar["school_year"].min()
    rows: pd.DataFrame = calendar[calendar["school_year"] == year]
    return rows
