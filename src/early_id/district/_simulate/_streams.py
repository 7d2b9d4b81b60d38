"""Streams of random numbers: every stage of every block and year has its own seed."""

from __future__ import annotations

from typing import Literal

import numpy as np

Stage = Literal[
    "calendar", "schools", "roster", "traits", "year", "incidents", "attendance", "grades", "feed", "records",
    "enrollments", "groups", "supports", "outcomes", "bias",
]  # fmt: skip
_STAGES: tuple[str, ...] = Stage.__args__  # type: ignore[attr-defined]


def stream(seed: int, stage: Stage, *key: int) -> np.random.Generator:
    """Random numbers of one stage of one place and year.

    A stream depends on nothing but its name, so the county may be simulated in any order and in any chunks.

    >>> float(stream(7, "grades", 1).random()) == float(stream(7, "grades", 1).random())
    True
    """
    place = (_STAGES.index(stage), *key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))
