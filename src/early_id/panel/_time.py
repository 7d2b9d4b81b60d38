"""School days: which day is which, and what was visible when."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.panel._join import left_join

#: An as-of date counts for a school year until the end of the week in which the year ends.
WEEK_REST_DAYS = 6


def visible(rows: Any, as_of: Any) -> Any:
    """Condition under which a record was known at the end of the as-of day, and not yet retracted."""
    return (rows.known_at <= as_of) & (rows.retracted_at.isnull() | (rows.retracted_at > as_of))


def school_days(signals: Signals) -> Any:
    """Count the school days of each school and year: `day_index` starts at 1 on the year's first school day."""
    calendar = signals.table("calendar")
    year = ibis.window(group_by=[calendar.school_id, calendar.school_year])
    return calendar.mutate(
        day_index=ibis.row_number().over(
            ibis.window(group_by=[calendar.school_id, calendar.school_year], order_by=calendar.day)
        )
        + 1,
        year_first=calendar.day.min().over(year),
        year_last=calendar.day.max().over(year),
    )


def dates_table(name: str, days: pd.DatetimeIndex) -> Any:
    """Days as a one-column table of the engine."""
    return ibis.memtable(pa.table({name: pa.array(days.date, pa.date32())}))


def school_weeks(signals: Signals, as_of: pd.DatetimeIndex, windows: tuple[int, ...]) -> Any:
    """One row per as-of date and school in session: its last school day, and where each window begins.

    Columns: as_of, school_id, school_year, last_day, school_day (its number), term, year_first, and `start_<w>` for
    each window: the first of the `w` school days that end on `last_day`, or the year's first school day.
    """
    days = school_days(signals)
    dates = dates_table("as_of", as_of)
    grace = (days.year_last + ibis.interval(days=WEEK_REST_DAYS)).cast("date")
    past = days.mutate(grace=grace).join(dates, [ibis._.day <= dates.as_of, ibis._.grace >= dates.as_of])
    weeks = past.group_by("as_of", "school_id", "school_year").agg(
        last_day=past.day.max(), school_day=past.day_index.max(), year_first=past.year_first.min()
    )
    newest = weeks.school_year.max().over(ibis.window(group_by=[weeks.as_of, weeks.school_id]))
    weeks = weeks.mutate(newest=newest).filter(ibis._.school_year == ibis._.newest).drop("newest")
    terms = days.select("school_id", "school_year", last_day=days.day, term=days.term)
    weeks = weeks.join(terms, ["school_id", "school_year", "last_day"])
    for window in windows:
        starts = days.select("school_id", "school_year", "day_index", **{f"start_{window}": days.day})
        first = ibis.greatest(weeks.school_day - window + 1, 1)
        weeks = (
            weeks.mutate(day_index=first)
            .join(starts, ["school_id", "school_year", "day_index"])
            .drop("day_index")
        )
    return weeks


def school_dates(signals: Signals) -> Any:
    """Every calendar date of each school year with the number of school days up to it, and its attendance feed.

    Columns: school_id, school_year, date, day_index (school days up to and including the date), fed_on (when the
    date's attendance was first submitted; null if it is no school day or nothing was submitted).
    """
    days = school_days(signals)
    bounds = days.group_by("school_id", "school_year").agg(first=days.day.min(), last=days.day.max())
    span = (
        signals.table("calendar")
        .agg(first=ibis._.day.min(), last=ibis._.day.max())
        .to_pyarrow()
        .to_pylist()[0]
    )
    every = dates_table("date", pd.date_range(span["first"], span["last"]))
    dates = bounds.join(every, [every.date >= bounds.first, every.date <= bounds.last])
    feed = signals.table("attendance_feed").select("school_id", date=ibis._.day, fed_on=ibis._.known_at)
    marked = days.select("school_id", "school_year", date=days.day, school_day=ibis.literal(1))
    dates = left_join(dates, marked, ["school_id", "school_year", "date"])
    dates = left_join(dates, feed, ["school_id", "date"])
    upto = ibis.window(group_by=["school_id", "school_year"], order_by="date", preceding=None, following=0)
    return dates.select(
        "school_id",
        "school_year",
        "date",
        day_index=ibis._.school_day.fill_null(0).sum().over(upto),
        fed_on=ibis.cases((ibis._.school_day == 1, ibis._.fed_on)),
    )
