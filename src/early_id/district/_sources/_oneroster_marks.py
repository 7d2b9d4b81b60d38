"""Marks from results and line items: points in percent, letters, what was not handed in, and when it was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# Points a scale gives to a text, such as {A+:100}. A range such as {A:7-10} names no one number.
_SCALES = r"""
CREATE TABLE points_of AS
WITH pair AS (
    FROM scoreScales
    SELECT sourcedId AS scale, classSourcedId AS class,
        unnest(regexp_extract_all(scoreScaleValue, '\{([^{}]*)\}', 1)) AS said
),
read AS (
    FROM pair
    SELECT scale, class, lower(trim(regexp_extract(said, '^(.*):[^:]*$', 1))) AS word,
        number(trim(regexp_extract(said, ':([^:]*)$', 1))) AS points
)
FROM read WHERE points BETWEEN 0 AND 100
"""
# The scale of the result comes before that of its line item, and that before the scales of the class. Where two of one
# kind disagree about a word, nobody knows.
_WORDS = """
CREATE TABLE word_points AS
WITH linked AS (
    FROM resultScoreScales AS l JOIN points_of AS p ON p.scale = l.scoreScaleSourcedId
    SELECT 1 AS place, l.resultSourcedId AS result, p.word, p.points
    UNION ALL
    FROM lineItemScoreScales AS l
    JOIN points_of AS p ON p.scale = l.scoreScaleSourcedId
    JOIN results AS r ON r.lineItemSourcedId = l.lineItemSourcedId
    SELECT 2, r.sourcedId, p.word, p.points
    UNION ALL
    FROM results AS r
    JOIN lineItems AS i ON i.sourcedId = r.lineItemSourcedId
    JOIN points_of AS p ON p.class = i.classSourcedId
    SELECT 3, r.sourcedId, p.word, p.points
),
agreed AS (
    FROM linked JOIN results AS r ON r.sourcedId = linked.result AND lower(r.textScore) = linked.word
    SELECT place, result, min(points) AS points GROUP BY place, result HAVING min(points) = max(points)
)
FROM agreed SELECT result, arg_min(points, place) AS points GROUP BY result
"""
_STATES = """
CREATE TABLE scored AS
FROM results AS r
JOIN lineItems AS i ON i.sourcedId = r.lineItemSourcedId
LEFT JOIN word_points AS w ON w.result = r.sourcedId
SELECT
    r.*, i.classSourcedId, i.categorySourcedId, i.academicSessionSourcedId, w.points,
    iso_day(i.dueDate) AS due_on,
    iso_day(r.scoreDate) AS scored_on,
    coalesce(number(i.resultValueMin), {low}) AS low,
    coalesce(number(i.resultValueMax), {high}) AS high,
    number(r.score) AS reached,
    meaning('ScoreStatus', r.scoreStatus) AS state
"""
_MARKS = """
CREATE TABLE mark AS
WITH told AS (
    FROM scored
    SELECT *,
        CASE
            WHEN state = 'missing' THEN true
            -- A flag that was left standing on work that came in and was marked says nothing any more.
            WHEN truth(missing) THEN NOT (state = 'graded' AND coalesce(reached > coalesce(low, 0), false))
            ELSE false
        END AS absent
)
FROM told
SELECT *,
    state = 'graded' AND NOT absent AND NOT truth(inProgress) AND NOT truth(incomplete) AS final_word,
    CASE
        WHEN absent THEN due_on
        WHEN {on_time} THEN least(scored_on, due_on)
        ELSE scored_on
    END AS assessed_on,
    CASE WHEN absent THEN greatest(due_on, scored_on) ELSE scored_on END AS known_at,
    CASE
        WHEN high > low AND reached IS NOT NULL
            THEN least(10000, round(10000 * (reached - low) / (high - low)))::INTEGER
        WHEN points IS NOT NULL THEN round(100 * points)::INTEGER
    END AS hundredths
"""
_SUBJECTS = """
CREATE TABLE course_subject AS
WITH named AS (
    FROM courses SELECT sourcedId AS course, unnest(string_split(subjects, ',')) AS said, 'Subject' AS codes
    UNION ALL
    FROM courses SELECT
        sourcedId, unnest(list_transform(string_split(subjectCodes, ','), code -> trim(code)[1:2])), 'SubjectCode'
)
FROM named
SELECT course, bool_or(meaning(codes, said) IS NOT NULL) AS known, coalesce(
    first(meaning(codes, said) ORDER BY codes, said) FILTER (meaning(codes, said) IS NOT NULL),
    first(trim(said) ORDER BY said) FILTER (codes = 'Subject')
) AS subject
GROUP BY course
"""
_GRADES = """
FROM mark AS m
JOIN student AS s ON s.user_id = m.studentSourcedId
JOIN classes AS c ON c.sourcedId = m.classSourcedId
JOIN school ON school.org_id = c.schoolSourcedId
JOIN academicSessions AS a ON a.sourcedId = m.academicSessionSourcedId
LEFT JOIN categories AS g ON g.sourcedId = m.categorySourcedId
LEFT JOIN course_subject AS k ON k.course = c.courseSourcedId
SELECT
    s.student_id, c.courseSourcedId AS course_id, m.lineItemSourcedId AS assessment_id, school.school_id,
    a.title AS term,
    coalesce(meaning('CategoryKind', g.title), 'assignment') AS kind,
    CASE WHEN final_word THEN hundredths END AS hundredths,
    CASE WHEN absent THEN 'missing' WHEN final_word THEN textScore END AS mark,
    CASE WHEN number(g.weight) BETWEEN 0 AND 100 THEN round(100 * number(g.weight))::INTEGER END AS weight,
    m.due_on, m.assessed_on, k.subject,
    coalesce(meaning('Core', k.subject) = 'true', false) AS core,
    m.known_at, m._file, m._line
ORDER BY m._file, m._line
"""


def write_grades(reading: Reading, low: float | None, high: float | None, *, graded_late: bool) -> None:
    """Write the table `grades` and account for results.

    Parameters
    ----------
    reading : Reading
        With `student`, `school` and `stay`.
    low, high : float, optional
        Range of points of a line item that names none.
    graded_late : bool
        Whether a scoreDate is the day of marking, which says nothing about the day of handing in.
    """
    _judge(reading)
    for query in (_SCALES, _WORDS):
        reading.connection.execute(query)
    ends = {"low": "NULL" if low is None else low, "high": "NULL" if high is None else high}
    reading.connection.execute(_STATES.format(**ends))
    _leave_out(reading)
    reading.connection.execute("DROP TABLE scored")
    reading.connection.execute(_STATES.format(**ends))
    unless_told = " OR late IS NULL" if graded_late else ""
    reading.connection.execute(_MARKS.format(on_time=f"lower(late) = 'false'{unless_told}"))
    reading.connection.execute(_SUBJECTS)
    reading.rows("grades", _GRADES)
    reading.report(
        "results",
        "(_file, _line) IN (SELECT (_file, _line) FROM mark WHERE final_word AND hundredths IS NULL)",
        "EID-ONE-007",
        "score {score!r}, textScore {textScore!r}",
    )
    reading.report(
        "courses",
        "sourcedId IN (SELECT c.courseSourcedId FROM mark AS m JOIN classes AS c ON c.sourcedId = m.classSourcedId) "
        "AND sourcedId NOT IN (SELECT course FROM course_subject WHERE known)",
        "EID-ONE-009",
        "course {sourcedId} ({title}): subjects {subjects!r}, subjectCodes {subjectCodes!r}",
    )


def _judge(reading: Reading) -> None:
    if reading.connection.sql("FROM courses LIMIT 1").fetchall():
        reading.hold_back(
            "lineItems",
            "NOT EXISTS (FROM classes AS c JOIN courses AS o ON o.sourcedId = c.courseSourcedId "
            "WHERE c.sourcedId = lineItems.classSourcedId)",
            "EID-SRC-004",
            "the course of class {classSourcedId!r} is not in courses.csv, or was held back there",
        )
    reading.hold_back(
        "lineItems",
        "number(resultValueMax) <= number(resultValueMin)",
        "EID-SRC-001",
        "resultValueMax {resultValueMax} is not above resultValueMin {resultValueMin}",
    )
    # A held back line item takes its results along.
    for name, column, other in (
        ("results", "lineItemSourcedId", "lineItems"),
        ("lineItemScoreScales", "lineItemSourcedId", "lineItems"),
        ("resultScoreScales", "resultSourcedId", "results"),
    ):
        reading.hold_back(
            name,
            f"NOT EXISTS (FROM {other} AS o WHERE o.sourcedId = {name}.{column})",
            "EID-SRC-004",
            f"{column} {{{column}!r}} is not in {other}.csv, or was held back there",
        )
    reading.hold_back(
        "scoreScales",
        r"NOT regexp_matches(scoreScaleValue, '\{[^{}]*:[^{}]*\}')",
        "EID-SRC-001",
        "scoreScaleValue is {scoreScaleValue!r}, expected pairs such as {{A:94}}",
    )
    for name in ("lineItemScoreScales", "resultScoreScales"):
        reading.hold_back(
            name,
            f"NOT EXISTS (FROM scoreScales AS o WHERE o.sourcedId = {name}.scoreScaleSourcedId)",
            "EID-SRC-004",
            "scoreScaleSourcedId {scoreScaleSourcedId!r} is not in scoreScales.csv, or was held back there",
        )


def _leave_out(reading: Reading) -> None:
    reading.hold_back(
        "results",
        "(_file, _line) IN (SELECT (_file, _line) FROM scored "
        "WHERE high > low AND reached NOT BETWEEN low AND low + 1.5 * (high - low))",
        "EID-ONE-003",
        "score {score} lies far outside the range of line item {lineItemSourcedId}",
    )
    reading.leave_out(
        "results", "meaning('ScoreStatus', scoreStatus) = 'exempt'", "exempt: it does not count"
    )
    # What day the bundle was written is not told; it was not before the last day it tells of.
    reading.leave_out(
        "results",
        "(_file, _line) IN (SELECT (_file, _line) FROM scored WHERE state = 'missing' AND NOT truth(missing) "
        "AND due_on > (SELECT max(scored_on) FROM scored))",
        "not submitted, and not due yet",
    )
    no_student = "NOT EXISTS (FROM stay AS s WHERE s.student = results.studentSourcedId)"
    reading.leave_out("results", no_student, "nobody with a stay in a school")
