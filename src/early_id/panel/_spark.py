"""Running a plan in Spark: each step is computed once and kept where the executors are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.exceptions import ConfigError
from early_id.panel._given import cut, given, how_many, moments, queries, values_text
from early_id.panel._plan import Step, of_people, unread_after
from early_id.panel._workspace import Workspace

_WIDTHS = {1: "TINYINT", 2: "SMALLINT", 4: "INT", 8: "BIGINT"}


def text(rows: Any) -> str:
    """Write one step in Spark's SQL, whole numbers with the width that Ibis believes they have.

    Ibis takes `row_number()` for 64 bits and leaves out a cast to what it believes; in Spark it has 32. Each step
    therefore hands on the types its expression names, so that no later step can run over.
    """
    # By the backend, which need not be connected: `ibis.to_sql` does not know the options of one nobody has loaded.
    sql = ibis.pyspark.compile(rows, pretty=True)
    columns = ",\n  ".join(
        f"CAST(`{name}` AS {_WIDTHS[kind.nbytes]}) AS `{name}`" if kind.is_integer() else f"`{name}`"
        for name, kind in rows.schema().items()
    )
    return f"SELECT\n  {columns}\nFROM (\n{sql}\n) AS `typed`"


def script(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> str:
    """Write the steps as statements that can be run one after the other, for all students at once.

    Tables and not views: a view would be computed anew by each of its readers.
    """
    *before, (_, last) = queries(signals, steps, as_of, known_by, _rows_text).items()
    tables = [f"CREATE TABLE {name} USING parquet AS\n{sql}" for name, sql in before]
    return ";\n\n".join([*tables, last]) + ";\n"


def expression(*_: object) -> Any:
    """Refuse: Spark puts every query into its readers, and most steps are read several times over.

    Raises
    ------
    ConfigError
    """
    msg = (
        "Expected a district in DuckDB for the panel as one expression, got one in Spark, which would compute each "
        "step anew for every reader; write it with `to_parquet` and read the file, or run the statements of `sql()`."
    )
    raise ConfigError(msg)


def _rows_text(rows: pa.Table) -> str:
    kinds = {part.name: "BIGINT" if pa.types.is_integer(part.type) else "DATE" for part in rows.schema}
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items())
    return f"SELECT {columns} FROM {values_text(rows)}\nAS t({', '.join(kinds)})"  # noqa: S608 - values of our own


def run(
    signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date
) -> Iterator[pa.Table]:
    """Compute the steps in Spark and yield the rows of the last one, part by part of the students."""
    fill = moments(signals, as_of, known_by).fill
    steps = tuple((name, fill(sql), by_part) for name, sql, by_part in steps)
    of_all, of_part = [step for step in steps if not step[2]], [step for step in steps if step[2]]
    with Workspace(signals.connection) as shared:
        for name, rows in given(signals, as_of).items():
            shared.put(name, rows)
        # What a part reads stays until the last of them; what only these steps read goes with its last reader.
        shared.keep(of_all, unread_after([*of_all, *of_part], "`"))
        people, rows = (shared.number(sql) for sql in how_many("`"))
        unread = unread_after(of_part, "`")
        for first, final in cut(people, rows):
            *before, (_, last, _) = [(name, of_people(sql, first, final), own) for name, sql, own in of_part]
            with Workspace(signals.connection, shared.run) as part:
                part.keep(before, unread)
                yield _nullable(part.ask(last).toArrow())


def _nullable(rows: pa.Table) -> pa.Table:
    """Let every column be empty, as DuckDB does: which ones Spark knows to be full may differ between school years."""
    return rows.cast(pa.schema([part.with_nullable(True) for part in rows.schema]))
