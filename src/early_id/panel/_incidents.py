"""Incidents, and whether a district sends them at all."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._plan import Plan
from early_id.panel._records import Sources, in_year
from early_id.panel._time import school_numbers, visible


def incidents(plan: Plan, sources: Sources) -> Any:
    """Incidents with an objective basis; what rests on a judgement of disrespect or defiance is left out."""
    rows = plan.table("incidents")
    rows = rows.filter(rows.basis == "objective").select(
        "student_id",
        "school_id",
        "suspension_days",
        "known_at",
        "retracted_at",
        day=rows.occurred_on,
        objective=ibis.literal(True),
    )
    return plan.keep("incidents_seen", in_year(rows, plan, sources))


def incident_feeds(plan: Plan) -> Any:
    """List the times in which some incident of a school's district was on record: school_id, known_at, retracted_at.

    A district that never sent an incident does not send incidents; before it has, none means nothing.
    """
    schools = plan.table("schools").select("school_id", "district_id")
    rows = plan.table("incidents").join(schools, "school_id")
    standing = rows.filter(rows.retracted_at.isnull()).group_by("district_id")
    standing = standing.agg(known_at=ibis._.known_at.min()).mutate(retracted_at=ibis.null("date"))
    withdrawn = rows.filter(rows.retracted_at.notnull())
    withdrawn = withdrawn.select("district_id", "known_at", "retracted_at").distinct()
    return schools.join(standing.union(withdrawn), "district_id").drop("district_id")


def incidents_sent(plan: Plan, dates: Any) -> Any:
    """Say for every as-of date and school year begun whether the school's district had sent incidents.

    Columns: date_number, school_number, school_year, incidents_sent (by the date), incidents_before (by the day before
    the school year began). Where a district had sent none there is no row.
    """
    years = dates.group_by("school_year").agg(begins=dates.date.min())
    feeds = incident_feeds(plan).join(school_numbers(plan), "school_id")
    days = plan.as_of_dates
    seen = feeds.join(days, [visible(feeds, days.as_of)])
    rows = seen.join(years, [years.begins <= seen.as_of])
    before = ibis.ifelse(rows.known_at < rows.begins, 1, 0).max()
    return rows.group_by("date_number", "school_number", "school_year").agg(
        incidents_sent=ibis.literal(True), incidents_before=before == 1
    )
