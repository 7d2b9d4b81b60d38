"""Does 30 % mean 30 %? Observed over expected, slope and intercept, per period of the school year."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from early_id.evaluation._estimate import estimate_line

PERIOD_EDGES = (0, 20, 60, 120)


def period_name(school_day: pd.Series, edges: tuple[int, ...] = PERIOD_EDGES) -> pd.Series:
    """Name the stretch of school days a row belongs to, such as "20-60"; the last is open: "120-"."""
    names = [f"{low}-{high}" for low, high in pairwise(edges)] + [f"{edges[-1]}-"]
    codes = np.searchsorted(edges, school_day.to_numpy(), side="right") - 1
    return pd.Series(np.array(names)[codes], school_day.index)


def compute_calibration(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare probabilities with what happened, over all rows, those where the event is still ahead, and per period.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns contestant, student_id, probability (missing for rankers, which have none), label (0/1 or missing),
        school_day and, where onset rows are wanted, onset.

    Returns
    -------
    pandas.DataFrame
        contestant, rows ("all"; "onset": the event is still ahead, as for the students a list is for), period ("all" or
        such as "20-60", in the order of the year), n_rows, observed, expected (means), slope, intercept, each with its
        student-clustered 95 % interval (slope_low, slope_high, …): of the logistic regression of the label on the
        log-odds; 1 and 0 are perfect. Rankers have no row: not applicable.

    Examples
    --------
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": ["a", "b"], "probability": [0.5, 0.5],
    ...                      "label": [1.0, 0.0], "school_day": [5, 30]})
    >>> compute_calibration(rows).loc[0, ["observed", "expected"]].tolist()
    [0.5, 0.5]
    """
    rows = rows[rows["probability"].notna() & rows["label"].notna()]
    rows = rows.assign(period=period_name(rows["school_day"]))
    subsets = {"all": rows} | ({"onset": rows[rows["onset"]]} if "onset" in rows else {})
    found = [
        {"contestant": contestant, "rows": name, "period": period, **_figures(part)}
        for contestant in rows["contestant"].unique()
        for name, subset in subsets.items()
        for period, part in _parts(subset[subset["contestant"] == contestant])
    ]
    return pd.DataFrame(found)


def _parts(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Give all rows and those of each period, in the order of the school year; a name would sort 120 before 20."""
    parts = [(name, rows[rows["period"] == name]) for name in periods_of(rows["period"])]
    return [("all", rows)] * bool(len(rows)) + parts


def periods_of(names: pd.Series) -> list[str]:
    """List the periods that occur, in the order of the school year.

    >>> periods_of(pd.Series(["120-", "20-60", "20-60"]))
    ['20-60', '120-']
    """
    return sorted(names.unique(), key=lambda name: int(name.split("-")[0]))


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    student, students = pd.factorize(rows["student_id"])
    line = estimate_line(rows["probability"], rows["label"], student, len(students))
    found = {
        "n_rows": len(rows),
        "observed": rows["label"].mean(),
        "expected": rows["probability"].mean(),
    }
    for name, estimate in zip(("slope", "intercept"), line, strict=True):
        low, high = estimate.interval()
        found |= {name: estimate.value, f"{name}_low": low, f"{name}_high": high}
    return found
