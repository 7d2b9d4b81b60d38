"""Which few features a card is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._periods import Ints
    from early_id.models._sheet import Sheet
    from early_id.models._terms import Floats


def choose_features(
    sheets: Sequence[Sheet], folds: Sequence[Ints], concepts: Sequence[str], most: int, width: int
) -> list[int]:
    """Take one feature after the other, the one that lowers the log loss of students not fitted to most.

    Parameters
    ----------
    sheets : sequence of Sheet
        One per period, without points; they hold the points of the chosen features afterwards.
    folds : sequence of ndarray
        Fold of each row of each sheet; all 0: gains are those on the rows fitted to.
    concepts : sequence of str
        What each feature is about; of each concept at most one feature is taken.
    most : int
        Most features.
    width : int
        Most points of a feature in either direction.

    Returns
    -------
    list of int
        At least one feature, in the order in which they were taken. The choice ends where no feature lowers the log
        loss of every fold, over all periods.
    """
    n_folds = 1 + max(int(fold.max()) for fold in folds)
    chosen: list[int] = []
    open_ = list(range(len(concepts)))
    while open_ and len(chosen) < most:
        gains = np.array([_gains(sheets, folds, j, n_folds, width) for j in open_])
        helps = (gains > 1e-9).all(axis=1)
        if not helps.any() and chosen:
            break
        best = open_[int(np.argmax(np.where(helps | ~helps.any(), gains.sum(axis=1), -np.inf)))]
        chosen.append(best)
        open_ = [j for j in open_ if concepts[j] != concepts[best]]
        for sheet in sheets:
            sheet.used = chosen
            sheet.settle(2 * width, shift=width)
    return chosen


def _gains(sheets: Sequence[Sheet], folds: Sequence[Ints], j: int, n_folds: int, width: int) -> Floats:
    parts = [sheet.gains(j, fold, n_folds, width) for sheet, fold in zip(sheets, folds, strict=True)]
    gained: Floats = np.sum(parts, axis=0)
    return gained
