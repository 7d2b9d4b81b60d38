"""Two models side by side on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from early_id.explain._alt import describe
from early_id.explain._levels import Level, summed
from early_id.explain._plots import new_axes
from early_id.explain._rows import check_rows
from early_id.explain._svg import MOST_BARS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from early_id.models import AdditiveModel


def compare_importance(
    document: AdditiveModel, other: AdditiveModel, X: pd.DataFrame, *, level: Level = "feature"
) -> pd.DataFrame:
    """Say what moves the scores of two models on the same rows.

    Parameters
    ----------
    document, other : AdditiveModel
    X : DataFrame of shape (n, ...)
        With the features of both.
    level : {"feature", "concept", "domain"}

    Returns
    -------
    DataFrame
        name, first, second: mean absolute Shapley value in log-odds, missing where a model does not use it; the
        largest difference first, of equal ones what moves scores most.

    Raises
    ------
    DataError
        If `X` has no rows, or lacks a feature of either.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=0.0)
    >>> mark = Term("mark", "step", edges=(60.0,), values=(0.25, -0.25), missing=0.0, mean=0.0)
    >>> one = AdditiveModel("l", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> two = AdditiveModel("l", [FeatureInfo("mark")], [Period(0, None, -1.0, (mark,))])
    >>> compare_importance(one, two, pd.DataFrame({"absent": [3.0], "mark": [50.0]})).to_numpy().tolist()
    [['absent', 1.0, nan], ['mark', nan, 0.25]]
    """
    check_rows(X)
    sides = {
        name: summed(one, one.shapley_values(X), level).abs().mean()
        for name, one in (("first", document), ("second", other))
    }
    frame = pd.DataFrame(sides)
    apart = (frame["first"].fillna(0) - frame["second"].fillna(0)).abs()
    order = pd.DataFrame({"apart": apart.round(9), "largest": frame.max(axis=1)})
    order = order.sort_values(["apart", "largest"], ascending=False, kind="stable")
    return frame.loc[order.index].rename_axis("name").reset_index()


def plot_against(
    frame: pd.DataFrame, ax: Axes | None = None, *, names: tuple[str, str] = ("this model", "the other")
) -> Axes:
    """Draw `compare_importance`: a line per feature from one model to the other, the largest difference first.

    Parameters
    ----------
    frame : DataFrame
    ax : matplotlib Axes, optional
        Drawn into; default: a new figure.
    names : tuple of two str
        What the models are called.

    Returns
    -------
    Axes
        Its label is the alternative text.
    """
    rows = frame.head(MOST_BARS)
    axes = new_axes(ax)
    lines = range(len(rows))
    axes.hlines(lines, rows["first"].fillna(0), rows["second"].fillna(0), color="0.8", linewidth=2, zorder=0)
    for column, name, shade, sign in (
        ("first", names[0], "#31688e", "o"),
        ("second", names[1], "#d08a00", "D"),
    ):
        axes.scatter(rows[column], lines, color=shade, marker=sign, s=24, label=name)
    axes.set_yticks(lines, rows["name"].str.replace("_", " ").tolist())
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("mean absolute contribution to the score (log-odds); no mark: not used")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(
        f"{name}: {_size(first)} and {_size(second)}"
        for name, first, second in rows[["name", "first", "second"]].itertuples(index=False)
    )
    describe(axes, f"What moves the scores of {names[0]} and of {names[1]}, log-odds. {told}.")
    return axes


def _size(value: float) -> str:
    return "not used" if pd.isna(value) else f"{value:.2f}"
