from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from early_id.fairness._attack import feasible_range
from early_id.fairness._crosstabs import _AT_WILL, _Grid, _swap_width, _width

SHAPE = (3, 4)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int64, SHAPE, elements=st.integers(0, 30)),
    arrays(np.bool_, SHAPE),
    arrays(np.bool_, 3),
    arrays(np.bool_, 4),
    st.tuples(st.integers(0, 2), st.integers(0, 3)),
)
def test_width_by_flow_is_the_width_by_linear_programming(values, hidden, open_rows, open_columns, cell):
    hidden[cell] = True
    if open_rows[cell[0]] and open_columns[cell[1]]:
        open_rows[cell[0]] = False
    framed = np.pad(hidden, ((0, 1), (0, 1)), constant_values=True)
    framed[:-1, -1], framed[-1, :-1] = open_rows, open_columns
    parts = np.pad(values.astype(float), ((0, 1), (0, 1)), constant_values=np.inf)
    grid = _Grid({"reached": parts}, {}, framed, parts)
    inner = np.argwhere(hidden)
    lines = [inner[:, 0] == row for row in np.flatnonzero(~open_rows)]
    lines += [inner[:, 1] == column for column in np.flatnonzero(~open_columns)]
    sums = [values[tuple(inner[line].T)].sum() for line in lines]
    exact = feasible_range(lines, sums, (inner == cell).all(axis=1)).width
    found = _width(grid, "reached", *cell)
    assert _swap_width(grid, "reached", *cell) <= exact
    assert found == exact or (np.isinf(exact) and found >= _AT_WILL / 2)
