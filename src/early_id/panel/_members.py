"""Students with equal enrollments are counted once: what follows from the enrollments alone is the same for all."""

from __future__ import annotations

from typing import Any

import ibis

_OF_SPELL = ("school_number", "entered_on", "begin_on", "end_on", "grade_level", "known_at", "retracted_at")
#: School years that one set of dates can look at: that of a date, the one before, and one more where two years meet.
_YEARS = 3


def needed_years(weeks: Any) -> Any:
    """Give the first and the last school year that the dates look at; one row."""
    return weeks.agg(first_year=weeks.school_year.min() - 1, last_year=weeks.school_year.max())


def members(spells: Any) -> Any:
    """Say for every person which other one has the same enrollments and stands for all of them.

    Most students of a school and grade entered on one day and stay: a county of 250,000 has far fewer different
    histories than students. Whoever has two spells in a school year stands for nobody else.

    Parameters
    ----------
    spells : Ibis table
        Effective spells of the needed years, with `years_back`: 0 in the last of them, 1 in the one before, …

    Returns
    -------
    Ibis table
        person, like (the person who stands for it; itself where nobody else does).
    """
    counts = {f"number_{back}": spells.count(where=spells.years_back == back) for back in range(_YEARS)}
    columns = {
        f"{name}_{back}": spells[name].min(where=spells.years_back == back)
        for back in range(_YEARS)
        for name in _OF_SPELL
    }
    people = spells.group_by("person").agg(**counts, **columns)
    several = ibis.or_(*(people[name] > 1 for name in counts))
    people = people.mutate(alone=ibis.ifelse(several, people.person, -1))
    same = ibis.window(group_by=["alone", *counts, *columns])
    return people.select("person", like=people.person.min().over(same))
