"""Which crossed cells are hidden because, beside the single groups, they would narrow what is hidden of these.

A group may show how many were reached and hide how many early. Its crossed cells are published, and in each of them at
most those reached were reached early; with what is known of a group that they cross, that narrows the hidden number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._crosstabs import SHOWN_COUNTS, mask_crossed
from early_id.fairness._exposure import Masking, needs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._counts import Table
    from early_id.fairness._crosstabs import Flags
    from early_id.fairness._scheme import Cell

#: What is published of a crossed cell, in rows and in students.
SHOWN = {*SHOWN_COUNTS, "outcome_student"}


def mask_all_crossed(tables: Sequence[Table], masking: Masking, *others: Masking) -> list[Flags]:
    """Decide per cell of each crossed table whether it stays hidden, so that no single group is narrowed by them.

    Each table for itself first, by what `masking` hides of the groups. Then all that is published is asked at once
    whether what `masking` and `others` left open still is. Where it is not, the smallest of the crossed cells that
    narrow it is hidden, and with it what its margins would give away. With all hidden no table narrows a group.
    """
    hidden = [mask_crossed(table, masking) for table in tables]
    for single in (masking, *others):
        while (found := _narrowing(tables, hidden, single)) is not None:
            table, place = found
            hidden[table][place] = True
            hidden[table] = mask_crossed(tables[table], masking, hidden[table])
    return hidden


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
            narrowing = {shown.cell for shown in system.narrowed_by(*need[:2])} & places.keys()
            if narrowing:
                return places[min(narrowing, key=lambda crossed: (joint.size[crossed], places[crossed]))]
    return None


def _with_crossed(
    tables: Sequence[Table], hidden: Sequence[Flags], single: Masking
) -> tuple[dict[Cell, tuple[int, int]], Masking]:
    """Add the cells of the crossed tables, and that each group is the sum of its own; also where each is found."""
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
        if not _says_more(table, masked, single):
            continue
        cells = [(" × ".join(table.name), str(place)) for place in range(table.size)]
        rows = np.column_stack([table.total(atom) for atom in single.scheme.atoms])
        for place, (cell, size) in enumerate(zip(cells, table.students("cohort").tolist(), strict=True)):
            found[cell] = (number, place)
            joint.atoms[cell], joint.size[cell] = rows[place], size
            joint.hidden[cell] = {name for name in single.scheme.counts if masked[place] or name not in SHOWN}
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
    return any(
        single.hidden[name, label]
        for group, hides in zip(table.groups, masked, strict=True)
        if not hides
        for name, label in zip(table.name, group, strict=True)
    )
