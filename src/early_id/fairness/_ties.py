"""Counts of one audit beside those of earlier releases: parts of their own, tied by the counts that are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._release import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from early_id.fairness._counts import Table
    from early_id.fairness._release import Piece
    from early_id.fairness._scheme import Cell, Scheme


def tie(own: Scheme, pieces: Sequence[Piece]) -> Scheme:
    """Put the parts of earlier releases beside those of a scheme.

    What was released stands: it is settled, and where something of it would follow the same count of the new audit is
    hidden in its place. Names of the n-th release end in "|n".
    """
    if not pieces:
        return own
    ends = np.cumsum([len(own.atoms), *(len(piece.scheme.atoms) for piece in pieces)]).tolist()

    def at(start: int, form: Sequence[int]) -> tuple[int, ...]:
        return (*(0,) * start, *form, *(0,) * (ends[-1] - start - len(form)))

    atoms = list(own.atoms)
    counts = {name: at(0, form) for name, form in own.counts.items()}
    forms = {name: at(0, form) for name, form in own.forms.items()}
    hides, settled, instead, ties = dict(own.hides), set(own.settled), dict[str, str](), []
    for number, (start, piece) in enumerate(zip(ends, pieces, strict=False), start=1):
        scheme = piece.scheme
        atoms += [f"{name}|{number}" for name in scheme.atoms]
        for name, form in scheme.counts.items():
            counts[f"{name}|{number}"] = at(start, form)
            settled.add(f"{name}|{number}")
            if name in own.counts:
                instead[f"{name}|{number}"] = name
        for name, form in scheme.forms.items():
            forms[f"{name}|{number}"] = at(start, form)
            hides[f"{name}|{number}"] = tuple(count for count in scheme.hides[name] if count in own.counts)
        for name, form in piece.equal.items():
            if name in own.counts:
                both = zip(counts[name], at(start, form), strict=True)
                ties.append(tuple(here - there for here, there in both))
    return type(own)(tuple(atoms), counts, forms, hides, frozenset(settled), instead, tuple(ties))


def count_cells(table: Table, own: Scheme, pieces: Sequence[Piece]) -> Iterator[tuple[Cell, Counts]]:
    """Count the groups of an attribute, or of two crossed, as the tied scheme has them; hidden is what releases hid."""
    everyone = next(iter(own.counts))
    rows = np.column_stack([table.total(atom) for atom in own.atoms]).tolist()
    students = {name: table.students(name).tolist() for name in (*own.forms, everyone)}
    for place, cell in enumerate(cells_of(table)):
        atoms, few = tuple(rows[place]), {name: counts[place] for name, counts in students.items()}
        hidden: set[str] = set()
        for number, piece in enumerate(pieces, start=1):
            told = piece.cells[cell]
            atoms += told.atoms
            few |= {f"{name}|{number}": count for name, count in told.students.items()}
            hidden |= {f"{name}|{number}" for name in told.hidden} | (told.hidden & own.counts.keys())
        yield cell, Counts(atoms, few, frozenset(hidden))


def cells_of(table: Table) -> list[Cell]:
    """Name the cells of a table; those of two crossed attributes are named by both groups."""
    if len(table.name) == 1:
        return [(table.name[0], group) for (group,) in table.groups]
    return [(" × ".join(table.name), str(group)) for group in table.groups]
