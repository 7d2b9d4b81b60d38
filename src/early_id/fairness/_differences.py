"""By whom two lists of the same scores differ: a reader subtracts the counts of one from those of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._counts import MEASURES
from early_id.fairness._release import Counts, Piece
from early_id.fairness._scheme import EVERYONE, THRESHOLD
from early_id.fairness._ties import cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from early_id.fairness._counted import Counted
    from early_id.fairness._counts import Table
    from early_id.fairness._groups import Ints
    from early_id.fairness._scheme import Flags
    from early_id.fairness._suppression import Hidden

#: What is hidden where it would tell of 1–10 students on one list and not on the other.
HIDES: Mapping[str, tuple[str, ...]] = {
    "more_reached": ("reached", "early"),
    "less_reached": ("reached", "early"),
    "more_negative": ("listed",),
    "less_negative": ("listed",),
}


def differing_rows(counted: Counted, before: Flags) -> dict[str, Flags]:
    """Give the rows that are on the list now and were not before, or the other way round, by outcome."""
    eligible, positive, now = (
        counted.measures[:, MEASURES.index(name)] > 0 for name in ("eligible", "positive", "listed")
    )
    before = before & eligible
    return {
        "more_reached": now & ~before & positive,
        "less_reached": before & ~now & positive,
        "more_negative": now & ~before & ~positive,
        "less_negative": before & ~now & ~positive,
    }


@dataclass(frozen=True)
class Placed:
    """The rows of an audit in the cells of one table: `cell` and `student` of each."""

    table: Table
    cell: Ints
    student: Ints

    @classmethod
    def of(cls, counted: Counted, table: Table) -> Placed:
        """Find the cell of every row."""
        if table.name == EVERYONE[:1]:
            return cls(table, np.zeros(len(counted.student), dtype=np.int64), counted.student)
        own = [attribute for attribute in counted.attributes if attribute.name in table.name]
        own.sort(key=lambda attribute: table.name.index(attribute.name))
        shape = tuple(len(attribute.groups) for attribute in own)
        full = np.ravel_multi_index(tuple(attribute.codes for attribute in own), shape)
        return cls(table, np.unique(full, return_inverse=True)[1], counted.student)

    def rows(self, chosen: Flags) -> Ints:
        """Count chosen rows in each cell."""
        return np.bincount(self.cell[chosen], minlength=self.table.size)

    def students(self, chosen: Flags) -> Ints:
        """Count distinct students with a chosen row in each cell."""
        return self.per_cell(self.keys(chosen))

    def keys(self, chosen: Flags) -> Ints:
        """Give each student with a chosen row in a cell once, as student times cells plus cell."""
        return np.unique(self.student[chosen] * self.table.size + self.cell[chosen])

    def per_cell(self, keys: Ints) -> Ints:
        """Count such students in each cell."""
        return np.bincount(keys % self.table.size, minlength=self.table.size)


def few_by_cell(counted: Counted, table: Table, before: Flags, early: Flags) -> dict[str, Hidden]:
    """List what has to be hidden in which cells, by scheme, so that beside the other list it tells of no 1–10 students.

    `early` (n_rows,): where a list would reach early. Told of are rows, and students as reached once and as early.
    """
    placed = Placed.of(counted, table)
    found: dict[str, Hidden] = {
        "recall": few_of_rows(placed, differing_rows(counted, before)),
        "reached_early": {},
    }
    positive, now = (counted.measures[:, MEASURES.index(name)] > 0 for name in ("positive", "listed"))
    once, soon = ("once_student", "early_student"), ("early_student",)
    for rows, names in ((positive, once), (positive & early, soon)):
        was, is_now = (placed.keys(rows & listed) for listed in (before, now))
        for gone in (np.setdiff1d(was, is_now), np.setdiff1d(is_now, was)):
            _hide_few(found["reached_early"], table, placed.per_cell(gone), names)
    return found


def few_of_rows(placed: Placed, differing: Mapping[str, Flags]) -> Hidden:
    """List what has to be hidden in which cells for the sake of the rows by which two lists differ."""
    found: Hidden = {}
    for name, rows in differing.items():
        _hide_few(found, placed.table, placed.students(rows), HIDES[name])
    return found


def _hide_few(hidden: Hidden, table: Table, students: Ints, names: tuple[str, ...]) -> None:
    for cell, count in zip(cells_of(table), students.tolist(), strict=True):
        if 0 < count <= THRESHOLD:
            hidden.setdefault(cell, set()).update(names)


def add_differences(piece: Piece, counted: Counted, before: Flags) -> Piece:
    """Add to a release of the same scores by whom its lists differ: a reader knows that longer lists hold shorter ones.

    Kinds of difference that nobody shows add nothing: that there are none is known too.
    """
    chosen = {name: rows for name, rows in differing_rows(counted, before).items() if rows.any()}
    cells = dict(piece.cells)
    for table in (counted.everyone, *counted.singles, *counted.crossed):
        placed = Placed.of(counted, table)
        counts = [(placed.rows(rows), placed.students(rows)) for rows in chosen.values()]
        for place, cell in enumerate(cells_of(table)):
            told = cells[cell]
            cells[cell] = Counts(
                (*told.atoms, *(int(rows[place]) for rows, _ in counts)),
                {
                    **told.students,
                    **{name: int(n[place]) for name, (_, n) in zip(chosen, counts, strict=True)},
                },
                told.hidden,
            )
    more = {name: tuple(int(name == other) for other in chosen) for name in chosen}
    width = len(piece.scheme.atoms)
    forms = {name: (*(0,) * width, *form) for name, form in more.items()}
    scheme = replace(
        piece.scheme,
        atoms=(*piece.scheme.atoms, *chosen),
        counts=_wider(piece.scheme.counts, len(chosen)),
        forms=_wider(piece.scheme.forms, len(chosen)) | forms,
        hides={**piece.scheme.hides, **{name: HIDES[name] for name in chosen}},
    )
    sign = {name: 1 if name.startswith("more") else -1 for name in chosen}
    equal = _wider(piece.equal, len(chosen))
    equal["listed"] = (*piece.scheme.counts["listed"], *sign.values())
    equal["reached"] = (
        *piece.scheme.counts["reached"],
        *(value if name.endswith("reached") else 0 for name, value in sign.items()),
    )
    return Piece(scheme, equal, cells)


def _wider(forms: Mapping[str, tuple[int, ...]], by: int) -> dict[str, tuple[int, ...]]:
    return {name: (*form, *(0,) * by) for name, form in forms.items()}
