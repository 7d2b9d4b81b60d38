"""All features of a set of as-of dates, as one expression over the district's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from early_id.district import Signals
from early_id.panel._aggregate import aggregate, seen
from early_id.panel._cohort import KEYS, Scope, cohort, enrolled_days, spells_of
from early_id.panel._events import EVENTS
from early_id.panel._feature import Feature
from early_id.panel._join import left_join
from early_id.panel._time import school_dates, school_weeks
from early_id.panel._values import value_of

#: Whether a student's attendance is recent enough to score is judged on this many school days.
FEED_WINDOW = 20

#: Counted beside the features: what makes a zero mean none.
_WITNESSES = (
    Feature("known_work", "", "grades", "grades", "year", "any", "count", 0, "count", ""),
    Feature("known_finals", "", "grades", "grades", "prior_year", "core_final", "count", 0, "count", ""),
)


def cohort_rows(
    signals: Signals, as_of: pd.DatetimeIndex, catalog: Mapping[str, Feature], scope: Scope
) -> Any:
    """Build the cohort with its enrolled days: everything about a row that is not an event."""
    days = {feature.window for feature in catalog.values() if isinstance(feature.window, int)}
    windows = tuple(sorted(days | {FEED_WINDOW}))
    weeks = school_weeks(signals, as_of, windows).cache()
    dates = school_dates(signals).cache()
    students = cohort(signals, weeks, scope)
    students = _incidents_since(signals, _year_bounds(signals, students, scope)).cache()
    enrolled = enrolled_days(spells_of(signals, students, scope), dates, weeks, windows)
    return left_join(students, enrolled, KEYS).cache(), dates


def _year_bounds(signals: Signals, students: Any, scope: Scope) -> Any:
    """Add where this school year and the one before begin, and how late the student entered.

    Across a county the year begins with its first school, so that nothing is lost when a student changes to a school
    that started later.
    """
    calendar = signals.table("calendar")
    firsts = calendar.group_by("school_year").agg(county_first=calendar.day.min())
    before = firsts.select(school_year=firsts.school_year + 1, prior_first=firsts.county_first)
    rows = left_join(left_join(students, firsts, ["school_year"]), before, ["school_year"])
    entry_day = rows.entered_on.delta(rows.year_first, unit="day")
    first = rows.county_first if scope == "county" else rows.year_first
    rows = rows.mutate(entry_day=entry_day, year_first=first, prior_first=rows.prior_first.fill_null(first))
    return rows.drop("county_first")


def _incidents_since(signals: Signals, students: Any) -> Any:
    """Add the day on which the school's district first sent an incident; before it, none means nothing."""
    schools = signals.table("schools").select("school_id", "district_id")
    sent = signals.table("incidents").join(schools, "school_id")
    sent = sent.group_by("district_id").agg(incidents_since=sent.known_at.min())
    by_school = left_join(schools, sent, ["district_id"]).select("school_id", "incidents_since")
    return left_join(students, by_school, ["school_id"])


def features(signals: Signals, as_of: pd.DatetimeIndex, catalog: Mapping[str, Feature], scope: Scope) -> Any:
    """Return one row per student, school and as-of date with every feature of the catalogue.

    Columns: the keys and the cohort's columns, each feature by name, and `<feature>__n`, `<feature>__of` with the
    counts that a sentence about it names.
    """
    rows, dates = cohort_rows(signals, as_of, catalog, scope)
    base = rows
    for table, events in EVENTS.items():
        for prior in (False, True):
            wanted = [
                feature
                for feature in (*catalog.values(), *_WITNESSES)
                if feature.table == table and (feature.window == "prior_year") == prior
            ]
            if wanted:
                joined = seen(base, events(signals), wanted, scope, prior=prior)
                rows = left_join(rows, aggregate(joined, wanted), KEYS)
    rows = _since(rows, dates, catalog)
    columns: dict[str, Any] = {}
    for feature in catalog.values():
        value, count, total = value_of(rows, feature)
        columns |= {feature.name: value, f"{feature.name}__n": count, f"{feature.name}__of": total}
    kept = [name for name in base.columns if name not in columns]
    return rows.select(*kept, **columns)


def _since(rows: Any, dates: Any, catalog: Mapping[str, Feature]) -> Any:
    """Turn the last day of an event into its number among the school days of the student's school."""
    for feature in catalog.values():
        if feature.aggregate == "since":
            name = f"{feature.name}__day"
            index = dates.select("school_id", "school_year", **{name: dates.date}, index=dates.day_index)
            rows = left_join(rows, index, ["school_id", "school_year", name])
            rows = rows.rename({f"{feature.name}__index": "index"})
    return rows
