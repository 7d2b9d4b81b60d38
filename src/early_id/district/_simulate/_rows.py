"""Rows: what the systems write down of a block about a school year, and the truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from early_id.district._simulate import _grades
from early_id.district._simulate._blocks import Block
from early_id.district._simulate._coursework import Classroom
from early_id.district._simulate._enrollments import Columns, arrivals_known, enrollment_rows
from early_id.district._simulate._groups import has_value
from early_id.district._simulate._happened import Happened
from early_id.district._simulate._incidents import SUBJECTIVE
from early_id.district._simulate._marks import draw_grades
from early_id.district._simulate._plan import Plan
from early_id.district._simulate._records import draw_absence_records, plant_absences
from early_id.district._simulate._settings import MOST_YEARS
from early_id.district._simulate._streams import Stage, stream
from early_id.district._simulate._students import Floats, Ints, Roster, Seats
from early_id.district._simulate._supports import outcome_rows, support_rows
from early_id.district._simulate._truth import MIN_ENROLLED


def written(
    plan: Plan,
    roster: Roster,
    index: int,
    happened: Happened,
    rate: Floats,
    only: Collection[str] | None = None,
) -> dict[str, Columns]:
    """Return the coded rows of every table, and of `truth`; `seat` stands for the student.

    Each table has random numbers of its own, so those of `only` some tables are the same rows.
    """

    def rng(stage: Stage) -> np.random.Generator:
        return stream(plan.settings.seed, stage, roster.block.key, index)

    year, seats, schools = happened.year, happened.seats, plan.schools
    enrollments = enrollment_rows(rng("enrollments"), year, schools, seats)
    known = arrivals_known(enrollments, seats)
    makers: dict[str, Callable[[], Columns]] = {
        "enrollments": lambda: enrollments,
        "absences": lambda: _not_before(known, seats, _absences(plan, roster, index, happened)),
        "grades": lambda: _not_before(known, seats, _grade_rows(rng("grades"), plan, index, happened)),
        "incidents": lambda: _not_before(
            known, seats, _incident_rows(rng("records"), plan, roster, index, happened)
        ),
        "outcomes": lambda: outcome_rows(rng("outcomes"), year, schools, seats, rate),
        "supports": lambda: support_rows(rng("supports"), year, schools, seats, happened.states),
        "truth": lambda: _truth_rows(plan, happened),
    }
    return {name: make() for name, make in makers.items() if only is None or name in only}


def _not_before(known: Ints, seats: Seats, rows: Columns) -> Columns:
    """Hold rows back until their school has the student on file: nothing is recorded for a stranger."""
    moved = rows["school_id"] == seats.school_after[rows["seat"]]
    rows["known_at"] = np.maximum(rows["known_at"], known[moved.astype(np.int64), rows["seat"]])
    corrected = np.maximum(rows["retracted_at"], rows["known_at"])
    rows["retracted_at"] = np.where(rows["retracted_at"] >= 0, corrected, -1)
    return rows


def _absences(plan: Plan, roster: Roster, index: int, happened: Happened) -> Columns:
    seed, place, seats, year = plan.settings.seed, (roster.block.key, index), happened.seats, happened.year
    records = draw_absence_records(
        stream(seed, "records", *place, 1), year, seats, happened.kinds, plan.feeds[index]
    )
    members = {
        name: has_value(roster.groups, plant.attribute, plant.value)[seats.person]
        for name in ("late_records", "under_recording")
        if (plant := getattr(plan.bias, name)) is not None
    }
    records = plant_absences(stream(seed, "bias", *place), plan.bias, members, year, plan.schools, records)
    return {
        "seat": records.seat,
        "school_id": records.school,
        "occurred_on": records.occurred,
        "kind": records.kind,
        "thousandths": records.thousandths,
        "known_at": records.known,
        "retracted_at": records.retracted,
    }


def _grade_rows(rng: np.random.Generator, plan: Plan, index: int, happened: Happened) -> Columns:
    year, schools = happened.year, plan.schools
    room = Classroom(year, schools, happened.seats, happened.profile, happened.states, happened.absent)
    rows = draw_grades(rng, room)
    district = schools.district[rows.school]
    # Positions in the lookups of the county: terms and assessments of a year follow each other in text order.
    term = _grades.term_code(index, year.term_count[district], rows.term)
    work = rows.kind == _grades.ASSIGNMENT
    weight = np.where(year.term_count[district] == 2, 1100, 1600)
    return {
        "seat": rows.seat,
        "course_id": (rows.subject * 13 + happened.seats.grade[rows.seat]) * len(schools.ids) + rows.school,
        "assessment_id": _grades.assessment_code(term, rows.kind, rows.slot),
        "school_id": rows.school,
        "term": term,
        "kind": rows.kind,
        "hundredths": rows.hundredths,
        "mark": rows.mark,
        "weight": np.where(work, weight, -1),
        "due_on": rows.due,
        "assessed_on": rows.assessed,
        "subject": rows.subject,
        "core": _grades.CORE[rows.subject].astype(np.int64),
        "known_at": rows.known,
        "retracted_at": rows.retracted,
    }


def _incident_rows(
    rng: np.random.Generator, plan: Plan, roster: Roster, index: int, happened: Happened
) -> Columns:
    incidents, seats, year = happened.incidents, happened.seats, happened.year
    seat, day, behavior, suspended = (
        incidents.seat,
        incidents.day,
        incidents.behavior,
        incidents.suspension_days,
    )
    plant = plan.bias.subjective_over_recording
    if plant is not None:
        extra = stream(plan.settings.seed, "bias", roster.block.key, index, 1)
        member = has_value(roster.groups, plant.attribute, plant.value)[seats.person]
        rows = np.flatnonzero(incidents.subjective & member[seat])
        rows = np.repeat(rows, extra.poisson(plant.factor - 1, len(rows)))
        wanted = np.maximum(day[rows] - extra.integers(0, 15, len(rows)), 0)
        wanted = np.where(happened.setting.enrolled[seat[rows], wanted], wanted, day[rows])
        seat, day = np.concatenate([seat, seat[rows]]), np.concatenate([day, wanted])
        behavior = np.concatenate([behavior, np.full(len(rows), SUBJECTIVE)])
        suspended = np.concatenate([suspended, np.zeros(len(rows), np.int64)])
    count = len(seat)
    number = first_incident(roster.block, index) + np.arange(count)
    return {
        "seat": seat,
        "school_id": seats.school_on(day, seat),
        "incident_id": number,
        "occurred_on": year.days[day],
        "behavior": behavior,
        "basis": (behavior == SUBJECTIVE).astype(np.int64),
        "suspension_days": suspended,
        "expelled": np.zeros(count, np.int64),
        "known_at": year.days[day] + np.minimum(rng.geometric(0.45, count) - 1, 14),
        "retracted_at": np.full(count, -1),
    }


def first_incident(block: Block, index: int) -> int:
    """Return the number from which a block counts its incidents of a year, so a county may be made in any order."""
    return ((block.part * MOST_YEARS + index) * 100 + block.district) * 1_000_000


def _truth_rows(plan: Plan, happened: Happened) -> Columns:
    """Risk at the end of every week in which the student was enrolled on the school's last day of the week."""
    year, seats, enrolled = happened.year, happened.seats, happened.setting.enrolled
    weekly = enrolled.reshape(len(enrolled), year.weeks, 5)
    last = 5 * np.arange(year.weeks) + 4 - np.argmax(weekly[:, :, ::-1], axis=2)
    school = np.where(
        (seats.school_after >= 0)[:, None] & (last >= seats.switch[:, None]),
        seats.school_after[:, None],
        seats.school[:, None],
    )
    is_open = year.open.reshape(len(year.open), year.weeks, 5)
    school_last = 5 * np.arange(year.weeks) + 4 - np.argmax(is_open[:, :, ::-1], axis=2)
    shown = weekly.any(axis=2) & (last == school_last[plan.schools.district[school], np.arange(year.weeks)])
    shown &= (enrolled.sum(axis=1) >= MIN_ENROLLED)[:, None] & (year.sundays <= plan.today)
    seat, week = np.nonzero(shown)
    return {
        "seat": seat,
        "school_id": school[seat, week],
        "school_year": np.full(len(seat), year.school_year),
        "as_of": year.sundays[week],
        "risk": happened.risk[seat, week],
        "propensity": happened.setting.odds[seat],
        "regime": happened.states[seat, week].astype(np.int64),
    }
