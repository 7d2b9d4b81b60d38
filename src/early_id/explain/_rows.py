"""The rows that are explained: that there are some, and whose they are."""

from __future__ import annotations

import pandas as pd

from early_id.exceptions import DataError


def check_rows(X: pd.DataFrame) -> None:
    """Refuse to explain nothing."""
    if X.empty:
        msg = "Expected at least one row to explain, got none; give rows of a panel."
        raise DataError(msg)


def students_of(X: pd.DataFrame) -> pd.Index:
    """Name the student of each row by the index level `student_id`; without it every row is one student."""
    return X.index.get_level_values("student_id") if "student_id" in X.index.names else pd.RangeIndex(len(X))
