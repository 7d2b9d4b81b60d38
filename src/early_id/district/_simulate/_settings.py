"""Settings: what was asked for, and the constants of the generating process."""

from __future__ import annotations

from dataclasses import dataclass, field

from early_id.exceptions import ConfigError

CALM, BREWING, STRAINED, SUPPORTED = range(4)
MOST_YEARS = 20
GRADES = 13  # kindergarten (0) to 12
BLOCK = 8000  # a district up to this size lives as one; its random numbers are those of a block


@dataclass(frozen=True)
class Process:
    """Constants of the generating process, set so that the measured targets in the tests are met.

    Absence is a coin per school day with log-odds `base` + grade + school + student + year + groups + regime + weekday
    + illness wave. `student` and `year` are standard deviations of the persistent and the yearly part, `tail` stretches
    the upper tail of the persistent part, `school` is the standard deviation of the school levels, `shifts` are
    log-odds by regime. `brew` … `help_ends` are weekly hazards of a change of regime, `carry` the chance that last
    year's final regime goes on. `level_hazard` … `absence_and_move` act on the log hazard of brewing: the first is what
    school and groups add, the others are interactions (`either_alone` is subtracted where only one of low marks and
    frequent lateness is seen: one visible difficulty alone is usually met by an adult, both together are not).
    """

    base: float = -4.07
    student: float = 0.1
    tail: float = 4.3
    year: float = 0.0
    school: float = 0.26
    shifts: tuple[float, float, float, float] = (0.0, 0.1, 3.6, -0.8)
    brew: float = 0.0234
    break_out: float = 0.35
    settle: float = 0.05
    recover: float = 0.11
    help_strained: float = 0.02
    help_calm: float = 0.004
    help_ends: float = 0.02
    level_hazard: float = 0.55
    low_marks_and_late: float = 1.15
    either_alone: float = 0.75
    low_marks_and_conduct: float = 0.3
    absence_and_move: float = 0.4
    carry: float = 0.1
    unknown_group: float = 0.02


@dataclass(frozen=True)
class Settings:
    """What the caller asked for, checked."""

    students: int
    schools: int
    districts: int
    years: int
    last_year: int
    seed: int
    process: Process = field(default_factory=Process)
    block: int = BLOCK

    def __post_init__(self) -> None:
        for name in ("students", "schools", "districts", "years", "last_year", "seed"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                msg = f"Expected a whole number for {name}, got {value!r}; pass an integer."
                raise ConfigError(msg)
        if self.districts < 1 or self.districts > 99:
            msg = f"Expected 1 to 99 districts, got {self.districts}; choose another number."
            raise ConfigError(msg)
        if self.schools < self.districts or self.schools > 9999:
            msg = (
                f"Expected at least one school per district (and at most 9999), got {self.schools} schools in "
                f"{self.districts} districts; ask for more schools or fewer districts."
            )
            raise ConfigError(msg)
        if self.students > 4_000_000:
            msg = f"Expected at most 4,000,000 students, got {self.students:,}; ask for fewer."
            raise ConfigError(msg)
        if self.students < self.schools:
            msg = (
                f"Expected at least as many students as schools, got {self.students} students and {self.schools} "
                "schools; ask for more students or fewer schools."
            )
            raise ConfigError(msg)
        if self.years < 2 or self.years > MOST_YEARS:
            msg = (
                f"Expected 2 to {MOST_YEARS} school years (the last one is running), got {self.years}; "
                "choose another number."
            )
            raise ConfigError(msg)
        if not 1990 <= self.last_year <= 2200:
            msg = f"Expected a last school year from 1990 to 2200, got {self.last_year}; name it by the year it ends."
            raise ConfigError(msg)
        if self.seed < 0:
            msg = f"Expected a seed of 0 or more, got {self.seed}; choose another number."
            raise ConfigError(msg)

    @property
    def school_years(self) -> range:
        """School years by the calendar year in which they end; the last one is running."""
        return range(self.last_year - self.years + 1, self.last_year + 1)
