"""Marks by course: the lowest course, courses below passing, and how a student stands in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis

from early_id.panel._feature import Feature
from early_id.panel._marks import PASSING_HUNDREDTHS
from early_id.panel._plan import Plan
from early_id.panel._time import visible

#: A course's mean is kept in thousandths of a hundredth of a point, a whole number.
FINE = 1000


def course_means(plan: Plan, marks: Any) -> Any:
    """Mean of all marks of a course this school year that are known on each date: course, date_number, course_mean.

    Whole numbers: 1000 x the sum of the hundredths, divided by their number without the rest.
    """
    seen, dates = plan.every_date.select("date", "seen_on"), plan.as_of_dates
    marks = marks.filter(marks.marked)
    marks = marks.mutate(date=ibis.greatest(marks.day, marks.known_at)).join(seen, "date")
    alike = marks.group_by("course", "school_year", "retracted_at", known_at=marks.seen_on)
    alike = alike.agg(total=ibis._.hundredths.sum(), number=ibis._.count())
    rows = alike.join(dates, [visible(alike, dates.as_of)])
    found = rows.group_by("course", "school_year", "date_number").agg(
        total=rows.total.sum(), number=rows.number.sum()
    )
    mean = (found.total * FINE // found.number).cast("int32")
    return found.select("course", "school_year", "date_number", course_mean=mean)


def by_course(rows: Any, means: Any) -> Any:
    """Bring the marks of each row to one line per course: total and number of all marks, and of core ones."""
    marks = rows.filter(rows.marked)
    lines = marks.group_by("row", "course").agg(
        total=marks.hundredths.sum().cast("int32"),
        number=marks.count(),
        core_number=marks.count(where=marks.core_marked),
        core_total=marks.hundredths.sum(where=marks.core_marked).cast("int32"),
        date_number=marks.row_date_number.min(),
        school_year=marks.school_year.min(),
    )
    return lines.join(means, ["course", "school_year", "date_number"])


def aggregate_courses(lines: Any, features: Iterable[Feature]) -> Any:
    """Bring the lines of the courses to one row per cohort row."""
    found = {name: part for feature in features for name, part in _of_courses(lines, feature).items()}
    return lines.group_by("row").agg(**found)


def _of_courses(lines: Any, feature: Feature) -> dict[str, Any]:
    name = feature.name
    if feature.aggregate == "above_course":
        above = lines.total * FINE - lines.number * lines.course_mean
        return {f"{name}__above": above.sum(), f"{name}__of": lines.number.sum().cast("int32")}
    total, number = lines.core_total, lines.core_number
    if feature.aggregate == "low_courses":
        low = (number > 0) & (total < PASSING_HUNDREDTHS * number)
        return {f"{name}__count": lines.count(where=low), f"{name}__of": lines.count(where=number > 0)}
    mean = total.cast("float64") / number.nullif(0).cast("float64")
    return {f"{name}__least": mean.min()}
