"""Does 30 % mean 30 %, drawn: observed against expected shares along the scale, wide enough for many students."""

from __future__ import annotations

import numpy as np
import pandas as pd

from early_id.evaluation._publish import DIGITS, FEW

_BINS = 10


def publish_reliability(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare probabilities with what happened along the scale, for a log or a page.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.

    Returns
    -------
    pandas.DataFrame
        contestant, rows ("all"; "onset": the event is still ahead), bin (from 1), expected, observed (means, three
        digits). Ten bins with the same number of rows; neighbours are joined until each has more than ten students with
        the outcome and more than ten without, so that no bin has to be left out, and none follows from the others.
        Rankers, which have no probability, have no row.

    Examples
    --------
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": [f"s{n}" for n in range(60)], "onset": True,
    ...     "probability": [0.2] * 30 + [0.6] * 30, "label": [0.0, 0.0, 1.0] * 10 + [0.0, 1.0, 1.0] * 10})
    >>> publish_reliability(rows).query("rows == 'all'")[["expected", "observed"]].to_numpy().tolist()
    [[0.4, 0.5]]
    """
    rows = predictions[predictions["probability"].notna() & predictions["label"].notna()]
    found = [
        {"contestant": contestant, "rows": name, "bin": number, **means}
        for contestant in rows["contestant"].unique()
        for name, subset in {"all": rows, "onset": rows[rows["onset"]]}.items()
        for number, means in enumerate(_bins(subset[subset["contestant"] == contestant]), start=1)
    ]
    return pd.DataFrame(found, columns=["contestant", "rows", "bin", "expected", "observed"])


def _bins(rows: pd.DataFrame) -> list[dict[str, float]]:
    """Cut rows by probability; rows with the same one are never parted."""
    if rows.empty:
        return []
    parts = pd.qcut(rows["probability"], _BINS, labels=False, duplicates="drop").fillna(0)
    joined: list[pd.DataFrame] = []
    for _, part in rows.groupby(parts.to_numpy()):
        if joined and not _enough(joined[-1]):
            joined[-1] = pd.concat([joined[-1], part])
        else:
            joined.append(part)
    if len(joined) > 1 and not _enough(joined[-1]):
        joined[-2:] = [pd.concat(joined[-2:])]
    return [
        {
            "expected": float(np.round(part["probability"].mean(), DIGITS)),
            "observed": float(np.round(part["label"].mean(), DIGITS)),
        }
        for part in joined
        if _enough(part)
    ]


def _enough(rows: pd.DataFrame) -> bool:
    students = rows.groupby("label")["student_id"].nunique().reindex([0.0, 1.0]).fillna(0)
    return bool((students > FEW).all())
