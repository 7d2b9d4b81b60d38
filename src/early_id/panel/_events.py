"""The rows features are made of: one event table per source, with its named filters."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._plan import Plan
from early_id.panel._spells import between
from early_id.panel._time import NEVER, Scope, numbered, school_numbers, visible

WHOLE_DAY = 1000
PASSING_HUNDREDTHS = 6000
#: In the order of their names.
ABSENT_KINDS = ("excused", "suspension_out", "unexcused")
#: Letters that say whether a mark passes, with or without a sign; others (incomplete, pass by request) say nothing.
PASSING_LETTERS = tuple(letter + sign for letter in "ABCD" for sign in ("", "+", "-"))
FAILING_LETTER = "F"
#: `latest` packs the day and the value in one integer, so that ties on a day resolve the same way in every engine.
PACK = 100_000
_EPOCH = ibis.date(1970, 1, 1)
_ABSENCE_FLAGS = ("absent", "unexcused", "monday_friday", "tardy", "partial", "excused", "suspended")
_GRADE_FLAGS = (
    "marked", "core_marked", "missing", "handed_in", "work", "late", "core_final", "failed_core", "passed_core",
)  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What the event tables are told apart by.

    Attributes
    ----------
    spells : Ibis table
        Effective spells with the time in which each was visible.
    people : Ibis table
        Numbers of students.
    dates : Ibis table
        Every date of every school, see `school_dates`.
    days : Ibis table
        Every date and its school year in the county, see `year_days`.
    scope : {"county", "school"}
    """

    spells: Any
    people: Any
    dates: Any
    days: Any
    scope: Scope


def _in_year(rows: Any, plan: Plan, sources: Sources) -> Any:
    """Give the student a number, and the school in its own scope, and say to which school year a record's day belongs.

    Who is on no roll has no number; a course's mean counts everybody's marks, whenever the enrollment became known.
    """
    rows = between(
        rows.filter(rows.day >= plan.moments.before_from, rows.day <= plan.moments.last_date), plan
    )
    if sources.scope == "county":
        days = sources.days
        rows = rows.drop("school_id").join(days, rows.day == days.date).drop("date")
    else:
        dates = sources.dates.select("date", "school_number", "school_year", sent_by="school_id")
        rows = rows.join(dates, [rows.school_id == dates.sent_by, rows.day == dates.date])
        rows = rows.drop("school_id", "sent_by", "date")
    return left_join(rows, sources.people, ["student_id"]).drop("student_id")


def _packed(rows: Any, flags: Sequence[str]) -> Any:
    """Keep the named filters as the bits of one whole number: a table of millions of rows is written much faster."""
    bits = [
        ibis.ifelse(rows[name], ibis.literal(1 << place, "int64"), 0).cast("int64")
        for place, name in enumerate(flags)
    ]
    flagged = rows.mutate(
        flags=functools.reduce(operator.add, bits).cast("int16"), school_year=rows.school_year.cast("int32")
    )
    return flagged.drop(*flags)


def _unpacked(rows: Any, flags: Sequence[str]) -> Any:
    return rows.mutate(**{name: (rows.flags & (1 << place)) != 0 for place, name in enumerate(flags)}).drop(
        "flags"
    )


def absences(plan: Plan, sources: Sources) -> Any:
    """Exceptions on submitted school days of the student's own spells, each day once.

    An exception is known once both the record and the day's attendance have arrived: on a day that the school has not
    submitted neither the day nor the exception counts yet. It counts while the student is seen as enrolled there, so
    that absences and enrolled days are always counted from the same spells. A day with two records of whole absence
    is one day, of the kind that was recorded first.
    """
    rows = plan.table("absences")
    rows = rows.filter(
        rows.occurred_on >= plan.moments.before_from, rows.occurred_on <= plan.moments.last_date
    )
    rows = rows.filter(rows.kind.isin((*ABSENT_KINDS, "tardy", "partial")))
    whole = rows.thousandths >= WHOLE_DAY
    missed = rows.kind.isin(ABSENT_KINDS)
    rows = rows.select(
        "student_id",
        "school_id",
        "known_at",
        "retracted_at",
        recorded_on=rows.known_at,
        date=rows.occurred_on,
        absent=missed & whole,
        unexcused=(rows.kind == "unexcused") & whole,
        monday_friday=missed & whole & rows.occurred_on.day_of_week.index().isin((0, 4)),
        tardy=rows.kind == "tardy",
        partial=(rows.kind == "partial") | (missed & ~whole),
        excused=rows.kind == "excused",
        suspended=rows.kind == "suspension_out",
    )
    rows = between(rows, plan)
    rows = rows.join(sources.people, "student_id").drop("student_id")
    dates = sources.dates.filter(sources.dates.fed_on.notnull())
    rows = rows.join(dates, ["school_id", "date"]).drop("school_id").rename(day="date")
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.fed_on),
        recorded_on=ibis.greatest(rows.recorded_on, rows.fed_on),
    ).drop("fed_on")
    rows = plan.keep("exceptions", _packed(_while_enrolled(rows, sources.spells), _ABSENCE_FLAGS))
    once = _once_a_day(plan, _unpacked(rows, _ABSENCE_FLAGS))
    flags = [name for name in _ABSENCE_FLAGS if name in once.columns]
    return _unpacked(plan.keep("absences", _packed(once, flags)), flags)


def _while_enrolled(rows: Any, spells: Any) -> Any:
    """Let a record count only while the student is seen as enrolled in its school on its day."""
    spells = spells.select(
        "person",
        "school_number",
        "entered_on",
        "end_on",
        spell_known=spells.known_at,
        spell_retracted=spells.retracted_at,
    )
    rows = rows.join(
        spells,
        ["person", "school_number", rows.day >= spells.entered_on, rows.day <= spells.end_on],
    )
    ends = (rows.retracted_at, rows.spell_retracted)
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.spell_known),
        retracted_at=ibis.cases(
            (ends[0].isnull(), ends[1]), (ends[1].isnull(), ends[0]), else_=ibis.least(*ends)
        ),
    )
    rows = rows.filter(rows.retracted_at.isnull() | (rows.retracted_at > rows.known_at))
    return rows.drop("entered_on", "end_on", "spell_known", "spell_retracted")


def _once_a_day(plan: Plan, rows: Any) -> Any:
    """Let a record count only while no earlier record of the same day and sort is visible."""
    columns = rows.columns
    # One number names a person, a school, a day and a sort of absence: it is what a day is counted once by.
    sort = ibis.cases((rows.absent, 0), (rows.partial, 1), else_=2)
    since = rows.day.delta(_EPOCH, unit="day")
    place = rows.person.cast("int64") * (1 << 16) + rows.school_number
    rows = rows.mutate(same=(place * (1 << 15) + since) * 4 + sort)
    several = rows.group_by("same").agg(records=rows.count()).filter(ibis._.records > 1).drop("records")
    several = plan.keep("repeated", several)
    kept = [name for name in columns if name not in {"recorded_on", "excused", "suspended"}]
    single = rows.anti_join(several, "same").select(kept)
    # Only days with several records are put in order: they are few.
    rows = rows.semi_join(several, "same")
    kind = ibis.cases((rows.excused, 0), (rows.suspended, 1), else_=2)
    rows = rows.mutate(shown_until=rows.retracted_at.fill_null(NEVER), kind=kind)
    earlier = ibis.window(
        group_by="same", order_by=["recorded_on", "kind", "shown_until", "known_at"], preceding=(None, 1)
    )
    taken = rows.shown_until.max().over(earlier)
    rows = rows.mutate(known_at=ibis.greatest(rows.known_at, taken.fill_null(rows.known_at)))
    return single.union(rows.filter(rows.known_at < rows.shown_until).select(kept))


def grades(plan: Plan, sources: Sources) -> Any:
    """Assess work: marks that were given, and assignments that were due and not handed in.

    A missing assignment counts from its due day, whenever the record says it was assessed. An assignment with neither
    a mark nor points is not known to be handed in, nor to be missing. Of earlier years only final marks are looked at.
    """
    rows = _looked_at(plan)
    this_year = plan.table("grades").filter(ibis._.assessed_on >= plan.moments.year_from)
    courses = plan.keep("courses", numbered(this_year, "course_id", "course"))
    missing = (rows.mark == "missing").fill_null(False) & rows.hundredths.isnull()
    marked = rows.hundredths.notnull()
    handed_in = (rows.kind == "assignment") & ~missing & (marked | rows.mark.notnull())
    final = (rows.kind == "final") & rows.core & marked
    low = (rows.hundredths < PASSING_HUNDREDTHS).fill_null(False)
    rows = rows.select(
        "student_id",
        "school_id",
        "course_id",
        "known_at",
        "retracted_at",
        hundredths=rows.hundredths.cast("int32"),
        day=ibis.ifelse(missing, rows.due_on.fill_null(rows.assessed_on), rows.assessed_on),
        marked=marked,
        core_marked=marked & rows.core,
        missing=missing & (rows.kind == "assignment"),
        handed_in=handed_in,
        work=handed_in | (missing & (rows.kind == "assignment")),
        late=handed_in & (rows.assessed_on > rows.due_on).fill_null(False),
        core_final=final,
        failed_core=final & low,
        passed_core=final & ~low,
    )
    rows = rows.filter(rows.core_final | ((rows.marked | rows.work) & (rows.day >= plan.moments.year_from)))
    rows = left_join(rows, courses, ["course_id"]).drop("course_id")
    rows = plan.keep("marks", _packed(_in_year(rows, plan, sources), _GRADE_FLAGS))
    rows = _unpacked(rows, _GRADE_FLAGS)
    return rows.mutate(newest=rows.day.delta(_EPOCH, unit="day") * PACK + rows.hundredths)


def _looked_at(plan: Plan) -> Any:
    """Keep the work of the running year, and final marks of the year before.

    Each part is asked for by plain comparisons with a day, by which an engine skips what it need not read. A missing
    assignment may have been entered before the year began, and be due in it.
    """
    rows, first = plan.table("grades"), plan.moments.year_from
    earlier = rows.filter(rows.assessed_on < first)
    due = earlier.filter(earlier.due_on >= first, earlier.kind == "assignment")
    finals = earlier.filter(earlier.assessed_on >= plan.moments.before_from, earlier.kind == "final")
    return rows.filter(rows.assessed_on >= first).union(due, finals)


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
    return plan.keep("incidents_seen", _in_year(rows, plan, sources))


EVENTS: Mapping[str, Callable[[Plan, Sources], Any]] = MappingProxyType(
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
    days = plan.as_of_dates
    seen = feeds.join(days, [visible(feeds, days.as_of)])
    rows = seen.join(years, [years.begins <= seen.as_of])
    before = ibis.ifelse(rows.known_at < rows.begins, 1, 0).max()
    return rows.group_by("date_number", "school_number", "school_year").agg(
        incidents_sent=ibis.literal(True), incidents_before=before == 1
    )
