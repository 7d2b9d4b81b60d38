"""What the published counts say about the hidden ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.fairness._attack import feasible_range
from early_id.fairness._scheme import THRESHOLD, Cell, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from early_id.fairness._groups import Ints

Floats = npt.NDArray[np.float64]
#: A direction shorter than this is none.
_STILL = 1e-9


@dataclass
class Masking:
    """The cells of all single attributes, what is hidden in each, and the equations that tie them.

    `gaps`: the groups whose verdict is "gap". `kept_open`: what was hidden of a cell when it was found to be open;
    hiding more elsewhere cannot expose it, so it is not asked again.
    """

    scheme: Scheme
    atoms: dict[Cell, Ints]
    students: dict[Cell, dict[str, int]]
    size: dict[Cell, int]
    equations: list[tuple[frozenset[Cell], frozenset[Cell]]]
    gaps: frozenset[Cell] = frozenset()
    hidden: dict[Cell, set[str]] = field(default_factory=dict)
    kept_open: dict[Cell, frozenset[str]] = field(default_factory=dict)

    def shown(self, cell: Cell, *counts: str) -> bool:
        """Whether all these counts of the cell may be published."""
        return not self.hidden[cell].intersection(counts)

    def without(self, count: str) -> set[Cell]:
        """List the groups of which this count is hidden."""
        return {cell for cell, counts in self.hidden.items() if count in counts}


def exposed(masking: Masking) -> Iterator[tuple[Cell, set[str]]]:
    """Hidden counts that the published ones pin down, with the cell they belong to, as they are found."""
    for part in _connected(masking):
        system = _System.of(masking, part)
        for cell in system.cells:
            hidden = frozenset(masking.hidden[cell])
            if masking.kept_open.get(cell) == hidden:
                continue
            if counts := _exposed_counts(masking, system, cell):
                yield cell, counts
            else:
                masking.kept_open[cell] = hidden


def is_exposed(masking: Masking, cell: Cell) -> bool:
    """Whether a hidden count of this cell is pinned down, or can be narrowed too far."""
    part = next(part for part in _connected(masking) if cell in part)
    return bool(_exposed_counts(masking, _System.of(masking, part), cell))


def _exposed_counts(masking: Masking, system: _System, cell: Cell) -> set[str]:
    forms = masking.scheme.counts
    pinned = {name for name in masking.hidden[cell] if not system.leaves_open(cell, forms[name], 1)}
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
        if not system.leaves_open(cell, form, THRESHOLD * rows_each):
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
    truth: Floats

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
        truth = np.concatenate([masking.atoms[cell] for cell in cells]).astype(float)
        return cls(cells, np.array(rows).reshape(-1, len(truth)), np.array(values), truth)

    @cached_property
    def free(self) -> Floats:
        """Projection onto the directions in which the counts can move without moving a published number."""
        _, sizes, rows = np.linalg.svd(self.matrix, full_matrices=True)
        rank = int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1.0)).sum())
        loose = rows[rank:]
        return np.asarray(loose.T @ loose)

    def leaves_open(self, cell: Cell, form: Sequence[int], least: float) -> bool:
        """Whether the published numbers leave a form of the cell's counts a range of at least this width.

        The true counts are one solution; how far they can move along the form's own free direction is a lower bound of
        the range that costs no linear program. Only where it is too small is the whole range asked for.
        """
        if not len(self.matrix):
            return True
        target = np.zeros((len(self.cells), len(form)))
        target[self.cells.index(cell)] = form
        along = self.free @ target.ravel()
        gain = float(along @ target.ravel())
        if gain < _STILL:
            return least <= 0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = self.truth / np.abs(along)
        ahead = steps[along < -_STILL].min(initial=np.inf)
        back = steps[along > _STILL].min(initial=np.inf)
        if (ahead + back) * gain >= least * (1 + _STILL):
            return True
        return feasible_range(self.matrix, self.values, target.ravel()).width >= least
