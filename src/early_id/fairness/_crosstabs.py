"""Which cells of two crossed attributes may be published beside the published groups of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from early_id.fairness._exposure import Masking
from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from early_id.fairness._counts import Table

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The published counts of a crossed cell are sums of these parts; one mask holds for all of them.
PARTS = ("reached", "missed", "negative")
SENSITIVE: Mapping[str, tuple[str, ...]] = {
    "eligible": PARTS,
    "positive": ("reached", "missed"),
    "negative": ("negative",),
    "reached": ("reached",),
    "missed": ("missed",),
}
# More rows than any county has, few enough for the 32 bits of the flow solver.
_AT_WILL = 2**29
SHOWN_COUNTS = ("eligible", "positive", "reached")
#: What is published of a crossed cell, in rows and in students.
SHOWN = {*SHOWN_COUNTS, "outcome_student"}


@dataclass
class _Grid:
    """A crossed table as a rectangle; cells no student belongs to count as known to be empty.

    One extra row and column stand for margins that are not published: they take up any difference.
    """

    parts: dict[str, Floats]
    small: dict[str, Floats]
    hidden: Flags
    size: Floats


def mask_crossed(table: Table, masking: Masking, also: Flags | None = None) -> Flags:
    """Decide per cell of a crossed table whether it stays hidden; `also` marks cells that are hidden in any case.

    A cell is hidden when it or a part of it concerns 1–10 distinct students, or when the counts of either of
    its groups are hidden; then the smallest neighbours are hidden too, until the margins leave every hidden
    cell open. Hiding every cell of a hidden group is what keeps the single attributes as safe as they were.
    """
    rows, columns = (sorted({group[axis] for group in table.groups}) for axis in (0, 1))
    place = (
        np.array([rows.index(group[0]) for group in table.groups]),
        np.array([columns.index(group[1]) for group in table.groups]),
    )
    grid = _grid(table, masking, rows, columns, place)
    if also is not None:
        grid.hidden[place] |= also
    while (beside := _beside_exposed(grid)) is not None:
        if not _hide_smallest(grid, beside):
            grid.hidden[:-1, :-1] |= grid.size[:-1, :-1] > 0
            break
    return np.asarray(grid.hidden[place])


def _grid(
    table: Table, masking: Masking, rows: list[str], columns: list[str], place: tuple[np.ndarray, np.ndarray]
) -> _Grid:
    shape = (len(rows) + 1, len(columns) + 1)

    def spread(values: npt.ArrayLike) -> Floats:
        filled = np.zeros(shape)
        filled[place] = values
        return filled

    cohort = table.students("cohort")
    closed = [
        np.array([not masking.shown((name, group), *SHOWN_COUNTS) for group in labels])
        for name, labels in zip(table.name, (rows, columns), strict=True)
    ]
    hidden = spread(cohort <= THRESHOLD) > 0
    students = {measure: spread(table.students(measure)) for measure in SENSITIVE}
    for counts in students.values():
        hidden |= (counts > 0) & (counts <= THRESHOLD)
    present = spread(cohort) > 0
    hidden[:-1, :-1] |= (closed[0][:, None] | closed[1][None, :]) & present[:-1, :-1]
    hidden[:-1, -1], hidden[-1, :-1], hidden[-1, -1] = closed[0], closed[1], True
    parts = {part: spread(table.total(part)) for part in PARTS}
    for values in parts.values():
        values[-1, :] = values[:, -1] = np.inf
    return _Grid(parts, students, hidden, spread(cohort))


def _beside_exposed(grid: _Grid) -> Flags | None:
    """Mark the cells of which one more must be hidden: those in line with an exposed cell; none when all is safe."""
    inner = grid.hidden[:-1, :-1]
    beside = np.zeros_like(grid.hidden)
    # A cell hidden alone in its line is disclosed by the margin; that is quick to see and goes first.
    lone_rows = inner.any(axis=1) & (grid.hidden[:-1].sum(axis=1) == 1)
    lone_columns = inner.any(axis=0) & (grid.hidden[:, :-1].sum(axis=0) == 1)
    if lone_rows.any():
        beside[np.argmax(lone_rows)] = True
        return beside
    if lone_columns.any():
        beside[:, np.argmax(lone_columns)] = True
        return beside
    for row, column in np.argwhere(inner):
        if _is_exposed(grid, row, column):
            beside[row], beside[:, column] = True, True
            return beside
    return None


def _is_exposed(grid: _Grid, row: int, column: int) -> bool:
    # A cell whose two groups are both unpublished appears in no equation.
    if grid.hidden[row, -1] and grid.hidden[-1, column]:
        return False
    needs: list[tuple[tuple[str, ...], float]] = [(PARTS, 1.0)]
    for measure, parts in SENSITIVE.items():
        students = grid.small[measure][row, column]
        if 0 < students <= THRESHOLD:
            rows_each = max(1.0, sum(grid.parts[part][row, column] for part in parts) / students)
            needs.append((parts, THRESHOLD * rows_each))
    return any(not _is_open(grid, row, column, parts, need) for parts, need in needs)


def _is_open(grid: _Grid, row: int, column: int, parts: tuple[str, ...], need: float) -> bool:
    """Whether the margins leave the sum of the parts open by `need` rows; the parts vary independently."""
    if sum(_swap_width(grid, part, row, column) for part in parts) >= need:
        return True
    return sum(_width(grid, part, row, column) for part in parts) >= need


def _swap_width(grid: _Grid, part: str, row: int, column: int) -> float:
    """Width by the best single swap of four hidden cells: never more than `_width`, and much quicker to find."""
    values = np.where(grid.hidden, grid.parts[part], -np.inf)
    beside = np.minimum(np.delete(values[row], column)[None, :], np.delete(values[:, column], row)[:, None])
    opposite = np.delete(np.delete(values, row, axis=0), column, axis=1)
    possible = (beside >= 0) & (opposite >= 0)
    down = np.minimum(opposite[possible], grid.parts[part][row, column])
    return float((beside[possible] + down).max(initial=0))


def _width(grid: _Grid, part: str, row: int, column: int) -> float:
    """Largest minus smallest value the margins allow for one part of a hidden cell.

    Raising a cell means lowering others around a cycle of hidden cells: a flow through a graph whose nodes
    are the rows and columns, where a cell can be raised at will and lowered down to 0.
    """
    n_rows, n_columns = grid.hidden.shape
    r, c = np.nonzero(grid.hidden)
    values = np.minimum(grid.parts[part][r, c], _AT_WILL).astype(np.int32)
    own = (r == row) & (c == column)
    present = int(values[own][0])
    r, c, values = r[~own], c[~own], values[~own]
    tail, head = np.concatenate([r, c + n_rows]), np.concatenate([c + n_rows, r])
    room = np.concatenate([np.full(len(r), _AT_WILL, dtype=np.int32), values])
    graph = csr_array((room, (tail, head)), shape=(n_rows + n_columns,) * 2)
    up = maximum_flow(graph, column + n_rows, row).flow_value
    down = min(present, maximum_flow(graph, row, column + n_rows).flow_value)
    return float(up + down)


def _hide_smallest(grid: _Grid, beside: Flags) -> bool:
    """Hide one more cell: where it closes a cycle of hidden cells if it can, of these the smallest."""
    candidates = np.argwhere(beside & ~grid.hidden & (grid.size > 0))
    if not len(candidates):
        return False
    row, column = candidates.T
    touched = [np.asarray(grid.hidden.any(axis=axis)) for axis in (1, 0)]
    closes = touched[0][row] & touched[1][column]
    best = np.lexsort((grid.size[row, column], ~closes))[0]
    grid.hidden[row[best], column[best]] = True
    return True
