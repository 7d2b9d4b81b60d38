"""Attendance: who is in school on which day, and what the exception was where somebody was not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._calendar import Year
from early_id.district._simulate._incidents import Incidents, suspension_cells
from early_id.district._simulate._regimes import Profile
from early_id.district._simulate._schools import LEVEL_OF_GRADE, Schools
from early_id.district._simulate._settings import Process
from early_id.district._simulate._streams import stream
from early_id.district._simulate._students import ABSENCE, Floats, Ints, Seats

Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

#: Kinds in the order of their text, so that codes sort like names; `PRESENT` is not a record.
KINDS = ("excused", "partial", "suspension_in", "suspension_out", "tardy", "unexcused")
EXCUSED, PARTIAL, SUSPENSION_IN, SUSPENSION_OUT, TARDY, UNEXCUSED = range(6)
PRESENT = -1
_WEEKDAY = np.array([0.16, -0.08, -0.10, -0.04, 0.20], np.float32)
_BY_GRADE = np.array([0.26, 0.10, 0.01, -0.06, -0.10, -0.08, -0.06, -0.01, 0.04, 0.05, 0.08, 0.12, 0.20])
_TARDY_BASE, _TARDY_SPREAD = -3.5, 1.0
_TARDY_REGIME = np.array([0.0, 0.6, 0.5, -0.4], np.float32)
_PARTIAL = 0.008
_TAIL_FROM = 1.5  # persistent absence is skewed: the upper tenth is farther out than a normal law has it
_UNEXCUSED_LEVEL = np.array([-1.1, -0.5, 0.1])
_UNEXCUSED_REGIME = np.array([0.0, 0.3, 0.8, 0.0])


@dataclass(frozen=True)
class Setting:
    """Log-odds of absence that do not depend on the student's regime.

    `odds` (seats) is the level of a seat at its first school, `step` (seats) what a move adds, `wave` (D × W) the
    weekday and illness wave of every district (a mover keeps that of the first). `enrolled` (seats × W) marks school
    days at the student's school.
    """

    odds: Floats
    step: Floats
    wave: Floats32
    district: Ints
    enrolled: Bools


def enrolled_days(year: Year, schools: Schools, seats: Seats) -> Bools:
    """Mark the school days of every seat (seats × W)."""
    grid = np.arange(len(year.days))
    within = (grid >= seats.start[:, None]) & (grid < seats.stop[:, None])
    is_open = year.open[schools.district[seats.school]]
    movers = np.flatnonzero(seats.school_after >= 0)
    after = year.open[schools.district[seats.school_after[movers]]]
    is_open[movers] = np.where(grid >= seats.switch[movers, None], after, is_open[movers])
    return is_open & within


def draw_waves(seed: int, year: Year) -> Floats32:
    """Weekday shape and illness waves of every district (D × W), log-odds.

    A county-wide winter wave, moved and scaled by district, and one smaller wave in autumn or spring.
    """
    week = np.arange(len(year.days)) // 5
    rows = []
    for district in range(len(year.open)):
        rng = stream(seed, "calendar", district, year.school_year, 1)
        winter = rng.uniform(0.25, 0.6) * np.exp(-0.5 * ((week - rng.normal(25, 2.0)) / 2.2) ** 2)
        other = rng.uniform(0.1, 0.35) * np.exp(
            -0.5 * ((week - rng.choice([12, 34]) - rng.normal(0, 1.5)) / 1.5) ** 2
        )
        noise = np.repeat(rng.normal(0, 0.05, year.weeks), 5)
        rows.append(winter + other + noise + np.tile(_WEEKDAY, year.weeks))
    return np.stack(rows).astype(np.float32)


def propensity(
    rng: np.random.Generator, process: Process, schools: Schools, seats: Seats, person: Floats
) -> Floats:
    """Log-odds of absence on a calm, ordinary day; `person` is the persistent part, traits and groups together."""
    year = process.year * rng.standard_normal(len(seats.person))
    return process.base + _BY_GRADE[seats.grade] + schools.level[seats.school] + person[seats.person] + year


def person_level(process: Process, traits: Floats, groups_shift: Floats) -> Floats:
    """Return the persistent log-odds of every student."""
    trait = traits[:, ABSENCE]
    return process.student * trait + process.tail * np.clip(trait - _TAIL_FROM, 0.0, 1.0) + groups_shift


def daily_probability(setting: Setting, seats: Seats, day: int, shift: float) -> Floats:
    """Return the chance of absence of every seat on one grid day under a regime's shift."""
    moved = np.where((seats.school_after >= 0) & (day >= seats.switch), setting.step, 0.0)
    return _expit(setting.odds + moved + setting.wave[setting.district, day] + shift)


def draw_attendance(
    rng: np.random.Generator,
    process: Process,
    seats: Seats,
    setting: Setting,
    states: npt.NDArray[np.int8],
    profile: Profile,
    incidents: Incidents,
) -> npt.NDArray[np.int8]:
    """Draw one exception, or `PRESENT`, for every seat and grid day (seats × W)."""
    weekly = np.repeat(states, 5, axis=1)
    odds = setting.odds[:, None].astype(np.float32) + setting.wave[setting.district]
    odds += np.asarray(process.shifts, np.float32)[weekly]
    movers = np.flatnonzero(seats.school_after >= 0)
    after = np.arange(odds.shape[1]) >= seats.switch[movers, None]
    odds[movers] += (after * setting.step[movers, None]).astype(np.float32)
    absent = setting.enrolled & (rng.random(odds.shape, dtype=np.float32) < _expit32(odds))

    kinds = np.full(odds.shape, PRESENT, np.int8)
    tardy = np.exp(_TARDY_BASE + _TARDY_SPREAD * profile.tardiness)[:, None] * np.exp(_TARDY_REGIME)[weekly]
    u = rng.random(odds.shape, dtype=np.float32)
    tardy_chance = np.minimum(tardy, 0.5)
    kinds[setting.enrolled & (u < tardy_chance)] = TARDY
    kinds[setting.enrolled & (u > 1 - _PARTIAL)] = PARTIAL
    kinds[incidents.seat, incidents.day] = PRESENT
    absent[incidents.seat, incidents.day] = False

    seat, day = np.nonzero(absent)
    level = _UNEXCUSED_LEVEL[LEVEL_OF_GRADE[seats.grade[seat]]] + _UNEXCUSED_REGIME[weekly[seat, day]]
    unexcused = rng.random(len(seat)) < _expit(level + 0.4 * profile.tardiness[seat])
    kinds[seat, day] = np.where(unexcused, UNEXCUSED, EXCUSED)
    kinds[suspension_cells(incidents, setting.enrolled, in_school=True)] = SUSPENSION_IN
    kinds[suspension_cells(incidents, setting.enrolled, in_school=False)] = SUSPENSION_OUT
    return kinds


def is_absent(kinds: npt.NDArray[np.int8]) -> Bools:
    """Say which exceptions are whole-day absences."""
    return np.asarray((kinds == EXCUSED) | (kinds == UNEXCUSED) | (kinds == SUSPENSION_OUT))


def _expit(value: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-value))


def _expit32(value: Floats32) -> Floats32:
    return np.float32(1.0) / (np.float32(1.0) + np.exp(-value))
