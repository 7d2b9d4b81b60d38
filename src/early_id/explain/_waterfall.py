"""One student's score, from the average to what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError
from early_id.explain._alt import describe
from early_id.explain._plots import new_axes

if TYPE_CHECKING:
    import shap
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
FOR_READING = "for reading, not Shapley values"
_MOST_BARS = 10
_UP, _DOWN = "#d08a00", "#31688e"


def waterfall_steps(
    row: shap.Explanation, *, scale: Literal["log-odds", "probability"] = "log-odds"
) -> pd.DataFrame:
    """Say from where to where each feature moves one score.

    Parameters
    ----------
    row : shap.Explanation
        One row of `explain`, at any level: ``explain(document, X)[0]``.
    scale : {"log-odds", "probability"}
        In log-odds the steps are the exact Shapley values. In probability every step is stretched by the same factor,
        so that they lead from the average student's probability to this one's: for reading, not Shapley values.

    Returns
    -------
    DataFrame
        name, value (of the feature; missing where features are summed), start, end; the largest step first. What is
        beyond ten is one step, "n others".

    Raises
    ------
    DataError
        If there is not exactly one row.

    Examples
    --------
    >>> import pandas as pd
    >>> from early_id.explain import explain
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> found = explain(document, pd.DataFrame({"absent": [3.0]}))
    >>> waterfall_steps(found[0])[["start", "end"]].to_numpy().tolist()
    [[-1.0, 0.0]]
    >>> waterfall_steps(found[0], scale="probability")["end"].tolist()
    [0.5]
    """
    values = np.asarray(row.values, dtype=np.float64)
    if values.ndim != 1:
        msg = f"Expected the explanation of one row, got values of shape {values.shape}; take one as explanation[0]."
        raise DataError(msg)
    base = float(np.ravel(row.base_values)[0])
    data: list[Any] = [None] * len(values) if row.data is None else list(row.data)
    steps = pd.DataFrame({"name": list(row.feature_names), "value": data, "step": values})
    steps = steps.sort_values("step", key=lambda one: -one.abs(), kind="stable", ignore_index=True)
    if len(steps) > _MOST_BARS:
        rest = steps.iloc[_MOST_BARS:]
        others = {"name": f"{len(rest)} others", "value": None, "step": rest["step"].sum()}
        steps = pd.concat([steps.iloc[:_MOST_BARS], pd.DataFrame([others])], ignore_index=True)
    if scale == "probability":
        start, end = (1 / (1 + np.exp(-score)) for score in (base, base + values.sum()))
        total = values.sum()
        # Without a difference to share out a step is as long as the curve is steep.
        factor = (end - start) / total if abs(total) > 1e-9 else start * (1 - start)
        steps["step"] *= factor
        base = start
    ends = base + steps["step"].cumsum()
    return pd.DataFrame(
        {"name": steps["name"], "value": steps["value"], "start": ends - steps["step"], "end": ends}
    )


def plot_waterfall(
    row: shap.Explanation,
    ax: Axes | None = None,
    *,
    scale: Literal["log-odds", "probability"] = "log-odds",
) -> Axes:
    """Draw `waterfall_steps`: from the average at the top to the student's score at the bottom.

    Parameters
    ----------
    row : shap.Explanation
        One row of `explain`.
    ax : matplotlib Axes, optional
        Drawn into; default: a new figure.
    scale : {"log-odds", "probability"}

    Returns
    -------
    Axes
        Its label is the alternative text.

    Raises
    ------
    DataError
        If there is not exactly one row.
    """
    steps = waterfall_steps(row, scale=scale)
    axes = new_axes(ax)
    length = steps["end"] - steps["start"]
    axes.barh(range(len(steps)), length, left=steps["start"], color=np.where(length > 0, _UP, _DOWN))
    for line, (start, end) in enumerate(zip(steps["start"], steps["end"], strict=True)):
        axes.annotate(
            _signed(end - start),
            (max(start, end), line),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    first, last = float(steps["start"].iloc[0]), float(steps["end"].iloc[-1])
    for place, style in ((first, ":"), (last, "-")):
        axes.axvline(place, color="0.6", linewidth=0.8, linestyle=style, zorder=0)
    axes.set_yticks(
        range(len(steps)), [_label(*one) for one in zip(steps["name"], steps["value"], strict=True)]
    )
    axes.invert_yaxis()
    axes.use_sticky_edges = False
    axes.margins(x=0.15)
    text = f"{_sum(row)}; dotted: the average, line: this score"
    axes.set_xlabel(f"score ({scale})" + (f", {FOR_READING}" if scale == "probability" else "") + f"\n{text}")
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(
        f"{_label(name, value)}: {_signed(end - start)}"
        for name, value, start, end in zip(
            steps["name"], steps["value"], steps["start"], steps["end"], strict=True
        )
    )
    what = f"one score in {scale}" + (f" ({FOR_READING})" if scale == "probability" else "")
    describe(axes, f"Waterfall of {what}, from {first:.2f} on average to {last:.2f}. {told}. {_sum(row)}.")
    return axes


def _sum(row: shap.Explanation) -> str:
    base, total = float(np.ravel(row.base_values)[0]), float(np.sum(row.values))
    chance = 100 / (1 + np.exp(-(base + total)))
    # Nothing is certain, and nothing impossible.
    said = "over 99.9 %" if chance > 99.9 else "under 0.1 %" if chance < 0.1 else f"{chance:.1f} %"
    return f"{base:.2f} {'+' if total >= 0 else '−'} {abs(total):.2f} = {base + total:.2f} log-odds, {said}"


def _signed(step: float) -> str:
    return f"{round(step, 2) + 0.0:+.2f}"


def _label(name: str, value: Any) -> str:
    said = str(name).replace("_", " ")
    if value is None:
        return said
    if isinstance(value, str):
        return f"{said} = {value}"
    known = "unknown" if pd.isna(value) else f"{float(value):.3f}".rstrip("0").rstrip(".")
    return f"{said} = {known}"
