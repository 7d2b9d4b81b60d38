"""Life: the school years of one home district, one after the other."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from early_id.district._simulate._enrollments import Columns
from early_id.district._simulate._happened import happen
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._rows import written

Blocks = dict[str, list[Columns]]


def live(plan: Plan, home: int) -> Blocks:
    """Return the coded rows of every table by name, and of `truth`, for one home district over all years."""
    roster = plan.rosters[home]
    prior_rate = np.full(len(roster.newcomer), np.nan)
    regime = np.full(len(roster.newcomer), -1)
    blocks: Blocks = defaultdict(list)
    for index in range(len(plan.years)):
        happened = happen(plan, roster, index, prior_rate, regime)
        person = happened.seats.person
        prior_rate = np.full_like(prior_rate, np.nan)
        enrolled = happened.setting.enrolled.sum(axis=1)
        rate = happened.absent.sum(axis=1) / np.maximum(enrolled, 1)
        prior_rate[person] = np.where(enrolled > 0, rate, np.nan)
        regime[person] = happened.states[:, -1]
        for name, rows in written(plan, roster, index, happened, rate).items():
            rows["student_id"] = plan.number[home][person[rows.pop("seat")]]
            blocks[name].append(rows)
    return blocks
