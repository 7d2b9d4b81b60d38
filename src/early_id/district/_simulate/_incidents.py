"""Incidents: what was written up, on what basis, and which suspensions followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._regimes import Profile
from early_id.district._simulate._students import Floats, Ints, Seats

BEHAVIORS = ("bullying", "disruption_defiance", "fighting", "prohibited_item", "threat", "vandalism")
SUBJECTIVE = BEHAVIORS.index("disruption_defiance")
_OBJECTIVE = np.array([0, 2, 3, 4, 5])
_OBJECTIVE_SHARE = np.array([0.22, 0.36, 0.2, 0.12, 0.1])
# Log rate by grade: few in the first grades, most in the middle ones.
_BY_GRADE = np.array([-1.6, -1.3, -1.0, -0.8, -0.5, -0.2, 0.5, 0.7, 0.7, 0.4, 0.2, 0.0, -0.3])
_BY_REGIME = np.array([0.0, 0.6, 0.5, -0.3])
_DAILY_OBJECTIVE, _DAILY_SUBJECTIVE = 0.000075, 0.000284
_CONDUCT = 1.0
_SUSPENDED_OBJECTIVE, _SUSPENDED_SUBJECTIVE = 0.60, 0.10
# California ended suspension for disruption or defiance (SB 274) from this day on.
POLICY_CHANGE = int(np.datetime64("2024-07-01").astype(np.int64))


@dataclass(frozen=True)
class Incidents:
    """Incidents of one block and year, ordered by seat and day: grid day, behavior and suspension days."""

    seat: Ints
    day: Ints
    behavior: Ints
    suspension_days: Ints
    in_school: npt.NDArray[np.bool_]

    @property
    def subjective(self) -> npt.NDArray[np.bool_]:
        """Say which incidents rest on an adult's judgement alone."""
        return np.asarray(self.behavior == SUBJECTIVE)


def daily_rates(seats: Seats, profile: Profile, shift: Floats) -> tuple[Floats, Floats]:
    """Return the expected objective and subjective incidents per calm school day; `shift` is the groups' log rate."""
    rate = np.exp(shift[seats.person] + _CONDUCT * profile.conduct + _BY_GRADE[seats.grade])
    return np.minimum(_DAILY_OBJECTIVE * rate, 0.02), np.minimum(_DAILY_SUBJECTIVE * rate, 0.06)


def draw_incidents(
    rng: np.random.Generator,
    rates: tuple[Floats, Floats],
    states: npt.NDArray[np.int8],
    enrolled: npt.NDArray[np.bool_],
    days: Ints,
) -> Incidents:
    """Draw the year's incidents; at most one of each basis per student and day."""
    factor = np.exp(_BY_REGIME)[np.repeat(states, 5, axis=1)] * enrolled
    objective = rng.random(enrolled.shape) < rates[0][:, None] * factor
    subjective = rng.random(enrolled.shape) < rates[1][:, None] * factor
    seat, day = np.nonzero(objective | subjective)
    is_objective = objective[seat, day]  # an objective incident outranks a judgement of the same day
    count = len(seat)
    behavior = np.where(is_objective, rng.choice(_OBJECTIVE, count, p=_OBJECTIVE_SHARE), SUBJECTIVE)
    may = np.where(is_objective, _SUSPENDED_OBJECTIVE, _SUSPENDED_SUBJECTIVE * (days[day] < POLICY_CHANGE))
    suspended = rng.random(count) < may
    length = rng.choice(np.array([1, 2, 3, 4, 5]), count, p=[0.38, 0.27, 0.2, 0.05, 0.1])
    in_school = ~suspended & (rng.random(count) < 0.15)
    return Incidents(seat, day, behavior, np.where(suspended, length, 0), in_school)


def expected_suspension_days(rates: tuple[Floats, Floats]) -> Floats:
    """Return the expected suspension days that one calm school day brings, before the policy change's small effect."""
    return 2.22 * (_SUSPENDED_OBJECTIVE * rates[0] + 0.5 * _SUSPENDED_SUBJECTIVE * rates[1])


def suspension_cells(
    incidents: Incidents, enrolled: npt.NDArray[np.bool_], in_school: bool
) -> tuple[Ints, Ints]:
    """Seats and grid days served: the school days that follow the incident while the student is enrolled."""
    length = np.where(incidents.in_school, 1, 0) if in_school else incidents.suspension_days
    # Only the seats that serve any day are looked at: they are few.
    serving, row = np.unique(np.repeat(incidents.seat, length), return_inverse=True)
    step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length) + 1
    position = np.cumsum(enrolled[serving], axis=1)
    target = position[row, np.repeat(incidents.day, length)] + step
    seat_cells, day_cells = np.nonzero(enrolled[serving])
    width = enrolled.shape[1] + 10
    keys = seat_cells * width + position[seat_cells, day_cells]
    wanted = row * width + target
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found = keys[place] == wanted if len(keys) else np.zeros(len(row), bool)
    return serving[seat_cells[place[found]]], day_cells[place[found]]
