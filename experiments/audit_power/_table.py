"""The table of results: which bar holds, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from early_id.evaluation import wilson_interval
from experiments.audit_power._plants import PLANTS, Plant
from experiments.audit_power._pool import TIMES
from experiments.audit_power._study import COUNTIES
from experiments.audit_power._truth import with_truth
from experiments.audit_power._world import OFTEN

#: A share with its 95 % interval: the error of so many simulated counties.
Share = tuple[float, float, float]
ENOUGH = 700
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
        *_rows(
            ("plant", "what", "list", "size", "counties"),
            [
                (name, plant.what, plant.capacity, f"{plant.times}", f"{counties[name]}")
                for name, plant in ((name, PLANTS[name]) for name in names)
            ],
        ),
        "",
        *_rows(("bar", "measured", "aim", "holds"), _bars(whole)),
        "",
        "Coverage at the nominal 95 %, by kind of group (recall):",
        "",
        *_rows(("plant", "groups", "cells", "pointwise", "false alarms, of audits"), _coverage(whole)),
        "",
        "False alarms, by cell (recall): the true gap is inside the tolerance, and the verdict says “gap”:",
        "",
        *_rows(("plant", "group", "with the outcome", "true gap", "claimed in"), _false_alarms(whole)),
        "",
        "Power: how often the gap against the planted group is found, by its students with the outcome:",
        "",
        *_rows(("plant", "students of the county", "with the outcome", "true gap", "found"), _power(found)),
        "",
    ]
    if "a2" in counties.index:
        parts += [
            "Base rates alone (a2): the groups of students that are reached least beside the others, and the part that "
            "hindsight itself would leave at these list sizes:",
            "",
            *_rows(
                ("group", "with the outcome", "true gap", "of it by base rate", "verdict “gap”"),
                _base_rates(whole),
            ),
            "",
        ]
    if "b2" in counties.index:
        parts += [
            "Under-recording (b2): the same lists, judged by what is on record and by what happened:",
            "",
            *_rows(("outcome", "true gap of the group", "verdict “gap”"), _under_recording(found)),
            "",
        ]
    if "c" in counties.index:
        parts += [
            f"Over-recording (c): the same lists, judged by {OFTEN} incidents on record, whatever their basis, and by",
            "one objective incident. The label section names the group where its verdict is then another one:",
            "",
            *_rows(
                (
                    "students of the county", "with the outcome", "true gap by the record", "verdict “gap”",
                    "true gap by objective incidents", "verdict “gap”", "named",
                ),
                _over_recording(found),
            ),
            "",
        ]  # fmt: skip
    worlds = _between_worlds(whole)
    if worlds:
        parts += [worlds, ""]
    return "\n".join(parts)


def _bars(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    bars: list[tuple[str, Share, tuple[float, float]]] = []
    for name, own in whole.groupby("plant", sort=False):
        family = own[own["in_family"]]
        if name == "a":
            alarms = _of_audits(family.groupby("county")["false_alarm"].any())
            students = _of_audits(family[family["of_students"]].groupby("county")["false_alarm"].any())
            bars.append(
                ("(a) false alarm in any group, schools and grades too, of audits", alarms, FALSE_ALARMS)
            )
            bars.append(("(a) false alarm in a group of students, of audits", students, FALSE_ALARMS))
        plant = PLANTS[str(name)]
        if plant.planted:
            verdict = _planted(own, plant).set_index("county")["verdict"]
            bars.append(
                (
                    f"({name}) {' = '.join(plant.group)} found, {plant.metric}",
                    _of_audits(verdict == "gap"),
                    DETECTION,
                )
            )
        for metric in dict.fromkeys(("recall", plant.metric)):
            mine = family[family["metric"] == metric]
            bars.append((f"({name}) pointwise coverage, {metric}", _of_cells(mine), COVERAGE))
            joint = mine.groupby("county")["inside_simultaneous"].all()
            bars.append((f"({name}) joint coverage of the family, {metric}", _of_audits(joint), COVERAGE))
    return [(what, _text(share), _aim(aim), _holds(share, aim)) for what, share, aim in bars]


def _coverage(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    recall = whole[whole["in_family"] & (whole["metric"] == "recall")]
    kind = recall["attribute"].where(~recall["of_students"], "students")
    for (name, groups), own in recall.groupby(["plant", kind], sort=False):
        alarms = _of_audits(own.groupby("county")["false_alarm"].any())
        rows.append((str(name), str(groups), f"{len(own):,}", _text(_of_cells(own)), _text(alarms)))
    return rows


def _false_alarms(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    recall = whole[whole["in_family"] & (whole["metric"] == "recall")]
    rows: list[tuple[str, ...]] = []
    for (name, attribute, group), own in recall.groupby(["plant", "attribute", "group"], sort=False):
        if own["false_alarm"].any():
            students, true = own["n_students_outcome"].mean(), own["true"].mean()
            claimed = f"{own['false_alarm'].sum()} of {len(own)}"
            rows.append((str(name), f"{attribute} = {group}", f"{students:,.0f}", f"{true:+.3f}", claimed))
    return rows


def _power(found: pd.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    recorded = found[found["outcome"] == "recorded"]
    for name in recorded["plant"].unique():
        plant = PLANTS[name]
        at = _planted(recorded[recorded["plant"] == name], plant)
        for share, own in at.groupby("share") if plant.planted else ():
            size = recorded[(recorded["plant"] == name) & (recorded["share"] == share)]
            students = (
                size.groupby(["county", "attribute"])["n_students"].sum().median() / size["metric"].nunique()
            )
            rows.append(
                (
                    f"({name}) {plant.metric}", f"{students:,.0f}", f"{own['n_students_outcome'].mean():,.0f}",
                    f"{own['true'].mean():+.3f}", _text(_claimed(own)),
                )
            )  # fmt: skip
    return rows


def _base_rates(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    own = whole[
        (whole["plant"] == "a2") & (whole["metric"] == "recall") & whole["of_students"] & whole["in_family"]
    ]
    rows: list[tuple[str, ...]] = []
    true = own.groupby(["attribute", "group"])["true"].mean()
    for attribute, group in true.nsmallest(5).index:
        at = own[(own["attribute"] == attribute) & (own["group"] == group)]
        share = _claimed(at)
        students, gaps = at["n_students_outcome"].mean(), at[["true", "ceiling_gap"]].mean()
        numbers = f"{students:,.0f}", f"{gaps['true']:+.3f}", f"{gaps['ceiling_gap']:+.3f}"
        rows.append((f"{attribute} = {group}", *numbers, _text(share)))
    return rows


def _under_recording(found: pd.DataFrame) -> list[tuple[str, ...]]:
    own = _planted(found[found["plant"] == "b2"], PLANTS["b2"])
    return [
        (str(outcome), f"{at['true'].mean():+.3f}", _text(_claimed(at)))
        for outcome, at in own.groupby("outcome", sort=False)
    ]


def _over_recording(found: pd.DataFrame) -> list[tuple[str, ...]]:
    every = found[(found["plant"] == "c") & (found["metric"] == "recall")]
    sizes = every.groupby(["share", "outcome", "county", "attribute"])["n_students"].sum()
    rows: list[tuple[str, ...]] = []
    for share, own in _planted(every, PLANTS["c"]).groupby("share"):
        record, other = (
            own[own["outcome"] == outcome].set_index("county") for outcome in ("recorded", "independent")
        )
        named = _of_audits(record["verdict"] != other["verdict"].reindex(record.index))
        rows.append(
            (
                f"{sizes[share].median():,.0f}", f"{record['n_students_outcome'].mean():,.0f}",
                f"{record['true'].mean():+.3f}", _text(_claimed(record.reset_index())),
                f"{other['true'].mean():+.3f}", _text(_claimed(other.reset_index())), _text(named),
            )
        )  # fmt: skip
    return rows


def _between_worlds(whole: pd.DataFrame) -> str:
    own = whole[
        (whole["plant"] == "a") & (whole["metric"] == "recall") & whole["of_students"] & whole["in_family"]
    ]
    true = own.groupby(["attribute", "group", "world"])["true"].first().unstack()
    if true.shape[1] < 2:
        return ""
    spread, error = true.std(axis=1), own.groupby(["attribute", "group"])["standard_error"].mean()
    return (
        f"Between {true.shape[1]} sets of schools (a) the true gap of a group of students varies with a standard "
        f"deviation of {spread.median():.3f} (median group); the standard error within one county is "
        f"{error.median():.3f}. The interval covers the latter only."
    )


def _planted(own: pd.DataFrame, plant: Plant) -> pd.DataFrame:
    """Keep the cells of the group that the plant hits, in the metric in which it shows."""
    attribute, group = plant.group
    return own[(own["metric"] == plant.metric) & (own["attribute"] == attribute) & (own["group"] == group)]


def _claimed(at: pd.DataFrame) -> Share:
    return _of_audits(at.set_index("county")["verdict"] == "gap")


def _of_audits(hits: pd.Series) -> Share:
    """Share of audits, with its Wilson interval."""
    count = np.array([float(len(hits))])
    value = np.array([float(hits.mean())])
    low, high = wilson_interval(value, count)
    return float(value[0]), float(low[0]), float(high[0])


def _of_cells(own: pd.DataFrame) -> Share:
    """Share of cells whose interval holds the truth; the cells of one county vary together."""
    by_county = own.groupby("county")["inside"].mean()
    value, error = float(by_county.mean()), float(by_county.std() / np.sqrt(len(by_county)))
    return value, max(0.0, value - 1.96 * error), min(1.0, value + 1.96 * error)


def _holds(share: Share, aim: tuple[float, float]) -> str:
    value, low, high = share
    if aim[0] <= value <= aim[1]:
        return "yes"
    return "no" if high < aim[0] or low > aim[1] else "within error of it"


def _aim(aim: tuple[float, float]) -> str:
    if aim[0] == 0:
        return f"≤ {aim[1]:.0%}"
    return f"≥ {aim[0]:.0%}" if aim[1] == 1 else f"{aim[0]:.0%} to {aim[1]:.0%}"


def _text(share: Share) -> str:
    return f"{share[0]:.1%} ({share[1]:.1%} to {share[2]:.1%})"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
