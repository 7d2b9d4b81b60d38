"""Protected attributes for the audit: race and gender from SINF, languages from SELA, programs from SPRG and SWDS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._rules._rule import NEVER

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# A new row ends the one before on the day before.
_EFFECTIVE = """
    CREATE TABLE effective AS
    FROM sinf_now
    SELECT *, plain_day(Start) AS valid_from,
        least(plain_day(Until), lead(valid_from) OVER (PARTITION BY SSID ORDER BY valid_from) - 1) AS valid_to
"""
_RACE = """
    WITH named AS (
        FROM effective
        SELECT *, list_distinct(list_filter([meaning('race', Race1), meaning('race', Race2), meaning('race', Race3),
            meaning('race', Race4), meaning('race', Race5)], name -> name IS NOT NULL)) AS races
    )
    FROM named
    SELECT SSID AS student_id, 'race_ethnicity' AS attribute,
        CASE WHEN meaning('yes_no', Hispanic) = 'yes' THEN 'Hispanic' WHEN len(races) > 1 THEN 'Two or more'
            ELSE coalesce(races[1], 'unknown') END AS value,
        valid_from, valid_to, _file, _line
"""
_GENDER = """
    FROM effective
    SELECT SSID AS student_id, 'gender' AS attribute, meaning('gender', Gender) AS value, valid_from, valid_to,
        _file, _line
    WHERE value IS NOT NULL
"""
# Of students without information of their own the enrollment says it.
_GENDER_OF_STAYS = """
    FROM stays ANTI JOIN (FROM effective WHERE Gender IS NOT NULL) AS known ON stays.student = known.SSID
    SELECT student AS student_id, 'gender' AS attribute, arg_max(gender, (begin_on, _file, _line)) AS value,
        min(begin_on) AS valid_from, arg_max(_file, (begin_on, _file, _line)) AS _file,
        arg_max(_line, (begin_on, _file, _line)) AS _line
    WHERE gender IS NOT NULL
    GROUP BY student
"""
_ENGLISH = """
    FROM sela_now
    SELECT SSID AS student_id, 'english_learner' AS attribute, meaning('english', Status) AS value,
        plain_day(Start) AS valid_from, lead(valid_from) OVER (PARTITION BY SSID ORDER BY valid_from) - 1 AS valid_to,
        _file, _line
"""
_SPANS = f"""
    CREATE TABLE program_spans AS
    WITH disabled AS (
        FROM swds_now
        SELECT SSID AS student, 'students_with_disabilities' AS attribute, plain_day(Start) AS begin_on,
            lead(begin_on) OVER (PARTITION BY SSID ORDER BY begin_on) - 1 AS last_on,
            meaning('special_education', Status) AS value, _file, _line
    ),
    spans AS (
        FROM sprg_now
        SELECT SSID AS student, meaning('program', Program) AS attribute, plain_day(Start) AS begin_on,
            plain_day(Until) AS last_on, _file, _line
        UNION ALL BY NAME
        FROM disabled SELECT * EXCLUDE value WHERE value = 'yes'
    ),
    apart AS (
        FROM spans
        SELECT *, coalesce(begin_on > max(coalesce(last_on, {NEVER})) OVER (
            PARTITION BY student, attribute ORDER BY begin_on, _file, _line
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) + 1, true) AS is_new
    )
    FROM apart
    SELECT *, sum(CASE WHEN is_new THEN 1 ELSE 0 END) OVER (
        PARTITION BY student, attribute ORDER BY begin_on, _file, _line
    ) AS span
"""
_YES = f"""
    CREATE TABLE yes_spans AS
    FROM program_spans
    SELECT student, attribute, span, min(begin_on) AS begin_on,
        nullif(max(coalesce(last_on, {NEVER})), {NEVER}) AS last_on,
        arg_min({{'file': _file, 'line': _line}}, (begin_on, _file, _line)) AS origin
    GROUP BY ALL
"""
_IN_PROGRAM = """
    FROM yes_spans
    SELECT student AS student_id, attribute, 'yes' AS value, begin_on AS valid_from, last_on AS valid_to,
        origin.file::INTEGER AS _file, origin.line AS _line
"""
_MERGED = """
    FROM program_spans JOIN yes_spans USING (student, attribute, span)
    SELECT _file, _line, origin.file AS to_file, origin.line AS to_line
    WHERE (_file, _line) <> (origin.file, origin.line)
"""
# Where a district reports a program at all, its other students are not in it: from their first day, and between and
# after the spans in which they are.
_NOT_IN_PROGRAM = f"""
    WITH first_days AS (
        FROM stays
        SELECT student, lea, min(begin_on) OVER (PARTITION BY student) AS first_on, _file, _line
        QUALIFY row_number() OVER (PARTITION BY student ORDER BY begin_on, _file, _line) = 1
    ),
    offered AS (
        FROM yes_spans JOIN (FROM stays SELECT DISTINCT student, lea) USING (student) SELECT DISTINCT lea, attribute
    ),
    asked AS (FROM first_days JOIN offered USING (lea)),
    starts AS (
        FROM asked SELECT student, attribute, first_on AS begin_on
        UNION
        FROM asked JOIN yes_spans USING (student, attribute) SELECT student, attribute, last_on + 1
        WHERE last_on >= first_on
    ),
    free AS (
        FROM starts LEFT JOIN yes_spans AS span USING (student, attribute)
        SELECT student, attribute, starts.begin_on AS valid_from,
            min(span.begin_on) FILTER (span.begin_on > starts.begin_on) - 1 AS valid_to
        GROUP BY ALL
        HAVING NOT coalesce(bool_or(
            starts.begin_on BETWEEN span.begin_on AND coalesce(span.last_on, {NEVER})
        ), false)
    )
    FROM free JOIN first_days USING (student)
    SELECT student AS student_id, attribute, 'no' AS value, valid_from, valid_to, _file, _line
"""


def read_groups(reading: Reading) -> None:
    """Write the protected attributes with the days on which they held."""
    reading.leave_out("sprg", "meaning('program', Program) = 'none'", "program that is no group of the audit")
    for query in (_EFFECTIVE, _SPANS, _YES):
        reading.connection.execute(query)
    for query in (_RACE, _GENDER, _GENDER_OF_STAYS, _ENGLISH, _IN_PROGRAM, _NOT_IN_PROGRAM):
        reading.rows("groups", query)
    reading.merged(_MERGED)
    reading.looked_up("swds", "meaning('special_education', Status) <> 'yes'")
