"""From declarations to one grouped expression per source table, in integers until the last division."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis

from early_id.panel._events import PASSING_HUNDREDTHS
from early_id.panel._feature import Feature
from early_id.panel._spells import Scope
from early_id.panel._time import visible

#: `latest` packs the day and the value in one integer, so that ties on a day resolve the same way in every engine.
_PACK = 100_000
_EPOCH = ibis.date(1970, 1, 1)
_OVER_COURSES = ("least_course", "low_courses")


def seen(students: Any, events: Any, features: Iterable[Feature], scope: Scope, *, prior: bool) -> Any:
    """Join each cohort row to the events that are visible to it and that some feature counts.

    Events of the school year so far, or those of the school year before.
    """
    features = list(features)
    wanted = {
        name for feature in features for name in (feature.where, feature.over) if name in events.columns
    }
    events = events.filter(ibis.or_(*(events[name] for name in sorted(wanted))))
    windows = sorted({f"start_{feature.window}" for feature in features if isinstance(feature.window, int)})
    bounds = ("as_of", "school_id", "last_day", "year_first", "prior_first", *windows)
    rows = students.select(
        "row", row_person=students.person, **{f"row_{name}": students[name] for name in bounds}
    )
    conditions = [
        rows.row_person == events.person,
        events.day >= (rows.row_prior_first if prior else rows.row_year_first),
        events.day < rows.row_year_first if prior else events.day <= rows.row_last_day,
        visible(events, rows.row_as_of),
    ]
    if scope == "school":
        conditions.append(rows.row_school_id == events.school_id)
    return rows.join(events, conditions)


def aggregate(rows: Any, features: Iterable[Feature]) -> Any:
    """Compute every integer aggregate of one table's features in one pass; one row per cohort row."""
    features = list(features)
    parts = {name: part for feature in features for name, part in _parts(rows, feature).items()}
    if not any(feature.aggregate in _OVER_COURSES for feature in features):
        return rows.group_by("row").agg(**parts)
    courses = rows.group_by("row", "course").agg(**parts)
    parts = {name: part for feature in features for name, part in _over_courses(courses, feature).items()}
    return courses.group_by("row").agg(**parts)


def _inside(rows: Any, feature: Feature) -> Any:
    """Condition: an event of the feature's school year lies in its window."""
    if isinstance(feature.window, int):
        return rows.day >= rows[f"row_start_{feature.window}"]
    return ibis.literal(True)


def _before(rows: Any, feature: Feature) -> Any:
    """Condition: the event lies in the school year but before the feature's window."""
    return rows.day < rows[f"row_start_{feature.window}"]


def _parts(rows: Any, feature: Feature) -> dict[str, Any]:
    """Integer aggregates one feature needs, by column name."""

    def number(condition: Any) -> Any:
        return ibis.ifelse(condition, 1, 0).sum()

    def total(condition: Any) -> Any:
        return ibis.ifelse(condition, rows[feature.column], 0).sum()

    chosen = _inside(rows, feature) & rows[feature.where]
    name = feature.name
    if feature.aggregate == "since":
        return {f"{name}__day": rows.day.max(where=chosen)}
    if feature.aggregate == "latest":
        packed = (rows.day.delta(_EPOCH, unit="day")) * _PACK + rows[feature.column]
        return {f"{name}__packed": packed.max(where=chosen), f"{name}__day": rows.day.max(where=chosen)}
    if feature.aggregate == "total":
        return {f"{name}__count": total(chosen)}
    parts = {}
    if feature.aggregate == "count":
        parts[f"{name}__count"] = number(chosen)
        if feature.over and feature.over != "enrolled_days":
            parts[f"{name}__of"] = number(_inside(rows, feature) & rows[feature.over])
    else:
        parts[f"{name}__count"] = total(chosen)
        parts[f"{name}__of"] = number(chosen)
    if feature.against_before:
        earlier = _before(rows, feature) & rows[feature.where]
        parts[f"{name}__count_before"] = number(earlier) if feature.aggregate == "count" else total(earlier)
        if feature.aggregate != "count":
            parts[f"{name}__of_before"] = number(earlier)
    return parts


def _over_courses(rows: Any, feature: Feature) -> dict[str, Any]:
    """Bring a feature's aggregates from one row per course to one row per cohort row."""
    name = feature.name
    if feature.aggregate not in _OVER_COURSES:
        newest = feature.aggregate in {"latest", "since"}
        own = [column for column in rows.columns if column.startswith(f"{name}__")]
        return {column: rows[column].max() if newest else rows[column].sum() for column in own}
    total, number = rows[f"{name}__count"], rows[f"{name}__of"]
    known = number > 0
    if feature.aggregate == "low_courses":
        low = known & (total < PASSING_HUNDREDTHS * number)
        return {
            f"{name}__count": ibis.ifelse(low, 1, 0).sum(),
            f"{name}__of": ibis.ifelse(known, 1, 0).sum(),
        }
    mean = total.cast("float64") / number.nullif(0).cast("float64")
    return {f"{name}__least": mean.min()}
