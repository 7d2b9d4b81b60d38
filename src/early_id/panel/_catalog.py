"""The features the library knows. Adding one is adding one declaration here and one row to the oracle test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from early_id.panel._catalog_attendance import ATTENDANCE
from early_id.panel._feature import Feature

if TYPE_CHECKING:
    import pandas as pd

_GRADES = (
    Feature(
        "mean_mark_20d", "marks", "grades", "grades", 20, "marked", "mean", -1, "points", column="hundredths",
        phrase="Mean mark {value} in work since {from_}",
        strength="Mean mark {value} in work since {from_}",
    ),
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
        "mark_change_term", "change in marks", "grades", "grades", "term", "marked", "mean", -1, "points",
        column="hundredths", against="before",
        phrase="Marks changed by {value} points this term (since {from_}) against earlier this year",
        strength="Marks rose by {value} points this term (since {from_}) against earlier this year",
    ),
    # No strength: a student below the mean may still have a lower score for it than others have.
    Feature(
        "course_standing_year", "standing in courses", "grades", "grades", "year", "marked", "above_course", -1,
        "points", column="hundredths",
        phrase="Marks {value} points against the mean of the same courses this year",
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
        "failed_finals_year", "core courses", "grades", "grades", "year", "failed_core", "count", 1, "count",
        phrase="{count} final marks in core courses below 60 this year",
        strength="Every final mark with points in core courses this year is 60 or more",
    ),
    Feature(
        "passed_finals_share_year", "core courses", "grades", "grades", "year", "passed_core", "count", -1, "share",
        over="core_final",
        phrase="{count} of {of} final marks in core courses so far passing",
        strength="{count} of {of} final marks in core courses so far passing",
    ),
    Feature(
        "missing_work_20d", "missing work", "grades", "grades", 20, "missing", "count", 1, "count",
        phrase="{count} assignments not handed in over the last 20 school days ({from_} to {to})",
        strength="Only {count} assignments open from the last 20 school days",
    ),
    Feature(
        "missing_work_60d", "missing work", "grades", "grades", 60, "missing", "count", 1, "count",
        phrase="{count} assignments not handed in since {from_}",
        strength="Only {count} assignments open since {from_}",
    ),
    Feature(
        "missing_work_share_year", "missing work", "grades", "grades", "year", "missing", "count", 1, "share",
        over="work",
        phrase="{count} of {of} assignments this year not handed in",
        strength="All but {count} of {of} assignments this year handed in",
    ),
    Feature(
        "late_work_20d", "late work", "grades", "grades", 20, "late", "count", 1, "count",
        phrase="{count} assignments handed in after the due day since {from_}",
        strength="Only {count} assignments handed in after the due day since {from_}",
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
        "incidents_20d", "incidents", "discipline", "incidents", 20, "objective", "count", 1, "count",
        phrase="{count} recorded incidents since {from_}",
    ),
    Feature(
        "incidents_60d", "incidents", "discipline", "incidents", 60, "objective", "count", 1, "count",
        phrase="{count} recorded incidents since {from_}",
    ),
    Feature(
        "incidents_year", "incidents", "discipline", "incidents", "year", "objective", "count", 1, "count",
        phrase="{count} recorded incidents this year",
    ),
    Feature(
        "days_since_incident", "incidents", "discipline", "incidents", "year", "objective", "since", -1, "days",
        phrase="Latest recorded incident on {to}",
    ),
    Feature(
        "suspension_days_60d", "days suspended", "discipline", "incidents", 60, "objective", "total", 1, "days",
        column="suspension_days",
        phrase="{count} days suspended since {from_}",
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
    Feature(
        "prior_suspension_days", "days suspended last year", "discipline", "incidents", "prior_year", "objective",
        "total", 1, "days", column="suspension_days", changeable=False,
        phrase="{count} days suspended last year",
    ),
)  # fmt: skip

_MOBILITY = (
    Feature(
        "schools_this_year", "school changes", "mobility", "enrollments", "year", "any", "count", 1, "count",
        changeable=False,
        phrase="Enrolled in {count} schools this year",
    ),
    Feature(
        "prior_schools", "school changes last year", "mobility", "enrollments", "prior_year", "any", "count", 1,
        "count", changeable=False,
        phrase="Enrolled in {count} schools last year",
    ),
    # Another school may have had more school days: the sentence does not set the days against a total.
    Feature(
        "enrolled_share_year", "time enrolled", "mobility", "enrollments", "year", "any", "count", 0, "share",
        over="enrolled_days", changeable=False,
        phrase="{count} school days enrolled this year",
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
    {feature.name: feature for feature in (*ATTENDANCE, *_GRADES, *_DISCIPLINE, *_MOBILITY)}
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
