"""Supports and outcomes: which students have an adult at their side, who graduated and who left without."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._calendar import Year
from early_id.district._simulate._enrollments import Columns
from early_id.district._simulate._schools import Schools
from early_id.district._simulate._settings import GRADES, STRAINED
from early_id.district._simulate._students import LEFT_SCHOOL, STAYED, Floats, Seats

SUPPORTS = ("check_in", "counseling", "family_outreach", "mentoring")
ROLES = ("behavioral_health_coach", "clinician", "family_navigator", "peer_specialist")
_ROLE_OF = np.array([0, 1, 2, 3])
ADULTS_PER_SCHOOL = 4
OUTCOMES = ("dropout", "graduation")
_SUPPORTED = 0.035


def support_rows(
    rng: np.random.Generator, year: Year, schools: Schools, seats: Seats, states: npt.NDArray[np.int8]
) -> Columns:
    """Columns of the supports of one block and year; -1 means empty.

    Supports follow need only loosely. When one ends, the open row is retracted and a closed row takes its place.
    """
    count = len(seats.person)
    number = rng.integers(8, 150, count)
    day = year.day_number(schools.district[seats.school], number)
    strained = states[np.arange(count), day // 5] == STRAINED
    chosen = rng.random(count) < np.where(strained, 2.5 * _SUPPORTED, _SUPPORTED)
    chosen &= (day >= seats.start) & (day < np.minimum(seats.stop, seats.switch))
    rows = np.flatnonzero(chosen)
    many = len(rows)
    kind = rng.integers(0, len(SUPPORTS), many)
    started = year.days[day[rows]]
    known = started + rng.integers(0, 6, many)
    ended = np.where(rng.random(many) < 0.4, started + rng.integers(21, 90, many), -1)
    ended = np.where(ended > year.days[-1], -1, ended)
    closed = np.where(ended >= 0, np.maximum(ended + rng.integers(0, 8, many), known), -1)
    adult = ADULTS_PER_SCHOOL * seats.school[rows] + (seats.person[rows] + kind) % ADULTS_PER_SCHOOL
    opened = {
        "seat": rows,
        "started_on": started,
        "kind": kind,
        "tier": rng.choice([1, 2, 3], many, p=[0.45, 0.4, 0.15]),
        "role": _ROLE_OF[kind],
        "adult_id": np.where(rng.random(many) < 0.9, adult, -1),
        "ended_on": np.full(many, -1),
        "known_at": known,
        "retracted_at": closed,
    }
    over = np.flatnonzero(ended >= 0)
    ending = {name: values[over] for name, values in opened.items()}
    ending |= {"ended_on": ended[over], "known_at": closed[over], "retracted_at": np.full(len(over), -1)}
    return {name: np.concatenate([opened[name], ending[name]]) for name in opened}


def outcome_rows(
    rng: np.random.Generator, year: Year, schools: Schools, seats: Seats, absence_rate: Floats
) -> Columns:
    """Columns of the outcomes: graduation (yes or no) at the end of grade 12, dropout on the day a student left."""
    last_grade = (seats.grade == GRADES - 1) & (seats.exit == STAYED)
    seniors = np.flatnonzero(last_grade)
    school = np.where(seats.school_after >= 0, seats.school_after, seats.school)
    chance = 0.98 - 1.2 * np.clip(absence_rate[seniors] - 0.08, 0, 0.5)
    graduated = rng.random(len(seniors)) < chance
    last = year.days[year.day_number(schools.district[school[seniors]], np.full(len(seniors), 180))]
    gone = np.flatnonzero(seats.exit == LEFT_SCHOOL)
    left = year.days[seats.stop[gone] - 1]
    return {
        "seat": np.concatenate([seniors, gone]),
        "school_id": np.concatenate([school[seniors], seats.school[gone]]),
        "outcome": np.repeat(
            [OUTCOMES.index("graduation"), OUTCOMES.index("dropout")], [len(seniors), len(gone)]
        ),
        "occurred_on": np.concatenate([last, left]),
        "value": np.concatenate([graduated.astype(np.int64), np.ones(len(gone), np.int64)]),
        "known_at": np.concatenate(
            [last + rng.integers(5, 30, len(seniors)), left + rng.integers(10, 60, len(gone))]
        ),
        "retracted_at": np.full(len(seniors) + len(gone), -1),
    }
