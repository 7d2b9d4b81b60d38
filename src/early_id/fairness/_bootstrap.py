"""Resampling students: patterns, weights and the resampled counts of many cells at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from early_id.fairness._counts import MEASURES, Segments, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]

_BLOCK_CELLS = 20_000_000
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
    kind = np.unique(content, axis=0, return_inverse=True)[1].ravel()
    order = np.lexsort((kind, student))
    student, kind = student[order], kind[order]
    present, first, segment_count = np.unique(student, return_index=True, return_counts=True)
    padded = np.full((len(present), int(segment_count.max())), -1, dtype=np.int64)
    place = np.arange(len(student)) - np.repeat(first, segment_count)
    padded[np.repeat(np.arange(len(present)), segment_count), place] = kind
    _, example, pattern, size = np.unique(
        padded, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    of_student[present] = pattern.ravel()
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


@dataclass(frozen=True)
class Stack:
    """The values of all cells of some tables, for each pattern one column: what one pass of resampling needs.

    A student is in one or two cells of each table, so nearly all values are zero and are not kept. Of each table the
    fullest cell is left out: it is what the others leave of the whole. `matrix` (kept values × patterns); `whole`
    (measures × patterns); `places`: per table the kept cells, the one left out and the first row of the matrix.
    """

    measures: tuple[str, ...]
    matrix: csc_array
    whole: Floats
    places: tuple[tuple[Ints, int, int], ...]

    @classmethod
    def of(cls, tables: Sequence[Table], patterns: Patterns, measures: tuple[str, ...]) -> Stack:
        """Set the tables up for resampling; `a*b` names the sum of products over students."""
        count, places, first = len(measures), [], 0
        position = np.full(patterns.n_students, -1, dtype=np.int64)
        position[patterns.example] = np.arange(len(patterns.example))
        whole = np.zeros((count, len(patterns.example)))
        entries: list[tuple[Ints, Ints, Ints]] = []
        for number, table in enumerate(tables):
            pattern = position[table.student]
            own = pattern >= 0
            pattern, cell = pattern[own], table.cell[own]
            values = [_values(table, name)[own] for name in measures]
            total = np.array([np.bincount(pattern, weights=v, minlength=whole.shape[1]) for v in values])
            if number == 0:
                whole = total
            filled = np.bincount(cell, minlength=table.size)
            left_out = int(filled.argmax())
            kept = np.delete(np.arange(table.size), left_out)
            row = np.empty(table.size, dtype=np.int64)
            row[kept] = np.arange(len(kept))
            inside = cell != left_out
            height = len(kept) + 1
            for place, value in enumerate(values):
                entries.append((first + place * height + row[cell[inside]], pattern[inside], value[inside]))
                # Whoever is in two cells of one table has less of a product there than in another.
                differs = np.flatnonzero(total[place] != whole[place])
                change = (total[place] - whole[place])[differs].astype(np.int64)
                entries.append((np.full(len(differs), first + place * height + len(kept)), differs, change))
            places.append((kept, left_out, first))
            first += count * height
        rows, columns, data = (np.concatenate(part) for part in zip(*entries, strict=True))
        some = data != 0
        shape = (first, whole.shape[1])
        matrix = csc_array((data[some].astype(np.float64), (rows[some], columns[some])), shape=shape)
        return cls(measures, matrix, whole, tuple(places))

    def resample(self, weights: Floats) -> list[dict[str, Floats]]:
        """Give the resampled counts (replicates × cells) of each table, by measure.

        Counts are whole numbers far below 2⁵³, so the sums are exact in any order and with any number of threads.
        """
        turned = np.ascontiguousarray(weights.T)
        sums, whole = self.matrix @ turned, self.whole @ turned
        found = []
        for kept, left_out, first in self.places:
            height = len(kept) + 1
            counts = {}
            for place, name in enumerate(self.measures):
                own = sums[first + place * height : first + (place + 1) * height]
                cells = np.empty((height, weights.shape[0]))
                cells[kept] = own[:-1]
                cells[left_out] = whole[place] + own[-1] - own[:-1].sum(axis=0)
                counts[name] = cells.T
            found.append(counts)
        return found


def _values(table: Table, name: str) -> Ints:
    first, _, second = name.partition("*")
    return table.measure(first) * table.measure(second) if second else table.measure(first)
