"""Membership: the rows of the protected groups that a district has on file."""

from __future__ import annotations

import numpy as np

from early_id.district._simulate._enrollments import Columns
from early_id.district._simulate._groups import ATTRIBUTES
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._streams import stream
from early_id.district._simulate._students import Ints, Roster

#: Attributes and values in text order.
ATTRIBUTE_NAMES = tuple(sorted(ATTRIBUTES))
VALUES = tuple(sorted({value for values in ATTRIBUTES.values() for value in values}))
_RECLASSIFIED = 0.1


def group_rows(plan: Plan, roster: Roster, rank: Ints) -> list[Columns]:
    """Write the groups of students who have entered by today, from the summer before; some are not on file.

    `rank` are the codes of the block's students.
    """
    rng = stream(plan.settings.seed, "groups", roster.block.key)
    entered = np.full(len(rank), np.iinfo(np.int64).max)
    july = np.zeros(len(rank), np.int64)
    for year, seats in zip(reversed(plan.years), reversed(roster.seats), strict=True):
        entered[seats.person] = year.days[np.minimum(seats.start, len(year.days) - 1)]
        july[seats.person] = _july(year.school_year)
    blocks = []
    for number, attribute in enumerate(ATTRIBUTE_NAMES):
        code = np.searchsorted(VALUES, ATTRIBUTES[attribute])[roster.groups[attribute]]
        shown = np.flatnonzero(
            (entered <= plan.today) & (rng.random(len(rank)) >= plan.settings.process.unknown_group)
        )
        rows = {
            "student_id": rank[shown],
            "attribute": np.full(len(shown), number),
            "value": code[shown],
            "valid_from": july[shown],
            "valid_to": np.full(len(shown), -1),
        }
        blocks.append(rows)
        if attribute == "english_learner":
            blocks.append(_reclassify(rng, plan, rows))
    return blocks


def _reclassify(rng: np.random.Generator, plan: Plan, rows: Columns) -> Columns:
    """Reclassify some English learners in a later summer: their row ends, and another begins."""
    yes, no = np.searchsorted(VALUES, ["yes", "no"])
    later = np.array([_july(year) for year in plan.settings.school_years])[
        rng.integers(0, plan.settings.years, len(rows["value"]))
    ]
    hit = np.flatnonzero(
        (rows["value"] == yes) & (later > rows["valid_from"]) & (rng.random(len(later)) < _RECLASSIFIED)
    )
    rows["valid_to"][hit] = later[hit] - 1
    new = {name: values[hit] for name, values in rows.items()}
    return new | {"value": np.full(len(hit), no), "valid_from": later[hit], "valid_to": np.full(len(hit), -1)}


def _july(school_year: int) -> int:
    return int(np.datetime64(f"{school_year - 1}-07-01").astype("datetime64[D]").astype(np.int64))
