"""What published numbers alone settle about a group whose share without a score is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping


def students_without_score(overall: pd.DataFrame, reasons: pd.DataFrame) -> int:
    """Give the most students who can be without a score, from what is printed of everybody.

    Each student has at least one of the printed reasons; a masked reason stands for at most ten. Where the share of
    everybody is masked too, either those without a score or those with one are ten at most; it is the former
    where the reasons leave more than ten with one.
    """
    most = int(reasons["students"].fillna(THRESHOLD).sum())
    everyone = overall.iloc[0]
    if pd.isna(everyone["students"]):
        return most
    masked = everyone["not_scored_text"] == "masked"
    return min(most, THRESHOLD) if masked and everyone["students"] - most > THRESHOLD else most


def settle_by_bound(
    verdicts: pd.DataFrame, published: Mapping[str, pd.DataFrame], reasons: pd.DataFrame, *, tolerance: float
) -> pd.DataFrame:
    """Turn "suppressed" into "pass" where the group and all others are so many that no difference could be large.

    All students without a score together, over the printed number of students of the group, bound the share of the
    group that ever lacked one; likewise of all others. With both within the tolerance so is their difference. Nothing
    but printed numbers goes in, so the word tells nothing that they do not. `note` says why.
    """
    overall = published["overall"]
    most, everyone = students_without_score(overall, reasons), overall["students"].iloc[0]
    size = published["not_scored"].set_index(["attribute", "group"])["students"].astype("Float64")
    keys = pd.MultiIndex.from_frame(verdicts[["attribute", "group"]])
    own = size.reindex(keys).to_numpy(dtype=np.float64, na_value=np.nan)
    others = (np.nan if pd.isna(everyone) else float(everyone)) - own
    hidden = (verdicts["metric"] == "not_scored") & (verdicts["verdict"] == "suppressed")
    # A comparison with a missing size is false: what is not printed settles nothing.
    within = hidden & (most <= tolerance * own) & (most <= tolerance * others)
    note = f"{most} or fewer without a score"
    return verdicts.assign(
        verdict=verdicts["verdict"].mask(within, "pass"),
        note=pd.Series("", verdicts.index).mask(within, note),
    )
