"""Assembly: what the whole county shares (schools, calendar, feed, groups), and the words behind the codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from early_id.district._simulate import _attendance, _grades, _incidents, _supports
from early_id.district._simulate._enrollments import REASONS, Columns
from early_id.district._simulate._frames import Lookups, days, text
from early_id.district._simulate._groups import ATTRIBUTES
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._schools import district_id, district_name
from early_id.district._simulate._streams import stream
from early_id.district._simulate._students import Ints
from early_id.district._tables import TABLES

REGIMES = ("calm", "brewing", "strained", "supported")
_RECLASSIFIED = 0.1
_ATTRIBUTES = tuple(sorted(ATTRIBUTES))
_VALUES = tuple(sorted({value for values in ATTRIBUTES.values() for value in values}))


def lookups(plan: Plan, students: Sequence[str], incidents: Sequence[str]) -> dict[str, Lookups]:
    """Words behind the codes of every table's text columns, by table and column."""
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
        "incidents": {
            "incident_id": incidents,
            "behavior": _incidents.BEHAVIORS,
            "basis": ("objective", "subjective"),
        },
        "outcomes": {"outcome": _supports.OUTCOMES, "value": ("no", "yes")},
        "groups": {"attribute": _ATTRIBUTES, "value": _VALUES},
        "supports": {"kind": _supports.SUPPORTS, "role": _supports.ROLES, "adult_id": adults},
    }
    shared = {"student_id": students, "school_id": schools.ids, "term": _grades.term_names(years)}
    decisions = {"list_id": (), "decision": (), "role": ()}
    return {name: {**shared, **own.get(name, decisions)} for name in TABLES}


def county_blocks(plan: Plan, rank: Sequence[Ints]) -> dict[str, list[Columns]]:
    """Coded rows of the tables that belong to no home district's life. `rank[d]` are the codes of its students."""
    return {
        "schools": [_school_rows(plan)],
        "calendar": [_calendar_rows(plan, index) for index in range(len(plan.years))],
        "attendance_feed": [_feed_rows(plan, index) for index in range(len(plan.years))],
        "groups": [rows for home, codes in enumerate(rank) for rows in _group_rows(plan, home, codes)],
    }


def truth_frame(blocks: Sequence[Columns], students: Sequence[str], schools: Sequence[str]) -> pd.DataFrame:
    """Rows of the truth, sorted by student, school and date."""
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    order = np.lexsort((columns["as_of"], columns["school_id"], columns["student_id"]))
    columns = {name: values[order] for name, values in columns.items()}
    return pd.DataFrame(
        {
            "student_id": text(columns["student_id"], students),
            "school_id": text(columns["school_id"], schools),
            "school_year": columns["school_year"],
            "as_of": days(columns["as_of"]),
            "risk": columns["risk"].astype(np.float64),
            "propensity": columns["propensity"],
            "regime": text(columns["regime"], REGIMES),
        }
    )


def empty(name: str) -> Columns:
    """No rows, for a table in which nothing happened."""
    return {column: np.empty(0, np.int64) for column in TABLES[name].all_columns}


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


def _group_rows(plan: Plan, home: int, rank: Ints) -> list[Columns]:
    """Write the groups of students who have entered by today, from the summer before; some are not on file."""
    roster, seed = plan.rosters[home], plan.settings.seed
    rng = stream(seed, "groups", home)
    entered = np.full(len(rank), np.iinfo(np.int64).max)
    july = np.zeros(len(rank), np.int64)
    for year, seats in zip(reversed(plan.years), reversed(roster.seats), strict=True):
        entered[seats.person] = year.days[np.minimum(seats.start, len(year.days) - 1)]
        july[seats.person] = _july(year.school_year)
    blocks = []
    for number, attribute in enumerate(_ATTRIBUTES):
        code = np.searchsorted(_VALUES, ATTRIBUTES[attribute])[roster.groups[attribute]]
        shown = np.flatnonzero(
            (entered <= plan.today) & (rng.random(len(rank)) >= plan.settings.process.unknown_group)
        )
        rows = {
            "student_id": rank[shown],
            "attribute": np.full(len(shown), number),
            "value": code[shown],
            "valid_from": july[shown],
            "valid_to": np.full(len(shown), -1),
        }
        blocks.append(rows)
        if attribute == "english_learner":
            blocks.append(_reclassify(rng, plan, rows))
    return blocks


def _reclassify(rng: np.random.Generator, plan: Plan, rows: Columns) -> Columns:
    """Reclassify some English learners in a later summer: their row ends, and another begins."""
    yes, no = np.searchsorted(_VALUES, ["yes", "no"])
    later = np.array([_july(year) for year in plan.settings.school_years])[
        rng.integers(0, plan.settings.years, len(rows["value"]))
    ]
    hit = np.flatnonzero(
        (rows["value"] == yes) & (later > rows["valid_from"]) & (rng.random(len(later)) < _RECLASSIFIED)
    )
    rows["valid_to"][hit] = later[hit] - 1
    new = {name: values[hit] for name, values in rows.items()}
    return new | {"value": np.full(len(hit), no), "valid_from": later[hit], "valid_to": np.full(len(hit), -1)}


def _july(school_year: int) -> int:
    return int(np.datetime64(f"{school_year - 1}-07-01").astype("datetime64[D]").astype(np.int64))
