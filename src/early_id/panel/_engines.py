"""The engines a panel can be computed by; which one it is follows from where a district's tables are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from early_id.district import Signals
from early_id.panel import _engine as duckdb
from early_id.panel import _spark as spark
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._plan import Step
from early_id.panel._rows import plan_of
from early_id.panel._time import Scope


@dataclass(frozen=True)
class Engine:
    """What is done with a plan in one engine.

    Attributes
    ----------
    text : callable
        Write one step in the engine's SQL.
    script : callable
        Write all steps as statements to be run by hand.
    expression : callable
        Make all steps one Ibis table.
    run : callable
        Compute the steps and yield the rows of the last one.
    """

    text: Callable[[Any], str]
    script: Callable[[Signals, tuple[Step, ...], pd.DatetimeIndex, date], str]
    expression: Callable[[Signals, tuple[Step, ...], pd.DatetimeIndex, date], Any]
    run: Callable[[Signals, tuple[Step, ...], pd.DatetimeIndex, date], Iterator[pa.Table]]


#: By the name Ibis gives a connection.
_ENGINES = {
    "duckdb": Engine(duckdb.text, duckdb.script, duckdb.expression, duckdb.run),
    "pyspark": Engine(spark.text, spark.script, spark.expression, spark.run),
}


def engine_of(signals: Signals) -> Engine:
    """Return the engine that the tables are in."""
    return _ENGINES[signals.connection.name]


@lru_cache(maxsize=64)
def compiled(
    engine: Engine, catalog: tuple[Feature, ...], scope: Scope, label: Label | None, *, facts: bool
) -> tuple[Step, ...]:
    """Write the plan of a catalogue as SQL, one statement per step; kept, because writing takes longer than running."""
    plan = plan_of(catalog, scope, label, facts=facts)
    return tuple((name, _text(engine, rows.op()), name in plan.by_part) for name, rows in plan.steps.items())


@lru_cache(maxsize=1024)
def _text(engine: Engine, step: Any) -> str:
    """Write one step; kept apart, because plans of other labels, and of the facts, share most of their steps."""
    return engine.text(step.to_expr())
