"""Who is looked at on an as-of date, and how many submitted school days are known of each."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._spells import Scope
from early_id.panel._time import visible

KEYS = ("student_id", "school_id", "as_of")
#: Room for dates and schools in the number of a row.
_DATES, _SCHOOLS = 1 << 12, 1 << 16


def cohort(spells: Any, weeks: Any, scope: Scope) -> Any:
    """List the students enrolled on the last school day, by enrollments visible on the as-of date.

    In the scope of a county a student has one row per date; where two school years meet, the later entry counts. In
    the scope of a school a student belongs to every school of an enrollment. `row` numbers the rows.
    """
    rows = spells.join(
        weeks,
        [
            spells.school_number == weeks.school_number,
            spells.school_year == weeks.school_year,
            spells.entered_on <= weeks.last_day,
            spells.end_on >= weeks.last_day,
            visible(spells, weeks.as_of),
        ],
    )
    row = (rows.person * _DATES + rows.date_number) * _SCHOOLS + rows.school_number
    rows = rows.mutate(row=row)
    person = ["date_number", "person"] if scope == "county" else ["row"]
    latest = ibis.window(group_by=person, order_by=[ibis.desc("entered_on"), ibis.asc("school_number")])
    rows = rows.mutate(place=ibis.row_number().over(latest)).filter(ibis._.place == 0)
    columns = [name for name in weeks.columns if name not in {"as_of", "school_id", "school_number"}]
    return rows.select("row", "person", "school_number", *KEYS, *columns, "entered_on", "grade_level")


def spells_of(spells: Any, students: Any, scope: Scope) -> Any:
    """Return the enrollment spells, of this school year and the one before, visible on each row's date.

    One row per cohort row and spell, with the spell's columns prefixed by `spell_`; `end` is the spell's last day up
    to the date. A spell that begins after its end, such as one entered after the year's last school day, has no day.
    """
    names = ("school_number", "school_year", "entered_on", "begin_on", "end_on")
    rows = spells.select(
        "person", "known_at", "retracted_at", **{f"spell_{name}": spells[name] for name in names}
    )
    conditions = [
        students.person == rows.person,
        (rows.spell_school_year == students.school_year)
        | (rows.spell_school_year == students.school_year - 1),
        rows.spell_entered_on <= students.last_day,
        rows.spell_entered_on <= rows.spell_end_on,
        visible(rows, students.as_of),
    ]
    if scope == "school":
        conditions.append(students.school_number == rows.spell_school_number)
    kept = ["row", "date_number", "school_number", "school_year", "last_day"]
    own = students.select("person", "as_of", *kept).join(rows, conditions)
    end = ibis.least(own.spell_end_on, own.last_day)
    return own.select(*kept, *(f"spell_{name}" for name in names if name != "end_on"), end=end)


def submitted_days(dates: Any, weeks: Any) -> Any:
    """Count the submitted school days up to and before every date, as known on each as-of date.

    Columns: date_number, school_number, school_year, date, upto, before. The number only grows with the date, so a
    count between two days is a difference of two look-ups.
    """
    years = weeks.select("as_of", "date_number", "school_year").distinct()
    years = years.union(years.mutate(school_year=years.school_year - 1), distinct=True)
    rows = dates.join(years, [dates.school_year == years.school_year, dates.date <= years.as_of])
    rows = rows.mutate(submitted=ibis.ifelse(rows.fed_on <= rows.as_of, 1, 0).fill_null(0))
    upto = ibis.window(
        group_by=["date_number", "school_number", "school_year"], order_by="date", preceding=None, following=0
    )
    rows = rows.mutate(upto=rows.submitted.sum().over(upto))
    kept = ("date_number", "school_number", "school_year", "date", "upto")
    return rows.select(*kept, before=rows.upto - rows.submitted)


def shapes(own: Any, weeks: Any, counts: Any, windows: tuple[int, ...]) -> Any:
    """Count the submitted days of every shape a spell has: most students of a school entered on one day.

    Columns: date_number, school_number, spell_school_number, spell_school_year, spell_entered_on, end, and per shape
    `n_end` and `whole` (days up to its end, and from its begin), `n_<w>` in each window of the row's school.
    """
    keys = ["date_number", "school_number", *_SHAPE]
    rows = own.select(*keys).distinct()
    bounds = ["date_number", "school_number", "year_first", *(f"start_{w}" for w in windows)]
    rows = rows.join(weeks.select(*bounds), ["date_number", "school_number"])
    rows = _look_up(rows, counts, "end", "upto")
    rows = _look_up(rows, counts, "spell_entered_on", "before")
    upto = rows.n_end.fill_null(0)
    found = {"whole": upto - rows.n_spell_entered_on.fill_null(0)}
    for w in windows:
        rows = rows.mutate(**{f"from_{w}": ibis.greatest(rows[f"start_{w}"], rows.spell_entered_on)})
        rows = _look_up(rows, counts, f"from_{w}", "before")
        inside = rows[f"from_{w}"] <= rows.end
        found[f"n_{w}"] = ibis.ifelse(inside, upto - rows[f"n_from_{w}"].fill_null(0), 0)
    return rows.select(*keys, n_end=upto, **found)


_SHAPE = ("spell_school_number", "spell_school_year", "spell_entered_on", "end")


def enrolled_days(own: Any, counted: Any, sent: Any, windows: tuple[int, ...]) -> Any:
    """Count, per cohort row, the submitted school days on which the student was enrolled, in each window.

    Columns: row, `enrolled_<w>` for each window, `enrolled_year`, `enrolled_prior_year`, `schools` and `counted_from`
    (this year: how many schools, and the first day), `prior_incidents_sent` (whether a school of the year before had
    sent incidents by then).
    """
    rows = left_join(own, counted, ["date_number", "school_number", *_SHAPE])
    before = sent.select(
        "date_number", "school_year", "incidents_before", spell_school_number=sent.school_number
    )
    rows = left_join(rows, before, ["date_number", "spell_school_number", "school_year"])
    this_year = rows.spell_school_year == rows.school_year

    def total(condition: Any, days: Any) -> Any:
        return ibis.ifelse(condition, days, 0).sum()

    summed = rows.group_by("row").agg(
        **{f"enrolled_{w}": total(this_year, rows[f"n_{w}"]) for w in windows},
        enrolled_year=total(this_year, rows.whole),
        enrolled_prior_year=total(~this_year, rows.whole),
        counted_from=rows.spell_begin_on.min(where=this_year),
        prior_incidents_sent=total(~this_year & rows.incidents_before.fill_null(False), 1),
    )
    # Few students change schools: only theirs are counted one by one.
    others = own.filter(
        own.spell_school_year == own.school_year, own.spell_school_number != own.school_number
    )
    others = others.group_by("row").agg(others=others.spell_school_number.nunique())
    summed = left_join(summed, others, ["row"])
    return summed.mutate(schools=summed.others.fill_null(0) + 1).drop("others")


def days_since(own: Any, counts: Any, last: Any) -> Any:
    """Count, per cohort row, the submitted school days while enrolled this year after a day of its own.

    `last` has `row` and `since_day`, which is null where there is no such day: then the whole year counts.
    """
    rows = left_join(own.filter(own.spell_school_year == own.school_year), last, ["row"])
    after = (rows.since_day + ibis.interval(days=1)).cast("date")
    rows = rows.mutate(since_from=ibis.greatest(after, rows.spell_entered_on))
    rows = _look_up(_look_up(rows, counts, "since_from", "before"), counts, "end", "upto")
    days = rows.n_end.fill_null(0) - rows.n_since_from.fill_null(0)
    return rows.group_by("row").agg(days=ibis.ifelse(rows.since_from <= rows.end, days, 0).sum())


def _look_up(rows: Any, counts: Any, date: str, side: str) -> Any:
    """Put the count of submitted days at a date of the spell's school beside each row, as `n_<date>`."""
    wanted = counts.select(
        "date_number",
        spell_school_number=counts.school_number,
        spell_school_year=counts.school_year,
        **{date: counts.date, f"n_{date}": counts[side]},
    )
    return left_join(rows, wanted, ["date_number", "spell_school_number", "spell_school_year", date])
