"""Counts per student and group: everything a rate, its interval and its resampling need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.evaluation import WEEKS_AHEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from early_id.fairness._groups import Attribute, Ints

Floats = npt.NDArray[np.float64]

# Rows are numbered by one integer while it fits.
_MOST_KEYS = 2**62
# eligible: the label is mature and the event still ahead; everything but cohort and not_scored counts
# eligible rows. early: reached at least eight full school weeks before the event.
MEASURES = ("cohort", "not_scored", "eligible", "positive", "listed", "reached", "early")
RATES: dict[str, tuple[str, str]] = {
    "recall": ("reached", "positive"),
    "selection_rate": ("listed", "eligible"),
    "base_rate": ("positive", "eligible"),
    "precision": ("reached", "listed"),
    "false_omission_rate": ("missed", "not_listed"),
    "not_scored": ("not_scored", "cohort"),
}


@dataclass(frozen=True)
class Segments:
    """Rows summed by student and combination of groups.

    `student` (n,) numbers students from 0; `codes` (n, attributes); `counts` (n, len(MEASURES)).
    """

    n_students: int
    student: Ints
    codes: Ints
    counts: Ints


@dataclass(frozen=True)
class Table:
    """Counts of one classification (an attribute, or two crossed), one entry per student and cell."""

    name: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    student: Ints
    cell: Ints
    counts: Ints

    def measure(self, name: str) -> Ints:
        """Give one measure per entry; derived measures are differences of the stored ones."""
        if name == "missed":
            return self.measure("positive") - self.measure("reached")
        if name == "not_listed":
            return self.measure("eligible") - self.measure("listed")
        if name == "negative":
            return self.measure("eligible") - self.measure("positive")
        if name == "listed_negative":
            return self.measure("listed") - self.measure("reached")
        if name == "unlisted_negative":
            return self.measure("negative") - self.measure("listed_negative")
        if name == "outcome_student":
            return (self.measure("positive") > 0).astype(np.int64)
        if name == "early_student":
            return (self.measure("early") > 0).astype(np.int64)
        if name == "late_student":
            return self.measure("outcome_student") - self.measure("early_student")
        if name == "once_student":
            return (self.measure("reached") > 0).astype(np.int64)
        if name == "later_student":
            return self.measure("once_student") - self.measure("early_student")
        if name == "never_student":
            return self.measure("outcome_student") - self.measure("once_student")
        if name == "reached_later":
            return self.measure("reached") - self.measure("early")
        if name == "scored":
            return self.measure("cohort") - self.measure("not_scored")
        return np.asarray(self.counts[:, MEASURES.index(name)])

    def total(self, name: str) -> Ints:
        """Rows per cell."""
        return self._sum(self.measure(name))

    def students(self, name: str) -> Ints:
        """Distinct students per cell with at least one such row."""
        return self._sum((self.measure(name) > 0).astype(np.int64))

    def students_outside(self, name: str) -> Ints:
        """Distinct students per cell with at least one such row in any other cell."""
        has = self.measure(name) > 0
        cells_of = np.bincount(self.student[has])
        alone = has.copy()
        alone[has] = cells_of[self.student[has]] == 1
        return np.asarray(np.count_nonzero(cells_of) - self._sum(alone.astype(np.int64)))

    def products(self, first: str, second: str) -> Ints:
        """Σ over students of the product of two counts, per cell."""
        return self._sum(self.measure(first) * self.measure(second))

    @cached_property
    def size(self) -> int:
        """Number of cells."""
        return len(self.groups)

    def _sum(self, values: Ints) -> Ints:
        return np.bincount(self.cell, weights=values, minlength=self.size).astype(np.int64)


def row_measures(rows: pd.DataFrame) -> Ints:
    """Turn rows into 0/1 counts, columns in the order of `MEASURES`."""
    label = rows["label"].to_numpy(dtype=np.float64, na_value=np.nan)
    eligible = ~np.isnan(label) & rows["onset"].to_numpy(dtype=bool)
    positive = eligible & (label == 1)
    listed = rows["listed"].to_numpy(dtype=bool)
    not_scored = rows["score"].isna().to_numpy()
    early = rows["weeks_ahead"].to_numpy(dtype=np.float64) >= WEEKS_AHEAD if "weeks_ahead" in rows else False
    columns = (
        np.ones(len(rows), dtype=bool),
        not_scored,
        eligible,
        positive,
        eligible & listed,
        positive & listed,
        positive & listed & early,
    )
    return np.column_stack(columns).astype(np.int64)


def number_rows(columns: Iterable[Ints]) -> Ints:
    """Give each row the place of its content in order, column by column, equal rows the same; values are −1 or more.

    >>> number_rows([np.array([1, 0, 1, 1]), np.array([5, 9, -1, 5])]).tolist()
    [2, 0, 1, 2]
    """
    key, span = np.zeros(1, dtype=np.int64), 1
    for column in columns:
        size = int(column.max(initial=0)) + 2
        if span * size >= _MOST_KEYS:
            key = np.unique(key, return_inverse=True)[1]
            span = int(key.max()) + 1
        key = key * size + (column + 1)
        span *= size
    return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)


def segment_rows(students: Ints, attributes: Sequence[Attribute]) -> Ints:
    """Give each row the number of its combination of student and groups."""
    return number_rows((students, *(attribute.codes for attribute in attributes)))


def count_segments(
    students: Ints, attributes: Sequence[Attribute], measures: Ints, which: Ints | None = None
) -> Segments:
    """Sum the row measures over the rows of one student that share all groups: `which`, where it is known already."""
    which = segment_rows(students, attributes) if which is None else which
    codes = np.column_stack([attribute.codes for attribute in attributes])
    first = np.unique(which, return_index=True)[1]
    return Segments(int(students.max()) + 1, students[first], codes[first], sum_segments(measures, which))


def sum_segments(measures: Ints, which: Ints) -> Ints:
    """Sum the row measures by segment."""
    return np.column_stack([np.bincount(which, weights=column) for column in measures.T]).astype(np.int64)


def tabulate(segments: Segments, attributes: Sequence[Attribute], axes: Sequence[int]) -> Table:
    """Sum the segments by student and cell of one attribute, or of several crossed.

    Only cells that some student belongs to exist.
    """
    shape = [len(attributes[axis].groups) for axis in axes]
    full = np.ravel_multi_index(tuple(segments.codes[:, axis] for axis in axes), tuple(shape))
    present, cell = np.unique(full, return_inverse=True)
    entry, index = np.unique(segments.student * len(present) + cell, return_inverse=True)
    counts = np.column_stack(
        [np.bincount(index, weights=column, minlength=len(entry)) for column in segments.counts.T]
    ).astype(np.int64)
    parts = np.column_stack(np.unravel_index(present, shape))
    groups = tuple(
        tuple(attributes[axis].groups[code] for axis, code in zip(axes, row, strict=True)) for row in parts
    )
    names = tuple(attributes[axis].name for axis in axes)
    return Table(names, groups, entry // len(present), entry % len(present), counts)


def overall(segments: Segments) -> Table:
    """Count everybody as one cell."""
    counts = np.zeros((segments.n_students, len(MEASURES)), dtype=np.int64)
    np.add.at(counts, segments.student, segments.counts)
    return Table(
        ("all",),
        (("everyone",),),
        np.arange(segments.n_students),
        np.zeros(segments.n_students, dtype=np.int64),
        counts,
    )


def ceiling(rows: pd.DataFrame, measures: Ints) -> Floats:
    """Compute the expected reach of each positive row had each list, at its size, held positives first.

    Where a school had more positives than places on a date, all its positives share the places alike.
    """
    positive = measures[:, MEASURES.index("positive")].astype(np.float64)
    listed = rows["listed"].to_numpy(dtype=np.float64)
    lists = rows.groupby(["school_id", "as_of"], sort=False).ngroup().to_numpy()
    places = np.bincount(lists, weights=listed)
    positives = np.bincount(lists, weights=positive)
    share = np.minimum(1.0, places / np.maximum(positives, 1.0))
    return np.asarray(positive * share[lists])
