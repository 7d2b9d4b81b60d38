"""A beeswarm without students: where Shapley values of each feature lie, in dots that stand for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from early_id.explain._rows import check_rows, students_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from early_id.models import AdditiveModel

#: A dot of ten students or fewer would be a number about them.
FEW = 10
_DOTS, _MOST_FEATURES, _COLUMNS = 200, 20, 80


def beeswarm_points(document: AdditiveModel, X: pd.DataFrame) -> pd.DataFrame:
    """Gather the Shapley values of rows into dots that tell of no student.

    Answers which values of a feature push scores up or down, how far, and how many rows.

    Parameters
    ----------
    document : AdditiveModel
    X : DataFrame of shape (n, ...)
        As for `explain`. Students are told by the index level `student_id`; without it every row is one student.

    Returns
    -------
    DataFrame
        For the 20 features that move scores most, the first the most: feature, log_odds (Shapley value, two digits),
        shade (mean rank of the feature's values, 0 lowest to 1 highest; missing where the value is unknown), dots
        (about 200 per feature, in proportion to the rows). Values that ten students or fewer have are put together
        with their neighbours, at the mean of all of them. Each feature is gathered by itself, so dots of two features
        cannot be put together to a student.

    Raises
    ------
    DataError
        If `X` has no rows.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> X = pd.DataFrame({"absent": [0.0] * 30 + [3.0] * 20 + [None] * 5})
    >>> beeswarm_points(document, X)[["log_odds", "dots"]].to_numpy().tolist()  # five unknown: too few
    [[-0.5, 109.0], [1.0, 73.0]]
    """
    check_rows(X)
    values = document.shapley_values(X)
    students = students_of(X)
    most = values.abs().mean().nlargest(_MOST_FEATURES, keep="first").index
    parts = [_dots(name, values[name], X[name], students) for name in most]
    return pd.concat(parts, ignore_index=True)


def _dots(name: str, values: pd.Series, given: pd.Series, students: pd.Index) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "log_odds": values.to_numpy().round(2) + 0.0,
            "shade": given.rank(pct=True).to_numpy(),
            "student": students,
        }
    )
    known = rows["shade"].notna()
    cells = [*_cells(rows[known]), *_cells(rows[~known])]
    found = pd.DataFrame(
        {
            "feature": name,
            "log_odds": [round(float(cell["log_odds"].mean()), 2) for cell in cells],
            "shade": [round(float(cell["shade"].mean()), 2) for cell in cells],
            "dots": [max(1, round(len(cell) * _DOTS / len(rows))) for cell in cells],
        }
    )
    return found.sort_values("log_odds", kind="stable")


def _cells(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Cut rows by their Shapley value; neighbours are joined until each cell is of more than ten students."""
    cells: list[list[pd.DataFrame]] = []
    inside: set[object] = set()
    for _, part in rows.groupby("log_odds"):
        if cells and len(inside) <= FEW:
            cells[-1].append(part)
        else:
            cells.append([part])
            inside = set()
        inside.update(part["student"].unique())
    if len(cells) > 1 and len(inside) <= FEW:
        last = cells.pop()
        cells[-1] += last
    elif len(inside) <= FEW:
        return []
    return [pd.concat(parts) for parts in cells]


def plot_beeswarm(points: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what `beeswarm_points` gathered: a line of dots per feature; dark: a low value, grey: unknown."""
    import matplotlib as mpl

    from early_id.explain._alt import describe
    from early_id.explain._plots import new_axes

    axes = new_axes(ax)
    names = list(points["feature"].unique())
    width = max(float(points["log_odds"].max() - points["log_odds"].min()), 1e-9) / _COLUMNS
    colours = mpl.colormaps["viridis"]
    for line, name in enumerate(names):
        own = points[points["feature"] == name]
        own = own.loc[own.index.repeat(own["dots"])]
        place = own.groupby((own["log_odds"] / width).round()).cumcount()
        # 0, 1, −1, 2, −2, …: dots of one value stand around the line.
        off = (place + 1) // 2 * (1 - 2 * (place % 2))
        step = 0.4 / max(int(off.abs().max()), 8)
        unknown = own["shade"].isna()
        paint = [*colours(own["shade"].fillna(0))]
        paint = ["0.6" if grey else colour for grey, colour in zip(unknown, paint, strict=True)]
        axes.scatter(own["log_odds"], line + off * step, c=paint, s=6, linewidths=0)
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(names)), [str(name).replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("Shapley value (log-odds); dark: low values of the feature, bright: high, grey: unknown")
    axes.spines[["top", "right"]].set_visible(False)
    ends = points.groupby("feature", sort=False)["log_odds"].agg(["min", "max"])
    told = "; ".join(f"{name}: {low:+.2f} to {high:+.2f}" for name, low, high in ends.itertuples())
    describe(axes, f"Shapley values of many students by feature, log-odds; each dot stands for many. {told}.")
    return axes
