from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.models._sheet import Sheet, _cheapest, counted

costs = st.lists(st.lists(st.floats(0, 10), min_size=3, max_size=3), min_size=2, max_size=5)


@given(costs, st.sampled_from([-1, 0, 1]))
def test_the_cheapest_levels_are_those_found_by_trying_all(cost, direction):
    cost = np.array(cost)
    cells = np.arange(len(cost))
    found = _cheapest(cost, direction)
    best = min(
        cost[cells, list(levels)].sum()
        for levels in itertools.product(range(3), repeat=len(cost))
        if direction == 0 or (np.diff(levels[:-1]) * direction >= 0).all()
    )
    assert direction == 0 or (np.diff(found[:-1]) * direction >= 0).all()
    assert cost[cells, found].sum() == np.float64(best) or abs(cost[cells, found].sum() - best) < 1e-12


def test_many_tables_at_once_are_as_one_after_the_other():
    cost = np.random.default_rng(0).random((4, 6, 5))
    for direction in (-1, 0, 1):
        one_by_one = [_cheapest(part, direction) for part in cost]
        np.testing.assert_array_equal(_cheapest(cost, direction), one_by_one)


def sheet_of(seed: int) -> Sheet:
    rng = np.random.default_rng(seed)
    sizes, n = [4, 3], 60
    cells = np.column_stack([rng.integers(0, size, n) for size in sizes])
    weight = rng.integers(1, 30, n).astype(float)
    events = np.floor(weight * rng.random(n))
    return Sheet(cells, sizes, [1, -1], weight, events, 0.3)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_no_points_of_one_feature_would_be_better(seed):
    """Every monotone choice of one feature's points beside the others, with its best intercept and scale as found."""
    sheet = sheet_of(seed)
    sheet.settle(width=3, rescale=True)
    reached, kept = sheet.loss(), list(sheet.points)
    for j, sign in enumerate((1, -1)):
        mean = sheet._mean(j)
        for levels in itertools.product(range(4), repeat=sheet.sizes[j]):
            if (np.diff(levels[:-1]) * sign < 0).any():
                continue
            sheet.put([np.array(levels) if i == j else own for i, own in enumerate(kept)])
            # The mean the squares are counted from is that of the points before the move.
            spread = sum(
                float(((own - (mean if i == j else sheet._mean(i))) ** 2).sum())
                for i, own in enumerate(sheet.points)
            )
            true = sum(sheet._spread(i) for i in range(2))
            assert sheet.loss() + (spread - true) * sheet.scale**2 / 2 >= reached - 1e-6 * (1 + abs(reached))
        sheet.put(kept)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_counting_like_rows_changes_no_loss(seed):
    sheet = sheet_of(seed)
    cells, weight, events = counted(sheet.cells, sheet.sizes, sheet.weight, sheet.events)
    assert len({tuple(row) for row in cells}) == len(cells) <= 12
    other = Sheet(cells, sheet.sizes, [1, -1], weight, events, 0.3)
    for one in (sheet, other):
        one.put([np.array([0, 1, 2, 1]), np.array([3, 0, 1])])
    assert abs(sheet.loss() - other.loss()) < 1e-9 * sheet.loss()


def test_gains_are_what_the_points_bring_on_the_rows_left_out():
    """With two folds of the same rows, a gain is the fall of the loss after fitting to the other fold."""
    sheet = sheet_of(0)
    n = len(sheet.cells)
    twice = Sheet(
        np.vstack([sheet.cells] * 2),
        sheet.sizes,
        [1, -1],
        np.tile(sheet.weight, 2),
        np.tile(sheet.events, 2),
        0.3,
    )
    twice.intercept = sheet.intercept
    gains = twice.gains(0, np.repeat([0, 1], n), 2, 10)
    np.testing.assert_allclose(gains[0], gains[1])
    np.testing.assert_allclose(gains[:1], sheet.gains(0, np.zeros(n, dtype=np.intp), 1, 10))
    assert gains[0] > 0
