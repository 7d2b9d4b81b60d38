"""Rules every canonical table has, made from its declaration. Their numbers are the same in every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._rules._rule import Rule, Severity
from early_id.district._tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Tables whose rows may rightly be known before their day comes: an enrollment or a meeting is planned.
PLANNED = frozenset({"enrollments", "supports"})
#: Tables where a record before its day is odd but happens: a family calls ahead, a final mark is entered
#: early.
_EARLY_HAPPENS = frozenset({"absences", "grades", "outcomes"})
#: A span of days a table declares: its first and its last day.
_SPANS = {
    "enrollments": ("entered_on", "left_on"),
    "supports": ("started_on", "ended_on"),
    "groups": ("valid_from", "valid_to"),
}
_CELLS = (
    (
        "103",
        "wrong type",
        "A cell is not what its column holds.",
        "Write days as YYYY-MM-DD, counts as whole numbers, yes or no as true or false.",
    ),
    ("104", "empty cell", "A cell that every row must have is empty.", "Fill the cell at the source."),
    (
        "105",
        "value not allowed",
        "A word is not one of the canonical ones.",
        "Map the district's code to a canonical word.",
    ),
    (
        "106",
        "number out of range",
        "A number lies outside what is possible.",
        "Correct the number, or its unit.",
    ),
)
# Among rows that share a key and are visible at some time, rows equal in every cell but the first are copies;
# the others collide when one appears before an earlier one is taken back. Work grows with the rows, not with
# their pairs, so that a file with one key throughout is answered as fast as any other. The hash only narrows down:
# a row that shares no more than a hash has nothing beside it.
_REPEATED = """
    WITH visible AS (FROM judged {visible}),
    shared AS (FROM visible SELECT hash({key}) AS hashed GROUP BY ALL HAVING count(*) > 1),
    numbered AS (
        FROM visible SEMI JOIN shared ON hash({key}) = shared.hashed
        SELECT *, row_number() OVER (PARTITION BY {cells} ORDER BY _row) AS copy
    ),
    beside AS (
        FROM numbered SELECT *, {beside} WHERE copy = 1
    )
    FROM numbered SELECT * EXCLUDE copy WHERE copy > 1
    UNION ALL
    FROM beside SELECT * EXCLUDE (copy, {marks}) WHERE {hit}
"""
_BESIDE_IN_TIME = """
    max(shown_until(retracted_at)) OVER (
        PARTITION BY {key} ORDER BY known_at, _row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before,
    lead(known_at) OVER (PARTITION BY {key} ORDER BY known_at, _row) AS after
"""


def sentence(table: Table) -> str:
    """Name a row by its key.

    >>> sentence(TABLES["attendance_feed"])
    'school_id {school_id}, day {day}'
    """
    return ", ".join(f"{name} {{{name}}}" for name in table.key)


def _repeated(table: Table) -> str:
    key, cells = ", ".join(table.key), ", ".join(f'"{name}"' for name in table.all_columns)
    if table.known:
        return _REPEATED.format(
            key=key,
            cells=cells,
            visible="WHERE known_at < shown_until(retracted_at)",
            beside=_BESIDE_IN_TIME.format(key=key),
            marks="before, after",
            hit="known_at < before OR after < shown_until(retracted_at)",
        )
    return _REPEATED.format(
        key=key,
        cells=cells,
        visible="",
        beside=f"count(*) OVER (PARTITION BY {key}) AS same",
        marks="same",
        hit="same > 1",
    )


def _future(table: Table) -> str:
    """Rows that say what cannot be known today; an assumed day of knowing is no claim and is left alone."""
    if not table.known:
        return "FROM judged WHERE known_at > getvariable('today')"
    happened = "" if table.name in PLANNED else f", {table.occurred}"
    return (
        "FROM judged WHERE getvariable('today') < "
        f"greatest(CASE WHEN NOT known_at_assumed THEN known_at END, retracted_at{happened})"
    )


def _rules_of(table: Table) -> Iterator[Rule]:
    yield from _cell_rules(table)
    yield from _time_rules(table)
    yield Rule(
        f"EID-{table.code}-110",
        table.name,
        "error",
        "rows",
        "one key twice at the same time",
        "Two rows with the same key hold at the same time, or one row was exported twice.",
        "Keep one of them, or give the older one retracted_at = the day it was corrected.",
        sentence(table),
        _repeated(table),
    )
    yield _formula_rule(table)
    if table.name in _SPANS:
        yield _span_rule(table, *_SPANS[table.name])
    if "school_id" in table.columns and table.name != "schools":
        named = sentence(table) if "school_id" in table.key else f"{sentence(table)}, school_id {{school_id}}"
        yield Rule(
            f"EID-{table.code}-111",
            table.name,
            "error",
            "among",
            "unknown school",
            "The school_id is not in the schools table.",
            "Add the school to the schools table or correct the id (leading zeros count).",
            named,
            "FROM judged ANTI JOIN schools USING (school_id) WHERE school_id IS NOT NULL",
        )


def _cell_rules(table: Table) -> Iterator[Rule]:
    for number, title, cause, remedy in _CELLS:
        yield Rule(f"EID-{table.code}-{number}", table.name, "error", "cells", title, cause, remedy)


def _formula_rule(table: Table) -> Rule:
    """Refuse ids that a spreadsheet would run: lists carry them to people who open them with one."""
    ids = [name for name in table.columns if name.endswith("_id")]
    return Rule(
        f"EID-{table.code}-114",
        table.name,
        "error",
        "rows",
        "id that a spreadsheet takes for a formula",
        "An id begins with =, +, - or @; a spreadsheet that opens a list would run it.",
        "Correct the id at the source, or put a letter before it in every table.",
        ", ".join(f"{name} {{{name}!r}}" for name in ids),
        "FROM judged WHERE " + " OR ".join(f"starts_with_sign({name})" for name in ids),
    )


def _span_rule(table: Table, first: str, last: str) -> Rule:
    return Rule(
        f"EID-{table.code}-113",
        table.name,
        "error",
        "rows",
        f"{last} before {first}",
        "The last day of the span lies before its first day.",
        f"Correct {first} or {last}; {last} is the last day itself.",
        f"{sentence(table)}: {first} {{{first}}}, {last} {{{last}}}",
        f"FROM judged WHERE {last} < {first}",
    )


def _time_rules(table: Table) -> Iterator[Rule]:
    if "known_at" not in table.all_columns:
        return
    code, name, day = f"EID-{table.code}", table.name, table.occurred or "day"
    known = f"{sentence(table)}: known_at {{known_at}}"
    yield Rule(
        f"{code}-107",
        name,
        "error",
        "rows",
        "date in the future",
        "The row tells of a day that has not come yet.",
        "Correct the day at the source, or send the row once its day has come.",
        known if day in table.key else f"{known}, {day} {{{day}}}",
        _future(table),
    )
    if name not in PLANNED:
        severity: Severity = "warning" if name in _EARLY_HAPPENS else "error"
        yield Rule(
            f"{code}-108",
            name,
            severity,
            "rows",
            "known before it happened",
            f"known_at lies before {day}.",
            "Look whether the two days are swapped.",
            known if day in table.key else f"{known}, {day} {{{day}}}",
            f"FROM judged WHERE known_at < {day}",
        )
    if table.known:
        yield from _version_rules(table, known)


def _version_rules(table: Table, known: str) -> Iterator[Rule]:
    yield Rule(
        f"EID-{table.code}-109",
        table.name,
        "error",
        "rows",
        "taken back before it was known",
        "retracted_at lies before known_at.",
        "Look whether the two days are swapped.",
        known + ", retracted_at {retracted_at}",
        "FROM judged WHERE retracted_at < known_at",
    )
    yield Rule(
        f"EID-{table.code}-112",
        table.name,
        "warning",
        "rows",
        "day of knowing assumed",
        f"No day of knowing was recorded; it is taken to be {table.assumed_lag_days} days after {table.occurred}.",
        "Export the day the record was entered; with it time safety can be proven.",
        sentence(table),
        "FROM judged WHERE known_at_assumed",
    )


RULES = tuple(rule for table in TABLES.values() for rule in _rules_of(table))
