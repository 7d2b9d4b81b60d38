"""Who is looked at on an as-of date, and how many submitted school days are known of each."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._submitted import _SHAPE
from early_id.panel._time import Scope, visible

KEYS = ("student_id", "school_id", "as_of")
#: Room for dates and schools in the number of a row.
_DATES, _SCHOOLS = 1 << 12, 1 << 16


def row_number(person: Any, date_number: Any, school_number: Any) -> Any:
    """Return the number of the row of a person, a date and a school."""
    return (person.cast("int64") * _DATES + date_number) * _SCHOOLS + school_number


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
    rows = rows.mutate(row=row_number(rows.person, rows.date_number, rows.school_number))
    person = ["date_number", "person"] if scope == "county" else ["row"]
    latest = ibis.window(group_by=person, order_by=[ibis.desc("entered_on"), ibis.asc("school_number")])
    rows = rows.mutate(place=ibis.row_number().over(latest)).filter(ibis._.place == 0)
    columns = [name for name in weeks.columns if name != "school_number"]
    return rows.select("row", "person", "school_number", *columns, "entered_on", "grade_level")


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


def enrolled_days(own: Any, now: Any, before: Any, sent: Any) -> Any:
    """Count, per cohort row, the submitted school days on which the student was enrolled, in each window.

    Columns: row, `enrolled_<w>` for each window, `enrolled_year`, `enrolled_prior_year`, `schools` and `counted_from`
    (this year: how many schools, and the first day), `prior_schools`, `prior_incidents_sent` (whether a school of the
    year before had sent incidents by then).
    """
    windows = [name for name in now.columns if name.startswith("n_")]
    this = own.filter(own.spell_school_year == own.school_year)
    rows = left_join(this, now, ["date_number", "school_number", "school_year", *_SHAPE])
    this = rows.group_by("row").agg(
        **{f"enrolled_{name.removeprefix('n_')}": rows[name].sum().cast("int32") for name in windows},
        enrolled_year=rows.whole.sum().cast("int32"),
        counted_from=rows.spell_begin_on.min(),
        schools=rows.spell_school_number.nunique(),
    )
    last = own.filter(own.spell_school_year < own.school_year)
    rows = left_join(last, before, ["date_number", "school_year", *_SHAPE])
    told = sent.select(
        "date_number", "school_year", "incidents_before", spell_school_number=sent.school_number
    )
    rows = left_join(rows, told, ["date_number", "spell_school_number", "school_year"])
    last = rows.group_by("row").agg(
        enrolled_prior_year=rows.whole.sum().cast("int32"),
        prior_schools=rows.spell_school_number.nunique(),
        prior_incidents_sent=ibis.ifelse(rows.incidents_before.fill_null(False), 1, 0).max(),
    )
    both = left_join(this, last, ["row"])
    return both.mutate(
        enrolled_prior_year=both.enrolled_prior_year.fill_null(0),
        prior_incidents_sent=both.prior_incidents_sent.fill_null(0),
    )
