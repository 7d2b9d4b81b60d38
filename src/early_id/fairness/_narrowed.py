"""What else is hidden where a count stays too narrow although no other group can be hidden with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from early_id.fairness._partner import TRIALS, harm
from early_id.fairness._scheme import EVERYONE
from early_id.fairness._system import Shown, System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._exposure import Masking, Need
    from early_id.fairness._scheme import Cell


def hide_bound(masking: Masking, needs: Sequence[Need]) -> bool:
    """Hide one of the published counts between which an exposed one is narrowed, at the least harm.

    A masked count lies between others: those missed are at most those with the outcome less those reached early. With
    the same count hidden in every group of the attribute only these are left. Of the published counts that the ends
    of the range rest on the first that opens it goes, or else the one that opens it furthest.
    """
    for need in needs:
        if candidates := _candidates(masking, need):
            cell, count = _best(masking, need, candidates)
            masking.hidden[cell].add(count)
            return True
    return False


def _candidates(masking: Masking, need: Need) -> list[Shown]:
    """List what could be hidden, least harm first.

    Where the published total by itself leaves too little room nothing said of the groups matters: of the total, all but
    its size may go for its own sake. For the sake of a group it may not.
    """
    counts = list(masking.scheme.counts)
    total = System.of(replace(masking, equations=[], known={}), [EVERYONE]).ends(EVERYONE, need.form).range
    narrow = (total.width if need.cell == EVERYONE else total.high) < need.least
    if narrow and need.cell != EVERYONE:
        return []
    found = {
        shown
        for shown in masking.system(need.cell).narrowed_by(need.cell, need.form)
        if shown.name not in masking.scheme.settled
    }
    if narrow:
        return [Shown(EVERYONE, count) for count in counts[:0:-1] if (EVERYONE, count) in found]

    def loss(shown: Shown) -> tuple[bool, int, tuple[bool, int, int, Cell]]:
        # The counts of a scheme are in the order in which they are needed.
        return (
            shown.cell in masking.gaps,
            -counts.index(shown.name),
            harm(masking, need.cell, shown.cell),
        )

    return sorted((shown for shown in found if shown.cell != EVERYONE), key=loss)


def _best(masking: Masking, need: Need, candidates: Sequence[Shown]) -> Shown:
    """Choose the first that opens the range as far as is asked, else the one that opens it furthest."""
    widest, best = -1.0, candidates[0]
    for shown in candidates[:TRIALS]:
        masking.hidden[shown.cell].add(shown.name)
        width = masking.system(need.cell).ends(need.cell, need.form).range.width
        masking.hidden[shown.cell].remove(shown.name)
        if width >= need.least:
            return shown
        if width > widest:
            widest, best = width, shown
    return best
