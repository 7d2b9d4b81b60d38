"""Submitted school days: how many are known of each stretch of each school's calendar on each as-of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._plan import Plan
from early_id.panel._time import days_after

_SHAPE = ("spell_school_number", "spell_entered_on", "end")


def submitted_days(dates: Any, weeks: Any) -> Any:
    """Count the submitted school days up to and before every date of the running year, as known on each as-of date.

    Columns: date_number, school_number, school_year, date, day_index, upto, before. The number only grows with the
    date, so a count between two days is a difference of two look-ups.
    """
    years = weeks.select("as_of", "date_number", "school_year").distinct()
    rows = dates.join(years, [dates.school_year == years.school_year, dates.date <= years.as_of])
    rows = rows.mutate(submitted=ibis.ifelse(rows.fed_on <= rows.as_of, 1, 0).fill_null(0))
    group = ["date_number", "school_number", "school_year"]
    upto = ibis.window(group_by=group, order_by="date", preceding=None, following=0)
    rows = rows.mutate(upto=rows.submitted.sum().over(upto).cast("int32"))
    return rows.select(*group, "date", "day_index", "upto", before=rows.upto - rows.submitted)


def submitted_of_year(counts: Any) -> Any:
    """Say how many days a school has submitted this year, and which was the last: school_days_sent, last_sent."""
    sent = counts.upto > counts.before
    group = ["date_number", "school_number", "school_year"]
    return counts.group_by(group).agg(
        school_days_sent=counts.upto.max(), last_sent=counts.day_index.max(where=sent)
    )


def days_this_year(own: Any, weeks: Any, counts: Any, windows: tuple[int, ...]) -> Any:
    """Count the submitted days of every shape a spell of this school year has: most students entered on one day.

    Columns: date_number, school_number, spell_school_number, spell_entered_on, end, and per shape `whole` (days from
    its begin to its end), `n_<w>` in each window of the row's school, `n_term`, `n_first_month`.
    """
    keys = ["date_number", "school_number", "school_year", *_SHAPE]
    rows = own.filter(own.spell_school_year == own.school_year).select(keys).distinct()
    starts = {str(w): f"start_{w}" for w in windows} | {"term": "start_term"}
    bounds = weeks.select("date_number", "school_number", "end_first_month", *starts.values())
    rows = rows.join(bounds, ["date_number", "school_number"])
    stretches = {"whole": (rows.spell_entered_on, rows.end)}
    for name, start in starts.items():
        stretches[f"n_{name}"] = (ibis.greatest(rows[start], rows.spell_entered_on), rows.end)
    stretches["n_first_month"] = (rows.spell_entered_on, ibis.least(rows.end, rows.end_first_month))
    return _submitted_between(rows, keys, stretches, counts)


def days_last_year(plan: Plan, own: Any, dates: Any) -> Any:
    """Count the submitted days of every shape a spell of the year before has.

    Almost all of those days were known before the first date: they are counted once, and what arrived since is added.

    Columns: date_number, school_year, spell_school_number, spell_entered_on, end, whole.
    """
    first = plan.moments.first_date
    late = dates.filter(dates.fed_on > first).select("school_number", "date", "fed_on")
    rows = dates.mutate(early=ibis.ifelse((dates.fed_on <= first).fill_null(False), 1, 0))
    year = ibis.window(
        group_by=["school_number", "school_year"], order_by="date", preceding=None, following=0
    )
    rows = rows.mutate(upto=rows.early.sum().over(year).cast("int32"))
    school = {"spell_school_number": rows.school_number, "spell_school_year": rows.school_year}
    ends = rows.select(**school, end=rows.date, n_end=rows.upto)
    begins = rows.select(**school, spell_entered_on=rows.date, n_begin=rows.upto - rows.early)
    keys = ["date_number", "school_year", "spell_school_year", *_SHAPE]
    days = plan.as_of_dates.select("date_number", "as_of")
    shapes = own.filter(own.spell_school_year < own.school_year).select(keys).distinct()
    shapes = left_join(shapes, ends, ["spell_school_number", "spell_school_year", "end"])
    shapes = left_join(shapes, begins, ["spell_school_number", "spell_school_year", "spell_entered_on"])
    shapes = shapes.join(days, "date_number")
    added = shapes.join(
        late,
        [
            shapes.spell_school_number == late.school_number,
            late.date >= shapes.spell_entered_on,
            late.date <= shapes.end,
            late.fed_on <= shapes.as_of,
        ],
    )
    added = added.group_by(keys).agg(added=added.count())
    shapes = left_join(shapes, added, keys)
    whole = shapes.n_end.fill_null(0) - shapes.n_begin.fill_null(0) + shapes.added.fill_null(0)
    return shapes.select(*keys, whole=whole).drop("spell_school_year")


def spells_now(own: Any) -> Any:
    """Keep the spells of the running year, with what is asked of them later."""
    this = own.filter(own.spell_school_year == own.school_year)
    return this.select("row", "date_number", "school_year", *_SHAPE)


def days_since(own: Any, counts: Any, last: Any) -> Any:
    """Count the submitted school days while enrolled this year after a day.

    `last` has `slot` (a row of those who stand for others) and `since_day`; both come back with `days`.
    """
    wanted = last.filter(last.since_day.notnull()).distinct()
    rows = wanted.join(own, wanted.slot == own.row)
    begin = ibis.greatest(days_after(rows.since_day, 1), rows.spell_entered_on)
    return _submitted_between(rows, ["slot", "since_day"], {"days": (begin, rows.end)}, counts)


def _submitted_between(
    rows: Any, keys: Sequence[str], stretches: Mapping[str, tuple[Any, Any]], counts: Any
) -> Any:
    """Count the submitted days of the spell's school from one day to another; several rows of a key are added up.

    All days are looked up in one join: a join for each of them would hold as many copies of the counts.
    """
    place = ("date_number", "spell_school_number", "school_year")
    of_rows = [name for name in place if name not in keys]
    ends = []
    for name, (begin, end) in stretches.items():
        some = begin <= end
        for date, sign in ((end, 1), (begin, -1)):
            sign_of = ibis.ifelse(some, sign, 0).cast("int8")
            ends.append(rows.select(*keys, *of_rows, stretch=ibis.literal(name), date=date, sign=sign_of))
    wanted = ibis.union(*ends)
    found = wanted.join(counts.rename(spell_school_number="school_number"), [*place, "date"])
    days = ibis.cases((found.sign == 1, found.upto), (found.sign == -1, -found.before), else_=0)
    sums = {name: days.sum(where=found.stretch == name).fill_null(0).cast("int32") for name in stretches}
    return found.group_by(keys).agg(**sums)
