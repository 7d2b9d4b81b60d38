"""What the published counts say about the hidden ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from early_id.fairness._scheme import THRESHOLD, Cell, Scheme
from early_id.fairness._system import System

if TYPE_CHECKING:
    from collections.abc import Iterator

    from early_id.fairness._groups import Ints
    from early_id.fairness._release import Piece


#: So many systems of equations are kept.
_KEPT = 32


class Need(NamedTuple):
    """A form of a cell's counts that has to stay open by `least`; hiding `counts` in other cells protects it."""

    cell: Cell
    form: tuple[int, ...]
    least: float
    counts: frozenset[str]


@dataclass
class Masking:
    """The cells of all single attributes, what is hidden in each, and the equations that tie them.

    `total`: the atoms of everybody. `gaps`: the groups whose verdict is "gap". `kept_open`: what was found to be open
    enough; hiding more cannot narrow it, so it is not asked again. `known`: systems by what was hidden of their cells.
    `own`, `pieces`: the scheme of these counts and the releases it is tied to; both make up `scheme`.
    """

    scheme: Scheme
    own: Scheme
    pieces: tuple[Piece, ...]
    atoms: dict[Cell, Ints]
    students: dict[Cell, dict[str, int]]
    size: dict[Cell, int]
    equations: list[tuple[frozenset[Cell], frozenset[Cell]]]
    total: Ints
    gaps: frozenset[Cell] = frozenset()
    hidden: dict[Cell, set[str]] = field(default_factory=dict)
    kept_open: set[Need] = field(default_factory=set)
    known: dict[tuple[tuple[Cell, frozenset[str]], ...], System] = field(default_factory=dict)

    def shown(self, cell: Cell, *counts: str) -> bool:
        """Whether all these counts of the cell may be published."""
        return not self.hidden[cell].intersection(counts)

    def without(self, count: str) -> set[Cell]:
        """List the groups of which this count is hidden."""
        return {cell for cell, counts in self.hidden.items() if count in counts}

    def system(self, cell: Cell) -> System:
        """Set up the equations of all cells that have something hidden and hang together with this one."""
        return next(system for system in self.systems() if cell in system.cells)

    def systems(self) -> Iterator[System]:
        """Set up the equations of all cells that have something hidden, apart where they share none."""
        for part in _connected(self):
            state = tuple((cell, frozenset(self.hidden[cell])) for cell in part)
            if state not in self.known:
                # Few are asked again: those of before the last step, and those tried for it.
                while len(self.known) >= _KEPT:
                    del self.known[next(iter(self.known))]
                self.known[state] = System.of(self, part)
            yield self.known[state]


def exposed(masking: Masking) -> Iterator[list[Need]]:
    """Give what the published counts pin down or narrow too far, cell by cell, as it is found."""
    for system in masking.systems():
        for cell in system.cells:
            found = []
            for need in needs(masking, cell):
                if need in masking.kept_open:
                    continue
                if system.leaves_open(*need[:3]):
                    masking.kept_open.add(need)
                else:
                    found.append(need)
            if found:
                yield found


def is_exposed(masking: Masking, cell: Cell) -> bool:
    """Whether a hidden count of this cell is pinned down, or can be narrowed too far."""
    system = masking.system(cell)
    return any(
        need not in masking.kept_open and not system.leaves_open(*need[:3]) for need in needs(masking, cell)
    )


def needs(masking: Masking, cell: Cell) -> list[Need]:
    """List what has to stay open of a cell: what is hidden of it, and by ten students each measure of 1–10."""
    scheme = masking.scheme
    everyone, small = next(iter(scheme.counts)), masking.students[cell]
    asked = [
        Need(cell, form, 1.0, scheme.to_hide(name))
        for name, form in scheme.counts.items()
        # What the total says nobody has is no secret of any group.
        if name in masking.hidden[cell] and masking.total @ np.array(form) > 0
    ]
    measures = {everyone: (scheme.counts[everyone], tuple(scheme.counts))} | {
        name: (scheme.forms[name], scheme.hides[name]) for name in scheme.hides
    }
    for name, (form, hides) in measures.items():
        if 0 < small[name] <= THRESHOLD:
            rows_each = max(1.0, float(masking.atoms[cell] @ np.array(form)) / small[name])
            asked.append(Need(cell, form, THRESHOLD * rows_each, scheme.to_hide(*hides)))
    return asked


def _connected(masking: Masking) -> list[list[Cell]]:
    """Cells with something hidden, grouped by the equations they share."""
    parts: list[set[Cell]] = [{cell} for cell, counts in masking.hidden.items() if counts]
    for left, right in masking.equations:
        touching = [part for part in parts if part & (left | right)]
        if len(touching) > 1:
            parts = [part for part in parts if part not in touching] + [set().union(*touching)]
    return [sorted(part) for part in parts]
