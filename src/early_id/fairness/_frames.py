"""Tidy frames of verdicts, of students without a score and of rows left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.fairness._counts import MEASURES, Bits
from early_id.fairness._groups import Attribute, Ints, everybody
from early_id.fairness._scheme import EVERYONE, Cell
from early_id.fairness._verdicts import AGAINST, additional_students, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._exposure import Masking

IMMATURE = "label not yet known"
PAST = "event already happened"
NO_REASON = "no reason recorded"
_SENSITIVE = {"recall": ("eligible", "positive", "reached"), "not_scored": ("cohort", "not_scored")}
_SAMPLE = {"recall": "n_students_outcome", "not_scored": "n_students"}
VERDICT_COLUMNS = (
    "metric",
    "attribute",
    "group",
    "verdict",
    "unmasked",
    "n_students",
    "n_students_outcome",
    "rate",
    "other_rate",
    "gap",
    "low_simultaneous",
    "high_simultaneous",
    "ceiling_gap",
    "against",
    "needed",
    "settled_by",
)


def gap_cells(gaps: pd.DataFrame, *, tolerance: float) -> frozenset[Cell]:
    """List the groups that have a gap in either metric, before anything is masked."""
    judged = judge_single(gaps, tolerance=tolerance)
    own = judged.loc[judged["verdict"] == "gap"]
    return frozenset(zip(own["attribute"], own["group"], strict=True))


def judge_single(gaps: pd.DataFrame, *, tolerance: float) -> pd.DataFrame:
    """Judge the gaps of single attributes in the metrics that get verdicts, before anything is masked."""
    return judge(gaps.loc[(gaps["family"] == "single") & gaps["metric"].isin(AGAINST)], tolerance=tolerance)


def compute_verdicts(
    gaps: pd.DataFrame, by_group: pd.DataFrame, masks: dict[str, Masking], *, tolerance: float
) -> pd.DataFrame:
    """One row per group and metric that gets a verdict.

    Every masked group reads "suppressed", whether its own numbers are small or it is masked to protect a smaller
    one: if the words told the two apart, they would name the groups of 1–10 that the masks hide. `unmasked`
    keeps the verdict of the numbers for the gate.
    """
    columns = ["attribute", "group", "n_students", "n_students_outcome"]
    judged = judge_single(gaps, tolerance=tolerance).merge(
        by_group[columns], on=["attribute", "group"], how="left"
    )
    ceiling = _ceiling_gap(by_group)
    judged = judged.merge(ceiling, on=["attribute", "group"], how="left")
    judged["ceiling_gap"] = judged["ceiling_gap"].where(judged["metric"] == "recall")
    sample = judged["n_students_outcome"].where(judged["metric"] == "recall", judged["n_students"])
    judged = additional_students(
        judged, denominator=sample, available=judged["n_students"] - sample, tolerance=tolerance
    )
    hidden = [
        not masks[metric].shown((attribute, group), *_SENSITIVE[metric])
        or not masks[metric].shown(EVERYONE, *_SENSITIVE[metric])
        for metric, attribute, group in zip(
            judged["metric"], judged["attribute"], judged["group"], strict=True
        )
    ]
    judged["unmasked"] = judged["verdict"]
    judged["verdict"] = judged["verdict"].where(~np.array(hidden, dtype=bool), "suppressed")
    return judged[list(VERDICT_COLUMNS)]


def ceiling_of_others(by_group: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Give what lists of these sizes, drawn with hindsight, would reach of everyone outside each group."""
    reached = (by_group["ceiling_recall"] * by_group["n_rows_positive"]).fillna(0.0)
    positive = by_group["n_rows_positive"].astype(float)
    attribute = by_group["attribute"]
    rest = reached.groupby(attribute).transform("sum") - reached
    rest_positive = positive.groupby(attribute).transform("sum") - positive
    other = rest / rest_positive.where(rest_positive > 0)
    return dict(zip(zip(attribute, by_group["group"], strict=True), other, strict=True))


def _ceiling_gap(by_group: pd.DataFrame) -> pd.DataFrame:
    """How far apart hindsight itself would leave the group and everyone else at these list sizes."""
    other = np.array(list(ceiling_of_others(by_group).values()))
    return by_group[["attribute", "group"]].assign(ceiling_gap=by_group["ceiling_recall"] - other)


def compute_not_scored(rows: pd.DataFrame, attributes: Sequence[Attribute], students: Ints) -> pd.DataFrame:
    """Rows and distinct students without a score, by group and reason."""
    missing = rows["score"].isna().to_numpy()
    reason = rows["not_scored"] if "not_scored" in rows else pd.Series(NO_REASON, index=rows.index)
    return _by_reason(reason[missing].astype("str").fillna(NO_REASON), missing, attributes, students)


def compute_excluded(
    measures: Bits, rows: pd.DataFrame, attributes: Sequence[Attribute], students: Ints
) -> pd.DataFrame:
    """Rows outside the denominator of recall because no outcome can be counted there, by group and reason."""
    out = measures[:, MEASURES.index("eligible")] == 0
    past = rows.loc[out, "label"].notna().map({True: PAST, False: IMMATURE})
    return _by_reason(past, out, attributes, students)


def _by_reason(
    reason: pd.Series, chosen: np.ndarray, attributes: Sequence[Attribute], students: Ints
) -> pd.DataFrame:
    """Count the chosen rows, each with its reason; numbers are grouped sooner, and in less room, than names."""
    code, reasons = pd.factorize(reason, sort=True)
    frame = pd.DataFrame({"reason": code, "student": students[chosen]})
    parts = []
    for attribute in (everybody(len(chosen)), *attributes):
        coded = frame.assign(code=attribute.codes[chosen])
        found = coded.groupby(["code", "reason"], sort=True)["student"]
        counts = pd.DataFrame({"n_rows": found.size(), "n_students": found.nunique()}).reset_index()
        counts["reason"] = pd.Series([reasons[code] for code in counts["reason"]], dtype="str")
        counts.insert(0, "attribute", attribute.name)
        counts.insert(1, "group", pd.Series([attribute.groups[code] for code in counts["code"]], dtype="str"))
        parts.append(counts.drop(columns="code"))
    return pd.concat(parts, ignore_index=True)
