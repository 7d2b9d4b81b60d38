"""Two ways to write the same list size are the same list size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from early_id.exceptions import ConfigError


def normal_capacity(capacity: Any) -> str | dict[str, int]:
    """Bring a capacity into one form, so that a sign-off for it can be compared.

    Parameters
    ----------
    capacity : str, int or mapping of str to int
        A share of each school's cohort (``"5%"``), students per school, or students by school with ``"*"``
        for the rest.

    Returns
    -------
    str or dict
        ``"5%"`` or ``{"*": 25, ...}``; entries equal to ``"*"`` are dropped.

    Raises
    ------
    ConfigError
        If it is none of these.

    Examples
    --------
    >>> normal_capacity("5.0 %"), normal_capacity(25), normal_capacity({"*": 25, "S1": 25, "S2": 30})
    ('5%', {'*': 25}, {'*': 25, 'S2': 30})
    """
    if isinstance(capacity, str):
        share = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", capacity)
        if share and 0 < float(share[1]) <= 100:
            return f"{float(share[1]):g}%"
        if re.fullmatch(r"\s*[1-9]\d*\s*", capacity):
            return {"*": int(capacity)}
    elif isinstance(capacity, int) and not isinstance(capacity, bool) and capacity > 0:
        return {"*": capacity}
    elif isinstance(capacity, Mapping) and capacity and all(_whole(size) for size in capacity.values()):
        rest = capacity.get("*")
        return {
            str(school): int(size)
            for school, size in sorted(capacity.items(), key=lambda pair: str(pair[0]))
            if school == "*" or size != rest
        }
    msg = f"Expected a list size such as '5%', 25 or {{'*': 25, '<school>': 30}}, got {capacity!r}."
    raise ConfigError(msg)


def _whole(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0
