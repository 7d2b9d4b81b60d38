"""Where each student stands among the class in each piece of work: what a date says whatever the module's calendar."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from experiments.oulad._plain import COURSE, ROW, STUDENT, Files, registered

# Work that is not due yet counts once this share of the class has handed it in.
_OPEN_FROM = 0.05
#: Every feature with the way it may move a score.
WORKS = MappingProxyType(
    {
        "place_in_works": -1, "place_in_works_by_weight": -1, "place_in_time": 1, "place_in_time_by_weight": 1,
        "behind_the_class": 1, "most_behind_the_class": 1,
    }
)  # fmt: skip


def work_places(files: Files, day: int) -> pd.DataFrame:
    """Compare every registered student with the class, work by work, by what was known on a day.

    Work is compared when it is due or at least 5 % of the class have handed it in. That somebody has not handed in what
    nearly all others have tells more than a due date that has just passed.

    Returns
    -------
    pandas.DataFrame
        Indexed by school_id (module-presentation) and student_id; the columns `WORKS`. Places are shares of the class,
        from near 0 to 1, averaged over the works, plainly and by their weight (alike where a module weighs none): in
        works by score, who has not handed in has the lowest place; in time by the day it was handed in, who has not has
        the latest. Behind the class is the share of the class that has handed in a work one has not: the sum of the
        works, and the largest. Banked work, and a score that is unknown, has no place. Where nothing can be compared
        the whole class stands in the middle, .5, and nobody is behind.
    """
    there = registered(files, day)[STUDENT]
    known = files.submissions[files.submissions["date_submitted"] <= day]
    rows = _compared(files, there, known, day)
    by_work = rows.groupby("id_assessment")
    rows["in_works"] = _places(rows, rows["score"].mask(rows["missing"], -1))
    rows["in_time"] = _places(rows, rows["date_submitted"].mask(rows["missing"], np.inf))
    rows["behind"] = (1 - by_work["missing"].transform("mean")).where(rows["missing"], 0.0)
    students = rows.groupby(STUDENT)
    found = pd.DataFrame(
        {
            "place_in_works": students["in_works"].mean(),
            "place_in_works_by_weight": _weighted(rows, "in_works"),
            "place_in_time": students["in_time"].mean(),
            "place_in_time_by_weight": _weighted(rows, "in_time"),
            "behind_the_class": students["behind"].sum(),
            "most_behind_the_class": students["behind"].max(),
        }
    ).reset_index()
    found = there.merge(found, on=STUDENT, how="left")
    found["school_id"] = found["code_module"] + "-" + found["code_presentation"]
    nothing = {name: 0.5 if name.startswith("place") else 0.0 for name in WORKS}
    return found.rename(columns={"id_student": "student_id"}).set_index(ROW)[list(WORKS)].fillna(nothing)


def _compared(files: Files, there: pd.DataFrame, known: pd.DataFrame, day: int) -> pd.DataFrame:
    """Pair the students with the works that are compared; whoever has banked one is not among its rows."""
    works = files.assessments
    total = works.groupby(COURSE)["weight"].transform("sum")
    works = works.assign(weight=works["weight"].mask(total == 0, 1.0))
    rows = works.merge(there, on=COURSE).merge(
        known[["id_assessment", "id_student", "date_submitted", "is_banked", "score"]],
        on=["id_assessment", "id_student"],
        how="left",
    )
    rows = rows[rows["is_banked"] != 1]
    rows = rows.assign(missing=rows["date_submitted"].isna())
    handed_in = 1 - rows.groupby("id_assessment")["missing"].transform("mean")
    return rows[(rows["date"] <= day) | (handed_in >= _OPEN_FROM)].copy()


def _places(rows: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Rank within each work, as a share; equal values share the mean of their places."""
    return values.groupby(rows["id_assessment"]).rank(pct=True)


def _weighted(rows: pd.DataFrame, name: str) -> pd.Series:
    """Average each student's places by the weights of the works; unknown where all weigh nothing."""
    weight = rows["weight"].where(rows[name].notna(), 0.0)
    sums = (
        rows.assign(_weight=weight, _sum=rows[name].fillna(0) * weight)
        .groupby(STUDENT)[["_sum", "_weight"]]
        .sum()
    )
    return sums["_sum"] / sums["_weight"].where(sums["_weight"] > 0)
