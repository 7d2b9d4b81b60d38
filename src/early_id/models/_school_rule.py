"""The school-only baseline: everybody of a school alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from early_id.exceptions import ConfigError, DataError, examples
from early_id.models._rules import Rule

if TYPE_CHECKING:
    from early_id.models._terms import Floats

SCHOOL, STUDENT = "school_id", "student_id"


class SchoolMeanRule(Rule):
    """List by the share of the student's school that had the outcome in the training rows.

    How much of a model's overall AUROC is only telling schools apart? This rule does nothing else: within a school all
    are equal, so its AUROC there is ½ and its list is drawn by lot.

    Parameters
    ----------
    students : float, default=20
        Above 0. So many students at the overall rate are added to every school.

    Attributes
    ----------
    rates_ : pandas.Series
        Smoothed rate of each school of the training rows.
    overall_ : float
        Rate of all training rows; an unseen school gets it.

    Notes
    -----
    The school is no column: it is the level `school_id` of the index of X, as `Panel.X` has it.

        rate of a school = (n · r + m · R) / (n + m)

    with r the share of the school's rows with the outcome, R that of all rows, n the school's distinct students (level
    `student_id`; without it each row counts as one) and m = `students`: the m-estimate, the posterior mean under a
    Beta prior with mean R and the weight of m students. Students are counted and not rows, since the weeks of one
    student tell little more than one of them.

    References
    ----------
    Cestnik, B. (1990). Estimating probabilities: a crucial task in machine learning. ECAI 1990, 147–149.
    Perdomo, J. C., Britton, T., Hardt, M., Abebe, R. (2023). Difficult lessons on social prediction from Wisconsin
    public schools. arXiv:2304.06205.

    Examples
    --------
    >>> X = pd.DataFrame(index=pd.MultiIndex.from_product([range(20), ["a", "b"]], names=["student_id", "school_id"]))
    >>> y = [1, 0] * 20
    >>> SchoolMeanRule().fit(X, y).rates_.to_dict()
    {'a': 0.75, 'b': 0.25}
    """

    columns = ()

    def __init__(self, *, students: float = 20) -> None:
        self.students = students

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn the rates.

        Parameters
        ----------
        X : DataFrame
            With a level `school_id` in its index; columns are not read.
        y : array of shape (n,)
            0 or 1 for each row.

        Raises
        ------
        DataError
            If the index has no level `school_id`, or y is not 0 or 1 for each of at least one row.
        ConfigError
            If `students` is not above 0.
        """
        if not self.students > 0:
            msg = f"students must be a number above 0, but is {self.students!r}; correct it."
            raise ConfigError(msg)
        school = _schools(X)
        outcome = np.asarray(y, dtype=np.float64) if y is not None else np.empty(0)
        if not len(school) or outcome.shape != school.shape or not np.isin(outcome, (0.0, 1.0)).all():
            found = "none" if y is None else f"{len(outcome)} with {examples(np.unique(outcome).tolist())}"
            msg = f"SchoolMeanRule needs an outcome of 0 or 1 for each of {len(school)} rows, but got {found}; give y."
            raise DataError(msg)
        self.overall_ = float(outcome.mean())
        level = X.index.get_level_values(STUDENT) if STUDENT in X.index.names else np.arange(len(X))
        rows = pd.DataFrame({"outcome": outcome, "student": np.asarray(level)}).groupby(np.asarray(school))
        share, n = rows["outcome"].mean(), rows["student"].nunique()
        self.rates_ = (n * share + self.students * self.overall_) / (n + self.students)
        return self

    def rank_score(self, X: pd.DataFrame) -> Floats:
        """Give each row the rate of its school; NaN where the school is unknown."""
        check_is_fitted(self)
        school = pd.Series(_schools(X))
        found = school.map(self.rates_).fillna(self.overall_).where(school.notna())
        return np.asarray(found, dtype=np.float64)


def _schools(X: Any) -> pd.Index:
    if not isinstance(X, pd.DataFrame) or SCHOOL not in X.index.names:
        names = list(X.index.names) if isinstance(X, pd.DataFrame) else f"a {type(X).__name__}"
        msg = (
            f"SchoolMeanRule reads the level {SCHOOL!r} of the index of X, but got {names}; "
            "use `Panel.X` or `Panel.design`."
        )
        raise DataError(msg)
    return X.index.get_level_values(SCHOOL)
