"""Schools: how a county's schools are spread over districts and grades."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._groups import RACES
from early_id.district._simulate._settings import GRADES, Settings
from early_id.district._simulate._streams import stream

ELEMENTARY, MIDDLE, HIGH = range(3)
LEVEL_OF_GRADE = np.array([ELEMENTARY] * 6 + [MIDDLE] * 3 + [HIGH] * 4)
_NAMES = (
    "Alder", "Blue Oak", "Cottonwood", "Dogwood", "Elderberry", "Foothill", "Goldfield", "Heron", "Ironwood",
    "Juniper", "Kingfisher", "Laurel", "Manzanita", "Nightingale", "Orchard", "Poppy", "Quail", "Redbud",
    "Sycamore", "Toyon", "Valley Oak", "Willow", "Yarrow",
)  # fmt: skip
_DISTRICTS = ("North River", "Delta", "Foothill Union", "Two Rivers", "Lakeside", "Central Valley", "Arroyo")


@dataclass(frozen=True)
class Schools:
    """The county's schools, ordered by id.

    Attributes
    ----------
    district : array (S,) of int
    low, high : arrays (S,) of int, grade range
    weight : array (S,) of float, relative number of students within a level
    affinity : array (S, races) of float, how much likelier than average each race attends (log scale)
    level : array (S,) of float, log-odds that the school adds to absence; the mean over schools is 0. Between schools
        lie 10-20 % of the variance of the students' log-odds of a calm day. Of the observed yearly absence rates it is
        2-5 %: regimes and chance, which schools do not share, stretch the rates far more than the log-odds.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    district: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    affinity: npt.NDArray[np.float64]
    level: npt.NDArray[np.float64]

    def serving(self, level: int, district: int) -> npt.NDArray[np.int64]:
        """Schools of a district that serve the grades of a level."""
        grades = np.flatnonzero(level == LEVEL_OF_GRADE)
        serves = (self.district == district) & (self.low <= grades[0]) & (self.high >= grades[-1])
        return np.flatnonzero(serves)


def district_id(district: int) -> str:
    """State code of a district, kept as text."""
    return f"04{67000 + 131 * district:05d}"


def district_name(district: int) -> str:
    """Return a made-up name."""
    turn = district // len(_DISTRICTS)
    return f"{_DISTRICTS[district % len(_DISTRICTS)]} Unified{f' {turn + 1}' if turn else ''}"


def draw_schools(settings: Settings) -> Schools:
    """Spread schools over districts and grades; levels are quantiles, so their variance does not wander by seed."""
    count = settings.schools
    district = np.sort(np.arange(count) % settings.districts)
    low = np.empty(count, np.int64)
    high = np.empty(count, np.int64)
    for number in range(settings.districts):
        rows = np.flatnonzero(district == number)
        ranges = _grade_ranges(len(rows))
        low[rows], high[rows] = np.array(ranges).T
    rng = stream(settings.seed, "schools")
    quantiles = np.array([NormalDist().inv_cdf((rank + 0.5) / count) for rank in range(count)])
    spread = quantiles / quantiles.std() if count > 1 else quantiles
    level = settings.process.school * rng.permutation(spread)
    return Schools(
        ids=tuple(f"{102_003 + 457 * number:07d}" for number in range(count)),
        names=tuple(_school_name(number, int(low[number]), int(high[number])) for number in range(count)),
        district=district,
        low=low,
        high=high,
        weight=np.exp(0.3 * rng.standard_normal(count)),
        affinity=0.6 * rng.standard_normal((count, len(RACES))),
        level=level,
    )


def _grade_ranges(count: int) -> list[tuple[int, int]]:
    last = GRADES - 1
    if count == 1:
        return [(0, last)]
    if count == 2:
        return [(0, 8), (9, last)]
    upper = max(1, round(0.22 * count))
    return [(0, 5)] * (count - 2 * upper) + [(6, 8)] * upper + [(9, last)] * upper


def _school_name(number: int, low: int, high: int) -> str:
    kind = {(0, 5): "Elementary", (6, 8): "Middle", (9, 12): "High"}.get((low, high), "School")
    turn = number // len(_NAMES)
    return f"{_NAMES[number % len(_NAMES)]} {kind}{f' {turn + 1}' if turn else ''}"
