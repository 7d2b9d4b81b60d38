"""How well scores order students, date by date and inside each school."""

from __future__ import annotations

import pandas as pd


def concordance(rows: pd.DataFrame, by: list[str], within: list[str]) -> pd.Series:
    """Share of (positive, negative) pairs in the right order, among pairs that share the columns of `within`.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns score, label (0/1, no missing) and those of `by` and `within`.
    by : list of str
        One figure for each combination of these.
    within : list of str
        Columns that both members of a pair share; contains `by`.

    Returns
    -------
    pandas.Series of float
        Indexed by `by`. Ties count one half, every pair weighs the same; missing without a pair.

    Examples
    --------
    >>> rows = pd.DataFrame({"as_of": 1, "score": [0.1, 0.4, 0.4, 0.9], "label": [0, 0, 1, 1]})
    >>> concordance(rows, ["as_of"], ["as_of"]).tolist()
    [0.875]
    """
    groups = rows.groupby(within, sort=False, observed=True)
    positive = rows["label"] == 1
    ranks = groups["score"].rank(method="average").where(positive, 0.0)
    parts = pd.DataFrame({"rank": ranks, "positive": positive.astype("int64"), "size": 1})
    sums = parts.groupby([rows[name] for name in within], sort=False, observed=True).sum()
    pairs = sums["positive"] * (sums["size"] - sums["positive"])
    right = sums["rank"] - sums["positive"] * (sums["positive"] + 1) / 2
    total = pd.DataFrame({"right": right, "pairs": pairs}).groupby(level=by, sort=False, observed=True).sum()
    return (total["right"] / total["pairs"].where(total["pairs"] > 0)).rename("auroc")


def average_precision(rows: pd.DataFrame, by: list[str], within: list[str]) -> pd.Series:
    """Mean, over the positives, of the precision among the rows that score at least as high.

    Parameters are those of `concordance`; the precision is taken among rows that share the columns of `within`.

    Notes
    -----
    For each group this is `sklearn.metrics.average_precision_score`; all groups are computed at once.

    Examples
    --------
    >>> rows = pd.DataFrame({"as_of": 1, "score": [0.1, 0.4, 0.4, 0.9], "label": [0, 0, 1, 1]})
    >>> round(average_precision(rows, ["as_of"], ["as_of"]).item(), 6)
    0.833333
    """
    at_score = rows.groupby([*within, "score"], sort=True, observed=True)["label"].agg(["sum", "size"])
    # From the highest score down: how many rows, and how many positives, score at least as high.
    down = at_score.iloc[::-1].groupby(level=within, sort=False, observed=True).cumsum()
    precision = down["sum"] / down["size"]
    weighted = (precision * at_score["sum"]).groupby(level=by, sort=False, observed=True).sum()
    positives = at_score["sum"].groupby(level=by, sort=False, observed=True).sum()
    return (weighted / positives.where(positives > 0)).rename("average_precision")
