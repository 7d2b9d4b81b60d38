"""Who signed, when, for what, until when, and what was accepted by name: as a card and an audit's page say it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from early_id.reports._decision import decide
from early_id.reports._end import SignOffEnd
from early_id.reports._next import what_next
from early_id.reports._page import render, write_page
from early_id.reports._words import MEASURES, capacity_words, group_words, label_words, name_schools

#: The places of an audit's page that a signature changes, with the hash of the audit.json it was made from.
PLACES = {
    "signature": ("<!-- signature {} -->", "<!-- end of signature -->"),
    "next": ("<!-- next {} -->", "<!-- end of next -->"),
}


def signature(
    record: Mapping[str, Any] | None,
    names: Mapping[str, str] | None = None,
    ended: SignOffEnd | None = None,
) -> dict[str, Any]:
    """Say it in words.

    Parameters
    ----------
    record : mapping or None
        The content of the record of a sign-off, or None where nobody signed.
    names : mapping, optional
        school_id → name.
    ended : SignOffEnd, optional
        How the sign-off came to its end.
    """
    if record is None:
        return {
            "state": "pending",
            "headline": "Nobody has signed this model for these lists.",
            "saying": "Until a named person signs it after its audit, it may not make lists: early-id refuses to.",
            "until": "no date: nobody has signed",
            "facts": [],
            "accepted": [],
        }
    accepted = [
        {**own, "group": _group(own["group"], names or {}), "what": what, "until": own.get("expires_on", "")}
        for kind, what in (("exceptions", "exception"), ("acknowledged", "acknowledged"))
        for own in record[kind]
    ]
    until = str(record["expires_on"])
    signed = f"igned by {record['reviewer']} on {record['signed_on']}, for lists up to {until}"
    return {
        **(
            {
                "state": "open",
                "headline": f"S{signed}.",
                "saying": f"No list is made for a day after {until}. This page does not change by itself: a "
                "later sign-off or a rollback can end this one sooner, and early-id asks the registry before it makes "
                "a list.",
                "until": until,
            }
            if ended is None
            else {
                "state": "closed",
                "headline": ended.headline,
                "saying": f"It was s{signed}, {ended.happened}",
                "until": ended.until,
            }
        ),
        "facts": [
            ("Signed by", str(record["reviewer"])),
            ("On", str(record["signed_on"])),
            ("For lists up to", until),
            ("Looks ahead to", label_words(str(record["label"]))),
            ("List size", f"{capacity_words(record['capacity'])}, each week"),
            ("Data", str(record["data_window"])),
            ("Model", str(record["model_sha256"])),
            ("Audit", str(record["audit_sha256"])),
            ("Record", str(record["sha256"])),
        ],
        "accepted": accepted,
    }


def _group(code: str, names: Mapping[str, str]) -> str:
    """Name a group of a record, given as attribute=group or metric:attribute=group."""
    attribute, _, group = code.partition("=")
    measure, colon, of = attribute.partition(":")
    known = bool(colon) and measure in MEASURES
    attribute = of if known else attribute
    name = f"{names[group]} ({group})" if attribute == "school" and group in names else group
    words = group_words(attribute, name)
    return f"{words} ({MEASURES[measure].lower()})" if known else words


def sign_audit_html(
    path: Path,
    audit: str,
    record: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
    *,
    ended: SignOffEnd | None = None,
) -> bool:
    """Write a signature, and what can be done next, into the page of the audit that was signed, whole or not at all.

    A page of another audit is left as it is.

    Parameters
    ----------
    path : Path
        The page.
    audit : str
        Text of the audit.json that was signed.
    record : mapping
        The content of the record.
    names : mapping, optional
        school_id → name.
    ended : SignOffEnd, optional
        How the sign-off came to its end.

    Returns
    -------
    bool
        Whether the page is of that audit.
    """
    page = path.read_text(encoding="utf-8")
    content = json.loads(audit)
    name_schools(content, names or {})
    decision = decide(content)
    words = {
        "sign": signature(record, names, ended),
        "decision": decision,
        "about": content["about"],
        "next": what_next(decision, record, ended),
    }
    for name, (begin, end) in marks(audit).items():
        place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not place.search(page):
            return False
        part = render(f"{name}.html.j2", words)
        page = place.sub(lambda _, text=f"{begin}\n{part}{end}": text, page, count=1)  # type: ignore[misc]
    write_page(page, path)
    return True


def marks(audit: str) -> dict[str, tuple[str, str]]:
    """Give the comments in the page of an audit between which a signature is written."""
    return {name: (begin.format(digest(audit)), end) for name, (begin, end) in PLACES.items()}


def digest(audit: str) -> str:
    """Give the hash by which a sign-off names an audit."""
    return hashlib.sha256(audit.encode()).hexdigest()
