"""What is planted, in whom, and what an audit should make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from early_id.district._simulate import Bias

GROUP = ("race_ethnicity", "Asian")
TRUTH = "truth"
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
        Whether the audit should find a gap against `group` in that metric.
    group : tuple of str
        Attribute and value of who is hit.
    label : str
        The outcome that is predicted and judged.
    other : str
        By what the same lists are also judged: `TRUTH` is what really happened, whatever was recorded; or a label.
    alike : bool
        Whether schools, districts and grade bands are alike in risk, calendar and feed too.
    gathered : str, optional
        A race that one school of each level of each district mostly serves.
    capacity : str
        The share of each school that is listed.
    metrics : tuple of {"recall", "not_scored"}
        What is audited.
    times : int
        Its counties are so many times as large.
    shares : tuple of int
        Counties of a half, a quarter, … of the size are audited too: for the table of power.
    """

    name: str
    what: str
    bias: Bias
    metric: str = "recall"
    planted: bool = False
    group: tuple[str, str] = GROUP
    label: str = "chronic_absence"
    other: str = ""
    alike: bool = True
    gathered: str | None = None
    capacity: str = "20%"
    metrics: tuple[str, ...] = ("recall",)
    times: int = 1
    shares: tuple[int, ...] = (1,)


PLANTS: Mapping[str, Plant] = MappingProxyType(
    {
        plant.name: plant
        for plant in (
            Plant(
                "a",
                "equal risk in all groups, schools, districts and grade bands",
                Bias(equal_groups=True),
                metrics=("recall", "not_scored"),
            ),
            Plant(
                "a2",
                "base rates differ, records are right; one group mostly attends schools of its own, lists of 15%",
                Bias(),
                planted=True,
                group=("race_ethnicity", "Black"),
                alike=False,
                gathered="Black",
                capacity="15%",
            ),
            Plant(
                "b",
                "absences of one group arrive 15 school days late",
                Bias(equal_groups=True, late_records={**_WHO, "school_days": 15}),
                planted=True,
                shares=(1, 2, 4, 8),
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
                other=TRUTH,
            ),
            Plant(
                "c",
                "one group's subjective incidents are written down three times as often",
                Bias(equal_groups=True, subjective_over_recording={**_WHO, "factor": 3.0}),
                label="outcome:written_up",
                other="outcome:objective",
                times=5,
                shares=(1, 5),
            ),
            Plant(
                "d",
                "schools that serve half of one group send nothing for 100 school days",
                Bias(
                    equal_groups=True,
                    feed_outage={**_WHO, "from_school_day": 20, "school_days": 100},
                ),
                metric="not_scored",
                metrics=("recall", "not_scored"),
                planted=True,
            ),
        )
    }
)
