"""What has to be written down before a list is made: by whom, with which command, naming which groups."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from early_id.reports._words import group_words

COMMAND = "early-id promote --reviewer 'NAME, ROLE' --audit audit.json --expires YYYY-MM-DD"
NEEDS = {
    "exception": "an exception with an end date",
    "acknowledge": "an acknowledgement",
}


def to_sign(content: Mapping[str, Any]) -> dict[str, Any]:
    """List each group to be named and the command that writes the decision.

    A name without a measure speaks for both measures, so a group is listed once for each kind of word it needs.
    """
    decision = content["decision"]
    words = {(row["attribute"], row["group"]): row.get("name", row["group"]) for row in content["verdicts"]}
    masked = decision["suppressed"]
    named = {
        "exception": [*decision["gaps"], *(masked if decision.get("may_hide_gaps") else ())],
        "acknowledge": [*decision["cannot_tell"], *(() if decision.get("may_hide_gaps") else masked)],
    }
    cells = {(row["metric"], row["attribute"], row["group"]) for row in content["verdicts"]}
    full = {f"{metric}:{attribute}={group}": (attribute, group) for metric, attribute, group in cells}
    groups = [
        (option, *cell)
        for option, names in named.items()
        for cell in dict.fromkeys(full[name] for name in names if name in full)
    ]
    options = [
        f"--{option} {shlex.quote(f'{attribute}={group}: REASON')}" for option, attribute, group in groups
    ]
    return {
        "command": " \\\n  ".join([COMMAND, *options]),
        "groups": [
            {
                "group": group_words(attribute, words[attribute, group]),
                "needs": NEEDS[option],
                "code": f"{attribute}={group}",
            }
            for option, attribute, group in groups
        ],
    }
