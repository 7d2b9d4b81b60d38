"""The largest differences in sentences: which group, by how much, how sure, and how many children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import group_words, interval, points, share

Row = Mapping[str, Any]


def finding(row: Row, content: Mapping[str, Any]) -> dict[str, Any]:
    printed = row["gap"] is not None
    return {
        "verdict": row["verdict"],
        "title": _title(row),
        "saying": _sentence(row) if printed else _band(row),
        "bars": _bars(row) if printed else [],
        "sure": _sure(row, content) if printed else "",
        "child": _child(row, content),
        "explained": _explained(row, content) if printed and row["metric"] == "recall" else "",
    }


def _title(row: Row) -> str:
    """Say what kind of difference is told: one whose interval excludes zero is there, though it may not be large."""
    if row["verdict"] == "gap":
        return "The largest gap"
    low, high = row["low_simultaneous"], row["high_simultaneous"]
    if low is None or high is None or low <= 0 <= high:
        return "The largest difference seen; chance may explain it"
    if row["verdict"] == "pass":
        return "The largest difference seen, within the tolerance"
    return "The largest difference seen; that it is larger than the tolerance is not proven"


def worst(rows: list[Row]) -> Row | None:
    """Gaps first, then the largest difference against a group; missing students matters more than having no score."""
    gaps = [row for row in rows if row["verdict"] == "gap"]
    told = gaps or [row for row in rows if row["against"] and row["gap"] is not None]
    order = sorted(
        told,
        key=lambda row: (row["metric"] != "recall", row["gap"] is None, -abs(row["gap"] or 0), row["group"]),
    )
    return order[0] if order else None


def _sentence(row: Row) -> str:
    group = group_name(row)
    own, other = share(row["rate"]), share(row["other_rate"])
    if row["metric"] == "recall":
        return (
            f"Students of the group “{group}” who turned out to need outreach were on the list in {own} of the weeks "
            f"in which the event was still ahead of them; all others in {other}."
        )
    return f"In the group “{group}”, {own} of the student-weeks had no score; of all others {other}."


def _band(row: Row) -> str:
    """Tell a gap whose numbers may not be printed, as far as the verdict itself does."""
    what = (
        "is on the list in fewer weeks than" if row["metric"] == "recall" else "has no score more often than"
    )
    band = row.get("note") or "more than the tolerance"
    start = f"The group “{group_name(row)}” {what} all others, by {band}."
    return f"{start} The numbers are not printed, to protect a few students."


def _child(row: Row, content: Mapping[str, Any]) -> str:
    """Tell the share of children of the group reached early, beside that of everybody."""
    own, everyone = _of_group(row, content), next(iter(content.get("overall", ())), None)
    if row["metric"] != "recall" or own is None or everyone is None or "reached_early" not in everyone:
        return ""
    whole = f"of all such students {everyone['reached_early_text']}"
    if own["reached_early_text"] == "masked":
        return (
            "Per child: the share listed at least once 8 school weeks or more before the event is not printed for this "
            f"group, to protect few students; {whole}."
        )
    span = interval(own, "reached_early")
    return (
        f"Per child: {own['reached_early_text']} of the group’s students who turned out to need outreach were listed "
        f"at least once 8 school weeks or more before the event{f' (95 % interval {span})' if span else ''}; {whole}."
    )


def _bars(row: Row) -> list[dict[str, Any]]:
    largest = max(row["rate"], row["other_rate"], 0.001)
    return [
        {"name": name, "width": 100 * value / largest, "text": share(value)}
        for name, value in (("This group", row["rate"]), ("All others", row["other_rate"]))
    ]


def _sure(row: Row, content: Mapping[str, Any]) -> str:
    low, high = row["low_simultaneous"], row["high_simultaneous"]
    own = _of_group(row, content)
    count = own["students_with_outcome"] if own and row["metric"] == "recall" else None
    rests = (
        ""
        if count is None
        else f" It rests on {count:,} students of the group who turned out to need outreach."
    )
    start = f"The difference is {points(row['gap'])} percentage points."
    if low is None or high is None:
        return f"{start} The group is too small for an interval that takes all groups into account.{rests}"
    return (
        f"{start} With all groups looked at together, one can be 95 % sure that it lies between {points(low)} and "
        f"{points(high)}.{rests}"
    )


def _of_group(row: Row, content: Mapping[str, Any]) -> Row | None:
    key = (row["attribute"], row["group"])
    return next((own for own in content["by_group"] if (own["attribute"], own["group"]) == key), None)


def _explained(row: Row, content: Mapping[str, Any]) -> str:
    own = _of_group(row, content)
    ceiling = row["ceiling_gap"]
    if own is None or ceiling is None or own["ceiling_recall"] is None:
        return ""
    start = (
        f"Lists of the same size drawn with full hindsight would have held {share(own['ceiling_recall'])} of these "
        f"weeks of this group and {share(own['ceiling_recall'] - ceiling)} of all others"
    )
    if ceiling * row["gap"] > 0 and abs(ceiling) >= 0.005:
        if abs(ceiling) >= abs(row["gap"]):
            return (
                f"{start}, a difference of {points(ceiling)} points: list size and need alone would make it at least "
                "as large as the one seen. That explains, not excuses."
            )
        return f"{start}: {points(ceiling)} of the points come with list size and need. That explains, not excuses."
    return f"{start}: list size and need do not explain the difference."


def group_name(row: Row) -> str:
    return group_words(row["attribute"], row.get("name", row["group"]))
