"""All features of a set of as-of dates, as steps over the district's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from early_id.panel._aggregate import OVER_COURSES, aggregate, aggregate_before, parts_of, seen
from early_id.panel._cohort import cohort, enrolled_days, row_number, spells_of
from early_id.panel._courses import aggregate_courses, by_course, course_means
from early_id.panel._events import EVENT_TABLES, events_before, events_now
from early_id.panel._feature import Feature
from early_id.panel._incidents import incidents_sent
from early_id.panel._join import left_join
from early_id.panel._members import members, needed_years
from early_id.panel._plan import Plan
from early_id.panel._records import Sources
from early_id.panel._runs import run_columns
from early_id.panel._spells import spells
from early_id.panel._submitted import (
    days_last_year,
    days_since,
    days_this_year,
    spells_now,
    submitted_days,
    submitted_of_year,
)
from early_id.panel._time import Scope, county_years, school_dates, school_numbers, school_weeks, year_days
from early_id.panel._totals import totals_before
from early_id.panel._values import figures_before, value_of

#: Whether a student's attendance is recent enough to score is judged on this many school days.
FEED_WINDOW = 20

#: Counted beside the features: what makes a zero mean none.
_WITNESSES = {
    "known_work": Feature("known_work", "", "grades", "grades", "year", "work", "count", 0, "count", ""),
    "known_finals": Feature(
        "known_finals", "", "grades", "grades", "year", "core_final", "count", 0, "count", ""
    ),
    "known_finals_before": Feature(
        "known_finals_before", "", "grades", "grades", "prior_year", "core_final", "count", 0, "count", ""
    ),
}


@dataclass(frozen=True)
class Cohort:
    """The rows of a panel, and what their features are counted from.

    Attributes
    ----------
    slots : Ibis table
        One row per person who stands for those with equal enrollments, school and as-of date: all that is no event.
    members : Ibis table
        person, and like: who stands for it.
    people : Ibis table
        student_id, person.
    own : Ibis table
        One row per slot and visible spell of this school year.
    counts : Ibis table
        Submitted school days up to and before every date.
    sources : Sources
        For the event tables.
    """

    slots: Any
    members: Any
    people: Any
    own: Any
    counts: Any
    sources: Sources


def cohort_of(plan: Plan, catalog: Sequence[Feature], scope: Scope) -> Cohort:
    """Build the cohort with its enrolled days: everything about a row that is not an event."""
    windows = _windows(catalog)
    weeks = plan.keep("weeks", school_weeks(plan, windows))
    years = plan.keep("years", needed_years(weeks))
    dates = plan.keep("dates", _of_years(school_dates(plan, scope), years))
    schools = plan.keep("schools", school_numbers(plan))
    every = plan.keep("spells", _of_years(spells(plan, scope, dated=True), years))
    people = plan.keep("people", every.select("student_id", "person").distinct())
    back = every.cross_join(years)
    back = back.mutate(years_back=back.last_year - back.school_year)
    standing = plan.keep("members", members(back))
    # From here on one person stands for all with the same enrollments.
    standing_for = standing.filter(standing.person == standing.like).select("person")
    spells_of_them = every.semi_join(standing_for, "person")
    sent = plan.keep("sent", incidents_sent(plan, dates))
    slots = plan.keep("cohort", cohort(spells_of_them, weeks, scope))
    counts = plan.keep("counts", submitted_days(dates, weeks))
    own = plan.keep("own", spells_of(spells_of_them, slots, scope))
    now = plan.keep("days_this_year", days_this_year(own, weeks, counts, windows))
    before = plan.keep("days_last_year", days_last_year(plan, own, dates))
    slots = left_join(slots, enrolled_days(own, now, before, sent), ["row"])
    slots = left_join(slots, submitted_of_year(counts), ["date_number", "school_number", "school_year"])
    slots = left_join(slots, sent.drop("incidents_before"), ["date_number", "school_number", "school_year"])
    slots = slots.mutate(entry_day=slots.entered_on.delta(slots.year_first, unit="day"))
    if scope == "county":
        # Across a county the year begins with its first school, so that nothing is lost when a student changes to a
        # school that started later.
        slots = (
            slots.drop("year_first").join(county_years(plan), "school_year").rename(year_first="county_first")
        )
    days = plan.keep("days", year_days(plan))
    slots = slots.join(schools, "school_number")
    slots = left_join(slots, plan.table("schools").select("school_id", "district_id"), ["school_id"])
    sources = Sources(every, people, dates, days, scope)
    # What features ask of the spells later: the step before it is wider, and goes.
    own = plan.keep("own_now", spells_now(own))
    return Cohort(plan.keep("slots", slots), standing, people, own, counts, sources)


def _windows(catalog: Sequence[Feature]) -> tuple[int, ...]:
    windows = {FEED_WINDOW}
    for feature in catalog:
        if isinstance(feature.window, int):
            windows |= {feature.window} | ({2 * feature.window} if feature.against == "previous" else set())
    return tuple(sorted(windows))


def _of_years(rows: Any, years: Any) -> Any:
    rows = rows.cross_join(years)
    kept = rows.filter(rows.school_year >= rows.first_year, rows.school_year <= rows.last_year)
    return kept.drop("first_year", "last_year")


def features(plan: Plan, parts: Cohort, catalog: Sequence[Feature], treated: Any) -> Any:
    """Return one row per student, school and as-of date with all that the features of the catalogue are made of.

    Columns: the cohort's, `row`, `person`, and the whole numbers and days that `value_of` divides and compares.
    """
    slots = parts.slots
    # What is narrow comes first: to put a wide table in order for a join is the dearest thing an engine does here.
    rows = plan.of_part(parts.members).join(parts.people, "person")
    rows = rows.join(slots.rename(slot="row", like="person"), "like").drop("like")
    rows = rows.mutate(row=row_number(rows.person, rows.date_number, rows.school_number))
    rows = left_join(rows, treated, ["row"])
    for table in EVENT_TABLES:
        wanted = [feature for feature in (*catalog, *_WITNESSES.values()) if feature.table == table]
        if any(feature in catalog for feature in wanted):
            rows = _with_events(plan, parts, rows, table, wanted)
    return rows


def facts_of(rows: Any, catalog: Sequence[Feature]) -> dict[str, Any]:
    """Give what a sentence about each feature names: `<feature>__count`, `__of`, and the days `__from` and `__to`.

    A share that is compared with the days before also has the count and total of those, `__before` and `__before_of`.
    A window begins no earlier than the student's first day this year. A fact about one day has that day. The year
    before has no dates of its own here: a sentence about it says "last year".
    """
    found: dict[str, Any] = {}
    for feature in catalog:
        _, count, total, on = value_of(rows, feature)
        days = (on, on)
        if feature.window != "prior_year" and feature.aggregate not in {"since", "latest"}:
            first = rows.counted_from
            if feature.window not in {"year", "first_month"}:
                first = ibis.greatest(rows[f"start_{feature.window}"], first)
            days = (first, rows.end_first_month if feature.window == "first_month" else rows.last_day)
        found |= {
            f"{feature.name}__count": count.cast("float64"),
            f"{feature.name}__of": total.cast("float64"),
            f"{feature.name}__from": days[0],
            f"{feature.name}__to": days[1],
        }
        if feature.against and feature.over:
            earlier = figures_before(rows, feature)
            names = (f"{feature.name}__before", f"{feature.name}__before_of")
            found |= {name: figure.cast("float64") for name, figure in zip(names, earlier, strict=True)}
    return found


def _with_events(plan: Plan, parts: Cohort, rows: Any, table: str, wanted: Sequence[Feature]) -> Any:
    """Put what one source table says beside the rows."""
    scope = parts.sources.scope
    now = [f for f in wanted if f.window != "prior_year"]
    courses = [f for f in now if f.aggregate in OVER_COURSES]
    plain = [f for f in now if f.aggregate not in OVER_COURSES]
    before = [f for f in wanted if f.window == "prior_year"]
    events = events_now(plan, parts.sources, table)
    if plain:
        joined = seen(plan, events, parts.members, parts.slots, plain, scope)
        found = _since(aggregate(joined, plain), parts, plain, plan, table)
        rows = left_join(rows, found, ["row"])
    if courses:
        means = plan.keep("course_means", course_means(plan, events))
        joined = seen(plan, events, parts.members, parts.slots, courses, scope)
        found = plan.keep(
            f"{table}_courses", aggregate_courses(by_course(joined, means), courses), by_part=True
        )
        rows = left_join(rows, found, ["row"])
    if before:
        earlier = events_before(plan, parts.sources, table, events)
        earlier = aggregate_before(plan, table, earlier, before, scope)
        rows = _joined_before(rows, plan.keep(f"{table}_before", earlier, by_part=True), scope)
        totals = totals_before(plan, parts.sources, before)
        if totals is not None:
            rows = _joined_before(rows, plan.keep("totals_before", totals, by_part=True), scope)
    return rows.mutate(
        **{
            name: rows[parts_of(feature)["top"].name]
            for name, feature in _WITNESSES.items()
            if feature.table == table
        }
    )


def _joined_before(rows: Any, earlier: Any, scope: Scope) -> Any:
    """Put the figures of the school year before beside the rows: those that held on the row's date."""
    who = ["person", "school_year"] + (["school_number"] if scope == "school" else [])
    held = rows.left_join(
        earlier,
        [*who, earlier.from_on <= rows.as_of, earlier.until > rows.as_of],
    )
    return held.drop("from_on", "until", *(f"{name}_right" for name in who))


def _since(found: Any, parts: Cohort, wanted: Sequence[Feature], plan: Plan, table: str) -> Any:
    """Turn the last day of an event into the submitted school days since, and absences into days in a row."""
    found = plan.keep(f"{table}_now", found, by_part=True)
    for feature in wanted:
        if feature.aggregate == "since":
            day = parts_of(feature)["day"].name
            days = days_since(parts.own, parts.counts, found.select("slot", since_day=found[day]))
            days = plan.keep(f"{feature.name}_days", days, by_part=True).rename(
                {f"{feature.name}__days": "days", day: "since_day"}
            )
            found = left_join(found, days, ["slot", day])
        if feature.aggregate == "longest":
            mask = found[parts_of(feature)["top"].name]
            spans = found.select("row", **run_columns(feature.name, mask, int(feature.window)))
            found = left_join(found, plan.keep(f"{feature.name}_spans", spans, by_part=True), ["row"])
    return found.drop("slot")


def no_attendance(plan: Plan, rows: Any) -> Any:
    """Condition: the district submits attendance, and none of the student's last school days has arrived."""
    fed = plan.table("attendance_feed").count().as_scalar() > 0
    return fed & (rows[f"enrolled_{FEED_WINDOW}"] == 0)


def nothing_known(rows: Any, catalog: Sequence[Feature]) -> Any:
    """Condition: no feature that says something of the student is known.

    That no incident is on record says too little; it counts only where there is nothing else to look at.
    """
    about = [f for f in catalog if f.table in {"absences", "grades"}] or [
        f for f in catalog if f.table != "enrollments"
    ]
    return ibis.and_(*(rows[feature.name].isnull() for feature in about))
