"""What a registered model is called, and addresses without what nobody else may read."""

from __future__ import annotations

import re


def registered_name(label: str) -> str:
    """Name the registered model of an outcome: every outcome has its own candidate, champion and sign-offs.

    >>> registered_name("chronic_absence"), registered_name("outcome:dropout")
    ('early-id-chronic-absence', 'early-id-outcome-dropout')
    """
    return "-".join(["early-id", *re.findall(r"[^\W_]+", label.lower())])


def without_password(uri: str) -> str:
    """Take a password out of an address, for logs and messages.

    >>> without_password("postgresql://county:secret@db/runs")
    'postgresql://county:***@db/runs'
    """
    return re.sub(r"(://[^/:@]*):[^/@]*@", r"\1:***@", uri)
