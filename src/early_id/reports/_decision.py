"""The first screen of the audit: may the model be used, why, how sure, and what next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import group_words, plural, points, share

Row = Mapping[str, Any]
NEVER = {
    "not in this county": "cannot be settled with the students of this county",
    "not in this county: all others are too few": (
        "cannot be settled with the students of this county: all others are too few, however many more of this group"
    ),
}
WORDS = {"recall": "Reached in time", "not_scored": "Has a score"}


def decide(content: Mapping[str, Any]) -> dict[str, Any]:
    """Turn verdicts into the sentences of the first screen."""
    decision, verdicts = content["decision"], content["verdicts"]
    gaps = [row for row in verdicts if row["verdict"] == "gap"]
    worst = _worst(gaps)
    largest = None if gaps else _worst([row for row in verdicts if row["against"]])
    told = worst or largest
    return {
        "headline": _headline(decision),
        "state": "closed" if not decision["can_open"] else "open" if not _unjudged(decision) else "pending",
        "reason": _reason(decision),
        "counts": {
            WORDS[metric]: _counts(verdicts, metric)
            for metric in WORDS
            if any(v["metric"] == metric for v in verdicts)
        },
        "worst": _sentence(told) if told else "",
        "worst_title": _title(told, proven=bool(worst), tolerance=content.get("about", {}).get("tolerance")),
        "bars": _bars(told) if told else [],
        "sure": _sure(told, content) if told else "",
        "explained": _explained(told, content) if told and told["metric"] == "recall" else "",
        "next": _next(decision, gaps, content),
        "gaps": [_name(row) for row in gaps],
        "unjudged": [_open(row) for row in verdicts if row["verdict"] in ("cannot tell", "suppressed")],
    }


def _title(row: Row | None, *, proven: bool, tolerance: float | None) -> str:
    """Say what kind of difference is told: one whose interval excludes zero is there, only not large."""
    if proven:
        return "The largest gap"
    high, low = (row[f"{end}_simultaneous"] if row else None for end in ("high", "low"))
    there = high is not None and low is not None and (high < 0 or low > 0)
    if row and there and tolerance is not None and abs(row["gap"]) <= tolerance:
        return "The largest difference seen, within the tolerance"
    return "The largest difference seen, not proven"


def _unjudged(decision: Mapping[str, Any]) -> int:
    return len(decision["cannot_tell"]) + len(decision["suppressed"])


def _headline(decision: Mapping[str, Any]) -> str:
    found = len(decision["gaps"])
    open_results = plural(_unjudged(decision), "result")
    if found and _unjudged(decision):
        return f"Not yet decided: {plural(found, 'gap')}, and {open_results} could not be judged."
    if found:
        return f"Not yet decided: {plural(found, 'gap')}."
    if decision["suppressed"]:
        return f"Not yet decided: no gap could be printed, and {open_results} could not be judged."
    if _unjudged(decision):
        return f"Not yet decided: no gap was found, but {open_results} could not be judged."
    return "Nothing in this audit stands in the way."


def _reason(decision: Mapping[str, Any]) -> str:
    if decision["gaps"]:
        return (
            "The model may not make lists until each gap is mended, or granted a named exception with an end date, "
            "and every group that could not be judged is accepted by name with a reason."
        )
    if decision.get("may_hide_gaps"):
        return (
            "The model may not make lists until each suppressed group, which may hide a gap that cannot be printed, is "
            "granted a named exception with an end date, and every other group that could not be judged is accepted by "
            "name with a reason."
        )
    if _unjudged(decision):
        return (
            "The model may make lists only after a reviewer has accepted, by name and with a reason, each group that "
            "could not be judged. Missing evidence is not evidence of fairness."
        )
    return "The model may make lists once a reviewer has signed for it, with an end date."


def _counts(verdicts: list[Row], metric: str) -> dict[str, int]:
    own = [row["verdict"] for row in verdicts if row["metric"] == metric]
    return {name: own.count(name) for name in ("gap", "pass", "cannot tell", "suppressed")}


def _worst(rows: list[Row]) -> Row | None:
    """Largest printed difference; missing students matters more than not having a score."""
    printed = [row for row in rows if row["gap"] is not None]
    order = sorted(printed, key=lambda row: (row["metric"] != "recall", -abs(row["gap"]), row["group"]))
    return order[0] if order else None


def _sentence(row: Row) -> str:
    group = group_words(row["attribute"], row["group"])
    own, other = share(row["rate"]), share(row["other_rate"])
    if row["metric"] == "recall":
        return (
            f"Of the students in the group “{group}” who turned out to need outreach, the list reached {own} in time; "
            f"of all others {other}."
        )
    return f"Of the students in the group “{group}”, {own} had no score; of all others {other}."


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
        f"Lists of the same size drawn with full hindsight would have reached {share(own['ceiling_recall'])} of this "
        f"group and {share(own['ceiling_recall'] - ceiling)} of all others"
    )
    if ceiling * row["gap"] > 0 and abs(ceiling) >= 0.005:
        if abs(ceiling) >= abs(row["gap"]):
            return (
                f"{start}, a difference of {points(ceiling)} points: list size and need alone would make it at least "
                "as large as the one seen. That explains, not excuses."
            )
        return f"{start}: {points(ceiling)} of the points come with list size and need. That explains, not excuses."
    return f"{start}: list size and need do not explain the difference."


def _next(decision: Mapping[str, Any], gaps: list[Row], content: Mapping[str, Any]) -> list[str]:
    steps = []
    if any(row["metric"] == "recall" for row in gaps):
        steps += [
            "Ask whether the records of the group arrive later or are kept differently: compare its share without a "
            "score below, and ask its schools.",
            "Ask the data team to train without single features, with another outcome and with places moved between "
            "schools, and to show this audit for each.",
        ]
    if any(row["metric"] == "not_scored" for row in gaps):
        steps.append("Mend the data feed of the schools behind the missing scores, then audit again.")
    if decision.get("may_hide_gaps"):
        steps.append(
            "Look at the suppressed groups together with the data team, in a closed meeting: their numbers are not "
            "printed, so this page cannot say whether one of them is reached less."
        )
    near = [row for row in content["verdicts"] if (row["settled_by"] or "").isdigit()]
    if near:
        row = min(near, key=lambda row: (int(row["settled_by"]), row["attribute"], row["group"]))
        steps.append(
            f"Wait for more evidence where it is near: “{group_words(row['attribute'], row['group'])}” could be judged "
            f"with {int(row['settled_by']):,} more students with the outcome. More weeks of the "
            "same students do not count."
        )
    if _unjudged(decision):
        steps.append(
            "Decide, group by group, whether using the model without that evidence is acceptable, and say why."
        )
    return steps or ["Sign, with the date on which the sign-off ends."]


def _name(row: Row) -> str:
    group = group_words(row["attribute"], row["group"])
    return group if row["metric"] == "recall" else f"{group} (has a score)"


def _open(row: Row) -> dict[str, str]:
    settled = row["settled_by"] or ""
    if row["verdict"] == "suppressed":
        text = "not printed, to protect a small group"
    elif settled.isdigit():
        text = f"{int(settled):,} more students with the outcome would settle it"
    elif settled:
        text = NEVER.get(settled, settled)
    else:
        text = "the difference itself cannot be printed"
    return {
        "metric": WORDS[row["metric"]],
        "group": group_words(row["attribute"], row["group"]),
        "text": text,
    }
