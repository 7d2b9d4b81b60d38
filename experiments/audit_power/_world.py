"""A world: one set of schools and the many students from whom the students of its counties are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.district import TABLES, District
from early_id.district._simulate import Bias
from early_id.district._simulate._assembly import county_rows, incident_words, lookups, student_words
from early_id.district._simulate._frames import arranged, arranged_truth, to_frame, truth_frame
from early_id.district._simulate._life import Coded, live
from early_id.district._simulate._plan import Plan, draw_plan
from early_id.district._simulate._settings import Settings

DISTRICTS = 3
PER_SCHOOL = 420
#: What an audit of attendance needs; marks are most of a county's rows and are left out.
NEEDED = ("enrollments", "absences", "incidents")


def draw_world(students: int, *, times: int, seed: int, bias: Bias) -> Plan:
    """Lay out the schools of a county of so many students, attended by `times` as many; one school year of them."""
    schools = max(DISTRICTS, students // PER_SCHOOL)
    plan = draw_plan(Settings(students * times, schools, DISTRICTS, 2, 2025, seed), bias)
    rosters = tuple(replace(roster, seats=roster.seats[:1]) for roster in plan.rosters)
    return replace(plan, years=plan.years[:1], rosters=rosters)


def as_of_dates(plan: Plan) -> list[pd.Timestamp]:
    """Give the Sundays after the 6th, 11th, 16th and 21st week of the district that begins last."""
    year = plan.years[0]
    begun = int(np.argmax(year.open, axis=1).max()) // 5
    return [pd.Timestamp(day, unit="D") for day in year.sundays[begun + 5 : begun + 21 : 5].tolist()]


def live_year(plan: Plan, *, truth: bool) -> tuple[District, pd.Series]:
    """Let the year happen.

    Returns
    -------
    (district, really)
        What is on record, and per student who really was chronically absent at the end of the year (empty unless
        `truth`, which is half of the work).
    """
    wanted = (*NEEDED, *(["truth"] if truth else []))
    students = np.sort(np.concatenate(plan.number))
    coded: Coded = county_rows(plan)
    for block, own in enumerate(plan.number):
        code: npt.NDArray[np.int32] = np.searchsorted(students, np.sort(own)).astype(np.int32)
        for name, parts in live(plan, block, wanted).items():
            for part in parts:
                part["student_id"] = code[part["student_id"]]
            coded.setdefault(name, []).extend(parts)
    given = {"student_id": student_words(students), "incident_id": incident_words(plan, coded["incidents"])}
    words = {name: {**columns, **given} for name, columns in lookups(plan).items()}
    really = pd.Series(dtype=bool)
    if truth:
        found = truth_frame(arranged_truth(coded.pop("truth")), words["truth"])
        really = found.sort_values("as_of").groupby("student_id")["risk"].last() > 0.5
    tables = {
        name: to_frame(name, arranged(name, coded.pop(name, []), plan.today), words[name]) for name in TABLES
    }
    return District.from_frames(tables), really
