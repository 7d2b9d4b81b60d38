"""Frames: from coded columns to the canonical tables, cut at today and sorted by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.district._simulate._enrollments import Columns
from early_id.district._tables import TABLES, Table

Lookups = Mapping[str, Sequence[str]]


def to_frame(name: str, blocks: Sequence[Columns], lookups: Lookups, today: int) -> pd.DataFrame:
    """Make one canonical table from blocks of coded columns.

    Text columns are positions in their lookup (in text order), days count from 1970-01-01, -1 means empty. Rows that
    became known after `today` are left out, and retractions after it have not happened yet.
    """
    table = TABLES[name]
    columns = {
        column: np.concatenate([np.asarray(block[column], np.int64) for block in blocks])
        for column in table.all_columns
    }
    if "known_at" in columns:
        known = columns["known_at"] <= today
        columns = {column: values[known] for column, values in columns.items()}
    if "retracted_at" in columns:
        columns["retracted_at"] = np.where(columns["retracted_at"] > today, -1, columns["retracted_at"])
    order = _order([columns[column] for column in (*table.key, "known_at") if column in columns])
    return pd.DataFrame(
        {column: _typed(table, column, values[order], lookups) for column, values in columns.items()}
    )


def days(values: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Turn days since 1970-01-01 into dates; -1 is no date."""
    dates = values.astype("datetime64[D]")
    dates[values < 0] = np.datetime64("NaT")
    return dates.astype("datetime64[us]")


def text(codes: npt.NDArray[np.int64], values: Sequence[str]) -> pd.Series:
    """Look codes up; -1 is missing."""
    lookup = pd.Series(list(values), dtype="str").array
    return pd.Series(lookup.take(codes, allow_fill=True))


def _order(keys: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.intp]:
    """Row order by several keys; packed into one integer where they fit, which is much faster."""
    if not len(keys[0]):
        return np.empty(0, np.intp)
    spans = [(int(key.min()), int(key.max()) - int(key.min()) + 1) for key in keys]
    if np.prod([float(span) for _, span in spans]) >= 2.0**62:
        return np.lexsort(keys[::-1])
    packed = np.zeros(len(keys[0]), np.int64)
    for key, (low, span) in zip(keys, spans, strict=True):
        packed = packed * span + (key - low)
    return np.argsort(packed, kind="stable")


def _typed(table: Table, name: str, values: npt.NDArray[np.int64], lookups: Lookups) -> pd.Series:
    column = table.all_columns[name]
    if column.kind == "string":
        return text(values, lookups[name])
    if column.kind == "date":
        return pd.Series(days(values))
    if column.kind == "bool":
        return pd.Series(values.astype(bool))
    if column.nullable and name != "grade_level":
        return pd.Series(pd.array(values, dtype="Int64")).mask(values < 0)
    return pd.Series(values)
