"""Happened: one school year of one block, as it really was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._attendance import (
    Bools,
    Setting,
    draw_attendance,
    enrolled_days,
    is_absent,
    person_level,
    propensity,
)
from early_id.district._simulate._calendar import Year
from early_id.district._simulate._groups import absence_shift, incident_shift
from early_id.district._simulate._incidents import (
    Incidents,
    daily_rates,
    draw_incidents,
    expected_suspension_days,
)
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._regimes import Profile, draw_profile, draw_regimes, transitions
from early_id.district._simulate._streams import stream
from early_id.district._simulate._students import Floats, Ints, Roster, Seats
from early_id.district._simulate._truth import true_risk

Risk = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Happened:
    """One school year of one block, as it really was. `foresee` computes `risk`, which is half the work of a year."""

    year: Year
    seats: Seats
    setting: Setting
    profile: Profile
    states: npt.NDArray[np.int8]
    incidents: Incidents
    kinds: npt.NDArray[np.int8]
    absent: Bools
    foresee: Callable[[], Risk] = field(repr=False)

    @cached_property
    def risk(self) -> Risk:
        """True risk of every seat at the end of every week (seats × weeks); computed when it is asked for."""
        return self.foresee()


def happen(plan: Plan, roster: Roster, index: int, prior_rate: Floats, regime: Ints) -> Happened:
    """Let one school year happen, given last year's absence rate and last regime of every student."""
    process, seed, place = plan.settings.process, plan.settings.seed, (roster.block.key, index)
    year, seats, schools = plan.years[index], roster.seats[index], plan.schools
    rng = stream(seed, "year", *place)
    equal = 0.0 if plan.bias.equal_groups else 1.0
    groups = equal * absence_shift(roster.groups)
    level = schools.level[seats.school] + groups[seats.person]
    profile = draw_profile(rng, process, seats, roster.traits, prior_rate[seats.person], level)
    table = transitions(process, profile.brew)
    states = draw_regimes(rng, process, table, regime[seats.person], year.weeks)
    person = person_level(process, roster.traits, groups)
    enrolled = enrolled_days(year, schools, seats)
    setting = Setting(
        odds=propensity(rng, process, schools, seats, person),
        step=np.where(
            seats.school_after >= 0, schools.level[seats.school_after] - schools.level[seats.school], 0.0
        ),
        wave=plan.waves[index],
        district=schools.district[seats.school],
        enrolled=enrolled,
    )
    rates = daily_rates(seats, profile, equal * incident_shift(roster.groups))
    incidents = draw_incidents(stream(seed, "incidents", *place), rates, states, enrolled, year.days)
    kinds = draw_attendance(
        stream(seed, "attendance", *place), process, seats, setting, states, profile, incidents
    )
    absent = is_absent(kinds)
    foresee = partial(
        true_risk, process, seats, setting, table, expected_suspension_days(rates), states, absent
    )
    return Happened(year, seats, setting, profile, states, incidents, kinds, absent, foresee)
