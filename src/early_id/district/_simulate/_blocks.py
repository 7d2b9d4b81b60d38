"""Blocks: a county lives in parts of some thousand students, so that its size costs time and not memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._schools import Schools
from early_id.district._simulate._settings import Settings


@dataclass(frozen=True)
class Block:
    """A part of a home district that lives by itself: its `slots` are the students enrolled at a time."""

    district: int
    part: int
    slots: int

    @property
    def key(self) -> int:
        """Name of the block's random numbers; that of a district's first block is the district's number."""
        return self.district + 100 * self.part


def draw_blocks(settings: Settings, schools: Schools) -> tuple[Block, ...]:
    """Part every district into as few blocks of about one size as the limit allows."""
    blocks = []
    for district, slots in enumerate(_slots(settings, schools).tolist()):
        parts = max(1, -(-slots // settings.block))
        blocks += [Block(district, part, slots // parts + (part < slots % parts)) for part in range(parts)]
    return tuple(blocks)


def _slots(settings: Settings, schools: Schools) -> npt.NDArray[np.int64]:
    """Students of every district, by its number of schools; the largest remainders get the students left over."""
    share = np.bincount(schools.district, minlength=settings.districts) / settings.schools * settings.students
    whole = np.floor(share).astype(np.int64)
    rest = np.argsort(whole - share, kind="stable")[: settings.students - int(whole.sum())]
    whole[rest] += 1
    return whole
