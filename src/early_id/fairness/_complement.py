"""Whether the rate of everyone outside a group may be printed as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._counts import RATES
from early_id.fairness._publish import CLIP, CLIP_BELOW, NEEDS
from early_id.fairness._scheme import OUTCOME, SCORING, THRESHOLD, is_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from early_id.fairness._counts import Floats, Table

Key = tuple[str, str, str]


def printable_complements(tables: Sequence[Table], ceiling_other: dict[tuple[str, str], float]) -> set[Key]:
    """List (metric, attribute, group) where the rate of all others may stand beside the group's own.

    All others are a group like any other: a count of theirs that concerns 1–10 students, or a rate below 5 % or
    above 95 % of fewer than 100 students, is not printed, and neither is a gap or ratio that gives it away. With
    two groups "all others" is the other group itself. `ceiling_other` is their reach with hindsight.
    """
    found: set[Key] = set()
    for table in tables:
        name, groups = " × ".join(table.name), [" × ".join(group) for group in table.groups]
        hidden = _hidden_counts(table)
        shares = {metric: _rate_outside(table, metric) for metric in RATES}
        shares["ceiling_recall"] = np.array([ceiling_other.get((name, group), np.nan) for group in groups])
        for metric, share in shares.items():
            few = table.students_outside("positive" if metric == "ceiling_recall" else RATES[metric][1])
            clipped = (few < CLIP_BELOW) & ((share < CLIP) | (share > 1 - CLIP))
            shown = ~clipped & ~np.any([hidden[count] for count in NEEDS[metric]], axis=0)
            found |= {(metric, name, group) for group, ok in zip(groups, shown, strict=True) if ok}
    return found


def _hidden_counts(table: Table) -> dict[str, npt.NDArray[np.bool_]]:
    """Mark, per count and cell, where that count of all others is masked."""
    hidden: dict[str, npt.NDArray[np.bool_]] = {}
    few = table.students_outside("cohort") <= THRESHOLD
    for scheme in (OUTCOME, SCORING):
        everyone = next(iter(scheme.counts))
        size = table.students_outside(everyone)
        for count in scheme.counts:
            hidden[count] = few | is_few(size)
        for measure, counts in scheme.hides.items():
            students = table.students_outside(measure)
            for count in counts:
                hidden[count] = hidden[count] | is_few(students)
    return hidden


def _rate_outside(table: Table, metric: str) -> Floats:
    k, n = (table.total(name) for name in RATES[metric])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((k.sum() - k) / (n.sum() - n), dtype=np.float64)
