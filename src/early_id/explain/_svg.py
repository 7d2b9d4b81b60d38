"""Plots as pictures in a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    import shap
    from matplotlib.figure import Figure

    from early_id.explain._levels import Level
    from early_id.models import AdditiveModel

#: A plot of bars shows so many; more nobody reads.
MOST_BARS = 20
_MOST_TERMS, _ACROSS = 12, 4


def importance_svg(frame: pd.DataFrame, *, level: Level = "feature") -> bytes:
    """Draw what `global_importance` computed as SVG, the same bytes every time.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `global_importance`.
    level : {"feature", "concept", "domain"}

    Returns
    -------
    bytes
    """
    from early_id.explain._plots import plot_importance

    bars = min(int((frame["level"] == level).sum()), MOST_BARS)
    figure = new_figure(8, 0.3 * bars + 1.2)
    plot_importance(frame, figure.subplots(), level=level)
    return figure_svg(figure)


def beeswarm_svg(document: AdditiveModel, X: pd.DataFrame) -> bytes:
    """Draw `beeswarm_points` of a document's scores as SVG, the same bytes every time."""
    from early_id.explain._beeswarm import beeswarm_points, plot_beeswarm

    points = beeswarm_points(document, X)
    figure = new_figure(8, 0.35 * points["feature"].nunique() + 1.2)
    plot_beeswarm(points, figure.subplots())
    return figure_svg(figure)


def waterfall_svg(row: shap.Explanation, *, scale: Literal["log-odds", "probability"] = "log-odds") -> bytes:
    """Draw `plot_waterfall` of one row as SVG, the same bytes every time."""
    from early_id.explain._waterfall import plot_waterfall

    figure = new_figure(8, 4)
    plot_waterfall(row, figure.subplots(), scale=scale)
    return figure_svg(figure)


def against_svg(frame: pd.DataFrame, *, names: tuple[str, str]) -> bytes:
    """Draw `compare_importance` as SVG, the same bytes every time."""
    from early_id.explain._against import plot_against

    figure = new_figure(8, 0.3 * min(len(frame), MOST_BARS) + 1.2)
    plot_against(frame, figure.subplots(), names=names)
    return figure_svg(figure)


def terms_svg(
    document: AdditiveModel, X: pd.DataFrame | None = None, *, intervals: pd.DataFrame | None = None
) -> bytes:
    """Draw the tables of the twelve features whose values move the score most, one plot each, the widest first.

    With rows `X` grey bars show how many students have which values, with `intervals` a shade how sure the table is.
    """
    from early_id.explain._plots import plot_term

    spread = {
        name: max(max(period.terms[j].values) - min(period.terms[j].values) for period in document.periods)
        for j, name in enumerate(document.feature_names)
    }
    names = sorted(spread, key=lambda name: -spread[name])[:_MOST_TERMS]
    down = -(-len(names) // _ACROSS)
    figure = new_figure(4 * _ACROSS, 3 * down)
    # A layout that is found by trying takes seconds for so many plots.
    figure.set_layout_engine("none")
    room = {
        "left": 0.05,
        "right": 0.99,
        "top": 1 - 0.1 / down,
        "bottom": 0.25 / down,
        "wspace": 0.3,
        "hspace": 0.4,
    }
    grid = figure.subplots(down, _ACROSS, squeeze=False, gridspec_kw=room).ravel()
    for name, axes in zip(names, grid, strict=False):
        plot_term(document, name, axes, X=X, intervals=intervals)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    return figure_svg(figure)


def new_figure(width: float, height: float) -> Figure:
    """Make a figure of its own, in inches: no window opens and no global state stays behind."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def figure_svg(figure: Figure) -> bytes:
    """Write a figure as SVG with the alternative texts of its plots as its title, the same bytes every time."""
    import matplotlib as mpl

    from early_id.explain._alt import alt_text

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "early_id"}):
        title = {"Title": text} if (text := alt_text(figure)) else {}
        figure.savefig(buffer, format="svg", metadata={"Date": None, **title})
    return buffer.getvalue()
