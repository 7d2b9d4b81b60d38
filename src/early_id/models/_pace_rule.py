"""The rule staff use today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.exceptions import ConfigError
from early_id.models._rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from early_id.models._terms import Floats


class PaceRule(Rule):
    """List first who is on pace to miss a tenth of the school year, then by absence rate so far.

    A student meets the rule at a cut day if

    - they missed at least `rate` of the days of last school year, or
    - up to the end of month m (m = 1, 2, 3; `month_ends`) their absent days so far this year, on the cut
    day, are at
      least `month_days[m]`. The limit of a month holds on every day of that month and counts all days since
      school began: three absent days on school day 25 do not meet the limit of four of month 2; the fourth
      one does, be it on day 26 or day 40; or
    - after the last month their absence rate so far is at least `rate`.

    Parameters
    ----------
    month_ends : sequence of int, default=(20, 40, 60)
        Last school day of each month, inclusive.
    month_days : sequence of float, default=(2, 4, 6)
        Absent days that meet the rule in each month.
    rate : float, default=0.1
        Share of days, inclusive.

    Notes
    -----
    The rank score is 2 for who meets the rule, plus the absence rate so far. A student without a known rate
    comes last among their like (−0.5 instead of a rate). It is an order, not a probability.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"prior_absence_rate": [0.1, 0.0], "absent_days_year": [0.0, 1.0]})
    >>> X = X.assign(absence_rate_year=[0.0, 0.1], school_day=10)
    >>> PaceRule().rank_score(X).tolist()
    [2.0, 0.1]
    """

    columns = ("prior_absence_rate", "absent_days_year", "absence_rate_year", "school_day")

    def __init__(
        self,
        *,
        month_ends: Sequence[int] = (20, 40, 60),
        month_days: Sequence[float] = (2, 4, 6),
        rate: float = 0.1,
    ) -> None:
        self.month_ends = month_ends
        self.month_days = month_days
        self.rate = rate

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row its place in the order.

        Parameters
        ----------
        X : DataFrame
            prior_absence_rate, absent_days_year, absence_rate_year (NaN = unknown) and school_day.

        Returns
        -------
        ndarray of shape (n,)
            Higher is listed first. NaN where all three absence columns are unknown.

        Raises
        ------
        DataError
            If a column is missing.
        ConfigError
            If there is not one number of days per month, or the months do not increase.
        """
        prior, days, rate, school_day = self._read(X)
        limit = np.append(np.asarray(self.month_days, dtype=np.float64), np.inf)
        month = np.searchsorted(self.month_ends, school_day, side="left")
        on_pace = np.where(month < len(self.month_ends), days >= limit[month], rate >= self.rate)
        meets = (prior >= self.rate) | (on_pace & ~np.isnan(school_day))
        order = np.where(meets, 2.0, 0.0) + np.where(np.isnan(rate), -0.5, rate)
        return np.where(np.isnan(prior) & np.isnan(days) & np.isnan(rate), np.nan, order)

    def _read(self, X: pd.DataFrame) -> list[Floats]:
        ends, days = list(self.month_ends), list(self.month_days)
        if len(ends) != len(days) or sorted(set(ends)) != ends:
            msg = (
                f"PaceRule needs increasing month_ends and as many month_days, but has {ends} and {days}; "
                "correct them."
            )
            raise ConfigError(msg)
        return super()._read(X)
