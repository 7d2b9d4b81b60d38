from __future__ import annotations

import numpy as np
import pytest

from early_id.exceptions import ConfigError, DataError
from early_id.models._periods import check_days, choose_periods

EVERY_DAY = np.tile(np.arange(0.0, 180.0, 5.0), 400)
WHO = np.repeat(np.arange(400), 36)


def test_auto_keeps_periods_with_enough_students():
    assert choose_periods("auto", EVERY_DAY, WHO % 2, WHO) == [(0, 20), (20, 60), (60, 120), (120, None)]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    ("thin", "expected"),
    [
        ((0, 20), [(0, 60), (60, 120), (120, None)]),
        ((20, 60), [(0, 20), (20, 120), (120, None)]),
        ((120, 999), [(0, 20), (20, 60), (60, None)]),
        ((0, 999), [(0, None)]),
    ],
)
def test_a_period_with_few_students_on_one_side_joins_its_neighbour(side, thin, expected):
    inside = (thin[0] <= EVERY_DAY) & (thin[1] > EVERY_DAY)
    y = np.where(inside, np.where(WHO < 49, side, 1 - side), WHO % 2)
    assert choose_periods("auto", EVERY_DAY, y, WHO) == expected


def test_students_count_and_not_their_rows():
    y = (WHO < 49).astype(int)  # 49 students, over a thousand rows
    assert choose_periods("auto", EVERY_DAY, y, WHO) == [(0, None)]
    assert choose_periods("auto", EVERY_DAY, (WHO < 50).astype(int), WHO) != [(0, None)]


def test_days_without_rows_are_no_period():
    days = np.where(EVERY_DAY < 60, 10.0, EVERY_DAY)
    assert choose_periods("auto", days, WHO % 2, WHO) == [(0, 20), (20, 120), (120, None)]


def test_explicit_periods_are_taken_as_they_are():
    assert choose_periods((0, 90), EVERY_DAY, np.zeros(len(WHO), dtype=int), WHO) == [(0, 90), (90, None)]
    assert choose_periods((0, 90), None, WHO % 2, WHO) == [(0, None)]


@pytest.mark.parametrize("periods", [(), (20, 60), (0, 60, 20), (0, 1.5), "weekly", 7, (0, "x")])
def test_other_periods_are_refused(periods):
    with pytest.raises(ConfigError, match="periods must be 'auto' or first school days that begin with 0"):
        choose_periods(periods, EVERY_DAY, WHO % 2, WHO)


@pytest.mark.parametrize("day", [np.nan, -1.0])
def test_unknown_school_days_are_refused(day):
    with pytest.raises(DataError, match=f"school days from 0 on, but holds {day}"):
        check_days(np.array([3.0, day]))
