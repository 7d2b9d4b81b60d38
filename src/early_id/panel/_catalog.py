"""The features the library knows. Adding one is adding one declaration here and one row to the oracle test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from early_id.panel._feature import Feature

if TYPE_CHECKING:
    import pandas as pd

_ATTENDANCE = (
    Feature(
        "absence_rate_10d", "absence", "attendance", "absences", 10, "absent", "count", 1, "share",
        over="enrolled_days",
        phrase="Absent {count} of the last {of} school days ({from_} to {to})",
        strength="In school on every one of the last {of} school days ({from_} to {to})",
    ),
    Feature(
        "absence_rate_20d", "absence", "attendance", "absences", 20, "absent", "count", 1, "share",
        over="enrolled_days",
        phrase="Absent {count} of the last {of} school days ({from_} to {to})",
        strength="Absent only {count} of the last {of} school days ({from_} to {to})",
    ),
    Feature(
        "absence_rate_60d", "absence", "attendance", "absences", 60, "absent", "count", 1, "share",
        over="enrolled_days",
        phrase="Absent {count} of {of} school days since {from_}",
        strength="Absent only {count} of {of} school days since {from_}",
    ),
    Feature(
        "absence_rate_year", "absence", "attendance", "absences", "year", "absent", "count", 1, "share",
        over="enrolled_days",
        phrase="Absent {count} of {of} school days this year",
        strength="Absent only {count} of {of} school days this year",
    ),
    Feature(
        "absent_days_year", "absence", "attendance", "absences", "year", "absent", "count", 1, "days",
        phrase="Absent {count} school days since {from_}",
        strength="Absent only {count} school days since {from_}",
    ),
    Feature(
        "absence_trend_20d", "absence", "attendance", "absences", 20, "absent", "count", 1, "share",
        over="enrolled_days", against="before",
        phrase="Absent more often from {from_} to {to} ({count} of {of} school days) than earlier this year",
        strength="Absent less often from {from_} to {to} ({count} of {of} school days) than earlier this year",
    ),
    Feature(
        "unexcused_rate_year", "unexcused absence", "attendance", "absences", "year", "unexcused", "count", 1, "share",
        over="enrolled_days",
        phrase="{count} unexcused days in {of} school days this year",
        strength="Only {count} unexcused days in {of} school days this year",
    ),
    Feature(
        "days_since_absence", "absence", "attendance", "absences", "year", "absent", "since", -1, "days",
        phrase="Last absent on {to}",
        strength="In school on each of the last {count} school days",
    ),
    Feature(
        "tardies_20d", "late arrival", "attendance", "absences", 20, "tardy", "count", 1, "count",
        phrase="Late {count} times in the last 20 school days ({from_} to {to})",
        strength="Late only {count} times in the last 20 school days",
    ),
    Feature(
        "partial_days_year", "partial days", "attendance", "absences", "year", "partial", "count", 1, "count",
        phrase="{count} partial days since {from_}",
        strength="Only {count} partial days since {from_}",
    ),
    Feature(
        "prior_absence_rate", "absence last year", "attendance", "absences", "prior_year", "absent", "count", 1,
        "share",
        over="enrolled_days", changeable=False,
        phrase="Absent {count} of {of} school days last year",
        strength="Absent only {count} of {of} school days last year",
    ),
)  # fmt: skip

_GRADES = (
    Feature(
        "mean_mark_60d", "marks", "grades", "grades", 60, "marked", "mean", -1, "points", column="hundredths",
        phrase="Mean mark {value} in work since {from_}",
        strength="Mean mark {value} in work since {from_}",
    ),
    Feature(
        "mean_mark_year", "marks", "grades", "grades", "year", "marked", "mean", -1, "points", column="hundredths",
        phrase="Mean mark {value} this school year",
        strength="Mean mark {value} this school year",
    ),
    Feature(
        "last_mark", "marks", "grades", "grades", "year", "marked", "latest", -1, "points", column="hundredths",
        phrase="Latest mark {value} ({to})",
        strength="Latest mark {value} ({to})",
    ),
    Feature(
        "mark_change_20d", "change in marks", "grades", "grades", 20, "marked", "mean", -1, "points",
        column="hundredths", against="before",
        phrase="Marks changed by {value} points in the last 20 school days ({from_} to {to}) against earlier this year",
        strength="Marks rose by {value} points in the last 20 school days ({from_} to {to}) against earlier this year",
    ),
    Feature(
        "lowest_core_mark", "core courses", "grades", "grades", "year", "core_marked", "least_course", -1, "points",
        column="hundredths",
        phrase="Mean mark {value} in one core course this year",
        strength="Mean mark at least {value} in every core course this year",
    ),
    Feature(
        "low_core_courses", "core courses", "grades", "grades", "year", "core_marked", "low_courses", 1, "count",
        column="hundredths",
        phrase="Mean mark below 60 in {count} core courses this year",
        strength="Mean mark of 60 or more in every core course this year",
    ),
    Feature(
        "missing_work_20d", "missing work", "grades", "grades", 20, "missing", "count", 1, "count",
        phrase="{count} assignments not handed in over the last 20 school days ({from_} to {to})",
        strength="Only {count} assignments open from the last 20 school days",
    ),
    Feature(
        "missing_work_share_year", "missing work", "grades", "grades", "year", "missing", "count", 1, "share",
        over="work",
        phrase="{count} of {of} assignments this year not handed in",
        strength="All but {count} of {of} assignments this year handed in",
    ),
    Feature(
        "late_work_share_year", "late work", "grades", "grades", "year", "late", "count", 1, "share", over="handed_in",
        phrase="{count} of {of} assignments this year handed in after the due day",
        strength="All but {count} of {of} assignments handed in by the due day",
    ),
    Feature(
        "work_handed_in_year", "work handed in", "grades", "grades", "year", "handed_in", "count", -1, "count",
        phrase="",
        strength="{count} assignments handed in this year",
    ),
    Feature(
        "prior_mean_final", "marks last year", "grades", "grades", "prior_year", "core_final", "mean", -1, "points",
        column="hundredths", changeable=False,
        phrase="Mean final mark {value} in core courses last year",
        strength="Mean final mark {value} in core courses last year",
    ),
    Feature(
        "prior_failed_core", "marks last year", "grades", "grades", "prior_year", "failed_core", "count", 1, "count",
        changeable=False,
        phrase="{count} core courses below 60 last year",
    ),
)  # fmt: skip

# No strength: incidents that rest on a judgement are not counted, so a count of none does not mean none on record.
_DISCIPLINE = (
    Feature(
        "incidents_60d", "incidents", "discipline", "incidents", 60, "objective", "count", 1, "count",
        phrase="{count} recorded incidents since {from_}",
    ),
    Feature(
        "incidents_year", "incidents", "discipline", "incidents", "year", "objective", "count", 1, "count",
        phrase="{count} recorded incidents this year",
    ),
    Feature(
        "suspension_days_year", "days suspended", "discipline", "incidents", "year", "objective", "total", 1, "days",
        column="suspension_days",
        phrase="{count} days suspended this year",
    ),
    Feature(
        "prior_incidents", "incidents last year", "discipline", "incidents", "prior_year", "objective", "count", 1,
        "count", changeable=False,
        phrase="{count} recorded incidents last year",
    ),
)  # fmt: skip

_MOBILITY = (
    Feature(
        "schools_this_year", "school changes", "mobility", "enrollments", "year", "any", "count", 1, "count",
        changeable=False,
        phrase="Enrolled in {count} schools this year",
    ),
    Feature(
        "entry_day", "entry", "mobility", "enrollments", "year", "any", "value", 0, "days", column="entry_day",
        changeable=False,
        phrase="",
    ),
    Feature(
        "grade_level", "grade level", "mobility", "enrollments", "year", "any", "value", 0, "count",
        column="grade_level", changeable=False,
        phrase="",
    ),
)  # fmt: skip

#: Every feature by name.
CATALOG: Mapping[str, Feature] = MappingProxyType(
    {feature.name: feature for feature in (*_ATTENDANCE, *_GRADES, *_DISCIPLINE, *_MOBILITY)}
)


def catalog_frame() -> pd.DataFrame:
    """Show the catalogue as a table, one row per feature.

    Examples
    --------
    >>> catalog_frame().loc["absence_rate_20d", ["concept", "domain", "unit"]].tolist()
    ['absence', 'attendance', 'share']
    """
    import pandas as pd

    return pd.DataFrame([asdict(feature) for feature in CATALOG.values()]).set_index("name")
