"""Protected attributes, for the audit only, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._sources._codes import code_sets
from early_id.district._sources._edfi_files import PROGRAMS
from early_id.district._sources._reading import UNTAKEN

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_ABOUT = "studentEducationOrganizationAssociations"
# Nothing says since when a value holds that has no dates: it is taken from the student's first day in the export on.
_FIRST = """
    CREATE TABLE first_days AS
    FROM spells SELECT student, min(entered) AS first_day WHERE student IS NOT NULL AND entered IS NOT NULL
        GROUP BY student
"""
# A student may be described by the school and by the district: what they say is put together.
_RACES = f"""
    WITH told AS (
        SELECT student, lower(hispanic) = 'true' AS hispanic, _file, _line, list_filter(
            list_transform(entries(races), race -> means('Race', race->>'raceDescriptor')), word -> word IS NOT NULL
        ) AS words FROM {_ABOUT}
    ),
    together AS (
        FROM told SELECT student, bool_or(hispanic) AS hispanic, list_distinct(flatten(list(words))) AS words,
            min(here(_file, _line)) AS origin GROUP BY student
    )
    SELECT student AS student_id, 'race_ethnicity' AS attribute, CASE
            WHEN hispanic OR list_contains(words, 'Hispanic') THEN 'Hispanic'
            WHEN len(words) > 1 THEN 'Two or more' ELSE words[1] END AS value,
        CAST(first_day AS VARCHAR) AS valid_from, NULL AS valid_to, origin.file AS _file, origin.line AS _line
    FROM together JOIN first_days USING (student)
    WHERE hispanic OR len(words) > 0
"""
_PLAIN = """
    WITH told AS ({told}),
    one AS (
        FROM told SELECT student, first(word ORDER BY rank, _file, _line) AS word,
            first(here(_file, _line) ORDER BY rank, _file, _line) AS origin
        WHERE word IS NOT NULL GROUP BY student
    )
    SELECT student AS student_id, '{attribute}' AS attribute, word AS value, CAST(first_day AS VARCHAR) AS valid_from,
        NULL AS valid_to, origin.file AS _file, origin.line AS _line
    FROM one JOIN first_days USING (student)
"""
_GENDER = f"""
    SELECT student, means('Sex', sex) AS word, 1 AS rank, _file, _line FROM {_ABOUT}
    UNION ALL SELECT student, means('Sex', sex), 2, _file, _line FROM students
"""
# The times in which an attribute held, from programs and from characteristics.
_HELD = f"""
    CREATE TABLE held AS
    WITH attributes AS (
        SELECT unnest(map_entries(?::MAP(VARCHAR, VARCHAR)), recursive := true)
    ),
    joined AS (
        SELECT student, coalesce(nullif(attributes.value, ''), means('ProgramType', program_type)) AS attribute,
            as_day(begin_date) AS begins,
            least(as_day(end_date), as_day(special_end)) AS ends, _file, _line
        FROM {PROGRAMS} JOIN attributes ON attributes.key = resource
    ),
    described AS (
        SELECT student, means('StudentCharacteristic', one->>'studentCharacteristicDescriptor') AS attribute,
            unnest(CASE WHEN len(json_extract(one, '$.periods[*]')) > 0 THEN json_extract(one, '$.periods[*]')
                ELSE [NULL] END) AS period,
            _file, _line
        FROM (SELECT student, unnest(entries(characteristics)) AS one, _file, _line FROM {_ABOUT})
    ),
    limited AS (
        SELECT student, 'english_learner' AS attribute, NULL::DATE AS begins, NULL::DATE AS ends, _file, _line
        FROM {_ABOUT} WHERE means('LimitedEnglishProficiency', english) = 'yes'
    ),
    together AS (
        FROM joined UNION ALL BY NAME
        SELECT student, attribute, as_day(period->>'beginDate') AS begins, as_day(period->>'endDate') AS ends,
            _file, _line FROM described
        UNION ALL BY NAME FROM limited
    )
    SELECT student, attribute, coalesce(begins, first_day) AS begins, coalesce(ends, DATE '9999-12-30') AS ends,
        _file, _line
    FROM together LEFT JOIN first_days USING (student)
    WHERE attribute IS NOT NULL AND coalesce(begins, first_day) IS NOT NULL
"""
# Times that touch or overlap are one time.
_ISLANDS = """
    CREATE TABLE islands AS
    WITH marked AS (
        FROM held SELECT *, coalesce(begins > max(ends) OVER (
            PARTITION BY student, attribute ORDER BY begins, ends, _file, _line ROWS BETWEEN UNBOUNDED PRECEDING
                AND 1 PRECEDING
        ) + 1, true) AS starts
        WHERE ends >= begins
    ),
    numbered AS (
        FROM marked SELECT *, sum(CAST(starts AS INTEGER)) OVER (
            PARTITION BY student, attribute ORDER BY begins, ends, _file, _line
        ) AS island
    )
    FROM numbered SELECT student, attribute, island, min(begins) AS begins, max(ends) AS ends,
        first(here(_file, _line) ORDER BY begins, ends, _file, _line) AS origin GROUP BY ALL
"""
_YES = """
    SELECT student AS student_id, attribute, 'yes' AS value, CAST(begins AS VARCHAR) AS valid_from,
        CASE WHEN ends < DATE '9999-12-30' THEN CAST(ends AS VARCHAR) END AS valid_to, origin.file AS _file,
            origin.line AS _line
    FROM islands
"""
# Where an attribute is exported at all, also with nobody in it, whoever is not said to have it does not.
_NO = """
    WITH asked AS (
        SELECT unnest(getvariable('asked')) AS attribute UNION SELECT attribute FROM held
        UNION SELECT 'english_learner' FROM studentEducationOrganizationAssociations WHERE english IS NOT NULL
    ),
    gaps AS (
        SELECT student, attribute, first_day AS begins, coalesce(min(islands.begins) - 1, DATE '9999-12-30') AS ends
        FROM first_days CROSS JOIN asked LEFT JOIN islands USING (student, attribute) GROUP BY student, attribute,
            first_day
        UNION ALL
        SELECT student, attribute, ends + 1, coalesce(
            lead(begins) OVER (PARTITION BY student, attribute ORDER BY begins) - 1, DATE '9999-12-30'
        ) FROM islands SEMI JOIN asked USING (attribute) WHERE ends < DATE '9999-12-30'
    ),
    origins AS (FROM spells SELECT student, min(here(_file, _line)) AS origin GROUP BY student)
    SELECT student AS student_id, attribute, 'no' AS value, CAST(begins AS VARCHAR) AS valid_from,
        CASE WHEN ends < DATE '9999-12-30' THEN CAST(ends AS VARCHAR) END AS valid_to, origin.file AS _file,
            origin.line AS _line
    FROM gaps JOIN origins USING (student) WHERE ends >= begins
"""


def groups(reading: Reading, present: frozenset[str]) -> None:
    """Write protected attributes.

    Parameters
    ----------
    reading : Reading
        With its sheets, and the table `spells`.
    present : frozenset of str
        Resources that were exported, also with no object: only of those it is known who is not among them.
    """
    connection = reading.connection
    programs = dict(code_sets("edfi_resources")["programs"])
    said = "beginDate of student {student} is empty"
    reading.hold_back(PROGRAMS, "begin_date IS NULL", "EID-SRC-002", said)
    reading.leave_out(
        PROGRAMS, _without_meaning(programs), "a program that says nothing about a group of the audit"
    )
    connection.execute(_FIRST)
    connection.execute(_HELD, [programs])
    connection.execute(_ISLANDS)
    reading.rows("groups", _RACES)
    reading.rows("groups", _PLAIN.format(told=_GENDER, attribute="gender"))
    reading.rows("groups", _YES)
    asked = {word for resource, word in programs.items() if word and resource in present}
    connection.execute("SET VARIABLE asked = ?", [sorted(asked)])
    reading.rows("groups", _NO)
    _account(reading)


def _without_meaning(programs: dict[str, str]) -> str:
    named = ", ".join(f"'{resource}'" for resource, word in programs.items() if word)
    meals = """
        list_transform(entries(services), one -> means('SchoolFoodServiceProgramService',
            one->>'schoolFoodServiceProgramServiceDescriptor'))
    """
    return f"""
        CASE WHEN resource = 'studentSchoolFoodServiceProgramAssociations' THEN NOT list_contains({meals}, 'yes')
            WHEN resource = 'studentSpecialEducationProgramAssociations' THEN lower(idea) = 'false'
            WHEN resource = 'studentSection504ProgramAssociations' THEN lower(eligible_504) = 'false'
            WHEN resource IN ({named}) THEN false
            ELSE means('ProgramType', program_type) IS NULL END
    """


def _account(reading: Reading) -> None:
    """Account for the rows that said the same as another, or nothing that an audit can use."""
    reading.merged(
        """
        SELECT DISTINCT ON (held._file, held._line) held._file, held._line, origin.file AS to_file, origin.line
            AS to_line
        FROM held JOIN islands USING (student, attribute)
        WHERE held.begins >= islands.begins AND held.ends <= islands.ends AND (held._file,
            held._line) <> (origin.file, origin.line)
        """
    )
    no_time = "coalesce(least(as_day(end_date), as_day(special_end)) < as_day(begin_date), as_day(begin_date) IS NULL)"
    said = "student {student}: from {begin_date} to {end_date}"
    reading.hold_back(PROGRAMS, f"{UNTAKEN} AND {no_time}", "EID-SRC-001", said)
    reading.leave_out("students", UNTAKEN, "names and days of birth are not read")
    reading.looked_up(
        _ABOUT, "student IN (SELECT student FROM first_days)", "the student is not enrolled in this export"
    )
