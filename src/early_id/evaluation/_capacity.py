"""The list that would really be sent: the first k students of each school on each date."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from early_id.exceptions import ConfigError, examples

Capacity = str | int | Mapping[str, int]  # numbers of numpy count as int
SCORE_DECIMALS = 6
_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")


def capacity_by_school(capacity: Capacity, cohort: pd.Series) -> pd.Series:
    """Work out how many students each school's team can reach.

    Parameters
    ----------
    capacity : str, int or mapping
        "5%" of the school's students (rounded up), a number for every school, or numbers by school_id with "*" for
        the schools not named.
    cohort : pandas.Series of int, indexed by a level school_id
        Students of each school, scored or not.

    Returns
    -------
    pandas.Series of int
        Places on the list, on the index of `cohort`.

    Raises
    ------
    ConfigError
        If the capacity cannot be read, is no whole number (true is none), is below one, or a school has none.

    Examples
    --------
    >>> cohort = pd.Series([410, 95], index=pd.Index(["01", "02"], name="school_id"))
    >>> capacity_by_school("5%", cohort).tolist()
    [21, 5]
    """
    schools = cohort.index.get_level_values("school_id")
    if isinstance(capacity, str):
        share = _read_share(capacity)
        return pd.Series([math.ceil(int(n) * share) for n in cohort], cohort.index, dtype="int64")
    if not isinstance(capacity, Mapping) and not _is_whole(capacity):
        msg = (
            f"Expected a capacity such as '5%', 25 or {{'*': 25}}, got {capacity!r}; the number of students is a whole "
            "number."
        )
        raise ConfigError(msg)
    given = capacity if isinstance(capacity, Mapping) else {"*": capacity}
    wrong = {name: value for name, value in given.items() if not _is_whole(value) or value < 1}
    if wrong:
        msg = (
            f"Expected at least one place on the list of a school, as a whole number, got "
            f"{examples(f'{name}: {value}' for name, value in wrong.items())}."
        )
        raise ConfigError(msg)
    places = {name: int(value) for name, value in given.items()}
    missing = sorted(set(schools) - set(places))
    if missing and "*" not in places:
        msg = (
            f"Expected a capacity for every school with students, got none for {examples(missing)}; add them or '*' "
            "for all others."
        )
        raise ConfigError(msg)
    return pd.Series(
        [places.get(school, places.get("*", 0)) for school in schools], cohort.index, dtype="int64"
    )


def plain_capacity(capacity: Capacity) -> Capacity:
    """Give a capacity as JSON can write it: numbers of numpy as plain ones.

    >>> import numpy as np
    >>> plain_capacity({"*": np.int64(25)})
    {'*': 25}
    """
    if isinstance(capacity, Mapping):
        return {name: int(value) if _is_whole(value) else value for name, value in capacity.items()}
    return int(capacity) if _is_whole(capacity) else capacity


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _read_share(capacity: str) -> Fraction:
    """Read a percentage as the exact fraction it is written as: 5 % of 420 is 21, whatever 0.05 is in binary."""
    found = _SHARE.match(capacity)
    share = Fraction(found[1]) / 100 if found else Fraction(0)
    if not 0 < share <= 1:
        msg = (
            f"Expected a capacity such as '5%', 25 or {{'*': 25}}, got {capacity!r}; a share lies above 0 and "
            "goes up to 100 %."
        )
        raise ConfigError(msg)
    return share


def list_id(school_id: str, as_of: pd.Timestamp) -> str:
    """Name the list of one school and date.

    >>> list_id("01", pd.Timestamp("2026-11-22"))
    '28867155db97ce5a'
    """
    return hashlib.blake2b(f"{school_id}|{as_of.date().isoformat()}".encode(), digest_size=8).hexdigest()


def tie_break(rows: pd.DataFrame) -> np.ndarray:
    """Give every row a number that orders equal scores: a hash of the student keyed by the list.

    Neither the order of the input nor the label can decide a tie, and no student is favoured on every list.
    """
    parts = [np.empty(0, dtype="int64")]
    places_of = [np.empty(0, dtype="int64")]
    groups: Any = rows.groupby(["school_id", "as_of"], sort=False).indices
    for (school, day), place in groups.items():
        key = list_id(school, day).encode()
        digests = (
            hashlib.blake2b(student.encode(), key=key, digest_size=8).digest()
            for student in rows["student_id"].to_numpy()[place]
        )
        parts.append(np.array([int.from_bytes(digest, "big") >> 1 for digest in digests], dtype="int64"))
        places_of.append(place)
    values = np.empty(len(rows), dtype="int64")
    values[np.concatenate(places_of)] = np.concatenate(parts)
    return values


def list_at_capacity(rows: pd.DataFrame, capacity: Capacity) -> pd.Series:
    """Say which rows are on the list: the highest scores of each school and date, up to its capacity.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns student_id, school_id, as_of, score (missing = not scored); one contestant. Rows without a score
        count for a capacity in percent and are never listed.
    capacity : str, int or mapping
        See `capacity_by_school`.

    Returns
    -------
    pandas.Series of bool
        On the index of `rows`. Scores are compared after rounding to 6 decimals; ties are broken by a keyed hash.

    Examples
    --------
    >>> rows = pd.DataFrame({"student_id": ["a", "b", "c"], "school_id": "01", "score": [0.1, 0.9, None],
    ...                      "as_of": pd.Timestamp("2026-11-22")})
    >>> list_at_capacity(rows, 1).tolist()
    [False, True, False]
    """
    limit = places(rows, capacity)
    return (rank_in_school(rows, limit) <= limit).rename("listed")


def list_across_schools(rows: pd.DataFrame, capacity: Capacity) -> pd.Series:
    """Say which rows would be listed if all places of a date went to the highest scores of the whole county.

    Parameters and ties are those of `list_at_capacity`. It is no list that is sent: each school's team has its own
    places. It shows what a score is worth that only tells schools apart.

    Examples
    --------
    >>> rows = pd.DataFrame({"student_id": ["a", "b", "c"], "school_id": ["01", "02", "02"],
    ...                      "score": [0.1, 0.8, 0.9], "as_of": pd.Timestamp("2026-11-22")})
    >>> list_across_schools(rows, 1).tolist(), list_at_capacity(rows, 1).tolist()
    ([False, True, True], [True, False, True])
    """
    by_list = capacity_by_school(capacity, rows.groupby(["school_id", "as_of"], sort=False).size())
    by_date = by_list.groupby(level="as_of").sum()
    limit = pd.Series(by_date.loc[rows["as_of"]].to_numpy(), rows.index)
    together = rows[["student_id", "as_of", "score"]].assign(school_id="")
    return (rank_in_school(together, limit) <= limit).rename("listed_county")


def places(rows: pd.DataFrame, capacity: Capacity) -> pd.Series:
    """Put the number of places of its school and date beside each row."""
    groups = rows.groupby(["school_id", "as_of"], sort=False)
    by_list = capacity_by_school(capacity, groups.size())
    return pd.Series(by_list.to_numpy()[groups.ngroup().to_numpy()], rows.index)


def rank_in_school(rows: pd.DataFrame, limit: pd.Series | None = None) -> pd.Series:
    """Rank the scored students of each school and date from 1, ties by keyed hash; missing where not scored.

    With a `limit` only ties across it are ordered: who is within the limit is exact, ranks among equals are not.
    """
    lists = rows.groupby(["school_id", "as_of"], sort=False).ngroup().to_numpy()
    score = -rows["score"].round(SCORE_DECIMALS).to_numpy()
    order = np.lexsort((score, lists))  # missing scores sort last within their list
    rank = _rank_along(order, lists)
    # The hash is the slowest step: it is taken only where equal scores have to be ordered.
    equal = pd.DataFrame({"list": lists, "score": score, "rank": rank}).groupby(
        ["list", "score"], sort=False
    )["rank"]
    first, last = equal.transform("min").to_numpy(), equal.transform("max").to_numpy()
    tied = first < last
    if limit is not None:
        cut = limit.to_numpy()
        tied &= (first <= cut) & (cut < last)
    if tied.any():
        tie = np.zeros(len(rows), dtype="int64")
        tie[tied] = tie_break(rows[tied])
        rank = _rank_along(np.lexsort((tie, score, lists)), lists)
    return pd.Series(np.where(np.isnan(score), np.nan, rank), rows.index)


def _rank_along(order: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """Count off the rows of each list from 1 in a given order, in which lists are kept together."""
    place = np.arange(len(order))
    begins = np.r_[True, lists[order][1:] != lists[order][:-1]] if len(order) else np.empty(0, dtype=bool)
    rank = np.empty(len(order))
    rank[order] = place - np.maximum.accumulate(np.where(begins, place, 0)) + 1
    return rank
