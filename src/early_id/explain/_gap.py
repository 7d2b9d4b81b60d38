"""Which features make the mean score of one group higher than everyone else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.evaluation import Estimate, estimate_mean, small_sample
from early_id.exceptions import DataError
from early_id.explain._beeswarm import FEW
from early_id.explain._levels import Level, summed
from early_id.explain._rows import students_of

if TYPE_CHECKING:
    from early_id.models import AdditiveModel

#: Of rows without a group.
UNKNOWN = "unknown"
#: What a document of several periods starts from at different times of the year.
TIME = "time of the school year"
SCORE = "score"


def compute_attribution_gap(
    document: AdditiveModel,
    X: pd.DataFrame,
    group: pd.Series | pd.DataFrame,
    *,
    level: Level = "feature",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Split the difference between a group's mean score and everyone else's into what each feature adds to it.

    Answers which features make the scores of one group higher. It does not say why the feature differs, nor that the
    difference is wrong: a group that is absent more has a higher score for it.

    Parameters
    ----------
    document : AdditiveModel
    X : DataFrame of shape (n, ...)
        As for `explain`. Students are told by the index level `student_id`; without it every row is one student.
    group : Series of shape (n,), or DataFrame with a column per attribute
        The group of each row, in the order of `X`; missing is a group of its own, "unknown".
    level : {"feature", "concept", "domain"}
        What the difference is split into.
    confidence : float, 0 < confidence < 1
        Of each interval by itself.

    Returns
    -------
    DataFrame
        For each group the parts, the largest first, then the whole as the name "score":

        - ``attribute`` (of several), ``group``, ``name``
        - ``students``, ``others``: distinct students in the group, and among everyone else
        - ``gap``: mean Shapley value of the group's rows less that of everyone else's, log-odds. The parts add up to
          the row "score", the difference of the mean scores. Where a document has several periods, "time of the
          school year" is the part of groups seen at different times.
        - ``low``, ``high``: student-clustered interval

        All figures of a group of ten students or fewer are missing, and those of more groups where the hidden one
        could be computed from the others.

    Raises
    ------
    DataError
        If there are no rows, or not one group for each of them.

    Notes
    -----
    With φ from `explain`, ``gap_j = mean of φ_j over the group − mean of φ_j over the others``, and scores are ``base +
    Σ_j φ_j``: the split is exact whatever the background. Intervals are those of the infinitesimal jackknife over
    students, see `early_id.evaluation.Estimate`.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> X = pd.DataFrame({"absent": [3.0] * 20 + [0.0] * 60})
    >>> gap = compute_attribution_gap(document, X, pd.Series(["a"] * 40 + ["b"] * 40))
    >>> gap.loc[gap["group"] == "a", ["name", "gap"]].to_numpy().tolist()
    [['absent', 0.75], ['score', 0.75]]
    """
    if X.empty or len(group) != len(X):
        msg = f"Expected one group for each of at least one row, got {len(group)} for {len(X)} rows; give one for each."
        raise DataError(msg)
    parts = summed(document, document.shapley_values(X), level)
    base = document.background(X)["base"].to_numpy()
    if not document.periods[0].whole_year:
        parts = parts.assign(**{TIME: base})
    parts = parts.assign(**{SCORE: document.decision_function(X)})
    student = pd.factorize(students_of(X))[0]
    if isinstance(group, pd.Series):
        return _of_attribute(parts, group, student, confidence)
    found = [_of_attribute(parts, group[name], student, confidence) for name in group]
    for name, frame in zip(group, found, strict=True):
        frame.insert(0, "attribute", str(name))
    return pd.concat(found, ignore_index=True)


def _of_attribute(
    parts: pd.DataFrame, group: pd.Series, student: npt.NDArray[np.int64], confidence: float
) -> pd.DataFrame:
    names = group.astype("str").where(group.notna(), UNKNOWN).to_numpy()
    hidden = _hidden(pd.Series(student).groupby(names).nunique())
    found = [
        _of_group(parts, names == one, student, one, confidence, hide=hide) for one, hide in hidden.items()
    ]
    return pd.concat(found, ignore_index=True)


def _hidden(students: pd.Series) -> dict[str, bool]:
    """Say which groups are hidden: the small ones, and the next ones until those hidden are many together."""
    sizes = students.sort_values(kind="stable")
    # One hidden group alone follows from the others: parts of all students add up to nothing.
    many = bool((sizes > FEW).all())
    hide = [
        not many and (size <= FEW or before <= FEW)
        for size, before in zip(sizes, sizes.cumsum().shift(fill_value=0), strict=True)
    ]
    return dict(sorted(zip(map(str, sizes.index), hide, strict=True)))


def _of_group(
    parts: pd.DataFrame,
    inside: npt.NDArray[np.bool_],
    student: npt.NDArray[np.int64],
    name: str,
    confidence: float,
    *,
    hide: bool,
) -> pd.DataFrame:
    counts = [len(np.unique(student[side])) for side in (inside, ~inside)]
    rows = []
    for part, values in parts.items():
        found = _difference(values.to_numpy(), inside, student)
        low, high = found.interval(confidence)
        rows.append(
            {
                "name": part,
                "students": counts[0],
                "others": counts[1],
                "gap": found.value,
                "low": low,
                "high": high,
            }
        )
    frame = pd.DataFrame(rows).astype({"students": "float64", "others": "float64"})
    if hide:
        frame[["students", "others", "gap", "low", "high"]] = np.nan
    else:
        frame = frame.sort_values("gap", key=lambda gap: -gap.abs(), kind="stable")
        frame = frame.sort_values("name", key=lambda names: names == SCORE, kind="stable")
    frame.insert(0, "group", name)
    return frame


def _difference(
    values: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], student: npt.NDArray[np.int64]
) -> Estimate:
    n_students = int(student.max()) + 1
    own, others = (estimate_mean(values[side], student[side], n_students) for side in (inside, ~inside))
    # Each mean is of its own number of students.
    scaled = [np.sqrt(small_sample(one.students)) * one.influence for one in (own, others)]
    return Estimate(own.value - others.value, scaled[0] - scaled[1], n_students)
