"""Features of attendance."""

from __future__ import annotations

from early_id.panel._feature import Feature

ATTENDANCE = (
    Feature(
        "absence_rate_5d", "absence", "attendance", "absences", 5, "absent", "count", 1, "share",
        over="enrolled_days",
    ),
    Feature(
        "absence_rate_10d", "absence", "attendance", "absences", 10, "absent", "count", 1, "share",
        over="enrolled_days",
    ),
    Feature(
        "absence_rate_20d", "absence", "attendance", "absences", 20, "absent", "count", 1, "share",
        over="enrolled_days",
    ),
    Feature(
        "absence_rate_60d", "absence", "attendance", "absences", 60, "absent", "count", 1, "share",
        over="enrolled_days",
    ),
    Feature(
        "absence_rate_year", "absence", "attendance", "absences", "year", "absent", "count", 1, "share",
        over="enrolled_days",
    ),
    Feature(
        "absent_days_year", "absence", "attendance", "absences", "year", "absent", "count", 1, "days",
    ),
    Feature(
        "absence_trend_20d", "absence", "attendance", "absences", 20, "absent", "count", 1, "share",
        over="enrolled_days", against="before",
    ),
    Feature(
        "absence_trend_10d", "absence", "attendance", "absences", 10, "absent", "count", 1, "share",
        over="enrolled_days", against="previous",
    ),
    # No strength for days in a row: they are those of one school, and a student may have come from another.
    Feature(
        "absence_streak", "absence", "attendance", "absences", 20, "absent", "streak", 1, "days",
    ),
    Feature(
        "longest_absence_60d", "days absent in a row", "attendance", "absences", 60, "absent", "longest", 1, "days",
    ),
    Feature(
        "absence_rate_first_month", "absence in the first month", "attendance", "absences", "first_month", "absent",
        "count", 1, "share",
        over="enrolled_days", changeable=False,
    ),
    Feature(
        "monday_friday_share_year", "absence on Mondays and Fridays", "attendance", "absences", "year",
        "monday_friday", "count", 0, "share",
        over="absent",
    ),
    Feature(
        "unexcused_days_20d", "unexcused absence", "attendance", "absences", 20, "unexcused", "count", 1, "count",
    ),
    Feature(
        "unexcused_rate_year", "unexcused absence", "attendance", "absences", "year", "unexcused", "count", 1, "share",
        over="enrolled_days",
    ),
    # Not "all but {count} excused": days of suspension are neither excused nor unexcused.
    Feature(
        "unexcused_share_year", "unexcused absence", "attendance", "absences", "year", "unexcused", "count", 1,
        "share",
        over="absent",
    ),
    Feature(
        "days_since_absence", "absence", "attendance", "absences", "year", "absent", "since", -1, "days",
    ),
    Feature(
        "tardies_20d", "late arrival", "attendance", "absences", 20, "tardy", "count", 1, "count",
    ),
    Feature(
        "tardies_year", "late arrival", "attendance", "absences", "year", "tardy", "count", 1, "count",
    ),
    Feature(
        "partial_days_20d", "partial days", "attendance", "absences", 20, "partial", "count", 1, "count",
    ),
    Feature(
        "partial_days_year", "partial days", "attendance", "absences", "year", "partial", "count", 1, "count",
    ),
    Feature(
        "prior_absence_rate", "absence last year", "attendance", "absences", "prior_year", "absent", "count", 1,
        "share",
        over="enrolled_days", changeable=False,
    ),
    Feature(
        "prior_unexcused_rate", "absence last year", "attendance", "absences", "prior_year", "unexcused", "count", 1,
        "share",
        over="enrolled_days", changeable=False,
    ),
    Feature(
        "prior_tardies", "late arrival last year", "attendance", "absences", "prior_year", "tardy", "count", 1,
        "count", changeable=False,
    ),
)  # fmt: skip
