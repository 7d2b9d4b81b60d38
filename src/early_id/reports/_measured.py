"""What the model could not see of each group, in lines of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import figure, group_words, number


def measured(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give a line per printed group, everybody first, then those of whom most is unknown."""
    rows = [row for row in content.get("measurement", ()) if row["unknown_share"] is not None]
    rows.sort(key=lambda row: (row["attribute"] != "all", -row["unknown_share"]))
    return [
        {
            "name": "All students"
            if row["attribute"] == "all"
            else group_words(row["attribute"], row.get("name", row["group"])),
            "unknown": figure(row, "unknown_share", _whole),
            "behind": figure(row, "feed_days_behind", _days),
        }
        for row in rows
    ]


def _whole(value: float) -> str:
    return f"{100 * value:.0f} %"


def _days(value: float) -> str:
    return number(value, 1)
