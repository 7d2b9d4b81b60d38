"""The rules staff use today, as rankers: every model must beat them at the same list size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from early_id.models._terms import Floats


class PaceRule(BaseEstimator):  # type: ignore[misc]
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

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - a rule learns nothing
        """Check that the columns are there; a rule learns nothing."""
        self._columns(X)
        return self

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
        prior, days, rate, school_day = self._columns(X)
        limit = np.append(np.asarray(self.month_days, dtype=np.float64), np.inf)
        month = np.searchsorted(self.month_ends, school_day, side="left")
        on_pace = np.where(month < len(self.month_ends), days >= limit[month], rate >= self.rate)
        meets = (prior >= self.rate) | (on_pace & ~np.isnan(school_day))
        order = np.where(meets, 2.0, 0.0) + np.where(np.isnan(rate), -0.5, rate)
        return np.where(np.isnan(prior) & np.isnan(days) & np.isnan(rate), np.nan, order)

    def _columns(self, X: pd.DataFrame) -> list[Floats]:
        ends, days = list(self.month_ends), list(self.month_days)
        if len(ends) != len(days) or sorted(set(ends)) != ends:
            msg = (
                f"PaceRule needs increasing month_ends and as many month_days, but has {ends} and {days}; "
                "correct them."
            )
            raise ConfigError(msg)
        return read_columns(
            X, ("prior_absence_rate", "absent_days_year", "absence_rate_year", "school_day"), "PaceRule"
        )


class PriorYearRule(BaseEstimator):  # type: ignore[misc]
    """List by last school year's absence rate.

    Examples
    --------
    >>> import pandas as pd
    >>> PriorYearRule().rank_score(pd.DataFrame({"prior_absence_rate": [0.2, None]})).tolist()
    [0.2, nan]
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - a rule learns nothing
        """Check that the column is there; a rule learns nothing."""
        read_columns(X, ("prior_absence_rate",), "PriorYearRule")
        return self

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row `prior_absence_rate`; higher is listed first, NaN where it is unknown."""
        return read_columns(X, ("prior_absence_rate",), "PriorYearRule")[0]


def read_columns(X: pd.DataFrame, names: Sequence[str], who: str) -> list[Floats]:
    """Return named columns as float64; say which are missing."""
    missing = [name for name in names if name not in getattr(X, "columns", ())]
    if missing:
        hint = did_you_mean(missing[0], getattr(X, "columns", ()))
        msg = f"{who} needs the columns {examples(names)}, but X lacks {examples(missing)}; {hint}"
        raise DataError(msg)
    return [X[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names]
