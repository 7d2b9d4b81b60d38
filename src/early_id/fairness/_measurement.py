"""What the model could not see of each group: features that are unknown, and attendance that arrives late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import estimate_mean
from early_id.fairness._groups import everybody
from early_id.fairness._scheme import EVERYONE, THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._exposure import Masking
    from early_id.fairness._groups import Attribute, Ints

#: Columns of the predictions, and the digits they are printed with: without the number of rows no count follows.
MEASURED = {"unknown_share": 2, "feed_days_behind": 1}
COLUMNS = (
    "attribute", "group", "n_students", "n_students_some",
    *(f"{name}{end}" for name in MEASURED for end in ("", "_low", "_high")),
)  # fmt: skip


def compute_measurement(rows: pd.DataFrame, attributes: Sequence[Attribute], students: Ints) -> pd.DataFrame:
    """Give the means of what was unknown and late, by group.

    Answers: does the model see less of one group than of others, before it scores anybody?

    Parameters
    ----------
    rows : DataFrame
        With `unknown_share` (of the features the model reads, the share without a value in that row) and
        `feed_days_behind` (days by which the last attendance that is known of the school lies behind the latest of all
        schools on that date); empty where they are missing.
    attributes : sequence of Attribute
    students : array of int
        Number of each row's student.

    Returns
    -------
    DataFrame
        attribute, group (everybody first), n_students (of whom anything is measured), n_students_some (of these, with
        some feature unknown), and the mean of either over rows, with its 95 % interval (students as units).

    Examples
    --------
    >>> rows = pd.DataFrame({"unknown_share": [0.0, 0.5, 0.25, 0.25], "feed_days_behind": [0.0, 2.0, 0.0, 0.0]})
    >>> compute_measurement(rows, [], np.arange(4)).loc[0, ["unknown_share", "feed_days_behind"]].tolist()
    [0.25, 0.5]
    """
    if not set(MEASURED) <= set(rows.columns):
        return pd.DataFrame(columns=COLUMNS)
    values = {name: rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in MEASURED}
    known = ~np.isnan(values["unknown_share"])
    found = []
    for attribute in (everybody(len(rows)), *attributes):
        # The rows of each group, in their order, found once and not by looking at all rows for every group.
        order = np.argsort(attribute.codes, kind="stable")
        ends = np.cumsum(np.bincount(attribute.codes, minlength=len(attribute.groups)))
        for group, rows_of in zip(attribute.groups, np.split(order, ends[:-1]), strict=True):
            own = rows_of[known[rows_of]]
            some = own[values["unknown_share"][own] > 0]
            counts = [int(np.count_nonzero(np.bincount(students[chosen]))) for chosen in (own, some)]
            numbers: list[float] = []
            for column in values.values():
                chosen = own[~np.isnan(column[own])]
                number = pd.factorize(students[chosen])[0]
                mean = estimate_mean(column[chosen], number, int(number.max(initial=-1)) + 1)
                low, high = mean.interval(0.95)
                numbers += [mean.value, max(low, 0.0), high]
            found.append((attribute.name, group, *counts, *numbers))
    return pd.DataFrame(found, columns=COLUMNS)


def publish_measurement(measured: pd.DataFrame, masking: Masking) -> pd.DataFrame:
    """Keep the groups whose size the audit prints and of whom neither few have something unknown nor few nothing.

    `masking`: of who has a score.
    """
    few = measured["n_students_some"].between(1, THRESHOLD)
    few |= (measured["n_students"] - measured["n_students_some"]).between(1, THRESHOLD)
    cells = zip(measured["attribute"], measured["group"], strict=True)
    sized = np.array([cell == EVERYONE or masking.shown(cell, "cohort") for cell in cells], dtype=bool)
    kept = measured[~few & sized & (measured["n_students"] > THRESHOLD)].reset_index(drop=True)
    kept = kept.drop(columns=["n_students", "n_students_some"])
    return kept.round({f"{name}{end}": n for name, n in MEASURED.items() for end in ("", "_low", "_high")})
