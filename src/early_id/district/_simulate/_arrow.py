"""Arrow: from arranged codes to tables whose text is a dictionary, without a Python string per row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from early_id.district._simulate._enrollments import Columns
from early_id.district._simulate._frames import Codes
from early_id.district._tables import TABLES, Column

Words = Mapping[str, pa.Array]


def to_arrow(name: str, columns: Columns, words: Words) -> pa.Table:
    """Make one canonical table from arranged columns."""
    return pa.table(
        {
            column: _text(columns[column], words[column])
            if spec.kind == "string"
            else _plain(column, spec, columns[column])
            for column, spec in TABLES[name].all_columns.items()
        }
    )


def truth_to_arrow(columns: Columns, words: Words) -> pa.Table:
    """Make the truth from arranged columns; its dates are timestamps, as in pandas."""
    days = pa.array(columns["as_of"].astype(np.int64) * 86_400_000_000).view(pa.timestamp("us"))
    return pa.table(
        {
            "student_id": _text(columns["student_id"], words["student_id"]),
            "school_id": _text(columns["school_id"], words["school_id"]),
            "school_year": pa.array(columns["school_year"], pa.int64()),
            "as_of": days,
            "risk": pa.array(columns["risk"].astype(np.float64)),
            "propensity": pa.array(columns["propensity"]),
            "regime": _text(columns["regime"], words["regime"]),
        }
    )


def _text(codes: Codes, words: pa.Array) -> pa.DictionaryArray:
    """Look codes up; -1 is missing. Only words that occur are kept: every row group of a file holds its own."""
    used = np.zeros(len(words) + 1, bool)
    used[codes] = True  # a missing value marks the last place
    missing, used = bool(used[-1]), used[:-1]
    place = np.append(np.cumsum(used, dtype=np.int32) - 1, -1).astype(np.int32)
    indices = pa.array(place[codes], mask=codes < 0 if missing else None)
    return pa.DictionaryArray.from_arrays(indices, words.take(pa.array(np.flatnonzero(used))))


def _plain(name: str, column: Column, values: Codes) -> pa.Array:
    if column.kind == "bool":
        return pa.array(values.astype(bool))
    empty: npt.NDArray[np.bool_] | None = values < 0 if column.nullable and name != "grade_level" else None
    if column.kind == "date":
        return pa.array(values.astype(np.int32, copy=False), mask=empty).view(pa.date32())
    return pa.array(values.astype(np.int64), mask=empty)
