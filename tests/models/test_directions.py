from __future__ import annotations

import pytest

from early_id.exceptions import ConfigError
from early_id.models._directions import describe_features
from early_id.panel import CATALOG


def test_the_catalogue_gives_direction_and_words():
    known, other = describe_features(["prior_absence_rate", "shoe_size"], "catalogue")
    assert (known.direction, known.concept) == (1, CATALOG["prior_absence_rate"].concept)
    assert (other.direction, other.concept) == (0, "shoe_size")


def test_every_feature_of_the_catalogue_can_be_described():
    infos = describe_features(list(CATALOG), "catalogue")
    assert [info.direction for info in infos] == [feature.direction for feature in CATALOG.values()]


@pytest.mark.parametrize(
    ("directions", "message"),
    [
        ({"abscence": 1}, "names 'abscence', which is no feature column of X; did you mean 'absence'"),
        ({"absence": 2}, "must be -1, 0 or 1, but 'absence' has 2"),
        ("catalog", "must be 'catalogue', a mapping or None, but is 'catalog'; did you mean 'catalogue'"),
    ],
)
def test_other_directions_are_refused(directions, message):
    with pytest.raises(ConfigError, match=message):
        describe_features(["absence", "mark"], directions)
