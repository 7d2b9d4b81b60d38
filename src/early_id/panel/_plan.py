"""The panel as named steps: each is one expression over the canonical tables and the steps before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import ibis

from early_id.district import TABLES

_KINDS = {"string": "string", "int": "int64", "date": "date", "bool": "boolean"}
#: Prefix of a step's table in the engine.
STEP = "panel_"
#: Steps by which the parts of the students are counted; they stay.
COUNTED = ("members", "slots")
#: A step as an engine gets it: its name, its SQL, and whether it is computed for each part of the students.
Step = tuple[str, str, bool]
#: Small tables that are handed to the engine beside the district's.
GIVEN: Mapping[str, Mapping[str, str]] = {
    "as_of_dates": {"as_of": "date", "date_number": "int64"},
    "every_date": {"date": "date", "seen_on": "date"},
}
#: In a kept plan these stand for the numbers of the first and the last student to compute now.
_FIRST_PERSON, _LAST_PERSON = 1_001_001_001, 1_001_001_002


def of_people(sql: str, first: int, last: int) -> str:
    """Put the numbers of the first and the last student in the places of their marks."""
    return sql.replace(str(_FIRST_PERSON), str(first)).replace(str(_LAST_PERSON), str(last))


def unread_after(steps: Sequence[Step], quote: str) -> dict[str, list[str]]:
    """List for each step the steps that nothing reads once it is there: their tables hold millions of rows.

    >>> unread_after([("a", "SELECT 1", False), ("b", "SELECT * FROM `panel_a`", False)], "`")
    {'a': [], 'b': ['a', 'b']}
    """
    found: dict[str, list[str]] = {name: [] for name, _, _ in steps}
    for name in found:
        table = f"{quote}{STEP}{name}{quote}"
        *_, last = (reader for reader, sql, _ in steps if reader == name or table in sql)
        if name not in COUNTED:
            found[last].append(name)
    return found


@dataclass(frozen=True)
class Moments:
    """The days between which a set of as-of dates looks; a plan that is kept has marks in their places.

    Attributes
    ----------
    first_date, last_date : datetime.date
        The first and the last as-of date.
    year_from, before_from : datetime.date
        First school day of the first school year that is running on a date, and of the one before.
    known_by : datetime.date
        Labels that mature later are missing.
    last_year : int
        The last school year that is running on a date.
    """

    first_date: date = date(1001, 1, 1)
    last_date: date = date(1001, 1, 2)
    year_from: date = date(1001, 1, 3)
    before_from: date = date(1001, 1, 4)
    known_by: date = date(1001, 1, 5)
    last_year: int = 1_001_001_003

    def fill(self, sql: str) -> str:
        """Put the days in the places of the marks of a kept plan."""
        sql = sql.replace(str(Moments.last_year), str(self.last_year))
        for part in fields(self):
            mark, day = getattr(Moments, part.name), getattr(self, part.name)
            if part.name == "last_year":
                continue
            sql = sql.replace(
                f"MAKE_DATE({mark.year}, {mark.month}, {mark.day})",
                f"MAKE_DATE({day.year}, {day.month}, {day.day})",
            )
        return sql


class Plan:
    """Collects the steps while the expressions are written down; nothing is computed here.

    The expressions are not bound to an engine, so the same plan is compiled once and run on any district.

    Attributes
    ----------
    steps : dict of name to Ibis table
        In the order in which they are to be computed; a later step reads an earlier one as the table `panel_<name>`.
    by_part : set of str
        Steps that are computed anew for each part of the students; the others are shared.
    """

    def __init__(self) -> None:
        self.moments = Moments()
        self.steps: dict[str, Any] = {}
        self.by_part: set[str] = set()

    def table(self, name: str) -> Any:
        """Return one canonical table."""
        columns = {part: _KINDS[column.kind] for part, column in TABLES[name].all_columns.items()}
        return ibis.table(columns, name=name)

    def _given(self, name: str) -> Any:
        return ibis.table(GIVEN[name], name=name)

    @property
    def as_of_dates(self) -> Any:
        """The dates to look back from, numbered in order: as_of, date_number."""
        return self._given("as_of_dates")

    @property
    def every_date(self) -> Any:
        """Every day of the calendar and of the dates: date, seen_on (the first as-of date on or after it)."""
        return self._given("every_date")

    def of_part(self, rows: Any) -> Any:
        """Keep the rows of the students to compute now."""
        return rows.filter(rows.person >= _FIRST_PERSON, rows.person <= _LAST_PERSON)

    def keep(self, name: str, rows: Any, *, by_part: bool = False) -> Any:
        """Make an expression a step and return the table it becomes."""
        self.steps[name] = rows
        if by_part:
            self.by_part.add(name)
        return ibis.table(rows.schema(), name=f"{STEP}{name}")
