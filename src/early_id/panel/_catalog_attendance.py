"""Features of attendance."""

from __future__ import annotations

from early_id.panel._feature import Feature

ATTENDANCE = (
    Feature(
        "absence_rate_5d", "absence", "attendance", "absences", 5, "absent", "count", 1, "share",
        over="enrolled_days",
        phrase="Absent {count} of the last {of} school days ({from_} to {to})",
        strength="In school on every one of the last {of} school days ({from_} to {to})",
    ),
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
        "absence_trend_10d", "absence", "attendance", "absences", 10, "absent", "count", 1, "share",
        over="enrolled_days", against="previous",
        phrase="Absent more often from {from_} to {to} ({count} of {of} school days) than just before",
        strength="Absent less often from {from_} to {to} ({count} of {of} school days) than just before",
    ),
    # No strength for days in a row: they are those of one school, and a student may have come from another.
    Feature(
        "absence_streak", "absence", "attendance", "absences", 20, "absent", "streak", 1, "days",
        phrase="Absent {count} school days in a row up to the latest day on record by {to}",
    ),
    Feature(
        "longest_absence_60d", "days absent in a row", "attendance", "absences", 60, "absent", "longest", 1, "days",
        phrase="Absent {count} school days in a row at one time since {from_}",
    ),
    Feature(
        "absence_rate_first_month", "absence in the first month", "attendance", "absences", "first_month", "absent",
        "count", 1, "share",
        over="enrolled_days", changeable=False,
        phrase="Absent {count} of {of} school days in the first month ({from_} to {to})",
        strength="Absent only {count} of {of} school days in the first month ({from_} to {to})",
    ),
    Feature(
        "monday_friday_share_year", "absence on Mondays and Fridays", "attendance", "absences", "year",
        "monday_friday", "count", 0, "share",
        over="absent",
        phrase="{count} of {of} days absent this year on a Monday or a Friday",
    ),
    Feature(
        "unexcused_days_20d", "unexcused absence", "attendance", "absences", 20, "unexcused", "count", 1, "count",
        phrase="{count} unexcused days since {from_}",
        strength="Only {count} unexcused days since {from_}",
    ),
    Feature(
        "unexcused_rate_year", "unexcused absence", "attendance", "absences", "year", "unexcused", "count", 1, "share",
        over="enrolled_days",
        phrase="{count} unexcused days in {of} school days this year",
        strength="Only {count} unexcused days in {of} school days this year",
    ),
    # Not "all but {count} excused": days of suspension are neither excused nor unexcused.
    Feature(
        "unexcused_share_year", "unexcused absence", "attendance", "absences", "year", "unexcused", "count", 1,
        "share",
        over="absent",
        phrase="{count} of {of} days absent this year unexcused",
        strength="No unexcused day this year",
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
        "tardies_year", "late arrival", "attendance", "absences", "year", "tardy", "count", 1, "count",
        phrase="Late {count} times this year",
        strength="Late only {count} times this year",
    ),
    Feature(
        "partial_days_20d", "partial days", "attendance", "absences", 20, "partial", "count", 1, "count",
        phrase="{count} partial days since {from_}",
        strength="Only {count} partial days since {from_}",
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
    Feature(
        "prior_unexcused_rate", "absence last year", "attendance", "absences", "prior_year", "unexcused", "count", 1,
        "share",
        over="enrolled_days", changeable=False,
        phrase="{count} unexcused days in {of} school days last year",
        strength="Only {count} unexcused days in {of} school days last year",
    ),
    Feature(
        "prior_tardies", "late arrival last year", "attendance", "absences", "prior_year", "tardy", "count", 1,
        "count", changeable=False,
        phrase="Late {count} times last year",
        strength="Late only {count} times last year",
    ),
)  # fmt: skip
