"""Running a plan in DuckDB: each step becomes a table of the engine, the last one the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from functools import lru_cache
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals, to_pandas
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._plan import STEP, Moments, of_people
from early_id.panel._rows import plan_of
from early_id.panel._time import WEEK_REST_DAYS, Scope

#: Rows of a panel that are computed at a time: they bound the memory, whatever the size of the county.
ROWS_AT_A_TIME = 400_000

#: Steps that `_parts` reads.
_COUNTED = ("members", "slots")

Step = tuple[str, str, bool]


@lru_cache(maxsize=64)
def compiled(
    catalog: tuple[Feature, ...], scope: Scope, label: Label | None, *, facts: bool
) -> tuple[Step, ...]:
    """Write the plan of a catalogue as SQL, one statement per step; kept, because writing takes longer than running.

    Returns
    -------
    tuple of (name, SQL, whether it is computed for each part of the students)
    """
    plan = plan_of(catalog, scope, label, facts=facts)
    return tuple(
        (name, str(ibis.to_sql(rows, dialect="duckdb")), name in plan.by_part)
        for name, rows in plan.steps.items()
    )


def moments(signals: Signals, as_of: pd.DatetimeIndex, known_by: date) -> Moments:
    """Find the days between which the dates look."""
    calendar = signals.table("calendar")
    rows = calendar.group_by("school_id", "school_year").agg(
        first=calendar.day.min(), last=calendar.day.max()
    )
    years: pd.DataFrame = to_pandas(rows.to_pyarrow())
    rest = pd.Timedelta(days=WEEK_REST_DAYS)
    running = years[(years["first"] <= as_of[-1]) & (years["last"] + rest >= as_of[0])]
    year = running["school_year"].min() if len(running) else years["school_year"].max()
    since = years[years["school_year"] == year]["first"].min()
    before = years[years["school_year"] == year - 1]["first"].min()
    before = since if pd.isna(before) else before
    last = running["school_year"].max() if len(running) else year
    return Moments(as_of[0].date(), as_of[-1].date(), since.date(), before.date(), known_by, int(last))


def given(signals: Signals, as_of: pd.DatetimeIndex) -> dict[str, pa.Table]:
    """Make the small tables a plan reads beside the district's: the dates, numbered, and every day around them."""
    calendar = signals.table("calendar")
    days = calendar.agg(first=calendar.day.min(), last=calendar.day.max()).to_pyarrow().to_pylist()[0]
    every = pd.date_range(min(days["first"], as_of[0].date()), max(days["last"], as_of[-1].date())).as_unit(
        "us"
    )
    seen = as_of.append(pd.DatetimeIndex([pd.NaT])).take(as_of.searchsorted(every))
    return {
        "as_of_dates": pa.table(
            {
                "as_of": pa.array(as_of.date, pa.date32()),
                "date_number": pa.array(range(len(as_of)), pa.int64()),
            }
        ),
        "every_date": pa.table(
            {
                "date": pa.array(every.date, pa.date32()),
                "seen_on": pa.array([None if pd.isna(day) else day.date() for day in seen], pa.date32()),
            }
        ),
    }


def script(signals: Signals, steps: tuple[Step, ...], as_of: pd.DatetimeIndex, known_by: date) -> str:
    """Write the steps as statements that can be run one after the other, for all students at once."""
    fill = moments(signals, as_of, known_by).fill
    found = [_table_text(name, rows) for name, rows in given(signals, as_of).items()]
    *before, (_, last, _) = steps
    found += [f"CREATE TEMPORARY TABLE {STEP}{name} AS\n{sql}" for name, sql, _ in before]
    return of_people(fill(";\n\n".join([*found, last])), 0, 2**31 - 1) + ";\n"


def _table_text(name: str, rows: pa.Table) -> str:
    def cell(value: object) -> str:
        return "NULL" if value is None else str(value) if isinstance(value, int) else f"DATE '{value}'"

    lines = ",\n  ".join(f"({', '.join(cell(value) for value in row.values())})" for row in rows.to_pylist())
    return f"CREATE TEMPORARY TABLE {name} AS\nSELECT * FROM (VALUES\n  {lines}\n) AS t({', '.join(rows.column_names)})"


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
            _keep(cursor, [step for step in rest if not step[2]], steps)
            # What all parts read stays until the last of them.
            rest = readers = tuple(step for step in rest if step[2])
        for first, final in parts:
            *before, (_, last, _) = [(name, of_people(sql, first, final), own) for name, sql, own in rest]
            _keep(cursor, before, readers)
            yield cursor.execute(last).fetch_arrow_table()


def _keep(cursor: Any, steps: Sequence[Step], readers: Sequence[Step]) -> None:
    """Make each step a table, and drop those that none of the later readers needs: they hold millions of rows."""
    place = {name: number for number, (name, _, _) in enumerate(readers)}
    last = {
        name: max(
            number for number, (own, sql, _) in enumerate(readers) if own == name or f'"{STEP}{name}"' in sql
        )
        for name in place
    }
    for name, sql, _ in steps:
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{STEP}{name}" AS {sql}')
        for other, number in last.items():
            if number == place[name] and other not in _COUNTED:
                cursor.execute(f'DROP TABLE IF EXISTS "{STEP}{other}"')


def _parts(cursor: Any) -> list[tuple[int, int]]:
    """Cut the students where each part has a bounded number of rows."""
    people = cursor.execute(f"SELECT coalesce(max(person) + 1, 0) FROM {STEP}members").fetchone()[0]  # noqa: S608
    join = f'{STEP}members AS m JOIN {STEP}slots AS s ON m."like" = s.person'
    rows = cursor.execute(f"SELECT count(*) FROM {join}").fetchone()[0]  # noqa: S608
    size = max(1, people * ROWS_AT_A_TIME // max(rows, 1))
    return [(first, first + size - 1) for first in range(0, max(people, 1), size)]
