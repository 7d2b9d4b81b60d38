"""Coursework: assignments of the core courses, what was missing, and what was handed in late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._attendance import Bools
from early_id.district._simulate._calendar import Year
from early_id.district._simulate._grades import ASSIGNMENT, CORE, MISSING, SLOTS, SUBJECTS, Grades
from early_id.district._simulate._regimes import Profile
from early_id.district._simulate._schools import ELEMENTARY, LEVEL_OF_GRADE, Schools
from early_id.district._simulate._students import Floats, Ints, Seats

CORE_SUBJECTS = np.flatnonzero(CORE)
TAUGHT_YOUNG = np.isin(SUBJECTS, ["ART", "ELA", "MATH"])  # subjects of the elementary grades
_BY_REGIME = np.array([0.0, -7.0, -9.0, 2.0])
_MISSING_BY_REGIME = np.array([0.0, 1.1, 1.3, -0.4])
_MEAN, _SPREAD, _COURSE, _NOISE = 85.0, 7.0, 3.0, 8.0
# School day on which each core course's slots are due (courses × slots): every two weeks, a course every other day.
_NUMBER = 4 + 2 * np.arange(len(CORE_SUBJECTS))[:, None] + 10 * np.arange(SLOTS)[None, :]


@dataclass(frozen=True)
class Classroom:
    """What grades depend on: seats, their standing and regimes, and who was absent (seats × W)."""

    year: Year
    schools: Schools
    seats: Seats
    profile: Profile
    states: npt.NDArray[np.int8]
    absent: Bools

    @property
    def young(self) -> Bools:
        """Say which seats are in an elementary grade."""
        return np.asarray(LEVEL_OF_GRADE[self.seats.grade] == ELEMENTARY)


@dataclass(frozen=True)
class Work:
    """Assignments of every seat (seats × core courses × slots): grid day due (-1 none), credit in points, missing."""

    due: Ints
    credit: Floats
    missing: Bools
    handed_in: Bools

    def of(self, rows: Ints) -> Work:
        """Return the work of some seats."""
        return Work(self.due[rows], self.credit[rows], self.missing[rows], self.handed_in[rows])


def draw_ability(rng: np.random.Generator, room: Classroom) -> Floats:
    """Draw the points a seat can reach on a calm day, by subject."""
    course = rng.standard_normal((len(room.seats.person), len(SUBJECTS)))
    return _MEAN + _SPREAD * room.profile.marks[:, None] + _COURSE * course


def draw_work(rng: np.random.Generator, room: Classroom, ability: Floats) -> Work:
    """Draw the year's assignments. Work goes missing with absence above all where marks are low."""
    number = _NUMBER.ravel()
    due = np.maximum(_due(room, number, after=False), _due(room, number, after=True))
    due = due.reshape(-1, len(CORE_SUBJECTS), SLOTS)
    monthly = TAUGHT_YOUNG[CORE_SUBJECTS][:, None] & (np.arange(SLOTS) % 2 == 0)[None, :]
    due = np.where(~room.young[:, None, None] | monthly, due, -1)

    rows = np.arange(len(due))[:, None, None]
    day = np.maximum(due, 0)
    total = np.cumsum(room.absent, axis=1)
    recent = (total[rows, day] - total[rows, np.maximum(day - 20, 0)]) / 20
    regime = room.states[rows, day // 5]
    marks = room.profile.marks[:, None, None]
    odds = -3.7 - 0.6 * marks + _MISSING_BY_REGIME[regime] + 1.5 * room.absent[rows, day]
    odds = odds + 6.0 * recent / (1 + np.exp(4 * marks))
    missing = (rng.random(due.shape) < 1 / (1 + np.exp(-odds))) & (due >= 0)
    handed_in = missing & (rng.random(due.shape) < 0.45)
    score = ability[:, CORE_SUBJECTS, None] + _BY_REGIME[regime] - 20 * recent
    score = np.clip(score + _NOISE * rng.standard_normal(due.shape) - 10 * handed_in, 0, 100)
    return Work(due, np.where(missing & ~handed_in, 0.0, score), missing, handed_in)


def _due(room: Classroom, number: Ints, *, after: bool) -> Ints:
    """Grid day of school-day numbers at a seat's first (or later) school; -1 outside the stay (seats × numbers)."""
    seats = room.seats
    school = seats.school_after if after else seats.school
    day = room.year.day_number(room.schools.district[school][:, None], number[None, :])
    low = seats.switch if after else seats.start
    high = seats.stop if after else np.minimum(seats.switch, seats.stop)
    inside = (school >= 0)[:, None] & (day >= low[:, None]) & (day < high[:, None])
    return np.where(inside, day, -1)


def work_rows(rng: np.random.Generator, room: Classroom, work: Work) -> list[Grades]:
    """Write one row per assignment; missing work that was handed in has a second row that replaces the first."""
    seat, course, slot = np.nonzero(work.due >= 0)
    count = len(seat)
    day = work.due[seat, course, slot]
    school = room.seats.school_on(day, seat)
    due = room.year.days[day]
    missing, handed_in = work.missing[seat, course, slot], work.handed_in[seat, course, slot]
    credit = np.rint(100 * work.credit[seat, course, slot]).astype(np.int64)
    noticed = due + rng.integers(1, 6, count)
    marked = due + 1 + np.minimum(rng.geometric(0.22, count), 21)
    late = noticed + rng.integers(3, 22, count)
    first = Grades(
        seat=seat,
        subject=CORE_SUBJECTS[course],
        kind=np.full(count, ASSIGNMENT),
        slot=slot,
        school=school,
        term=room.year.term[room.schools.district[school], day],
        hundredths=np.where(missing, -1, credit),
        mark=np.where(missing, MISSING, -1),
        due=due,
        assessed=due,
        known=np.where(missing, noticed, marked),
        retracted=np.where(handed_in, late, -1),
    )
    rows = np.flatnonzero(handed_in)
    empty = np.full(len(rows), -1)
    second = {name: getattr(first, name)[rows] for name in Grades.__dataclass_fields__}
    second |= {"hundredths": credit[rows], "mark": empty, "retracted": empty}
    second |= {"assessed": late[rows] - 1, "known": late[rows]}
    return [first, Grades(**second)]
