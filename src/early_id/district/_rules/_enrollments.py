"""Rules about schools, calendars and enrollments."""

from __future__ import annotations

from early_id.district._rules._rule import Rule

# Only versions that still stand can collide: between a new school's entry and the old one's leaving a system rightly
# holds two, and the correction ends that.
_TWO_PRIMARY = """
    WITH spell AS (FROM spells('judged') WHERE "primary" AND retracted_at IS NULL)
    FROM spell AS one
    JOIN spell AS two
        ON one.student_id = two.student_id
        AND one._row <> two._row
        AND one.entered_on <= two.end_on
        AND two.entered_on <= one.end_on
    SELECT DISTINCT ON (one._row) one.*, two.school_id AS other_school, two.entered_on AS other_entered
    ORDER BY one._row, two._row
"""
# Lists follow the primary enrollment of the school year.
_NEVER_PRIMARY = """
    WITH standing AS (FROM judged WHERE retracted_at IS NULL)
    FROM standing ANTI JOIN (FROM standing WHERE "primary") USING (student_id, school_year)
"""
# Every school's list is a file of its own, on whatever system the school works with.
_NO_FILE_NAME = r"""
    FROM judged WHERE regexp_matches(school_id, '[\p{C}/\\:*?"<>|]|^\.|\.$')
        OR regexp_matches(school_id, '^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)', 'i')
        OR strlen(school_id) > 100
"""
_SAME_FILE_NAME = """
    FROM judged
    WINDOW alike AS (PARTITION BY lower(nfc_normalize(school_id)))
    QUALIFY min(school_id) OVER alike <> max(school_id) OVER alike
"""
_NO_SCHOOL_DAY = """
    FROM spells('judged') AS spell
    ANTI JOIN calendar
        ON spell.school_id = calendar.school_id
        AND spell.school_year = calendar.school_year
        AND calendar.day BETWEEN spell.entered_on AND spell.end_on
    WHERE EXISTS (FROM calendar)
"""
# Where a standard carries no calendar at all, that is said once and not of every school and every enrollment.
_NOT_AMONG = """
    FROM schools SEMI JOIN enrollments USING (school_id) ANTI JOIN {table} USING (school_id)
    WHERE EXISTS (FROM calendar)
"""

RULES = (
    Rule(
        "EID-SCH-001",
        "schools",
        "warning",
        "rows",
        "low_grade above high_grade",
        "The lowest grade of the school is above its highest.",
        "Look whether the two columns are swapped.",
        "school {school_id}: {low_grade} to {high_grade}",
        "FROM judged WHERE low_grade > high_grade",
    ),
    Rule(
        "EID-SCH-002",
        "schools",
        "error",
        "rows",
        "school_id that cannot be a file name",
        "Each school's list is a file named after it; this id holds a character or a word that file systems refuse.",
        "Use letters, digits, hyphens and underscores, at most 100 of them, in every table.",
        "school {school_id!r}",
        _NO_FILE_NAME,
    ),
    Rule(
        "EID-SCH-003",
        "schools",
        "error",
        "rows",
        "school_id that differs from another only in case",
        "Each school's list is a file named after it; on many systems one of the two would overwrite the other.",
        "Give one of the schools another id, in every table.",
        "school {school_id!r}",
        _SAME_FILE_NAME,
    ),
    Rule(
        "EID-CAL-001",
        "schools",
        "warning",
        "district",
        "school without a calendar",
        "Students are enrolled in a school that has no school day; they cannot be listed.",
        "Add the school's days to the calendar.",
        "school {school_id}",
        _NOT_AMONG.format(table="calendar"),
    ),
    Rule(
        "EID-ENR-001",
        "enrollments",
        "error",
        "among",
        "two primary enrollments at once",
        "Two primary enrollments of one student that both still stand share days; nobody knows who looks after them.",
        "Give the earlier one its last day, or mark one of them as not primary.",
        "student {student_id}: {school_id} from {entered_on} and {other_school} from {other_entered}",
        _TWO_PRIMARY,
    ),
    Rule(
        "EID-ENR-002",
        "enrollments",
        "warning",
        "among",
        "enrollment without a school day",
        "The school has no school day of that school year within the enrollment.",
        "Look whether school_year, the days or the calendar are wrong.",
        "student {student_id} at school {school_id} from {entered_on}",
        _NO_SCHOOL_DAY,
    ),
    Rule(
        "EID-ENR-003",
        "enrollments",
        "warning",
        "among",
        "student without a primary enrollment",
        "None of the student's enrollments of that school year is primary; the student will be in no list.",
        "Mark the enrollment at the school that looks after the student as primary.",
        "student {student_id} at school {school_id} in school year {school_year}",
        _NEVER_PRIMARY,
    ),
    Rule(
        "EID-FEED-002",
        "schools",
        "warning",
        "district",
        "school without attendance feed",
        "The school never submitted a day of attendance; its students will be listed as not scored.",
        "Add the days the school submitted to attendance_feed.",
        "school {school_id}",
        _NOT_AMONG.format(table="attendance_feed"),
    ),
)
