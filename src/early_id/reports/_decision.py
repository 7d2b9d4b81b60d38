"""The first screen of the audit: may the model be used, why, how sure, and what next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from early_id.reports._findings import Row, finding, group_name, worst
from early_id.reports._to_sign import to_sign
from early_id.reports._words import MEANINGS, MEASURES, plural

NEVER = {
    "not in this county": "cannot be settled with the students of this county",
    "not in this county: all others are too few": (
        "cannot be settled with the students of this county: all others are too few, however many more of this group"
    ),
}
PLACES = ("school", "district")
#: More bars than these are not named in a sentence.
_NAMED = 4


def decide(content: Mapping[str, Any]) -> dict[str, Any]:
    """Turn verdicts into the sentences of the first screen."""
    decision, verdicts = content["decision"], content["verdicts"]
    gaps = [row for row in verdicts if row["verdict"] == "gap"]
    missed, untold = (
        [check for check in content.get("quality", ()) if check["verdict"] == word]
        for word in ("fail", "cannot tell")
    )
    unjudged = len(decision["cannot_tell"]) + len(decision["suppressed"]) + len(untold)
    closed = missed or not decision["can_open"]
    return {
        "headline": _headline(decision, len(missed), unjudged, len(untold)),
        "state": "closed" if closed else "pending" if unjudged else "open",
        "reason": _reason(decision, len(missed), unjudged),
        "counts": {
            MEASURES[metric]: _counts(verdicts, metric)
            for metric in MEASURES
            if any(v["metric"] == metric for v in verdicts)
        },
        "found": [
            {"kind": _printed(kind, own), **finding(row, content)}
            for kind, own in _kinds(verdicts, gaps)
            if (row := worst(own))
        ],
        "next": _next(decision, gaps, content, missed=len(missed), open_results=unjudged),
        "sign": to_sign(content),
        "gaps": [_name(row) for row in gaps],
        "unjudged": [_open(row) for row in verdicts if row["verdict"] in ("cannot tell", "suppressed")],
        "quality": _quality(content.get("quality", ())),
    }


def _quality(checks: Sequence[Row]) -> dict[str, Any]:
    """Sum up the bars in a sentence, and list them, those missed first."""
    order = ["fail", "cannot tell", "pass"]
    count = {word: sum(check["verdict"] == word for check in checks) for word in order}
    told = (
        f"Of {plural(len(checks), 'bar')} the model cleared {count['pass']}, missed {count['fail']}, and "
        f"{count['cannot tell']} could not be judged."
    )
    untold = [check["name"] for check in checks if check["verdict"] == "cannot tell"]
    if 0 < len(untold) <= _NAMED:
        told += f" Not judged: {'; '.join(untold)}."
    return {
        "told": told if checks else "",
        "checks": sorted(checks, key=lambda check: order.index(check["verdict"])),
    }


def _kinds(verdicts: list[Row], gaps: list[Row]) -> list[tuple[str, list[Row]]]:
    """Student groups and schools apart: a school is often furthest behind, and then no student group would be told."""
    return [
        ("student group", [row for row in verdicts if row["attribute"] not in PLACES]),
        ("school", [row for row in verdicts if row["attribute"] == "school"]),
        ("district", [row for row in gaps if row["attribute"] == "district"]),
    ]


def _printed(kind: str, rows: list[Row]) -> str:
    """Say among how many the largest was looked for; what is masked may be larger."""
    recall = [row for row in rows if row["metric"] == "recall"]
    shown = sum(row["gap"] is not None for row in recall)
    if shown == len(recall):
        return f"By {kind}"
    return f"By {kind}: {shown} of {plural(len(recall), kind)} could be printed"


def _headline(decision: Mapping[str, Any], missed: int, unjudged: int, bars: int) -> str:
    wrong = [plural(len(decision["gaps"]), "gap")] * bool(decision["gaps"])
    wrong += [f"{plural(missed, 'bar')} missed"] * bool(missed)
    open_results = f"{plural(unjudged, 'result')} could not be judged"
    if 0 < bars < unjudged:
        open_results += f", {unjudged - bars} of groups and {plural(bars, 'bar')}"
    if wrong:
        return f"Not yet decided: {', '.join([*wrong, f'and {open_results}'] if unjudged else wrong)}."
    if decision["suppressed"]:
        return f"Not yet decided: no gap was found in what may be printed, and {open_results}."
    if unjudged:
        return f"Not yet decided: no gap was found, but {open_results}."
    return "Nothing in this audit stands in the way."


def _reason(decision: Mapping[str, Any], missed: int, unjudged: int) -> str:
    if decision["gaps"] or missed:
        what = " and ".join(["each gap"] * bool(decision["gaps"]) + ["each bar it missed"] * bool(missed))
        return (
            f"The model may not make lists until {what} is mended, or granted a named exception with an end date, "
            "and everything that could not be judged is accepted by name with a reason."
        )
    if decision.get("may_hide_gaps"):
        return (
            "The model may not make lists until each suppressed group, which may hide a gap that cannot be printed, is "
            "granted a named exception with an end date, and everything else that could not be judged is accepted by "
            "name with a reason."
        )
    if unjudged:
        return (
            "The model may make lists only after a reviewer has accepted, by name and with a reason, each group and "
            "bar that could not be judged. Missing evidence is not evidence of fairness."
        )
    return "The model may make lists once a reviewer has signed for it, with an end date."


def _counts(verdicts: list[Row], metric: str) -> dict[str, int]:
    own = [row["verdict"] for row in verdicts if row["metric"] == metric]
    return {name: own.count(name) for name in ("gap", "pass", "cannot tell", "suppressed")}


def _next(
    decision: Mapping[str, Any],
    gaps: list[Row],
    content: Mapping[str, Any],
    *,
    missed: int,
    open_results: int,
) -> list[str]:
    steps = []
    if missed:
        steps.append(
            "Ask the data team what would help the model over the bars it missed: more school years, other signals, or "
            "a rule in its place."
        )
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
            "printed, so this page cannot say whether one of them is behind."
        )
    near = [row for row in content["verdicts"] if (row["settled_by"] or "").isdigit()]
    if near:
        row = min(near, key=lambda row: (int(row["settled_by"]), row["attribute"], row["group"]))
        steps.append(
            f"Wait for more evidence where it is near: “{group_name(row)}” could be judged "
            f"with {int(row['settled_by']):,} more students with the outcome. More weeks of the "
            "same students do not count."
        )
    if decision["gaps"] or missed or open_results:
        steps.append(
            "The equity reviewer, a named person and not the one who made the model, decides for each line of the list "
            "below whether the model may be used without that evidence, or in spite of what was found, gives the "
            "reason in a sentence, and sets the day on which the permission ends."
        )
    else:
        steps.append("The equity reviewer, a named person, sets the day on which the permission ends.")
    return [*steps, "Someone with access to the computer writes the decision down with the command below."]


def _name(row: Row) -> str:
    group = group_name(row)
    return group if row["metric"] == "recall" else f"{group} (has a score)"


def _open(row: Row) -> dict[str, str]:
    settled = row["settled_by"] or ""
    if row["verdict"] == "suppressed":
        text = MEANINGS["suppressed"]
    elif settled.isdigit():
        text = f"{int(settled):,} more students with the outcome would settle it"
    elif settled:
        text = NEVER.get(settled, settled)
    else:
        text = "the difference itself cannot be printed"
    return {
        "metric": MEASURES[row["metric"]],
        "group": group_name(row),
        "text": text,
    }
