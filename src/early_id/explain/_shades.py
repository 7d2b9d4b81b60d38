"""How sure a table is, and how many students it concerns: shades behind the line of a term."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.explain._beeswarm import FEW
from early_id.explain._rows import students_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from early_id.models import Term

_BARS, _HEIGHT = 20, 0.18


def draw_spread(axes: Axes, term: Term, intervals: pd.DataFrame, shade: str) -> None:
    """Shade the intervals of a table; `intervals` are the rows of one term, the unknown last."""
    known = intervals.iloc[:-1]
    low, high = known["low"].to_numpy(), known["high"].to_numpy()
    if term.kind == "category":
        axes.vlines([str(code) for code in term.categories], low, high, color=shade, alpha=0.4)
    elif term.kind == "linear":
        # A knot is the start of the piece after it.
        axes.fill_between(term.edges, low[1:], high[1:], color=shade, alpha=0.2, linewidth=0)
    else:
        axes.stairs(high, step_edges(term), baseline=low, fill=True, color=shade, alpha=0.2, linewidth=0)


def step_edges(term: Term) -> list[float]:
    """Give the ends of the steps, with room beyond the first and the last edge."""
    low, high = (term.edges[0], term.edges[-1]) if term.edges else (0.0, 1.0)
    room = 0.1 * (high - low) or 1.0
    return [low - room, *term.edges, high + room]


def draw_density(axes: Axes, X: pd.DataFrame, feature: str) -> None:
    """Draw grey bars at the bottom: the higher, the more students have such values."""
    column = X[feature]
    if not pd.api.types.is_numeric_dtype(column):
        return
    values = column.to_numpy(dtype=np.float64)
    low, high = axes.get_xlim()
    known = (values >= low) & (values <= high)
    if not known.any():
        return
    edges = np.linspace(low, high, _BARS + 1)
    if np.all(values[known] % 1 == 0):
        # A bar for so many whole numbers each: others would hold one more or one fewer by chance.
        wide = max(1.0, np.ceil((high - low) / _BARS))
        edges = np.arange(np.floor(low), high + wide, wide) - 0.5
    bars = len(edges) - 1
    place = np.clip(np.searchsorted(edges, values[known], side="right") - 1, 0, bars - 1)
    students = pd.Series(pd.factorize(students_of(X)[known])[0])
    counts = students.groupby(place).nunique().reindex(range(bars), fill_value=0)
    rows = np.bincount(place, minlength=bars).astype(np.float64)
    rows[(counts <= FEW).to_numpy()] = 0
    if rows.max() > 0:
        below = axes.get_xaxis_transform()
        widths = np.diff(edges)
        axes.bar(
            edges[:-1],
            _HEIGHT * rows / rows.max(),
            widths,
            align="edge",
            color="0.85",
            transform=below,
            zorder=-1,
        )
        axes.set_xlim(low, high)
