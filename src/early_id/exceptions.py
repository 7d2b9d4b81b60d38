"""What can go wrong, by whose decision it is resolved.

EarlyIdError
├── ConfigError     wrong usage or configuration: the caller changes the call (exit code 2)
├── DataError       the data says no: the district mends or accepts it (exit code 1)
├── GateError       the audit or the sign-off says no: a reviewer decides (exit code 1)
└── NotApplicable   a check or figure does not apply here; never shown as passed (exit code 1)

Every message is one sentence: what was expected, what arrived (with up to five examples), what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class EarlyIdError(Exception):
    """Base of every error this library raises on purpose."""

    exit_code: ClassVar[int] = 1


class ConfigError(EarlyIdError):
    """The call or the configuration is wrong."""

    exit_code: ClassVar[int] = 2


class DataError(EarlyIdError):
    """The data does not allow what was asked."""


class GateError(EarlyIdError):
    """No valid human decision allows what was asked."""


class NotApplicable(EarlyIdError):  # noqa: N818 - it is an answer, not a failure
    """The question does not apply to this data."""


def examples(values: Iterable[object], most: int = 5) -> str:
    """Write up to `most` distinct values for an error message.

    >>> examples(["a", "b", "a"])
    "'a', 'b'"
    >>> examples(range(7))
    '0, 1, 2, 3, 4 and 2 more'
    """
    distinct = list(dict.fromkeys(values))
    shown = ", ".join(repr(value) if isinstance(value, str) else str(value) for value in distinct[:most])
    rest = len(distinct) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Name the nearest known word, or list what is known.

    >>> did_you_mean("capcity", ["capacity", "label"])
    "did you mean 'capacity'?"
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {examples(known, most=30)}."
