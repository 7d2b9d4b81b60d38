"""Enrollment spells as they could be seen: on no day, and at no time, does a student belong to two at once."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._plan import Plan
from early_id.panel._time import Scope, days_after, numbered, school_numbers


def counted(plan: Plan, scope: Scope) -> Any:
    """Return the enrollments that make a student somebody's: the primary ones across a county, all in one school."""
    rows = plan.table("enrollments")
    return rows.filter(rows.primary) if scope == "county" else rows


def spells(plan: Plan, scope: Scope, *, dated: bool) -> Any:
    """List the spells with the time in which each was what the records said.

    While a transfer is half known (the new school's entry has arrived, the old school's leaving not yet) the later
    entry counts: the older spell ends on the day before it, for as long as both are visible.

    Parameters
    ----------
    plan : Plan
    scope : {"county", "school"}
        In the scope of a county only primary enrollments count; in that of a school each school counts on its own.
    dated : bool
        Whether only what the as-of dates can tell apart is wanted; otherwise all of history.

    Returns
    -------
    Ibis table
        person and school_number (numbers of student_id and school_id), student_id, school_id, school_year,
        entered_on, begin_on (not before the school's year), end_on (the last school day of the year while open),
        grade_level, known_at and retracted_at. At any time, spells of one student and year that are visible share no
        day. A school without a calendar for the year has no spell.
    """
    rows = counted(plan, scope).select(
        "student_id",
        "school_id",
        "school_year",
        "entered_on",
        "left_on",
        "grade_level",
        "known_at",
        "retracted_at",
    )
    calendar = plan.table("calendar")
    years = calendar.group_by("school_id", "school_year").agg(
        school_first=calendar.day.min(), year_last=calendar.day.max()
    )
    years = years.join(school_numbers(plan), "school_id")
    rows = rows.join(years, ["school_id", "school_year"])
    rows = rows.join(numbered(rows, "student_id", "person"), "student_id")
    rows = rows.mutate(left_on=ibis.least(rows.left_on.fill_null(rows.year_last), rows.year_last))
    if dated:
        rows = plan.keep("enrolled", _seen_on_dates(between(rows, plan), plan))
    person = ["person", "school_year"] + (["school_number"] if scope == "school" else [])
    withdrawn = rows.filter(rows.retracted_at.notnull()).select(*person, change=ibis._.retracted_at)
    changes = rows.select(*person, change=rows.known_at).union(withdrawn, distinct=True)
    next_change = changes.change.lead().over(ibis.window(group_by=person, order_by="change"))
    changes = changes.mutate(until=next_change)
    shown = rows.join(
        changes,
        [
            *person,
            rows.known_at <= changes.change,
            rows.retracted_at.isnull() | (rows.retracted_at > changes.change),
        ],
    )
    together = ibis.window(group_by=[*person, "change"], order_by=["entered_on", ibis.desc("school_number")])
    shown = shown.mutate(taken_over=shown.entered_on.lead().over(together))
    day_before = days_after(shown.taken_over, -1)
    return shown.select(
        "person",
        "school_number",
        "student_id",
        "school_id",
        "school_year",
        "entered_on",
        "grade_level",
        begin_on=ibis.greatest(shown.entered_on, shown.school_first),
        end_on=ibis.least(shown.left_on, day_before.fill_null(shown.left_on)),
        known_at=shown.change,
        retracted_at=shown.until,
    )


def between(rows: Any, plan: Plan) -> Any:
    """Keep the records that some as-of date can see; what was known before the first date was known on it."""
    first, last = plan.moments.first_date, plan.moments.last_date
    rows = rows.filter(rows.known_at <= last, rows.retracted_at.isnull() | (rows.retracted_at > first))
    return rows.mutate(known_at=ibis.greatest(rows.known_at, first))


def _seen_on_dates(rows: Any, plan: Plan) -> Any:
    """Put the as-of date that first saw a change in the place of its day: what no date can tell apart is equal."""
    seen = plan.every_date.select("date", "seen_on")
    known = rows.join(seen, rows.known_at == seen.date).drop("known_at", "date").rename(known_at="seen_on")
    both = known.left_join(seen, known.retracted_at == seen.date).drop("retracted_at", "date")
    both = both.rename(retracted_at="seen_on")
    return both.filter(both.retracted_at.isnull() | (both.retracted_at > both.known_at))
