"""Plain features by hand: straight from the CSV files with pandas, sharing nothing with the panel they compete with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from early_id.exceptions import DataError, examples

#: The keys of a module presentation, and of a registration, in the files.
COURSE = ["code_module", "code_presentation"]
STUDENT = [*COURSE, "id_student"]
#: The keys of a panel's row within its date.
ROW = ["school_id", "student_id"]
#: Every feature with the way it may move a score: +1 more never lowers it, −1 never raises it, 0 free.
PLAIN = MappingProxyType(
    {
        "submissions": -1, "weight_submitted": -1, "mean_score": -1, "last_score": -1, "lowest_score": -1,
        "highest_score": -1, "score_change": 0, "mean_z": -1, "last_z": -1, "lowest_z": -1, "mean_days_late": 1,
        "most_days_late": 1, "last_days_late": 1, "late_submissions": 1, "days_since_submission": 0, "works_due": 0,
        "works_missed": 1, "weight_missed": 1, "share_missed": 1, "last_due_missed": 1, "registration_day": 0,
        "credits": 0, "attempts": 1,
    }
)  # fmt: skip
#: The one feature that rests on labels: those of the rows that train.
BASE_RATE = "module_base_rate"
# So many made-up students of the average module stand beside a module's own.
_PRIOR_STUDENTS = 20


@dataclass(frozen=True, eq=False)
class Files:
    """What is read of the files: registrations with a day, work that is no exam, and what was handed in of it."""

    registrations: pd.DataFrame
    assessments: pd.DataFrame
    submissions: pd.DataFrame


def read_files(data: Path) -> Files:
    """Read the columns that are used; the attributes of a person are not among them."""

    def read(name: str, columns: list[str]) -> pd.DataFrame:
        text = {column: "str" for column in ("id_student", "id_assessment") if column in columns}
        return pd.read_csv(data / f"{name}.csv", usecols=columns, dtype=text, na_values="?")

    days = read("studentRegistration", [*STUDENT, "date_registration", "date_unregistration"])
    info = read("studentInfo", [*STUDENT, "num_of_prev_attempts", "studied_credits"])
    works = read("assessments", [*COURSE, "id_assessment", "assessment_type", "date", "weight"])
    works = works[works["assessment_type"] != "Exam"]
    marks = read("studentAssessment", ["id_assessment", "id_student", "date_submitted", "is_banked", "score"])
    return Files(
        days.dropna(subset=["date_registration"]).merge(info, on=STUDENT, validate="1:1"),
        works,
        marks.merge(works, on="id_assessment"),
    )


def registered(files: Files, day: int) -> pd.DataFrame:
    """Keep the registrations that stand on a day of their module."""
    rows = files.registrations
    return rows[(rows["date_registration"] <= day) & ~(rows["date_unregistration"] <= day)]


def plain_features(files: Files, day: int) -> pd.DataFrame:
    """Describe every registration that stands on a day of its module by what was known on that day.

    Returns
    -------
    pandas.DataFrame
        Indexed by school_id (module-presentation) and student_id; the columns `PLAIN`. Scores are 0 to 100, z-scores
        are taken within an assessment over what was handed in by that day, days count from the start of the module.
        Nothing handed in is 0 submissions and no score. Banked work is no submission and is not missed either.
    """
    there = registered(files, day)
    found = there[STUDENT].assign(
        registration_day=there["date_registration"],
        credits=there["studied_credits"],
        attempts=there["num_of_prev_attempts"],
    )
    known = files.submissions[files.submissions["date_submitted"] <= day]
    handed_in = known[known["is_banked"] == 0]
    found = found.merge(_handed_in(handed_in, day), on=STUDENT, how="left")
    due = files.assessments[files.assessments["date"] <= day].merge(there[STUDENT], on=COURSE)
    settled = pd.concat([handed_in, files.submissions[files.submissions["is_banked"] == 1]])
    found = found.merge(_missed(due, settled), on=STUDENT, how="left")
    for name in (
        "submissions",
        "weight_submitted",
        "late_submissions",
        "works_due",
        "works_missed",
        "weight_missed",
    ):
        found[name] = found[name].fillna(0)
    found["school_id"] = found["code_module"] + "-" + found["code_presentation"]
    return found.rename(columns={"id_student": "student_id"}).set_index(ROW)[list(PLAIN)].astype("float64")


def of_the_rows(features: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put features in the order of a panel's rows, which are the same students.

    Raises
    ------
    DataError
        If the panel has somebody the files have not on that day, or the other way round.
    """
    asked = pd.MultiIndex.from_frame(rows[ROW])
    schools = features.index.get_level_values("school_id").isin(rows["school_id"].unique())
    others = features.index[schools].symmetric_difference(asked)
    if len(others) or asked.has_duplicates:
        msg = (
            f"Expected the panel and the files to have the same students registered, got {len(others)} that only one "
            f"of them has ({examples(map(str, others))}); look these registrations up in the files."
        )
        raise DataError(msg)
    return features.loc[asked].set_index(rows.index)


def base_rates(rows: pd.DataFrame, trained: pd.Series) -> pd.Series:
    """Give each row the share of the outcome in its module among the rows that train, drawn to the overall share.

    A module that trains nothing has no share.
    """
    learned = rows[trained & rows["label"].notna()]
    labels = learned.groupby("district_id")["label"].agg(["sum", "size"])
    overall = learned["label"].mean()
    rate = (labels["sum"] + _PRIOR_STUDENTS * overall) / (labels["size"] + _PRIOR_STUDENTS)
    return rows["district_id"].map(rate).astype("float64").rename(BASE_RATE)


def _handed_in(works: pd.DataFrame, day: int) -> pd.DataFrame:
    """Sum up what each student handed in, in order of time."""
    scores = works.groupby("id_assessment")["score"]
    works = works.assign(
        z=(works["score"] - scores.transform("mean")) / scores.transform("std").replace(0, np.nan),
        days_late=works["date_submitted"] - works["date"],
    )
    works["late"] = works["days_late"] > 0
    works = works.sort_values([*STUDENT, "date_submitted", "date", "id_assessment"])
    found = works.groupby(STUDENT).agg(
        submissions=("id_assessment", "size"),
        weight_submitted=("weight", "sum"),
        mean_score=("score", "mean"),
        first_score=("score", "first"),
        last_score=("score", "last"),
        lowest_score=("score", "min"),
        highest_score=("score", "max"),
        mean_z=("z", "mean"),
        last_z=("z", "last"),
        lowest_z=("z", "min"),
        mean_days_late=("days_late", "mean"),
        most_days_late=("days_late", "max"),
        last_days_late=("days_late", "last"),
        late_submissions=("late", "sum"),
        last_day=("date_submitted", "max"),
    )
    found["score_change"] = found["last_score"] - found.pop("first_score")
    found["days_since_submission"] = day - found.pop("last_day")
    return found.reset_index()


def _missed(due: pd.DataFrame, settled: pd.DataFrame) -> pd.DataFrame:
    """Sum up what each student should have handed in, in order of the days it was due."""
    work = ["id_assessment", "id_student"]
    done = pd.MultiIndex.from_frame(settled[work])
    due = due.assign(missed=~pd.MultiIndex.from_frame(due[work]).isin(done)).sort_values(
        "date", kind="stable"
    )
    due["weight_missed"] = due["weight"] * due["missed"]
    found = due.groupby(STUDENT).agg(
        works_due=("missed", "size"),
        works_missed=("missed", "sum"),
        weight_missed=("weight_missed", "sum"),
        last_due_missed=("missed", "last"),
    )
    found["share_missed"] = found["works_missed"] / found["works_due"]
    return found.reset_index().astype({"last_due_missed": "float64"})
