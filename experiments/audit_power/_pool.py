"""The scored students of a world, and counties drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.district import District
from early_id.district._simulate._plan import Plan
from early_id.evaluation import list_at_capacity
from early_id.fairness._groups import Attribute, attach_attributes
from early_id.models import AdditiveModel, MonotoneAdditiveClassifier
from early_id.panel import CATALOG, Panel, build_panel
from experiments.audit_power._plants import TRUTH, Plant
from experiments.audit_power._world import as_of_dates, draw_world, live_year

FEATURES = ("absence_rate_20d", "absence_rate_60d", "absence_rate_year", "grade_level")
#: What is added where the outcome is about incidents.
OF_INCIDENTS = ("incidents_60d", "incidents_year")
#: So many times the students of a county are simulated for a world.
TIMES = 5
#: Seed of the county a model learns from; the worlds that are audited count from 1.
TRAINING = 9001

Ints = npt.NDArray[np.int64]


class County(NamedTuple):
    """Scored rows of the students drawn and who is listed; the group of each row; and the groups on record."""

    rows: pd.DataFrame
    attributes: tuple[Attribute, ...]
    groups: pd.DataFrame


@dataclass(frozen=True)
class Pool:
    """Scored rows of every student of a world and their groups, either sorted by student; and who is listed."""

    rows: pd.DataFrame
    groups: pd.DataFrame
    capacity: str

    def county(self, students: int, seed: tuple[int, ...]) -> County:
        """Draw students, each by itself and with replacement, and the lists of their schools.

        Whoever is drawn twice is two students. Whole students are drawn, with all their dates and groups.
        """
        everybody, begins = self._places
        drawn = np.sort(np.random.default_rng(seed).integers(0, everybody, students))
        names = pd.Index([f"{number:08d}" for number in range(students)], dtype=object)
        (place, count), (group_place, group_count) = (_places_of(drawn, begin) for begin in begins)
        rows = _take(self.rows, place, names.repeat(count))
        listed = list_at_capacity(rows, self.capacity).to_numpy()
        return County(
            rows.assign(listed=listed),
            tuple(_narrow(attribute, place) for attribute in self._attributes),
            _take(self.groups, group_place, names.repeat(group_count)),
        )

    @cached_property
    def _attributes(self) -> tuple[Attribute, ...]:
        """Look up the groups of all rows once: in a county they are the same."""
        return attach_attributes(self.rows, self.groups)

    @cached_property
    def _places(self) -> tuple[int, tuple[Ints, Ints]]:
        """Count the students, and say where the rows and the groups of each begin; one more place is the end."""
        everybody = self.groups["student_id"].unique()
        frames = self.rows["student_id"].to_numpy(), self.groups["student_id"].to_numpy()
        rows, groups = (np.append(np.searchsorted(known, everybody), len(known)) for known in frames)
        return len(everybody), (rows, groups)


def _places_of(drawn: Ints, begins: Ints) -> tuple[Ints, Ints]:
    """Give the places of all rows of the students drawn, and how many each has."""
    count = begins[drawn + 1] - begins[drawn]
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - begins[drawn], count), count


def _take(frame: pd.DataFrame, place: Ints, names: pd.Index) -> pd.DataFrame:
    """Take rows, each student under a name of its own for each time it is drawn."""
    taken: pd.DataFrame = frame.iloc[place].reset_index(drop=True)
    return taken.assign(student_id=names)


def _narrow(attribute: Attribute, place: Ints) -> Attribute:
    """Take the groups of rows; what nobody is in any more is no group."""
    met, codes = np.unique(attribute.codes[place], return_inverse=True)
    return Attribute(attribute.name, tuple(attribute.groups[code] for code in met), codes)


def make_pool(plant: Plant, document: AdditiveModel, *, students: int, seed: int, times: int = TIMES) -> Pool:
    """Simulate a world, build its panel and score it."""
    plan = draw_world(students, times=times, seed=seed, plant=plant)
    district, really = live_year(plan, plant)
    panel = _panel(plan, district, plant, plant.label)
    scored = panel.frame["not_scored"].isna().to_numpy()
    score = np.full(len(scored), np.nan)
    score[scored] = document.predict_proba(panel.design(panel.frame[scored]))[:, 1].round(6)
    kept = ["student_id", "school_id", "district_id", "as_of", "grade_level", "label", "onset", "not_scored"]
    rows = panel.frame[kept].assign(score=score)
    if plant.other == TRUTH:
        # Nobody knows the day of this outcome, so every date is judged.
        really = rows["student_id"].map(really).astype("float64")
        rows = rows.assign(other_label=really, other_onset=True)
    elif plant.other:
        other = _panel(plan, district, plant, plant.other).frame
        rows = rows.assign(other_label=other["label"], other_onset=other["onset"])
    # Who left before the first date is audited nowhere.
    groups = district.groups[district.groups["student_id"].isin(rows["student_id"].unique())]
    by = ["student_id", "as_of"], ["student_id", "attribute", "valid_from"]
    plain = {"student_id": object}
    return Pool(
        rows.sort_values(by[0]).astype(plain), groups.sort_values(by[1]).astype(plain), plant.capacity
    )


def fit_document(plant: Plant, *, students: int) -> AdditiveModel:
    """Train the default learner on a county that is not audited, whose records mislead in the same way."""
    plan = draw_world(students, times=1, seed=TRAINING, plant=plant)
    panel = _panel(plan, live_year(plan, plant)[0], plant, plant.label)
    rows = panel.learnable
    learner = MonotoneAdditiveClassifier(directions="catalogue", random_state=0)
    return learner.fit(panel.design(rows), panel.y).document_


def _panel(plan: Plan, district: District, plant: Plant, label: str) -> Panel:
    features = FEATURES if plant.label == "chronic_absence" else (*FEATURES, *OF_INCIDENTS)
    return build_panel(
        district,
        label=label,
        as_of=as_of_dates(plan),
        catalog={name: CATALOG[name] for name in features},
        known_by=pd.Timestamp(plan.today, unit="D").date(),
    )
