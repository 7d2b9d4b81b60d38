"""Who is looked at on an as-of date, and how many submitted school days are known of each."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._spells import Scope
from early_id.panel._time import visible

KEYS = ("student_id", "school_id", "as_of")


def cohort(spells: Any, weeks: Any, scope: Scope) -> Any:
    """List the students enrolled on the last school day, by enrollments visible on the as-of date.

    In the scope of a county a student has one row per date; where two school years meet, the later entry counts. In
    the scope of a school a student belongs to every school of an enrollment.
    """
    rows = spells.join(
        weeks,
        [
            spells.school_id == weeks.school_id,
            spells.school_year == weeks.school_year,
            spells.entered_on <= weeks.last_day,
            spells.end_on >= weeks.last_day,
            visible(spells, weeks.as_of),
        ],
    )
    person = ["as_of", "student_id"] if scope == "county" else list(KEYS)
    latest = ibis.window(group_by=person, order_by=[ibis.desc("entered_on"), ibis.asc("school_id")])
    rows = rows.mutate(place=ibis.row_number().over(latest)).filter(ibis._.place == 0)
    columns = [name for name in weeks.columns if name not in {"as_of", "school_id"}]
    return rows.select(*KEYS, *columns, "entered_on", "grade_level")


def spells_of(spells: Any, students: Any, scope: Scope) -> Any:
    """Return the enrollment spells, of this school year and the one before, visible on each row's date.

    One row per cohort row and spell, with the spell's columns prefixed by `spell_`.
    """
    prefixed = {
        f"spell_{name}": spells[name] for name in ("school_id", "school_year", "entered_on", "end_on")
    }
    rows = spells.select("student_id", "known_at", "retracted_at", **prefixed)
    conditions = [
        students.student_id == rows.student_id,
        (rows.spell_school_year == students.school_year)
        | (rows.spell_school_year == students.school_year - 1),
        rows.spell_entered_on <= students.last_day,
        visible(rows, students.as_of),
    ]
    if scope == "school":
        conditions.append(students.school_id == rows.spell_school_id)
    return students.join(rows, conditions).drop("student_id_right", "known_at", "retracted_at")


def submitted_days(dates: Any, weeks: Any) -> Any:
    """Count the submitted school days up to and before every date, as known on each as-of date.

    Columns: as_of, school_id, school_year, date, upto, before. The number only grows with the date, so a count
    between two days is a difference of two look-ups.
    """
    years = weeks.select("as_of", "school_year").distinct()
    years = years.union(years.mutate(school_year=years.school_year - 1), distinct=True)
    rows = dates.join(years, [dates.school_year == years.school_year, dates.date <= years.as_of])
    rows = rows.mutate(submitted=ibis.ifelse(rows.fed_on <= rows.as_of, 1, 0).fill_null(0))
    upto = ibis.window(
        group_by=["as_of", "school_id", "school_year"], order_by="date", preceding=None, following=0
    )
    rows = rows.mutate(upto=rows.submitted.sum().over(upto))
    return rows.select("as_of", "school_id", "school_year", "date", "upto", before=rows.upto - rows.submitted)


def with_ends(spells: Any, counts: Any) -> Any:
    """Add to every spell its last day up to the as-of date, and the submitted days of its school until then."""
    rows = spells.mutate(end=ibis.least(spells.spell_end_on, spells.last_day))
    # A spell that begins after its end, such as one entered after the year's last school day, has no day.
    return _look_up(rows.filter(rows.spell_entered_on <= rows.end), counts, "end", "upto")


def enrolled_days(spells: Any, counts: Any, windows: tuple[int, ...]) -> Any:
    """Count, per cohort row, the submitted school days on which the student was enrolled, in each window.

    Columns: the keys, `enrolled_<w>` for each window, `enrolled_year`, `enrolled_prior_year`, `schools` (this year),
    `prior_incidents_sent` (whether a school of the year before had sent incidents by then).
    """
    starts = {f"enrolled_{w}": ibis.greatest(spells[f"start_{w}"], spells.spell_entered_on) for w in windows}
    rows = _look_up(spells.mutate(**starts), counts, "spell_entered_on", "before")
    for name in starts:
        rows = _look_up(rows, counts, name, "before")
    this_year = rows.spell_school_year == rows.school_year
    upto = rows.n_end.fill_null(0)
    whole = upto - rows.n_spell_entered_on.fill_null(0)

    def total(condition: Any, days: Any) -> Any:
        return ibis.ifelse(condition, days, 0).sum()

    return rows.group_by(*KEYS).agg(
        **{
            name: total(this_year & (rows[name] <= rows.end), upto - rows[f"n_{name}"].fill_null(0))
            for name in starts
        },
        enrolled_year=total(this_year, whole),
        enrolled_prior_year=total(~this_year, whole),
        schools=rows.spell_school_id.nunique(where=this_year),
        prior_incidents_sent=ibis.ifelse(
            ~this_year & rows.spell_incidents_before.fill_null(False), 1, 0
        ).sum(),
    )


def days_since(spells: Any, counts: Any, last: Any) -> Any:
    """Count, per cohort row, the submitted school days while enrolled this year after a day of its own.

    `last` has the keys and `since_day`, which is null where there is no such day: then the whole year counts.
    """
    rows = left_join(spells.filter(spells.spell_school_year == spells.school_year), last, KEYS)
    after = (rows.since_day + ibis.interval(days=1)).cast("date")
    rows = rows.mutate(since_from=ibis.greatest(after, rows.spell_entered_on))
    rows = _look_up(rows, counts, "since_from", "before")
    days = rows.n_end.fill_null(0) - rows.n_since_from.fill_null(0)
    return rows.group_by(*KEYS).agg(days=ibis.ifelse(rows.since_from <= rows.end, days, 0).sum())


def _look_up(rows: Any, counts: Any, date: str, side: str) -> Any:
    """Put the count of submitted days at a date of the spell's school beside each row, as `n_<date>`."""
    wanted = counts.select(
        "as_of",
        spell_school_id=counts.school_id,
        spell_school_year=counts.school_year,
        **{date: counts.date, f"n_{date}": counts[side]},
    )
    keys = ["as_of", "spell_school_id", "spell_school_year", date]
    return left_join(rows, wanted, keys)
