"""Plan: all of a county that must be known before any school year happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._attendance import Floats32, draw_waves
from early_id.district._simulate._bias import Bias, FeedOutage
from early_id.district._simulate._blocks import draw_blocks
from early_id.district._simulate._calendar import Year, draw_year, today_of
from early_id.district._simulate._groups import has_value
from early_id.district._simulate._records import draw_feed, schools_serving
from early_id.district._simulate._schools import Schools, draw_schools
from early_id.district._simulate._settings import Settings
from early_id.district._simulate._students import Ints, Roster, draw_roster

# Student numbers are scattered over ten digits, so that neighbours in a file are not neighbours in life.
_PRIME, _SCATTER, _PER_DISTRICT = 9_999_999_967, 1_618_033, 50_000_000
# Enough for a block's students and all newcomers of twenty years, and for the 500 blocks of 4,000,000 students.
_PER_BLOCK = 100_000


@dataclass(frozen=True)
class Plan:
    """Schools, calendars, feeds, and the rosters of all blocks. `number[b]` holds the student numbers of block b."""

    settings: Settings
    bias: Bias
    schools: Schools
    years: tuple[Year, ...]
    today: int
    rosters: tuple[Roster, ...]
    waves: tuple[Floats32, ...]
    feeds: tuple[Ints, ...]
    number: tuple[Ints, ...]


def draw_plan(settings: Settings, bias: Bias) -> Plan:
    """Lay the county out: cheap even for 250,000 students, as nothing here is daily."""
    schools = draw_schools(settings)
    years = tuple(draw_year(settings.seed, year, settings.districts) for year in settings.school_years)
    rosters = tuple(draw_roster(settings, schools, years, block) for block in draw_blocks(settings, schools))
    feeds = []
    for index, year in enumerate(years):
        planted = _planted(bias, schools, rosters, index)
        feeds.append(draw_feed(settings.seed, year, schools, planted))
    number = tuple(_numbers(roster) for roster in rosters)
    waves = tuple(draw_waves(settings.seed, year) for year in years)
    return Plan(settings, bias, schools, years, today_of(years[-1]), rosters, waves, tuple(feeds), number)


def _numbers(roster: Roster) -> Ints:
    """Student numbers of a block, which no other block of the county has."""
    first = (roster.block.district + 1) * _PER_DISTRICT + roster.block.part * _PER_BLOCK
    numbers: Ints = (first + np.arange(len(roster.newcomer))) * _SCATTER % _PRIME
    return numbers


def _planted(
    bias: Bias, schools: Schools, rosters: tuple[Roster, ...], index: int
) -> tuple[FeedOutage, npt.NDArray[np.bool_]] | None:
    plant = bias.feed_outage
    if plant is None:
        return None
    school = np.concatenate([roster.seats[index].school for roster in rosters])
    member = np.concatenate(
        [
            has_value(roster.groups, plant.attribute, plant.value)[roster.seats[index].person]
            for roster in rosters
        ]
    )
    return plant, schools_serving(member, school, len(schools.ids))
