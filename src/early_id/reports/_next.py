"""What can be done next: before a model is signed, while its sign-off holds, and after it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._end import SignOffEnd

RENEW = "early-id audit --model @champion"
ROLLBACK = "early-id rollback"


def what_next(
    decision: Mapping[str, Any], record: Mapping[str, Any] | None, ended: SignOffEnd | None = None
) -> dict[str, Any]:
    """Give the steps, the lines to be named, and the commands, each with a word on what it is for.

    Parameters
    ----------
    decision : mapping
        From `decide`.
    record : mapping or None
        The content of the record of a sign-off, or None where nobody signed.
    ended : SignOffEnd, optional
        How the sign-off came to its end.
    """
    sign = decision["sign"]
    if record is not None and ended is None:
        return {
            "steps": _while_signed(record),
            "lines": "to be named again when it is renewed, each with a reason",
            "groups": sign["groups"],
            "commands": [
                ("Renew: audit again, then sign the new audit", f"{RENEW}\n{_renewed(sign['command'])}"),
                ("Go back to the model used before", ROLLBACK),
            ],
        }
    if ended is not None and ended.by == "renewal":
        return {"steps": [ended.step], "lines": "", "groups": [], "commands": []}
    return {
        "steps": [*([] if ended is None else [ended.step]), *decision["next"]],
        "lines": "to be named, each with a reason",
        "groups": sign["groups"],
        "commands": [("The command that writes the decision", sign["command"])],
    }


def _while_signed(record: Mapping[str, Any]) -> list[str]:
    """Say until when lists can be made, how that is renewed, and how it is ended."""
    until = str(record["expires_on"])
    ends = sorted(str(own["expires_on"]) for own in record["exceptions"])
    steps = [f"Lists can be made with this model each week up to {until}; for a later week none is made."]
    if ends and ends[0] < until:
        steps.append(
            f"An exception ends before that: after {ends[0]} no list is made until the model has been signed again."
        )
    return [
        *steps,
        "To renew it before then: audit the model again, read the new page, and sign it with a new last day. The "
        "reviewer names again each gap and each group that could not be judged, with reasons that hold then.",
        "When a school year has closed, train on it and compare: a model that reaches more students is audited and "
        "signed in place of this one.",
        "If lists turn out wrong, go back at once: one command takes this model down, and the model used before makes "
        "the lists again. Where there is none, stop making lists.",
    ]


def _renewed(command: str) -> str:
    """Let the command sign the model in use, and not the latest candidate.

    >>> _renewed("early-id promote --reviewer 'NAME, ROLE'")
    "early-id promote --model @champion --reviewer 'NAME, ROLE'"
    """
    return command.replace("early-id promote", "early-id promote --model @champion", 1)
