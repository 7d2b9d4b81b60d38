"""How early children were reached, in lines of a table: shares of children, the middle child, and who came too late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import figure, group_words, number, plural

Row = Mapping[str, Any]


def early(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give a sentence on all students and a line per group; nothing where the day of the event is not known."""
    times = {(row["attribute"], row["group"]): row for row in content.get("lead_time", ())}
    everyone = times.get(("all", "everyone"))
    if everyone is None:
        return {"told": "", "before": "", "rows": []}
    return {
        "told": _told(everyone),
        "before": _before(everyone),
        "rows": [_line(row, times[row["attribute"], row["group"]]) for row in content["by_group"]],
    }


def _told(everyone: Row) -> str:
    if everyone["median_weeks"] is None:
        return "Over all students it may not be printed."
    return f"Over all students: {weeks(everyone)}."


def _before(everyone: Row) -> str:
    count = everyone["students_before"]
    if count is None:
        return "How many events came before the first list may not be printed."
    if count == 0:
        return "No event came before the first list."
    return (
        f"Apart from these, {plural(int(count), 'student')} had the event before the first list: no list could reach "
        "them, and they are in no share and no middle."
    )


def _line(row: Row, time: Row) -> dict[str, str]:
    return {
        "name": group_words(row["attribute"], row["name"]),
        "early": _share(row, "reached_early"),
        "once": _share(row, "reached_once"),
        "weeks": "masked" if time["median_weeks"] is None else weeks(time),
        "before": time["before_text"],
    }


def _share(row: Row, name: str) -> str:
    return str(row[f"{name}_text"]) if row[name] is None else figure(row, name)


def weeks(row: Row) -> str:
    """Write a number of school weeks with its interval.

    >>> weeks({"median_weeks": 4.0, "median_weeks_low": 2.5, "median_weeks_high": 6.0})
    '4 weeks (2.5–6)'
    """
    ends = "–".join(_plain(row[f"median_weeks_{end}"]) for end in ("low", "high"))
    middle = _plain(row["median_weeks"])
    return f"{middle} {'week' if middle == '1' else 'weeks'} ({ends})"


def _plain(value: float) -> str:
    return number(value, 1).removesuffix(".0")
