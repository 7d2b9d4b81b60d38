"""Canonical tables in Arrow: their types, and the way there from pandas and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from early_id.district._tables import Table

_ARROW = {"string": pa.string(), "int": pa.int64(), "date": pa.date32(), "bool": pa.bool_()}


def arrow_schema(table: Table) -> pa.Schema:
    """Types of a canonical table in Arrow: days are DATE, counts are 64-bit integers."""
    return pa.schema([(name, _ARROW[column.kind]) for name, column in table.all_columns.items()])


def conform(table: Table, rows: pd.DataFrame | pa.Table) -> pa.Table:
    """Give rows the columns, order and types of their canonical table; missing optional columns become null."""
    given = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    schema = arrow_schema(table)
    columns = [
        given.column(part.name).cast(part.type)
        if part.name in given.column_names
        else pa.nulls(given.num_rows, part.type)
        for part in schema
    ]
    return pa.table(columns, schema=schema)


def to_pandas(rows: pa.Table, dtypes: Mapping[pa.DataType, Any] | None = None) -> pd.DataFrame:
    """Arrow to pandas with days as `datetime64[us]` and text as `str`; `dtypes` names those of other types."""
    mapper = None if dtypes is None else dtypes.get
    frame: pd.DataFrame = rows.to_pandas(date_as_object=False, types_mapper=mapper)
    for name, kind in zip(rows.column_names, rows.schema.types, strict=True):
        if pa.types.is_date(kind):
            frame[name] = frame[name].astype("datetime64[us]")
        elif pa.types.is_string(kind):
            frame[name] = frame[name].astype("str")
    return frame
