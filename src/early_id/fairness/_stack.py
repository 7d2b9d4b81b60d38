"""The resampled counts of many cells at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from early_id.fairness._counts import number_rows, number_sets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from early_id.fairness._bootstrap import Patterns, Weights
    from early_id.fairness._counts import Table
    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]

# Tables are resampled together while their attributes, all crossed, have no more cells: the sums of more would not fit
# into the processor's memory.
_CELLS = 256


@dataclass(frozen=True)
class _Kinds:
    """Patterns with the same cells and counts in one table are one kind there.

    `of_pattern` (patterns,): the kind of each; `values` (measures · cells × kinds): what one student of it adds.
    """

    of_pattern: Ints
    values: csc_array


@dataclass(frozen=True)
class _Part:
    """Some tables that are resampled together, and their places among all.

    Patterns that are of one kind in each of the tables are added up first (`merged`), then those that are of one kind
    in one table (`split`): of tens of thousands of patterns a few hundred kinds are left, and only they are multiplied.
    """

    places: tuple[int, ...]
    merged: csc_array
    split: tuple[csc_array, ...]
    values: tuple[csc_array, ...]


@dataclass(frozen=True)
class Stack:
    """What resampling needs of some tables: of which kind each pattern is in each, and what the kinds add."""

    measures: tuple[str, ...]
    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, tables: Sequence[Table], patterns: Patterns, measures: tuple[str, ...]) -> Stack:
        """Set the tables up for resampling; `a*b` names the sum of products over students."""
        position = np.full(patterns.n_students, -1, dtype=np.int64)
        position[patterns.example] = np.arange(len(patterns.example))
        parts = []
        for places in _together(tables):
            kinds = [_kinds(tables[place], position, len(patterns.example), measures) for place in places]
            parts.append(_part(places, kinds))
        return cls(measures, tuple(parts))

    def resample(self, weights: Weights) -> Iterator[dict[str, Floats]]:
        """Yield the resampled counts (replicates × cells) of one table after the other, by measure.

        Students are added up as 32-bit whole numbers, measures as whole numbers far below 2⁵³: the sums are exact in
        any order.
        """
        turned = np.ascontiguousarray(weights.T)
        found: dict[int, Floats] = {}
        for part in self.parts:
            merged = part.merged @ turned
            for place, split, values in zip(part.places, part.split, part.values, strict=True):
                found[place] = values @ (split @ merged).astype(np.float64)
        for place in range(len(found)):
            sums = found[place].reshape(len(self.measures), -1, len(weights))
            yield {name: own.T for name, own in zip(self.measures, sums, strict=True)}


def _together(tables: Sequence[Table]) -> list[tuple[int, ...]]:
    """Put each table with the first others that share its attributes, or few enough cells."""
    sizes: dict[str, int] = {}
    for table in tables:
        for axis, name in enumerate(table.name):
            sizes[name] = max(sizes.get(name, 1), len({group[axis] for group in table.groups}))
    found: list[tuple[set[str], list[int]]] = []
    for place, table in enumerate(tables):
        for names, places in found:
            both = names | set(table.name)
            if both == names or prod(sizes[name] for name in both) <= _CELLS:
                names |= both
                places.append(place)
                break
        else:
            found.append((set(table.name), [place]))
    return [tuple(places) for _, places in found]


def _kinds(table: Table, position: Ints, patterns: int, measures: tuple[str, ...]) -> _Kinds:
    names = sorted({name for measure in measures for name in measure.split("*")})
    counts = np.array([table.measure(name) for name in names])
    own = (position[table.student] >= 0) & counts.any(axis=0)
    student, cell = table.student[own], table.cell[own]
    students, kind = number_sets(student, number_rows((cell, *counts[:, own])))
    of_pattern = np.zeros(patterns, dtype=np.int64)  # kind 0 adds nothing
    of_pattern[position[students]] = kind + 1
    n_kinds = int(of_pattern.max(initial=0)) + 1
    example = np.full(n_kinds, -1, dtype=np.int64)
    example[of_pattern] = np.arange(patterns)
    pattern = position[student]
    chosen = example[of_pattern[pattern]] == pattern
    data = np.concatenate([_values(table, name)[own][chosen] for name in measures]).astype(np.float64)
    rows = np.concatenate([cell[chosen] + number * table.size for number in range(len(measures))])
    columns = np.tile(of_pattern[pattern[chosen]], len(measures))
    some = data != 0
    shape = (len(measures) * table.size, n_kinds)
    return _Kinds(of_pattern, csc_array((data[some], (rows[some], columns[some])), shape=shape))


def _part(places: tuple[int, ...], kinds: Sequence[_Kinds]) -> _Part:
    joint = number_rows([own.of_pattern for own in kinds])
    example = np.zeros(int(joint.max(initial=-1)) + 1, dtype=np.int64)
    example[joint] = np.arange(len(joint))
    split = [_adding(own.of_pattern[example], own.values.shape[1]) for own in kinds]
    return _Part(places, _adding(joint, len(example)), tuple(split), tuple(own.values for own in kinds))


def _adding(which: Ints, size: int) -> csc_array:
    """Give the matrix that adds up what is of one number."""
    ones, places = np.ones(len(which), dtype=np.int32), np.arange(len(which) + 1, dtype=np.int32)
    return csc_array((ones, which.astype(np.int32), places), shape=(size, len(which)))


def _values(table: Table, name: str) -> Ints:
    first, _, second = name.partition("*")
    return table.measure(first) * table.measure(second) if second else table.measure(first)
