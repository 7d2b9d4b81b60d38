"""School days: which day is which, and what was visible when."""

from __future__ import annotations

from typing import Any, Literal

import ibis

from early_id.panel._join import left_join
from early_id.panel._plan import Plan

Scope = Literal["county", "school"]

#: A day after all others.
NEVER = ibis.date(9999, 12, 31)
#: An as-of date counts for a school year until the end of the week in which the year ends.
WEEK_REST_DAYS = 6
#: School days of the first month of a school year.
FIRST_MONTH = 20


def visible(rows: Any, as_of: Any) -> Any:
    """Condition under which a record was known at the end of the as-of day, and not yet retracted."""
    return (rows.known_at <= as_of) & (rows.retracted_at.isnull() | (rows.retracted_at > as_of))


def days_after(day: Any, days: int) -> Any:
    """Move days; by way of a timestamp, because engines make one of a day and an interval."""
    return (day + ibis.interval(days=days)).cast("timestamp").cast("date")


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
    return values.mutate(**{number: ibis.row_number().over(ibis.window(order_by=column)).cast("int32")})


def school_numbers(plan: Plan) -> Any:
    """Give each school with a calendar its number: columns school_id, school_number."""
    return numbered(plan.table("calendar"), "school_id", "school_number")


def school_weeks(plan: Plan, windows: tuple[int, ...]) -> Any:
    """One row per as-of date and school in session: its last school day, and where each window begins.

    Columns: as_of, date_number, school_number, school_year, last_day, school_day (its number), term, year_first,
    `start_<w>` for each window: the first of the `w` school days that end on `last_day`, or the year's first school
    day; `start_term`, and `end_first_month`: the year's twentieth school day, or the last one so far.
    """
    days = school_days(plan)
    dates = plan.as_of_dates
    grace = days_after(days.year_last, WEEK_REST_DAYS)
    past = days.mutate(grace=grace).join(dates, [ibis._.day <= dates.as_of, ibis._.grace >= dates.as_of])
    weeks = past.group_by("as_of", "date_number", "school_id", "school_year").agg(
        last_day=past.day.max(), school_day=past.day_index.max(), year_first=past.year_first.min()
    )
    newest = weeks.school_year.max().over(ibis.window(group_by=[weeks.as_of, weeks.school_id]))
    weeks = weeks.mutate(newest=newest).filter(ibis._.school_year == ibis._.newest).drop("newest")
    year = ["school_id", "school_year"]
    terms = days.group_by(*year, "term").agg(start_term=days.day.min())
    of_day = days.select(*year, last_day=days.day, term=days.term).join(terms, [*year, "term"])
    weeks = weeks.join(of_day, [*year, "last_day"])
    places = {f"start_{window}": ibis.greatest(weeks.school_day - window + 1, 1) for window in windows}
    places["end_first_month"] = ibis.least(weeks.school_day, FIRST_MONTH)
    for name, place in places.items():
        found = days.select(*year, "day_index", **{name: days.day})
        weeks = weeks.mutate(day_index=place).join(found, [*year, "day_index"]).drop("day_index")
    return weeks.join(school_numbers(plan), "school_id").drop("school_id")


def county_years(plan: Plan) -> Any:
    """First school day of each school year in the county: columns school_year, county_first."""
    calendar = plan.table("calendar")
    return calendar.group_by("school_year").agg(county_first=calendar.day.min())


def year_days(plan: Plan) -> Any:
    """Say to which school year of the county each date belongs, from its first school day to the next year's.

    Columns: date, school_year. Dates before the first school year have no row.
    """
    years, every = county_years(plan), plan.every_date
    rows = every.join(years, every.date >= years.county_first)
    return rows.group_by("date").agg(school_year=rows.school_year.max())


def school_dates(plan: Plan, scope: Scope = "county") -> Any:
    """Every date of each school year with the number of school days up to it, and its attendance feed.

    A school year lasts until the next one begins: with the first school of the county, or in the scope of a school on
    its own first day.

    Columns: school_id, school_number, school_year, date, day_index (school days up to and including the date), fed_on
    (when the date's attendance was first submitted; null if it is no school day or nothing was submitted).
    """
    calendar = plan.table("calendar")
    starts = calendar.group_by("school_id", "school_year").agg(start=calendar.day.min())
    if scope == "county":
        starts = starts.drop("start").join(county_years(plan), "school_year").rename(start="county_first")
    until = starts.start.lead().over(ibis.window(group_by="school_id", order_by="school_year"))
    starts = starts.mutate(until=until.fill_null(NEVER))
    every = plan.every_date
    dates = starts.join(every, [every.date >= starts.start, every.date < starts.until])
    feed = plan.table("attendance_feed").select("school_id", date=ibis._.day, fed_on=ibis._.known_at)
    marked = calendar.select("school_id", "school_year", date=calendar.day, school_day=ibis.literal(1))
    dates = left_join(dates, marked, ["school_id", "school_year", "date"])
    dates = left_join(dates, feed, ["school_id", "date"])
    upto = ibis.window(group_by=["school_id", "school_year"], order_by="date", preceding=None, following=0)
    dates = dates.join(school_numbers(plan), "school_id")
    return dates.select(
        "school_id",
        "school_number",
        "school_year",
        "date",
        day_index=dates.school_day.fill_null(0).sum().over(upto).cast("int16"),
        fed_on=ibis.cases((dates.school_day == 1, dates.fed_on)),
    )
