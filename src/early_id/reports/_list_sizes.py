"""Lists of another size: what the slider of the audit's page shows, already in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from early_id.reports._charts import curve_chart
from early_id.reports._words import (
    SYMBOLS,
    capacity_words,
    group_words,
    interval,
    plural,
    points,
    share,
)

Row = Mapping[str, Any]
#: Small pictures side by side: more of them nobody compares.
MOST_PICTURES = 18


def list_sizes(content: Mapping[str, Any]) -> dict[str, Any]:
    """Say, for every printed size, what the table shows and how many verdicts of each kind there would be.

    `content`: an audit.json. The real list is one of the sizes, and the table begins with it.
    """
    rows: list[Row] = content["capacity_curve"]
    # A size at which no group is printed shows nothing.
    percents = sorted(
        {row["percent"] for row in rows if row["attribute"] != "all" and row["recall"] is not None}
    )
    if not percents:
        return {"steps": [], "start": 0, "charts": {}}
    real = content["about"].get("capacity")
    steps = [
        _step(
            f"{percent} % of the students of each school", [row for row in rows if row["percent"] == percent]
        )
        for percent in percents
        if percent != _percent(real)
    ]
    place = sum(percent < _percent(real) for percent in percents)
    size = capacity_words(real) if real is not None else "as audited"
    steps.insert(
        place, _step(f"{size} (the real list)", _real_rows(content, {row["attribute"] for row in rows}))
    )
    return {"steps": steps, "start": place, "charts": _charts(rows)}


def _percent(size: object) -> float:
    """Read a list size that is a share; 0 where it is none.

    >>> _percent("7.5 %"), _percent({"*": 25})
    (7.5, 0.0)
    """
    text = str(size).strip()
    return float(text.removesuffix("%")) if text.endswith("%") else 0.0


def _real_rows(content: Mapping[str, Any], attributes: Collection[str]) -> list[Row]:
    """Give what the audit says of the real list in the form of its other sizes."""
    verdicts = {
        (row["attribute"], row["group"]): row for row in content["verdicts"] if row["metric"] == "recall"
    }
    nothing = dict.fromkeys(("verdict", "other_rate", "gap", "low_simultaneous", "high_simultaneous"))
    return [
        {**nothing, **verdicts.get((row["attribute"], row["group"]), {}), **row}
        for row in (*content["overall"], *content["by_group"])
        if row["attribute"] in attributes
    ]


def _step(size: str, rows: Sequence[Row]) -> dict[str, Any]:
    everyone = next(row for row in rows if row["attribute"] == "all")
    groups = [row for row in rows if row["attribute"] != "all"]
    # What is printed first, and of it who is furthest behind.
    groups.sort(key=lambda row: (row["recall"] is None, row["gap"] is None, row["gap"] or 0.0))
    # With one group only there is nobody to compare it with.
    groups = [row for row in groups if row["verdict"]]
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
        "size": size,
        "told": f"{_everyone(everyone)} Groups: {verdicts}.",
        "rows": [_line(row) for row in groups],
    }


def _everyone(row: Row) -> str:
    """Say what the lists hold of all students; in words where it may not be printed."""
    if row["recall_text"] == "none":
        return "Nobody turned out to need outreach."
    recall, precision = row["recall_text"], row["precision_text"]
    told = (
        "What they hold of all students may not be printed."
        if recall == "masked"
        else f"Of the weeks of all students who turned out to need outreach, {recall} are on them."
    )
    if precision in ("masked", "none"):
        return told
    return f"{told} Of the weeks listed, {precision} belong to students who turned out to need outreach."


def _line(row: Row) -> dict[str, Any]:
    low, high = row["low_simultaneous"], row["high_simultaneous"]
    around = "" if low is None else f" ({points(low)} to {points(high)})"
    printed = row["recall"] is not None
    return {
        # Two attributes can be called alike; the key tells them apart.
        "key": json.dumps([row["attribute"], row["group"]]),
        "name": group_words(row["attribute"], row["group"]),
        "verdict": row["verdict"],
        "symbol": SYMBOLS[row["verdict"]],
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
    titles = {key: group_words(*key) for key in chosen}
    alike = Counter(titles.values())
    titles = {key: text if alike[text] == 1 else f"{text} ({key[0]})" for key, text in titles.items()}
    drawn = [
        {
            "panel": titles[row["attribute"], row["group"]],
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
