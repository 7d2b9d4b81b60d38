"""Shares of audits and of cells with their error, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from early_id.evaluation import wilson_interval

#: A share with its 95 % interval: the error of so many simulated counties.
Share = tuple[float, float, float]


def of_audits(hits: pd.Series) -> Share:
    """Share of audits, with its Wilson interval."""
    count = np.array([float(len(hits))])
    value = np.array([float(hits.mean())])
    low, high = wilson_interval(value, count)
    return float(value[0]), float(low[0]), float(high[0])


def of_cells(own: pd.DataFrame) -> Share:
    """Share of cells whose interval holds the truth; the cells of one county vary together."""
    by_county = own.groupby("county")["inside"].mean()
    value, error = float(by_county.mean()), float(by_county.std() / np.sqrt(len(by_county)))
    return value, max(0.0, value - 1.96 * error), min(1.0, value + 1.96 * error)


def holds(share: Share, aim: tuple[float, float]) -> str:
    value, low, high = share
    if aim[0] <= value <= aim[1]:
        return "yes"
    return "no" if high < aim[0] or low > aim[1] else "within error of it"


def aim_text(aim: tuple[float, float]) -> str:
    if aim[0] == 0:
        return f"≤ {aim[1]:.0%}"
    return f"≥ {aim[0]:.0%}" if aim[1] == 1 else f"{aim[0]:.0%} to {aim[1]:.0%}"


def share_text(share: Share) -> str:
    return f"{share[0]:.1%} ({share[1]:.1%} to {share[2]:.1%})"


def lines_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
