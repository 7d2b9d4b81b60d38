"""Students: who they are, and where they sit in every school year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from early_id.district._simulate._blocks import Block
from early_id.district._simulate._calendar import Year
from early_id.district._simulate._groups import draw_groups
from early_id.district._simulate._schools import LEVEL_OF_GRADE, Schools
from early_id.district._simulate._settings import GRADES, Settings
from early_id.district._simulate._streams import stream

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STAYED, LEFT_COUNTY, LEFT_SCHOOL = range(3)
ABSENCE, MARKS, TARDINESS, CONDUCT = range(4)
_CORRELATION = np.array(
    [[1.0, -0.25, 0.25, 0.20], [-0.25, 1.0, -0.15, -0.25], [0.25, -0.15, 1.0, 0.20], [0.20, -0.25, 0.20, 1.0]]
)
_LEAVE_SUMMER, _MOVE_SUMMER, _LEAVE_YEAR, _MOVE_YEAR, _ENTER_LATE = 0.04, 0.03, 0.025, 0.035, 0.2
_MOBILE = 0.12  # added to the mid-year moves of foster and homeless students
_SAME_DISTRICT = 0.65


@dataclass(frozen=True)
class Seats:
    """The students of one block in one school year, one row per student and stay in the county.

    A seat spans the grid days `start` to `stop` (exclusive) at `school`, from day `switch` on at `school_after`
    (-1 where the student does not move). `changed` says whether the school is new to the student this year.
    """

    person: Ints
    grade: Ints
    school: Ints
    school_after: Ints
    start: Ints
    switch: Ints
    stop: Ints
    exit: Ints
    changed: npt.NDArray[np.bool_]

    def school_on(self, day: Ints, seat: Ints) -> Ints:
        """Return the school of seats on grid days, given side by side."""
        moved = (self.school_after[seat] >= 0) & (day >= self.switch[seat])
        return np.where(moved, self.school_after[seat], self.school[seat])


@dataclass(frozen=True)
class Roster:
    """The students of one block over all years: groups, traits (people × 4) and seats by year."""

    block: Block
    groups: dict[str, Ints]
    traits: Floats
    newcomer: npt.NDArray[np.bool_]
    seats: tuple[Seats, ...]


class _People:
    """Students as they enter the county, with the school they attend at every level."""

    def __init__(self, settings: Settings, schools: Schools, block: Block) -> None:
        self.rng = stream(settings.seed, "roster", block.key)
        self.schools = schools
        self.district = block.district
        self.districts = settings.districts
        self.groups: dict[str, Ints] = {}
        self.traits: Floats = np.empty((0, 4))
        self.school = np.empty((0, 3), np.int64)
        self.newcomer = np.empty(0, bool)

    def enter(self, count: int, *, newcomer: bool) -> Ints:
        """Draw new students; return their numbers."""
        first = len(self.newcomer)
        groups = draw_groups(self.rng, count)
        self.groups = {
            name: np.concatenate([self.groups[name], values]) if self.groups else values
            for name, values in groups.items()
        }
        traits = self.rng.standard_normal((count, 4)) @ np.linalg.cholesky(_CORRELATION).T
        self.traits = np.concatenate([self.traits, traits])
        self.school = np.concatenate([self.school, np.full((count, 3), -1)])
        self.newcomer = np.concatenate([self.newcomer, np.full(count, newcomer)])
        new = np.arange(first, first + count)
        self.assign(new, np.full(count, self.district))
        return new

    def assign(self, person: Ints, district: Ints) -> None:
        """Draw a school of the district for every level, never the one a student attends now if there is a choice."""
        race = self.groups["race_ethnicity"][person]
        for level in range(3):
            u = self.rng.random(len(person))
            for number in np.unique(district):
                rows = np.flatnonzero(district == number)
                choice = self.schools.serving(level, int(number))
                weight = self.schools.weight[choice] * np.exp(self.schools.affinity[choice][:, race[rows]].T)
                current = choice == self.school[person[rows], level][:, None]
                weight = np.where(current & (len(choice) > 1), 0.0, weight)
                cumulative = np.cumsum(weight, axis=1)
                pick = (u[rows, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)
                self.school[person[rows], level] = choice[pick]

    def move(self, person: Ints) -> None:
        """Move students to another school of their district, or to another district."""
        level_schools = self.school[person, 0]
        district = self.schools.district[level_schools]
        away = (self.rng.random(len(person)) >= _SAME_DISTRICT) & (self.districts > 1)
        jump = self.rng.integers(1, max(self.districts, 2), len(person))
        self.assign(person, np.where(away, (district + jump) % self.districts, district))


def draw_roster(settings: Settings, schools: Schools, years: tuple[Year, ...], block: Block) -> Roster:
    """Let cohorts age through the grades: graduates make room for kindergarten, leavers for newcomers."""
    people = _People(settings, schools, block)
    slots = block.slots
    grade = people.rng.permutation(np.arange(slots) % GRADES)
    occupant = people.enter(slots, newcomer=False)
    last_school = np.full(slots, -1)
    seats = []
    for number, year in enumerate(years):
        new = np.full(slots, number == 0)
        if number:
            grade = grade + 1
            new = (grade >= GRADES) | (people.rng.random(slots) < _LEAVE_SUMMER)
            grade = np.where(grade >= GRADES, 0, grade)
            occupant = occupant.copy()
            occupant[new] = people.enter(int(new.sum()), newcomer=True)
            people.move(occupant[~new & (people.rng.random(slots) < _MOVE_SUMMER)])
            last_school = np.where(new, -1, last_school)
        seated, occupant, last_school = _seat(people, year, occupant, grade, last_school)
        seats.append(seated)
    return Roster(block, people.groups, people.traits, people.newcomer, tuple(seats))


def _seat(
    people: _People, year: Year, occupant: Ints, grade: Ints, last_school: Ints
) -> tuple[Seats, Ints, Ints]:
    """Seat one school year; also return who holds every slot at its end, and at which school."""
    rng, count, width = people.rng, len(occupant), len(year.days)
    level = LEVEL_OF_GRADE[grade]
    school = people.school[occupant, level]
    at = people.schools.district[school]
    late = (last_school < 0) & people.newcomer[occupant] & (grade > 0) & (rng.random(count) < _ENTER_LATE)
    start = year.day_number(at, np.where(late, rng.integers(5, 60, count), 1))

    mobile = (people.groups["foster"] | people.groups["homeless"])[occupant] * _MOBILE
    u, when = rng.random(count), rng.integers(15, 166, count)
    moves = (u < _MOVE_YEAR + mobile) & ~late
    leaves = (u > 1 - _LEAVE_YEAR - mobile / 3) & ~late & ~moves
    day = year.day_number(at, when)
    people.move(occupant[moves])
    after = np.where(moves, people.school[occupant, level], -1)
    after = np.where(after == school, -1, after)
    switch = np.where(after >= 0, year.next_open(people.schools.district[after], day), width)
    dropped = leaves & (level == 2) & (rng.random(count) < 0.3)
    main = Seats(
        person=occupant,
        grade=grade,
        school=school,
        school_after=after,
        start=start,
        switch=switch,
        stop=np.where(leaves, day + 1, width),
        exit=np.where(dropped, LEFT_SCHOOL, np.where(leaves, LEFT_COUNTY, STAYED)),
        changed=(school != last_school) & (grade > 0) & ((last_school >= 0) | people.newcomer[occupant]),
    )
    entered = _replace(people, year, main, np.flatnonzero(leaves))
    occupant, last_school = occupant.copy(), np.where(after >= 0, after, school)
    occupant[leaves] = entered.person
    last_school[leaves] = entered.school
    both = {
        name: np.concatenate([getattr(main, name), getattr(entered, name)])
        for name in Seats.__dataclass_fields__
    }
    return Seats(**both), occupant, last_school


def _replace(people: _People, year: Year, main: Seats, rows: Ints) -> Seats:
    """Newcomers who take the places of students who left within the year."""
    count, width = len(rows), len(year.days)
    person = people.enter(count, newcomer=True)
    grade = main.grade[rows]
    school = people.school[person, LEVEL_OF_GRADE[grade]]
    gap = people.rng.integers(1, 12, count)
    return Seats(
        person=person,
        grade=grade,
        school=school,
        school_after=np.full(count, -1),
        start=year.next_open(people.schools.district[school], main.stop[rows] + gap),
        switch=np.full(count, width),
        stop=np.full(count, width),
        exit=np.full(count, STAYED),
        changed=np.full(count, True),
    )
