"""Regimes: what a student's school year is like week by week, and what makes it change.

Calm → brewing (marks slip, tardies and incidents rise; attendance barely) → strained (absence rises) → calm or
supported (help lowers absence). The hazard of brewing is where signals act *together*: low marks count when the
student also often comes late or is written up, last year's absence counts when the school is new.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._settings import BREWING, CALM, STRAINED, SUPPORTED, Process
from early_id.district._simulate._students import CONDUCT, MARKS, TARDINESS, Floats, Ints, Seats

_PERSISTS = 0.85


@dataclass(frozen=True)
class Profile:
    """Standing of every seat this year (marks, tardiness, conduct; standard normal) and its hazard of brewing."""

    marks: Floats
    tardiness: Floats
    conduct: Floats
    brew: Floats


def draw_profile(
    rng: np.random.Generator,
    process: Process,
    seats: Seats,
    traits: Floats,
    prior_rate: Floats,
    level: Floats,
) -> Profile:
    """Draw this year's standing and the hazard it implies.

    `prior_rate` is last year's absence rate, NaN if none; `level` what school and groups add to the log-odds of
    absence, which moves the hazard too.
    """
    fresh = rng.standard_normal((len(seats.person), 3))
    persistent = traits[seats.person][:, [MARKS, TARDINESS, CONDUCT]]
    standing = _PERSISTS * persistent + np.sqrt(1 - _PERSISTS**2) * fresh
    marks, tardiness, conduct = standing.T
    prior = np.where(np.isnan(prior_rate), 0.0, _gate((np.nan_to_num(prior_rate) - 0.08) / 0.03))
    low, late = _gate(-marks), _gate(tardiness)
    log_hazard = (
        process.level_hazard * level
        + process.low_marks_and_late * low * late
        - process.either_alone * (low * (1 - late) + late * (1 - low))
        + process.low_marks_and_conduct * low * _gate(conduct)
        + process.absence_and_move * prior * (seats.changed | (seats.school_after >= 0))
    )
    brew = np.minimum(process.brew * np.exp(log_hazard), 0.25)
    return Profile(marks, tardiness, conduct, brew)


def _gate(value: Floats) -> Floats:
    """Smooth step: 0 well below zero, 1 well above."""
    return 1.0 / (1.0 + np.exp(-4.0 * value))


def transitions(process: Process, brew: Floats) -> Floats:
    """Weekly transition probabilities (seats × from × to)."""
    table = np.zeros((len(brew), 4, 4))
    table[:, CALM, BREWING] = brew
    table[:, CALM, SUPPORTED] = process.help_calm
    table[:, BREWING, STRAINED] = process.break_out
    table[:, BREWING, CALM] = process.settle
    table[:, STRAINED, CALM] = process.recover
    table[:, STRAINED, SUPPORTED] = process.help_strained
    table[:, SUPPORTED, CALM] = process.help_ends
    for state in range(4):
        table[:, state, state] = 1 - table[:, state].sum(axis=1)
    return table


def draw_regimes(
    rng: np.random.Generator, process: Process, table: Floats, before: Ints, weeks: int
) -> npt.NDArray[np.int8]:
    """Draw the regime of every week (seats × weeks). `before` is the regime at the end of last year, -1 if none."""
    count = len(table)
    carried = np.where(rng.random(count) < process.carry, before, CALM)
    fresh = np.where(rng.random(count) < 0.06, STRAINED, CALM)
    state = np.where(before < 0, fresh, carried)
    cumulative = np.cumsum(table, axis=2)[:, :, :-1]
    rows = np.arange(count)
    states = np.empty((count, weeks), np.int8)
    for week in range(weeks):
        u = rng.random(count)
        state = (u[:, None] >= cumulative[rows, state]).sum(axis=1)
        states[:, week] = state
    return states
