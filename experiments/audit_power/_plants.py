"""What is planted, in whom, and what an audit should make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from early_id.district._simulate import Bias

GROUP = ("race_ethnicity", "Asian")
_WHO = {"attribute": GROUP[0], "value": GROUP[1]}


@dataclass(frozen=True)
class Plant:
    """A county in which the truth is known.

    Attributes
    ----------
    name : str
    what : str
        In words.
    bias : Bias
    metric : {"recall", "not_scored"}
        The metric in which the plant shows.
    planted : bool
        Whether the audit should find a gap against `GROUP` in that metric.
    independent : bool
        Whether the same lists are also audited by what really happened, whatever was recorded.
    shares : tuple of int
        Counties of a half, a quarter, … of the size are audited too: for the table of power.
    """

    name: str
    what: str
    bias: Bias
    metric: str = "recall"
    planted: bool = False
    independent: bool = False
    shares: tuple[int, ...] = (1,)


PLANTS: Mapping[str, Plant] = MappingProxyType(
    {
        plant.name: plant
        for plant in (
            Plant("a", "equal risk in all groups", Bias(equal_groups=True)),
            Plant("a2", "base rates differ, records are right", Bias()),
            Plant(
                "b",
                "absences of one group arrive 15 school days late",
                Bias(equal_groups=True, late_records={**_WHO, "school_days": 15}),
                planted=True,
            ),
            Plant(
                "b5",
                "the same absences arrive 5 school days late",
                Bias(equal_groups=True, late_records={**_WHO, "school_days": 5}),
                planted=True,
                shares=(1, 2, 4, 8),
            ),
            Plant(
                "b2",
                "a third of one group's absences is never recorded",
                Bias(equal_groups=True, under_recording={**_WHO, "share": 1 / 3}),
                independent=True,
            ),
            Plant(
                "c",
                "one group's subjective incidents are written down three times as often",
                Bias(equal_groups=True, subjective_over_recording={**_WHO, "factor": 3.0}),
            ),
            Plant(
                "d",
                "schools that serve half of one group send nothing for 100 school days",
                Bias(
                    equal_groups=True,
                    feed_outage={**_WHO, "from_school_day": 20, "school_days": 100},
                ),
                metric="not_scored",
                planted=True,
            ),
        )
    }
)
