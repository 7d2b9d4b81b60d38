"""Two plots: what matters overall, and what one feature does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from early_id.exceptions import ConfigError, DataError, did_you_mean
from early_id.explain._svg import new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from early_id.models import AdditiveModel, Period, Term

_MOST_BARS = 20


def plot_importance(frame: pd.DataFrame, ax: Axes | None = None, *, level: str = "feature") -> Axes:
    """Draw what moves the scores most.

    Parameters
    ----------
    frame : DataFrame
        From `global_importance`.
    ax : matplotlib Axes, optional
        Drawn into; default: a new figure.
    level : {"feature", "concept", "domain"}

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the frame has no rows of that level.
    """
    rows = frame[frame["level"] == level].nlargest(_MOST_BARS, "importance", keep="first")
    if rows.empty:
        msg = f"Expected rows of the level {level!r}, got none; levels are 'feature', 'concept' and 'domain'."
        raise DataError(msg)
    axes = new_axes(ax)
    axes.barh(range(len(rows)), rows["importance"], color="#31688e")
    axes.set_yticks(range(len(rows)), rows["name"].str.replace("_", " ").tolist())
    axes.invert_yaxis()
    axes.set_xlabel("mean absolute contribution to the score (log-odds)")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def plot_term(document: AdditiveModel, feature: str, ax: Axes | None = None) -> Axes:
    """Draw what one feature adds to the score, one line per period of the school year.

    Parameters
    ----------
    document : AdditiveModel
    feature : str
    ax : matplotlib Axes, optional
        Drawn into; default: a new figure.

    Returns
    -------
    Axes
        Log-odds against the average training row of the period; a dashed line is the value where the feature
        is unknown.

    Raises
    ------
    ConfigError
        If the document has no such feature.
    """
    names = list(document.feature_names)
    if feature not in names:
        msg = f"Expected a feature of the document, got {feature!r}; {did_you_mean(feature, names)}"
        raise ConfigError(msg)
    position = names.index(feature)
    info = document.features[position]
    axes = new_axes(ax)
    shades = [f"C{i}" for i in range(len(document.periods))]
    for shade, period in zip(shades, document.periods, strict=True):
        _draw(axes, period.terms[position], _days(period), shade)
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_xlabel(feature.replace("_", " ") + (f" ({info.unit})" if info.unit else ""))
    axes.set_ylabel("added to the score (log-odds)")
    if len(document.periods) > 1:
        axes.legend(title="school days", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _draw(axes: Axes, term: Term, name: str, shade: str) -> None:
    values = [value - term.mean for value in term.values]
    if term.kind == "category":
        axes.plot([str(code) for code in term.categories], values, "o", color=shade, label=name)
    elif term.kind == "linear":
        axes.plot(term.edges, values, color=shade, label=name)
    else:
        low, high = (term.edges[0], term.edges[-1]) if term.edges else (0.0, 1.0)
        room = 0.1 * (high - low) or 1.0
        axes.stairs(values, [low - room, *term.edges, high + room], baseline=None, color=shade, label=name)
    if not math.isclose(term.missing, term.mean):
        axes.axhline(term.missing - term.mean, color=shade, linestyle="--", linewidth=0.8)


def _days(period: Period) -> str:
    return f"{period.from_day} on" if period.to_day is None else f"{period.from_day} to {period.to_day - 1}"


def new_axes(ax: Axes | None) -> Axes:
    """Give the axes to draw into: those given, or of a new figure."""
    if ax is not None:
        return ax
    return new_figure(7, 4).add_subplot()
