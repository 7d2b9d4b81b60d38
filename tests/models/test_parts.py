from __future__ import annotations

import pytest

from early_id.exceptions import DataError
from early_id.models import Calibration, FeatureInfo, Period
from early_id.panel import CATALOG


def test_the_catalogue_describes_a_feature():
    info, known = FeatureInfo.from_catalogue(CATALOG, "absence_rate_20d"), CATALOG["absence_rate_20d"]
    assert (info.concept, info.domain, info.direction) == (known.concept, known.domain, known.direction)
    assert (info.unit, info.phrase, info.changeable) == (known.unit, known.phrase, known.changeable)
    assert FeatureInfo.from_catalogue(CATALOG, "shoe_size") == FeatureInfo("shoe_size", concept="shoe_size")


@pytest.mark.parametrize("name", ["", "school_day", "base"])
def test_names_with_another_meaning_are_refused(name):
    with pytest.raises(DataError, match="a feature needs a name other than 'school_day', 'base'"):
        FeatureInfo(name)


def test_wrong_numbers_are_refused():
    with pytest.raises(DataError, match="'days' needs direction -1, 0 or 1, but has 2"):
        FeatureInfo("days", direction=2)
    with pytest.raises(DataError, match=r"positive slope, but has 0\.0"):
        Calibration(0.0, 1.0, 3)
    with pytest.raises(DataError, match="0 ≤ from_day < to_day, but one has 20 and 20"):
        Period(20, 20, 0.0, ())
    with pytest.raises(DataError, match="cannot be negative"):
        Period(0, None, 0.0, (), n_rows=-1)


def test_a_period_says_its_days():
    assert [Period(a, b, 0.0, ()).name for a, b in [(0, 20), (20, None), (0, None)]] == [
        "school days 0–19",
        "school days 20–",
        "the whole school year",
    ]
