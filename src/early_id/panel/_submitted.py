"""Submitted school days: how many are known of each stretch of each school's calendar on each as-of date."""

from __future__ import annotations

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
    rows = _look_up(rows, counts, "end", "upto")
    rows = _look_up(rows, counts, "spell_entered_on", "before")
    upto, before = rows.n_end.fill_null(0), rows.n_spell_entered_on.fill_null(0)
    found = {"whole": upto - before}
    for name, start in starts.items():
        rows = rows.mutate(**{f"from_{name}": ibis.greatest(rows[start], rows.spell_entered_on)})
        rows = _look_up(rows, counts, f"from_{name}", "before")
        inside = rows[f"from_{name}"] <= rows.end
        found[f"n_{name}"] = ibis.ifelse(inside, upto - rows[f"n_from_{name}"].fill_null(0), 0)
    rows = rows.mutate(to_first_month=ibis.least(rows.end, rows.end_first_month))
    rows = _look_up(rows, counts, "to_first_month", "upto")
    early = rows.n_to_first_month.fill_null(0) - before
    found["n_first_month"] = ibis.ifelse(rows.spell_entered_on <= rows.to_first_month, early, 0)
    return rows.select(*keys, **found)


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


def days_since(own: Any, counts: Any, last: Any) -> Any:
    """Count the submitted school days while enrolled this year after a day.

    `last` has `slot` (a row of those who stand for others) and `since_day`; both come back with `days`.
    """
    wanted = last.filter(last.since_day.notnull()).distinct()
    spells = own.filter(own.spell_school_year == own.school_year)
    rows = wanted.join(spells, wanted.slot == spells.row)
    after = days_after(rows.since_day, 1)
    rows = rows.mutate(since_from=ibis.greatest(after, rows.spell_entered_on))
    rows = _look_up(_look_up(rows, counts, "since_from", "before"), counts, "end", "upto")
    days = rows.n_end.fill_null(0) - rows.n_since_from.fill_null(0)
    return rows.group_by("slot", "since_day").agg(
        days=ibis.ifelse(rows.since_from <= rows.end, days, 0).sum().cast("int32")
    )


def _look_up(rows: Any, counts: Any, date: str, side: str) -> Any:
    """Put the count of submitted days at a date of the spell's school beside each row, as `n_<date>`."""
    wanted = counts.select(
        "date_number",
        "school_year",
        spell_school_number=counts.school_number,
        **{date: counts.date, f"n_{date}": counts[side]},
    )
    return left_join(rows, wanted, ["date_number", "spell_school_number", "school_year", date])
