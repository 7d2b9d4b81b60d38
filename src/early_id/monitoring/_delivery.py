"""Whether what the lists rest on arrived, whole tables and school by school.

Absences are exceptions: on a submitted day no row means present. A file that was cut off or left out therefore looks
like a county in which everybody is well, and only these checks stand between it and a wrong list.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from early_id.district import District
from early_id.exceptions import DataError, examples
from early_id.flags import school_year
from early_id.monitoring._freshness import compute_freshness, submitted_days

# With 30 students and an absence rate as low as 1.5 %, fewer than 1 in 800 schools would truly have no record in
# 15 school days, and 1 in 8,000 in 20; records arrive a few days late, never three weeks in a working feed.
LEAST_STUDENTS = 30
MOST_DAYS_WITHOUT_ANY = 20
MOST_DAYS_SINCE_LAST = 15


def check_tables(district: District, tables: Iterable[str]) -> None:
    """Refuse a district that lacks a table the model was trained with.

    Parameters
    ----------
    district : District
    tables : iterable of str
        Canonical tables that the features of the model are made of.

    Raises
    ------
    DataError
        If one of them has no rows. Absences need the attendance feed, and the feed needs them.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> check_tables(simulate_district(students=120, schools=3, districts=1, years=2, seed=1), ["absences"])
    """
    wanted = dict.fromkeys(tables)
    if {"absences", "attendance_feed"} & set(wanted) or district.signals.has("attendance_feed"):
        wanted |= dict.fromkeys(("absences", "attendance_feed"))
    empty = [name for name in wanted if not district.signals.has(name)]
    if empty:
        msg = (
            f"Expected rows in every table the model uses, got none in {examples(empty)}; deliver it, or "
            "train and sign a model without its features."
        )
        raise DataError(msg)


def withheld_schools(district: District, as_of: pd.Timestamp, *, max_days_behind: int) -> dict[str, str]:
    """Name the schools whose data of this school year are too old or incomplete for a list.

    Where no school has ever submitted attendance only the calendar is needed.

    Parameters
    ----------
    district : District
    as_of : pandas.Timestamp
        Only what was known at the end of this day counts.
    max_days_behind : int
        School days the attendance may be behind.

    Returns
    -------
    dict of school_id to reason

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> withheld_schools(county, pd.Timestamp("2025-01-12"), max_days_behind=10)
    {}
    """
    found = _without_absences(district, as_of)
    fed = district.signals.has("attendance_feed")
    behind = compute_freshness(district, as_of).set_index("school_id")["days_behind"]
    for school, days in behind.astype(object).to_dict().items():
        if pd.isna(days):
            found[str(school)] = "no school calendar received for this school year"
        elif fed and int(days) > max_days_behind:
            found[str(school)] = f"attendance {days} school days behind"
    return dict(sorted(found.items()))


def _without_absences(district: District, as_of: pd.Timestamp) -> dict[str, str]:
    """Find schools that submit attendance but whose absence records stopped or never came."""
    year = school_year(district.frame("calendar"), as_of)
    first = year["day"].min()
    absences = district.frame("absences")
    this_year = (absences["occurred_on"] >= first) & (absences["occurred_on"] <= as_of)
    newest = absences[this_year & (absences["known_at"] <= as_of)].groupby("school_id")["occurred_on"].max()
    spells = district.frame("enrollments")
    enrolled = (
        (spells["known_at"] <= as_of)
        & ~(spells["retracted_at"] <= as_of)
        & (spells["school_year"] == year["school_year"].max())
        & (spells["entered_on"] <= as_of)
        & ~(spells["left_on"] < as_of)
    )
    students = spells[enrolled].groupby("school_id")["student_id"].nunique()
    found = {}
    for school, days in submitted_days(district, as_of).groupby("school_id")["day"]:
        if students.get(school, 0) < LEAST_STUDENTS:
            continue
        last = newest.get(school)
        since = len(days) if last is None else int((days > last).sum())
        if last is None and since >= MOST_DAYS_WITHOUT_ANY:
            found[str(school)] = f"no absence record in {since} submitted school days of this year"
        elif last is not None and since > MOST_DAYS_SINCE_LAST:
            found[str(school)] = (
                f"no absence record after {last.date().isoformat()}, {since} submitted school days ago"
            )
    return found
