"""Which further group is hidden to protect a small one: the one whose numbers are missed least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.fairness._exposure import is_exposed
from early_id.fairness._gaps import MIN_DENOMINATOR, MIN_STUDENTS
from early_id.fairness._groups import UNKNOWN
from early_id.fairness._scheme import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._exposure import Masking, Need
    from early_id.fairness._scheme import Cell

#: Values of a yes-or-no attribute that say a student does not belong to the group it is named after.
NO = frozenset({"no", "n", "false"})
# Nearly always the first or second partner protects; a county of hundreds of schools is not tried one by one.
TRIALS = 12


def hide_partner(masking: Masking, needs: Sequence[Need]) -> bool:
    """Hide the same counts in another group that shares a sum with the exposed one, at the least harm.

    Of the groups that protect the cell by themselves the one goes first that is missed least: "unknown", then the "no"
    of a yes-or-no attribute, then a group too small to be judged anyway, then the largest; another attribute only
    if its own has none. Where no single group protects it, one of the tightest sum is hidden and the search goes on:
    a partner outside it would leave the exposed cell as exposed as it was. A group with a gap is hidden only when
    there is no other left, so that a gap that is found is printed with its number. Size, name and a printed gap are
    all the choice depends on.
    """
    cell, counts = needs[0].cell, set[str]().union(*(need.counts for need in needs))
    candidates = _candidates(masking, cell, counts)
    if not candidates:
        return False
    harmless = [other for other in candidates if other not in masking.gaps]
    chosen = next((other for other in harmless[:TRIALS] if _protects(masking, cell, counts, other)), None)
    if chosen is None:
        chosen = min(
            harmless or candidates, key=lambda other: (candidates[other], harm(masking, cell, other))
        )
    masking.hidden[chosen] |= counts
    return True


def _candidates(masking: Masking, cell: Cell, counts: set[str]) -> dict[Cell, int]:
    """List what could be hidden, least harm first, with the size of the tightest sum it shares with the cell."""
    tightest: dict[Cell, int] = {}
    for left, right in masking.equations:
        cells = left | right
        if cell not in cells:
            continue
        members = sum(member[0] == cell[0] for member in cells)
        for other in cells:
            if other not in (cell, EVERYONE) and not counts <= masking.hidden[other]:
                tightest[other] = min(members, tightest.get(other, members))
    order = sorted(
        tightest, key=lambda other: (other[0] != cell[0], tightest[other], harm(masking, cell, other))
    )
    return {other: tightest[other] for other in order}


def harm(masking: Masking, cell: Cell, other: Cell) -> tuple[bool, int, int, Cell]:
    """Rank how much is lost with a count of the other cell that is hidden to protect the first."""
    size = masking.size[other]
    judged = size >= MIN_STUDENTS and masking.students[other].get("positive", size) >= MIN_DENOMINATOR
    name = other[1].casefold()
    kind = 0 if name == UNKNOWN else 1 if name in NO else 2 if not judged else 3
    return (other[0] != cell[0], kind, -size, other)


def _protects(masking: Masking, cell: Cell, counts: set[str], other: Cell) -> bool:
    """Whether hiding the counts in this one other group would leave the cell open."""
    added = counts - masking.hidden[other]
    masking.hidden[other] |= added
    protects = not is_exposed(masking, cell)
    masking.hidden[other] -= added
    return protects
