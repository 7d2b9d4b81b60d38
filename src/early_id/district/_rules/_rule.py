"""A rule is a declaration: a stable code, how serious it is, what it says to people, and one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
#: When a rule is asked. `file` and `cells` are answered while reading and by the schemas; `rows` looks at one
#: table; `among` at a table beside others whose bad rows are already gone; `district` at what is missing in
#: the whole.
Stage = Literal["file", "cells", "rows", "among", "district"]

#: The day after which nothing is dated.
NEVER = "DATE '9999-12-31'"
#: Queries that several rules build on.
MACROS = (
    # Enrollments with `end_on`: the last day, or for an open spell the last school day of its school year.
    f"""
    CREATE MACRO spells(source) AS TABLE
    FROM query_table(source) AS spell
    LEFT JOIN (
        FROM calendar SELECT school_id, school_year, max(day) AS last_day GROUP BY ALL
    ) USING (school_id, school_year)
    SELECT spell.*, coalesce(left_on, last_day, {NEVER}) AS end_on
    """,
    # The first day on which a row is no longer visible.
    f"CREATE MACRO shown_until(retracted_at) AS coalesce(retracted_at, {NEVER})",
    "CREATE MACRO starts_with_sign(id) AS regexp_matches(id, '^[=+@-]')",
)


@dataclass(frozen=True)
class Rule:
    """One thing that must hold, and what to do when it does not.

    An `error` holds rows back, a `warning` reports them.

    Attributes
    ----------
    breaks : str
        DuckDB query for the rows that break the rule, with `_row` and the columns `example` names. It may
        look at `judged` (the rows in question, those without an earlier error), at the good rows of every
        canonical table judged before, and at the variable `today`. Empty where the reader or the schema
        answers.
    example : str
        What to say about one such row, as a format string over its columns.
    """

    code: str
    table: str
    severity: Severity
    stage: Stage
    title: str
    cause: str
    remedy: str
    example: str = ""
    breaks: str = ""
