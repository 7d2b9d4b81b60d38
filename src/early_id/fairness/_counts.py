"""Counts per student and group: everything a rate, its interval and its resampling need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.evaluation import WEEKS_AHEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Self

    from early_id.fairness._groups import Attribute, Ints

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.int8]
Counts = npt.NDArray[np.signedinteger[Any]]

# Rows are numbered by one integer while it fits.
_MOST_KEYS = 2**62
# A table of all keys is quicker than sorting while it has no more places than this for each row.
_DENSE = 4
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
    counts: Counts


@dataclass(frozen=True)
class Table:
    """Counts of one classification (an attribute, or two crossed), one entry per student and cell, in that order."""

    name: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    student: Ints
    cell: Ints
    counts: Counts

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
        return self.counts[:, MEASURES.index(name)].astype(np.int64)

    def total(self, name: str) -> Ints:
        """Rows per cell."""
        return self._sum(lambda table: table.measure(name))

    def students(self, name: str) -> Ints:
        """Distinct students per cell with at least one such row."""
        return self._sum(lambda table: table.measure(name) > 0)

    def students_outside(self, name: str) -> Ints:
        """Distinct students per cell with at least one such row in any other cell."""
        inside, movers = self.students(name), self._movers
        has = movers.measure(name) > 0
        student, cell = movers.student[has], movers.cell[has]
        cells_of = np.bincount(student)
        elsewhere = np.bincount(cell[cells_of[student] > 1], minlength=self.size)
        everyone = inside.sum() - len(student) + np.count_nonzero(cells_of)
        return np.asarray(everyone - inside + elsewhere)

    def products(self, first: str, second: str) -> Ints:
        """Σ over students of the product of two counts, per cell."""
        return self._sum(lambda table: table.measure(first) * table.measure(second))

    @cached_property
    def size(self) -> int:
        """Number of cells."""
        return len(self.groups)

    @cached_property
    def _kinds(self) -> tuple[Self, Ints]:
        """One entry for all of a cell with the same counts, and how many they are: sums need no more."""
        kind = number_rows((self.cell, *self.counts.T))
        example = one_of_each(kind)
        return self._part(example), np.bincount(kind, minlength=len(example))

    @cached_property
    def _movers(self) -> Self:
        """The entries of students who are in more than one cell."""
        same = self.student[1:] == self.student[:-1]
        return self._part(np.flatnonzero(np.r_[False, same] | np.r_[same, False]))

    def _part(self, entries: Ints) -> Self:
        counts = self.counts.T[:, entries].T  # column by column, as they are read
        return replace(self, student=self.student[entries], cell=self.cell[entries], counts=counts)

    def _sum(self, values: Callable[[Self], npt.NDArray[Any]]) -> Ints:
        kinds, many = self._kinds
        return np.bincount(kinds.cell, weights=values(kinds) * many, minlength=self.size).astype(np.int64)


def row_measures(rows: pd.DataFrame) -> Bits:
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
    return np.array(columns, dtype=np.int8).T


def number_rows(columns: Iterable[Ints]) -> Ints:
    """Give each row the place of its content in order, column by column, equal rows the same; values are −1 or more.

    >>> number_rows([np.array([1, 0, 1, 1]), np.array([5, 9, -1, 5])]).tolist()
    [2, 0, 1, 2]
    """
    key, span = np.zeros(1, dtype=np.int64), 1
    for column in columns:
        size = int(column.max(initial=0)) + 2
        if span * size >= _MOST_KEYS:
            key = _ranks(key, span)
            span = int(key.max()) + 1
        # In the numbers of the key: a narrow column has no room for one more.
        key = key * size + column + 1
        span *= size
    return _ranks(key, span)


def _ranks(key: Ints, span: int) -> Ints:
    """Give each key its place among the keys that occur; all are below `span`."""
    if span > _DENSE * len(key):
        return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)
    occurs = np.zeros(span, dtype=bool)
    occurs[key] = True
    return np.asarray((np.cumsum(occurs) - 1)[key], dtype=np.int64)


def number_sets(owner: Ints, kind: Ints) -> tuple[Ints, Ints]:
    """Give the owners, and each the number of its set of kinds, equal sets the same; pairs come sorted.

    >>> owners, which = number_sets(np.array([3, 3, 5, 8, 8]), np.array([0, 1, 1, 0, 1]))
    >>> owners.tolist(), which.tolist()
    ([3, 5, 8], [0, 1, 0])
    """
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    each = np.diff(start, append=len(owner))
    padded = np.full((int(each.max(initial=0)), len(start)), -1, dtype=np.int64)
    padded[np.arange(len(owner)) - np.repeat(start, each), np.repeat(np.arange(len(start)), each)] = kind
    return owner[start], number_rows(padded)


def one_of_each(number: Ints) -> Ints:
    """Give the first place of each number, of 0, 1, 2 and so on.

    >>> one_of_each(np.array([1, 0, 1])).tolist()
    [1, 0]
    """
    first = np.empty(int(number.max(initial=-1)) + 1, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    return first


def segment_rows(students: Ints, attributes: Sequence[Attribute]) -> Ints:
    """Give each row the number of its combination of student and groups."""
    return number_rows((students, *(attribute.codes for attribute in attributes)))


def count_segments(
    students: Ints, attributes: Sequence[Attribute], measures: Bits, which: Ints | None = None
) -> Segments:
    """Sum the row measures over the rows of one student that share all groups: `which`, where it is known already."""
    which = segment_rows(students, attributes) if which is None else which
    first = one_of_each(which)
    codes = np.array([attribute.codes[first] for attribute in attributes]).T
    return Segments(int(students.max()) + 1, students[first], codes, sum_segments(measures, which))


def sum_segments(measures: Bits, which: Ints) -> Counts:
    """Sum the row measures by segment."""
    return np.array([np.bincount(which, weights=column) for column in measures.T], dtype=np.int32).T


def tabulate(segments: Segments, attributes: Sequence[Attribute], axes: Sequence[int]) -> Table:
    """Sum the segments by student and cell of one attribute, or of several crossed.

    Only cells that some student belongs to exist.
    """
    shape = [len(attributes[axis].groups) for axis in axes]
    full = np.ravel_multi_index(tuple(segments.codes[:, axis] for axis in axes), tuple(shape))
    cell = number_rows((full,))
    present = full[one_of_each(cell)]
    parts = np.column_stack(np.unravel_index(present, shape))
    groups = tuple(
        tuple(attributes[axis].groups[code] for axis, code in zip(axes, row, strict=True)) for row in parts
    )
    names = tuple(attributes[axis].name for axis in axes)
    student, counts = segments.student, segments.counts
    # Segments come by student, so that only the cells of who is in several need an order.
    key = student * len(present) + cell
    order = np.argsort(key, kind="stable")
    key = key[order]
    new = np.diff(key, prepend=-1) > 0
    if not new.all() or (order[1:] < order[:-1]).any():
        start = order[new]
        counts = _narrow(np.add.reduceat(counts.T[:, order], np.flatnonzero(new), axis=1, dtype=np.int32)).T
        student, cell = student[start].astype(np.int32), cell[start]
    # Where everyone is in one cell, all tables share the arrays of the segments.
    return Table(names, groups, student, cell.astype(np.int32), counts)


def _narrow(counts: Counts) -> Counts:
    """Take the smallest whole numbers that hold the counts: a student's rows are few, and such tables are many.

    >>> _narrow(np.array([127])).dtype, _narrow(np.array([128])).dtype
    (dtype('int8'), dtype('int16'))
    """
    return counts.astype(np.min_scalar_type(-1 - int(counts.max(initial=0))))


def overall(segments: Segments) -> Table:
    """Count everybody as one cell."""
    counts = [
        np.bincount(segments.student, weights=column, minlength=segments.n_students)
        for column in segments.counts.T
    ]
    return Table(
        ("all",),
        (("everyone",),),
        np.arange(segments.n_students),
        np.zeros(segments.n_students, dtype=np.int64),
        np.array(counts, dtype=np.int32).T,
    )


def ceiling(rows: pd.DataFrame, measures: Bits) -> Floats:
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
