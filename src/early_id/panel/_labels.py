"""What is predicted, built only from rows known when the outcome's window had closed and its lag had passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ibis

from early_id.exceptions import ConfigError, did_you_mean
from early_id.panel._absences import ABSENT_KINDS, WHOLE_DAY
from early_id.panel._incidents import incident_feeds
from early_id.panel._join import left_join
from early_id.panel._marks import FAILING_LETTER, PASSING_HUNDREDTHS, PASSING_LETTERS
from early_id.panel._plan import Plan
from early_id.panel._spells import counted, spells
from early_id.panel._time import Scope, days_after, school_dates, school_days, visible
from early_id.panel._words import is_one_of, plain

#: Chronic absence is defined for students enrolled at least this many school days (California).
LEAST_ENROLLED_DAYS = 31
SUSPENSION_WINDOW = 60
POSITIVE_VALUES = ("yes", "true", "1")
NEGATIVE_VALUES = ("no", "false", "0")


@dataclass(frozen=True)
class Label:
    """Which outcome, and how it is counted.

    Attributes
    ----------
    name : str
        `chronic_absence`, `course_failure`, `suspension` or `outcome:<name>`.
    lag_days : int
        Days after the end of the outcome's window until its records count as complete.
    partial_days : {"ignored", "fraction"}
        Whether parts of days add up to absence; the state of California ignores them, however many a day has.
    scope : {"county", "school"}
        Whether a student's days, marks and incidents count across the county's schools.
    """

    name: str
    lag_days: int = 14
    partial_days: Literal["ignored", "fraction"] = "ignored"
    scope: Scope = "county"

    def __post_init__(self) -> None:
        if self.name not in _BUILDERS and not self.name.startswith("outcome:"):
            known = [*_BUILDERS, "outcome:<name>"]
            msg = f"Expected a label this library can build, got {self.name!r}: {did_you_mean(self.name, known)}"
            raise ConfigError(msg)


def labels(plan: Plan, students: Any, label: Label) -> Any:
    """Return the label of every cohort row: columns row, label, event_day, matures_on.

    `label` is 1, 0 or null; it is null while it cannot be known, also when the student leaves before it is decided.
    """
    build = _outcome if label.name.startswith("outcome:") else _BUILDERS[label.name]
    return build(plan, students, label)


def _after(day: Any, days: int) -> Any:
    return days_after(day, days)


def _chronic_absence(plan: Plan, students: Any, label: Label) -> Any:
    """10 · absent days ≥ enrolled days at the end of the school year, for 31 enrolled days or more.

    Days that were never submitted count as enrolled, not as attended: where they could decide, the label is null.
    """
    person = ["student_id", "school_year"] + (["school_id"] if label.scope == "school" else [])
    days = _days_enrolled(plan, label)
    absent = _days_absent(plan, label)
    totals = days.group_by(person).agg(
        enrolled=days.enrolled.sum(), unknown=days.unknown.sum(), matures_on=days.matures_on.max()
    )
    running = absent.join(totals.select(*person, "enrolled"), person)
    upto = ibis.window(group_by=person, order_by="day", preceding=None, following=0)
    running = running.mutate(sofar=running.thousandths.sum().over(upto))
    reached = running.sofar * 10 >= running.enrolled * WHOLE_DAY
    events = running.group_by(person).agg(
        event_day=running.day.min(where=reached),
        absent=running.thousandths.sum(),
        on_unknown_days=running.on_unknown_days.sum(),
    )
    rows = left_join(totals, events, person)
    absent_total = rows.absent.fill_null(0)
    certain = absent_total * 10 >= rows.enrolled * WHOLE_DAY
    # What an unsubmitted day already has of absence cannot be absence again.
    open_part = rows.unknown * WHOLE_DAY - rows.on_unknown_days.fill_null(0)
    possible = (absent_total + open_part) * 10 >= rows.enrolled * WHOLE_DAY
    rows = rows.select(
        *person,
        "matures_on",
        label=ibis.cases(
            (rows.enrolled < LEAST_ENROLLED_DAYS, ibis.null("int64")),
            (certain, 1),
            (possible, ibis.null("int64")),
            else_=0,
        ),
        event_day=ibis.ifelse(
            certain & (rows.enrolled >= LEAST_ENROLLED_DAYS), rows.event_day, ibis.null("date")
        ),
    )
    keys = students.select("row", "student_id", "school_id", "school_year")
    return left_join(keys, rows, person).drop("student_id", "school_id", "school_year")


def _year_ends(plan: Plan, label: Label) -> Any:
    """Day on which each school's year counts as closed: with the last school of the county, or on its own."""
    calendar = plan.table("calendar")
    own = calendar.group_by("school_id", "school_year").agg(year_end=calendar.day.max())
    if label.scope == "county":
        own = own.mutate(year_end=own.year_end.max().over(ibis.window(group_by="school_year")))
    return own.mutate(matures_on=_after(own.year_end, label.lag_days))


def _spells_at_maturity(plan: Plan, label: Label) -> Any:
    """Spells as known at the maturity of their school year, with the first and the last day of each."""
    rows = spells(plan, label.scope, dated=False)
    rows = rows.join(_year_ends(plan, label), ["school_id", "school_year"])
    rows = rows.filter(visible(rows, rows.matures_on))
    calendar = plan.table("calendar")
    first = calendar.group_by("school_id", "school_year").agg(first=calendar.day.min())
    rows = rows.join(first, ["school_id", "school_year"])
    return rows.mutate(end=rows.end_on, begin=ibis.greatest(rows.entered_on, rows["first"]))


def _days_enrolled(plan: Plan, label: Label) -> Any:
    """Count the school days of each spell, and those of them never submitted by maturity."""
    own = _spells_at_maturity(plan, label)
    dates = school_dates(plan)
    ends = _year_ends(plan, label)
    dates = dates.join(ends, ["school_id", "school_year"])
    upto = ibis.window(group_by=["school_id", "school_year"], order_by="date", preceding=None, following=0)
    fed = ibis.ifelse((dates.fed_on <= dates.matures_on).fill_null(False), 1, 0)
    dates = dates.mutate(fed=fed)
    dates = dates.mutate(fed_upto=dates.fed.sum().over(upto))
    at = {"school_id": dates.school_id, "school_year": dates.school_year}
    ending = dates.select(**at, end=dates.date, end_index=dates.day_index, end_fed=dates.fed_upto)
    before = dates.select(
        **at, begin=dates.date, day_index=dates.day_index, begin_fed=dates.fed_upto - dates.fed
    )
    first_days = school_days(plan).select(
        "school_id", "school_year", begin=ibis._.day, is_day=ibis.literal(1)
    )
    before = left_join(before, first_days, ["school_id", "school_year", "begin"])
    before = before.mutate(begin_index=before.day_index - before.is_day.fill_null(0)).drop(
        "day_index", "is_day"
    )
    rows = left_join(own, ending, ["school_id", "school_year", "end"])
    rows = left_join(rows, before, ["school_id", "school_year", "begin"])
    enrolled = ibis.greatest(rows.end_index - rows.begin_index, 0)
    submitted = ibis.greatest(rows.end_fed - rows.begin_fed, 0)
    return rows.select(
        "student_id",
        "school_id",
        "school_year",
        "matures_on",
        enrolled=enrolled,
        unknown=enrolled - submitted,
    )


def _days_absent(plan: Plan, label: Label) -> Any:
    """Absence of each student and day while enrolled, in thousandths of a day, as known at maturity.

    `on_unknown_days` repeats it for days that were never submitted by then.
    """
    own = _spells_at_maturity(plan, label).select(
        "student_id", "school_id", "school_year", "matures_on", "begin", "end"
    )
    absences = plan.table("absences")
    if label.partial_days == "fraction":
        # A part of a day of unknown size adds nothing that could be counted.
        absences = absences.filter(
            absences.kind.isin((*ABSENT_KINDS, "partial")), absences.thousandths.notnull()
        )
    else:
        absences = absences.filter(absences.kind.isin(ABSENT_KINDS), absences.thousandths >= WHOLE_DAY)
    absences = absences.rename(day="occurred_on").semi_join(plan.table("calendar"), ["school_id", "day"])
    rows = absences.join(
        own,
        [
            "student_id",
            "school_id",
            absences.day >= own.begin,
            absences.day <= own.end,
            visible(absences, own.matures_on),
        ],
    )
    rows = rows.select("student_id", "school_id", "school_year", "matures_on", "day", "thousandths")
    feed = plan.table("attendance_feed").select("school_id", "day", fed_on=ibis._.known_at)
    rows = left_join(rows, feed, ["school_id", "day"])
    unknown = ibis.ifelse((rows.fed_on <= rows.matures_on).fill_null(False), 0, 1)
    person = ["student_id", "school_year"] + (["school_id"] if label.scope == "school" else [])
    by_day = rows.mutate(unknown=unknown).group_by(*person, "day")
    by_day = by_day.agg(thousandths=ibis._.thousandths.sum(), unknown=ibis._.unknown.max())
    by_day = by_day.mutate(thousandths=ibis.least(by_day.thousandths, WHOLE_DAY))
    return by_day.mutate(on_unknown_days=by_day.thousandths * by_day.unknown).drop("unknown")


def _course_failure(plan: Plan, students: Any, label: Label) -> Any:
    """Look for a final mark below 60 in a core course of the term in progress; null where no final mark is known.

    A final mark in points is judged by them, one in letters by its letter; other words (incomplete) say nothing.
    """
    calendar = plan.table("calendar")
    terms = calendar.group_by("school_id", "school_year", "term").agg(
        term_first=calendar.day.min(), event_day=calendar.day.max()
    )
    keys = students.select("row", "student_id", "school_id", "school_year", "term")
    keys = keys.join(terms, ["school_id", "school_year", "term"])
    keys = keys.mutate(matures_on=_after(keys.event_day, label.lag_days))
    finals = plan.table("grades").filter((ibis._.kind == "final") & ibis._.core)
    letter = plain(finals.mark)
    low = ibis.cases(
        (finals.hundredths.notnull(), finals.hundredths < PASSING_HUNDREDTHS),
        (letter == FAILING_LETTER, True),
        (letter.isin(PASSING_LETTERS), False),
    )
    finals = finals.select(
        "student_id", "term", "assessed_on", "known_at", "retracted_at", mark_school=ibis._.school_id, low=low
    )
    finals = finals.filter(finals.low.notnull())
    rows = keys.join(
        finals,
        [
            "student_id",
            "term",
            finals.assessed_on >= keys.term_first,
            finals.assessed_on <= keys.matures_on,
            visible(finals, keys.matures_on),
            *([finals.mark_school == keys.school_id] if label.scope == "school" else []),
        ],
    )
    found = rows.group_by("row").agg(label=ibis.ifelse(rows.low, 1, 0).max())
    return left_join(keys, found, ["row"]).select("row", "label", "event_day", "matures_on")


def _suspension(plan: Plan, students: Any, label: Label) -> Any:
    """First out-of-school suspension in the 60 school days after the as-of date; null where no incident is ever sent.

    The window may reach into the next school year.
    """
    days = plan.table("calendar").select("school_id", "day")
    days = days.mutate(place=ibis.row_number().over(ibis.window(group_by="school_id", order_by="day")))
    keys = students.select("row", "student_id", "school_id", "as_of", "last_day")
    keys = keys.join(days.rename(last_day="day"), ["school_id", "last_day"])
    keys = keys.mutate(place=keys.place + SUSPENSION_WINDOW).drop("last_day")
    keys = left_join(keys, days.rename(end="day"), ["school_id", "place"]).drop("place")
    keys = keys.mutate(matures_on=_after(keys.end, label.lag_days))
    incidents = plan.table("incidents").filter(ibis._.suspension_days >= 1)
    incidents = incidents.select(
        "student_id", "occurred_on", "known_at", "retracted_at", incident_school=ibis._.school_id
    )
    found = keys.join(
        incidents,
        [
            "student_id",
            incidents.occurred_on > keys.as_of,
            incidents.occurred_on <= keys.end,
            visible(incidents, keys.matures_on),
            *([incidents.incident_school == keys.school_id] if label.scope == "school" else []),
        ],
    )
    found = found.group_by("row").agg(event_day=found.occurred_on.min())
    own = counted(plan, label.scope)
    # A spell without a leaving day ends with its school year; the window may reach into the next one.
    years = plan.table("calendar").group_by("school_id", "school_year").agg(year_last=ibis._.day.max())
    own = left_join(own, years, ["school_id", "school_year"])
    left_on = own.left_on.fill_null(own.year_last)
    own = own.select(
        "student_id", "entered_on", "known_at", "retracted_at", spell_school=own.school_id, left_on=left_on
    )
    stayed = keys.join(
        own,
        [
            "student_id",
            own.entered_on <= keys.end,
            own.left_on >= keys.end,
            visible(own, keys.matures_on),
            *([own.spell_school == keys.school_id] if label.scope == "school" else []),
        ],
    )
    stayed = stayed.select("row").distinct().mutate(stayed=1)
    feeds = incident_feeds(plan)
    matures = keys.select("school_id", "matures_on").distinct()
    sent = matures.join(feeds, ["school_id", visible(feeds, matures.matures_on)])
    sent = sent.select("school_id", "matures_on").distinct().mutate(sent=1)
    rows = left_join(left_join(keys, found, ["row"]), stayed, ["row"])
    rows = left_join(rows, sent, ["school_id", "matures_on"])
    known = rows.matures_on.notnull() & rows.sent.notnull()
    value = ibis.cases(
        (known & rows.event_day.notnull(), 1), (known & rows.stayed.notnull(), 0), else_=ibis.null("int64")
    )
    return rows.select("row", label=value, event_day=rows.event_day, matures_on=rows.matures_on)


def _outcome(plan: Plan, students: Any, label: Label) -> Any:
    """Read a recorded outcome of the school year: `yes` or `no`; null where neither is on record at maturity."""
    name = label.name.removeprefix("outcome:")
    outcomes = plan.table("outcomes")
    keys = students.select("row", "student_id", "school_id", "school_year", "year_first")
    keys = keys.join(_year_ends(plan, label), ["school_id", "school_year"])
    outcomes = outcomes.filter(outcomes.outcome == name)
    word = outcomes.value
    value = ibis.cases((is_one_of(word, POSITIVE_VALUES), 1), (is_one_of(word, NEGATIVE_VALUES), 0))
    outcomes = outcomes.select(
        "student_id", "school_id", "occurred_on", "known_at", "retracted_at", value=value
    ).rename(outcome_school="school_id")
    conditions = [
        "student_id",
        outcomes.occurred_on >= keys.year_first,
        outcomes.occurred_on <= keys.year_end,
        visible(outcomes, keys.matures_on),
    ]
    if label.scope == "school":
        conditions.append(outcomes.outcome_school == keys.school_id)
    rows = keys.join(outcomes, conditions)
    found = rows.group_by("row").agg(
        label=rows.value.max(), event_day=rows.occurred_on.min(where=rows.value == 1)
    )
    return left_join(keys, found, ["row"]).select("row", "label", "event_day", "matures_on")


_BUILDERS: dict[str, Callable[[Plan, Any, Label], Any]] = {
    "chronic_absence": _chronic_absence,
    "course_failure": _course_failure,
    "suspension": _suspension,
}
