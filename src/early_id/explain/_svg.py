"""The importance of features as a picture in a file."""

from __future__ import annotations

import io

import pandas as pd


def importance_svg(frame: pd.DataFrame) -> bytes:
    """Draw what `global_importance` computed as SVG, the same bytes every time.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `global_importance`.

    Returns
    -------
    bytes
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from early_id.explain._plots import plot_importance

    with mpl.rc_context({"svg.hashsalt": "early_id"}):
        figure = Figure(figsize=(8, 0.3 * len(frame) + 1.5), layout="constrained")
        plot_importance(frame, figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
