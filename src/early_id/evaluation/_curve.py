"""The reliability curve: of the rows that were given about the same probability, in what share it came true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.evaluation._estimate import estimate_ratio
from early_id.evaluation._publish import DIGITS, FEW
from early_id.exceptions import ConfigError

Codes = npt.NDArray[np.int64]
BINS = 10


def compute_calibration_curve(predictions: pd.DataFrame, *, bins: int = BINS) -> pd.DataFrame:
    """Compare predicted with observed shares in bins of equally many rows, from the lowest probability to the highest.

    Answers where on the scale 30 % does not mean 30 %; slope and intercept say only whether it does on the whole.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns contestant, student_id, probability (missing for rankers, which have none), label (0/1 or missing) and,
        where onset rows are wanted, onset.
    bins : int
        How many. Equal probabilities are never parted, so bins may differ in size, and there may be fewer.

    Returns
    -------
    pandas.DataFrame
        contestant, rows ("all"; "onset": the event is still ahead), bin ("1", the lowest, …), n_rows, n_students,
        n_students_with, n_students_without (distinct students with a row with the outcome, and without), lowest,
        highest, expected (mean probability), observed, and its student-clustered 95 % interval, low and high. Rankers
        have no row: not applicable.

    Raises
    ------
    ConfigError
        If there is no bin.

    References
    ----------
    .. [1] A. H. Murphy, R. L. Winkler, Reliability of subjective probability forecasts of precipitation and
       temperature, Applied Statistics 26 (1977).

    Examples
    --------
    >>> rows = pd.DataFrame({"contestant": "m", "student_id": list("abcd"), "probability": [0.1, 0.3, 0.6, 0.8],
    ...                      "label": [0.0, 1.0, 1.0, 1.0]})
    >>> compute_calibration_curve(rows, bins=2)[["bin", "expected", "observed"]].to_numpy().tolist()
    [['1', 0.2, 0.5], ['2', 0.7, 1.0]]
    """
    return _curve(predictions, bins, lambda codes, _: codes)


def publish_calibration_curve(predictions: pd.DataFrame, *, bins: int = BINS) -> pd.DataFrame:
    """Compare predicted with observed shares, for a log or a page.

    Neighbouring bins are taken together ("1-3") until each has more than ten students with the outcome and more than
    ten without: a bin left blank could be worked out from the others, which are of equal size. Shares have three
    digits; no counts and no single probability are told.
    """
    found = _curve(predictions, bins, _together)
    kept = ["contestant", "rows", "bin", "expected", "observed", "low", "high"]
    return found[kept].round(dict.fromkeys(kept[3:], DIGITS)) if len(found) else found


def _curve(
    predictions: pd.DataFrame, bins: int, group: Callable[[Codes, pd.DataFrame], Codes]
) -> pd.DataFrame:
    if bins < 1:
        msg = f"Expected one bin or more, got {bins}; {BINS} is the default."
        raise ConfigError(msg)
    rows = predictions[predictions["probability"].notna() & predictions["label"].notna()]
    subsets = {"all": rows} | ({"onset": rows[rows["onset"]]} if "onset" in rows else {})
    found = []
    for contestant in rows["contestant"].unique():
        for name, subset in subsets.items():
            own = subset[subset["contestant"] == contestant]
            # Equal probabilities share a rank, and so a bin.
            share = own["probability"].rank(method="average").to_numpy() / max(len(own), 1)
            codes = np.ceil(np.round(share * bins, 9)).astype("int64")
            grouped = group(codes, own)
            for first in np.unique(grouped[grouped > 0]):
                chosen = grouped == first
                figures = _figures(own[chosen], int(first), int(codes[chosen].max()))
                found.append({"contestant": contestant, "rows": name, **figures})
    return pd.DataFrame(found)


def _together(codes: Codes, rows: pd.DataFrame) -> Codes:
    """Give bins that are taken together the number of their first; 0 where all of them together are too few."""
    grouped = np.zeros_like(codes)
    first = before = 0
    for code in np.unique(codes):
        first = first or int(code)
        pending = (codes >= first) & (codes <= code)
        grouped[pending] = first
        if _enough(rows[pending]):
            first, before = 0, first
    # What is left at the upper end goes to the bin before it.
    if first:
        grouped[codes >= first] = before
    return grouped


def _enough(rows: pd.DataFrame) -> bool:
    return all(rows.loc[rows["label"] == value, "student_id"].nunique() > FEW for value in (0, 1))


def _figures(rows: pd.DataFrame, first: int, last: int) -> dict[str, object]:
    student, students = pd.factorize(rows["student_id"])
    observed = estimate_ratio(rows["label"].to_numpy(), np.ones(len(rows)), student, len(students))
    low, high = observed.interval()
    return {
        "bin": str(first) if first == last else f"{first}-{last}",
        "n_rows": len(rows),
        "n_students": len(students),
        "n_students_with": rows.loc[rows["label"] == 1, "student_id"].nunique(),
        "n_students_without": rows.loc[rows["label"] == 0, "student_id"].nunique(),
        "lowest": rows["probability"].min(),
        "highest": rows["probability"].max(),
        "expected": rows["probability"].mean(),
        "observed": observed.value,
        "low": low,
        "high": high,
    }
