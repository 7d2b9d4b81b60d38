"""Rates per group with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import effective_size, wilson_interval
from early_id.fairness._counts import RATES, Floats, Table

if TYPE_CHECKING:
    from early_id.fairness._groups import Ints

STUDENT_COUNTS = {
    "n_students": "cohort",
    "n_students_eligible": "eligible",
    "n_students_outcome": "positive",
    "n_students_listed": "listed",
    "n_students_reached": "reached",
    "n_students_missed": "missed",
    "n_students_not_listed": "not_listed",
    "n_students_negative": "negative",
    "n_students_listed_negative": "listed_negative",
    "n_students_unlisted_negative": "unlisted_negative",
    "n_students_not_scored": "not_scored",
    "n_students_scored": "scored",
}
ROW_COUNTS = {
    "n_rows": "cohort",
    "n_rows_eligible": "eligible",
    "n_rows_positive": "positive",
    "n_rows_listed": "listed",
    "n_rows_reached": "reached",
    "n_rows_not_scored": "not_scored",
}


def compute_rates(table: Table) -> pd.DataFrame:
    """One row per cell: distinct students, rows, and each rate with its 95 % Wilson interval."""
    columns: dict[str, object] = {
        "attribute": " × ".join(table.name),
        "group": [" × ".join(group) for group in table.groups],
    }
    columns |= {column: table.students(measure) for column, measure in STUDENT_COUNTS.items()}
    columns |= {column: table.total(measure) for column, measure in ROW_COUNTS.items()}
    for rate, (k, n) in RATES.items():
        columns[rate], columns[f"{rate}_low"], columns[f"{rate}_high"] = _rate(table, k, n)
    return pd.DataFrame(columns)


def _rate(table: Table, k: str, n: str) -> tuple[Floats, Floats, Floats]:
    over, under = table.total(k), table.total(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = over / under
    size = effective_size(
        over,
        under,
        kk=table.products(k, k),
        kn=table.products(k, n),
        nn=table.products(n, n),
        students=table.students(n),
    )
    low, high = wilson_interval(value, size)
    return value, low, high


def add_reached(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add shares of distinct students with the outcome: listed before the event, and eight school weeks before it."""
    outcome = table.students("outcome_student")
    for name, measure in (("reached_once", "once_student"), ("reached_early", "early_student")):
        students = table.students(measure)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = students / outcome
        # One student is one observation, so this interval needs no correction for repeated rows.
        low, high = wilson_interval(value, outcome)
        frame = frame.assign(
            **{f"n_students_{name}": students, name: value, f"{name}_low": low, f"{name}_high": high}
        )
    return frame


def add_ceiling(frame: pd.DataFrame, cell_of_row: Ints, ceiling: Floats) -> pd.DataFrame:
    """Add `ceiling_recall`: what a list of the same sizes drawn with hindsight would have reached."""
    reached = np.bincount(cell_of_row, weights=ceiling, minlength=len(frame))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Shares of places are fractions: rounding keeps the order of the rows out of the last digits.
        return frame.assign(ceiling_recall=np.round(reached / frame["n_rows_positive"].to_numpy(), 9))
