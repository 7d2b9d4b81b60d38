"""How the published counts of a group hang together, and which of them small numbers give away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

THRESHOLD = 10
Flags = npt.NDArray[np.bool_]
Cell = tuple[str, str]
EVERYONE: Cell = ("all", "everyone")


def is_few(students: npt.NDArray[np.int64]) -> Flags:
    """Say where a count is of 1–10 students: sensitive, which none at all is not."""
    return (students > 0) & (students <= THRESHOLD)


@dataclass(frozen=True)
class Scheme:
    """How the counts of a cell hang together.

    `atoms`: exclusive parts; `counts`: each publishable count as a 0/1 form over the atoms; `hides`: for each
    sensitive measure, the counts that must go when it concerns 1–10 students; `forms`: measures over the
    atoms. `settled`: counts whose fate is decided elsewhere: they are not hidden for the sake of another; `instead`
    names, for some of them, what is hidden in their place. `ties`: forms that are zero in every cell, as all know.
    """

    atoms: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    forms: Mapping[str, tuple[int, ...]]
    hides: Mapping[str, tuple[str, ...]]
    settled: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict)
    ties: tuple[tuple[int, ...], ...] = ()

    def to_hide(self, *counts: str) -> frozenset[str]:
        """Give what may be hidden for the sake of these counts: themselves, or all there is where they are settled."""
        meant = frozenset(self.instead.get(count, count) for count in counts)
        return meant - self.settled or frozenset(self.counts) - self.settled


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
# Distinct students, not rows: how many of those with the outcome were listed early enough, later, or never.
EARLY = Scheme(
    atoms=("early_student", "later_student", "never_student"),
    counts={"outcome_student": (1, 1, 1), "once_student": (1, 1, 0), "early_student": (1, 0, 0)},
    forms={
        "early_student": (1, 0, 0),
        "late_student": (0, 1, 1),
        "once_student": (1, 1, 0),
        "never_student": (0, 0, 1),
        "later_student": (0, 1, 0),
    },
    hides={
        "early_student": ("early_student",),
        "late_student": ("early_student",),
        "once_student": ("once_student", "early_student"),
        "never_student": ("once_student",),
        "later_student": ("early_student",),
    },
)
