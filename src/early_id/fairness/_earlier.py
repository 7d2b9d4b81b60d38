"""Earlier releases as the masks of a new audit need them: what stays hidden, and what every reader knows already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import list_at_capacity
from early_id.fairness._crosstabs import SHOWN
from early_id.fairness._differences import add_differences, few_by_cell
from early_id.fairness._groups import PLACES
from early_id.fairness._release import SCHEMES, Release, piece_of
from early_id.fairness._ties import count_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.evaluation import Capacity
    from early_id.fairness._counted import Counted
    from early_id.fairness._exposure import Masking
    from early_id.fairness._release import Piece
    from early_id.fairness._scheme import Cell, Flags


@dataclass(frozen=True)
class Told:
    """What was published of the counts of one scheme.

    `pieces`: releases of the same students and outcomes, whose counts are known beside the new ones. `closed`: what
    any release hid, and what would tell of few beside the lists of one.
    """

    pieces: tuple[Piece, ...] = ()
    closed: Mapping[Cell, set[str]] = field(default_factory=dict)


NONE = Told()


@dataclass(frozen=True)
class Earlier:
    """What was published before, by scheme; `masked`: what was hidden elsewhere, by name as in a release.

    `count`: of how many releases. `sizes`: the other sizes that were published of these very scores, in percent; None
    where none were.
    """

    told: Mapping[str, Told] = field(default_factory=dict)
    masked: Mapping[str, set[Cell]] = field(default_factory=dict)
    sizes: frozenset[int] | None = None
    count: int = 0

    def of(self, scheme: str) -> Told:
        """Give what was published of one scheme."""
        return self.told.get(scheme, NONE)


NOTHING = Earlier()


def look_back(releases: Sequence[Release], own: Release, counted: Counted, rows: pd.DataFrame) -> Earlier:
    """Prepare earlier releases for the masks of an audit of these rows; `own` is what it counted.

    Whatever a release hid stays hidden. Where it is of the same students and outcomes (every group has the same size
    and as many with the outcome) its counts are put beside the new ones, so that nothing follows from both together.
    Where it is of the same scores too, by whom its lists differ is asked of every group.
    """
    pieces: dict[str, list[Piece]] = {name: [] for name in SCHEMES}
    closed: dict[str, dict[Cell, set[str]]] = {name: {} for name in SCHEMES}
    masked: dict[str, set[Cell]] = {}
    sizes: frozenset[int] | None = None
    before = own.before(releases)
    for release in before:
        for name, cells in release.masked.items():
            masked.setdefault(name, set()).update(cells)
        for name, piece in release.pieces.items():
            for cell, counts in piece.cells.items():
                closed[name].setdefault(cell, set()).update(counts.hidden)
        drawn = _lists(release, own, rows)
        if drawn:
            own_sizes = frozenset(release.sizes)
            sizes = own_sizes if sizes is None else sizes & own_sizes
        for table in counted.singles:
            for other in drawn[1:] if table.name[0] not in PLACES else ():
                for cell, names in few_by_cell(counted, table, other).items():
                    closed["recall"].setdefault(cell, set()).update(names)
        if all(_agrees(piece, own.pieces[name]) for name, piece in release.pieces.items()):
            for name, piece in release.pieces.items():
                shifts = drawn and name == "recall"
                pieces[name].append(add_differences(piece, counted, drawn[0]) if shifts else piece)
    told = {name: Told(tuple(pieces[name]), closed[name]) for name in SCHEMES}
    return Earlier(told, masked, sizes, len(before))


def lists_before(releases: Sequence[Release], own: Release, rows: pd.DataFrame) -> list[Flags]:
    """Draw again all lists of the same scores whose numbers were published before."""
    return [flags for release in own.before(releases) for flags in _lists(release, own, rows)]


def _lists(release: Release, own: Release, rows: pd.DataFrame) -> list[Flags]:
    """Draw the lists of a release again, the real one first, then those of other sizes; none if it had other scores."""
    if release.capacity is None or release.scores != own.scores:
        return []
    sizes = [release.capacity, *(f"{size}%" for size in release.sizes)]
    return [list_at_capacity(rows, size).to_numpy() for size in sizes]


def _agrees(piece: Piece, own: Piece) -> bool:
    """Whether both count the same cells and as many in each, apart from what lists move."""
    return piece.cells.keys() == own.cells.keys() and all(
        piece.total(cell, name) == own.total(cell, name) for cell in own.cells for name in own.equal
    )


def count_release(
    counted: Counted, rows: pd.DataFrame, *, label: str, capacity: Capacity | None, gaps: frozenset[Cell]
) -> Release:
    """Count what an audit of these rows could release; nothing of it is hidden yet."""
    pieces = {}
    for name, scheme in SCHEMES.items():
        # Of who has a score only single groups are printed.
        crossed = [] if name == "not_scored" else counted.crossed
        tables = [counted.everyone, *counted.singles, *crossed]
        pieces[name] = piece_of(
            name, {cell: own for table in tables for cell, own in count_cells(table, scheme, ())}
        )
    years = tuple(sorted({int(year) for year in rows["school_year"]})) if "school_year" in rows else ()
    return Release(label, years, capacity, _digest(rows), gaps, pieces, (), {})


def hide(
    release: Release,
    masks: Mapping[str, Masking],
    crossed: Mapping[Cell, bool],
    sizes: tuple[int, ...],
    masked: Mapping[str, set[Cell]],
) -> Release:
    """Say of a release what is hidden; `crossed`: whether each crossed cell is; `masked`: what is hidden elsewhere."""
    pieces = {}
    for name, piece in release.pieces.items():
        cells = {}
        for cell, counts in piece.cells.items():
            own = frozenset(piece.scheme.counts)
            if cell in crossed:
                hidden = own - (frozenset() if crossed[cell] else SHOWN)
            else:
                hidden = own & masks[name].hidden[cell]
            cells[cell] = replace(counts, hidden=hidden)
        pieces[name] = piece_of(name, cells)
    elsewhere = {name: frozenset(cells) for name, cells in masked.items()}
    return replace(release, pieces=pieces, sizes=sizes, masked=elsewhere)


def _digest(rows: pd.DataFrame) -> str:
    """Name the scores of these rows, in whatever order they come."""
    keys = pd.util.hash_pandas_object(rows[["student_id", "school_id", "as_of", "score"]], index=False)
    return hashlib.sha256(np.sort(keys.to_numpy()).tobytes()).hexdigest()
