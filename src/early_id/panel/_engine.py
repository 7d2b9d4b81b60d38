"""Running a plan in DuckDB: each step becomes a table of the engine, the last one the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.panel._given import cut, given, moments
from early_id.panel._plan import STEP, Step, of_people, unread_after

#: Steps that `_parts` reads.
_COUNTED = ("members", "slots")


def text(rows: Any) -> str:
    """Write one step in DuckDB's SQL."""
    return str(ibis.to_sql(rows, dialect="duckdb"))


def script(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> str:
    """Write the steps as statements that can be run one after the other, for all students at once."""
    *before, (_, last) = _queries(signals, steps, as_of, known_by).items()
    tables = [f"CREATE TEMPORARY TABLE {name} AS\n{sql}" for name, sql in before]
    return ";\n\n".join([*tables, last]) + ";\n"


def expression(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> Any:
    """Write the steps as one query of the district's connection, each computed once, for all students at once."""
    *before, (_, last) = _queries(signals, steps, as_of, known_by).items()
    tables = ",\n".join(f"{name} AS MATERIALIZED (\n{sql}\n)" for name, sql in before)
    return signals.connection.sql(f"WITH {tables}\n{last}")


def _queries(
    signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date
) -> dict[str, str]:
    """Write what each table holds that a later one reads; the last one is the panel."""
    fill = moments(signals, as_of, known_by).fill
    found = {name: _rows_text(rows) for name, rows in given(signals, as_of).items()}
    return found | {f"{STEP}{name}": of_people(fill(sql), 0, 2**31 - 1) for name, sql, _ in steps}


def _rows_text(rows: pa.Table) -> str:
    def cell(value: object) -> str:
        return "NULL" if value is None else str(value) if isinstance(value, int) else f"DATE '{value}'"

    lines = ",\n  ".join(f"({', '.join(cell(value) for value in row.values())})" for row in rows.to_pylist())
    return f"SELECT * FROM (VALUES\n  {lines}\n) AS t({', '.join(rows.column_names)})"  # noqa: S608 - values of our own


def run(
    signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date
) -> Iterator[pa.Table]:
    """Compute the steps in DuckDB and yield the rows of the last one, part by part of the students."""
    fill = moments(signals, as_of, known_by).fill
    steps = tuple((name, fill(sql), by_part) for name, sql, by_part in steps)
    # A cursor has temporary tables of its own: two panels may be built at the same time.
    with closing(signals.connection.con.cursor()) as cursor:
        for name, rows in given(signals, as_of).items():
            cursor.register("rows_given", rows)
            cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM rows_given')  # noqa: S608 - our names
        cohort = next(place for place, (name, _, _) in enumerate(steps) if name == "slots") + 1
        _keep(cursor, steps[:cohort], steps)
        parts, rest, readers = _parts(cursor), steps[cohort:], steps
        if len(parts) > 1:
            shared, rest = [step for step in rest if not step[2]], tuple(step for step in rest if step[2])
            _keep(cursor, shared, [*steps[:cohort], *shared, *rest])
            # What all parts read stays until the last of them.
            readers = rest
        for first, final in parts:
            *before, (_, last, _) = [(name, of_people(sql, first, final), own) for name, sql, own in rest]
            _keep(cursor, before, readers)
            yield cursor.execute(last).fetch_arrow_table()


def _keep(cursor: Any, steps: Sequence[Step], readers: Sequence[Step]) -> None:
    """Make each step a table, and drop those that none of the later readers needs."""
    unread = unread_after(readers, '"')
    for name, sql, _ in steps:
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{STEP}{name}" AS {sql}')
        for other in unread[name]:
            if other not in _COUNTED:
                cursor.execute(f'DROP TABLE IF EXISTS "{STEP}{other}"')


def _parts(cursor: Any) -> list[tuple[int, int]]:
    """Cut the students where each part has a bounded number of rows."""
    people = cursor.execute(f"SELECT coalesce(max(person) + 1, 0) FROM {STEP}members").fetchone()[0]  # noqa: S608
    join = f'{STEP}members AS m JOIN {STEP}slots AS s ON m."like" = s.person'
    rows = cursor.execute(f"SELECT count(*) FROM {join}").fetchone()[0]  # noqa: S608
    return cut(people, rows)
