"""Resampling students: patterns and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.fairness._counts import MEASURES, Segments, number_rows, number_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from early_id.fairness._groups import Ints

Weights = npt.NDArray[np.int32]

_BLOCK_CELLS = 16_000_000
# More replicates at a time do not fit into the processor's memory.
_MOST = 64


@dataclass(frozen=True)
class Patterns:
    """Students with the same groups and the same counts are one pattern.

    `of_student` (students,): the pattern of each student, −1 for students without any of the counts that
    matter; `example` (patterns,): one student of each; `size` (patterns,): how many students it has;
    `n_students`: all of them, those without a pattern included. The order depends on the content only, so
    neither the order of the rows nor the names of the students move a single draw.
    """

    of_student: Ints
    example: Ints
    size: Ints
    n_students: int


def find_patterns(segments: Segments, measures: tuple[str, ...]) -> Patterns:
    """Group the students whose segments agree in groups and in `measures`."""
    columns = [MEASURES.index(name) for name in measures]
    counts = segments.counts[:, columns]
    matters = counts.any(axis=1)
    student = segments.student[matters]
    content = (*segments.codes[matters].T, *counts[matters].T)
    of_student = np.full(segments.n_students, -1, dtype=np.int64)
    if not len(student):
        none = np.empty(0, dtype=np.int64)
        return Patterns(of_student, none, none, segments.n_students)
    kind = number_rows(content)
    order = np.lexsort((kind, student))
    present, pattern = number_sets(student[order], kind[order])
    _, example, size = np.unique(pattern, return_index=True, return_counts=True)
    of_student[present] = pattern
    return Patterns(of_student, present[example], size, segments.n_students)


def draw_weights(patterns: Patterns, *, replicates: int, seed: tuple[int, ...]) -> Iterator[Weights]:
    """Yield blocks (replicates in block × patterns) of multinomial weights over all students.

    Students without a pattern take their share of the draws, so the number of students that matter varies as
    it would in a new sample.
    """
    rng = np.random.default_rng(seed)
    with_pattern = int(patterns.size.sum())
    # Nearly every pattern is of one student, so the draws are counted by student and the further ones added.
    first = np.cumsum(patterns.size) - patterns.size
    further = np.delete(np.arange(with_pattern), first)
    of_further = np.repeat(np.arange(len(patterns.size)), patterns.size - 1)
    block = min(_MOST, max(1, _BLOCK_CELLS // max(1, len(patterns.size))))
    for start in range(0, replicates, block):
        weights = np.empty((min(block, replicates - start), len(patterns.size)), dtype=np.int32)
        for row in weights:
            drawn = rng.binomial(patterns.n_students, with_pattern / patterns.n_students)
            drawn_of = np.bincount(rng.integers(0, max(1, with_pattern), drawn), minlength=with_pattern)
            row[:] = drawn_of[first]
            np.add.at(row, of_further, drawn_of[further].astype(np.int32))
        yield weights
