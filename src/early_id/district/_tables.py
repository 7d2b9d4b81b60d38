"""The canonical tables: what each column is, once, for readers, checks, the simulator and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from early_id.district._table import Column, Kind, Table, optional

__all__ = ["JUDGED", "TABLES", "Column", "Kind", "Table"]

ABSENCE_KINDS = ("excused", "unexcused", "suspension_out", "suspension_in", "tardy", "partial")
GRADE_KINDS = ("assignment", "progress", "final")
BASES = ("objective", "subjective")


def _text(meaning: str, example: str, allowed: tuple[str, ...] = ()) -> Column:
    return Column("string", meaning, example, allowed=allowed)


def _day(meaning: str, example: str) -> Column:
    return Column("date", meaning, example)


_SCHOOL = _text("The school, as in `schools`.", "0102003")
_STUDENT = _text("The student; one id in all tables, leading zeros kept.", "0031415926")
_YEAR = Column(
    "int",
    "School year by the calendar year in which it ends: 2025 is 2024-25.",
    "2025",
    low=1900,
    high=999_999,
)
_TERM = _text("Term of the school year, any word; the same one in `calendar` and `grades`.", "2025-S1")


def _grade(meaning: str, example: str) -> Column:
    return optional(
        "int", f"{meaning} 0 is kindergarten, below 0 earlier, 13 beyond grade 12.", example, low=-2, high=13
    )


def _days(meaning: str, example: str) -> Column:
    return Column("int", meaning, example, low=0, high=366)


def _some_days(meaning: str, example: str) -> Column:
    return optional("int", meaning, example, low=0, high=366)


_ALL = (
    Table(
        "schools",
        "SCH",
        ("school_id",),
        {
            "school_id": _text(
                "The school; its lists are files of this name. Leading zeros are kept.", "0102003"
            ),
            "school_name": _text("Its name, as people know it.", "Alder Elementary"),
            "district_id": _text("The school district it belongs to.", "0467000"),
            "district_name": _text("The name of that district.", "North River Unified"),
            "low_grade": _grade("Lowest grade it teaches.", "0"),
            "high_grade": _grade("Highest grade it teaches.", "5"),
        },
        about="Every school of the county.",
        required=True,
        known=False,
    ),
    Table(
        "enrollments",
        "ENR",
        ("student_id", "school_id", "entered_on"),
        {
            "student_id": _STUDENT,
            "school_id": _SCHOOL,
            "entered_on": _day("First day of the enrollment.", "2024-08-15"),
            "school_year": _YEAR,
            "grade_level": _grade("Grade of the student.", "4"),
            "left_on": optional(
                "date",
                "Last day of the enrollment, that day included; empty: still enrolled, at most to the last school day "
                "of the school year.",
                "",
            ),
            "exit_reason": optional("string", "Why it ended, any word such as `moved`; kept, not read.", ""),
            "primary": Column(
                "bool",
                "Whether this school looks after the student: its list is the only one the student can be in.",
                "true",
            ),
        },
        about="Who is a student of which school from when to when, one row per stay and school year.",
        required=True,
        occurred="entered_on",
    ),
    Table(
        "calendar",
        "CAL",
        ("school_id", "day"),
        {
            "school_id": _SCHOOL,
            "day": _day("A day on which the school teaches.", "2024-09-05"),
            "school_year": _YEAR,
            "term": _TERM,
        },
        about="One row per school and day of instruction, to the end of the running year; windows count these days.",
        required=True,
        known=False,
    ),
    Table(
        "absences",
        "ATT",
        ("student_id", "school_id", "occurred_on", "kind"),
        {
            "student_id": _STUDENT,
            "school_id": _SCHOOL,
            "occurred_on": _day("The school day it is about.", "2024-09-05"),
            "kind": _text(
                "What happened. Excused, unexcused and suspension_out are absences; suspension_in is a day in school, "
                "tardy and partial days are counted on their own.",
                "unexcused",
                ABSENCE_KINDS,
            ),
            "thousandths": Column(
                "int",
                "How much of the school day, in thousandths: 1000 is the whole day, 250 a quarter; empty, for tardy "
                "and partial only: nobody knows how much.",
                "1000",
                nullable=True,
                low=0,
                high=1000,
            ),
        },
        about="Exceptions only: on a day that `attendance_feed` names, a student without a row was present. Without "
        "this table no day of attendance is believed: there are no attendance features and no label `chronic_absence`.",
        occurred="occurred_on",
        assumed_lag_days=3,
    ),
    Table(
        "attendance_feed",
        "FEED",
        ("school_id", "day"),
        {
            "school_id": _SCHOOL,
            "day": _day("A school day whose attendance the school has submitted.", "2024-09-05"),
            "known_at": _day("The day on which it was first submitted.", "2024-09-06"),
        },
        about="Decides what is known: on a day that is not here attendance is unknown, neither absent nor present. A "
        "school without rows has no attendance features; its students may be listed as not scored.",
        known=False,
    ),
    Table(
        "absence_totals",
        "TOT",
        ("student_id", "school_id", "school_year"),
        {
            "student_id": _STUDENT,
            "school_id": _SCHOOL,
            "school_year": replace(_YEAR, example="2024"),
            "ended_on": _day("The day on which that school year was over.", "2024-06-30"),
            "expected_days": _days("School days on which the student was expected.", "180"),
            "excused_days": _days("Whole days absent and excused, without days of suspension.", "6"),
            "unexcused_days": _days("Whole days absent and not excused, without days of suspension.", "2"),
            "suspension_out_days": _days("Whole days absent for out-of-school suspension.", "0"),
            "suspension_in_days": _some_days(
                "Days of in-school suspension: days in school, not absences.", "0"
            ),
            "incomplete_study_days": _some_days(
                "Days of independent study that count as absent, because the work was not completed.", "0"
            ),
        },
        about="What a whole school year came to, for years of which there are no daily tables. The four numbers of "
        "absent days never add up to more than the days expected. Absence of the year before is read from here where "
        "no day of the student's year was submitted.",
        occurred="ended_on",
        assumed_lag_days=45,
    ),
    Table(
        "grades",
        "GRD",
        ("student_id", "course_id", "assessment_id"),
        {
            "student_id": _STUDENT,
            "course_id": _text("The course.", "math-04-0102003"),
            "assessment_id": _text("The assignment or report within the course.", "2025-S1-A01"),
            "school_id": optional("string", "The school, as in `schools`.", "0102003"),
            "term": _TERM,
            "kind": _text(
                "An assignment, a mark in mid-term, or the mark at the end of the term.",
                "assignment",
                GRADE_KINDS,
            ),
            "hundredths": optional(
                "int",
                "Points in hundredths of a percent: 8750 is 87.5 %; empty: no points.",
                "8750",
                low=0,
                high=10_000,
            ),
            "mark": optional(
                "string",
                "Letter A to F, also with + or -; `missing` for an assignment that was due and not handed in.",
                "B+",
            ),
            "weight": optional(
                "int",
                "Share of the term's mark in hundredths of a percent: 1100 is 11 %; kept, features do not read it yet.",
                "1100",
                low=0,
                high=1_000_000,
            ),
            "due_on": optional("date", "The day it was due.", "2024-09-10"),
            "assessed_on": _day("The day the work was done or the mark was given.", "2024-09-10"),
            "subject": optional("string", "Subject, any word.", "math"),
            "core": Column(
                "bool", "Whether the course is a core course; `course_failure` looks at those.", "true"
            ),
        },
        about="Assignments and marks. Without this table there are no grade features and no label `course_failure`.",
        occurred="assessed_on",
        assumed_lag_days=7,
    ),
    Table(
        "incidents",
        "INC",
        ("student_id", "school_id", "incident_id"),
        {
            "student_id": _STUDENT,
            "school_id": _SCHOOL,
            "incident_id": _text("The incident.", "INC0000000017"),
            "occurred_on": _day("The day it happened.", "2024-09-11"),
            "behavior": _text("What was written up, any word; kept, not read.", "fighting"),
            "basis": replace(
                _text(
                    "`objective`: something anybody could see; `subjective`: an adult's judgement alone, such as "
                    "defiance; empty: nobody says. Features count objective ones only.",
                    "objective",
                    BASES,
                ),
                nullable=True,
            ),
            "suspension_days": Column(
                "int", "Days of out-of-school suspension that followed; 0: none.", "1", low=0, high=366
            ),
            "expelled": Column("bool", "Whether the student was expelled.", "false"),
        },
        about="What was written up. Without this table there are no discipline features and no label `suspension`, "
        "even where `absences` hold suspensions.",
        occurred="occurred_on",
        assumed_lag_days=7,
    ),
    Table(
        "outcomes",
        "OUT",
        ("student_id", "school_id", "outcome", "occurred_on"),
        {
            "student_id": _STUDENT,
            "school_id": _SCHOOL,
            "outcome": _text("Name of the outcome, any word; `outcome:<name>` is its label.", "dropout"),
            "occurred_on": _day("The day it was settled.", "2024-12-20"),
            "value": _text(
                "`yes`, `true` or `1`: it happened; `no`, `false` or `0`: it did not; else unknown.", "no"
            ),
        },
        about="Further outcomes of your own, to be predicted as `outcome:<name>`.",
        occurred="occurred_on",
    ),
    Table(
        "groups",
        "GRP",
        ("student_id", "attribute", "valid_from"),
        {
            "student_id": _STUDENT,
            "attribute": _text("The protected attribute, any word.", "english_learner"),
            "value": _text("Its value, any word.", "yes"),
            "valid_from": _day("First day on which it held.", "2024-07-01"),
            "valid_to": optional(
                "date", "Last day on which it held, that day included; empty: still holds.", ""
            ),
        },
        about="Protected attributes, for the equity audit only; never a feature. Without this table there is no audit.",
        known=False,
    ),
    Table(
        "supports",
        "SUP",
        ("student_id", "started_on", "kind"),
        {
            "student_id": _STUDENT,
            "started_on": _day("First day of the support.", "2024-10-07"),
            "kind": _text("What it is, any word.", "mentoring"),
            "tier": optional(
                "int", "1 for all, 2 for some, 3 for intense clinical support.", "2", low=1, high=3
            ),
            "role": optional("string", "Role of the adult, any word.", "family_navigator"),
            "adult_id": optional(
                "string", "The adult, so that a student keeps who already knows them.", "A-0102003-1"
            ),
            "ended_on": optional("date", "Last day, that day included; empty: goes on.", ""),
        },
        about="Who already cares for whom, for continuity and evaluation, never a feature by default; from then on the "
        "student counts as reached (`treated`).",
        occurred="started_on",
    ),
    Table(
        "decisions",
        "DEC",
        ("list_id", "student_id", "decided_on"),
        {
            "list_id": _text("The list the decision is about.", "0102003-2024-10-06"),
            "student_id": _STUDENT,
            "decided_on": _day("The day it was taken.", "2024-10-07"),
            "decision": _text("What staff did with the entry, any word.", "reached_out"),
            "role": optional("string", "Role of who decided, any word.", "counselor"),
        },
        about="What staff did with a list; from then on the student counts as reached (`treated`).",
        occurred="decided_on",
    ),
)

#: Every canonical table by name, in the order in which people think of them.
TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _ALL})
#: Their names in the order in which they are judged: what others refer to comes first.
JUDGED = (
    "schools",
    "calendar",
    "enrollments",
    *(name for name, table in TABLES.items() if not table.required),
)
