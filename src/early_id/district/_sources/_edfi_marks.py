"""Marks and assignments, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# The first subject of a course names it; a course with any core subject is a core course.
_WORDS = """
    CREATE TABLE course_words AS
    WITH named AS (
        SELECT course, organization, list_transform(
            entries(subjects), subject -> code(subject->>'academicSubjectDescriptor')
        ) AS words FROM courses
    )
    SELECT course, organization, words[1] AS subject,
        list_contains(list_transform(words, word -> meaning('AcademicSubject', word)), 'core') AS core
    FROM named
"""
_SUBJECTS = """
    CREATE TABLE course_subjects AS
    FROM courseOfferings JOIN course_words USING (course, organization)
    SELECT local_course, school, school_year, session, subject, core
"""
_JOIN_SUBJECT = """
    LEFT JOIN course_subjects AS about
        ON work.course = about.local_course AND work.school = about.school
        AND work.school_year = about.school_year AND work.session = about.session
"""
_POINTS = "CASE WHEN TRY_CAST({number} AS DOUBLE) > 100 THEN '10000' ELSE scaled({number}, 100) END"
_GRADES = f"""
    SELECT student AS student_id, work.course || '-' || work.school AS course_id,
        concat_ws('/', section, plain_day(begun_on), coalesce(period_name, code(work.period)), code(type))
            AS assessment_id,
        work.school AS school_id, work.session AS term, means('GradeType', type) AS kind,
        {_POINTS.format(number="work.number")} AS hundredths, letter AS mark,
        plain_day(coalesce(as_of, ending.end_date)) AS assessed_on, subject, coalesce(core, false) AS core,
        work._file, work._line
    FROM grades AS work
    LEFT JOIN gradingPeriods AS ending
        ON work.period_school = ending.school AND work.period_year = ending.school_year
        AND code(work.period) = code(ending.period) AND work.period_name IS NOT DISTINCT FROM ending.name
    {_JOIN_SUBJECT}
"""
_MISSING = "means('SubmissionStatus', work.status) = 'missing'"
_NUMBER = """
    coalesce(work.number, CAST(100.0 * TRY_CAST(work.points AS DOUBLE) / TRY_CAST(max_points AS DOUBLE) AS VARCHAR))
"""
_ASSIGNMENTS = f"""
    WITH work AS (
        SELECT done.*, school, school_year, course, section, session, assigned_on, due_on, max_points
        FROM studentGradebookEntries AS done JOIN gradebookEntries AS due
            ON done.entry = due.entry AND done.namespace IS NOT DISTINCT FROM due.namespace
    )
    SELECT student AS student_id, work.course || '-' || work.school AS course_id,
        concat_ws('/', work.section, work.entry) AS assessment_id, work.school AS school_id, work.session AS term,
        'assignment' AS kind, {_POINTS.format(number=_NUMBER)} AS hundredths,
        CASE WHEN {_MISSING} THEN 'missing' ELSE letter END AS mark, plain_day(due_on) AS due_on,
        plain_day(coalesce(CASE WHEN NOT coalesce({_MISSING}, false) THEN handed_in END, due_on, assigned_on))
            AS assessed_on,
        subject, coalesce(core, false) AS core, work._file, work._line
    FROM work {_JOIN_SUBJECT}
"""
# A transcript has no day: its mark was given at the end of the term.
_TRANSCRIPTS = f"""
    WITH ended AS (
        FROM sessions SELECT school, school_year, code(term) AS term, max(name) AS session, max(as_day(end_date))
            AS day GROUP BY ALL
    )
    SELECT student AS student_id, work.course || '-' || work.organization AS course_id,
        concat_ws('/', 'transcript', work.school_year, code(work.term)) AS assessment_id,
        CASE WHEN work.organization IN (SELECT id FROM schools) THEN work.organization END AS school_id,
        coalesce(session, code(work.term)) AS term, 'final' AS kind,
        {_POINTS.format(number="work.number")} AS hundredths, letter AS mark, CAST(day AS VARCHAR) AS assessed_on,
        subject, coalesce(core, false) AS core, work._file, work._line
    FROM courseTranscripts AS work
    LEFT JOIN ended ON work.organization = ended.school AND work.school_year = ended.school_year
        AND code(work.term) = ended.term
    LEFT JOIN course_words AS named ON work.course = named.course AND work.course_organization = named.organization
"""
_FINAL_THERE = """
    (student, school_year) IN (
        SELECT student, school_year FROM grades WHERE means('GradeType', type) = 'final'
    )
"""


def marks(reading: Reading) -> None:
    """Write marks of grading periods, final marks and assignments; what they refer to is looked up."""
    known = "means('GradeType', type)"
    reading.leave_out("grades", f"{known} = 'conduct'", "mark for conduct")
    reading.hold_back("grades", f"type IS NULL OR {known} IS NULL", "EID-SRC-005", "type of grade {type}")
    reading.hold_back(
        "studentGradebookEntries",
        "NOT EXISTS (FROM gradebookEntries AS due WHERE due.entry = studentGradebookEntries.entry "
        "AND due.namespace IS NOT DISTINCT FROM studentGradebookEntries.namespace)",
        "EID-SRC-004",
        "no gradebook entry {entry}",
    )
    reading.leave_out("courseTranscripts", _FINAL_THERE, "the final mark is in grades")
    for sheet in ("grades", "studentGradebookEntries", "courseTranscripts"):
        reading.report(
            sheet, "TRY_CAST(number AS DOUBLE) > 100", "EID-EDF-004", "student {student}: {number}"
        )
    for query in (_WORDS, _SUBJECTS):
        reading.connection.execute(query)
    for query in (_GRADES, _ASSIGNMENTS, _TRANSCRIPTS):
        reading.rows("grades", query)
    _look_up(reading)


def _look_up(reading: Reading) -> None:
    """Account for what a mark, a day or a course refers to."""
    reading.looked_up(
        "gradingPeriods",
        "(school, school_year, code(period)) IN (SELECT period_school, period_year, code(period) FROM grades)",
        "no mark refers to it",
    )
    reading.looked_up(
        "gradebookEntries",
        "entry IN (SELECT entry FROM studentGradebookEntries)",
        "no student has work of it",
    )
    used = """
        (local_course, school, school_year) IN (
            SELECT course, school, school_year FROM grades UNION ALL SELECT course, school, school_year
                FROM gradebookEntries
        )
    """
    reading.looked_up("courseOfferings", used, "no mark refers to it")
    taught = """
        SELECT course, organization FROM courseOfferings UNION ALL SELECT course, course_organization
            FROM courseTranscripts
    """
    reading.looked_up("courses", f"(course, organization) IN ({taught})", "no mark refers to it")
    reading.looked_up(
        "sessions",
        "(school, school_year) IN (SELECT school, school_year FROM school_days UNION ALL "
        "SELECT organization, school_year FROM courseTranscripts) OR getvariable('weekdays')",
        "no school day or mark refers to it",
    )
