"""Enrollments: the spells of every seat as a student information system would have written them down."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._calendar import Year
from early_id.district._simulate._schools import LEVEL_OF_GRADE, Schools
from early_id.district._simulate._students import STAYED, Ints, Seats

#: Exit reasons; the order follows the exit codes of `Seats`, with moves inside the county in the place of `STAYED`.
REASONS = ("moved_within_county", "left_county", "left_school")
_SECONDARY = 0.015

#: Codes, counts and days, -1 where empty; risks of the truth are floats.
Columns = dict[str, npt.NDArray[Any]]


def enrollment_rows(rng: np.random.Generator, year: Year, schools: Schools, seats: Seats) -> Columns:
    """Columns of the enrollment rows of one block and year; -1 means empty.

    The open row of a spell is retracted when the leaving date becomes known, and a closed row takes its place. A new
    school learns of a mover no earlier than the old one closes the spell, so two primary spells never overlap.
    """
    count = len(seats.person)
    moves = seats.school_after >= 0
    leaves = seats.exit != STAYED
    at = schools.district[seats.school]
    before = year.position[at, np.minimum(seats.switch, len(year.days)) - 1]
    last = np.where(moves, year.day_number(at, before), np.minimum(seats.stop, len(year.days)) - 1)
    entered = year.days[np.minimum(seats.start, len(year.days) - 1)]
    known = entered + _lag(rng, count)
    left = np.where(moves | leaves, year.days[last], -1)
    closed = np.where(left >= 0, np.maximum(left + rng.integers(2, 21, count), known), -1)

    everyone = np.arange(count)
    opened = _rows(everyone, seats.school, entered, known)
    opened["retracted_at"] = closed
    gone = np.flatnonzero(left >= 0)
    ended = _rows(gone, seats.school[gone], entered[gone], closed[gone])
    ended["left_on"] = left[gone]
    ended["exit_reason"] = np.where(moves, 0, seats.exit)[gone]
    movers = np.flatnonzero(moves)
    arrived = year.days[np.minimum(seats.switch[movers], len(year.days) - 1)]
    again = np.maximum(arrived + _lag(rng, len(movers)), closed[movers])
    parts = [opened, ended, _rows(movers, seats.school_after[movers], arrived, again)]
    parts.append(_secondary(rng, year, schools, seats))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in opened}
    rows["grade_level"] = seats.grade[rows["seat"]]
    rows["school_year"] = np.full(len(rows["seat"]), year.school_year)
    return rows


def arrivals_known(rows: Columns, seats: Seats) -> Ints:
    """Day on which the first (row 0) and the later school (row 1) of every seat had the student on file."""
    known = np.full((2, len(seats.person)), np.iinfo(np.int64).max)
    moved = rows["school_id"] == seats.school_after[rows["seat"]]
    np.minimum.at(known, (moved.astype(np.int64), rows["seat"]), rows["known_at"])
    return known


def _rows(seat: Ints, school: Ints, entered: Ints, known: Ints) -> Columns:
    empty = np.full(len(seat), -1)
    return {
        "seat": seat,
        "school_id": school,
        "entered_on": entered,
        "left_on": empty,
        "exit_reason": empty,
        "primary": np.ones(len(seat), np.int64),
        "known_at": known,
        "retracted_at": empty,
    }


def _secondary(rng: np.random.Generator, year: Year, schools: Schools, seats: Seats) -> Columns:
    """Let a few older students take a course at a second school, beside their own."""
    u = rng.random(len(seats.person))
    stays = (seats.school_after < 0) & (seats.exit == STAYED) & (LEVEL_OF_GRADE[seats.grade] > 0)
    rows = np.flatnonzero(stays & (u < _SECONDARY))
    other = (seats.school[rows] + rng.integers(1, max(len(schools.ids), 2), len(rows))) % len(schools.ids)
    grade = seats.grade[rows]
    fits = (other != seats.school[rows]) & (schools.low[other] <= grade) & (schools.high[other] >= grade)
    number = rng.integers(10, 120, len(rows))
    day = year.day_number(schools.district[other], number)
    fits &= day > seats.start[rows]
    entered = year.days[day]
    part = _rows(rows[fits], other[fits], entered[fits], (entered + _lag(rng, len(rows)))[fits])
    part["primary"] = np.zeros(int(fits.sum()), np.int64)
    return part


def _lag(rng: np.random.Generator, count: int) -> Ints:
    return np.where(rng.random(count) < 0.7, 0, rng.integers(1, 8, count))
