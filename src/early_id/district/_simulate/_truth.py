"""Truth: the exact chance that a student ends the year chronically absent, given all that is latent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._attendance import Bools, Setting, daily_probability
from early_id.district._simulate._settings import Process
from early_id.district._simulate._students import Floats, Seats

MIN_ENROLLED = 31
_REGIME_SUSPENSION = np.array([1.0, 1.8, 1.6, 0.7])


def days_needed(enrolled: Bools) -> npt.NDArray[np.int64]:
    """Absences at which 10 × absent reaches the days a seat is enrolled in the year."""
    return np.asarray((enrolled.sum(axis=1) + 9) // 10)


def true_risk(
    process: Process,
    seats: Seats,
    setting: Setting,
    table: Floats,
    suspension: Floats,
    states: npt.NDArray[np.int8],
    absent: Bools,
) -> npt.NDArray[np.float32]:
    """Risk of every seat at the end of every week (seats × weeks).

    Backward recursion over V[regime, r] = chance that at least r more absences follow: each school day moves r to
    r - 1 with the day's chance of absence under the regime, each new week mixes regimes by the transition table.
    The days a student will be enrolled are taken as they come; the days a future suspension would add enter as
    their expected number, spread evenly (`suspension`, days per calm school day).
    """
    count, width = setting.enrolled.shape
    weeks = width // 5
    need = days_needed(setting.enrolled)
    taken = np.cumsum(absent, axis=1)[:, 4::5]
    value = np.zeros((4, int(need.max(initial=0)) + 1, count), np.float32)
    value[:, 0] = 1.0
    mix = np.ascontiguousarray(table.transpose(1, 2, 0).astype(np.float32))
    risk = np.empty((count, weeks), np.float32)
    rows = np.arange(count)
    for week in reversed(range(weeks)):
        risk[:, week] = value[states[:, week], np.maximum(need - taken[:, week], 0), rows]
        for day in range(5 * week + 4, 5 * week - 1, -1):
            open_ = setting.enrolled[:, day]
            if open_.any():
                chance = np.stack(
                    [
                        daily_probability(setting, seats, day, shift) + suspension * factor
                        for shift, factor in zip(process.shifts, _REGIME_SUSPENSION, strict=True)
                    ]
                )
                chance = np.minimum(chance * open_, 1.0).astype(np.float32)
                value[:, 1:] += chance[:, None, :] * (value[:, :-1] - value[:, 1:])
        value = _mix(mix, value)
    return risk


def _mix(table: npt.NDArray[np.float32], value: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Step back over a change of week: each regime's value becomes the mean over the regimes it may turn into."""
    mixed = np.zeros_like(value)
    for source in range(len(table)):
        for target in range(len(table)):
            if table[source, target].any():
                mixed[source] += table[source, target] * value[target]
    return mixed
