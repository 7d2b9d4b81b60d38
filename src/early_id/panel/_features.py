"""All features of a set of as-of dates, as one expression over the district's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from early_id.district import Signals
from early_id.panel._aggregate import aggregate, seen
from early_id.panel._cohort import (
    KEYS,
    cohort,
    days_since,
    enrolled_days,
    spells_of,
    submitted_days,
    with_ends,
)
from early_id.panel._events import EVENTS, incidents_sent
from early_id.panel._feature import Feature
from early_id.panel._join import left_join
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
class Rows:
    """The cohort, and what its features are counted from.

    Attributes
    ----------
    students : Ibis table
        One row per student, school and as-of date with everything that is not an event.
    spells : Ibis table
        One row per cohort row and visible spell of this school year or the one before.
    every_spell : Ibis table
        All spells with the time in which each was visible.
    counts : Ibis table
        Submitted school days up to and before every date.
    """

    students: Any
    spells: Any
    every_spell: Any
    counts: Any


def cohort_rows(
    signals: Signals, as_of: pd.DatetimeIndex, catalog: Mapping[str, Feature], scope: Scope
) -> Rows:
    """Build the cohort with its enrolled days: everything about a row that is not an event."""
    days = {feature.window for feature in catalog.values() if isinstance(feature.window, int)}
    windows = tuple(sorted(days | {FEED_WINDOW}))
    weeks = school_weeks(signals, as_of, windows)
    dates = school_dates(signals).cache()
    sent = incidents_sent(signals, as_of, dates).cache()
    weeks = left_join(weeks, sent, ["as_of", "school_id", "school_year"]).cache()
    every_spell = spells(signals, scope, as_of).cache()
    students = _year_bounds(signals, cohort(every_spell, weeks, scope), scope).cache()
    counts = submitted_days(dates, weeks).cache()
    own = _with_incidents(spells_of(every_spell, students, scope), sent)
    own = with_ends(own, counts).cache()
    students = left_join(students, enrolled_days(own, counts, windows), KEYS).cache()
    return Rows(students, own, every_spell, counts)


def _with_incidents(rows: Any, sent: Any) -> Any:
    """Say of each spell whether its school's district had sent incidents before the row's school year began."""
    before = sent.select(
        "as_of",
        spell_school_id="school_id",
        school_year="school_year",
        spell_incidents_before="incidents_before",
    )
    return left_join(rows, before, ["as_of", "spell_school_id", "school_year"])


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


def features(signals: Signals, as_of: pd.DatetimeIndex, catalog: Mapping[str, Feature], scope: Scope) -> Any:
    """Return one row per student, school and as-of date with every feature of the catalogue.

    Columns: the keys and the cohort's columns, each feature by name, and `<feature>__n`, `<feature>__of` with the
    counts that a sentence about it names.
    """
    parts = cohort_rows(signals, as_of, catalog, scope)
    base = rows = parts.students
    for table, events in EVENTS.items():
        for prior in (False, True):
            wanted = [
                feature
                for feature in (*catalog.values(), *_WITNESSES)
                if feature.table == table and (feature.window == "prior_year") == prior
            ]
            if wanted:
                joined = seen(base, events(signals, parts.every_spell), wanted, scope, prior=prior)
                rows = left_join(rows, aggregate(joined, wanted), KEYS)
    rows = _since(rows, parts, catalog)
    columns: dict[str, Any] = {}
    for feature in catalog.values():
        value, count, total = value_of(rows, feature)
        columns |= {feature.name: value, f"{feature.name}__n": count, f"{feature.name}__of": total}
    kept = [name for name in base.columns if name not in columns]
    return rows.select(*kept, **columns)


def _since(rows: Any, parts: Rows, catalog: Mapping[str, Feature]) -> Any:
    """Turn the last day of an event into the submitted school days since."""
    for feature in catalog.values():
        if feature.aggregate == "since":
            last = rows.select(*KEYS, since_day=rows[f"{feature.name}__day"])
            days = days_since(parts.spells, parts.counts, last).rename({f"{feature.name}__days": "days"})
            rows = left_join(rows, days, KEYS)
    return rows
