"""Final marks from SCSC, with the subject of their course (CRSC)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_NO_END = "(Term, ends_in(Year)) NOT IN (FROM term_ends SELECT term, ends_in)"
# The state's codes go from the subject to the course, so that leading digits may stand for all courses of a subject.
_COURSES = """
    CREATE TABLE courses AS
    WITH every AS (
        FROM crsc_now SELECT School, Year, Course, Section, Term, StateCourse, 0 AS place
        UNION ALL FROM crse_now SELECT School, Year, Course, Section, Term, StateCourse, 1
    )
    FROM every
    SELECT School, Year, Course, coalesce(Section, '') AS Section, coalesce(Term, '') AS Term,
        coalesce(meaning('subject', StateCourse), meaning('subject', StateCourse[:3]),
            meaning('subject', StateCourse[:2]), meaning('subject', StateCourse[:1])) AS subject
    QUALIFY row_number() OVER (PARTITION BY School, Year, Course, Section, Term ORDER BY place, StateCourse) = 1
"""
_MARKS = """
    FROM scsc_now AS given
    JOIN term_ends ON given.Term = term_ends.term AND ends_in(given.Year) = term_ends.ends_in
    LEFT JOIN courses ON given.School = courses.School AND given.Year = courses.Year AND given.Course = courses.Course
        AND coalesce(given.Section, '') = courses.Section AND coalesce(given.Term, '') = courses.Term
    LEFT JOIN nonpublic ON SSID = placed_student AND given.Year = placed_year
    SELECT SSID AS student_id, if(given.School = '0000001', placed_school, given.School) AS school_id,
        school_id || '-' || given.Course AS course_id,
        right(given.Year, 4) || '-' || given.Term || '-' || given.Section || coalesce('-' || MarkingPeriod, '')
            AS assessment_id,
        right(given.Year, 4) || '-' || given.Term AS term, 'final' AS kind, given.Mark AS mark, ends_on AS assessed_on,
        subject, coalesce(meaning('core', subject) = 'yes', false) AS core, known_at, retracted_at, _file, _line
"""


def read_marks(reading: Reading) -> None:
    """Write final marks of terms whose end the mapping file gives."""
    reading.leave_out("scse", "true", "course enrollment without a mark")
    reading.leave_out("scsc", "Mark IS NULL", "no mark")
    reading.report("scsc", _NO_END, "EID-CPS-011", "term {Term} of {Year}")
    reading.leave_out("scsc", _NO_END, "the mapping file (`terms`) does not say when the term ended")
    reading.connection.execute(_COURSES)
    reading.rows("grades", _MARKS)
    for sheet in ("crsc", "crse"):
        reading.looked_up(sheet)
