"""The features the library knows. Adding one: a declaration here, words in phrases.yaml, a row in the oracle test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from early_id.panel._catalog_attendance import ATTENDANCE
from early_id.panel._feature import Feature
from early_id.panel._phrases import phrase_of

if TYPE_CHECKING:
    import pandas as pd

_GRADES = (
    Feature(
        "mean_mark_20d", "marks", "grades", "grades", 20, "marked", "mean", -1, "points", column="hundredths",
    ),
    Feature(
        "mean_mark_60d", "marks", "grades", "grades", 60, "marked", "mean", -1, "points", column="hundredths",
    ),
    Feature(
        "mean_mark_year", "marks", "grades", "grades", "year", "marked", "mean", -1, "points", column="hundredths",
    ),
    Feature(
        "last_mark", "marks", "grades", "grades", "year", "marked", "latest", -1, "points", column="hundredths",
    ),
    Feature(
        "mark_change_20d", "change in marks", "grades", "grades", 20, "marked", "mean", -1, "points",
        column="hundredths", against="before",
    ),
    Feature(
        "mark_change_term", "change in marks", "grades", "grades", "term", "marked", "mean", -1, "points",
        column="hundredths", against="before",
    ),
    # No strength: a student below the mean may still have a lower score for it than others have.
    Feature(
        "course_standing_year", "standing in courses", "grades", "grades", "year", "marked", "above_course", -1,
        "points", column="hundredths",
    ),
    Feature(
        "lowest_core_mark", "core courses", "grades", "grades", "year", "core_marked", "least_course", -1, "points",
        column="hundredths",
    ),
    Feature(
        "low_core_courses", "core courses", "grades", "grades", "year", "core_marked", "low_courses", 1, "count",
        column="hundredths",
    ),
    Feature(
        "failed_finals_year", "core courses", "grades", "grades", "year", "failed_core", "count", 1, "count",
    ),
    Feature(
        "passed_finals_share_year", "core courses", "grades", "grades", "year", "passed_core", "count", -1, "share",
        over="core_final",
    ),
    Feature(
        "missing_work_20d", "missing work", "grades", "grades", 20, "missing", "count", 1, "count",
    ),
    Feature(
        "missing_work_60d", "missing work", "grades", "grades", 60, "missing", "count", 1, "count",
    ),
    Feature(
        "missing_work_share_year", "missing work", "grades", "grades", "year", "missing", "count", 1, "share",
        over="work",
    ),
    Feature(
        "late_work_20d", "late work", "grades", "grades", 20, "late", "count", 1, "count",
    ),
    Feature(
        "late_work_share_year", "late work", "grades", "grades", "year", "late", "count", 1, "share", over="handed_in",
    ),
    Feature(
        "work_handed_in_year", "work handed in", "grades", "grades", "year", "handed_in", "count", -1, "count",
    ),
    Feature(
        "prior_mean_final", "marks last year", "grades", "grades", "prior_year", "core_final", "mean", -1, "points",
        column="hundredths", changeable=False,
    ),
    Feature(
        "prior_failed_core", "marks last year", "grades", "grades", "prior_year", "failed_core", "count", 1, "count",
        changeable=False,
    ),
)  # fmt: skip

# No strength: incidents that rest on a judgement are not counted, so a count of none does not mean none on record.
_DISCIPLINE = (
    Feature(
        "incidents_20d", "incidents", "discipline", "incidents", 20, "objective", "count", 1, "count",
    ),
    Feature(
        "incidents_60d", "incidents", "discipline", "incidents", 60, "objective", "count", 1, "count",
    ),
    Feature(
        "incidents_year", "incidents", "discipline", "incidents", "year", "objective", "count", 1, "count",
    ),
    Feature(
        "days_since_incident", "incidents", "discipline", "incidents", "year", "objective", "since", -1, "days",
    ),
    Feature(
        "suspension_days_60d", "days suspended", "discipline", "incidents", 60, "objective", "total", 1, "days",
        column="suspension_days",
    ),
    Feature(
        "suspension_days_year", "days suspended", "discipline", "incidents", "year", "objective", "total", 1, "days",
        column="suspension_days",
    ),
    Feature(
        "prior_incidents", "incidents last year", "discipline", "incidents", "prior_year", "objective", "count", 1,
        "count", changeable=False,
    ),
    Feature(
        "prior_suspension_days", "days suspended last year", "discipline", "incidents", "prior_year", "objective",
        "total", 1, "days", column="suspension_days", changeable=False,
    ),
)  # fmt: skip

_MOBILITY = (
    Feature(
        "schools_this_year", "school changes", "mobility", "enrollments", "year", "any", "count", 1, "count",
        changeable=False,
    ),
    Feature(
        "prior_schools", "school changes last year", "mobility", "enrollments", "prior_year", "any", "count", 1,
        "count", changeable=False,
    ),
    # Another school may have had more school days: the sentence does not set the days against a total.
    Feature(
        "enrolled_share_year", "time enrolled", "mobility", "enrollments", "year", "any", "count", 0, "share",
        over="enrolled_days", changeable=False,
    ),
    Feature(
        "entry_day", "entry", "mobility", "enrollments", "year", "any", "value", 0, "days", column="entry_day",
        changeable=False,
    ),
    Feature(
        "grade_level", "grade level", "mobility", "enrollments", "year", "any", "value", 0, "count",
        column="grade_level", changeable=False,
    ),
)  # fmt: skip


def _said(feature: Feature) -> Feature:
    return replace(
        feature,
        phrase=phrase_of(feature.name, "reason"),
        strength=phrase_of(feature.name, "strength"),
    )


#: Every feature by name; its words are in `phrases.yaml`.
CATALOG: Mapping[str, Feature] = MappingProxyType(
    {feature.name: _said(feature) for feature in (*ATTENDANCE, *_GRADES, *_DISCIPLINE, *_MOBILITY)}
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
