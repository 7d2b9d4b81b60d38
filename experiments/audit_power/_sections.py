"""What each plant shows: rows of the tables below the bars."""

from __future__ import annotations

import pandas as pd

from experiments.audit_power._plants import PLANTS, Plant
from experiments.audit_power._shares import Share, of_audits, share_text


def false_alarms(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    recall = whole[whole["in_family"] & (whole["metric"] == "recall")]
    rows: list[tuple[str, ...]] = []
    # A school of one world is not that of the same number in another.
    by = ["plant", "world", "attribute", "group"]
    for (name, world, attribute, group), own in recall.groupby(by, sort=False):
        if own["false_alarm"].any():
            students, true = own["n_students_outcome"].mean(), own["true"].mean()
            claimed = f"{own['false_alarm'].sum()} of {len(own)}"
            cell = str(name), str(world), f"{attribute} = {group}"
            rows.append((*cell, f"{students:,.0f}", f"{true:+.3f}", claimed))
    return rows


def power(found: pd.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    recorded = found[found["outcome"] == "recorded"]
    for name in recorded["plant"].unique():
        plant = PLANTS[name]
        at = planted(recorded[recorded["plant"] == name], plant)
        for share, own in at.groupby("share") if plant.planted else ():
            size = recorded[(recorded["plant"] == name) & (recorded["share"] == share)]
            students = (
                size.groupby(["county", "attribute"])["n_students"].sum().median() / size["metric"].nunique()
            )
            rows.append(
                (
                    f"({name}) {plant.metric}", f"{students:,.0f}", f"{own['n_students_outcome'].mean():,.0f}",
                    f"{own['true'].mean():+.3f}", share_text(claimed(own)),
                )
            )  # fmt: skip
    return rows


def base_rates(whole: pd.DataFrame) -> list[tuple[str, ...]]:
    own = whole[
        (whole["plant"] == "a2") & (whole["metric"] == "recall") & whole["of_students"] & whole["in_family"]
    ]
    rows: list[tuple[str, ...]] = []
    true = own.groupby(["attribute", "group"])["true"].mean()
    for attribute, group in true.nsmallest(5).index:
        at = own[(own["attribute"] == attribute) & (own["group"] == group)]
        share = claimed(at)
        students, gaps = at["n_students_outcome"].mean(), at[["true", "ceiling_gap"]].mean()
        numbers = f"{students:,.0f}", f"{gaps['true']:+.3f}", f"{gaps['ceiling_gap']:+.3f}"
        rows.append((f"{attribute} = {group}", *numbers, share_text(share)))
    return rows


def under_recording(found: pd.DataFrame) -> list[tuple[str, ...]]:
    own = planted(found[found["plant"] == "b2"], PLANTS["b2"])
    return [
        (str(outcome), f"{at['true'].mean():+.3f}", share_text(claimed(at)))
        for outcome, at in own.groupby("outcome", sort=False)
    ]


def over_recording(found: pd.DataFrame) -> list[tuple[str, ...]]:
    every = found[(found["plant"] == "c") & (found["metric"] == "recall")]
    sizes = every.groupby(["share", "outcome", "county", "attribute"])["n_students"].sum()
    rows: list[tuple[str, ...]] = []
    for share, own in planted(every, PLANTS["c"]).groupby("share"):
        record, other = (
            own[own["outcome"] == outcome].set_index("county") for outcome in ("recorded", "independent")
        )
        named = of_audits(record["verdict"] != other["verdict"].reindex(record.index))
        rows.append(
            (
                f"{sizes[share].median():,.0f}", f"{record['n_students_outcome'].mean():,.0f}",
                f"{record['true'].mean():+.3f}", share_text(claimed(record.reset_index())),
                f"{other['true'].mean():+.3f}", share_text(claimed(other.reset_index())), share_text(named),
            )
        )  # fmt: skip
    return rows


def between_worlds(whole: pd.DataFrame) -> str:
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


def planted(own: pd.DataFrame, plant: Plant) -> pd.DataFrame:
    """Keep the cells of the group that the plant hits, in the metric in which it shows."""
    attribute, group = plant.group
    return own[(own["metric"] == plant.metric) & (own["attribute"] == attribute) & (own["group"] == group)]


def claimed(at: pd.DataFrame) -> Share:
    return of_audits(at.set_index("county")["verdict"] == "gap")
