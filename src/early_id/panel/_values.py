"""The last step of a feature: one division, and null where nothing is known."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._aggregate import _PACK
from early_id.panel._feature import Feature

HUNDREDTHS = 100.0


def known_condition(rows: Any, feature: Feature) -> Any:
    """Say where a count of zero means none, and not unknown.

    Attendance: at least one submitted day while enrolled in the window. Grades: at least one assignment on record
    this year (last year: one final mark). Incidents: the school's district had sent any by the as-of date (last year:
    a district in which the student was enrolled then had sent any before this school year).
    """
    prior = feature.window == "prior_year"
    if feature.table == "absences":
        return rows[f"enrolled_{feature.window}"] > 0
    if feature.table == "grades":
        work = rows["known_finals__count"] if prior else rows["known_work__count"]
        return (work > 0).fill_null(False)
    if feature.table == "incidents":
        return rows.prior_incidents_sent > 0 if prior else rows.incidents_sent.fill_null(False)
    return ibis.literal(True)


def _divide(top: Any, bottom: Any) -> Any:
    return top.cast("float64") / bottom.nullif(0).cast("float64")


def _pair(rows: Any, feature: Feature, suffix: str = "") -> tuple[Any, Any]:
    """Numerator and denominator of a ratio, zeros where the group had no rows."""
    top = rows[f"{feature.name}__count{suffix}"].fill_null(0)
    if feature.over == "enrolled_days":
        bottom = rows[f"enrolled_{feature.window}"]
        return top, (rows.enrolled_year - bottom if suffix else bottom)
    return top, rows[f"{feature.name}__of{suffix}"].fill_null(0)


def value_of(rows: Any, feature: Feature) -> tuple[Any, Any, Any, Any]:
    """Compute a feature's value, and the count, the total and the day that people are shown.

    Returns
    -------
    value, count, of, on
        Expressions; `of` is null where there is no total, `on` where the feature is about a window and not a day.
    """
    day = rows[f"{feature.name}__day"] if feature.aggregate in {"since", "latest"} else ibis.null("date")
    return (*_figures(rows, feature), day)


def _figures(rows: Any, feature: Feature) -> tuple[Any, Any, Any]:
    name, nothing = feature.name, ibis.null("int64")
    known = known_condition(rows, feature)

    def where_known(expression: Any) -> Any:
        return ibis.ifelse(known, expression.cast("float64"), ibis.null("float64"))

    if feature.aggregate == "value":
        value = rows[feature.column]
        return value.cast("float64"), value.cast("int64"), nothing
    if feature.table == "enrollments":
        return rows.schools.cast("float64"), rows.schools, nothing
    if feature.aggregate == "since":
        days = rows[f"{name}__days"].fill_null(0)
        return where_known(days), days, nothing
    if feature.aggregate == "latest":
        value = (rows[f"{name}__packed"] % _PACK).cast("float64") / HUNDREDTHS
        return value, nothing, nothing
    if feature.aggregate == "least_course":
        return rows[f"{name}__least"] / HUNDREDTHS, nothing, nothing
    if feature.aggregate == "low_courses":
        top, bottom = _pair(rows, feature)
        return ibis.ifelse(bottom > 0, top.cast("float64"), ibis.null("float64")), top, bottom
    if feature.aggregate == "mean":
        top, bottom = _pair(rows, feature)
        value = _divide(top, bottom * int(HUNDREDTHS))
        if feature.against_before:
            earlier, number = _pair(rows, feature, "_before")
            value = value - _divide(earlier, number * int(HUNDREDTHS))
        return value, nothing, nothing
    if not feature.over:
        top = rows[f"{name}__count"].fill_null(0)
        return where_known(top), top, nothing
    top, bottom = _pair(rows, feature)
    value = _divide(top, bottom)
    if feature.against_before:
        value = value - _divide(*_pair(rows, feature, "_before"))
    return where_known(value), top, bottom
