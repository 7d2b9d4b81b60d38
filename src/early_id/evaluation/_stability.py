"""Do lists last? How much of a school's list is there again a week later, and who was on it only once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from early_id.evaluation._capacity import Capacity
from early_id.evaluation._metrics import with_lists
from early_id.evaluation._publish import DIGITS, FEW, in_hundreds
from early_id.evaluation._resampled import resampled_interval
from early_id.evaluation._wilson import share_interval

_LIST = ["school_id", "school_year", "week"]
_COUNTS = ("n_pairs", "n_spells", "n_students")
_RATES = [f"{name}{end}" for name in ("jaccard", "one_week_share") for end in ("", "_low", "_high")]


def compute_stability(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Say how much of each school's list stays from week to week.

    Answers whether a team is sent other students every Monday: lists that churn are not trusted.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`, of every week.
    capacity : str, int or mapping
        The list size; see `early_id.evaluation.capacity_by_school`.

    Returns
    -------
    pandas.DataFrame
        contestant, n_pairs (neighbouring lists of a school in a school year), n_spells (stretches of neighbouring lists
        with the same student; one that begins on the last list of the year is left out, as nobody knows how long it
        would have been), n_students (who are on any list), jaccard (mean over the pairs), one_week_share (spells of one
        list among all spells). Both with _low and _high, 95 %, students as units: 200 resamples, and Wilson.

    Notes
    -----
    Jaccard of two lists *A* and *B* is :math:`|A ∩ B| / |A ∪ B|`: 1 where nobody changed, 0 where nobody stayed; of two
    lists of *k* that differ in *m* places it is :math:`(k − m) / (k + m)`.

    Examples
    --------
    Two places, three weeks: one student stays, the other place goes from hand to hand.

    >>> rows = pd.DataFrame({"contestant": "m", "student_id": list("abcd") * 3, "school_id": "01", "school_year": 2025,
    ...     "as_of": pd.to_datetime(["2024-10-06"] * 4 + ["2024-10-13"] * 4 + ["2024-10-20"] * 4),
    ...     "score": [0.9, 0.8, 0, 0, 0.9, 0, 0.8, 0, 0.9, 0, 0, 0.8]})
    >>> found = compute_stability(rows, 2).iloc[0]
    >>> print(round(found["jaccard"], 3), round(found["one_week_share"], 3))
    0.333 0.667
    """
    return _stability(predictions, capacity)[["contestant", *_COUNTS, *_RATES]]


def publish_stability(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Say how much of each list stays, for a log or a page.

    The columns of `compute_stability` with three digits and totals in hundreds; missing where 1–10 students stayed or
    changed, or were listed for one week or for longer.
    """
    found = _stability(predictions, capacity)
    for rate, counts in (("jaccard", ("stayed", "changed")), ("one_week_share", ("once", "longer"))):
        few = (found[[*counts]].ge(1) & found[[*counts]].le(FEW)).any(axis=1) | (found["n_students"] <= FEW)
        for name in (rate, f"{rate}_low", f"{rate}_high"):
            found[name] = found[name].mask(few).round(DIGITS)
    in_hundreds(found, _COUNTS)
    return found[["contestant", *_COUNTS, *_RATES]]


def _stability(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    rows = with_lists(predictions, capacity)
    # Lists are counted off school by school: one with other holidays has other neighbouring lists.
    dates = rows[["school_id", "school_year", "as_of"]].drop_duplicates().sort_values("as_of", kind="stable")
    dates = dates.assign(week=dates.groupby(["school_id", "school_year"]).cumcount())
    lists = dates.set_index(_LIST).index
    last = dates.groupby(["school_id", "school_year"])["week"].max().rename("last").reset_index()
    listed = rows.loc[rows["listed"], ["contestant", "student_id", "school_id", "school_year", "as_of"]]
    listed = listed.merge(dates, on=["school_id", "school_year", "as_of"])
    listed = listed.merge(last, on=["school_id", "school_year"])
    found = [
        {"contestant": contestant, **_figures(listed[listed["contestant"] == contestant], lists)}
        for contestant in rows["contestant"].unique()
    ]
    return pd.DataFrame(found)


def _figures(listed: pd.DataFrame, lists: pd.Index) -> dict[str, float]:
    """Compare neighbouring lists of one contestant; `lists` names them all, also those with nobody on them."""
    by = ["student_id", "school_id", "school_year"]
    listed = listed.sort_values([*by, "week"], kind="stable", ignore_index=True)
    again = listed.groupby(by, sort=False)["week"].diff() == 1
    size = listed.groupby(_LIST).size().reindex(lists, fill_value=0)
    stayed = listed[again].groupby(_LIST).size().reindex(lists, fill_value=0)
    before = size.reset_index(name="size").assign(week=lambda own: own["week"] + 1).set_index(_LIST)["size"]
    union = size + before.reindex(lists) - stayed
    jaccard = (stayed / union.where(union > 0)).dropna()
    spells = listed.assign(spell=(~again).cumsum()).groupby("spell").agg(
        student_id=("student_id", "first"), begun=("week", "first"), last=("last", "first"), length=("week", "size")
    )  # fmt: skip
    # Who came or went: begun after the first list, or ended before the last.
    moved = spells[(spells["begun"] > 0) | (spells["begun"] + spells["length"] - 1 < spells["last"])]
    spells = spells[spells["begun"] < spells["last"]]
    once = spells["length"] == 1
    low, high = _resampled(listed, again, lists)
    ends = share_interval(once, pd.factorize(spells["student_id"])[0])
    return {
        "n_pairs": len(jaccard),
        "n_spells": len(spells),
        "n_students": listed["student_id"].nunique(),
        "jaccard": jaccard.mean(),
        "one_week_share": once.mean() if len(spells) else float("nan"),
        "jaccard_low": low,
        "jaccard_high": high,
        "one_week_share_low": ends[0],
        "one_week_share_high": ends[1],
        "stayed": listed.loc[again, "student_id"].nunique(),
        "changed": moved["student_id"].nunique(),
        "once": spells.loc[once, "student_id"].nunique(),
        "longer": spells.loc[~once, "student_id"].nunique(),
    }


def _resampled(listed: pd.DataFrame, again: pd.Series, lists: pd.Index) -> tuple[float, float]:
    """Put a 95 % interval around the mean Jaccard: students drawn anew, each with all the lists they are on."""
    student = pd.factorize(listed["student_id"])[0]
    many = len(np.unique(student))
    place = lists.get_indexer(pd.MultiIndex.from_frame(listed[_LIST]))
    week_before = listed[_LIST].assign(week=listed["week"] + 1)
    next_place = lists.get_indexer(pd.MultiIndex.from_frame(week_before))

    def by_list(where: np.ndarray, which: np.ndarray) -> csr_array:
        shape = (len(lists), many)
        return csr_array((np.ones(int(which.sum())), (where[which], student[which])), shape=shape)

    every = np.ones(len(listed), dtype=bool)
    size, before = by_list(place, every), by_list(next_place, next_place >= 0)
    stayed = by_list(place, again.to_numpy())
    has_before = np.isin(np.arange(len(lists)), lists.get_indexer(_weeks_after(lists)))

    def jaccard(weight: np.ndarray) -> float:
        both = stayed @ weight
        union = (size @ weight + before @ weight - both)[has_before]
        known = union > 0
        return float((both[has_before][known] / union[known]).mean()) if known.any() else np.nan

    return resampled_interval(jaccard, many)


def _weeks_after(lists: pd.Index) -> pd.MultiIndex:
    """Name the list a week after each."""
    frame = lists.to_frame(index=False)
    return pd.MultiIndex.from_frame(frame.assign(week=frame["week"] + 1)[_LIST])
