"""Rules asked of the rows of a table: which rows break them, and the first of those in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from early_id.district._intake import FILE, LINE
from early_id.district._rows import Rows
from early_id.district._rules import Rule

if TYPE_CHECKING:
    from early_id.district._judge import Judgement

EXAMPLES = 5
ROW = "_row"
_SHARE = 2_000_000  # rows of a large table that rules are asked about at a time

Positions = npt.NDArray[np.int64]
_Hits = dict[str, tuple[int, Positions]]


@dataclass(frozen=True)
class Broken:
    """One rule, the rows of one table that break it, and up to five of them in words."""

    rule: Rule
    rows: int
    of: int
    examples: tuple[str, ...]


def ask(found: Judgement, rules: list[Rule], came: Rows, judged: Rows | None = None) -> dict[str, Positions]:
    """Ask rules in one query; return the rows that are held back.

    Only of rules that are broken the columns of the examples are fetched, and of warnings, which may be about every
    row, no more than their number.
    """
    hits: list[_Hits] = []
    for share in _shares(judged) if rules else []:
        if judged is not None:
            judged.register(found.connection, "judged", share)
        hits.append(_hits(found.connection, rules))
    codes: dict[str, Positions] = {}
    for rule in rules:
        count = sum(part[rule.code][0] for part in hits if rule.code in part)
        if not count:
            continue
        rows = np.sort(np.concatenate([part[rule.code][1] for part in hits if rule.code in part]))
        if rule.severity == "error":
            codes[rule.code] = rows
        if judged is not None:
            first = ", ".join(str(row) for row in rows[:EXAMPLES])
            same = f"student_id IN (FROM {{rows}} SELECT student_id WHERE _row IN ({first}))"
            judged.register(
                found.connection, "judged", same if "student_id" in judged.column_names else "true"
            )
        found.broken.append(Broken(rule, count, came.num_rows, _in_words(found, rule, rows, came)))
    return codes


def _shares(judged: Rows | None) -> list[str]:
    """Divide a large table by students: no rule compares a row of one with a row of another."""
    if judged is None or judged.path is None or "student_id" not in judged.column_names:
        return ["true"]
    shares = -(-judged.num_rows // _SHARE)
    return [f"hash(student_id) % {shares} = {share}" for share in range(shares)]


def _hits(connection: duckdb.DuckDBPyConnection, rules: list[Rule]) -> _Hits:
    """Find the rows that break rules: their number by code, and which they are; of warnings only the first."""
    asked = (
        f"FROM ({rule.breaks}) SELECT DISTINCT {place}::UTINYINT AS rule, _row"
        for place, rule in enumerate(rules)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS {' UNION ALL '.join(asked)}")
    counts = dict(connection.sql("FROM hits SELECT rule, count(*) GROUP BY rule").fetchall())
    found: _Hits = {}
    for place, count in counts.items():
        most = "" if rules[place].severity == "error" else f" LIMIT {EXAMPLES}"
        query = f"FROM hits SELECT _row WHERE rule = {place} ORDER BY _row{most}"
        found[rules[place].code] = count, connection.sql(query).to_arrow_table().column(ROW).to_numpy()
    return found


def _in_words(found: Judgement, rule: Rule, bad: Positions, came: Rows) -> tuple[str, ...]:
    first = ", ".join(str(row) for row in bad[:EXAMPLES])
    query = f"FROM ({rule.breaks}) WHERE _row IN ({first}) ORDER BY _row"
    rows = found.connection.sql(query).to_arrow_table().to_pylist()
    # What is said of the whole table is said once.
    said = {rule.example.format(**row): row[ROW] for row in reversed(rows)}
    return tuple(
        f"{origin_of(found, came.take(np.array([row])))}: {text}" for text, row in reversed(said.items())
    )


def origin_of(found: Judgement, row: pa.Table) -> str:
    file = found.intake.files[row.column(FILE)[0].as_py()]
    return f"{file.name} line {row.column(LINE)[0].as_py()}"
