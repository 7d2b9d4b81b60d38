"""The rows features are made of: one event table per source, with its named filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ibis

from early_id.panel._plan import Plan
from early_id.panel._spells import between
from early_id.panel._time import numbered, school_numbers, visible

WHOLE_DAY = 1000
PASSING_HUNDREDTHS = 6000
ABSENT_KINDS = ("excused", "unexcused", "suspension_out")
#: Letters that say whether a mark passes, with or without a sign; others (incomplete, pass by request) say nothing.
PASSING_LETTERS = tuple(letter + sign for letter in "ABCD" for sign in ("", "+", "-"))
FAILING_LETTER = "F"


def bounds(plan: Plan, weeks: Any) -> Any:
    """Give the first day that any date looks back to; one row."""
    calendar = plan.table("calendar")
    firsts = calendar.group_by("school_year").agg(first=calendar.day.min())
    years = weeks.select("school_year").distinct()
    now = firsts.join(years, "school_year").agg(begins=ibis._["first"].min())
    before = firsts.join(years.mutate(school_year=years.school_year - 1), "school_year")
    rows = now.cross_join(before.agg(before=ibis._["first"].min()))
    return rows.select(looks_back_to=rows.before.fill_null(rows.begins))


def _within(rows: Any, plan: Plan, limits: Any) -> Any:
    """Keep what some as-of date can see of the school years it looks at."""
    rows = between(rows, plan).cross_join(limits)
    return rows.filter(rows.day >= rows.looks_back_to).drop("looks_back_to")


def absences(plan: Plan, spells: Any, limits: Any) -> Any:
    """Exceptions on submitted school days of the student's own spells, each day once.

    An exception is known once both the record and the day's attendance have arrived: on a day that the school has not
    submitted neither the day nor the exception counts yet. It counts while the student is seen as enrolled there, so
    that absences and enrolled days are always counted from the same spells. A day with two records of whole absence
    is one day, of the kind that was recorded first.
    """
    rows = plan.table("absences")
    whole = rows.thousandths >= WHOLE_DAY
    rows = rows.select(
        "student_id",
        "school_id",
        "kind",
        "known_at",
        "retracted_at",
        recorded_on=rows.known_at,
        day=rows.occurred_on,
        absent=rows.kind.isin(ABSENT_KINDS) & whole,
        unexcused=(rows.kind == "unexcused") & whole,
        tardy=rows.kind == "tardy",
        partial=(rows.kind == "partial") | (rows.kind.isin(ABSENT_KINDS) & ~whole),
    )
    feed = plan.table("attendance_feed")
    feed = feed.select("school_id", "day", fed_on=feed.known_at)
    rows = _within(rows, plan, limits).join(feed, ["school_id", "day"])
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.fed_on),
        recorded_on=ibis.greatest(rows.recorded_on, rows.fed_on),
    ).drop("fed_on")
    return _once_a_day(plan.keep("exceptions", _while_enrolled(rows, spells)))


def _while_enrolled(rows: Any, spells: Any) -> Any:
    """Let a record count only while the student is seen as enrolled in its school on its day."""
    spells = spells.select(
        "student_id",
        "school_id",
        "person",
        "school_number",
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
    sort = ibis.cases((rows.absent, "absent"), (rows.partial, "partial"), else_=rows.kind)
    return rows.drop("student_id", "entered_on", "end_on", "spell_known", "spell_retracted").mutate(sort=sort)


def _once_a_day(rows: Any) -> Any:
    """Let a record count only while no earlier record of the same day and sort is visible."""
    day = ["person", "school_number", "day", "sort"]
    several = rows.group_by(day).agg(records=rows.count()).filter(ibis._.records > 1).drop("records")
    kept = [name for name in rows.columns if name not in {"recorded_on", "kind", "sort"}]
    single = rows.anti_join(several, day).select(kept)
    # Only days with several records are put in order: they are few.
    rows = rows.semi_join(several, day)
    rows = rows.mutate(shown_until=rows.retracted_at.fill_null(ibis.date(9999, 12, 31)))
    earlier = ibis.window(
        group_by=day, order_by=["recorded_on", "kind", "shown_until", "known_at"], preceding=(None, 1)
    )
    taken = rows.shown_until.max().over(earlier)
    rows = rows.mutate(known_at=ibis.greatest(rows.known_at, taken.fill_null(rows.known_at)))
    return single.union(rows.filter(rows.known_at < rows.shown_until).select(kept))


def _of_somebody(rows: Any, spells: Any) -> Any:
    """Put the number of the person beside each record; records of others than the cohort's students are left out."""
    return rows.join(spells.select("student_id", "person").distinct(), "student_id")


def grades(plan: Plan, spells: Any, limits: Any) -> Any:
    """Assess work: marks that were given, and assignments that were due and not handed in.

    A missing assignment counts from its due day, whenever the record says it was assessed. An assignment with neither
    a mark nor points is not known to be handed in, nor to be missing.
    """
    rows = plan.table("grades")
    missing = (rows.mark == "missing").fill_null(False) & rows.hundredths.isnull()
    marked = rows.hundredths.notnull()
    handed_in = (rows.kind == "assignment") & ~missing & (marked | rows.mark.notnull())
    final = (rows.kind == "final") & rows.core & marked
    rows = rows.select(
        "student_id",
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
    rows = _of_somebody(_within(rows, plan, limits), spells)
    courses = numbered(plan.table("grades"), "course_id", "course")
    return rows.join(courses, "course_id").drop("student_id", "course_id")


def incidents(plan: Plan, spells: Any, limits: Any) -> Any:
    """Incidents with an objective basis; what rests on a judgement of disrespect or defiance is left out."""
    rows = plan.table("incidents")
    rows = rows.select(
        "student_id",
        "school_id",
        "suspension_days",
        "known_at",
        "retracted_at",
        day=rows.occurred_on,
        objective=rows.basis == "objective",
    )
    return _of_somebody(_within(rows, plan, limits), spells).drop("student_id")


EVENTS: Mapping[str, Callable[[Plan, Any, Any], Any]] = MappingProxyType(
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
    feeds = incident_feeds(plan).join(school_numbers(plan), "school_id")
    days = numbered(plan.as_of_dates, "as_of", "date_number")
    seen = feeds.join(days, [visible(feeds, days.as_of)])
    rows = seen.join(years, [years.begins <= seen.as_of])
    before = ibis.ifelse(rows.known_at < rows.begins, 1, 0).max()
    return rows.group_by("date_number", "school_number", "school_year").agg(
        incidents_sent=ibis.literal(True), incidents_before=before == 1
    )
