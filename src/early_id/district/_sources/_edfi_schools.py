"""Schools, who is enrolled in them, and how enrollments ended, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._sources._reading import UNTAKEN

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_SCHOOLS = """
    WITH taught AS (
        SELECT _file, _line, TRY_CAST(means('GradeLevel', level->>'gradeLevelDescriptor') AS INTEGER) AS grade
        FROM (SELECT _file, _line, unnest(entries(grade_levels)) AS level FROM schools)
    ),
    span AS (FROM taught SELECT _file, _line, min(grade) AS low_grade, max(grade) AS high_grade GROUP BY ALL)
    SELECT school.id AS school_id, school.name AS school_name,
        coalesce(school.agency, school.id) AS district_id,
        coalesce(agency.name, school.agency, school.name) AS district_name,
        low_grade, high_grade, school._file, school._line
    FROM schools AS school
    LEFT JOIN localEducationAgencies AS agency ON school.agency = agency.id
    LEFT JOIN span ON school._file = span._file AND school._line = span._line
"""
# Between two enrollments at once of which neither says that it is the primary one, the later entry is.
_SPELLS = """
    CREATE TABLE spells AS
    WITH dated AS (
        SELECT *, as_day(entry_date) AS entered, as_day(exit_date) - {exclusive} AS last_day,
            lower(is_primary) AS says
        FROM studentSchoolAssociations
    ),
    beside AS (
        SELECT one._file, one._line, bool_or(
            coalesce(other.says = 'true', false) OR (
                other.says IS NULL AND (other.entered, other.school) > (one.entered, one.school)
            )
        ) AS other_first
        FROM dated AS one
        JOIN dated AS other
            ON one.student = other.student
            AND (one._file, one._line) <> (other._file, other._line)
            AND one.entered <= coalesce(other.last_day, DATE '9999-12-31')
            AND other.entered <= coalesce(one.last_day, DATE '9999-12-31')
            AND coalesce(one.school_year, CAST(school_year_of(one.entered) AS VARCHAR))
                = coalesce(other.school_year, CAST(school_year_of(other.entered) AS VARCHAR))
        WHERE one.says IS NULL
        GROUP BY ALL
    )
    FROM dated LEFT JOIN beside USING (_file, _line)
"""
_ENROLLMENTS = """
    SELECT student AS student_id, school AS school_id, plain_day(entry_date) AS entered_on,
        coalesce(school_year, CAST(school_year_of(entered) AS VARCHAR)) AS school_year,
        means('GradeLevel', grade_level) AS grade_level,
        coalesce(CAST(last_day AS VARCHAR), plain_day(exit_date)) AS left_on,
        code(exit_type) AS exit_reason,
        coalesce(says, CASE WHEN other_first THEN 'false' ELSE 'true' END) AS "primary", _file, _line
    FROM spells
"""
# Whoever graduates did not drop out, and the other way round; a transfer tells neither.
_OUTCOMES = """
    SELECT student AS student_id, school AS school_id, outcome, plain_day(exit_date) AS occurred_on,
        CASE WHEN outcome = reached THEN 'yes' ELSE 'no' END AS value, _file, _line
    FROM (
        SELECT *, CASE means('ExitWithdrawType', exit_type) WHEN 'graduated' THEN 'graduation' ELSE 'dropout' END
            AS reached
        FROM spells WHERE means('ExitWithdrawType', exit_type) IN ('dropout', 'graduated')
    ), (VALUES ('dropout'), ('graduation')) AS told (outcome)
"""
# A diploma says who graduated where exits do not.
_DIPLOMAS = """
    WITH awarded AS (
        SELECT student, organization, entry->>'diplomaAwardDate' AS day, _file, _line
        FROM (SELECT *, unnest(entries(diplomas)) AS entry FROM studentAcademicRecords)
    )
    SELECT student AS student_id, organization AS school_id, 'graduation' AS outcome, plain_day(day) AS occurred_on,
        'yes' AS value, _file, _line
    FROM awarded
    WHERE day IS NOT NULL AND student NOT IN (
        SELECT student FROM spells WHERE means('ExitWithdrawType', exit_type) = 'graduated' AND student IS NOT NULL
    )
    QUALIFY row_number() OVER (PARTITION BY student, organization, day ORDER BY _file, _line) = 1
"""


def schools(reading: Reading) -> None:
    """Write the schools; their agencies give the names of their districts."""
    reading.rows("schools", _SCHOOLS)
    reading.looked_up(
        "localEducationAgencies", "id IN (SELECT agency FROM schools)", "no school belongs to it"
    )


def enrollments(reading: Reading, *, exclusive: bool) -> None:
    """Write enrollments, and outcomes where an enrollment ended in one.

    Parameters
    ----------
    reading : Reading
        With its sheets.
    exclusive : bool
        Whether exitWithdrawDate is the first day on which the student is no longer enrolled.
    """
    name = "studentSchoolAssociations"
    reading.leave_out(name, "means('ExitWithdrawType', exit_type) = 'never_came'", "never came to the school")
    reading.report(
        name,
        "grade_level IS NOT NULL AND means('GradeLevel', grade_level) IS NULL",
        "EID-SRC-007",
        "grade level {grade_level} of student {student}",
    )
    reading.connection.execute(_SPELLS.format(exclusive=int(exclusive)))
    reading.report(
        name,
        "(_file, _line) IN (SELECT _file, _line FROM spells WHERE other_first IS NOT NULL)",
        "EID-EDF-003",
        "student {student} at school {school} from {entry_date}",
    )
    reading.rows("enrollments", _ENROLLMENTS)
    reading.rows("outcomes", _OUTCOMES)
    reading.rows("outcomes", _DIPLOMAS)
    reading.leave_out("studentAcademicRecords", UNTAKEN, "averages and credits are not read")
