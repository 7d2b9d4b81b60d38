"""Pandera schemas of the canonical tables: what may be empty, which words and numbers are allowed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaErrors

from early_id.district._arrow import to_pandas
from early_id.district._tables import TABLES, Column, Table

_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
#: Pandera's name of a failed check to the last part of our rule code.
_EMPTY, _NOT_ALLOWED, _OUT_OF_RANGE = "104", "105", "106"
#: Column to the number that makes one unit, and that unit, so that people read percent and not hundredths.
_UNITS = {"hundredths": (100, " %"), "weight": (100, " %"), "thousandths": (1000, " of a school day")}


@cache
def schema(name: str) -> pandera.DataFrameSchema:
    """Return the pandera schema of a canonical table.

    It holds for typed frames: text as `str`, counts as `Int64`, days as `datetime64[us]`, yes/no as
    `boolean`.

    >>> "kind" in schema("absences").columns
    True
    """
    columns = {part: _column(column) for part, column in TABLES[name].all_columns.items()}
    return pandera.DataFrameSchema(columns, name=name)


def _column(column: Column) -> pandera.Column:
    checks = []
    if column.allowed:
        checks.append(pandera.Check.isin(column.allowed, error=_NOT_ALLOWED))
    if column.low is not None:
        checks.append(pandera.Check.ge(column.low, error=_OUT_OF_RANGE))
    if column.high is not None:
        checks.append(pandera.Check.le(column.high, error=_OUT_OF_RANGE))
    # Without a type: Arrow has given the cells theirs, and pandera would look at every text once more.
    return pandera.Column(None, checks, nullable=column.nullable)


def failing_cells(table: Table, rows: pa.Table) -> dict[tuple[str, str], npt.NDArray[np.int64]]:
    """Find cells that are empty, not allowed or out of range.

    Returns
    -------
    dict
        (rule number, column) to the positions of the rows that break it.
    """
    if not rows.num_rows:
        return {}
    try:
        schema(table.name).validate(
            to_pandas(rows.select(list(table.all_columns)), _NULLABLE), lazy=True, inplace=True
        )
    except SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return {}
    cases = cases.assign(check=cases["check"].replace("not_nullable", _EMPTY))
    return {
        (str(check), str(column)): np.unique(part["index"].to_numpy(np.int64))
        for (check, column), part in cases.groupby(["check", "column"], sort=False)
    }


def spoken(table: Table, column: str, value: Any) -> str:
    """Say a value with its unit and what is allowed.

    >>> spoken(TABLES["grades"], "hundredths", 13000)
    '130 % (allowed: 0 to 100 %)'
    >>> spoken(TABLES["absences"], "kind", "sick")
    "'sick' (allowed: excused, unexcused, suspension_out, suspension_in, tardy, partial)"
    """
    about = table.all_columns[column]
    if about.allowed:
        return f"{value!r} (allowed: {', '.join(about.allowed)})"
    one, unit = _UNITS.get(column, (1, ""))
    low, high = (f"{limit / one:g}" for limit in (about.low or 0, about.high or 0))
    return f"{value / one:g}{unit} (allowed: {low} to {high}{unit})"
