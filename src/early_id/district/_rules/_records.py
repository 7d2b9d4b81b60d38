"""Rules about what is recorded of a student: attendance, marks, incidents, outcomes, groups, supports."""

from __future__ import annotations

from early_id.district._rules._rule import NEVER, Rule, Severity

_ABSENCE = "student {student_id} at school {school_id} on {occurred_on}"
_NEVER_ENROLLED = "FROM judged ANTI JOIN enrollments USING (student_id)"
# A school without any calendar is one warning about the school, not an error of each of its rows.
_NO_SCHOOL_DAY = """
    FROM judged
    SEMI JOIN calendar USING (school_id)
    ANTI JOIN calendar AS days ON judged.school_id = days.school_id AND judged.{day} = days.day
"""
# Only the versions that still stand count: a corrected last day moves the end of the spell.
_OUTSIDE = """
    FROM judged
    SEMI JOIN enrollments USING (student_id)
    ANTI JOIN (FROM spells('enrollments') WHERE retracted_at IS NULL) AS spell
        ON judged.student_id = spell.student_id
        AND judged.school_id = spell.school_id
        AND judged.occurred_on BETWEEN spell.entered_on AND spell.end_on
"""
# Tardiness and parts of a day are counted on their own; in-school suspension is a day in school.
_MORE_THAN_A_DAY = """
    FROM judged
    SELECT *, sum(thousandths) OVER (PARTITION BY student_id, school_id, occurred_on) / 1000 AS days
    WHERE kind IN ('excused', 'unexcused', 'suspension_out') AND retracted_at IS NULL
    QUALIFY days > 1
"""
_MORE_THAN_EXPECTED = """
    FROM judged
    SELECT *, excused_days + unexcused_days + suspension_out_days + coalesce(incomplete_study_days, 0) AS absent
    WHERE absent > expected_days
"""
# No row on a submitted day means present, so a lost table of absences would speak for everybody.
_NO_ABSENCE = """
    FROM judged SELECT *, (SELECT count(DISTINCT day) FROM judged) AS days WHERE NOT EXISTS (FROM absences)
"""
_OVERLAPPING = f"""
    FROM judged
    SELECT *,
        max(coalesce(valid_to, {NEVER})) OVER (
            PARTITION BY student_id, attribute ORDER BY valid_from, _row
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before,
        lead(valid_from) OVER (PARTITION BY student_id, attribute ORDER BY valid_from, _row) AS after
    QUALIFY valid_from <= before OR after <= coalesce(valid_to, {NEVER})
"""


def _never_enrolled(code: str, table: str, severity: Severity, example: str) -> Rule:
    return Rule(
        code,
        table,
        severity,
        "among",
        "student never enrolled",
        "No enrollment row has this student_id.",
        "Add the enrollment or correct the id (leading zeros count).",
        example,
        _NEVER_ENROLLED,
    )


RULES = (
    _never_enrolled("EID-ATT-001", "absences", "error", _ABSENCE),
    Rule(
        "EID-ATT-002",
        "absences",
        "error",
        "among",
        "absence on a day that is no school day",
        "The calendar of the school has no such day.",
        "Correct the day, or add it to the calendar.",
        _ABSENCE,
        _NO_SCHOOL_DAY.format(day="occurred_on"),
    ),
    Rule(
        "EID-ATT-003",
        "absences",
        "error",
        "among",
        "absence outside enrollment",
        "The student was not enrolled in that school on that day.",
        "Correct the day or the school, or the first and last day of the enrollment.",
        _ABSENCE,
        _OUTSIDE,
    ),
    Rule(
        "EID-ATT-004",
        "absences",
        "warning",
        "among",
        "more than a whole day of absence",
        "The absences of one day add up to more than a day.",
        "Look whether one absence was recorded under two kinds.",
        _ABSENCE + ": {days:g} days",
        _MORE_THAN_A_DAY,
    ),
    Rule(
        "EID-ATT-005",
        "absences",
        "error",
        "rows",
        "absence of unknown size",
        "Only for tardy and partial days may it be unknown how much of the day was missed.",
        "Say how much in thousandths; 1000 is the whole day.",
        _ABSENCE + ": {kind}",
        "FROM judged WHERE thousandths IS NULL AND kind NOT IN ('tardy', 'partial')",
    ),
    Rule(
        "EID-FEED-001",
        "attendance_feed",
        "error",
        "among",
        "attendance submitted for a day that is no school day",
        "The calendar of the school has no such day.",
        "Remove the day, or add it to the calendar.",
        "school {school_id} on {day}",
        _NO_SCHOOL_DAY.format(day="day"),
    ),
    Rule(
        "EID-FEED-003",
        "attendance_feed",
        "error",
        "among",
        "attendance without a single absence",
        "Attendance was submitted, yet there is not one absence without an error: all would look perfectly present.",
        "Export the absences too; until then attendance is unknown.",
        "attendance was submitted for {days} school days, yet there is no single absence",
        _NO_ABSENCE,
    ),
    _never_enrolled(
        "EID-TOT-001",
        "absence_totals",
        "error",
        "student {student_id} at school {school_id} in school year {school_year}",
    ),
    Rule(
        "EID-TOT-002",
        "absence_totals",
        "error",
        "rows",
        "more days absent than expected",
        "The days absent of the school year add up to more than the days the student was expected.",
        "Correct the totals at the source.",
        "student {student_id} at school {school_id}: absent {absent} of {expected_days} days",
        _MORE_THAN_EXPECTED,
    ),
    _never_enrolled(
        "EID-GRD-001",
        "grades",
        "error",
        "student {student_id}, course {course_id}, assessment {assessment_id}",
    ),
    _never_enrolled("EID-INC-001", "incidents", "error", "student {student_id}, incident {incident_id}"),
    Rule(
        "EID-INC-002",
        "incidents",
        "warning",
        "rows",
        "incident without a basis",
        "Nobody says whether anybody could see it or it is one adult's judgement; features leave it out.",
        "Say for each behavior which it is, in the district's mapping file or in the column basis.",
        "student {student_id}, incident {incident_id}: {behavior}",
        "FROM judged WHERE basis IS NULL",
    ),
    _never_enrolled("EID-OUT-001", "outcomes", "warning", "student {student_id}: {outcome} on {occurred_on}"),
    Rule(
        "EID-GRP-001",
        "groups",
        "error",
        "among",
        "two values of one attribute at once",
        "Two rows of one student give the same attribute a value on the same day.",
        "Give the earlier row its valid_to (the last day it held).",
        "student {student_id}: {attribute} from {valid_from}",
        _OVERLAPPING,
    ),
    _never_enrolled("EID-GRP-002", "groups", "warning", "student {student_id}"),
    _never_enrolled("EID-SUP-001", "supports", "warning", "student {student_id}: {kind} from {started_on}"),
)
