"""What the score is worth inside each group, in a line per group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from early_id.reports._words import figure, group_words, number

Row = Mapping[str, Any]
WHOLE, TOP = "all", "top tenth"
#: Of each side so many groups are named in a sentence; the table has all of them.
_NAMED = 5


def score_periods(rows: Sequence[Row]) -> list[str]:
    """List the periods of the school year of which something is printed, in their order."""
    return sorted({row["part"] for row in rows} - {WHOLE, TOP}, key=lambda name: int(name.split("-")[0]))


def score_lines(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give the figures of everybody and of each printed group, those the score orders worst first.

    `rows`: the audit's calibration, each with the `name` its group is called by.
    """
    parts: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        parts.setdefault((row["attribute"], row["group"]), {})[row["part"]] = row
    lines = [
        {
            "name": "All students" if key[0] == "all" else group_words(key[0], own[WHOLE]["name"]),
            "at": own[WHOLE]["auroc"],
            **{
                name: _figure(own[WHOLE], name) for name in ("auroc", "auroc_within_school", "ratio", "slope")
            },
            "top": _figure(own[TOP], "ratio") if TOP in own else "–",
            "periods": {part: _figure(row, "ratio") for part, row in own.items() if part not in (WHOLE, TOP)},
        }
        for key, own in parts.items()
        if WHOLE in own
    ]
    return sorted(
        lines, key=lambda line: (line["name"] != "All students", line["at"] is None, line["at"] or 0.0)
    )


def expected_told(rows: Sequence[Row]) -> str:
    """Say of which groups the model expects too little or too much, by the intervals; the furthest off first.

    >>> row = {"attribute": "team", "group": "B", "name": "B", "part": "all"}
    >>> expected_told([{**row, "ratio": 1.28, "ratio_low": 1.11, "ratio_high": 1.47}])[:72]
    'The outcome came more often than the model expects for: Team: B (1.28 ti'
    """
    known = [
        row for row in rows if row["part"] == WHOLE and row["attribute"] != "all" and row["ratio"] is not None
    ]
    sides = (
        ("more often", [row for row in known if row["ratio_low"] > 1]),
        ("less often", [row for row in known if row["ratio_high"] < 1]),
    )
    told = [
        f"{side} than the model expects for: {'; '.join(map(_times, sorted(own, key=_distance)[:_NAMED]))}"
        for side, own in sides
        if own
    ]
    if not told:
        return ""
    return f"The outcome came {', and '.join(told)}. Among so many groups one in twenty is off by chance."


def _distance(row: Row) -> tuple[float, str]:
    return -abs(float(row["ratio"]) - 1), str(row["group"])


def _times(row: Row) -> str:
    return f"{group_words(row['attribute'], row['name'])} ({number(row['ratio'], 2)} times as often)"


def _figure(row: Row, name: str) -> str:
    """Write a figure with its interval.

    >>> _figure({"ratio": 1.04, "ratio_low": 0.9, "ratio_high": 1.2}, "ratio")
    '1.04 (0.90–1.20)'
    """
    return figure(row, name, lambda value: number(value, 2))
