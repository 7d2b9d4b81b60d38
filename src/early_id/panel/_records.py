"""What all event tables share: whose record it is, of which school year, and its named filters as bits."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from early_id.panel._join import left_join
from early_id.panel._plan import Plan
from early_id.panel._spells import between
from early_id.panel._time import Scope

EPOCH = ibis.date(1970, 1, 1)


@dataclass(frozen=True)
class Sources:
    """What the event tables are told apart by.

    Attributes
    ----------
    spells : Ibis table
        Effective spells with the time in which each was visible.
    people : Ibis table
        Numbers of students.
    dates : Ibis table
        Every date of every school, see `school_dates`.
    days : Ibis table
        Every date and its school year in the county, see `year_days`.
    scope : {"county", "school"}
    """

    spells: Any
    people: Any
    dates: Any
    days: Any
    scope: Scope


def in_year(rows: Any, plan: Plan, sources: Sources) -> Any:
    """Give the student a number, and the school in its own scope, and say to which school year a record's day belongs.

    Who is on no roll has no number; a course's mean counts everybody's marks, whenever the enrollment became known.
    """
    rows = between(
        rows.filter(rows.day >= plan.moments.before_from, rows.day <= plan.moments.last_date), plan
    )
    if sources.scope == "county":
        days = sources.days
        rows = rows.drop("school_id").join(days, rows.day == days.date).drop("date")
    else:
        dates = sources.dates.select("date", "school_number", "school_year", sent_by="school_id")
        rows = rows.join(dates, [rows.school_id == dates.sent_by, rows.day == dates.date])
        rows = rows.drop("school_id", "sent_by", "date")
    return left_join(rows, sources.people, ["student_id"]).drop("student_id")


def packed(rows: Any, flags: Sequence[str]) -> Any:
    """Keep the named filters as the bits of one whole number: a table of millions of rows is written much faster."""
    bits = [
        ibis.ifelse(rows[name], ibis.literal(1 << place, "int64"), 0).cast("int64")
        for place, name in enumerate(flags)
    ]
    flagged = rows.mutate(
        flags=functools.reduce(operator.add, bits).cast("int16"), school_year=rows.school_year.cast("int32")
    )
    return flagged.drop(*flags)


def unpacked(rows: Any, flags: Sequence[str]) -> Any:
    """Put the named filters beside the number they are the bits of."""
    return rows.mutate(**{name: (rows.flags & (1 << place)) != 0 for place, name in enumerate(flags)})
