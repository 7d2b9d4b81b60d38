"""Resampling students: patterns and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.fairness._counts import MEASURES, Segments, number_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]

_BLOCK_CELLS = 10_000_000
# More replicates at a time do not fit into the processor's memory.
_MOST = 256


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
    content = np.column_stack([segments.codes[matters], counts[matters]])
    of_student = np.full(segments.n_students, -1, dtype=np.int64)
    if not len(student):
        none = np.empty(0, dtype=np.int64)
        return Patterns(of_student, none, none, segments.n_students)
    kind = number_rows(content.T)
    order = np.lexsort((kind, student))
    student, kind = student[order], kind[order]
    present, first, segment_count = np.unique(student, return_index=True, return_counts=True)
    padded = np.full((len(present), int(segment_count.max())), -1, dtype=np.int64)
    place = np.arange(len(student)) - np.repeat(first, segment_count)
    padded[np.repeat(np.arange(len(present)), segment_count), place] = kind
    pattern = number_rows(padded.T)
    _, example, size = np.unique(pattern, return_index=True, return_counts=True)
    of_student[present] = pattern
    return Patterns(of_student, present[example], size, segments.n_students)


def draw_weights(patterns: Patterns, *, replicates: int, seed: tuple[int, ...]) -> Iterator[Floats]:
    """Yield blocks (replicates in block × patterns) of multinomial weights over all students.

    Students without a pattern take their share of the draws, so the number of students that matter varies as
    it would in a new sample.
    """
    rng = np.random.default_rng(seed)
    with_pattern = int(patterns.size.sum())
    of_draw = np.repeat(np.arange(len(patterns.size)), patterns.size)
    block = min(_MOST, max(1, _BLOCK_CELLS // max(1, len(patterns.size))))
    for start in range(0, replicates, block):
        weights = np.empty((min(block, replicates - start), len(patterns.size)))
        for row in weights:
            drawn = rng.binomial(patterns.n_students, with_pattern / patterns.n_students)
            picked = of_draw[rng.integers(0, max(1, with_pattern), drawn)] if drawn else of_draw[:0]
            row[:] = np.bincount(picked, minlength=len(patterns.size))
        yield weights
