"""Assembly: what the whole county shares (schools, calendar, feed), and the words behind the codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from early_id.district._simulate import _attendance, _grades, _incidents, _membership, _supports
from early_id.district._simulate._enrollments import REASONS, Columns
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._rows import first_incident
from early_id.district._simulate._schools import district_id, district_name
from early_id.district._simulate._settings import MOST_YEARS
from early_id.district._simulate._students import Ints
from early_id.district._tables import TABLES

REGIMES = ("calm", "brewing", "strained", "supported")


def lookups(plan: Plan) -> dict[str, dict[str, Sequence[str]]]:
    """Words behind the codes of text columns, by table and column; students and incidents have their own."""
    schools, years = plan.schools, plan.settings.school_years
    names = [district_name(number) for number in range(plan.settings.districts)]
    ids = [district_id(number) for number in range(plan.settings.districts)]
    adults = [
        f"A-{school}-{number}"
        for school in schools.ids
        for number in range(1, _supports.ADULTS_PER_SCHOOL + 1)
    ]
    own: dict[str, dict[str, Sequence[str]]] = {
        "schools": {"school_name": schools.names, "district_id": ids, "district_name": names},
        "enrollments": {"exit_reason": REASONS},
        "absences": {"kind": _attendance.KINDS},
        "grades": {
            # A course belongs to a school: who changes schools within a term is in two courses of one name.
            "course_id": [
                f"{subject}-{grade:02d}-{school}"
                for subject in _grades.SUBJECTS
                for grade in range(13)
                for school in schools.ids
            ],
            "assessment_id": _grades.assessment_names(years),
            "kind": _grades.KINDS,
            "mark": _grades.LETTERS,
            "subject": _grades.SUBJECTS,
        },
        "incidents": {"behavior": _incidents.BEHAVIORS, "basis": ("objective", "subjective")},
        "outcomes": {"outcome": _supports.OUTCOMES, "value": ("no", "yes")},
        "groups": {"attribute": _membership.ATTRIBUTE_NAMES, "value": _membership.VALUES},
        "supports": {"kind": _supports.SUPPORTS, "role": _supports.ROLES, "adult_id": adults},
    }
    shared = {"school_id": schools.ids, "term": _grades.term_names(years)}
    decisions = {"list_id": (), "decision": (), "role": ()}
    own["truth"] = {"regime": REGIMES}
    return {name: {**shared, **own.get(name, decisions)} for name in (*TABLES, "truth")}


def student_words(numbers: Ints) -> list[str]:
    """Ids of students in the order of their numbers, all of one width."""
    return [f"{number:010d}" for number in numbers.tolist()]


def incident_words(plan: Plan, parts: Sequence[Columns]) -> list[str]:
    """Put positions in text order in the place of incident numbers; return the ids, all of one width."""
    numbers = np.sort(np.concatenate([part["incident_id"] for part in parts]))
    for part in parts:
        part["incident_id"] = np.searchsorted(numbers, part["incident_id"])
    last = max((roster.block for roster in plan.rosters), key=lambda block: block.part)
    width = len(str(first_incident(last, MOST_YEARS)))
    return [f"INC{number:0{width}d}" for number in numbers.tolist()]


def county_rows(plan: Plan) -> dict[str, list[Columns]]:
    """Coded rows of the tables that are about schools, not students."""
    return {
        "schools": [_school_rows(plan)],
        "calendar": [_calendar_rows(plan, index) for index in range(len(plan.years))],
        "attendance_feed": [_feed_rows(plan, index) for index in range(len(plan.years))],
    }


def _school_rows(plan: Plan) -> Columns:
    schools = plan.schools
    number = np.arange(len(schools.ids))
    return {
        "school_id": number,
        "school_name": number,
        "district_id": schools.district,
        "district_name": schools.district,
        "low_grade": schools.low,
        "high_grade": schools.high,
    }


def _calendar_rows(plan: Plan, index: int) -> Columns:
    """One row per school and school day; the running year's calendar is published to its end."""
    year, district = plan.years[index], plan.schools.district
    school, day = np.nonzero(year.open[district])
    at = district[school]
    return {
        "school_id": school,
        "day": year.days[day],
        "school_year": np.full(len(day), year.school_year),
        "term": _grades.term_code(index, year.term_count[at], year.term[at, day]),
    }


def _feed_rows(plan: Plan, index: int) -> Columns:
    year, feed = plan.years[index], plan.feeds[index]
    school, day = np.nonzero(year.open[plan.schools.district])
    return {"school_id": school, "day": year.days[day], "known_at": feed[school, day]}
