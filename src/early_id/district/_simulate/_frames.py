"""Frames: from coded columns to sorted ones, cut at today, and on to the canonical tables in pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.district._simulate._enrollments import Columns
from early_id.district._table import ASSUMED
from early_id.district._tables import TABLES, Table

Lookups = Mapping[str, Sequence[str]]
Codes = npt.NDArray[np.integer[Any]]


def arranged(name: str, parts: Sequence[Columns], today: int) -> Columns:
    """Put coded rows of a canonical table under each other, sorted by key.

    Text columns are positions in their lookup (in text order), days count from 1970-01-01, -1 means empty. Rows that
    became known after `today` are left out, and retractions after it have not happened yet.
    """
    table = TABLES[name]
    if not parts:
        return {column: np.empty(0, np.int64) for column in table.all_columns}
    recorded = [column for column in table.all_columns if column != ASSUMED]
    columns = {column: np.concatenate([part[column] for part in parts]) for column in recorded}
    if table.known:
        columns[ASSUMED] = np.zeros(len(columns["known_at"]), np.int64)  # a simulator knows
    if "known_at" in columns and (columns["known_at"] > today).any():
        known = columns["known_at"] <= today
        columns = {column: values[known] for column, values in columns.items()}
    if "retracted_at" in columns:
        columns["retracted_at"] = np.where(columns["retracted_at"] > today, -1, columns["retracted_at"])
    return _sorted(columns, [column for column in (*table.key, "known_at") if column in columns])


def arranged_truth(parts: Sequence[Columns]) -> Columns:
    """Put rows of the truth under each other, sorted by student, school and date."""
    columns = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    return _sorted(columns, ["student_id", "school_id", "as_of"])


def to_frame(name: str, columns: Columns, lookups: Lookups) -> pd.DataFrame:
    """Make one canonical table from arranged columns."""
    table = TABLES[name]
    return pd.DataFrame(
        {column: _typed(table, column, columns[column], lookups) for column in table.all_columns}
    )


def truth_frame(columns: Columns, lookups: Lookups) -> pd.DataFrame:
    """Make the truth from arranged columns."""
    return pd.DataFrame(
        {
            "student_id": _text(columns["student_id"], lookups["student_id"]),
            "school_id": _text(columns["school_id"], lookups["school_id"]),
            "school_year": columns["school_year"].astype(np.int64),
            "as_of": _days(columns["as_of"]),
            "risk": columns["risk"].astype(np.float64),
            "propensity": columns["propensity"],
            "regime": _text(columns["regime"], lookups["regime"]),
        }
    )


def _days(values: Codes) -> npt.NDArray[np.datetime64]:
    """Turn days since 1970-01-01 into dates; -1 is no date."""
    dates = values.astype(np.int64).astype("datetime64[D]")
    dates[values < 0] = np.datetime64("NaT", "D")
    return dates.astype("datetime64[us]")


def _text(codes: Codes, values: Sequence[str]) -> pd.Series:
    """Look codes up; -1 is missing."""
    lookup = pd.Series(list(values), dtype="str").array
    return pd.Series(lookup.take(codes, allow_fill=True))


def _sorted(columns: Columns, by: Sequence[str]) -> Columns:
    order = _order([columns[column] for column in by])
    return {column: values[order] for column, values in columns.items()}


def _order(keys: Sequence[Codes]) -> npt.NDArray[np.intp]:
    """Row order by several keys; packed into one integer where they fit, which is much faster."""
    if not len(keys[0]):
        return np.empty(0, np.intp)
    spans = [(int(key.min()), int(key.max()) - int(key.min()) + 1) for key in keys]
    if np.prod([float(span) for _, span in spans]) >= 2.0**62:
        return np.lexsort(keys[::-1])
    packed = np.zeros(len(keys[0]), np.int64)
    for key, (low, span) in zip(keys, spans, strict=True):
        packed *= span
        packed += key
        packed -= low
    return np.argsort(packed, kind="stable")


def _typed(table: Table, name: str, values: Codes, lookups: Lookups) -> pd.Series:
    column = table.all_columns[name]
    if column.kind == "string":
        return _text(values, lookups[name])
    if column.kind == "date":
        return pd.Series(_days(values))
    if column.kind == "bool":
        return pd.Series(values.astype(bool))
    if column.nullable and name != "grade_level":
        return pd.Series(pd.array(values.astype(np.int64), dtype="Int64")).mask(values < 0)
    return pd.Series(values.astype(np.int64))
