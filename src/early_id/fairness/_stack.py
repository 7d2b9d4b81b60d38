"""The resampled counts of many cells at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from early_id.fairness._bootstrap import Patterns
    from early_id.fairness._counts import Table
    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]

# So many tables are resampled in one pass: the sums of more would not fit into the processor's memory.
_TABLES = 8


@dataclass(frozen=True)
class _Place:
    """Where a table's sums stand in a matrix: its kept cells, the one left out, the first row."""

    kept: Ints
    left_out: int
    first: int


@dataclass(frozen=True)
class Stack:
    """The values of all cells of some tables, for each pattern one column: what one pass of resampling needs.

    A student is in one or two cells of each table, so nearly all values are zero and are not kept. Of each table the
    fullest cell is left out: it is what the others leave of the whole. `parts`: matrices (kept values × patterns) of
    some tables each; `whole` (measures × patterns): the values of the first table's cells together.
    """

    measures: tuple[str, ...]
    parts: tuple[tuple[csc_array, tuple[_Place, ...]], ...]
    whole: Floats

    @classmethod
    def of(cls, tables: Sequence[Table], patterns: Patterns, measures: tuple[str, ...]) -> Stack:
        """Set the tables up for resampling; `a*b` names the sum of products over students."""
        position = np.full(patterns.n_students, -1, dtype=np.int64)
        position[patterns.example] = np.arange(len(patterns.example))
        whole = _whole(tables[0], position, len(patterns.example), measures)
        parts = [
            _part(tables[start : start + _TABLES], position, whole, measures)
            for start in range(0, len(tables), _TABLES)
        ]
        return cls(measures, tuple(parts), whole)

    def resample(self, weights: Floats) -> Iterator[dict[str, Floats]]:
        """Yield the resampled counts (replicates × cells) of one table after the other, by measure.

        Counts are whole numbers far below 2⁵³, so the sums are exact in any order and with any number of threads.
        """
        turned = np.ascontiguousarray(weights.T)
        whole = self.whole @ turned
        for matrix, places in self.parts:
            sums = matrix @ turned
            for place in places:
                height = len(place.kept) + 1
                counts = {}
                for number, name in enumerate(self.measures):
                    own = sums[place.first + number * height : place.first + (number + 1) * height]
                    cells = np.empty((height, weights.shape[0]))
                    cells[place.kept] = own[:-1]
                    cells[place.left_out] = whole[number] + own[-1] - own[:-1].sum(axis=0)
                    counts[name] = cells.T
                yield counts


def _part(
    tables: Sequence[Table], position: Ints, whole: Floats, measures: tuple[str, ...]
) -> tuple[csc_array, tuple[_Place, ...]]:
    """Set some tables up as one matrix."""
    entries: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats]] = []
    places, first = [], 0

    def keep(rows: Ints, columns: Ints, data: Ints) -> None:
        some = data != 0
        entries.append(
            (rows[some].astype(np.int32), columns[some].astype(np.int32), data[some].astype(float))
        )

    for table in tables:
        pattern = position[table.student]
        own = pattern >= 0
        pattern, cell = pattern[own], table.cell[own]
        left_out = int(np.bincount(cell, minlength=table.size).argmax())
        kept = np.delete(np.arange(table.size), left_out)
        row = np.full(table.size, -1, dtype=np.int64)
        row[kept] = np.arange(len(kept))
        inside, height = cell != left_out, len(kept) + 1
        total = _whole(table, position, whole.shape[1], measures)
        for number, name in enumerate(measures):
            at = first + number * height
            keep(at + row[cell[inside]], pattern[inside], _values(table, name)[own][inside])
            # Whoever is in two cells of one table has less of a product there than in another.
            differs = np.flatnonzero(total[number] != whole[number])
            change = (total[number] - whole[number])[differs].astype(np.int64)
            keep(np.full(len(differs), at + len(kept)), differs, change)
        places.append(_Place(kept, left_out, first))
        first += len(measures) * height
    rows, columns, data = (np.concatenate(part) for part in zip(*entries, strict=True))
    return csc_array((data, (rows, columns)), shape=(first, whole.shape[1])), tuple(places)


def _whole(table: Table, position: Ints, patterns: int, measures: tuple[str, ...]) -> Floats:
    """Add the cells of a table, per measure and pattern."""
    pattern = position[table.student]
    own = pattern >= 0
    return np.array(
        [
            np.bincount(pattern[own], weights=_values(table, name)[own], minlength=patterns)
            for name in measures
        ]
    )


def _values(table: Table, name: str) -> Ints:
    first, _, second = name.partition("*")
    return table.measure(first) * table.measure(second) if second else table.measure(first)
