"""The numbers that may leave the building: masked, rounded, in words where a digit would tell too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.fairness._exposure import Masking
from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MASKED = "masked"
DIGITS = 3
# Below this many students a rate near 0 or 1 is printed as "< 5 %" or "> 95 %".
CLIP_BELOW = 100
CLIP = 0.05

# Which published counts give each rate away, and whose distinct students stand in its denominator.
NEEDS: dict[str, tuple[str, ...]] = {
    "recall": ("positive", "reached"),
    "ceiling_recall": ("positive", "reached"),
    "selection_rate": ("eligible", "listed"),
    "base_rate": ("eligible", "positive"),
    "precision": ("listed", "reached"),
    "false_omission_rate": ("eligible", "positive", "listed", "reached"),
    "not_scored": ("cohort", "not_scored"),
    "reached_once": ("outcome_student", "once_student"),
    "reached_early": ("outcome_student", "early_student"),
}
DENOMINATOR = {
    "recall": "n_students_outcome",
    "ceiling_recall": "n_students_outcome",
    "selection_rate": "n_students_eligible",
    "base_rate": "n_students_eligible",
    "precision": "n_students_listed",
    "false_omission_rate": "n_students_not_listed",
    "not_scored": "n_students",
    "reached_once": "n_students_outcome",
    "reached_early": "n_students_outcome",
}


def percent(rate: float) -> str:
    """Write a share as people say it.

    >>> percent(0.4136), percent(0.0123)
    ('41.4 %', '1.2 %')
    """
    return f"{100 * rate:.1f} %"


def publish_rates(frame: pd.DataFrame, masking: Masking, metrics: Sequence[str]) -> pd.DataFrame:
    """Mask the rates of single attributes: no number, and a text: "masked", "< 5 %" or "> 95 %"."""
    cells = list(zip(frame["attribute"], frame["group"], strict=True))
    everyone = next(iter(masking.scheme.counts))
    published = frame[["attribute", "group"]].copy()
    published["students"] = _counts(frame["n_students"], [masking.shown(cell, everyone) for cell in cells])
    if "positive" in masking.scheme.counts:
        shown = [masking.shown(cell, "positive") for cell in cells]
        published["students_with_outcome"] = _counts(frame["n_students_outcome"], shown)
    for metric in metrics:
        shown = [masking.shown(cell, *NEEDS[metric]) for cell in cells]
        _add_rate(published, frame, metric, np.array(shown))
    return published


def publish_crossed(frame: pd.DataFrame, hidden: np.ndarray) -> pd.DataFrame:
    """Crossed groups that may be shown; the others are absent, as are combinations nobody belongs to."""
    kept = frame.loc[~hidden].reset_index(drop=True)
    published = kept[["attribute", "group"]].copy()
    published["students"] = kept["n_students"].astype("Int64")
    published["students_with_outcome"] = kept["n_students_outcome"].astype("Int64")
    _add_rate(published, kept, "recall", np.ones(len(kept), dtype=bool))
    return published


def publish_gaps(
    gaps: pd.DataFrame, published: pd.DataFrame, metric: str, complements: Collection[tuple[str, str, str]]
) -> pd.DataFrame:
    """Gaps of one metric for those groups whose rate, and that of the comparison, is printed as a number.

    `complements`: the (metric, attribute, group) whose comparison with all others may be printed.
    """
    rates = {
        (a, g): r
        for a, g, r in zip(published["attribute"], published["group"], published[metric], strict=True)
    }
    own = gaps.loc[gaps["metric"] == metric]
    has_number = [
        bool(pd.notna(rates.get((attribute, group), np.nan)))
        and (
            (metric, attribute, group) in complements
            if other == "others"
            else bool(pd.notna(rates.get((attribute, other), np.nan)))
        )
        for attribute, group, other in zip(own["attribute"], own["group"], own["comparison"], strict=True)
    ]
    kept = own.loc[has_number].drop(columns=["standard_error", "other_error", "critical", "in_family"])
    numbers = kept.select_dtypes("number").columns
    return kept.assign(**{name: kept[name].round(DIGITS) for name in numbers})


def publish_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """Distinct students of everybody by reason; numbers of 1–10 students are masked."""
    whole = reasons.loc[reasons["attribute"] == "all", ["reason", "n_students"]].reset_index(drop=True)
    shown = ~whole["n_students"].between(1, THRESHOLD)
    return pd.DataFrame(
        {
            "reason": whole["reason"],
            "students": _counts(whole["n_students"], shown),
            "text": _text(whole, shown),
        }
    )


def _text(frame: pd.DataFrame, shown: pd.Series) -> list[str]:
    return [str(n) if ok else "10 or fewer" for n, ok in zip(frame["n_students"], shown, strict=True)]


def _counts(values: pd.Series, shown: Sequence[bool] | pd.Series) -> pd.Series:
    return values.astype("Int64").where(np.asarray(shown, dtype=bool))


def _add_rate(published: pd.DataFrame, frame: pd.DataFrame, metric: str, shown: np.ndarray) -> None:
    rate = frame[metric].to_numpy(dtype=np.float64)
    few = frame[DENOMINATOR[metric]].to_numpy() < CLIP_BELOW
    low, high = few & (rate < CLIP), few & (rate > 1 - CLIP)
    number = shown & ~low & ~high & np.isfinite(rate)
    published[metric] = np.where(number, rate, np.nan).round(DIGITS)
    for end in ("low", "high"):
        if f"{metric}_{end}" in frame:
            published[f"{metric}_{end}"] = np.where(number, frame[f"{metric}_{end}"], np.nan).round(DIGITS)
    words = [
        MASKED
        if not s
        else "none"
        if np.isnan(r)
        else "< 5 %"
        if a
        else "> 95 %"
        if b
        else percent(round(r, DIGITS))
        for r, s, a, b in zip(rate, shown, low, high, strict=True)
    ]
    published[f"{metric}_text"] = pd.Series(words, index=published.index, dtype="str")


def publish_verdicts(
    verdicts: pd.DataFrame,
    gaps: pd.DataFrame,
    by_group: pd.DataFrame,
    complements: Collection[tuple[str, str, str]],
    *,
    tolerance: float,
) -> pd.DataFrame:
    """Verdict words of all groups; numbers only for those whose gap is published.

    Where a gap or a pass has no printed number, `note` says what follows from the verdict itself.
    """
    printed = {
        (metric, attribute, group)
        for metric, attribute, group, other, family in zip(
            gaps["metric"], gaps["attribute"], gaps["group"], gaps["comparison"], gaps["family"], strict=True
        )
        if other == "others" and family == "single"
    }
    keys = zip(verdicts["metric"], verdicts["attribute"], verdicts["group"], strict=True)
    shown = pd.Series([key in printed for key in keys], index=verdicts.index, dtype=bool)
    numbers = ["rate", "other_rate", "gap", "low_simultaneous", "high_simultaneous", "ceiling_gap"]
    numbers += ["low_schools", "high_schools"]
    kept = verdicts[
        ["metric", "attribute", "group", "verdict", *numbers, "against", "settled_by", "note"]
    ].copy()
    limit = f"{100 * tolerance:g} points"
    bands = kept["verdict"].map({"gap": f"more than {limit}", "pass": f"within {limit}"})
    kept["note"] = kept["note"].mask((kept["note"] == "") & ~shown, bands.fillna(""))
    for name in numbers:
        kept[name] = kept[name].astype("float64").where(shown).round(DIGITS)
    printed_ceilings = {
        (attribute, group)
        for attribute, group, rate in zip(
            by_group["attribute"], by_group["group"], by_group["ceiling_recall"], strict=True
        )
        if pd.notna(rate) and ("ceiling_recall", attribute, group) in complements
    }
    cells = zip(kept["attribute"], kept["group"], strict=True)
    both = np.array([cell in printed_ceilings for cell in cells], dtype=bool)
    kept["ceiling_gap"] = kept["ceiling_gap"].where(both)
    kept["against"] = kept["against"].astype("boolean").where(shown)
    kept["settled_by"] = kept["settled_by"].where(shown, "")
    return kept
