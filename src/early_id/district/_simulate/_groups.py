"""Groups: who belongs to which protected group, and by how much base rates differ between groups.

Shares resemble Sacramento County's. Log-odds of absence and of incidents are set so that a large county shows the
published base rates of chronic absence and suspension (CDE DataQuest), each within half a point in expectation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

RACES = ("Asian", "Black", "Hispanic", "Pacific Islander", "Two or more", "White")
GENDERS = ("Female", "Male", "Nonbinary")
FLAGS = ("english_learner", "foster", "homeless", "low_income", "students_with_disabilities")

#: Every simulated attribute with its values.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"gender": GENDERS, "race_ethnicity": RACES, **dict.fromkeys(FLAGS, ("no", "yes"))}
)

_RACE_SHARE = np.array([0.17, 0.12, 0.33, 0.02, 0.08, 0.28])
_GENDER_SHARE = np.array([0.485, 0.509, 0.006])
# Share of each race with the flag.
_FLAG_SHARE = {
    "english_learner": np.array([0.24, 0.02, 0.30, 0.16, 0.04, 0.10]),
    "foster": np.array([0.002, 0.018, 0.006, 0.006, 0.010, 0.005]),
    "homeless": np.array([0.012, 0.055, 0.032, 0.035, 0.030, 0.018]),
    "low_income": np.array([0.50, 0.80, 0.72, 0.70, 0.52, 0.36]),
    "students_with_disabilities": np.array([0.09, 0.18, 0.14, 0.13, 0.15, 0.14]),
}
# Log-odds of absence per school day, and log rate of incidents.
_RACE_ABSENCE = np.array([-0.33, 0.32, 0.11, 0.28, 0.00, -0.32])
_FLAG_ABSENCE = {"foster": 0.26, "homeless": 0.35, "low_income": 0.12, "students_with_disabilities": 0.34}
_RACE_INCIDENTS = np.array([-0.9, 0.97, -0.08, 0.2, 0.1, -0.08])
_FLAG_INCIDENTS = {"foster": 1.26, "homeless": 0.3, "low_income": 0.15, "students_with_disabilities": 0.58}
_MALE_INCIDENTS = 0.35


def draw_groups(rng: np.random.Generator, count: int) -> dict[str, npt.NDArray[np.int64]]:
    """Draw the groups of `count` students: race and gender as codes, flags as 0 and 1.

    Race shares are met as closely as whole students allow, so that base rates do not wander with the seed.
    """
    even = (rng.permutation(count) + rng.random(count)) / max(count, 1)
    race = np.searchsorted(np.cumsum(_RACE_SHARE)[:-1], even)
    gender = np.searchsorted(np.cumsum(_GENDER_SHARE)[:-1], rng.random(count))
    groups = {"race_ethnicity": race, "gender": gender}
    for flag in FLAGS:
        groups[flag] = (rng.random(count) < _FLAG_SHARE[flag][race]).astype(np.int64)
    return groups


def absence_shift(groups: Mapping[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float64]:
    """Log-odds that a student's groups add to every school day."""
    shift: npt.NDArray[np.float64] = _RACE_ABSENCE[groups["race_ethnicity"]]
    for flag, value in _FLAG_ABSENCE.items():
        shift = shift + value * groups[flag]
    return shift


def incident_shift(groups: Mapping[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float64]:
    """Log rate that a student's groups add to incidents on record: who is written up is itself part of the data."""
    shift: npt.NDArray[np.float64] = _RACE_INCIDENTS[groups["race_ethnicity"]]
    shift = shift + _MALE_INCIDENTS * (groups["gender"] == GENDERS.index("Male"))
    for flag, value in _FLAG_INCIDENTS.items():
        shift = shift + value * groups[flag]
    return shift


def has_value(
    groups: Mapping[str, npt.NDArray[np.int64]], attribute: str, value: str
) -> npt.NDArray[np.bool_]:
    """Say for every student whether an attribute has this value."""
    return np.asarray(groups[attribute] == ATTRIBUTES[attribute].index(value))
