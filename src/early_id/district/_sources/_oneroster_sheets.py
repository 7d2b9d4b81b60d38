"""The files of a OneRoster bundle: their columns, and what every row of them must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

FLAGS = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
)
_NUMBER = r"[+-]?\d{1,12}(\.\d{1,12})?"


@dataclass(frozen=True)
class Sheet:
    """What is read of one file.

    Attributes
    ----------
    required : tuple of str
        Columns that must be there, and whose cells must not be empty.
    optional : tuple of str
        Columns that may be missing or empty.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return ("sourcedId", "status", *self.required, *self.optional)


SHEETS: Mapping[str, Sheet] = MappingProxyType(
    {
        "orgs": Sheet(("name", "type"), ("identifier", "parentSourcedId"), codes={"type": "OrgType"}),
        "academicSessions": Sheet(
            ("title", "type", "startDate", "endDate", "schoolYear"),
            days=("startDate", "endDate"),
            codes={"type": "SessionType"},
        ),
        "users": Sheet((), ("identifier", "userIds", "grades", "primaryOrgSourcedId")),
        "roles": Sheet(
            ("userSourcedId", "role", "orgSourcedId"),
            ("roleType", "beginDate", "endDate"),
            days=("beginDate", "endDate"),
            codes={"role": "Role", "roleType": "RoleType"},
        ),
        "classes": Sheet(("courseSourcedId", "schoolSourcedId", "termSourcedIds")),
        "enrollments": Sheet(
            ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
            ("beginDate", "endDate"),
            days=("beginDate", "endDate"),
            codes={"role": "EnrollmentRole"},
        ),
        "courses": Sheet(("title",), ("subjects", "subjectCodes")),
        "demographics": Sheet((), ("sex", *FLAGS), flags=FLAGS, codes={"sex": "Sex"}),
        "categories": Sheet(("title",), ("weight",), numbers=("weight",)),
        "lineItems": Sheet(
            ("dueDate", "classSourcedId", "categorySourcedId", "academicSessionSourcedId"),
            ("resultValueMin", "resultValueMax"),
            days=("dueDate",),
            numbers=("resultValueMin", "resultValueMax"),
        ),
        "results": Sheet(
            ("lineItemSourcedId", "studentSourcedId", "scoreStatus", "scoreDate"),
            ("score", "textScore", "inProgress", "incomplete", "late", "missing"),
            days=("scoreDate",),
            numbers=("score",),
            flags=("inProgress", "incomplete", "late", "missing"),
            codes={"scoreStatus": "ScoreStatus"},
        ),
        "scoreScales": Sheet(("scoreScaleValue",), ("classSourcedId",)),
        "lineItemScoreScales": Sheet(("lineItemSourcedId", "scoreScaleSourcedId")),
        "resultScoreScales": Sheet(("resultSourcedId", "scoreScaleSourcedId")),
    }
)
#: Files of the standard that say nothing a canonical table holds, and why they are left out.
UNREAD: Mapping[str, str] = MappingProxyType(
    {
        "userProfiles": "accounts of other systems and their passwords: not read",
        "resources": "teaching material: not read",
        "classResources": "teaching material: not read",
        "courseResources": "teaching material: not read",
        "userResources": "teaching material: not read",
        "lineItemLearningObjectiveIds": "learning objectives: not read",
        "resultLearningObjectiveIds": "learning objectives: not read",
    }
)
#: Rows of the first refer with the second to rows of the third. Those referred to come first.
_REFERENCES = (
    ("roles", "userSourcedId", "users"),
    ("roles", "orgSourcedId", "orgs"),
    ("enrollments", "userSourcedId", "users"),
    ("enrollments", "classSourcedId", "classes"),
    ("demographics", "sourcedId", "users"),
    ("lineItems", "classSourcedId", "classes"),
    ("lineItems", "categorySourcedId", "categories"),
    ("lineItems", "academicSessionSourcedId", "academicSessions"),
    ("results", "lineItemSourcedId", "lineItems"),
    ("results", "studentSourcedId", "users"),
    ("lineItemScoreScales", "lineItemSourcedId", "lineItems"),
    ("lineItemScoreScales", "scoreScaleSourcedId", "scoreScales"),
    ("resultScoreScales", "resultSourcedId", "results"),
    ("resultScoreScales", "scoreScaleSourcedId", "scoreScales"),
)
#: What a bundle may leave out without its rows being wrong: only a weight is lost.
_MAY_BE_ABSENT = ("categories",)


def prepare(reading: Reading) -> None:
    """Teach the engine to read the days and numbers of the standard: text of another form is null."""
    reading.connection.execute(
        r"""
        CREATE MACRO iso_day(cell) AS (
            CASE WHEN regexp_full_match(cell, '\d{4}-\d{2}-\d{2}(T.*)?')
                AND try_cast(cell[1:10] AS DATE) BETWEEN DATE '1900-01-01' AND DATE '9990-12-31'
            THEN try_cast(cell[1:10] AS DATE) END
        )
        """
    )
    reading.connection.execute(
        f"CREATE MACRO number(cell) AS (CASE WHEN regexp_full_match(cell, '{_NUMBER}') THEN cell::DOUBLE END)"
    )
    reading.connection.execute("CREATE MACRO truth(cell) AS coalesce(lower(cell) = 'true', false)")


def judge_cells(reading: Reading, name: str) -> None:
    """Hold back the rows of a file that lack a cell, are there twice, or have a cell nobody can read."""
    sheet = SHEETS[name]
    for column in ("sourcedId", *sheet.required):
        reading.hold_back(name, f'"{column}" IS NULL', "EID-SRC-002", f"{column} is empty")
    _hold_back_repeats(reading, name)
    for column in sheet.days:
        bad = f'"{column}" IS NOT NULL AND iso_day("{column}") IS NULL'
        reading.hold_back(
            name, bad, "EID-SRC-001", f"{column} is {{{column}!r}}, expected a day as YYYY-MM-DD"
        )
    for column in sheet.numbers:
        bad = f'"{column}" IS NOT NULL AND number("{column}") IS NULL'
        reading.hold_back(name, bad, "EID-SRC-001", f"{column} is {{{column}!r}}, expected a number")
    for column in sheet.flags:
        bad = f"lower(\"{column}\") NOT IN ('true', 'false')"
        reading.hold_back(name, bad, "EID-SRC-001", f"{column} is {{{column}!r}}, expected true or false")
    for column, codes in sheet.codes.items():
        bad = f'"{column}" IS NOT NULL AND meaning(\'{codes}\', "{column}") IS NULL'
        said = f"{column} is {{{column}!r}}, which `codes.{codes}` of the mapping can explain"
        reading.hold_back(name, bad, "EID-SRC-005", said)


def judge_references(reading: Reading, present: set[str]) -> None:
    """Hold back rows that name a record which is not there, or was held back itself."""
    for name, column, other in _REFERENCES:
        if other in _MAY_BE_ABSENT and other not in present:
            continue
        reading.hold_back(
            name,
            f'NOT EXISTS (FROM {other} AS o WHERE o.sourcedId = {name}."{column}")',
            "EID-SRC-004",
            f"{column} {{{column}!r}} is not in {other}.csv, or was held back there",
        )


def _hold_back_repeats(reading: Reading, name: str) -> None:
    """Hold back copies but for the first, and all rows that say different things under one id."""
    cells = ", ".join(f'"{column}"' for column in SHEETS[name].columns)
    copies = f"SELECT _file, _line, row_number() OVER (PARTITION BY {cells} ORDER BY _file, _line) AS copy FROM {name}"
    said = "sourcedId {sourcedId!r} comes twice"
    reading.hold_back(
        name, f"(_file, _line) IN (SELECT (_file, _line) FROM ({copies}) WHERE copy > 1)", "EID-SRC-003", said
    )
    shared = f"SELECT sourcedId FROM {name} GROUP BY sourcedId HAVING count(*) > 1"
    reading.hold_back(name, f"sourcedId IN ({shared})", "EID-SRC-003", said + " and says different things")
