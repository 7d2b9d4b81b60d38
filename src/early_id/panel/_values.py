"""The last step of a feature: one division, and null where nothing is known."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._aggregate import parts_of
from early_id.panel._courses import FINE
from early_id.panel._feature import Feature
from early_id.panel._marks import PACK
from early_id.panel._runs import current_run, longest_run
from early_id.panel._totals import EXPECTED, totalled

HUNDREDTHS = 100
#: Filters of final marks: where none is on record, none of them is known.
_FINALS = ("core_final", "failed_core", "passed_core")


def known_condition(rows: Any, feature: Feature) -> Any:
    """Say where a count of zero means none, and not unknown.

    Attendance: at least one submitted day while enrolled in the window, or the year's totals where they are read.
    Grades: at least one assignment on record this year; for final marks, one of those in the same year. Incidents: the
    school's district had sent any by the as-of date (last year: a district in which the student was enrolled then had
    sent any before this school year); school days since the last one also need a submitted day.
    """
    prior = feature.window == "prior_year"
    if feature.table == "absences":
        days = rows[f"enrolled_{feature.window}"] > 0
        return days | (rows[EXPECTED] > 0).fill_null(False) if totalled(feature) else days
    if feature.table == "grades":
        finals = rows["known_finals_before" if prior else "known_finals"]
        return ((finals if prior or feature.where in _FINALS else rows["known_work"]) > 0).fill_null(False)
    if feature.table == "incidents":
        sent = rows.prior_incidents_sent > 0 if prior else rows.incidents_sent.fill_null(False)
        return sent & (rows.enrolled_year > 0) if feature.aggregate == "since" else sent
    return ibis.literal(True)


def _divide(top: Any, bottom: Any) -> Any:
    return top.cast("float64") / bottom.nullif(0).cast("float64")


def _pair(rows: Any, feature: Feature, suffix: str = "") -> tuple[Any, Any]:
    """Numerator and denominator of a ratio, zeros where the student had no rows."""
    parts = parts_of(feature)
    top = rows[parts[f"top{suffix}"].name].fill_null(0)
    if totalled(feature):
        # Days that were sent come before totals: where there are any, totals would count them twice.
        sent = (rows[f"enrolled_{feature.window}"] > 0).fill_null(False)
        whole = rows[totalled(feature)].fill_null(0), rows[EXPECTED].fill_null(0)
        return ibis.ifelse(sent, top, whole[0]), ibis.ifelse(sent, _enrolled(rows, feature, ""), whole[1])
    if feature.over == "enrolled_days":
        return top, _enrolled(rows, feature, suffix)
    return top, rows[parts[f"bottom{suffix}"].name].fill_null(0)


def _enrolled(rows: Any, feature: Feature, suffix: str) -> Any:
    """Return the submitted school days while enrolled, in the window or in what it is compared with."""
    days = rows[f"enrolled_{feature.window}"]
    if not suffix:
        return days
    if feature.against == "previous":
        return rows[f"enrolled_{2 * int(feature.window)}"] - days
    return rows.enrolled_year - days


def value_of(rows: Any, feature: Feature) -> tuple[Any, Any, Any, Any]:
    """Compute a feature's value, and the count, the total and the day that people are shown.

    Returns
    -------
    value, count, of, on
        Expressions; `of` is null where there is no total, `on` where the feature is about a window and not a day.
    """
    day = (
        rows[parts_of(feature)["day"].name] if feature.aggregate in {"since", "latest"} else ibis.null("date")
    )
    return (*_figures(rows, feature), day)


def figures_before(rows: Any, feature: Feature) -> tuple[Any, Any]:
    """Count and total of the stretch a share is compared with."""
    return _pair(rows, feature, "_before")


def _figures(rows: Any, feature: Feature) -> tuple[Any, Any, Any]:
    nothing = ibis.null("int64")
    if feature.table == "enrollments":
        return _of_enrollment(rows, feature)
    if feature.aggregate == "since":
        days = rows[f"{feature.name}__days"].fill_null(rows.enrolled_year)
        return _where_known(rows, feature, days), days, nothing
    if feature.aggregate == "latest":
        return (rows[parts_of(feature)["top"].name] % PACK).cast("float64") / HUNDREDTHS, nothing, nothing
    if feature.aggregate in {"streak", "longest"}:
        days = _days_in_a_row(rows, feature)
        return _where_known(rows, feature, days), days, nothing
    if feature.aggregate in {"least_course", "low_courses", "above_course"}:
        return _of_courses(rows, feature)
    if feature.aggregate == "mean":
        top, bottom = _pair(rows, feature)
        value = _divide(top, bottom * HUNDREDTHS)
        if feature.against:
            earlier, number = _pair(rows, feature, "_before")
            value = value - _divide(earlier, number * HUNDREDTHS)
        return value, nothing, nothing
    if not feature.over:
        top = rows[parts_of(feature)["top"].name].fill_null(0)
        return _where_known(rows, feature, top), top, nothing
    top, bottom = _pair(rows, feature)
    value = _divide(top, bottom)
    if feature.against:
        value = value - _divide(*_pair(rows, feature, "_before"))
    return _where_known(rows, feature, value), top, bottom


def _where_known(rows: Any, feature: Feature, value: Any) -> Any:
    return ibis.ifelse(known_condition(rows, feature), value.cast("float64"), ibis.null("float64"))


def _of_enrollment(rows: Any, feature: Feature) -> tuple[Any, Any, Any]:
    if feature.aggregate == "value":
        value = rows[feature.column]
        return value.cast("float64"), value.cast("int64"), ibis.null("int64")
    if feature.over:
        # A student who came from a school that has had more days has been there from the first of them.
        bottom = rows.school_days_sent
        top = ibis.least(rows.enrolled_year, bottom)
        return _divide(top, bottom), top, bottom
    schools = rows.prior_schools if feature.window == "prior_year" else rows.schools
    return schools.cast("float64"), schools, ibis.null("int64")


def _days_in_a_row(rows: Any, feature: Feature) -> Any:
    days = int(feature.window)
    if feature.aggregate == "longest":
        return longest_run(rows, feature.name, days)
    return current_run(rows[parts_of(feature)["top"].name].fill_null(0), days)


def _of_courses(rows: Any, feature: Feature) -> tuple[Any, Any, Any]:
    name, nothing = feature.name, ibis.null("int64")
    if feature.aggregate == "least_course":
        return rows[f"{name}__least"] / HUNDREDTHS, nothing, nothing
    bottom = rows[f"{name}__of"].fill_null(0)
    if feature.aggregate == "above_course":
        return _divide(rows[f"{name}__above"], bottom * (FINE * HUNDREDTHS)), nothing, nothing
    top = rows[f"{name}__count"].fill_null(0)
    return ibis.ifelse(bottom > 0, top.cast("float64"), ibis.null("float64")), top, bottom
