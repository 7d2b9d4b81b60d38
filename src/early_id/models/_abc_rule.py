"""The checklist of many early-warning systems: attendance, behavior, course performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.models._rules import Rule

if TYPE_CHECKING:
    import pandas as pd

    from early_id.models._terms import Floats


class ABCRule(Rule):
    """List by how many of the indicators attendance, behavior and course performance are met, then by absence rate.

    An indicator is met this school year so far by

    - attendance: at least `absence_rate` of the days absent;
    - behavior: at least `suspension_days` days suspended or at least `incidents` recorded incidents;
    - course: at least `failed_finals` failing final marks in core courses, or the mean mark of some core course below
      `mark`.

    What is unknown meets nothing.

    Parameters
    ----------
    absence_rate : float, default=0.1
        Share of days, inclusive.
    suspension_days : float, default=1
        Inclusive.
    incidents : float, default=2
        Inclusive.
    failed_finals : float, default=1
        Inclusive.
    mark : float, default=60
        Points of 100; a mean of exactly so many does not meet the indicator.

    Notes
    -----
    The rank score is 2 for each indicator met, plus the absence rate so far; without a known rate −0.5 instead, so
    that such a student comes last among their like. It is an order, not a probability.

    The panel counts incidents with an objective basis only, so behavior here is narrower than an office's own count.

    References
    ----------
    Balfanz, R., Herzog, L., Mac Iver, D. J. (2007). Preventing student disengagement and keeping students on the
    graduation path in urban middle-grades schools. Educational Psychologist 42(4), 223–235. Four indicators of
    grade 6: attendance of 80 % or less, failing mathematics, failing English, suspension out of school.
    Bruce, M., Bridgeland, J. M., Fox, J. H., Balfanz, R. (2011). On Track for Success. Civic Enterprises and the
    Everyone Graduates Center. Attendance below 90 %, two or more infractions, failing a core course.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"absence_rate_year": [0.1, 0.0], "suspension_days_year": [0.0, None]})
    >>> X = X.assign(incidents_year=[0.0, 2.0], failed_finals_year=None, lowest_core_mark=[70.0, 55.0])
    >>> ABCRule().rank_score(X).tolist()
    [2.1, 4.0]
    """

    columns = (
        "absence_rate_year", "suspension_days_year", "incidents_year", "failed_finals_year", "lowest_core_mark",
    )  # fmt: skip

    def __init__(
        self,
        *,
        absence_rate: float = 0.1,
        suspension_days: float = 1,
        incidents: float = 2,
        failed_finals: float = 1,
        mark: float = 60,
    ) -> None:
        self.absence_rate = absence_rate
        self.suspension_days = suspension_days
        self.incidents = incidents
        self.failed_finals = failed_finals
        self.mark = mark

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row its place in the order.

        Parameters
        ----------
        X : DataFrame
            absence_rate_year, suspension_days_year, incidents_year, failed_finals_year, lowest_core_mark; NaN is
            unknown.

        Returns
        -------
        ndarray of shape (n,)
            Higher is listed first. NaN where all five are unknown.

        Raises
        ------
        DataError
            If a column is missing.
        """
        read = self._read(X)
        rate, suspended, incidents, failed, lowest = read
        attendance = rate >= self.absence_rate
        behavior = (suspended >= self.suspension_days) | (incidents >= self.incidents)
        course = (failed >= self.failed_finals) | (lowest < self.mark)
        met = attendance.astype(np.float64) + behavior + course
        order = 2.0 * met + np.where(np.isnan(rate), -0.5, rate)
        return np.where(np.isnan(read).all(axis=0), np.nan, order)
