"""Lists of another size: what the slider of the audit's page shows, already in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from early_id.reports._charts import curve_chart
from early_id.reports._words import SYMBOLS, attribute_words, group_words, interval, plural, points, share

Row = Mapping[str, Any]
#: Small pictures side by side: more of them nobody compares.
MOST_PICTURES = 18


def list_sizes(rows: Sequence[Row], real: object) -> dict[str, Any]:
    """Say, for every printed size, what the table shows and how many verdicts of each kind there would be.

    `rows`: the audit's capacity_curve. `real`: the list size that was audited; the table begins at the size next to it.
    """
    percents = sorted({row["percent"] for row in rows})
    if not percents:
        return {"steps": [], "start": 0, "charts": {}}
    steps = [_step(percent, [row for row in rows if row["percent"] == percent]) for percent in percents]
    return {"steps": steps, "start": _nearest(percents, real), "charts": _charts(rows)}


def _nearest(percents: Sequence[int], real: object) -> int:
    """Find the place of the size next to the audited one; the shortest where that is no share."""
    text = str(real).strip()
    try:
        wanted = float(text.removesuffix("%")) if text.endswith("%") else 0.0
    except ValueError:
        wanted = 0.0
    return min(range(len(percents)), key=lambda place: (abs(percents[place] - wanted), place))


def _step(percent: int, rows: Sequence[Row]) -> dict[str, Any]:
    everyone = next(row for row in rows if row["attribute"] == "all")
    groups = [row for row in rows if row["attribute"] != "all"]
    # What is printed first, and of it who is furthest behind.
    groups.sort(key=lambda row: (row["recall"] is None, row["gap"] is None, row["gap"] or 0.0))
    counts = Counter(row["verdict"] for row in groups)
    verdicts = ", ".join(
        text
        for word, text in (
            ("gap", plural(counts["gap"], "gap")),
            ("pass", f"{counts['pass']} within the tolerance"),
            ("cannot tell", f"{counts['cannot tell']} cannot be told"),
            ("suppressed", f"{counts['suppressed']} not printed"),
        )
        if counts[word] or word == "gap"
    )
    return {
        "size": f"{percent} % of the students of each school",
        "told": f"Over all students {everyone['recall_text']} of the weeks; of the weeks listed, "
        f"{everyone['precision_text']} belong to students who turned out to need outreach. Groups: {verdicts}.",
        "rows": [_line(row) for row in groups],
    }


def _line(row: Row) -> dict[str, Any]:
    low, high = row["low_simultaneous"], row["high_simultaneous"]
    around = "" if low is None else f" ({points(low)} to {points(high)})"
    printed = row["recall"] is not None
    return {
        "name": group_words(row["attribute"], row["group"]),
        "verdict": row["verdict"] or "cannot tell",
        "symbol": SYMBOLS[row["verdict"] or "cannot tell"],
        "recall": row["recall_text"],
        "range": f"({interval(row, 'recall')})" if printed else "",
        "printed": printed,
        "bar": _bar(row) if printed else {"left": 0, "width": 0, "at": 0},
        "other": share(row["other_rate"]),
        "difference": points(row["gap"]) + around,
    }


def _bar(row: Row) -> dict[str, float]:
    """Place the interval and the share on a line from 0 to 100 %."""
    low, at, high = (100 * row[f"recall{end}"] for end in ("_low", "", "_high"))
    return {"left": round(low, 1), "width": round(high - low, 1), "at": round(at, 1)}


def _charts(rows: Sequence[Row]) -> dict[str, str]:
    everyone = {row["percent"]: row["recall"] for row in rows if row["attribute"] == "all"}
    largest: dict[tuple[str, str], float] = {}
    for row in rows:
        if row["attribute"] != "all" and row["recall"] is not None:
            key = (row["attribute"], row["group"])
            largest[key] = max(largest.get(key, 0.0), abs(row["gap"] or 0.0))
    chosen = sorted(largest, key=lambda key: (-largest[key], key))[:MOST_PICTURES]
    drawn = [
        {
            "panel": f"{attribute_words(row['attribute'])}: {row['group']}",
            "percent": row["percent"],
            "recall": row["recall"],
            "recall_low": row["recall_low"],
            "recall_high": row["recall_high"],
            "everyone": everyone[row["percent"]],
        }
        for key in chosen
        for row in rows
        if (row["attribute"], row["group"]) == key and row["recall"] is not None
    ]
    if not drawn or any(row["everyone"] is None for row in drawn):
        return {}
    return {
        "wide": curve_chart(drawn, columns=3, width=250),
        "narrow": curve_chart(drawn, columns=1, width=230),
    }
