"""Rules as rankers: what every model must beat at the same list size. Here the base, and those that read one column."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from early_id.exceptions import DataError, did_you_mean, examples

if TYPE_CHECKING:
    import pandas as pd

    from early_id.models._terms import Floats


class Rule(BaseEstimator):  # type: ignore[misc]
    """Base of the rules: named columns in, an order out; no probability.

    Attributes
    ----------
    columns : tuple of str
        The columns of X that the rule reads.
    """

    columns: ClassVar[tuple[str, ...]]

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - most rules learn nothing
        """Check that the columns are there; a rule that learns nothing leaves y alone."""
        self._read(X)
        return self

    @abstractmethod
    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row its place in the order: higher is listed first, NaN where nothing is known that is read."""

    def _read(self, X: pd.DataFrame) -> list[Floats]:
        """Return the columns as float64; say which are missing."""
        there = getattr(X, "columns", ())
        missing = [name for name in self.columns if name not in there]
        if missing:
            who, hint = type(self).__name__, did_you_mean(missing[0], there)
            msg = f"{who} needs the columns {examples(self.columns)}, but X lacks {examples(missing)}; {hint}"
            raise DataError(msg)
        return [X[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in self.columns]


class PriorYearRule(Rule):
    """List by last school year's absence rate.

    Examples
    --------
    >>> import pandas as pd
    >>> PriorYearRule().rank_score(pd.DataFrame({"prior_absence_rate": [0.2, None]})).tolist()
    [0.2, nan]
    """

    columns = ("prior_absence_rate",)

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row `prior_absence_rate`; higher is listed first, NaN where it is unknown."""
        return self._read(X)[0]


class YearToDateRule(Rule):
    """List by the absence rate of this school year so far.

    Late in the year hardly anything orders better: who will end the year chronically absent mostly is so by then.

    Examples
    --------
    >>> import pandas as pd
    >>> YearToDateRule().rank_score(pd.DataFrame({"absence_rate_year": [0.05, None]})).tolist()
    [0.05, nan]
    """

    columns = ("absence_rate_year",)

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row `absence_rate_year`; higher is listed first, NaN where it is unknown."""
        return self._read(X)[0]


class LastMarkRule(Rule):
    """List by the latest mark of this school year, lowest first.

    Examples
    --------
    >>> import pandas as pd
    >>> LastMarkRule().rank_score(pd.DataFrame({"last_mark": [55.0, 90.0, None]})).tolist()
    [-55.0, -90.0, nan]
    """

    columns = ("last_mark",)

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row minus `last_mark` (0 to 100 points); higher is listed first, NaN where there is no mark."""
        return -self._read(X)[0]
