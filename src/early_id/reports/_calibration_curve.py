"""A picture of calibration: observed against expected shares."""

from __future__ import annotations

import pandas as pd

from early_id.explain import figure_svg, new_figure


def calibration_curve_svg(frame: pd.DataFrame) -> bytes:
    """Draw one contestant's rows of `early_id.evaluation.publish_calibration_curve` as SVG, the same bytes every time.

    On the dashed line 30 % means 30 %.
    """
    figure = new_figure(5, 5)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], linestyle="--", color="0.7", linewidth=0.8)
    for name, shade in (("all", "#31688e"), ("onset", "#d08a00")):
        own = frame[frame["rows"] == name]
        label = "all rows" if name == "all" else "outcome still ahead"
        axes.plot(own["expected"], own["observed"], "o-", color=shade, label=label)
    largest = float(frame[["expected", "observed"]].max().max()) if len(frame) else 1.0
    axes.set(xlim=(0, largest * 1.05), ylim=(0, largest * 1.05), aspect="equal")
    axes.set_xlabel("expected share with the outcome")
    axes.set_ylabel("observed share")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(
        f"{expected:.0%} expected, {observed:.0%} observed"
        for expected, observed in frame.loc[frame["rows"] == "all", ["expected", "observed"]]
        .dropna()
        .itertuples(index=False)
    )
    axes.set_label(f"Expected against observed share with the outcome, all rows. {told}.")
    picture: bytes = figure_svg(figure)
    return picture
