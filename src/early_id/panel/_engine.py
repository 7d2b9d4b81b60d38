"""Running a plan: each step becomes a table of the engine, the last one the answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._plan import STEP
from early_id.panel._rows import plan_of
from early_id.panel._spells import Scope


@lru_cache(maxsize=64)
def compiled(
    catalog: tuple[Feature, ...], scope: Scope, label: Label | None, dialect: str
) -> tuple[tuple[str, str], ...]:
    """Write the plan of a catalogue as SQL, one statement per step; kept, because writing takes longer than running."""
    plan = plan_of(catalog, scope, label)
    return tuple((name, str(ibis.to_sql(rows, dialect=dialect))) for name, rows in plan.steps.items())


def run(signals: Signals, steps: Sequence[tuple[str, str]], as_of: pd.DatetimeIndex) -> pa.Table:
    """Compute the steps on a district's tables and return the rows of the last one."""
    days = (
        signals.table("calendar")
        .agg(first=ibis._.day.min(), last=ibis._.day.max())
        .to_pyarrow()
        .to_pylist()[0]
    )
    given = {
        "as_of_dates": ("as_of", as_of),
        "every_date": ("date", pd.date_range(days["first"], days["last"])),
    }
    # A cursor has temporary tables of its own: two panels may be built at the same time.
    with closing(signals.connection.con.cursor()) as cursor:
        for name, (column, dates) in given.items():
            cursor.register(name, pa.table({column: pa.array(dates.date, pa.date32())}))
        *before, (_, last) = steps
        for name, sql in before:
            cursor.execute(f'CREATE TEMP TABLE "{STEP}{name}" AS {sql}')
        answer: Any = cursor.execute(last).fetch_arrow_table()
    return answer
