"""The published numbers as linear equations in the counts behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from early_id.fairness._attack import Ends, Range, find_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from early_id.fairness._exposure import Masking
    from early_id.fairness._scheme import Cell

Floats = npt.NDArray[np.float64]
#: A direction shorter than this is none.
_STILL = 1e-9
#: With more unknown counts a projection costs more than the linear programs it saves.
_MANY = 500


class Shown(NamedTuple):
    """One published count of a cell."""

    cell: Cell
    name: str


@dataclass
class System:
    """The published numbers about some cells as linear equations in their unknown atoms.

    `sources`: per equation, the published counts it rests on. `points`: counts that agree with all of them.
    """

    cells: list[Cell]
    matrix: csr_array
    truth: Floats
    sources: list[tuple[Shown, ...]]
    points: list[Floats]
    found: dict[tuple[Cell, tuple[int, ...]], Ends] = field(default_factory=dict)

    @classmethod
    def of(cls, masking: Masking, cells: list[Cell]) -> System:
        """Set up what is published of these cells, and of the sums they are part of."""
        place, n_atoms = {cell: i for i, cell in enumerate(cells)}, len(masking.scheme.atoms)
        sources: list[tuple[Shown, ...]] = []
        entries: list[tuple[float, int, int]] = []

        def say(signs: Iterable[tuple[Cell, float]], name: str, *known: Shown) -> None:
            atoms = np.flatnonzero(masking.scheme.counts[name]).tolist()
            entries.extend(
                (sign, len(sources), place[cell] * n_atoms + atom) for cell, sign in signs for atom in atoms
            )
            sources.append(known)

        for cell in cells:
            for name in masking.scheme.counts:
                if name not in masking.hidden[cell]:
                    say([(cell, 1.0)], name, Shown(cell, name))
            for tie in masking.scheme.ties:
                start = place[cell] * n_atoms
                entries.extend((sign, len(sources), start + atom) for atom, sign in enumerate(tie) if sign)
                sources.append(())
        for left, right in masking.equations:
            inside = [(cell, 1.0) for cell in left if cell in place]
            inside += [(cell, -1.0) for cell in right if cell in place]
            # The cells outside the system are published, so the sum over the unknown ones is known.
            outside = sorted((left | right) - place.keys())
            for name in masking.scheme.counts if inside else ():
                say(inside, name, *(Shown(cell, name) for cell in outside))
        signs, row, column = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = csr_array((signs, (row, column)), shape=(len(sources), len(cells) * n_atoms), dtype=float)
        truth = np.concatenate([masking.atoms[cell] for cell in cells]).astype(float)
        return cls(cells, matrix, truth, sources, [truth])

    def leaves_open(self, cell: Cell, form: Sequence[int], least: float) -> bool:
        """Whether the published numbers leave a form of the cell's counts a range of at least this width.

        The true counts are one solution, and so are the ends of every range asked for before. How far these lie apart
        is a lower bound of the range; how far the true counts can move along the form's own free direction is another
        that costs no linear program. Only where both are too small is the range asked for.
        """
        along = [float(point @ self._target(cell, form)) for point in self.points]
        if max(along) - min(along) >= least * (1 + _STILL):
            return True
        return self._moves(cell, form, least) or self.ends(cell, form).range.width >= least

    def ends(self, cell: Cell, form: Sequence[int]) -> Ends:
        """Bound a form of the cell's counts by what is published: the attack itself."""
        if not self.sources:
            return Ends(Range(0.0, np.inf), (), frozenset())
        asked = (cell, tuple(form))
        if asked not in self.found:
            self.found[asked] = find_ends(self.matrix, self.matrix @ self.truth, self._target(cell, form))
            self.points.extend(self.found[asked].points)
        return self.found[asked]

    def narrowed_by(self, cell: Cell, form: Sequence[int]) -> set[Shown]:
        """Give the published counts without which the range of the form could be wider; without any it cannot."""
        return {shown for place in self.ends(cell, form).binding for shown in self.sources[place]}

    @cached_property
    def _free(self) -> Floats:
        """Projection onto the directions in which the counts can move without moving a published number."""
        _, sizes, rows = np.linalg.svd(self.matrix.toarray(), full_matrices=True)
        rank = int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1.0)).sum())
        loose = rows[rank:]
        return np.asarray(loose.T @ loose)

    def _moves(self, cell: Cell, form: Sequence[int], least: float) -> bool:
        if len(self.truth) > _MANY:
            return False
        target = self._target(cell, form)
        along = self._free @ target
        gain = float(along @ target)
        if gain < _STILL:
            return False
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = self.truth / np.abs(along)
        ahead = steps[along < -_STILL].min(initial=np.inf)
        back = steps[along > _STILL].min(initial=np.inf)
        return bool((ahead + back) * gain >= least * (1 + _STILL))

    def _target(self, cell: Cell, form: Sequence[int]) -> Floats:
        target = np.zeros((len(self.cells), len(form)))
        target[self.cells.index(cell)] = form
        return target.ravel()
