"""Who was in which school from when to when: from the roles of students, else from the classes they were in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# A school year ends the day before its endDate; years do not share days, so that a stay is of one year on each day.
_YEARS = """
CREATE TABLE year_of AS
WITH told AS (
    FROM academicSessions
    SELECT
        schoolYear::INTEGER AS school_year,
        coalesce(
            min(iso_day(startDate)) FILTER (meaning('SessionType', "type") = 'year'), min(iso_day(startDate))
        ) AS first_day,
        coalesce(
            max(iso_day(endDate)) FILTER (meaning('SessionType', "type") = 'year'), max(iso_day(endDate))
        ) - 1 AS last_day
    GROUP BY schoolYear::INTEGER
),
placed AS (
    FROM told SELECT *, max(last_day) OVER (
        ORDER BY school_year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
)
FROM placed
SELECT school_year, greatest(first_day, before + 1) AS first_day, last_day,
    coalesce(before, first_day - 1) AS before
WHERE greatest(first_day, before + 1) <= last_day
"""
_CLASS_TERMS = """
CREATE TABLE class_term AS
WITH named AS (FROM classes SELECT sourcedId AS class, unnest(string_split(termSourcedIds, ',')) AS term)
FROM named JOIN academicSessions AS s ON trim(named.term) = s.sourcedId
SELECT
    class,
    max(s.schoolYear::INTEGER) AS school_year,
    min(iso_day(s.startDate)) AS first_day,
    max(iso_day(s.endDate)) - 1 AS last_day
GROUP BY class
"""
# An open role holds up to the last year in which anybody sits in a class: the next year may be set up already.
_LATEST = """
CREATE TABLE latest AS
SELECT coalesce(
    (
        SELECT max(t.school_year)
        FROM enrollments AS e JOIN class_term AS t ON t.class = e.classSourcedId
        WHERE meaning('EnrollmentRole', e.role) = 'student'
    ),
    (SELECT max(school_year) FROM year_of)
) AS school_year
"""
_ROLE_PIECES = """
CREATE TABLE role_piece AS
WITH dated AS (
    FROM roles
    SELECT *, iso_day(beginDate) AS begin_on, iso_day(endDate) - 1 AS last_on
    WHERE beginDate IS NOT NULL
)
FROM dated AS d
JOIN year_of AS y
    ON d.begin_on <= y.last_day
    AND coalesce(d.last_on >= greatest(d.begin_on, y.first_day) OR (d.last_on >= d.begin_on AND d.begin_on > y.before),
        y.school_year <= greatest(
            (SELECT school_year FROM latest),
            (SELECT min(school_year) FROM year_of WHERE last_day >= d.begin_on)
        )
    )
SELECT
    d.userSourcedId AS student,
    d.orgSourcedId AS school,
    y.school_year,
    CASE WHEN d.begin_on > y.before THEN d.begin_on ELSE y.first_day END AS entered_on,
    least(coalesce(d.last_on, y.last_day), y.last_day) AS until,
    d.last_on IS NULL AS open,
    1 AS gap,
    0 AS classes,
    d._file, d._line
"""
_CLASS_PIECES = """
CREATE TABLE class_piece AS
WITH sat AS (
    FROM enrollments AS e
    JOIN class_term AS t ON t.class = e.classSourcedId
    JOIN year_of AS y ON y.school_year = t.school_year
    SELECT
        e.userSourcedId AS student,
        e.schoolSourcedId AS school,
        t.school_year,
        coalesce(iso_day(e.beginDate), t.first_day) AS begin_on,
        iso_day(e.endDate) - 1 AS last_on,
        t.last_day AS term_ends, y.first_day, y.last_day, y.before, e._file, e._line
)
FROM sat
SELECT
    student, school, school_year,
    CASE WHEN begin_on > before THEN begin_on ELSE first_day END AS entered_on,
    least(coalesce(last_on, greatest(term_ends, begin_on)), last_day) AS until,
    last_on IS NULL AS open,
    {gap} AS gap,
    1 AS classes,
    _file, _line
"""
# Pieces that touch, or are apart by no more than a holiday, are one stay.
_STAYS = """
CREATE TABLE in_stay AS
WITH pieces AS (
    FROM role_piece
    UNION ALL
    FROM class_piece AS c ANTI JOIN role_piece AS r USING (student, school, school_year) WHERE entered_on <= until
),
marked AS (
    FROM pieces SELECT *, entered_on > gap + max(until) OVER (
        PARTITION BY student, school, school_year ORDER BY entered_on, until, _file, _line
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS apart
)
FROM marked SELECT *, sum(coalesce(apart, true)::INTEGER) OVER (
    PARTITION BY student, school, school_year ORDER BY entered_on, until, _file, _line
) AS island
"""
_JOINED = """
CREATE TABLE joined AS
WITH shape AS (
    FROM in_stay
    SELECT
        student, school, school_year, island,
        min(entered_on) AS entered_on, max(until) AS until, bool_or(open) AS open, sum(classes) AS classes,
        first((_file, _line) ORDER BY entered_on, until, _file, _line) AS origin
    GROUP BY ALL
)
FROM shape
SELECT
    * EXCLUDE origin,
    origin[1] AS _file, origin[2] AS _line,
    school_year = max(school_year) OVER () AND island = max(island) OVER (
        PARTITION BY student, school, school_year
    ) AS newest
"""
# Each school may call its role the primary one, so where stays overlap one of them is chosen, always the same.
_PRIMARY = """
CREATE TABLE stay AS
WITH kind AS (
    FROM roles
    SELECT
        userSourcedId AS student, orgSourcedId AS school,
        bool_and(meaning('RoleType', roleType) = 'secondary') AS minor
    GROUP BY ALL
),
ranked AS (
    FROM joined AS s
    LEFT JOIN kind USING (student, school)
    JOIN users AS u ON u.sourcedId = s.student
    SELECT s.*, coalesce(kind.minor, false) AS minor, row_number() OVER (
        PARTITION BY s.student
        ORDER BY u.primaryOrgSourcedId IS DISTINCT FROM s.school, s.classes DESC, s.entered_on, s.school, s.school_year,
            s.island
    ) AS place
)
FROM ranked AS s
SELECT * EXCLUDE (minor, place), NOT minor AND NOT EXISTS (
    FROM ranked AS o
    WHERE o.student = s.student AND o.school <> s.school AND o.place < s.place AND NOT o.minor
        AND o.entered_on <= s.until AND s.entered_on <= o.until
) AS main
"""


def find_stays(reading: Reading, gap_days: int) -> None:
    """Make the table `stay`, one row per stay and school year, and account for roles and enrollments."""
    reading.leave_out(
        "roles",
        "NOT EXISTS (FROM school AS s WHERE s.org_id = roles.orgSourcedId)",
        "student of an organisation that is no school",
    )
    for name in ("roles", "enrollments"):
        reading.leave_out(name, "iso_day(endDate) = iso_day(beginDate)", "ended before its first day")
        reading.hold_back(
            name,
            "iso_day(endDate) < iso_day(beginDate)",
            "EID-ONE-004",
            "beginDate {beginDate}, endDate {endDate}",
        )
    for query in (
        _YEARS,
        _CLASS_TERMS,
        _LATEST,
        _ROLE_PIECES,
        _CLASS_PIECES.format(gap=gap_days),
        _STAYS,
        _JOINED,
    ):
        reading.connection.execute(query)
    _account(reading)
    reading.connection.execute(_PRIMARY)


def _account(reading: Reading) -> None:
    """Say of every role and class of a student which stay it is part of, or why of none."""
    placed = "(_file, _line) IN (SELECT (_file, _line) FROM in_stay)"
    reading.leave_out(
        "enrollments",
        f"NOT {placed} AND (_file, _line) IN (SELECT (c._file, c._line) FROM class_piece AS c "
        "SEMI JOIN role_piece AS r USING (student, school, school_year))",
        "the stay in the school is told by roles.csv",
    )
    outside = "on no day of a school year in academicSessions.csv"
    reading.leave_out("enrollments", f"NOT {placed}", outside)
    reading.leave_out("roles", f"beginDate IS NOT NULL AND NOT {placed}", outside)
    reading.hold_back(
        "roles",
        "beginDate IS NULL AND NOT EXISTS ("
        "FROM joined AS s WHERE s.student = roles.userSourcedId AND s.school = roles.orgSourcedId)",
        "EID-ONE-005",
        "student {userSourcedId} in school {orgSourcedId}: no beginDate, and no class there tells it",
    )
    reading.merged(
        """
        FROM in_stay AS p JOIN joined AS s USING (student, school, school_year, island)
        SELECT p._file, p._line, s._file AS to_file, s._line AS to_line
        WHERE (p._file, p._line) <> (s._file, s._line)
        UNION ALL
        FROM roles AS r JOIN joined AS s ON s.student = r.userSourcedId AND s.school = r.orgSourcedId
        SELECT r._file, r._line, s._file, s._line
        WHERE r.beginDate IS NULL
        """
    )
