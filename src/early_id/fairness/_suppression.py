"""Which counts of which groups may be published, so that no masked one follows from the rest.

A group is described by exclusive parts (atoms), for example listed or not × outcome or not. What would be
published are sums of parts (counts). A count is hidden when it, or a part it would give away, concerns 1–10
distinct students; then more counts are hidden until the published totals leave every hidden one open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.fairness._attack import feasible_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from early_id.fairness._counts import Table
    from early_id.fairness._groups import Ints

THRESHOLD = 10
Floats = npt.NDArray[np.float64]
Cell = tuple[str, str]
EVERYONE: Cell = ("all", "everyone")


@dataclass(frozen=True)
class Scheme:
    """How the counts of a cell hang together.

    `atoms`: exclusive parts; `counts`: each publishable count as a 0/1 form over the atoms; `hides`: for each
    sensitive measure, the counts that must go when it concerns 1–10 students; `forms`: measures over the
    atoms.
    """

    atoms: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    forms: Mapping[str, tuple[int, ...]]
    hides: Mapping[str, tuple[str, ...]]


OUTCOME = Scheme(
    atoms=("early", "reached_later", "listed_negative", "missed", "unlisted_negative"),
    counts={
        "eligible": (1, 1, 1, 1, 1),
        "positive": (1, 1, 0, 1, 0),
        "listed": (1, 1, 1, 0, 0),
        "reached": (1, 1, 0, 0, 0),
        "early": (1, 0, 0, 0, 0),
    },
    forms={
        "positive": (1, 1, 0, 1, 0),
        "negative": (0, 0, 1, 0, 1),
        "listed": (1, 1, 1, 0, 0),
        "not_listed": (0, 0, 0, 1, 1),
        "reached": (1, 1, 0, 0, 0),
        "missed": (0, 0, 0, 1, 0),
        "listed_negative": (0, 0, 1, 0, 0),
        "unlisted_negative": (0, 0, 0, 0, 1),
        "early": (1, 0, 0, 0, 0),
        "late_student": (0, 1, 0, 1, 0),
    },
    hides={
        "positive": ("positive", "reached", "early"),
        "negative": ("positive", "reached"),
        "listed": ("listed",),
        "not_listed": ("listed",),
        "reached": ("reached", "early"),
        "missed": ("reached",),
        "listed_negative": ("listed",),
        "unlisted_negative": ("listed",),
        "early": ("early",),
        "late_student": ("early",),
    },
)
SCORING = Scheme(
    atoms=("not_scored", "scored"),
    counts={"cohort": (1, 1), "not_scored": (1, 0)},
    forms={"not_scored": (1, 0), "scored": (0, 1)},
    hides={"not_scored": ("not_scored",), "scored": ("not_scored",)},
)
# Distinct students, not rows: how many of those with the outcome were listed early enough.
EARLY = Scheme(
    atoms=("early_student", "late_student"),
    counts={"outcome_student": (1, 1), "early_student": (1, 0)},
    forms={"early_student": (1, 0), "late_student": (0, 1)},
    hides={"early_student": ("early_student",), "late_student": ("early_student",)},
)
Hidden = dict[Cell, set[str]]


@dataclass
class Masking:
    """The cells of all single attributes, what is hidden in each, and the equations that tie them."""

    scheme: Scheme
    atoms: dict[Cell, Ints]
    students: dict[Cell, dict[str, int]]
    size: dict[Cell, int]
    equations: list[tuple[frozenset[Cell], frozenset[Cell]]]
    hidden: dict[Cell, set[str]] = field(default_factory=dict)

    def shown(self, cell: Cell, *counts: str) -> bool:
        """Whether all these counts of the cell may be published."""
        return not self.hidden[cell].intersection(counts)

    def without(self, count: str) -> set[Cell]:
        """List the groups of which this count is hidden."""
        return {cell for cell, counts in self.hidden.items() if count in counts}


def mask_attributes(tables: Sequence[Table], links: Sequence[Table], everyone: Table) -> dict[str, Masking]:
    """Decide what is hidden in each group of each attribute: for recall, not scored, and reached early.

    `links` are the pairwise tables of the attributes. They show which groups are made of the same rows (the
    schools of a district): such sums are known to every reader and are equations like the total. The size of a
    group is printed with both metrics that get verdicts, so where one hides it the other does. Reached early is judged
    twice, in rows beside everything else that is said of them and in the students that are printed, and hidden
    where either hides it.
    """
    unsized: set[Cell] = set()
    uncounted: set[Cell] = set()
    late: set[Cell] = set()
    while True:
        before = (set(unsized), set(uncounted), set(late))
        closed = _union(
            (unsized, OUTCOME.counts), (uncounted, ("positive", "reached", "early")), (late, ("early",))
        )
        recall = _mask(tables, links, everyone, OUTCOME, closed)
        scores = _mask(tables, links, everyone, SCORING, _union((unsized, SCORING.counts)))
        closed = _union(
            (recall.without("positive"), EARLY.counts), (recall.without("early"), ("early_student",))
        )
        early = _mask(tables, links, everyone, EARLY, closed)
        # The total itself closes nothing: every sum of groups was judged against it as if it were printed.
        unsized |= (recall.without("eligible") | scores.without("cohort")) - {EVERYONE}
        uncounted |= early.without("outcome_student") - {EVERYONE}
        late |= early.without("early_student") - {EVERYONE}
        if (unsized, uncounted, late) == before:
            return {"recall": recall, "not_scored": scores, "reached_early": early}


def _union(*parts: tuple[set[Cell], Iterable[str]]) -> Hidden:
    """Join what has to be hidden in which cells."""
    hidden: Hidden = {}
    for cells, counts in parts:
        for cell in cells:
            hidden.setdefault(cell, set()).update(counts)
    return hidden


def _mask(
    tables: Sequence[Table], links: Sequence[Table], everyone: Table, scheme: Scheme, closed: Hidden
) -> Masking:
    masking = Masking(scheme, {}, {}, {}, _equations(tables, links))
    for table in tables:
        _add_cells(masking, table)
    for cell in closed.keys() & masking.hidden.keys():
        masking.hidden[cell].update(closed[cell])
    while exposed := _exposed(masking):
        # One at a time: the partner of the first exposed cell often protects the others too.
        if not any(_hide_partner(masking, cell, counts) for cell, counts in exposed):
            break
    # Every sum of groups is judged against the published total, so the total itself is only masked when small.
    _add_cells(masking, everyone)
    masking.hidden[EVERYONE].update(closed.get(EVERYONE, ()))
    return masking


def _add_cells(masking: Masking, table: Table) -> None:
    scheme = masking.scheme
    everyone = next(iter(scheme.counts))
    rows = np.column_stack([table.total(atom) for atom in scheme.atoms])
    students = {name: table.students(name) for name in (*scheme.forms, everyone)}
    cohort = table.students("cohort")
    for place, (group,) in enumerate(table.groups):
        cell = (table.name[0], group)
        masking.atoms[cell] = rows[place]
        masking.size[cell] = int(cohort[place])
        masking.students[cell] = {name: int(counts[place]) for name, counts in students.items()}
        hidden: set[str] = set()
        if cohort[place] <= THRESHOLD or 0 < masking.students[cell][everyone] <= THRESHOLD:
            hidden.update(scheme.counts)
        for measure, counts in scheme.hides.items():
            if 0 < masking.students[cell][measure] <= THRESHOLD:
                hidden.update(counts)
        masking.hidden[cell] = hidden


def _equations(
    tables: Sequence[Table], links: Sequence[Table]
) -> list[tuple[frozenset[Cell], frozenset[Cell]]]:
    """List the sums every reader can form: attributes add up to everyone, and to what groups share."""
    equations = [
        (frozenset((table.name[0], group) for (group,) in table.groups), frozenset[Cell]())
        for table in tables
    ]
    for link in links:
        first, second = link.name
        for rows, columns in _components(link):
            left = frozenset((first, group) for group in rows)
            right = frozenset((second, group) for group in columns)
            equations.append((left, right))
    return equations


def _components(link: Table) -> list[tuple[set[str], set[str]]]:
    """Find connected parts of two attributes; a single part says no more than the total and is left out."""
    parts: list[tuple[set[str], set[str]]] = []
    for row, column in link.groups:
        touching = [part for part in parts if row in part[0] or column in part[1]]
        merged = (
            {row}.union(*(part[0] for part in touching)),
            {column}.union(*(part[1] for part in touching)),
        )
        parts = [part for part in parts if part not in touching] + [merged]
    return parts if len(parts) > 1 else []


def _exposed(masking: Masking) -> list[tuple[Cell, set[str]]]:
    """Hidden counts that the published ones pin down, with the cell they belong to."""
    found = []
    for part in _connected(masking):
        system = _System.of(masking, part)
        for cell in system.cells:
            counts = {
                name for name in masking.hidden[cell] if system.width(cell, masking.scheme.counts[name]) < 1
            }
            counts |= _too_tight(masking, system, cell)
            if counts:
                found.append((cell, counts))
    return found


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


def _hide_partner(masking: Masking, cell: Cell, counts: set[str]) -> bool:
    """Hide the same counts in another group that shares a sum with the exposed one.

    The tightest sum goes first: a partner outside it would leave the exposed cell as exposed as it was.
    Within it the smallest group of the same attribute is hidden, of another attribute only if its own has
    none left.
    """
    sums = [left | right for left, right in masking.equations if cell in left | right]
    candidates = [
        (other[0] != cell[0], sum(member[0] == cell[0] for member in cells), masking.size[other], other)
        for cells in sums
        for other in cells
        if other != cell and not counts <= masking.hidden[other]
    ]
    if not candidates:
        return False
    masking.hidden[min(candidates)[3]] |= counts
    return True


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
