"""Which numbers of the alternatives may be printed: no difference of two lists may tell of ten students or fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._publish import DIGITS
from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import numpy.typing as npt
    import pandas as pd

    from early_id.fairness._mitigation import Changed, Lists

    Bools = npt.NDArray[np.bool_]

_OF_A_GROUP = ("group_recall", "gap", "gap_change")
_OF_A_LIST = ("precision", "recall", "overlap", "precision_change", "recall_change")


def publish_mitigation(
    changed: Changed, lists: Lists, *, printed: Collection[str], other_lists: Iterable[Bools]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mask the frames of `compute_mitigation`.

    Parameters
    ----------
    changed : Changed
    lists : Lists
    printed : collection of str
        Groups of the attribute whose recall, and that of all others, the audit prints.
    other_lists : iterable of array of bool
        Lists whose numbers are printed elsewhere, over the rows of `lists`.

    Returns
    -------
    lists, groups : DataFrame
        Rounded; missing where a number may not be printed.

    Notes
    -----
    A number of a list is printed if more than ten students, or none, stand behind what it counts and what it leaves,
    and if the same holds of the students by whom the list differs from every other printed one: among all, and in
    every part of the attribute that is printed or can be had by subtraction.
    """
    codes = [code for code, name in enumerate(lists.attribute.groups) if name in printed]
    known = [*other_lists, lists.listed[0]]
    whole, shown = (
        np.zeros(len(lists.names), dtype=bool),
        np.zeros((len(lists.names), len(codes)), dtype=bool),
    )
    for place, own in enumerate(lists.listed):
        parts = [lists.positive, ~lists.positive]
        whole[place] = all(_may_print(lists, own, part, known) for part in parts)
        if not whole[place]:
            continue
        shown[place, :] = _groups_to_print(lists, own, codes, known)
        known.append(own)
    frame = _rounded(changed.lists, whole, _OF_A_LIST)
    size = len(lists.attribute.groups)
    cells = np.zeros((len(lists.names), size), dtype=bool)
    cells[:, codes] = shown
    return frame, _rounded(changed.groups, cells.ravel(), _OF_A_GROUP)


def _groups_to_print(lists: Lists, own: Bools, codes: list[int], known: list[Bools]) -> list[bool]:
    """Say which of the groups may be printed, so that those that are not cannot be had by subtraction."""
    allowed = {
        code
        for code in codes
        if _may_print(lists, own, lists.among(code), known)
        and _may_print(lists, own, lists.positive & (lists.group != code), known)
    }
    # All that is not printed is known together: the total less what is printed.
    for code in sorted(allowed, key=lambda code: lists.students(lists.among(code))):
        rest = lists.positive & ~np.isin(lists.group, list(allowed))
        if _may_print(lists, own, rest, known):
            break
        allowed.discard(code)
    return [code in allowed for code in codes]


def _may_print(lists: Lists, own: Bools, part: Bools, known: list[Bools]) -> bool:
    """Whether a part may be printed of a list: nothing it counts, leaves or changes is of 1 to 10 students."""
    return not (
        _few(lists, part & own)
        or _few(lists, part & ~own)
        or any(_few(lists, part & (own != other)) for other in known)
    )


def _few(lists: Lists, rows: Bools) -> bool:
    return 0 < lists.students(rows) <= THRESHOLD


def _rounded(frame: pd.DataFrame, shown: Bools, names: tuple[str, ...]) -> pd.DataFrame:
    numbers = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    out = frame.copy()
    out[numbers] = frame[numbers].round(DIGITS).where(np.repeat(shown[:, None], len(numbers), axis=1))
    return out
