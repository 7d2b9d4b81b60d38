"""What may be said about a group: gap, pass, cannot tell or suppressed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from early_id.fairness._gaps import MIN_DENOMINATOR

Verdict = Literal["gap", "pass", "cannot tell", "suppressed"]
VERDICTS: tuple[Verdict, ...] = ("gap", "pass", "cannot tell", "suppressed")
# A lower recall harms the group; so does a higher share without a score.
AGAINST = {"recall": -1, "not_scored": 1}
NOT_HERE = "not in this county"
NOT_BY_GROUP = "not in this county: all others are too few"
IN_FAVOUR = "the difference is in favour of this group"


def judge(gaps: pd.DataFrame, *, tolerance: float) -> pd.DataFrame:
    """Give each cell its verdict from its gap and simultaneous interval, before anything is masked.

    Returns the rows of `gaps` (comparison "others" of the metrics that get verdicts) with `verdict` and
    `against` (the point gap is to the group's disadvantage).
    """
    direction = gaps["metric"].map(AGAINST)
    against = gaps["gap"] * direction > 0
    low, high = gaps["low_simultaneous"], gaps["high_simultaneous"]
    # The side of 0 counts: an interval wholly in the group's favour is no proof against it.
    proven = (high < 0).where(direction < 0, low > 0)
    is_gap = against & proven & (gaps["gap"].abs() > tolerance)
    is_pass = (low >= -tolerance) & (high <= tolerance)
    verdict = np.select([is_gap, is_pass], ["gap", "pass"], default="cannot tell")
    return gaps.assign(verdict=verdict, against=against)


def additional_students(
    judged: pd.DataFrame, *, denominator: pd.Series, available: pd.Series, tolerance: float
) -> pd.DataFrame:
    """How many more students in the denominator would settle each `cannot tell`, at the observed gap.

    More students of the group shrink the variance of its own rate, not that of all others' (`other_error`). A gap
    against the group beyond the tolerance is settled when the half-width falls below the gap, one inside it
    when the half-width falls below tolerance − |gap|: with F times the students when own variance / F + that of
    all others is the square of that over `critical`. `available`: students of the group who are not yet in the
    denominator; more than that is "not in this county", and where the others' variance alone is too large no
    number of students of this group would do. A difference in favour of the group beyond the tolerance can end
    in neither verdict.
    """
    gap = judged["gap"].abs()
    others = judged["other_error"] ** 2
    own = judged["standard_error"] ** 2 - others
    target = gap.where(judged["against"] & (gap > tolerance), tolerance - gap)
    open_cells = judged["verdict"] == "cannot tell"
    favour = open_cells & (gap > tolerance) & ~judged["against"]
    room = (target / judged["critical"]) ** 2 - others
    by_others = open_cells & ~favour & (target > 0) & (room <= 0)
    grown = denominator * (own / room.where((target > 0) & (room > 0)) - 1)
    more = pd.Series(np.ceil(grown.to_numpy(dtype=np.float64)), index=judged.index).fillna(np.inf)
    more = more.clip(lower=(MIN_DENOMINATOR - denominator).clip(lower=1))
    possible = open_cells & ~favour & (more <= available)
    text = np.select(
        [favour, possible, by_others, open_cells],
        [IN_FAVOUR, more.where(possible, 0).astype(int).astype(str), NOT_BY_GROUP, NOT_HERE],
        "",
    )
    return judged.assign(needed=more.where(possible), settled_by=text)
