"""The district that good rows make: in memory while they are few, read where they lie when they are many."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from early_id.district._arrow import arrow_schema, conform, to_pandas
from early_id.district._district import District, Signals
from early_id.district._engine import ibis_engine
from early_id.district._opened import create_view, load_table
from early_id.district._tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from early_id.district._rows import Rows


def district_of(good: Mapping[str, Rows]) -> District:
    """Make a district of rows that were judged.

    Parameters
    ----------
    good : mapping of table name to Rows
        Canonical rows; tables that are missing are taken as empty.
    """
    files = {name: rows.path for name, rows in good.items() if rows.path is not None}
    if not files:
        return District.from_frames({name: rows.table() for name, rows in good.items()})
    connection = ibis_engine()
    read = partial(_read, good)
    for name in TABLES:
        if name == "groups":
            continue
        if name in files:
            create_view(connection.con, name, files[name])
        else:
            load_table(connection.con, name, read(name))
    counts = {name: good[name].num_rows if name in good else 0 for name in TABLES if name != "groups"}
    # The files are removed with the last of the rows, so whoever holds the signals holds them too.
    signals = Signals(connection, MappingProxyType(counts), good)
    return District(signals, to_pandas(read("groups")), read, files)


def _read(good: Mapping[str, Rows], name: str) -> pa.Table:
    if name not in good:
        return arrow_schema(TABLES[name]).empty_table()
    return conform(TABLES[name], good[name].table(list(TABLES[name].all_columns)))
