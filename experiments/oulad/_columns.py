"""What the study adds to the panel: plain columns, places within the class on the day, and the module's past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, cast

import pandas as pd

from early_id.panel import Feature, Panel
from experiments.oulad._panels import DAYS_OFF
from experiments.oulad._plain import BASE_RATE, PLAIN, Files, base_rates, of_the_rows, plain_features
from experiments.oulad._works import WORKS, work_places

# Points are all scores added up: who hands in nothing has none and comes last, while a mean of nothing is unknown.
_PLACES = MappingProxyType(
    {
        "points": -1, "points_per_work": -1, "submissions": -1, "weight_submitted": -1, "mean_score": -1,
        "last_score": -1, "mean_z": -1, "mean_days_late": 1, "days_since_submission": 0, "registration_day": 0,
    }
)  # fmt: skip
_LAST_IF_NEVER = ("mean_days_late", "days_since_submission")
#: Columns made of the plain ones, with the way they may move a score.
STUDY = MappingProxyType(
    {f"place_{name}": way for name, way in _PLACES.items()} | {"points_per_work": -1, "modules_taken": 0}
)


def day_columns(files: Files, day: int) -> pd.DataFrame:
    """Describe all registrations of a day: the plain features, and what the study adds to them."""
    return study_columns(plain_features(files, day)).join(work_places(files, day), validate="1:1")


def study_columns(plain: pd.DataFrame) -> pd.DataFrame:
    """Add to the plain features of all registrations of a day where each stands in its class.

    A place is the share of the class (the module presentation on the same day) with a value no larger; equal values
    share the mean of their places. Who has handed in nothing has the place after the latest.
    """
    points = plain["mean_score"].fillna(0) * plain["submissions"]
    works = plain[["works_due", "submissions"]].max(axis=1)
    found = plain.assign(points=points, points_per_work=points / works.where(works > 0))
    never = found["submissions"] == 0
    for name in _PLACES:
        values = found[name].mask(never, float("inf")) if name in _LAST_IF_NEVER else found[name]
        found[f"place_{name}"] = values.groupby(level="school_id").rank(pct=True)
    presentation = found.index.get_level_values("school_id").str.rpartition("-").get_level_values(2)
    student = found.index.get_level_values("student_id")
    found["modules_taken"] = found.groupby([presentation, student])["submissions"].transform("size")
    return found[[*PLAIN, *STUDY]].astype("float64")


def with_columns(panel: Panel, columns: Mapping[int, pd.DataFrame], kind: Literal["plain", "study"]) -> Panel:
    """Give a week's panel the columns in the place of its own features ("plain"), or beside them ("study").

    `columns` are those of each number of days from the day of scoring.
    """
    ways: Mapping[str, int] = PLAIN if kind == "plain" else {**PLAIN, **STUDY, **WORKS}
    own = () if kind == "plain" else panel.features
    days = panel.frame.groupby(DAYS_OFF)
    found = pd.concat([of_the_rows(columns[int(off)][list(ways)], rows) for off, rows in days])  # type: ignore[call-overload, unused-ignore]
    frame = panel.frame.join(found)
    return replace(panel, frame=frame, features=(*own, *(_declared(name, way) for name, way in ways.items())))


def with_base_rate(panel: Panel, trained: pd.Series) -> Panel:
    """Add each module's share of the outcome among the rows that train."""
    rates = base_rates(panel.frame, trained)
    return replace(
        panel,
        frame=panel.frame.assign(**{BASE_RATE: rates}),
        features=(*panel.features, _declared(BASE_RATE, 1)),
    )


def _declared(name: str, way: int) -> Feature:
    """Declare a column that is taken as it is: learners read its name and direction."""
    return Feature(
        name=name,
        concept=name,
        domain="grades",
        table="grades",
        window="year",
        where="",
        aggregate="value",
        column=name,
        direction=cast("Literal[1, -1, 0]", way),
        unit="points",
        phrase="",
    )
