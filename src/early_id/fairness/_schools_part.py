"""How much of a gap lies between schools, and how much in the order within them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import Estimate
from early_id.fairness._counts import MEASURES, Bits
from early_id.fairness._groups import PLACES
from early_id.fairness._publish import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from early_id.fairness._groups import Attribute, Ints

    Floats = npt.NDArray[np.float64]

COLUMNS = (
    "attribute", "group", "n_schools", "gap", "between", "between_low", "between_high", "within", "within_low",
    "within_high",
)  # fmt: skip
#: With fewer schools the part between them and the schools' own rates would tell where a group's students are.
_SCHOOLS = 4


def compute_schools_part(
    rows: pd.DataFrame, attributes: Sequence[Attribute], students: Ints, measures: Bits
) -> pd.DataFrame:
    """Split each group's gap in recall into a part between schools and a part within them.

    Answers: is a group missed because its schools have few places for their need, or because it stands further down
    on the lists of its own schools?

    Parameters
    ----------
    rows : DataFrame
        With school_id.
    attributes : sequence of Attribute
        School and district are left out.
    students : array of int
        Number of each row's student.
    measures : array of int
        As `row_measures` gives them.

    Returns
    -------
    DataFrame
        attribute, group, n_schools (with students of the group who had the outcome), gap (recall of the group less
        that of everyone else), between and within, which add up to it, each with a 95 % interval (students as units).

    Notes
    -----
    With r_s the recall of school s over all its students and w the shares of a group's rows with the outcome by
    school, between = Σ_s (w_s of the group − w_s of all others) · r_s: the gap there would be, did every school reach
    each group alike. Within is what is left. Linearised, r_s estimated too.
    """
    positive = measures[:, MEASURES.index("positive")] > 0
    reached = measures[positive, MEASURES.index("reached")].astype(float)
    school, names = pd.factorize(rows.loc[positive, "school_id"])
    student, n = students[positive], int(students.max()) + 1
    taking_part = len(np.unique(student))
    outcomes = np.bincount(school, minlength=len(names))
    rate = np.bincount(school, weights=reached, minlength=len(names)) / np.maximum(outcomes, 1)
    found = []
    for attribute in attributes:
        codes = attribute.codes[positive]
        if attribute.name in PLACES:
            continue
        for code, group in enumerate(attribute.groups):
            own = codes == code
            if not own.any() or own.all():
                continue
            weight = np.where(own, 1.0 / own.sum(), -1.0 / (~own).sum())
            # Σ of the weights of a school's rows: by how much more of the group is there.
            lean = np.bincount(school, weights=weight, minlength=len(names)) / np.maximum(outcomes, 1)
            gap, between = float(weight @ reached), float(weight @ rate[school])
            means = [
                np.where(own, values[own].mean(), values[~own].mean()) for values in (rate[school], reached)
            ]
            influence = weight * (rate[school] - means[0]) + lean[school] * (reached - rate[school])
            whole = weight * (reached - means[1])
            both = ((between, influence), (gap - between, whole - influence))
            parts = [
                Estimate(value, np.bincount(student, weights=moves, minlength=n), taking_part)
                for value, moves in both
            ]
            ends = [number for part in parts for number in (part.value, *part.interval())]
            found.append((attribute.name, group, len(np.unique(school[own])), gap, *ends))
    return pd.DataFrame(found, columns=COLUMNS)


def publish_schools_part(parts: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Keep the groups whose gap is printed, of enough schools; rounded.

    `gaps`: the published gaps.
    """
    printed = gaps[
        (gaps["metric"] == "recall")
        & (gaps["family"] == "single")
        & (gaps["comparison"] == "others")
        & gaps["gap"].notna()
    ]
    keys = pd.MultiIndex.from_frame(printed[["attribute", "group"]])
    kept = parts[pd.MultiIndex.from_frame(parts[["attribute", "group"]]).isin(keys)]
    kept = kept[kept["n_schools"] >= _SCHOOLS].drop(columns="n_schools").reset_index(drop=True)
    numbers = kept.select_dtypes("number").columns
    return kept.assign(**{name: kept[name].round(DIGITS) for name in numbers})
