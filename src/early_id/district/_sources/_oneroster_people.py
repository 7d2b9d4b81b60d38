"""Schools, students and their groups, as a OneRoster bundle tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from early_id.district._sources._oneroster_sheets import FLAGS

if TYPE_CHECKING:
    from early_id.district._sources._oneroster_mapping import OneRosterMapping
    from early_id.district._sources._reading import Reading

_RACES = ("American Indian", "Asian", "Black", "Pacific Islander", "White")
# Up the chain of parents to the first district; a chain that runs in a circle ends after twenty steps.
_SCHOOLS = """
CREATE TABLE school AS
WITH RECURSIVE kind AS (FROM orgs SELECT sourcedId, name, parentSourcedId, meaning('OrgType', "type") AS kind),
up(school, parent, steps) AS (
    FROM kind SELECT sourcedId, parentSourcedId, 1 WHERE kind = 'school'
    UNION ALL
    FROM up JOIN kind ON kind.sourcedId = up.parent
    SELECT up.school, kind.parentSourcedId, up.steps + 1
    WHERE kind.kind <> 'district' AND up.steps < 20
),
above AS (
    FROM up JOIN kind ON kind.sourcedId = up.parent
    SELECT up.school, arg_min(kind.sourcedId, up.steps) AS district, arg_min(kind.name, up.steps) AS district_name
    WHERE kind.kind = 'district'
    GROUP BY up.school
)
FROM orgs AS o LEFT JOIN above ON above.school = o.sourcedId
SELECT
    o.sourcedId AS org_id, o.{school_id} AS school_id, o.name AS school_name, above.district,
    coalesce(above.district, nullif(trim(?), '')) AS district_id,
    coalesce(above.district_name, nullif(trim(?), '')) AS district_name,
    o._file, o._line
WHERE meaning('OrgType', o."type") = 'school'
"""
# The grade of today is that of the last year a student is told of, and of no earlier one.
_STUDENTS = """
CREATE TABLE student AS
FROM users
SELECT
    sourcedId AS user_id, {student_id} AS student_id,
    CASE WHEN NOT contains(grades, ',') THEN try_cast(meaning('Grade', grades) AS INTEGER) END AS grade_level
"""
_ENROLLMENTS = """
FROM stay AS t
JOIN student AS s ON s.user_id = t.student
JOIN school ON school.org_id = t.school
SELECT
    s.student_id, school.school_id, t.entered_on, t.school_year,
    CASE WHEN t.school_year = max(t.school_year) OVER (PARTITION BY t.student) THEN s.grade_level END AS grade_level,
    CASE WHEN NOT (t.open AND t.newest) THEN t.until END AS left_on,
    t.main AS "primary", t._file, t._line
ORDER BY t._file, t._line, t.school_year
"""
_GROUPS = """
CREATE TABLE told AS
WITH first_day AS (FROM stay SELECT student, min(entered_on) AS entered_on GROUP BY student)
FROM demographics AS d
JOIN first_day AS f ON f.student = d.sourcedId
JOIN student AS s ON s.user_id = d.sourcedId
SELECT
    s.student_id,
    least(f.entered_on, (SELECT min(first_day) FROM year_of)) AS valid_from,
    nullif(meaning('Sex', d.sex), '') AS gender,
    CASE
        WHEN truth(hispanicOrLatinoEthnicity) THEN 'Hispanic'
        WHEN truth(demographicRaceTwoOrMoreRaces) OR {count} > 1 THEN 'Two or more'
        {single}
    END AS race_ethnicity,
    d._file, d._line
"""


def student_id(own: OneRosterMapping) -> str:
    """Write the id of a student in SQL: a column of users.csv, or one kind of its `userIds`."""
    if own.student_id in ("sourcedId", "identifier"):
        return own.student_id
    # The kind is the district's word: each of its letters stands for itself.
    pattern = rf"\{{\s*{re.escape(own.student_id)}\s*:\s*([^{{}}]*?)\s*\}}".replace("'", "''")
    return f"nullif(regexp_extract(userIds, '{pattern}', 1), '')"


def judge_people(reading: Reading, own: OneRosterMapping) -> None:
    """Leave out who is no student, hold back students and schools without an id, and classes outside any school."""
    for name, codes in (("roles", "Role"), ("enrollments", "EnrollmentRole")):
        reading.leave_out(name, f"meaning('{codes}', role) <> 'student'", "no student")
    reading.connection.execute(
        "CREATE TABLE pupil AS SELECT userSourcedId AS user_id FROM roles "
        "UNION SELECT userSourcedId FROM enrollments"
    )
    stranger = "sourcedId NOT IN (SELECT user_id FROM pupil)"
    reading.leave_out(
        "demographics", f"{stranger} AND sourcedId IN (SELECT sourcedId FROM users)", "no student"
    )
    reading.leave_out("users", stranger, "no student")
    _judge_ids(reading, "users", student_id(own), "true", f"user {{sourcedId}} has no {own.student_id}")
    school = "meaning('OrgType', \"type\") = 'school'"
    _judge_ids(reading, "orgs", own.school_id, school, f"school {{sourcedId}} has no {own.school_id}")
    reading.connection.execute(_SCHOOLS.format(school_id=own.school_id), [own.district_id, own.district_name])
    reading.hold_back(
        "orgs",
        "sourcedId IN (SELECT org_id FROM school WHERE district_id IS NULL OR district_name IS NULL)",
        "EID-ONE-006",
        "school {sourcedId} ({name}): no district above it",
    )
    reading.connection.execute("DELETE FROM school WHERE district_id IS NULL OR district_name IS NULL")
    for name in ("classes", "enrollments"):
        reading.hold_back(
            name,
            f"NOT EXISTS (FROM school AS s WHERE s.org_id = {name}.schoolSourcedId)",
            "EID-SRC-004",
            "schoolSourcedId {schoolSourcedId!r} is no school in orgs.csv, or was held back there",
        )


def write_people(reading: Reading, own: OneRosterMapping) -> None:
    """Write schools and enrollments from the stays of the students."""
    reading.connection.execute(_STUDENTS.format(student_id=student_id(own)))
    reading.rows("enrollments", _ENROLLMENTS)
    reading.rows(
        "schools",
        f"""
        WITH taught AS (
            FROM ({_ENROLLMENTS}) SELECT school_id, min(grade_level) AS low_grade, max(grade_level) AS high_grade
            GROUP BY school_id
        )
        FROM school LEFT JOIN taught USING (school_id)
        SELECT school_id, school_name, district_id, district_name, low_grade, high_grade, _file, _line
        ORDER BY _file, _line
        """,
    )
    reading.report(
        "users",
        "contains(grades, ',') OR (grades IS NOT NULL AND meaning('Grade', grades) IS NULL)",
        "EID-ONE-008",
        "user {sourcedId}: grades {grades!r}",
    )


def write_groups(reading: Reading) -> None:
    """Write sex and race by the flags, rolled up as in federal reports."""
    races = dict(zip(_RACES, FLAGS[:5], strict=True))
    count = " + ".join(f"truth({flag})::INTEGER" for flag in races.values())
    single = " ".join(f"WHEN truth({flag}) THEN '{race}'" for race, flag in races.items())
    reading.leave_out(
        "demographics",
        "NOT EXISTS (FROM stay AS s WHERE s.student = demographics.sourcedId)",
        "nobody with a stay in a school",
    )
    reading.connection.execute(_GROUPS.format(count=f"({count})", single=single))
    silent = (
        "(_file, _line) IN (SELECT (_file, _line) FROM told WHERE coalesce(gender, race_ethnicity) IS NULL)"
    )
    reading.leave_out("demographics", silent, "says neither sex nor race")
    for attribute in ("gender", "race_ethnicity"):
        reading.rows(
            "groups",
            f"FROM told SELECT student_id, '{attribute}' AS attribute, {attribute} AS value, valid_from, _file, _line "
            f"WHERE {attribute} IS NOT NULL ORDER BY _file, _line",
        )


def _judge_ids(reading: Reading, name: str, column: str, where: str, said: str) -> None:
    reading.hold_back(name, f"{where} AND {column} IS NULL", "EID-SRC-002", said)
    shared = f"SELECT {column} FROM {name} WHERE {where} GROUP BY {column} HAVING count(*) > 1"
    twice = "{sourcedId!r} shares its id with another row"
    reading.hold_back(name, f"{where} AND {column} IN ({shared})", "EID-SRC-003", twice)
