"""All features of a set of as-of dates, as steps over the district's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from early_id.panel._aggregate import aggregate, seen
from early_id.panel._cohort import cohort, days_since, enrolled_days, shapes, spells_of, submitted_days
from early_id.panel._events import EVENTS, bounds, incidents_sent
from early_id.panel._feature import Feature
from early_id.panel._join import left_join
from early_id.panel._plan import Plan
from early_id.panel._spells import Scope, spells
from early_id.panel._time import school_dates, school_weeks
from early_id.panel._values import value_of

#: Whether a student's attendance is recent enough to score is judged on this many school days.
FEED_WINDOW = 20

#: Counted beside the features: what makes a zero mean none.
_WITNESSES = (
    Feature("known_work", "", "grades", "grades", "year", "work", "count", 0, "count", ""),
    Feature("known_finals", "", "grades", "grades", "prior_year", "core_final", "count", 0, "count", ""),
)


@dataclass(frozen=True)
class Cohort:
    """The rows of a panel, and what their features are counted from.

    Attributes
    ----------
    students : Ibis table
        One row per student, school and as-of date with everything that is not an event.
    own : Ibis table
        One row per cohort row and visible spell of this school year or the one before.
    spells : Ibis table
        All spells with the time in which each was visible.
    weeks : Ibis table
        One row per as-of date and school in session.
    counts : Ibis table
        Submitted school days up to and before every date.
    """

    students: Any
    own: Any
    spells: Any
    weeks: Any
    counts: Any


def cohort_of(plan: Plan, catalog: Sequence[Feature], scope: Scope) -> Cohort:
    """Build the cohort with its enrolled days: everything about a row that is not an event."""
    windows = tuple(sorted({f.window for f in catalog if isinstance(f.window, int)} | {FEED_WINDOW}))
    dates = plan.keep("dates", school_dates(plan))
    sent = plan.keep("sent", incidents_sent(plan, dates))
    weeks = school_weeks(plan, windows)
    now = sent.drop("incidents_before")
    weeks = plan.keep("weeks", left_join(weeks, now, ["date_number", "school_number", "school_year"]))
    every = plan.keep("spells", spells(plan, scope, dated=True))
    students = plan.keep("cohort", _year_bounds(plan, cohort(every, weeks, scope), scope))
    counts = plan.keep("counts", submitted_days(dates, weeks))
    own = plan.keep("own", spells_of(every, students, scope))
    counted = plan.keep("shapes", shapes(own, weeks, counts, windows))
    students = left_join(students, enrolled_days(own, counted, sent, windows), ["row"])
    return Cohort(plan.keep("students", students), own, every, weeks, counts)


def _year_bounds(plan: Plan, students: Any, scope: Scope) -> Any:
    """Add where this school year and the one before begin, and how late the student entered.

    Across a county the year begins with its first school, so that nothing is lost when a student changes to a school
    that started later.
    """
    calendar = plan.table("calendar")
    firsts = calendar.group_by("school_year").agg(county_first=calendar.day.min())
    before = firsts.select(school_year=firsts.school_year + 1, prior_first=firsts.county_first)
    rows = left_join(left_join(students, firsts, ["school_year"]), before, ["school_year"])
    entry_day = rows.entered_on.delta(rows.year_first, unit="day")
    first = rows.county_first if scope == "county" else rows.year_first
    rows = rows.mutate(entry_day=entry_day, year_first=first, prior_first=rows.prior_first.fill_null(first))
    return rows.drop("county_first")


def features(plan: Plan, catalog: Sequence[Feature], scope: Scope) -> Any:
    """Return one row per student, school and as-of date with every feature of the catalogue.

    Columns: the keys and the cohort's columns, each feature by name, and `<feature>__n`, `<feature>__of` and
    `<feature>__on` with the counts and the day that a sentence about it names.
    """
    parts = cohort_of(plan, catalog, scope)
    base = rows = parts.students
    limits = plan.keep("limits", bounds(plan, parts.weeks))
    for table, read in EVENTS.items():
        own = [feature for feature in (*catalog, *_WITNESSES) if feature.table == table]
        events = plan.keep(table, read(plan, parts.spells, limits))
        for prior in (False, True):
            wanted = [feature for feature in own if (feature.window == "prior_year") == prior]
            if wanted:
                joined = seen(base, events, wanted, scope, prior=prior)
                found = plan.keep(f"{table}_{'before' if prior else 'now'}", aggregate(joined, wanted))
                rows = left_join(rows, _since(found, parts, wanted), ["row"])
    columns: dict[str, Any] = {}
    for feature in catalog:
        value, count, total, on = value_of(rows, feature)
        columns |= {
            feature.name: value,
            f"{feature.name}__n": count,
            f"{feature.name}__of": total,
            f"{feature.name}__on": on,
        }
    kept = [name for name in base.columns if name not in columns]
    return plan.keep("features", rows.select(*kept, **columns))


def _since(found: Any, parts: Cohort, wanted: Sequence[Feature]) -> Any:
    """Turn the last day of an event into the submitted school days since."""
    for feature in wanted:
        if feature.aggregate == "since":
            last = found.select("row", since_day=found[f"{feature.name}__day"])
            days = days_since(parts.own, parts.counts, last).rename({f"{feature.name}__days": "days"})
            found = left_join(days, found, ["row"])
    return found


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
