"""The canonical tables: what each column is, once, for readers, checks, the simulator and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["string", "int", "date", "bool"]

ABSENCE_KINDS = ("excused", "unexcused", "suspension_out", "suspension_in", "tardy", "partial")
GRADE_KINDS = ("assignment", "progress", "final")
BASES = ("objective", "subjective")


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    `required` columns must be in the file; `nullable` ones may hold empty cells. A column that is not required is
    filled with nulls when it is missing: unknown, never zero.
    """

    kind: Kind
    nullable: bool = False
    required: bool = True
    allowed: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Table:
    """One canonical table: its key, its columns, and how late its rows are assumed to be where nothing says.

    `known` tables carry `known_at` and `retracted_at`. Two versions of one row (a correction) share the key, so the
    key is unique only among rows visible at the same time. `occurred` names the column that `known_at` is derived
    from when the source has none.
    """

    name: str
    code: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    required: bool = False
    known: bool = True
    occurred: str = ""
    assumed_lag_days: int = 0
    all_columns: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        columns = dict(self.columns)
        if self.known:
            columns["known_at"] = _optional("date")
            columns["retracted_at"] = _optional("date")
        object.__setattr__(self, "all_columns", MappingProxyType(columns))


def _optional(kind: Kind, **limits: int | tuple[str, ...] | None) -> Column:
    return Column(kind, nullable=True, required=False, **limits)  # type: ignore[arg-type]


_TEXT = Column("string")
_DAY = Column("date")
_YEAR = Column("int", low=1900, high=999_999)
_GRADE = _optional("int", low=-2, high=13)

_ALL = (
    Table(
        "schools",
        "SCH",
        ("school_id",),
        {
            "school_id": _TEXT,
            "school_name": _TEXT,
            "district_id": _TEXT,
            "district_name": _TEXT,
            "low_grade": _GRADE,
            "high_grade": _GRADE,
        },
        required=True,
        known=False,
    ),
    Table(
        "enrollments",
        "ENR",
        ("student_id", "school_id", "entered_on"),
        {
            "student_id": _TEXT,
            "school_id": _TEXT,
            "entered_on": _DAY,
            "school_year": _YEAR,
            "grade_level": _GRADE,
            "left_on": _optional("date"),
            "exit_reason": _optional("string"),
            "primary": Column("bool"),
        },
        required=True,
        occurred="entered_on",
    ),
    Table(
        "calendar",
        "CAL",
        ("school_id", "day"),
        {"school_id": _TEXT, "day": _DAY, "school_year": _YEAR, "term": _TEXT},
        required=True,
        known=False,
    ),
    Table(
        "absences",
        "ATT",
        ("student_id", "school_id", "occurred_on", "kind"),
        {
            "student_id": _TEXT,
            "school_id": _TEXT,
            "occurred_on": _DAY,
            "kind": Column("string", allowed=ABSENCE_KINDS),
            "thousandths": Column("int", low=0, high=1000),
        },
        occurred="occurred_on",
        assumed_lag_days=3,
    ),
    Table(
        "attendance_feed",
        "FEED",
        ("school_id", "day"),
        {"school_id": _TEXT, "day": _DAY, "known_at": _DAY},
        known=False,
    ),
    Table(
        "grades",
        "GRD",
        ("student_id", "course_id", "assessment_id"),
        {
            "student_id": _TEXT,
            "course_id": _TEXT,
            "assessment_id": _TEXT,
            "school_id": _optional("string"),
            "term": _TEXT,
            "kind": Column("string", allowed=GRADE_KINDS),
            "hundredths": _optional("int", low=0, high=10_000),
            "mark": _optional("string"),
            "weight": _optional("int", low=0, high=1_000_000),
            "due_on": _optional("date"),
            "assessed_on": _DAY,
            "subject": _optional("string"),
            "core": Column("bool"),
        },
        occurred="assessed_on",
        assumed_lag_days=7,
    ),
    Table(
        "incidents",
        "INC",
        ("student_id", "school_id", "incident_id"),
        {
            "student_id": _TEXT,
            "school_id": _TEXT,
            "incident_id": _TEXT,
            "occurred_on": _DAY,
            "behavior": _TEXT,
            "basis": Column("string", allowed=BASES),
            "suspension_days": Column("int", low=0, high=366),
            "expelled": Column("bool"),
        },
        occurred="occurred_on",
        assumed_lag_days=7,
    ),
    Table(
        "outcomes",
        "OUT",
        ("student_id", "school_id", "outcome", "occurred_on"),
        {"student_id": _TEXT, "school_id": _TEXT, "outcome": _TEXT, "occurred_on": _DAY, "value": _TEXT},
        occurred="occurred_on",
    ),
    Table(
        "groups",
        "GRP",
        ("student_id", "attribute", "valid_from"),
        {
            "student_id": _TEXT,
            "attribute": _TEXT,
            "value": _TEXT,
            "valid_from": _DAY,
            "valid_to": _optional("date"),
        },
        known=False,
    ),
    Table(
        "supports",
        "SUP",
        ("student_id", "started_on", "kind"),
        {
            "student_id": _TEXT,
            "started_on": _DAY,
            "kind": _TEXT,
            "tier": _optional("int", low=1, high=3),
            "role": _optional("string"),
            "adult_id": _optional("string"),
            "ended_on": _optional("date"),
        },
        occurred="started_on",
    ),
    Table(
        "decisions",
        "DEC",
        ("list_id", "student_id", "decided_on"),
        {
            "list_id": _TEXT,
            "student_id": _TEXT,
            "decided_on": _DAY,
            "decision": _TEXT,
            "role": _optional("string"),
        },
        occurred="decided_on",
    ),
)

#: Every canonical table by name, in the order in which people think of them.
TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _ALL})
#: Their names in the order in which they are judged: what others refer to comes first.
JUDGED = (
    "schools",
    "calendar",
    "enrollments",
    *(name for name, table in TABLES.items() if not table.required),
)
