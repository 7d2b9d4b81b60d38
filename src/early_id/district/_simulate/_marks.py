"""Marks: progress and final marks of every term, and with them all grade rows of a school year."""

from __future__ import annotations

import numpy as np

from early_id.district._simulate._calendar import SCHOOL_DAYS
from early_id.district._simulate._coursework import (
    CORE_SUBJECTS,
    TAUGHT_YOUNG,
    Classroom,
    Work,
    draw_ability,
    draw_work,
    work_rows,
)
from early_id.district._simulate._grades import CORE, FINAL, PROGRESS, SUBJECTS, Grades
from early_id.district._simulate._students import Floats, Ints

_CUTS = np.array([6000, 7000, 8000, 9000])


def draw_grades(rng: np.random.Generator, room: Classroom) -> Grades:
    """Draw the grade rows of one block and school year."""
    ability = draw_ability(rng, room)
    work = draw_work(rng, room, ability)
    parts = work_rows(rng, room, work)
    for after in (False, True):
        parts += _reports(rng, room, ability, work, after=after)
    return Grades.stack(parts)


def _reports(
    rng: np.random.Generator, room: Classroom, ability: Floats, work: Work, *, after: bool
) -> list[Grades]:
    """Write progress marks in the middle and final marks at the end of every term, at the first or the later school."""
    seats, year = room.seats, room.year
    rows = np.flatnonzero(seats.school_after >= 0) if after else np.arange(len(seats.person))
    school = (seats.school_after if after else seats.school)[rows]
    district = room.schools.district[school]
    terms = year.term_count[district]
    low = (seats.switch if after else seats.start)[rows]
    high = (seats.stop if after else np.minimum(seats.switch, seats.stop))[rows]
    parts = []
    for term in range(int(terms.max(initial=0))):
        begin = year.day_number(district, term * SCHOOL_DAYS // terms + 1)
        for kind, share in ((PROGRESS, 0.5), (FINAL, 1.0)):
            number = np.rint((term + share) * SCHOOL_DAYS / terms).astype(np.int64)
            day = year.day_number(district, number)
            here = (term < terms) & (day >= low) & (day < high)
            chosen = rows[here]
            value = _points(rng, ability[chosen], work.of(chosen), begin[here], day[here])
            parts.append(
                _rows(rng, room, chosen, {"school": school[here], "day": day[here]}, value, term, kind)
            )
    return parts


def _points(rng: np.random.Generator, ability: Floats, work: Work, begin: Ints, end: Ints) -> Floats:
    """Points by subject: the mean of the term's assignments so far, or what the student can do where there are none."""
    value = ability + rng.normal(0, 3.0, (len(ability), len(SUBJECTS))) + np.where(CORE, 0.0, 7.0)
    counted = (work.due >= begin[:, None, None]) & (work.due <= end[:, None, None])
    number = counted.sum(axis=2)
    mean = (work.credit * counted).sum(axis=2) / np.maximum(number, 1)
    value[:, CORE_SUBJECTS] = np.where(number > 0, mean, value[:, CORE_SUBJECTS])
    points: Floats = np.clip(value, 0, 100)
    return points


def _rows(
    rng: np.random.Generator,
    room: Classroom,
    rows: Ints,
    place: dict[str, Ints],
    value: Floats,
    term: int,
    kind: int,
) -> Grades:
    pick, subject = np.nonzero(~room.young[rows][:, None] | TAUGHT_YOUNG[None, :])
    hundredths = np.rint(100 * value[pick, subject]).astype(np.int64)
    count = len(pick)
    assessed = room.year.days[place["day"][pick]]
    empty = np.full(count, -1)
    return Grades(
        seat=rows[pick],
        subject=subject,
        kind=np.full(count, kind),
        slot=np.zeros(count, np.int64),
        school=place["school"][pick],
        term=np.full(count, term),
        hundredths=hundredths,
        mark=len(_CUTS) - np.searchsorted(_CUTS, hundredths, side="right"),
        due=empty,
        assessed=assessed,
        known=assessed + (rng.integers(3, 10, count) if kind == FINAL else rng.integers(1, 6, count)),
        retracted=empty,
    )
