"""Earlier releases as the masks of a new audit need them: what stays hidden, and what every reader knows already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import WEEKS_AHEAD, list_at_capacity, rank_in_school
from early_id.fairness._crosstabs import SHOWN
from early_id.fairness._differences import add_differences, few_by_cell
from early_id.fairness._groups import PLACES
from early_id.fairness._release import SCHEMES, Release, piece_of
from early_id.fairness._ties import count_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from early_id.evaluation import Capacity
    from early_id.fairness._counted import Counted
    from early_id.fairness._exposure import Masking
    from early_id.fairness._release import Piece
    from early_id.fairness._scheme import Cell, Flags
    from early_id.fairness._suppression import Hidden


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

    `count`: of how many releases. `lists`: the real lists of these very scores. `sizes`: the other sizes that were
    published of them, in percent; None where none were.
    """

    told: Mapping[str, Told] = field(default_factory=dict)
    masked: Mapping[str, set[Cell]] = field(default_factory=dict)
    sizes: frozenset[int] | None = None
    count: int = 0
    lists: tuple[Flags, ...] = ()

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
    closed: dict[str, Hidden] = {name: {} for name in SCHEMES}
    masked: dict[str, set[Cell]] = {}
    sizes: frozenset[int] | None = None
    lists: list[Flags] = []
    before = own.before(releases)
    for release in before:
        # How many students a group has, and how many have no score, hangs on no outcome.
        same = release.label == own.label
        names = list(SCHEMES) if same else ["not_scored"]
        for name, cells in release.masked.items():
            if same or name == "term:not_scored":
                masked.setdefault(name, set()).update(cells)
        for name in names:
            for cell, counts in release.pieces[name].cells.items():
                closed[name].setdefault(cell, set()).update(counts.hidden)
        drawn = _lists(release, own, rows)
        if drawn and same:
            lists.append(drawn[0])
            own_sizes = frozenset(release.sizes)
            sizes = own_sizes if sizes is None else sizes & own_sizes
        for place, listed in enumerate(drawn if same else ()):
            _close(closed, _few(counted, listed, rows, real=place == 0))
        if all(_agrees(release.pieces[name], own.pieces[name]) for name in names):
            for name in names:
                piece = release.pieces[name]
                shifts = drawn and name == "recall"
                pieces[name].append(add_differences(piece, counted, drawn[0]) if shifts else piece)
    told = {name: Told(tuple(pieces[name]), closed[name]) for name in SCHEMES}
    return Earlier(told, masked, sizes, len(before), tuple(lists))


def lists_before(releases: Sequence[Release], own: Release, rows: pd.DataFrame) -> list[Flags]:
    """Draw again all lists of the same scores whose numbers were published before."""
    return [flags for release in own.before(releases) for flags in _lists(release, own, rows)]


def capacities_before(releases: Sequence[Release], own: Release) -> list[Capacity]:
    """Give the sizes at which these scores were audited before by the same outcome."""
    return [
        release.capacity
        for release in own.before(releases)
        if release.capacity is not None and (release.scores, release.label) == (own.scores, own.label)
    ]


def _lists(release: Release, own: Release, rows: pd.DataFrame) -> list[Flags]:
    """Draw the lists of a release again, the real one first, then those of other sizes; none if it had other scores."""
    if release.capacity is None or release.scores != own.scores:
        return []
    sizes = [release.capacity, *(f"{size}%" for size in release.sizes)]
    return [list_at_capacity(rows, size).to_numpy() for size in sizes]


def _few(counted: Counted, listed: Flags, rows: pd.DataFrame, *, real: bool) -> Iterator[dict[str, Hidden]]:
    """List what would tell of few beside another list of the same scores: of the real one everything is printed."""
    ahead = (
        rows["weeks_ahead"].to_numpy(dtype=np.float64) if counted.knows_weeks_ahead else np.zeros(len(rows))
    )
    for table in (counted.everyone, *counted.singles, *(counted.crossed if real else ())):
        if real or table.name[0] not in PLACES:
            yield few_by_cell(counted, table, listed, ahead >= WEEKS_AHEAD)


def _close(closed: dict[str, Hidden], found: Iterator[dict[str, Hidden]]) -> None:
    for by_scheme in found:
        for name, cells in by_scheme.items():
            for cell, counts in cells.items():
                closed[name].setdefault(cell, set()).update(counts)


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
    scores, rest = _digests(rows, drawn=capacity is not None)
    return Release(label, years, capacity, scores, rest, gaps, pieces, (), {})


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


def _digests(rows: pd.DataFrame, *, drawn: bool) -> tuple[str, str]:
    """Name the order the scores give, and the rest of the rows, in whatever order they come."""
    keys = pd.DataFrame(
        {
            "names": pd.util.hash_pandas_object(rows[["student_id", "school_id"]], index=False),
            "as_of": pd.to_datetime(rows["as_of"]).astype("datetime64[us]").astype("int64"),
        }
    )
    rest = keys.assign(
        listed=rows["listed"].astype("bool"),
        onset=rows["onset"].astype("bool"),
        label=rows["label"].astype("float64"),
        ahead=rows["weeks_ahead"].astype("float64") if "weeks_ahead" in rows else np.nan,
    )
    return _digest(keys.assign(order=rank_in_school(rows) if drawn else rows["score"])), _digest(rest)


def _digest(frame: pd.DataFrame) -> str:
    found = np.sort(pd.util.hash_pandas_object(frame, index=False).to_numpy())
    return hashlib.sha256(found.tobytes()).hexdigest()
