"""Two plots: what matters overall, and what one feature does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from early_id.exceptions import ConfigError, DataError, did_you_mean
from early_id.explain._alt import describe
from early_id.explain._shades import draw_density, draw_spread, step_edges
from early_id.explain._svg import MOST_BARS, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from early_id.models import AdditiveModel, Period, Term


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
    rows = frame[frame["level"] == level].nlargest(MOST_BARS, "importance", keep="first")
    if rows.empty:
        msg = f"Expected rows of the level {level!r}, got none; levels are 'feature', 'concept' and 'domain'."
        raise DataError(msg)
    axes = new_axes(ax)
    axes.barh(range(len(rows)), rows["importance"], color="#31688e")
    axes.set_yticks(range(len(rows)), rows["name"].str.replace("_", " ").tolist())
    axes.invert_yaxis()
    axes.set_xlabel("mean absolute contribution to the score (log-odds)")
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(
        f"{name}: {size:.2f}" for name, size in rows[["name", "importance"]].itertuples(index=False)
    )
    describe(axes, f"What moves the scores, by {level}, mean absolute contribution in log-odds. {told}.")
    return axes


def plot_term(
    document: AdditiveModel,
    feature: str,
    ax: Axes | None = None,
    *,
    X: pd.DataFrame | None = None,
    intervals: pd.DataFrame | None = None,
) -> Axes:
    """Draw what one feature adds to the score, one line per period of the school year.

    Parameters
    ----------
    document : AdditiveModel
    feature : str
    ax : matplotlib Axes, optional
        Drawn into; default: a new figure.
    X : DataFrame, optional
        Rows of students: grey bars show how many have which values. A bar of ten students or fewer is not drawn.
    intervals : DataFrame, optional
        From `early_id.models.term_intervals`: a shade shows how far the table would move had other students been
        drawn to learn from.

    Returns
    -------
    Axes
        Log-odds against the average training row of the period; a dashed line is the value where the feature
        is unknown. Its label is the alternative text.

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
    own = None if intervals is None else intervals[intervals["feature"] == feature]
    for shade, period in zip(shades, document.periods, strict=True):
        _draw(axes, period.terms[position], _days(period), shade)
        if own is not None:
            draw_spread(axes, period.terms[position], own[own["from_day"] == period.from_day], shade)
    if X is not None:
        draw_density(axes, X, feature)
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_xlabel(feature.replace("_", " ") + (f" ({info.unit})" if info.unit else ""))
    axes.set_ylabel("added to the score (log-odds)")
    if len(document.periods) > 1:
        axes.legend(title="school days", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(
        f"school days {_days(period)}: {_range(period.terms[position])}" for period in document.periods
    )
    if own is not None:
        drawn = own.groupby("from_day").head(-1)  # without the unknown
        widest = float((drawn["high"] - drawn["low"]).max())
        told += f". A shade is the 90 % interval over resampled students; it is at most {widest:.2f} wide"
    describe(axes, f"What {feature.replace('_', ' ')} adds to the score, log-odds. {told}.")
    return axes


def _range(term: Term) -> str:
    """Say the ends of a table in words, and where it is highest."""
    values = [value - term.mean for value in term.values]
    if term.kind == "category":
        return ", ".join(f"{code} {value:+.2f}" for code, value in zip(term.categories, values, strict=True))
    return f"from {values[0]:+.2f} for the lowest values to {values[-1]:+.2f} for the highest"


def _draw(axes: Axes, term: Term, name: str, shade: str) -> None:
    values = [value - term.mean for value in term.values]
    if term.kind == "category":
        axes.plot([str(code) for code in term.categories], values, "o", color=shade, label=name)
    elif term.kind == "linear":
        axes.plot(term.edges, values, color=shade, label=name)
    else:
        axes.stairs(values, step_edges(term), baseline=None, color=shade, label=name)
    if not math.isclose(term.missing, term.mean):
        axes.axhline(term.missing - term.mean, color=shade, linestyle="--", linewidth=0.8)


def _days(period: Period) -> str:
    return f"{period.from_day} on" if period.to_day is None else f"{period.from_day} to {period.to_day - 1}"


def new_axes(ax: Axes | None) -> Axes:
    """Give the axes to draw into: those given, or of a new figure."""
    if ax is not None:
        return ax
    return new_figure(7, 4).add_subplot()
