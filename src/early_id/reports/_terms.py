"""The tables of a document in words, for a reader: period by period, fact by fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

DIRECTIONS = {1: "more never lowers the points", -1: "more never raises the points", 0: ""}


def periods_of(periods: Iterable[Any], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Prepare the tables of each period, those that move the points most first."""
    return [_period(period, table) for period in periods]


def _period(period: Any, table: pd.DataFrame) -> dict[str, Any]:
    own = table.loc[table["period"] == period.name]
    terms, silent = [], []
    for feature, bins in own.groupby("feature", sort=False):
        if bins["points"].abs().max() == 0:
            silent.append(_plain(str(feature)))
            continue
        spread = int(bins["points"].max() - bins["points"].min())
        first = bins.iloc[0]
        terms.append(
            {
                "name": _plain(str(feature)),
                "unit": first["unit"],
                "note": DIRECTIONS[int(first["direction"])],
                "bins": _joined(bins) if first["kind"] != "pair" else _cells(bins),
                "spread": spread,
            }
        )
    terms.sort(key=lambda term: (-term["spread"], term["name"]))
    size = (
        f"Learned from {period.n_students:,} students in {period.n_rows:,} student weeks, {period.n_events:,} of which "
        "ended with the outcome."
    )
    return {
        "name": period.name.capitalize(),
        "size": size if period.n_rows else "",
        "terms": terms,
        "silent": silent,
    }


def _joined(bins: pd.DataFrame) -> list[dict[str, str]]:
    """Bins in words, neighbours with the same points as one."""
    joined: list[dict[str, Any]] = []
    for row in bins.to_dict("records"):
        ordered = pd.notna(row["from"])
        flat = row["log_odds"] == row["log_odds_to"]
        last = joined[-1] if joined else None
        if last and ordered and flat and last["flat"] and last["points"] == f"{row['points']:+d}":
            last["to"] = row["to"]
        else:
            joined.append(
                {
                    **{str(name): value for name, value in row.items()},
                    "points": f"{row['points']:+d}",
                    "flat": ordered and flat,
                }
            )
    return [{"words": _words(row), "points": row["points"].replace("-", "−")} for row in joined]


def _cells(cells: pd.DataFrame) -> list[dict[str, str]]:
    """Cells of two features in words; those below half a point are said as one."""
    told = cells.loc[cells["points"] != 0]
    rows = [
        {"words": str(row["bin"]), "points": f"{row['points']:+d}".replace("-", "−")}
        for row in told.to_dict("records")
    ]
    return [*rows, {"words": "otherwise", "points": "+0"}] if len(told) < len(cells) else rows


def _words(row: Mapping[str, Any]) -> str:
    if pd.isna(row["from"]):
        return str(row["bin"])
    low, high = (f"{row[end]:g}" for end in ("from", "to"))
    if low == "-inf":
        return "any value" if high == "inf" else f"below {high}"
    return f"{low} or more" if high == "inf" else f"{low} to below {high}"


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()
