"""Calendar: the weekdays of a school year, and which of them are school days in which district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._streams import stream

SCHOOL_DAYS = 180
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Year:
    """One school year of the county on a grid of weekdays, five to a week.

    Attributes
    ----------
    days : array (W,) of days since 1970-01-01
    open : array (D, W) of bool, is it a school day in this district
    position : array (D, W) of int, number of school days so far, this one included
    term : array (D, W) of int, number of the term from 0
    terms : for each district the names of its terms, unique over the years
    """

    school_year: int
    days: npt.NDArray[np.int64]
    open: npt.NDArray[np.bool_]
    position: npt.NDArray[np.int64]
    term: npt.NDArray[np.int64]
    terms: tuple[tuple[str, ...], ...]

    @property
    def term_count(self) -> npt.NDArray[np.int64]:
        """Number of terms of every district."""
        return np.array([len(names) for names in self.terms])

    @property
    def weeks(self) -> int:
        """Number of weeks on the grid."""
        return len(self.days) // 5

    @property
    def sundays(self) -> npt.NDArray[np.int64]:
        """The last day of every week of the grid, days since 1970-01-01."""
        return self.days[4::5] + 2

    def day_number(
        self, district: npt.NDArray[np.int64], number: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Grid index of a district's n-th school day (from 1)."""
        table = np.stack([np.flatnonzero(row) for row in self.open])
        return table[district, np.clip(number, 1, SCHOOL_DAYS) - 1]

    def next_open(
        self, district: npt.NDArray[np.int64], index: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """First school day at or after a grid index; the end of the grid where there is none."""
        width = len(self.days)
        ahead = np.where(self.open, np.arange(width), width)
        ahead = np.minimum.accumulate(ahead[:, ::-1], axis=1)[:, ::-1]
        ahead = np.concatenate([ahead, np.full((len(ahead), 1), width)], axis=1)
        return ahead[district, np.minimum(index, width)]


def draw_year(seed: int, school_year: int, districts: int) -> Year:
    """Lay out one school year: every district has 180 school days, its own start and its own breaks."""
    first = date(school_year - 1, 8, 1)
    first -= timedelta(days=first.weekday())
    last = date(school_year, 7, 2)
    weeks = ((last - first).days + 6) // 7
    days = np.array([(first - _EPOCH).days + 7 * week + day for week in range(weeks) for day in range(5)])
    rows = []
    terms = []
    counts = []
    for district in range(districts):
        rows.append(_school_days(stream(seed, "calendar", district, school_year), school_year, days))
        count = 2 if district % 2 == 0 else 3
        counts.append(count)
        terms.append(tuple(f"{school_year}-{'S' if count == 2 else 'T'}{term + 1}" for term in range(count)))
    is_open = np.stack(rows)
    position = np.cumsum(is_open, axis=1, dtype=np.int64)
    length = SCHOOL_DAYS // np.array(counts)
    term = np.minimum(np.maximum(position - 1, 0) // length[:, None], np.array(counts)[:, None] - 1)
    return Year(school_year, days, is_open, position, term, tuple(terms))


def today_of(year: Year) -> int:
    """Return the Sunday after the first district's hundredth school day, days since 1970-01-01."""
    hundredth = int(year.days[np.flatnonzero(year.open[0])[99]])
    return hundredth + 6 - (hundredth + 3) % 7


def _school_days(rng: np.random.Generator, year: int, days: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    start = _weekday(date(year - 1, 8, 8), 0) + timedelta(
        days=int(rng.integers(0, 4)) + 7 * int(rng.integers(0, 2))
    )
    thanksgiving = _weekday(date(year - 1, 11, 22), 3)
    winter = _weekday(date(year - 1, 12, 19), 0)
    spring = _weekday(date(year, 3, 24), 0) + timedelta(days=7 * int(rng.integers(0, 3)))
    presidents = _weekday(date(year, 2, 15), 0)
    closed = {
        _weekday(date(year - 1, 9, 1), 0),
        date(year - 1, 11, 11),
        _weekday(date(year, 1, 15), 0),
        _weekday(date(year, 5, 25), 0),
        *_run(thanksgiving - timedelta(days=int(rng.choice([1, 3]))), thanksgiving + timedelta(days=1)),
        *_run(winter, winter + timedelta(days=11)),
        *_run(presidents, presidents + timedelta(days=int(rng.choice([0, 4])))),
        *_run(spring, spring + timedelta(days=4)),
    }
    shut = np.isin(days, [(day - _EPOCH).days for day in closed]) | (days < (start - _EPOCH).days)
    return ~shut & (np.cumsum(~shut) <= SCHOOL_DAYS)


def _weekday(earliest: date, weekday: int) -> date:
    """First such weekday (Monday = 0) on or after a date."""
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)


def _run(first: date, last: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]
