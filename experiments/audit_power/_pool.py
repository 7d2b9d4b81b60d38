"""The scored students of a world, and counties drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from early_id.evaluation import list_at_capacity
from early_id.models import AdditiveModel, MonotoneAdditiveClassifier
from early_id.panel import CATALOG, Panel, build_panel
from experiments.audit_power._plants import Plant
from experiments.audit_power._world import as_of_dates, draw_world, live_year

CAPACITY = "20%"
LABEL = "chronic_absence"
FEATURES = ("absence_rate_20d", "absence_rate_60d", "absence_rate_year", "grade_level")
#: So many times the students of a county are simulated for a world.
TIMES = 5
#: Seed of the county a model learns from; the worlds that are audited count from 1.
TRAINING = 9001


@dataclass(frozen=True)
class Pool:
    """Scored rows of every student of a world and their groups, either sorted by student."""

    rows: pd.DataFrame
    groups: pd.DataFrame

    def county(self, students: int, seed: tuple[int, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Draw students, each by itself and with replacement, and the lists of their schools: rows and groups.

        Whoever is drawn twice is two students. Whole students are drawn, with all their dates and groups.
        """
        everybody = self.groups["student_id"].unique()
        drawn = np.sort(np.random.default_rng(seed).integers(0, len(everybody), students))
        rows = _take(self.rows, everybody[drawn])
        return rows.assign(listed=list_at_capacity(rows, CAPACITY).to_numpy()), _take(
            self.groups, everybody[drawn]
        )


def _take(frame: pd.DataFrame, students: Any) -> pd.DataFrame:
    """Take all rows of each of these students, under a name of their own for each time they are named."""
    known = frame["student_id"].to_numpy()
    first, last = np.searchsorted(known, students, "left"), np.searchsorted(known, students, "right")
    count = last - first
    turn = np.repeat(np.arange(len(students)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    names = np.array([f"{number:08d}" for number in range(len(students))])
    taken: pd.DataFrame = frame.iloc[place].reset_index(drop=True)
    return taken.assign(student_id=names[turn])


def make_pool(plant: Plant, document: AdditiveModel, *, students: int, seed: int, times: int = TIMES) -> Pool:
    """Simulate a world, build its panel and score it."""
    panel, groups, really = _panel(plant, students=students, seed=seed, times=times)
    scored = panel.frame["not_scored"].isna().to_numpy()
    score = np.full(len(scored), np.nan)
    score[scored] = document.predict_proba(panel.design(panel.frame[scored]))[:, 1].round(6)
    kept = ["student_id", "school_id", "district_id", "as_of", "grade_level", "label", "onset", "not_scored"]
    rows = panel.frame[kept].assign(score=score)
    if plant.independent:
        rows["really"] = rows["student_id"].map(really)
    # Who left before the first date is audited nowhere.
    groups = groups[groups["student_id"].isin(rows["student_id"].unique())]
    by = ["student_id", "as_of"], ["student_id", "attribute", "valid_from"]
    plain = {"student_id": object}
    return Pool(rows.sort_values(by[0]).astype(plain), groups.sort_values(by[1]).astype(plain))


def fit_document(plant: Plant, *, students: int) -> AdditiveModel:
    """Train the default learner on a county that is not audited, whose records mislead in the same way."""
    panel, _, _ = _panel(plant, students=students, seed=TRAINING, times=1)
    rows = panel.learnable
    learner = MonotoneAdditiveClassifier(directions="catalogue", random_state=0)
    return learner.fit(panel.design(rows), panel.y).document_


def _panel(plant: Plant, *, students: int, seed: int, times: int) -> tuple[Panel, pd.DataFrame, pd.Series]:
    plan = draw_world(students, times=times, seed=seed, bias=plant.bias)
    district, really = live_year(plan, truth=plant.independent)
    panel = build_panel(
        district,
        label=LABEL,
        as_of=as_of_dates(plan),
        catalog={name: CATALOG[name] for name in FEATURES},
        known_by=pd.Timestamp(plan.today, unit="D").date(),
    )
    return panel, district.groups, really
