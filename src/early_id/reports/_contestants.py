"""The ways of making the list beside each other, and what their lists hold, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from early_id.reports._words import interval, number, share

CEILINGS = ("ceiling", "forest ceiling")
SCHOOL = "school-mean rule"
#: What a reader without a model in mind needs to know of a line of the comparison.
EXPLAINED = {
    **dict.fromkeys(
        CEILINGS, "a model nobody can read, run only to see what is lost by being readable; it cannot be used"
    ),
    SCHOOL: "every student of a school alike, schools in the order of their share with the outcome in earlier years; "
    "run to see how much is only telling schools apart. Among equals a lot is drawn each week: such lists hold many "
    "children once, and few of them rightly",
    "champion": "the model in use, on the same rows",
}


_FIGURES: dict[str, Callable[[float], str]] = {
    "recall": share,
    "precision": share,
    "auroc": number,
    "auroc_within_school": number,
    "brier": number,
}


def contestants(
    metrics: pd.DataFrame | None, audited: str | None = None, reached: pd.DataFrame | None = None
) -> list[dict[str, Any]]:
    """Rows of the comparison on weeks with the event still ahead; with `reached`, how many children were told early."""
    if metrics is None:
        return []
    onset = metrics.loc[metrics["rows"] == "onset"]
    figures = dict(_FIGURES)
    if reached is not None and len(reached):
        early = ["reached_early", "reached_early_low", "reached_early_high"]
        onset = onset.merge(reached[["contestant", *early]], on="contestant", how="left")
        figures["reached_early"] = share
    return [
        {
            **{str(name): value for name, value in row.items()},
            "audited": row["contestant"] == audited,
            "explained": EXPLAINED.get(row["contestant"], ""),
            **{f"{name}_range": interval(row, name, written) for name, written in figures.items()},
        }
        for row in onset.to_dict("records")
    ]


def places(metrics: pd.DataFrame | None, audited: str | None) -> str:
    """Explain small shares where most places on the lists go to students whose event has already happened."""
    told = happened(metrics, audited)
    return told and (
        f"{told} Their records are the clearest. They may need an adult as much as others, but no list can reach them "
        "ahead of the event. The shares here count only weeks with the event still ahead, so they are small."
    )


def happened(metrics: pd.DataFrame | None, audited: str | None) -> str:
    """Say how many places go to students whose event has already happened, where most do.

    Listed weeks follow from the metrics: those with the outcome that the list held, over their share of all listed.
    """
    if metrics is None or audited is None or "n_positives" not in metrics:
        return ""
    own = metrics.loc[metrics["contestant"] == audited].set_index("rows")
    if not {"all", "onset"} <= set(own.index):
        return ""
    listed = own["recall"] * own["n_positives"] / own["precision"]
    ahead = float(listed["onset"] / listed["all"])
    if not ahead < 0.5:
        return ""
    return (
        f"Most places on these lists, about {100 * (1 - ahead):.0f} in 100, go to students whose event has already "
        "happened."
    )


def reaches_more(metrics: pd.DataFrame | None, audited: str | None) -> str:
    """Name the ways of making the list that hold more of the weeks still ahead than the one audited."""
    rows = contestants(metrics, audited)
    own = next((row["recall"] for row in rows if row["audited"]), None)
    if own is None or pd.isna(own):
        return ""
    better = [row for row in rows if row["contestant"] not in CEILINGS and row["recall"] > own]
    better.sort(key=lambda row: (-row["recall"], row["contestant"]))
    if not better:
        return ""
    told = " and ".join(f"“{row['contestant']}” holds {share(row['recall'])}" for row in better)
    return (
        f"With lists of the same size, {told} of the weeks with the event still ahead, more than the {share(own)} of "
        f"“{audited}”. Ask why that way of making the list was not chosen: it may be right less often, which the table "
        "shows, and a learned model is not used when its points move against the declared direction."
    )
