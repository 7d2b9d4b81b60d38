"""Absence of the school year before as yearly totals, where its days were never sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from early_id.panel._aggregate import as_they_stood
from early_id.panel._feature import Feature
from early_id.panel._plan import Plan
from early_id.panel._records import Sources
from early_id.panel._time import NEVER, school_numbers

TABLE = "absence_totals"
EXPECTED = "totals_expected"
#: What totals know of the filters of absences.
_COUNTED = {"absent": "totals_absent", "unexcused": "totals_unexcused"}


def totalled(feature: Feature) -> str:
    """Name the total that stands in for a feature's count; empty where totals do not tell it.

    >>> from early_id.panel import CATALOG
    >>> totalled(CATALOG["prior_absence_rate"]), totalled(CATALOG["prior_tardies"])
    ('totals_absent', '')
    """
    told = (feature.table, feature.window, feature.aggregate) == ("absences", "prior_year", "count")
    return _COUNTED.get(feature.where, "") if told and feature.over == "enrolled_days" else ""


def totals_before(plan: Plan, sources: Sources, wanted: Iterable[Feature]) -> Any:
    """Add up the totals of the school year before, as each date could see them; nothing if no feature asks.

    Columns: person (in the scope of a school also school_number), school_year (the year after), from_on and until,
    totals_absent, totals_unexcused, totals_expected.
    """
    if not any(totalled(feature) for feature in wanted):
        return None
    rows = plan.table(TABLE).join(sources.people, "student_id")
    if sources.scope == "school":
        rows = rows.join(school_numbers(plan), "school_id")
    who = ["person", "school_year"] + (["school_number"] if sources.scope == "school" else [])
    absent = rows.excused_days + rows.unexcused_days + rows.suspension_out_days
    absent = absent + rows.incomplete_study_days.fill_null(0)
    rows = rows.mutate(school_year=rows.school_year + 1, absent=absent)
    alike = rows.group_by(*who, "known_at", gone_on=rows.retracted_at.fill_null(NEVER)).agg(
        totals_absent=rows.absent.sum().cast("int32"),
        totals_unexcused=rows.unexcused_days.sum().cast("int32"),
        totals_expected=rows.expected_days.sum().cast("int32"),
    )
    return as_they_stood(plan, TABLE, alike, who, [*_COUNTED.values(), EXPECTED])
