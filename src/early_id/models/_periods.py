"""Which periods of the school year get tables of their own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from early_id.exceptions import ConfigError, DataError, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._terms import Floats

Span = tuple[int, int | None]
Ints = npt.NDArray[np.intp]

# A month, a quarter, a semester: a signal means something else in each.
AUTO = (0, 20, 60, 120)
# Fewer students on either side of the outcome leave a table and its calibration to chance.
FEWEST_STUDENTS = 50


def choose_periods(
    periods: Literal["auto"] | Sequence[int], days: Floats | None, y: Ints, students: Ints
) -> list[Span]:
    """Choose half-open ranges of school days that cover the whole year.

    Parameters
    ----------
    periods : "auto" or sequence of int
        First school days, beginning with 0. "auto" starts from 0, 20, 60 and 120 and merges a period with
        fewer than 50 distinct students with the outcome, or without it, into the next one (the last one into
        the one before).
    days : ndarray of shape (n,) or None
        School day of each row; None: one period for the whole year.
    y : ndarray of shape (n,)
        0 or 1.
    students : ndarray of shape (n,)
        A code per student.

    Raises
    ------
    ConfigError
        If the first days do not begin with 0 and increase.

    Examples
    --------
    >>> day, who = np.repeat([5.0, 30.0], 200), np.tile(np.arange(200), 2)
    >>> choose_periods("auto", day, (who % 2), who)
    [(0, 20), (20, None)]
    """
    starts = list(AUTO if isinstance(periods, str) and periods == "auto" else _check(periods))
    if days is None:
        return [(0, None)]
    if isinstance(periods, str):
        while len(starts) > 1:
            place = period_of(days, starts)
            thin = [i for i in range(len(starts)) if _is_thin(place == i, y, students)]
            if not thin:
                break
            del starts[min(thin[0] + 1, len(starts) - 1)]
    return [*pairwise(starts), (starts[-1], None)]


def period_of(days: Floats, starts: Sequence[int]) -> Ints:
    """Give each school day the position of its period."""
    return np.searchsorted(np.asarray(starts, dtype=np.float64), days, side="right") - 1


def check_days(days: Floats) -> Floats:
    """Return the school days if every one is known and not negative."""
    wrong = days[~(days >= 0)]
    if len(wrong):
        msg = (
            f"column 'school_day' must hold school days from 0 on, but holds {examples(wrong.tolist())}; "
            "leave those rows out."
        )
        raise DataError(msg)
    return days


def _check(periods: Any) -> list[int]:
    try:
        starts = [int(start) for start in periods if int(start) == start]
        good = len(starts) == len(periods) and starts[0] == 0 and all(a < b for a, b in pairwise(starts))
    except (TypeError, ValueError, IndexError):
        good = False
    if not good:
        msg = (
            "periods must be 'auto' or first school days that begin with 0 and increase, "
            f"but is {periods!r}; try (0, 20, 60, 120)."
        )
        raise ConfigError(msg)
    return starts


def _is_thin(rows: npt.NDArray[np.bool_], y: Ints, students: Ints) -> bool:
    return any(len(np.unique(students[rows & (y == side)])) < FEWEST_STUDENTS for side in (0, 1))
