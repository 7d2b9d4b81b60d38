"""The metrics that get verdicts again, on one date per term: a line per group, a pair of columns per date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import figure, group_words

Row = Mapping[str, Any]
MASKED = "masked"


def by_term(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give the dates, and a line per group with both shares on each, everybody first; name apart who is masked.

    Parameters
    ----------
    content : mapping
        Of an audit.json, its schools named; without dates there are no lines.
    """
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for row in content.get("by_term", ()):
        cells.setdefault((row["attribute"], row["group"]), {})[row["as_of"]] = row
    days = sorted({row["as_of"] for row in content.get("by_term", ())})
    found: dict[str, Any] = {"days": days, "rows": [], "masked": []}
    for key, own in cells.items():
        name = "All students" if key[0] == "all" else group_words(*key)
        dates = [_cell(own.get(day)) for day in days]
        if any(_is_told(cell) for cell in dates):
            found["rows"].append({"name": name, "dates": dates})
        else:
            found["masked"].append(name)
    return found


def _cell(row: Row | None) -> dict[str, str]:
    """Say both shares of a group on a date; on a date on which nobody of it was in school there are none."""
    if row is None:
        return {"recall": "–", "not_scored": "–"}
    return {name: _share(row, name) for name in ("recall", "not_scored")}


def _share(row: Row, name: str) -> str:
    return str(row[f"{name}_text"]) if row[name] is None else figure(row, name)


def _is_told(cell: Mapping[str, str]) -> bool:
    return any(text not in (MASKED, "–") for text in cell.values())
