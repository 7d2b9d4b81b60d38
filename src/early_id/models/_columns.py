"""Columns of a frame as the tables read them: by name, once, and never text read as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_column(X: pd.DataFrame, name: str, *, numeric: bool) -> npt.NDArray[Any]:
    """Take one column as float64 with NaN where unknown, or as objects if it is a code in text.

    Raises
    ------
    DataError
        If the frame has the column twice, or not the numbers expected.
    """
    check_once(X, [name])
    column = X[name]
    if not numeric:
        return column.to_numpy(dtype=object)
    if _holds_numbers(column):
        try:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            pass  # objects that are no numbers: told below
    raise _refusal(column)


def check_columns(X: pd.DataFrame) -> None:
    """Refuse a frame that scikit-learn would read otherwise than it looks: a name twice, numbers in text.

    Raises
    ------
    DataError
        Naming the column.
    """
    check_once(X, X.columns)
    for name in X.columns:
        if pd.api.types.is_string_dtype(X[name].dtype) and not _holds_numbers(X[name]):
            raise _refusal(X[name])


def check_there(columns: Iterable[str], needed: Iterable[str], what: str) -> None:
    """Refuse what lacks the column of a feature."""
    columns = list(columns)
    missing = [name for name in needed if name not in columns]
    if missing:
        msg = (
            f"{what} needs a column for each feature, but lacks {examples(missing)}; "
            f"{did_you_mean(missing[0], columns)}"
        )
        raise DataError(msg)


def check_once(X: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse a name that several columns have: nobody could say which one is meant."""
    twice = X.columns[X.columns.duplicated()]
    wrong = [name for name in names if name in twice]
    if wrong:
        msg = f"X needs each column once, but has {examples(wrong)} twice; keep the one that is meant."
        raise DataError(msg)


def _holds_numbers(column: pd.Series[Any]) -> bool:
    if column.dtype == np.dtype(object):
        return not any(isinstance(value, str | bytes) for value in column)  # float("1") would be a guess
    complex_ = pd.api.types.is_complex_dtype(column.dtype)  # its imaginary part would be lost
    return pd.api.types.is_numeric_dtype(column.dtype) and not complex_


def _refusal(column: pd.Series[Any]) -> DataError:
    msg = (
        f"column {column.name!r} must hold numbers, "
        f"but is {column.dtype} (for example {examples(column.head(3))}); convert it."
    )
    return DataError(msg)
