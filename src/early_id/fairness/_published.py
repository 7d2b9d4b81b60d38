"""All masked frames of an audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from early_id.fairness._exposure import Masking
from early_id.fairness._publish import (
    publish_crossed,
    publish_gaps,
    publish_rates,
    publish_verdicts,
)
from early_id.fairness._scheme import THRESHOLD, Flags

OUTCOME_METRICS = (
    "recall",
    "ceiling_recall",
    "selection_rate",
    "base_rate",
    "precision",
    "false_omission_rate",
)
SHOWN_METRICS = ("selection_rate", "precision", "false_omission_rate")


def published_rates(
    by_group: pd.DataFrame,
    intersections: pd.DataFrame,
    whole: pd.DataFrame,
    masks: Mapping[str, Masking],
    hidden: Sequence[Flags],
) -> dict[str, pd.DataFrame]:
    """Mask the rates of everybody, of single groups and of crossed ones, of which `hidden` says which stay hidden."""
    singles, everyone = (_outcomes(frame, masks) for frame in (by_group, whole))
    return {
        "overall": _judged(everyone, whole).join(
            publish_rates(whole, masks["not_scored"], ["not_scored"]).filter(like="not_scored")
        ),
        "by_group": singles,
        "not_scored": publish_rates(by_group, masks["not_scored"], ["not_scored"]),
        "intersections": publish_crossed(intersections, np.concatenate([*hidden, np.empty(0, dtype=bool)])),
    }


def _judged(published: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Add how many students were judged, and how many never: neither number where the latter are 1–10."""
    apart = whole["n_students"] - whole["n_students_eligible"]
    few = apart.between(1, THRESHOLD) | whole["n_students_eligible"].between(1, THRESHOLD)
    return published.assign(
        students_judged=whole["n_students_eligible"].astype("Int64").mask(few),
        students_not_judged=apart.astype("Int64").mask(few),
    )


def _outcomes(frame: pd.DataFrame, masks: Mapping[str, Masking]) -> pd.DataFrame:
    """Mask what is said of the students with the outcome, in weeks and, where the event's day is known, per child."""
    published = publish_rates(frame, masks["recall"], OUTCOME_METRICS)
    if "reached_early" not in frame:
        return published
    per_child = publish_rates(frame, masks["reached_early"], ["reached_once", "reached_early"])
    return published.join(per_child.filter(regex="^reached_(once|early)"))


def published_rest(
    published: Mapping[str, pd.DataFrame],
    gaps: pd.DataFrame,
    verdicts: pd.DataFrame,
    complements: Collection[tuple[str, str, str]],
    *,
    tolerance: float,
) -> dict[str, pd.DataFrame]:
    """Mask gaps and verdicts by what `published_rates` prints and by what may be said of all others."""
    crossed = gaps["family"] == "intersection"
    parts = [
        publish_gaps(gaps.loc[~crossed], published["by_group"], metric, complements)
        for metric in ("recall", *SHOWN_METRICS)
    ]
    parts.append(publish_gaps(gaps, published["not_scored"], "not_scored", complements))
    parts.append(publish_gaps(gaps.loc[crossed], published["intersections"], "recall", complements))
    printed = pd.concat(parts, ignore_index=True)
    return {
        "gaps": printed,
        "verdicts": publish_verdicts(
            verdicts, printed, published["by_group"], complements, tolerance=tolerance
        ),
    }
