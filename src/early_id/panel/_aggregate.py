"""From declarations to one grouped expression per source table, in integers until the last division."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import ibis

from early_id.panel._bits import bit, bit_or
from early_id.panel._cohort import row_number
from early_id.panel._feature import Feature, Window
from early_id.panel._plan import Plan
from early_id.panel._time import NEVER, Scope, visible

Stretch = Literal["", "before", "previous"]
#: Aggregates that are taken of each course first.
OVER_COURSES = ("least_course", "low_courses", "above_course")
_OF_SLOT = ("as_of", "date_number", "school_number", "school_year", "last_day")


@dataclass(frozen=True)
class Part:
    """One integer that features are made of: what is taken of which rows, over which days.

    Attributes
    ----------
    take : {"count", "sum", "last", "newest", "mask"}
        Rows; their `column`; the last day; the last day with its value; a bit for every school day back.
    where : str
        Named filter.
    window : int or str
        See `Feature`.
    stretch : {"", "before", "previous"}
        The window itself, the year before it, or the window of equal length before it.
    column : str
    """

    take: Literal["count", "sum", "last", "newest", "mask"]
    where: str
    window: Window
    stretch: Stretch = ""
    column: str = ""

    @property
    def name(self) -> str:
        """Name of its column."""
        return "__".join(
            str(part) for part in (self.take, self.where, self.window, self.stretch, self.column)
        )


def parts_of(feature: Feature) -> dict[str, Part]:
    """Name the integers of a feature: `top` and `bottom` of a ratio, `day`, and the same of the stretch before."""
    where, window, column = feature.where, feature.window, feature.column
    if feature.aggregate == "since":
        return {"day": Part("last", where, window)}
    if feature.aggregate == "latest":
        return {"top": Part("newest", where, window), "day": Part("last", where, window)}
    if feature.aggregate in {"streak", "longest"}:
        return {"top": Part("mask", where, window)}
    if feature.aggregate == "total":
        return {"top": Part("sum", where, window, "", column)}
    stretches: tuple[tuple[str, Stretch], ...] = (("", ""),)
    if feature.against:
        stretches = (("", ""), ("_before", feature.against))
    found: dict[str, Part] = {}
    for suffix, stretch in stretches:
        if feature.aggregate == "count":
            found[f"top{suffix}"] = Part("count", where, window, stretch)
            if feature.over and feature.over != "enrolled_days":
                found[f"bottom{suffix}"] = Part("count", feature.over, window, stretch)
        elif feature.aggregate == "mean":
            found[f"top{suffix}"] = Part("sum", where, window, stretch, column)
            found[f"bottom{suffix}"] = Part("count", where, window, stretch)
    return found


def seen(plan: Plan, events: Any, members: Any, slots: Any, features: Iterable[Feature], scope: Scope) -> Any:
    """Join each cohort row to the events of its school year so far that it can see.

    Parameters
    ----------
    slots : Ibis table
        The rows of those who stand for others: their dates and windows hold for everybody with the same enrollments.

    Returns
    -------
    Ibis table
        The events' columns, `row`, and the slot's with the prefix `row_`.
    """
    features = list(features)
    windows = {f"start_{window}" for feature in features for window in _starts(feature)}
    names = (*_OF_SLOT, *sorted(windows), "last_sent", "end_first_month")
    slots = slots.select(
        row_slot=slots.row, row_like=slots.person, **{f"row_{name}": slots[name] for name in names}
    )
    events = plan.of_part(events).join(members, "person")
    conditions = [
        events.like == slots.row_like,
        events.school_year == slots.row_school_year,
        events.day <= slots.row_last_day,
        visible(events, slots.row_as_of),
    ]
    if scope == "school":
        conditions.append(events.school_number == slots.row_school_number)
    rows = events.join(slots, conditions)
    return rows.mutate(row=row_number(rows.person, rows.row_date_number, rows.row_school_number))


def _starts(feature: Feature) -> tuple[int | str, ...]:
    """Windows whose first day a feature needs."""
    if isinstance(feature.window, int):
        return (feature.window, 2 * feature.window) if feature.against == "previous" else (feature.window,)
    return ("term",) if feature.window == "term" else ()


def aggregate(rows: Any, features: Iterable[Feature]) -> Any:
    """Compute every integer aggregate of one table's features in one pass; one row per cohort row, and its slot."""
    return rows.group_by("row").agg(slot=rows.row_slot.min(), **_integers(rows, features))


def _integers(rows: Any, features: Iterable[Feature]) -> dict[str, Any]:
    """Write down the aggregates the features are made of, each once, by the name of its column."""
    parts = {part.name: part for feature in features for part in parts_of(feature).values()}
    return {name: _taken(rows, part) for name, part in parts.items()}


def _inside(rows: Any, part: Part) -> Any:
    """Condition: an event of the school year, so far or before, lies in the days that count."""
    if part.window == "first_month":
        return rows.day <= rows.row_end_first_month
    if part.window in {"year", "prior_year"}:
        return ibis.literal(True)
    start = rows[f"row_start_{part.window}"]
    if part.stretch == "":
        return rows.day >= start
    if part.stretch == "previous":
        return (rows.day < start) & (rows.day >= rows[f"row_start_{2 * int(part.window)}"])
    return rows.day < start


def _taken(rows: Any, part: Part) -> Any:
    chosen = rows[part.where] & _inside(rows, part)
    if part.take == "count":
        return rows.count(where=chosen)
    if part.take == "last":
        return rows.day.max(where=chosen)
    if part.take == "newest":
        return rows.newest.max(where=chosen)
    if part.take == "mask":
        # A bit for each school day back from the last submitted one, at the row's own school; each day comes once.
        here = chosen & (rows.school_number == rows.row_school_number)
        back = ibis.ifelse(here, rows.row_last_sent - rows.day_index, 0)
        return bit_or(ibis.ifelse(here, bit(back), ibis.literal(0, "int64")))
    return rows[part.column].sum(where=chosen).cast("int32")


def aggregate_before(plan: Plan, table: str, events: Any, features: Iterable[Feature], scope: Scope) -> Any:
    """Compute the aggregates of the school year before, which hardly change any more: one row per student and change.

    Columns: person (in the scope of a school also school_number), school_year (the year after), from_on and until
    (the dates between which the figures hold, the second not included), and the aggregates.
    """
    # Who had none of these events keeps a row of zeros, which says the same as no row.
    events = events.filter(events.school_year < plan.moments.last_year)
    events = events.mutate(school_year=events.school_year + 1)
    who = ["person", "school_year"] + (["school_number"] if scope == "school" else [])
    sums = _integers(events, features)
    alike = events.group_by(*who, "known_at", gone_on=events.retracted_at.fill_null(NEVER)).agg(**sums)
    return as_they_stood(plan, table, alike, who, sums)


def as_they_stood(plan: Plan, table: str, alike: Any, who: list[str], sums: Iterable[str]) -> Any:
    """Add up figures that appear on `known_at` and go on `gone_on`, between any two changes: from_on and until."""
    # For everybody at once: after that the events of the year before, which are many, are no longer needed.
    alike = plan.of_part(plan.keep(f"{table}_alike", alike))
    known = alike.select(*who, from_on=alike.known_at)
    gone = alike.filter(alike.gone_on < NEVER).select(*who, from_on=alike.gone_on)
    changes = known.union(gone, distinct=True)
    until = changes.from_on.lead().over(ibis.window(group_by=who, order_by="from_on"))
    changes = changes.mutate(until=until.fill_null(NEVER))
    # Left joins on nothing but comparisons: engines hash those, and try every pair otherwise.
    standing = changes.left_join(
        alike, [*who, alike.known_at <= changes.from_on, alike.gone_on > changes.from_on]
    ).drop(*(f"{name}_right" for name in who))
    return standing.group_by(*who, "from_on", "until").agg(
        **{name: standing[name].sum().fill_null(0).cast("int32") for name in sums}
    )
