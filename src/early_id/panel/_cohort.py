"""Who is looked at on an as-of date, and how many submitted school days are known of each."""

from __future__ import annotations

from typing import Any, Literal

import ibis

from early_id.district import Signals
from early_id.panel._join import left_join
from early_id.panel._time import visible

Scope = Literal["county", "school"]
KEYS = ("student_id", "school_id", "as_of")


def counted(signals: Signals, scope: Scope) -> Any:
    """Return the enrollments that make a student somebody's: the primary ones across a county, all in one school."""
    spells = signals.table("enrollments")
    return spells.filter(spells.primary) if scope == "county" else spells


def cohort(signals: Signals, weeks: Any, scope: Scope) -> Any:
    """List the students enrolled on the last school day, by enrollments visible on the as-of date.

    In the scope of a county only primary enrollments count and a student has one row per date: while a transfer is
    half known (the new school's entry has arrived, the old school's leaving not yet) the later entry counts. In the
    scope of a school a student belongs to every school of an enrollment.
    """
    spells = counted(signals, scope)
    rows = spells.join(
        weeks,
        [
            spells.school_id == weeks.school_id,
            spells.school_year == weeks.school_year,
            spells.entered_on <= weeks.last_day,
            spells.left_on.isnull() | (spells.left_on >= weeks.last_day),
            visible(spells, weeks.as_of),
        ],
    )
    person = ["as_of", "student_id"] if scope == "county" else list(KEYS)
    latest = ibis.window(group_by=person, order_by=[ibis.desc("entered_on"), ibis.asc("school_id")])
    rows = rows.mutate(place=ibis.row_number().over(latest)).filter(ibis._.place == 0)
    columns = [name for name in weeks.columns if name not in {"as_of", "school_id"}]
    return rows.select(*KEYS, *columns, "entered_on", "grade_level")


def spells_of(signals: Signals, students: Any, scope: Scope) -> Any:
    """Return the enrollment spells, of this school year and the one before, visible on each row's date.

    One row per cohort row and spell, with the spell's columns prefixed by `spell_`.
    """
    spells = counted(signals, scope)
    prefixed = {
        f"spell_{name}": spells[name] for name in ("school_id", "school_year", "entered_on", "left_on")
    }
    spells = spells.select("student_id", "known_at", "retracted_at", **prefixed)
    conditions = [
        students.student_id == spells.student_id,
        (spells.spell_school_year == students.school_year)
        | (spells.spell_school_year == students.school_year - 1),
        spells.spell_entered_on <= students.last_day,
        visible(spells, students.as_of),
    ]
    if scope == "school":
        conditions.append(spells.spell_school_id == students.school_id)
    return students.join(spells, conditions).drop("student_id_right", "known_at", "retracted_at")


def _submitted(dates: Any, weeks: Any) -> Any:
    """Count the submitted school days up to and before every date, as known on each as-of date."""
    years = weeks.select("as_of", "school_year").distinct()
    years = years.union(years.mutate(school_year=years.school_year - 1), distinct=True)
    rows = dates.join(years, [dates.school_year == years.school_year, dates.date <= years.as_of])
    rows = rows.mutate(submitted=ibis.ifelse(rows.fed_on <= rows.as_of, 1, 0).fill_null(0))
    upto = ibis.window(
        group_by=["as_of", "school_id", "school_year"], order_by="date", preceding=None, following=0
    )
    rows = rows.mutate(upto=rows.submitted.sum().over(upto))
    return rows.select("as_of", "school_id", "school_year", "date", "upto", before=rows.upto - rows.submitted)


def enrolled_days(spells: Any, dates: Any, weeks: Any, windows: tuple[int, ...]) -> Any:
    """Count, per cohort row, the submitted school days on which the student was enrolled, in each window.

    Columns: the keys, `enrolled_<w>` for each window, `enrolled_year`, `enrolled_prior_year`, `schools` (this year),
    `prior_spells`. The number of submitted days only grows with the date, so a count between two days is a
    difference of two look-ups.
    """
    counts = _submitted(dates, weeks)
    last = dates.group_by("school_id", "school_year").agg(year_last=dates.date.max())
    last = last.rename(spell_school_id="school_id", spell_school_year="school_year")
    rows = left_join(spells, last, ["spell_school_id", "spell_school_year"])
    end = ibis.least(rows.spell_left_on.fill_null(rows.year_last), rows.last_day, rows.year_last)
    starts = {f"enrolled_{w}": ibis.greatest(rows[f"start_{w}"], rows.spell_entered_on) for w in windows}
    rows = rows.mutate(end=end, year_from=ibis.greatest(rows.year_first, rows.spell_entered_on), **starts)
    rows = _look_up(rows, counts, "end", "upto")
    rows = _look_up(rows, counts, "spell_entered_on", "before")
    for name in starts:
        rows = _look_up(rows, counts, name, "before")
    return _sum_spells(rows, tuple(starts))


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


def _sum_spells(rows: Any, names: tuple[str, ...]) -> Any:
    """Add up the spells of each cohort row."""
    this_year = rows.spell_school_year == rows.school_year
    upto = rows.n_end.fill_null(0)
    whole = upto - rows.n_spell_entered_on.fill_null(0)

    def total(condition: Any, days: Any) -> Any:
        return ibis.ifelse(condition, days, 0).sum()

    windows = {
        name: total(this_year & (rows[name] <= rows.end), upto - rows[f"n_{name}"].fill_null(0))
        for name in names
    }
    return rows.group_by(*KEYS).agg(
        **windows,
        enrolled_year=total(this_year, whole),
        enrolled_prior_year=total(~this_year, whole),
        schools=rows.spell_school_id.nunique(where=this_year),
        prior_spells=ibis.ifelse(~this_year, 1, 0).sum(),
    )
