"""What a canonical table is: its columns, its key, and when its rows become known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

Kind = Literal["string", "int", "date", "bool"]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    `required` columns must be in the file; `nullable` ones may hold empty cells. A column that is not required is
    filled with nulls when it is missing: unknown, never zero. `example` is a cell as a CSV file holds it.
    """

    kind: Kind
    meaning: str
    example: str
    nullable: bool = False
    required: bool = True
    allowed: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


def optional(
    kind: Kind, meaning: str, example: str, *, low: int | None = None, high: int | None = None
) -> Column:
    """Declare a column that may be missing, and whose cells may be empty."""
    return Column(kind, meaning, example, nullable=True, required=False, low=low, high=high)


_KNOWN = optional("date", "The day the record reached the system; nothing is used before it.", "")
_RETRACTED = optional(
    "date", "The day the record was taken back, because it was wrong or a newer version took its place.", ""
)
#: The column that says whether `known_at` was recorded or taken from the usual delay.
ASSUMED = "known_at_assumed"
_ASSUMED = optional(
    "bool",
    "Whether `known_at` is no record but an assumption: the usual delay after the day it happened. `early-id check` "
    "fills it in where `known_at` is empty; empty is no.",
    "",
)


@dataclass(frozen=True)
class Table:
    """One canonical table: its key, its columns, and how late its rows are assumed to be where nothing says.

    `known` tables carry `known_at`, `retracted_at` and `known_at_assumed`. Two versions of one row (a correction)
    share the key, so the key is unique only among rows visible at the same time. `occurred` names the column that
    `known_at` is derived from when the source has none.
    """

    name: str
    code: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    about: str
    required: bool = False
    known: bool = True
    occurred: str = ""
    assumed_lag_days: int = 0
    all_columns: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        columns = dict(self.columns)
        if self.known:
            known = replace(_KNOWN, example=columns[self.occurred].example)
            columns |= {"known_at": known, "retracted_at": _RETRACTED, ASSUMED: _ASSUMED}
        object.__setattr__(self, "all_columns", MappingProxyType(columns))
