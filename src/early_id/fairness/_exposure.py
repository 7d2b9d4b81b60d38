"""What the published counts say about the hidden ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.fairness._attack import feasible_range
from early_id.fairness._scheme import THRESHOLD, Cell, Scheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]


@dataclass
class Masking:
    """The cells of all single attributes, what is hidden in each, and the equations that tie them.

    `gaps`: the groups whose verdict is "gap".
    """

    scheme: Scheme
    atoms: dict[Cell, Ints]
    students: dict[Cell, dict[str, int]]
    size: dict[Cell, int]
    equations: list[tuple[frozenset[Cell], frozenset[Cell]]]
    gaps: frozenset[Cell] = frozenset()
    hidden: dict[Cell, set[str]] = field(default_factory=dict)

    def shown(self, cell: Cell, *counts: str) -> bool:
        """Whether all these counts of the cell may be published."""
        return not self.hidden[cell].intersection(counts)

    def without(self, count: str) -> set[Cell]:
        """List the groups of which this count is hidden."""
        return {cell for cell, counts in self.hidden.items() if count in counts}


def exposed(masking: Masking) -> list[tuple[Cell, set[str]]]:
    """Hidden counts that the published ones pin down, with the cell they belong to."""
    systems = [_System.of(masking, part) for part in _connected(masking)]
    found = [(cell, _exposed_counts(masking, system, cell)) for system in systems for cell in system.cells]
    return [(cell, counts) for cell, counts in found if counts]


def is_exposed(masking: Masking, cell: Cell) -> bool:
    """Whether a hidden count of this cell is pinned down, or can be narrowed too far."""
    part = next(part for part in _connected(masking) if cell in part)
    return bool(_exposed_counts(masking, _System.of(masking, part), cell))


def _exposed_counts(masking: Masking, system: _System, cell: Cell) -> set[str]:
    forms = masking.scheme.counts
    pinned = {name for name in masking.hidden[cell] if system.width(cell, forms[name]) < 1}
    return pinned | _too_tight(masking, system, cell)


def _too_tight(masking: Masking, system: _System, cell: Cell) -> set[str]:
    """List counts to protect better: a measure of 1–10 students can be narrowed to fewer than 10 students."""
    scheme = masking.scheme
    counts: set[str] = set()
    everyone = next(iter(scheme.counts))
    small = masking.students[cell]
    measures = {everyone: (scheme.counts[everyone], tuple(scheme.counts))} | {
        name: (scheme.forms[name], scheme.hides[name]) for name in scheme.hides
    }
    for name, (form, hides) in measures.items():
        if not 0 < small[name] <= THRESHOLD:
            continue
        rows_each = max(1.0, float(masking.atoms[cell] @ np.array(form)) / small[name])
        if system.width(cell, form) < THRESHOLD * rows_each:
            counts.update(hides)
    return counts


def _connected(masking: Masking) -> list[list[Cell]]:
    """Cells with something hidden, grouped by the equations they share."""
    parts: list[set[Cell]] = [{cell} for cell, counts in masking.hidden.items() if counts]
    for left, right in masking.equations:
        touching = [part for part in parts if part & (left | right)]
        if len(touching) > 1:
            parts = [part for part in parts if part not in touching] + [set().union(*touching)]
    return [sorted(part) for part in parts]


@dataclass
class _System:
    """The published numbers about some cells as linear equations in their unknown atoms."""

    cells: list[Cell]
    matrix: Floats
    values: Floats
    n_atoms: int

    @classmethod
    def of(cls, masking: Masking, cells: list[Cell]) -> _System:
        scheme, place = masking.scheme, {cell: i for i, cell in enumerate(cells)}
        n_atoms = len(scheme.atoms)
        rows, values = [], []
        for cell in cells:
            for name in scheme.counts.keys() - masking.hidden[cell]:
                row = np.zeros((len(cells), n_atoms))
                row[place[cell]] = scheme.counts[name]
                rows.append(row.ravel())
                values.append(float(masking.atoms[cell] @ np.array(scheme.counts[name])))
        for left, right in masking.equations:
            inside = [(cell, 1.0) for cell in left if cell in place] + [
                (c, -1.0) for c in right if c in place
            ]
            for form in scheme.counts.values() if inside else ():
                row = np.zeros((len(cells), n_atoms))
                for cell, sign in inside:
                    row[place[cell]] += sign * np.array(form)
                rows.append(row.ravel())
                # The cells outside the system are published, so the sum over the unknown ones is known.
                values.append(
                    sum(sign * float(masking.atoms[cell] @ np.array(form)) for cell, sign in inside)
                )
        return cls(cells, np.array(rows).reshape(-1, len(cells) * n_atoms), np.array(values), n_atoms)

    def width(self, cell: Cell, form: Sequence[int]) -> float:
        target = np.zeros((len(self.cells), self.n_atoms))
        target[self.cells.index(cell)] = form
        if not len(self.matrix):
            return np.inf
        return feasible_range(self.matrix, self.values, target.ravel()).width
