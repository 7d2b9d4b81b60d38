"""Files: a county written block by block, so that its size is a matter of time and not of memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.district._simulate._arrow import Words, to_arrow, truth_to_arrow
from early_id.district._simulate._assembly import county_rows, incident_words, lookups, student_words
from early_id.district._simulate._frames import arranged, arranged_truth
from early_id.district._simulate._life import Coded, live
from early_id.district._simulate._plan import Plan
from early_id.district._tables import TABLES

Tables = dict[str, pa.Table]


def write_blocks(plan: Plan, folder: Path, workers: int) -> dict[str, int]:
    """Write every table that has rows, and the truth, as `<table>.parquet`; return the rows of each.

    Blocks live in `workers` threads (the heavy steps of numpy let go of the interpreter) and are written in order,
    so the bytes do not depend on their number.
    """
    words: dict[str, Words] = {
        name: {column: pa.array(values, pa.string()) for column, values in columns.items()}
        for name, columns in lookups(plan).items()
    }
    rows = dict.fromkeys((*TABLES, "truth"), 0)

    def make(number: int) -> Tables:
        return _block_tables(plan, number, words)

    with ExitStack() as stack:
        files: dict[str, pq.ParquetWriter] = {}
        for tables in _shared_then_blocks(plan, words, make, workers):
            for name, table in tables.items():
                if table.num_rows and name not in files:
                    files[name] = stack.enter_context(_file(folder / f"{name}.parquet", table.schema))
                if table.num_rows:
                    files[name].write_table(table)
                rows[name] += table.num_rows
    return {name: count for name, count in rows.items() if count}


def _file(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Without Arrow's own schema in the file a reader gets plain strings: the dictionaries are only how they are kept.
    return pq.ParquetWriter(path, schema, store_schema=False)


def _shared_then_blocks(
    plan: Plan, words: dict[str, Words], make: Callable[[int], Tables], workers: int
) -> Iterator[Tables]:
    yield {
        name: to_arrow(name, arranged(name, parts, plan.today), words[name])
        for name, parts in county_rows(plan).items()
    }
    yield from _in_order(make, len(plan.rosters), workers)


def _in_order(make: Callable[[int], Tables], count: int, workers: int) -> Iterator[Tables]:
    """Make blocks side by side and hand them out in order; no more are begun than soon will be written."""
    waiting: deque[Future[Tables]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for number in range(count):
            waiting.append(pool.submit(make, number))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block_tables(plan: Plan, number: int, words: dict[str, Words]) -> Tables:
    """Let one block live; return its tables, each sorted by key."""
    coded: Coded = live(plan, number)
    given = {
        "student_id": pa.array(student_words(np.sort(plan.number[number])), pa.string()),
        "incident_id": pa.array(incident_words(plan, coded["incidents"]), pa.string()),
    }
    tables = {}
    for name in list(coded):
        parts, own = coded.pop(name), {**words[name], **given}
        if name == "truth":
            tables[name] = truth_to_arrow(arranged_truth(parts), own)
        else:
            tables[name] = to_arrow(name, arranged(name, parts, plan.today), own)
    return tables
