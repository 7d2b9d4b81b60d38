"""The table of results: which bar holds, by how much, and how sure that is."""

from __future__ import annotations

import pandas as pd

from experiments.audit_power._plants import PLANTS
from experiments.audit_power._pool import TIMES
from experiments.audit_power._sections import (
    base_rates,
    between_worlds,
    false_alarms,
    over_recording,
    planted,
    power,
    under_recording,
)
from experiments.audit_power._shares import Share, aim_text, holds, lines_of, of_audits, of_cells, share_text
from experiments.audit_power._study import COUNTIES
from experiments.audit_power._truth import with_truth
from experiments.audit_power._world import OFTEN

FALSE_ALARMS, DETECTION, COVERAGE = (0.0, 0.05), (0.90, 1.0), (0.93, 0.97)


def table(cells: pd.DataFrame, *, students: int) -> str:
    """Hold what the audits said against the truth, as Markdown."""
    found = with_truth(cells)
    found["plant"] = pd.Categorical(found["plant"], [name for name in PLANTS if name in set(found["plant"])])
    found = found.sort_values("plant", kind="stable").astype({"plant": "str"})
    whole = found[(found["share"] == 1) & (found["outcome"] == "recorded")]
    counties = whole.groupby("plant")["county"].nunique()
    names = [name for name in PLANTS if name in counties]
    parts = [
        f"Counties of {students:,} students (times “size”) on four dates, audited with 2,000",
        f"replicates. The students of {COUNTIES} counties are drawn from one world of {TIMES * students:,} simulated",
        "students; brackets are 95 % intervals for so many counties. Made by",
        f"`python -m experiments.audit_power --out OUT --students {students} --plants {names[0]} "
        f"--counties {counties[names[0]]}` and likewise for the others.",
        "",
        *lines_of(
            ("plant", "what", "list", "size", "counties"),
            [
                (name, plant.what, plant.capacity, f"{plant.times}", f"{counties[name]}")
                for name, plant in ((name, PLANTS[name]) for name in names)
            ],
        ),
        "",
        *lines_of(("bar", "measured", "aim", "holds"), _bars(whole)),
        "",
        "Coverage at the nominal 95 %, by kind of group (recall):",
        "",
        *lines_of(("plant", "groups", "cells", "pointwise", "false alarms, of audits"), _coverage(whole)),
        "",
        "False alarms, by cell (recall): the true gap is inside the tolerance, and the verdict says “gap”:",
        "",
        *lines_of(
            ("plant", "world", "group", "with the outcome", "true gap", "claimed in"), false_alarms(whole)
        ),
        "",
        "Power: how often the gap against the planted group is found, by its students with the outcome:",
        "",
        *lines_of(("plant", "students of the county", "with the outcome", "true gap", "found"), power(found)),
        "",
    ]
    if "a2" in counties.index:
        parts += [
            "Base rates alone (a2): the groups of students that are reached least beside the others, and the part that "
            "hindsight itself would leave at these list sizes:",
            "",
            *lines_of(
                ("group", "with the outcome", "true gap", "of it by base rate", "verdict “gap”"),
                base_rates(whole),
            ),
            "",
        ]
    if "b2" in counties.index:
        parts += [
            "Under-recording (b2): the same lists, judged by what is on record and by what happened:",
            "",
            *lines_of(("outcome", "true gap of the group", "verdict “gap”"), under_recording(found)),
            "",
        ]
    if "c" in counties.index:
        parts += [
            f"Over-recording (c): the same lists, judged by {OFTEN} incidents on record, whatever their basis, and by",
            "one objective incident. The label section names the group where its verdict is then another one:",
            "",
            *lines_of(
                (
                    "students of the county", "with the outcome", "true gap by the record", "verdict “gap”",
                    "true gap by objective incidents", "verdict “gap”", "named",
                ),
                over_recording(found),
            ),
            "",
        ]  # fmt: skip
    worlds = between_worlds(whole)
    if worlds:
        parts += [worlds, ""]
    return "\n".join(parts)


def _bars(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    bars: list[tuple[str, Share, tuple[float, float]]] = []
    for name, own in whole.groupby("plant", sort=False):
        family = own[own["in_family"]]
        if name == "a":
            alarms = of_audits(family.groupby("county")["false_alarm"].any())
            students = of_audits(family[family["of_students"]].groupby("county")["false_alarm"].any())
            bars.append(
                ("(a) false alarm in any group, schools and grades too, of audits", alarms, FALSE_ALARMS)
            )
            bars.append(("(a) false alarm in a group of students, of audits", students, FALSE_ALARMS))
        plant = PLANTS[str(name)]
        if plant.planted:
            verdict = planted(own, plant).set_index("county")["verdict"]
            bars.append(
                (
                    f"({name}) {' = '.join(plant.group)} found, {plant.metric}",
                    of_audits(verdict == "gap"),
                    DETECTION,
                )
            )
        for metric in dict.fromkeys(("recall", plant.metric)):
            mine = family[family["metric"] == metric]
            bars.append((f"({name}) pointwise coverage, {metric}", of_cells(mine), COVERAGE))
            joint = mine.groupby("county")["inside_simultaneous"].all()
            bars.append((f"({name}) joint coverage of the family, {metric}", of_audits(joint), COVERAGE))
    return [(what, share_text(share), aim_text(aim), holds(share, aim)) for what, share, aim in bars]


def _coverage(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    recall = whole[whole["in_family"] & (whole["metric"] == "recall")]
    kind = recall["attribute"].where(~recall["of_students"], "students")
    for (name, groups), own in recall.groupby(["plant", kind], sort=False):
        alarms = of_audits(own.groupby("county")["false_alarm"].any())
        rows.append((str(name), str(groups), f"{len(own):,}", share_text(of_cells(own)), share_text(alarms)))
    return rows
