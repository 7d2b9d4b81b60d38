"""A world: one set of schools and the many students from whom the students of its counties are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.district import TABLES, District
from early_id.district._simulate._assembly import county_rows, incident_words, lookups, student_words
from early_id.district._simulate._attendance import _BY_GRADE
from early_id.district._simulate._calendar import Year
from early_id.district._simulate._frames import arranged, arranged_truth, to_frame, truth_frame
from early_id.district._simulate._groups import RACES
from early_id.district._simulate._life import Coded, live
from early_id.district._simulate._plan import Plan, _numbers, _planted, draw_plan
from early_id.district._simulate._records import _stop_feed
from early_id.district._simulate._schools import Schools
from early_id.district._simulate._settings import Process, Settings
from early_id.district._simulate._students import draw_roster
from experiments.audit_power._plants import TRUTH, Plant

DISTRICTS = 3
PER_SCHOOL = 420
#: How likely other students and those of the group are to attend a school that serves mostly one group (log scale).
_APART, _TOGETHER = -4.0, 4.0
#: So many incidents on record make the outcome `written_up`.
OFTEN = 3
#: What the audits need; marks are most of a county's rows and are left out.
NEEDED = ("enrollments", "absences", "incidents")


def draw_world(students: int, *, times: int, seed: int, plant: Plant) -> Plan:
    """Lay out the schools of a county of so many students, attended by `times` as many; one school year of them."""
    schools = max(DISTRICTS, students // PER_SCHOOL)
    # What a school or a grade adds to absence must not come back through the hazard of a bad stretch.
    process = Process(school=0.0, level_hazard=0.0) if plant.alike else Process()
    settings = Settings(students * times, schools, DISTRICTS, 2, 2025, seed, process)
    plan = draw_plan(settings, plant.bias)
    year, school = plan.years[0], plan.schools
    if plant.gathered is not None:
        school = _gather(school, plant.gathered)
    if plant.alike:
        year, school = _one_calendar(year), replace(school, level=_against_grades(school))
    rosters = tuple(draw_roster(settings, school, (year,), roster.block) for roster in plan.rosters)
    found = replace(
        plan, years=(year,), schools=school, rosters=rosters, number=tuple(map(_numbers, rosters))
    )
    if not plant.alike:
        return replace(found, waves=plan.waves[:1], feeds=plan.feeds[:1])
    return replace(
        found, waves=(np.repeat(plan.waves[0][:1], DISTRICTS, axis=0),), feeds=(_even_feed(found),)
    )


def _gather(schools: Schools, race: str) -> Schools:
    """Let one school of each level of each district serve mostly one group, and most of that group."""
    _, first = np.unique(np.stack([schools.district, schools.low]), axis=1, return_index=True)
    affinity = schools.affinity.copy()
    affinity[first] = _APART
    affinity[first, RACES.index(race)] = _TOGETHER
    return replace(schools, affinity=affinity)


def _one_calendar(year: Year) -> Year:
    """Give every district the days of the first."""
    first = {
        name: np.repeat(getattr(year, name)[:1], DISTRICTS, axis=0) for name in ("open", "position", "term")
    }
    return replace(year, terms=year.terms[:1] * DISTRICTS, **first)


def _against_grades(schools: Schools) -> npt.NDArray[np.float64]:
    """Let each school take back what its grades add on average, so that schools and grade bands are alike."""
    spans = zip(schools.low, schools.high, strict=True)
    return -np.array([_BY_GRADE[low : high + 1].mean() for low, high in spans])


def _even_feed(plan: Plan) -> npt.NDArray[np.int64]:
    """Let every school send each day on that day, but for a planted outage."""
    year, schools = plan.years[0], plan.schools
    known = np.repeat(year.days[None], len(schools.ids), axis=0)
    planted = _planted(plan.bias, schools, plan.rosters, 0)
    if planted is not None:
        plant, hit = planted
        for number in np.flatnonzero(hit):
            position = year.position[schools.district[number]]
            _stop_feed(
                known[number], year, position, plant.from_school_day, plant.school_days, plant.late_days
            )
    return known


def as_of_dates(plan: Plan) -> list[pd.Timestamp]:
    """Give the Sundays after the 6th, 11th, 16th and 21st week of the district that begins last."""
    year = plan.years[0]
    begun = int(np.argmax(year.open, axis=1).max()) // 5
    return [pd.Timestamp(day, unit="D") for day in year.sundays[begun + 5 : begun + 21 : 5].tolist()]


def live_year(plan: Plan, plant: Plant) -> tuple[District, pd.Series]:
    """Let the year happen.

    Returns
    -------
    (district, really)
        What is on record, and per student who really was chronically absent at the end of the year (empty unless
        the plant is also judged by it, which is half of the work).
    """
    wanted = (*NEEDED, *(["truth"] if plant.other == TRUTH else []))
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
    if "truth" in wanted:
        found = truth_frame(arranged_truth(coded.pop("truth")), words["truth"])
        really = found.sort_values("as_of").groupby("student_id")["risk"].last() > 0.5
    tables = {
        name: to_frame(name, arranged(name, coded.pop(name, []), plan.today), words[name]) for name in TABLES
    }
    if plant.label.startswith("outcome:"):
        tables["outcomes"] = incident_outcomes(tables["enrollments"], tables["incidents"], tables["calendar"])
    return District.from_frames(tables), really


def incident_outcomes(
    enrollments: pd.DataFrame, incidents: pd.DataFrame, calendar: pd.DataFrame
) -> pd.DataFrame:
    """Say of every student whether two outcomes made of incidents came, and on which day.

    `written_up` is the third incident of the year on record, whatever its basis; `objective` the first with an
    objective basis, which no judgement enters. `no` is settled on the last school day.
    """
    standing = incidents[incidents["retracted_at"].isna()].sort_values("occurred_on", kind="stable")
    everybody = enrollments.drop_duplicates("student_id").assign(
        occurred_on=calendar["day"].max(), value="no"
    )
    parts = []
    for name, own, times in (
        ("written_up", standing, OFTEN),
        ("objective", standing[standing["basis"] == "objective"], 1),
    ):
        came = own[own.groupby("student_id").cumcount() == times - 1].assign(value="yes")
        spared = everybody[~everybody["student_id"].isin(came["student_id"])]
        both = pd.concat(
            [part[["student_id", "school_id", "occurred_on", "value"]] for part in (came, spared)]
        )
        parts.append(both.assign(outcome=name, known_at=both["occurred_on"], retracted_at=pd.NaT))
    return pd.concat(parts, ignore_index=True)
