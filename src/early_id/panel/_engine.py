"""Running a plan in DuckDB: each step becomes a table of the engine, the last one the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.panel._given import cut, given, how_many, moments, queries, values_text
from early_id.panel._plan import STEP, Step, of_people, unread_after


def text(rows: Any) -> str:
    """Write one step in DuckDB's SQL."""
    return str(ibis.to_sql(rows, dialect="duckdb"))


def script(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> str:
    """Write the steps as statements that can be run one after the other, for all students at once."""
    *before, (_, last) = queries(signals, steps, as_of, known_by, _rows_text).items()
    tables = [f"CREATE TEMPORARY TABLE {name} AS\n{sql}" for name, sql in before]
    return ";\n\n".join([*tables, last]) + ";\n"


def expression(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> Any:
    """Write the steps as one query of the district's connection, each computed once, for all students at once."""
    *before, (_, last) = queries(signals, steps, as_of, known_by, _rows_text).items()
    tables = ",\n".join(f"{name} AS MATERIALIZED (\n{sql}\n)" for name, sql in before)
    return signals.connection.sql(f"WITH {tables}\n{last}")


def _rows_text(rows: pa.Table) -> str:
    return f"SELECT * FROM ({values_text(rows)}) AS t({', '.join(rows.column_names)})"  # noqa: S608 - values of our own


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
        rest, unread = steps[cohort:], unread_after(steps, '"')
        _keep(cursor, steps[:cohort], unread)
        people, rows = (cursor.execute(sql).fetchone()[0] for sql in how_many('"'))
        parts = cut(people, rows)
        if len(parts) > 1:
            shared, rest = [step for step in rest if not step[2]], tuple(step for step in rest if step[2])
            _keep(cursor, shared, unread_after([*steps[:cohort], *shared, *rest], '"'))
            # What all parts read stays until the last of them.
            unread = unread_after(rest, '"')
        for first, final in parts:
            *before, (_, last, _) = [(name, of_people(sql, first, final), own) for name, sql, own in rest]
            _keep(cursor, before, unread)
            yield cursor.execute(last).fetch_arrow_table()


def _keep(cursor: Any, steps: Sequence[Step], unread: Mapping[str, Sequence[str]]) -> None:
    """Make each step a table, and drop those that nothing reads once it is there."""
    for name, sql, _ in steps:
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{STEP}{name}" AS {sql}')
        for other in unread[name]:
            cursor.execute(f'DROP TABLE "{STEP}{other}"')
