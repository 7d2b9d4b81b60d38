"""Which crossed cells are hidden because, beside the single groups, they would narrow what is hidden of these.

A group may show how many were reached and hide how many early. Its crossed cells are published, and in each of them at
most those reached were reached early; with what is known of a group that they cross, that narrows the hidden number.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._crosstabs import SENSITIVE, SHOWN, mask_crossed
from early_id.fairness._exposure import Masking, needs
from early_id.fairness._scheme import THRESHOLD
from early_id.fairness._ties import cells_of, count_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.fairness._counts import Table
    from early_id.fairness._crosstabs import Flags
    from early_id.fairness._scheme import Cell


def mask_all_crossed(
    tables: Sequence[Table],
    masking: Masking,
    *others: Masking,
    told: Mapping[Cell, set[str]] = MappingProxyType({}),
) -> list[Flags]:
    """Decide per cell of each crossed table whether it stays hidden, so that no single group is narrowed by them.

    Each table for itself first, by what `masking` hides of the groups and what releases hid of the table (`told`). Then
    all that is published is asked at once whether what `masking` and `others` left open still is. Where it is not, the
    smallest of the crossed cells that narrow it is hidden, and with it what its margins would give away. With all
    hidden no table narrows a group. A table of which a masked cell would follow from all releases is not printed.
    """
    closed = [np.array([bool(SHOWN & told.get(cell, set())) for cell in cells_of(table)]) for table in tables]
    hidden = [mask_crossed(table, masking, flags) for table, flags in zip(tables, closed, strict=True)]
    for single in (masking, *others):
        while (found := _narrowing(tables, hidden, single)) is not None:
            number, place = found
            hidden[number][place] = True
            hidden[number] = mask_crossed(tables[number], masking, hidden[number])
    for number, table in enumerate(tables if masking.pieces else ()):
        if hidden[number].any() and _follows(table, hidden[number], masking):
            hidden[number][:] = True
    return hidden


def named(tables: Sequence[Table], hidden: Sequence[Flags]) -> dict[Cell, bool]:
    """Say by name which crossed cells are hidden."""
    return {
        cell: bool(masked)
        for table, flags in zip(tables, hidden, strict=True)
        for cell, masked in zip(cells_of(table), flags, strict=True)
    }


def _follows(table: Table, masked: Flags, single: Masking) -> bool:
    """Whether a small count of a masked cell can be narrowed to fewer than ten students by all releases together."""
    joint = _with_crossed([table], [masked], single, every=True)[1]
    scheme = single.scheme
    forms = {"eligible": scheme.counts["eligible"]} | {
        name: form for name, form in scheme.forms.items() if name.partition("|")[0] in SENSITIVE
    }
    for (cell, counts), hides in zip(count_cells(table, single.own, single.pieces), masked, strict=True):
        for name, form in forms.items() if hides else ():
            students = counts.students[name]
            if not 0 < students <= THRESHOLD:
                continue
            rows_each = max(1.0, float(np.dot(counts.atoms, form)) / students)
            if not joint.system(cell).leaves_open(cell, form, THRESHOLD * rows_each):
                return True
    return False


def _narrowing(tables: Sequence[Table], hidden: Sequence[Flags], single: Masking) -> tuple[int, int] | None:
    """Find the smallest crossed cell, as table and place, of those that narrow a count left open without them."""
    places, joint = _with_crossed(tables, hidden, single)
    if not places:
        return None
    for cell in [cell for cell, counts in single.hidden.items() if counts]:
        system = joint.system(cell)
        for need in needs(single, cell):
            if need not in single.kept_open or system.leaves_open(*need[:3]):
                continue
            known = single.scheme.settled
            narrowing = {shown.cell for shown in system.narrowed_by(*need[:2]) if shown.name not in known}
            narrowing &= places.keys()
            if narrowing:
                return places[min(narrowing, key=lambda crossed: (joint.size[crossed], places[crossed]))]
    return None


def _with_crossed(
    tables: Sequence[Table], hidden: Sequence[Flags], single: Masking, *, every: bool = False
) -> tuple[dict[Cell, tuple[int, int]], Masking]:
    """Add the cells of the crossed tables, and that each group is the sum of its own; also where each is found.

    Unless `every` is asked for, tables are left out that say no more than their margins.
    """
    joint = replace(
        single,
        atoms=dict(single.atoms),
        size=dict(single.size),
        hidden=dict(single.hidden),
        equations=list(single.equations),
        known={},
    )
    found: dict[Cell, tuple[int, int]] = {}
    for number, (table, masked) in enumerate(zip(tables, hidden, strict=True)):
        if not (every or _says_more(table, masked, single)):
            continue
        cells = cells_of(table)
        sizes = table.students("cohort").tolist()
        for place, (cell, counts) in enumerate(count_cells(table, single.own, single.pieces)):
            found[cell] = (number, place)
            joint.atoms[cell], joint.size[cell] = np.array(counts.atoms), sizes[place]
            own = {name for name in single.own.counts if masked[place] or name not in SHOWN}
            joint.hidden[cell] = own | {name for name in counts.hidden if "|" in name}
        for axis, name in enumerate(table.name):
            parts: dict[str, set[Cell]] = {}
            for cell, group in zip(cells, table.groups, strict=True):
                parts.setdefault(group[axis], set()).add(cell)
            joint.equations.extend(
                (frozenset(part), frozenset({(name, group)})) for group, part in parts.items()
            )
    return found, joint


def _says_more(table: Table, masked: Flags, single: Masking) -> bool:
    """Whether a published cell belongs to a group of which something is hidden: all others vary with their margins."""
    shown = ~masked
    for piece in single.pieces:
        shown |= np.array([not SHOWN & piece.cells[cell].hidden for cell in cells_of(table)])
    return any(
        single.hidden[name, label]
        for group, shows in zip(table.groups, shown, strict=True)
        if shows
        for name, label in zip(table.name, group, strict=True)
    )
