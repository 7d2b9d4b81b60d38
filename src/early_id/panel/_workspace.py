"""The tables of one run in Spark: computed once, under names of their own, and gone when they are no longer read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from uuid import uuid4

import pyarrow as pa

from early_id.panel._plan import GIVEN, STEP, Step

_OWN_NAMES = re.compile(rf"`({STEP}\w+|{'|'.join(GIVEN)})`")


class Workspace:
    """Tables of one run, under names of its own: two panels may be built in one session at the same time.

    A step is checkpointed and not only persisted. A persisted step still carries the plans of all steps before it,
    and the panel reads most of them several times over: planning would take longer than computing, and longer with
    every step. A checkpoint begins a new plan at the rows. Where the session has a checkpoint folder
    (`spark.checkpoint.dir`) the rows are written there and outlive an executor; otherwise they stay on the executors.

    Attributes
    ----------
    run : str
        What the names of the run's tables end with.
    """

    def __init__(self, connection: Any, run: str | None = None) -> None:
        self.run = run or uuid4().hex[:12]
        self._connection = connection
        self._session = connection.raw_sql("SELECT 1").sparkSession
        self._kept: dict[str, Any] = {}

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in tuple(self._kept):
            self._drop(name)

    def ask(self, sql: str) -> Any:
        """Return the answer to a query over the tables of this run, not computed yet."""
        return self._connection.raw_sql(_OWN_NAMES.sub(rf"`\1_{self.run}`", sql))

    def number(self, sql: str) -> int:
        """Return the one whole number that a query answers with."""
        return int(self.ask(sql).first()[0])

    def put(self, name: str, rows: pa.Table) -> None:
        """Make a small table one of this run."""
        self._name(name, self._session.createDataFrame(rows))

    def keep(self, steps: Sequence[Step], unread: Mapping[str, Sequence[str]]) -> None:
        """Make each step a table, and drop those of this run that nothing reads once it is there."""
        safe = self._session.sparkContext.getCheckpointDir() is not None
        for name, sql, _ in steps:
            frame = self.ask(sql)
            self._name(f"{STEP}{name}", frame.checkpoint() if safe else frame.localCheckpoint())
            for other in unread[name]:
                self._drop(f"{STEP}{other}")

    def _name(self, name: str, frame: Any) -> None:
        self._kept[name] = frame
        # Columns of a checkpoint are, to Spark, those of the tables it was made from, and a join with one of these
        # may then not tell them apart. Under an alias they are columns of their own.
        own = frame.selectExpr(*(f"`{column}` AS `{column}`" for column in frame.columns))
        own.createOrReplaceTempView(f"{name}_{self.run}")

    def _drop(self, name: str) -> None:
        if name in self._kept:
            self._session.catalog.dropTempView(f"{name}_{self.run}")
            _forget(self._kept.pop(name))


def _forget(frame: Any) -> None:
    """Give back what a checkpoint holds: memory and disk of the executors, or its files.

    Spark does so by itself only once the Java garbage collector finds the rows, and leaves the files. There is no
    public way to the rows of a checkpoint from Python.
    """
    plan = frame._jdf.queryExecution().analyzed()
    if plan.getClass().getSimpleName() != "LogicalRDD":
        return
    rows = plan.rdd()
    rows.unpersist(False)
    file = rows.getCheckpointFile()
    if file.isDefined():
        context = frame.sparkSession.sparkContext
        path = context._jvm.org.apache.hadoop.fs.Path(file.get())
        path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)
