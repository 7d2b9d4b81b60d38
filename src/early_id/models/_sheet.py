"""Rows counted by cell, and the whole points that fit them best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from early_id.models._terms import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._periods import Ints

# Half of it times the squared log-odds, counted from the feature's mean, is what a cell costs: a cell of hundreds of
# rows does not feel it, and a cell of two rows says little.
SHRINK = 1.0
SMALLEST_SCALE = 1e-3
ROUNDS = 20


class Sheet:
    """Points of every cell, and counts that say which other points would be better.

        log-odds = intercept + scale · Σ points of the row's cells

    Parameters
    ----------
    cells : ndarray of shape (n, q)
        Cell of each row in each feature: bins in order, and then unknown.
    sizes, directions : sequence of int, length q
        Cells of each feature, and 1, −1 or 0: how points may move from bin to bin. Unknown is free.
    weight, events : ndarray of shape (n,)
        Weight of all rows and of those with the outcome.
    scale : float
        Log-odds of a point.

    Examples
    --------
    >>> sheet = Sheet(np.array([[0], [1]]), [3], [1], np.array([100.0, 100.0]), np.array([20.0, 80.0]), scale=1.0)
    >>> sheet.settle(width=1, rescale=True)
    >>> sheet.points[0][:2].tolist(), round(sheet.scale, 1)
    ([0, 1], 2.5)
    """

    def __init__(
        self,
        cells: npt.NDArray[np.integer],
        sizes: Sequence[int],
        directions: Sequence[int],
        weight: Floats,
        events: Floats,
        scale: float,
    ) -> None:
        self.cells, self.sizes, self.directions = cells, tuple(sizes), tuple(directions)
        self.weight, self.events = weight, events
        self.points: list[Ints] = [np.zeros(size, dtype=np.intp) for size in sizes]
        self.total: Ints = np.zeros(len(cells), dtype=np.intp)
        share = float((events.sum() + 0.5) / (weight.sum() + 1.0))
        self.intercept, self.scale = float(np.log(share / (1 - share))), scale
        self.used: list[int] = list(range(len(self.sizes)))  # features that may have points
        self._held: dict[int, Floats] = {}

    def put(self, points: Sequence[Ints]) -> None:
        """Begin from given points."""
        self.points = [np.asarray(own, dtype=np.intp) for own in points]
        self.total = np.zeros(len(self.cells), dtype=np.intp)
        for j, own in enumerate(self.points):
            self.total += own[self.cells[:, j]]

    def settle(self, width: int, *, shift: int = 1, rescale: bool = False) -> None:
        """Give one feature after the other the points with the least loss, until nothing moves.

        Parameters
        ----------
        width : int
            Most points between the lowest and the highest cell of a feature.
        shift : int, default=1
            Points by which a whole feature may move at a time; what is found begins at 0, and the intercept moves.
        rescale : bool, default=False
            Fit intercept and scale at first and after every round; otherwise the scale stays.
        """
        for _ in range(ROUNDS):
            if rescale:
                self._rescale()
            moved = [self._improve(j, width, shift) for j in self.used]
            if not any(moved):
                return

    def loss(self) -> float:
        """Log loss of all rows in nats, plus what the cells cost."""
        count, events = self._by_total()
        eta = self.intercept + self.scale * np.arange(len(count))
        spread = sum(self._spread(j) for j in range(len(self.sizes)))
        return float(count @ np.logaddexp(0.0, eta) - events @ eta + SHRINK / 2 * self.scale**2 * spread)

    def gains(self, j: int, fold: Ints, n_folds: int, width: int) -> Floats:
        """By how much the log loss of each fold would fall by points for feature j, fitted to the other folds.

        A single fold is fitted to itself. The feature must have no points yet.
        """
        size = self.sizes[j]
        count, events, low = self._counts(j, self.total, fold.astype(np.intp) * size, n_folds * size)
        shape = (n_folds, size, count.shape[-1])
        count, events = count.reshape(shape), events.reshape(shape)
        levels = np.arange(-width, width + 1)
        other_count, other_events = count, events
        if n_folds > 1:
            other_count, other_events = count.sum(axis=0) - count, events.sum(axis=0) - events
        cost = self._cost(other_count, other_events, low, levels) + SHRINK / 2 * (self.scale * levels) ** 2
        best = _cheapest(cost, self.directions[j])
        own = self._cost(count, events, low, levels)
        found = np.take_along_axis(own, best[..., None], axis=-1)[..., 0]
        gained: Floats = (own[..., width] - found).sum(axis=-1)
        return gained

    def _improve(self, j: int, width: int, shift: int) -> bool:
        own = self.points[j]
        rest = self.total - own[self.cells[:, j]]
        count, events, low = self._counts(j, rest)
        levels = np.arange(-shift, width + shift + 1)
        cost = self._cost(count, events, low, levels)
        cost += SHRINK / 2 * (self.scale * (levels - self._mean(j))) ** 2
        cells = np.arange(len(own))
        now, found = float(cost[cells, own + shift].sum()), own
        for start in (0, shift, 2 * shift):
            window = cost[:, start : start + width + 1]
            choice = _cheapest(window, self.directions[j])
            reached = float(window[cells, choice].sum())
            if reached < now - 1e-9 * (1.0 + abs(now)):
                now, found = reached, choice + (start - shift)
        if found is own:
            return False
        self.intercept += self.scale * int(found.min())
        self.points[j] = found - found.min()
        self.total = rest + self.points[j][self.cells[:, j]]
        return True

    def _counts(
        self, j: int, total: Ints, above: Ints | int = 0, rows: int = 0
    ) -> tuple[Floats, Floats, int]:
        """Count rows and events by cell and total."""
        low = int(total.min())
        width = int(total.max()) - low + 1
        place = (self.cells[:, j] + above) * width + (total - low)
        shape = (rows or self.sizes[j], width)
        n = shape[0] * width
        count, events = _sums(place, self.weight, n), _sums(place, self.events, n)
        return count.reshape(shape), events.reshape(shape), low

    def _cost(self, count: Floats, events: Floats, low: int, levels: Ints) -> Floats:
        """Log loss of each cell at each level of points."""
        eta = self.intercept + self.scale * (low + np.arange(count.shape[-1])[:, None] + levels)
        cost: Floats = count @ np.logaddexp(0.0, eta) - events @ eta
        return cost

    def _by_total(self) -> tuple[Floats, Floats]:
        return _sums(self.total, self.weight), _sums(self.total, self.events)

    def _mean(self, j: int) -> float:
        if j not in self._held:
            self._held[j] = _sums(self.cells[:, j], self.weight, self.sizes[j])
        return float(np.average(self.points[j], weights=self._held[j]))

    def _spread(self, j: int) -> float:
        return float(((self.points[j] - self._mean(j)) ** 2).sum())

    def _rescale(self) -> None:
        """Fit intercept and scale by Newton's method with step halving."""
        count, events = self._by_total()
        points = np.arange(len(count), dtype=np.float64)
        if len(count) == 1:
            return
        spread = SHRINK * sum(self._spread(j) for j in range(len(self.sizes)))
        beta = np.array([self.intercept, self.scale])
        design = np.column_stack([np.ones_like(points), points])

        def loss(beta: Floats) -> float:
            eta = design @ beta
            return float(count @ np.logaddexp(0.0, eta) - events @ eta + spread / 2 * beta[1] ** 2)

        now = loss(beta)
        for _ in range(50):
            p = expit(design @ beta)
            gradient = design.T @ (count * p - events) + [0.0, spread * beta[1]]
            hessian = (design * (count * p * (1 - p))[:, None]).T @ design + np.diag([1e-12, spread + 1e-12])
            step = np.linalg.solve(hessian, gradient)
            size = 1.0
            while (new := loss(beta - size * step)) > now and size > 1e-6:
                size /= 2
            if new > now:
                break
            beta, gained, now = beta - size * step, now - new, new
            if gained <= 1e-12 * (1.0 + abs(now)):
                break
        self.intercept, self.scale = float(beta[0]), max(float(beta[1]), SMALLEST_SCALE)


def _cheapest(cost: Floats, direction: int) -> Ints:
    """Choose a level for each cell at the least cost in all, moving in the direction from bin to bin.

    Parameters
    ----------
    cost : ndarray of shape (..., n_cells, n_levels)
        The last cell is unknown, which is free.
    direction : {1, −1, 0}

    Returns
    -------
    ndarray of shape (..., n_cells)

    Examples
    --------
    >>> _cheapest(np.array([[0.0, 9.0], [5.0, 0.0], [0.0, 4.0], [1.0, 0.0]]), 1).tolist()
    [0, 1, 1, 1]
    """
    choice: Ints = cost.argmin(axis=-1)
    if direction:
        known = cost[..., -2::-1, :] if direction < 0 else cost[..., :-1, :]
        rising = _rising(known)
        choice[..., :-1] = rising[..., ::-1] if direction < 0 else rising
    return choice


def _rising(cost: Floats) -> Ints:
    """Choose levels that never fall from cell to cell: dynamic programming over the cells."""
    n_cells, n_levels = cost.shape[-2:]
    levels = np.arange(n_levels)
    reached, before = cost[..., 0, :], []
    for i in range(1, n_cells):
        low = np.minimum.accumulate(reached, axis=-1)
        new = np.concatenate([np.ones_like(low[..., :1], dtype=bool), low[..., 1:] < low[..., :-1]], axis=-1)
        before.append(np.maximum.accumulate(np.where(new, levels, 0), axis=-1))
        reached = low + cost[..., i, :]
    choice = np.empty(cost.shape[:-1], dtype=np.intp)
    choice[..., -1] = reached.argmin(axis=-1)
    for i in range(n_cells - 1, 0, -1):
        choice[..., i - 1] = np.take_along_axis(before[i - 1], choice[..., i, None], axis=-1)[..., 0]
    return choice


def counted(
    cells: npt.NDArray[np.integer], sizes: Sequence[int], weight: Floats, events: Floats
) -> tuple[npt.NDArray[np.integer], Floats, Floats]:
    """Add up rows that lie in the same cells.

    Returns
    -------
    cells, weight, events
        As given, one row per combination that occurs, in order.

    Examples
    --------
    >>> counted(np.array([[1, 0], [0, 0], [1, 0]]), [2, 1], np.ones(3), np.array([1.0, 0.0, 0.0]))[1].tolist()
    [1.0, 2.0]
    """
    code = np.zeros(len(cells), dtype=np.intp)
    for j, size in enumerate(sizes):
        code = np.unique(code * size + cells[:, j], return_inverse=True)[1]
    _, first = np.unique(code, return_index=True)
    return cells[first], _sums(code, weight), _sums(code, events)


def _sums(place: npt.NDArray[np.integer], weight: Floats, n: int = 0) -> Floats:
    """Add up weights by place."""
    return np.bincount(place, weight, n).astype(np.float64, copy=False)
