"""What has to be written down before a list is made: by whom, with which command, naming which groups and bars."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from early_id.reports._words import MEASURES, group_words

COMMAND = "early-id promote --reviewer 'NAME, ROLE' --audit audit.json --expires YYYY-MM-DD"
NEEDS = {
    "exception": "an exception with an end date",
    "acknowledge": "an acknowledgement",
}


def to_sign(content: Mapping[str, Any]) -> dict[str, Any]:
    """List each group and bar to be named, what it needs for which question, and the command that writes the decision.

    In the command a name without a measure speaks for both, so a group stands there once for each kind of word.
    """
    masked = "exception" if content["decision"].get("may_hide_gaps") else "acknowledge"
    option_of = {"gap": "exception", "fail": "exception", "suppressed": masked, "cannot tell": "acknowledge"}
    needs: dict[tuple[str, str], dict[str, list[str]]] = {}
    names: dict[tuple[str, str], str] = {}
    bars = [
        {"attribute": "quality", "group": check["name"], "metric": "quality", "verdict": check["verdict"]}
        for check in content.get("quality", ())
    ]
    for row in (*content["verdicts"], *bars):
        if row["verdict"] not in option_of:
            continue
        key = (row["attribute"], row["group"])
        names[key] = group_words(row["attribute"], row.get("name", row["group"]))
        needs.setdefault(key, {}).setdefault(option_of[row["verdict"]], []).append(
            MEASURES[row["metric"]].lower()
        )
    options = [
        f"--{option} {shlex.quote(f'{attribute}={group}: REASON')}"
        for option in NEEDS
        for (attribute, group), own in needs.items()
        if option in own
    ]
    return {
        "command": " \\\n  ".join([COMMAND, *options]),
        "groups": [
            {
                "group": names[key],
                "code": "=".join(key),
                "needs": [
                    f"{NEEDS[option]} ({' and '.join(own[option])})" for option in NEEDS if option in own
                ],
            }
            for key, own in needs.items()
        ],
    }
