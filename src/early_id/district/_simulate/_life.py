"""Life: the school years of one block, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import numpy as np

from early_id.district._simulate._enrollments import Columns
from early_id.district._simulate._happened import happen
from early_id.district._simulate._membership import group_rows
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._rows import written

Coded = dict[str, list[Columns]]


def live(plan: Plan, number: int, only: Collection[str] | None = None) -> Coded:
    """Return the coded rows of every table by name, and of `truth`, for one block over all years.

    Groups always; of the others `only` those that are asked for, or all. The code of a student is the place of the
    student's number among those of the block.
    """
    roster = plan.rosters[number]
    count = len(roster.newcomer)
    rank = np.empty(count, np.int64)
    rank[np.argsort(plan.number[number])] = np.arange(count)
    prior_rate = np.full(count, np.nan)
    regime = np.full(count, -1)
    coded: Coded = defaultdict(list)
    coded["groups"] = [_narrow(rows) for rows in group_rows(plan, roster, rank)]
    for index in range(len(plan.years)):
        happened = happen(plan, roster, index, prior_rate, regime)
        person = happened.seats.person
        prior_rate = np.full_like(prior_rate, np.nan)
        enrolled = happened.setting.enrolled.sum(axis=1)
        rate = happened.absent.sum(axis=1) / np.maximum(enrolled, 1)
        prior_rate[person] = np.where(enrolled > 0, rate, np.nan)
        regime[person] = happened.states[:, -1]
        for name, rows in written(plan, roster, index, happened, rate, only).items():
            rows["student_id"] = rank[person[rows.pop("seat")]]
            coded[name].append(_narrow(rows))
    return coded


def _narrow(rows: Columns) -> Columns:
    """Keep codes, counts and days in half the memory; incident numbers of ten digits need it all."""
    return {
        name: values.astype(np.int32) if values.dtype == np.int64 and name != "incident_id" else values
        for name, values in rows.items()
    }
