"""Records: when attendance becomes known, what is corrected later, and where a feed was down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._attendance import EXCUSED, PARTIAL, PRESENT, TARDY, UNEXCUSED, is_absent
from early_id.district._simulate._bias import Bias, FeedOutage
from early_id.district._simulate._calendar import Year
from early_id.district._simulate._schools import Schools
from early_id.district._simulate._streams import stream
from early_id.district._simulate._students import Ints, Seats

_OUTAGE_SHARE = 0.25


@dataclass(frozen=True)
class AbsenceRecords:
    """Absence rows of one block and year. Days are days since 1970-01-01, `retracted` -1 where it stands."""

    seat: Ints
    school: Ints
    kind: Ints
    thousandths: Ints
    occurred: Ints
    known: Ints
    retracted: Ints


def draw_feed(
    seed: int, year: Year, schools: Schools, planted: tuple[FeedOutage, npt.NDArray[np.bool_]] | None
) -> Ints:
    """Day on which each school first sent each school day (S × W): the same day or the next, later in an outage.

    `planted` is an outage and the schools it hits.
    """
    number, width = len(schools.ids), len(year.days)
    known = np.empty((number, width), np.int64)
    for school in range(number):
        rng = stream(seed, "feed", school, year.school_year)
        position = year.position[schools.district[school]]
        known[school] = year.days + rng.choice([0, 1, 3], width, p=[0.82, 0.16, 0.02])
        hit = rng.random() < _OUTAGE_SHARE
        first, length, late = rng.integers(5, 150), rng.integers(5, 16), rng.integers(7, 36)
        if hit:
            _stop_feed(known[school], year, position, int(first), int(length), int(late))
        if planted is not None and planted[1][school]:
            plant = planted[0]
            _stop_feed(
                known[school], year, position, plant.from_school_day, plant.school_days, plant.late_days
            )
    return known


def _stop_feed(known: Ints, year: Year, position: Ints, first: int, length: int, late: int) -> None:
    """Let the days from school day `first` on arrive together, `late` days after the last of them."""
    down = (position >= first) & (position < first + length)
    known[down] = np.maximum(known[down], year.days[down].max(initial=0) + late)


def draw_absence_records(
    rng: np.random.Generator, year: Year, seats: Seats, kinds: npt.NDArray[np.int8], feed: Ints
) -> AbsenceRecords:
    """Write every exception down: most with the day's feed, some late, some wrong at first and corrected."""
    seat, day = np.nonzero(kinds != PRESENT)
    kind = kinds[seat, day].astype(np.int64)
    count = len(seat)
    school = seats.school_on(day, seat)
    known = feed[school, day] + _lag(rng, count)

    # An absence without a note stands as unexcused until the note comes; a late arrival was first taken as absent.
    u = rng.random(count)
    corrected = ((kind == EXCUSED) & (u < 0.25)) | ((kind == TARDY) & (u < 0.06))
    mended = known + 1 + np.minimum(rng.geometric(0.25, count), 20)
    thousandths = np.select(
        [kind == TARDY, kind == PARTIAL],
        [rng.integers(10, 151, count), 50 * rng.integers(5, 16, count)],
        1000,
    )
    rows = np.flatnonzero(corrected)
    return AbsenceRecords(
        seat=np.concatenate([seat, seat[rows]]),
        school=np.concatenate([school, school[rows]]),
        kind=np.concatenate([kind, np.full(len(rows), UNEXCUSED)]),
        thousandths=np.concatenate([thousandths, np.full(len(rows), 1000)]),
        occurred=year.days[np.concatenate([day, day[rows]])],
        known=np.concatenate([np.where(corrected, mended, known), known[rows]]),
        retracted=np.concatenate([np.full(count, -1), mended[rows]]),
    )


def _lag(rng: np.random.Generator, count: int) -> Ints:
    """Days after the feed: nine in ten none, some a week, a few a month or two."""
    u = rng.random(count)
    return np.select(
        [u < 0.90, u < 0.97, u < 0.995],
        [np.zeros(count, np.int64), rng.integers(1, 8, count), rng.integers(8, 22, count)],
        rng.integers(22, 61, count),
    )


def plant_absences(
    rng: np.random.Generator,
    bias: Bias,
    members: dict[str, npt.NDArray[np.bool_]],
    year: Year,
    schools: Schools,
    records: AbsenceRecords,
) -> AbsenceRecords:
    """Apply late records and under-recording; `members` marks the seats of each plant's group."""
    columns = {name: getattr(records, name) for name in AbsenceRecords.__dataclass_fields__}
    absent = is_absent(columns["kind"].astype(np.int8))
    if bias.late_records is not None:
        hit = members["late_records"][records.seat]
        for name in ("known", "retracted"):
            later = _later(
                year, schools.district[records.school], columns[name], bias.late_records.school_days
            )
            columns[name] = np.where(hit & (columns[name] >= 0), later, columns[name])
    if bias.under_recording is not None:
        # One draw per student and day: a correction is lost with the row it corrects.
        lost = rng.random((int(records.seat.max(initial=0)) + 1, len(year.days))) < bias.under_recording.share
        day = np.searchsorted(year.days, records.occurred)
        keep = ~(members["under_recording"][records.seat] & absent & lost[records.seat, day])
        columns = {name: values[keep] for name, values in columns.items()}
    return AbsenceRecords(**columns)


def _later(year: Year, district: Ints, days: Ints, school_days: int) -> Ints:
    """Return the day so many school days later; after the last school day, weekdays count."""
    index = np.minimum(np.searchsorted(year.days, days), len(year.days) - 1)
    here = year.position[district, index]
    beyond = np.maximum(here + school_days - 180, 0)
    reached = year.days[year.day_number(district, here + school_days)]
    return np.maximum(np.where(beyond > 0, np.maximum(reached, days) + beyond * 7 // 5, reached), days)


def schools_serving(attends: npt.NDArray[np.int64], school: Ints, number: int) -> npt.NDArray[np.bool_]:
    """Schools with the highest share of a group that together serve at least half of it."""
    total = np.bincount(school, minlength=number)
    members = np.bincount(school, weights=attends, minlength=number)
    order = np.argsort(-members / np.maximum(total, 1), kind="stable")
    served = np.cumsum(members[order])
    hit = np.zeros(number, bool)
    hit[order[: int(np.searchsorted(served, members.sum() / 2)) + 1]] = True
    return hit
