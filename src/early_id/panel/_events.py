"""The rows features are made of: one event table per source, with its named filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ibis

from early_id.panel._plan import Plan
from early_id.panel._time import numbered, visible

WHOLE_DAY = 1000
PASSING_HUNDREDTHS = 6000
ABSENT_KINDS = ("excused", "unexcused", "suspension_out")
#: Letters that say whether a mark passes, with or without a sign; others (incomplete, pass by request) say nothing.
PASSING_LETTERS = tuple(letter + sign for letter in "ABCD" for sign in ("", "+", "-"))
FAILING_LETTER = "F"


def absences(plan: Plan, spells: Any) -> Any:
    """Exceptions on submitted school days of the student's own spells, each day once.

    An exception is known once both the record and the day's attendance have arrived: on a day that the school has not
    submitted neither the day nor the exception counts yet. It counts while the student is seen as enrolled there, so
    that absences and enrolled days are always counted from the same spells. A day with two records of whole absence
    is one day, of the kind that was recorded first.
    """
    rows = plan.table("absences")
    feed = plan.table("attendance_feed").select("school_id", fed_on=ibis._.known_at, occurred_on=ibis._.day)
    rows = rows.join(feed, ["school_id", "occurred_on"])
    whole = rows.thousandths >= WHOLE_DAY
    rows = rows.select(
        "student_id",
        "school_id",
        "kind",
        "retracted_at",
        day=rows.occurred_on,
        known_at=ibis.greatest(rows.known_at, rows.fed_on),
        absent=rows.kind.isin(ABSENT_KINDS) & whole,
        unexcused=(rows.kind == "unexcused") & whole,
        tardy=rows.kind == "tardy",
        partial=(rows.kind == "partial") | (rows.kind.isin(ABSENT_KINDS) & ~whole),
    )
    return _while_enrolled(_once_a_day(rows), spells)


def _once_a_day(rows: Any) -> Any:
    """Let a record count only while no earlier record of the same day and sort is visible."""
    sort = ibis.cases((rows.absent, "absent"), (rows.partial, "partial"), else_=rows.kind)
    rows = rows.mutate(sort=sort, shown_until=rows.retracted_at.fill_null(ibis.date(9999, 12, 31)))
    earlier = ibis.window(
        group_by=["student_id", "school_id", "day", "sort"],
        order_by=["known_at", "kind", "shown_until"],
        preceding=(None, 1),
    )
    taken = rows.shown_until.max().over(earlier)
    rows = rows.mutate(known_at=ibis.greatest(rows.known_at, taken.fill_null(rows.known_at)))
    return rows.filter(rows.known_at < rows.shown_until).drop("sort", "shown_until", "kind")


def _while_enrolled(rows: Any, spells: Any) -> Any:
    """Let a record count only while the student is seen as enrolled in its school on its day."""
    spells = spells.select(
        "student_id",
        "school_id",
        "person",
        "entered_on",
        "end_on",
        spell_known=spells.known_at,
        spell_retracted=spells.retracted_at,
    )
    rows = rows.join(
        spells,
        [
            "student_id",
            "school_id",
            rows.day >= spells.entered_on,
            rows.day <= spells.end_on,
        ],
    )
    ends = (rows.retracted_at, rows.spell_retracted)
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.spell_known),
        retracted_at=ibis.cases(
            (ends[0].isnull(), ends[1]), (ends[1].isnull(), ends[0]), else_=ibis.least(*ends)
        ),
    )
    rows = rows.filter(rows.retracted_at.isnull() | (rows.retracted_at > rows.known_at))
    return rows.drop("student_id", "entered_on", "end_on", "spell_known", "spell_retracted")


def _of_somebody(rows: Any, spells: Any) -> Any:
    """Put the number of the person beside each record; records of others than the cohort's students are left out."""
    return rows.join(spells.select("student_id", "person").distinct(), "student_id")


def grades(plan: Plan, spells: Any) -> Any:
    """Assess work: marks that were given, and assignments that were due and not handed in.

    A missing assignment counts from its due day, whenever the record says it was assessed. An assignment with neither
    a mark nor points is not known to be handed in, nor to be missing.
    """
    rows = _of_somebody(plan.table("grades"), spells)
    missing = (rows.mark == "missing").fill_null(False) & rows.hundredths.isnull()
    marked = rows.hundredths.notnull()
    handed_in = (rows.kind == "assignment") & ~missing & (marked | rows.mark.notnull())
    final = (rows.kind == "final") & rows.core & marked
    return rows.select(
        "person",
        "school_id",
        "course_id",
        "hundredths",
        "known_at",
        "retracted_at",
        day=ibis.ifelse(missing, rows.due_on.fill_null(rows.assessed_on), rows.assessed_on),
        marked=marked,
        core_marked=marked & rows.core,
        missing=missing & (rows.kind == "assignment"),
        handed_in=handed_in,
        work=handed_in | (missing & (rows.kind == "assignment")),
        late=handed_in & (rows.assessed_on > rows.due_on).fill_null(False),
        core_final=final,
        failed_core=final & (rows.hundredths < PASSING_HUNDREDTHS).fill_null(False),
    )


def incidents(plan: Plan, spells: Any) -> Any:
    """Incidents with an objective basis; what rests on a judgement of disrespect or defiance is left out."""
    rows = _of_somebody(plan.table("incidents"), spells)
    return rows.select(
        "person",
        "school_id",
        "suspension_days",
        "known_at",
        "retracted_at",
        day=rows.occurred_on,
        objective=rows.basis == "objective",
    )


EVENTS: Mapping[str, Callable[[Plan, Any], Any]] = MappingProxyType(
    {"absences": absences, "grades": grades, "incidents": incidents}
)


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
    feeds = incident_feeds(plan).join(
        numbered(plan.table("calendar"), "school_id", "school_number"), "school_id"
    )
    days = numbered(plan.as_of_dates, "as_of", "date_number")
    seen = feeds.join(days, [visible(feeds, days.as_of)])
    rows = seen.join(years, [years.begins <= seen.as_of])
    before = ibis.ifelse(rows.known_at < rows.begins, 1, 0).max()
    return rows.group_by("date_number", "school_number", "school_year").agg(
        incidents_sent=ibis.literal(True), incidents_before=before == 1
    )
