"""School days: which day is which, and what was visible when."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._plan import Plan

#: An as-of date counts for a school year until the end of the week in which the year ends.
WEEK_REST_DAYS = 6


def visible(rows: Any, as_of: Any) -> Any:
    """Condition under which a record was known at the end of the as-of day, and not yet retracted."""
    return (rows.known_at <= as_of) & (rows.retracted_at.isnull() | (rows.retracted_at > as_of))


def school_days(plan: Plan) -> Any:
    """Count the school days of each school and year: `day_index` starts at 1 on the year's first school day."""
    calendar = plan.table("calendar")
    year = ibis.window(group_by=[calendar.school_id, calendar.school_year])
    return calendar.mutate(
        day_index=ibis.row_number().over(
            ibis.window(group_by=[calendar.school_id, calendar.school_year], order_by=calendar.day)
        )
        + 1,
        year_first=calendar.day.min().over(year),
        year_last=calendar.day.max().over(year),
    )


def numbered(rows: Any, column: str, number: str) -> Any:
    """Give each distinct value of a column its number in order: whole numbers join and group faster than text."""
    values = rows.select(column).distinct()
    return values.mutate(**{number: ibis.row_number().over(ibis.window(order_by=column))})


def school_numbers(plan: Plan) -> Any:
    """Give each school with a calendar its number: columns school_id, school_number."""
    return numbered(plan.table("calendar"), "school_id", "school_number")


def school_weeks(plan: Plan, windows: tuple[int, ...]) -> Any:
    """One row per as-of date and school in session: its last school day, and where each window begins.

    Columns: as_of, date_number, school_id, school_number, school_year, last_day, school_day (its number), term,
    year_first, and `start_<w>` for each window: the first of the `w` school days that end on `last_day`, or the year's
    first school day.
    """
    days = school_days(plan)
    dates = plan.as_of_dates
    grace = (days.year_last + ibis.interval(days=WEEK_REST_DAYS)).cast("date")
    past = days.mutate(grace=grace).join(dates, [ibis._.day <= dates.as_of, ibis._.grace >= dates.as_of])
    weeks = past.group_by("as_of", "school_id", "school_year").agg(
        last_day=past.day.max(), school_day=past.day_index.max(), year_first=past.year_first.min()
    )
    newest = weeks.school_year.max().over(ibis.window(group_by=[weeks.as_of, weeks.school_id]))
    weeks = weeks.mutate(newest=newest).filter(ibis._.school_year == ibis._.newest).drop("newest")
    terms = days.select("school_id", "school_year", last_day=days.day, term=days.term)
    weeks = weeks.join(terms, ["school_id", "school_year", "last_day"])
    weeks = weeks.join(numbered(plan.as_of_dates, "as_of", "date_number"), "as_of")
    weeks = weeks.join(school_numbers(plan), "school_id")
    for window in windows:
        starts = days.select("school_id", "school_year", "day_index", **{f"start_{window}": days.day})
        first = ibis.greatest(weeks.school_day - window + 1, 1)
        weeks = (
            weeks.mutate(day_index=first)
            .join(starts, ["school_id", "school_year", "day_index"])
            .drop("day_index")
        )
    return weeks


def school_dates(plan: Plan) -> Any:
    """Every calendar date of each school year with the number of school days up to it, and its attendance feed.

    Columns: school_id, school_number, school_year, date, day_index (school days up to and including the date), fed_on
    (when the date's attendance was first submitted; null if it is no school day or nothing was submitted).
    """
    days = school_days(plan)
    bounds = days.group_by("school_id", "school_year").agg(first=days.day.min(), last=days.day.max())
    every = plan.every_date
    dates = bounds.join(every, [every.date >= bounds.first, every.date <= bounds.last])
    feed = plan.table("attendance_feed").select("school_id", date=ibis._.day, fed_on=ibis._.known_at)
    marked = days.select("school_id", "school_year", date=days.day, school_day=ibis.literal(1))
    dates = left_join(dates, marked, ["school_id", "school_year", "date"])
    dates = left_join(dates, feed, ["school_id", "date"])
    upto = ibis.window(group_by=["school_id", "school_year"], order_by="date", preceding=None, following=0)
    dates = dates.join(school_numbers(plan), "school_id")
    return dates.select(
        "school_id",
        "school_number",
        "school_year",
        "date",
        day_index=dates.school_day.fill_null(0).sum().over(upto),
        fed_on=ibis.cases((dates.school_day == 1, dates.fed_on)),
    )
