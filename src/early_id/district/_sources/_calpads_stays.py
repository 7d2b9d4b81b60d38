"""Schools and enrollments from SENR: one row per stay and school year, with what was known of it when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._rules._rule import NEVER
from early_id.district._sources._calpads_vetting import STANDS, hold_back_first

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

#: What stands for "has always been known" while days of knowing are compared.
ALWAYS = "DATE '0001-01-01'"

_NO_SCHOOL = "School = '0000000' OR School = '0000001' AND SchoolNPS IS NULL"
_OUTSIDE = f"""
    {STANDS} AND (
        plain_day(Start) > make_date(ends_in(Year), 6, 30)
        OR plain_day(Exit) < make_date(ends_in(Year) - 1, 7, 1)
        OR year(plain_day(Start)) < ends_in(Year) - 16
    )
"""
_STAYS = f"""
    CREATE TABLE stays AS
    FROM senr_now
    SELECT _file, _line, SSID AS student, if(School = '0000001', SchoolNPS, School) AS school, ReportingLEA AS lea,
        School = '0000001' AS nps, ends_in(Year) AS in_year, plain_day(Start) AS begin_on, plain_day(Exit) AS last_on,
        Reason AS reason, exit_class(Reason) AS class, meaning('completion', Completion) AS completion,
        TRY_CAST(meaning('grade', Grade) AS BIGINT) AS grade, meaning('status', Status) = 'primary' AS "primary",
        meaning('gender', Gender) AS gender,
        first_sent, known_at, retracted_at,
        coalesce(known_at, {ALWAYS}) AS from_day, coalesce(retracted_at, {NEVER}) AS to_day
"""
# Where the exit came with a later update than the entry, the stay was open until then.
_VERSIONS = """
    CREATE TABLE stay_versions AS
    FROM stays SELECT * EXCLUDE (nps, completion, gender, first_sent, known_at, retracted_at)
    UNION ALL BY NAME
    FROM (FROM stays QUALIFY row_number() OVER (PARTITION BY student, school, begin_on ORDER BY from_day) = 1)
    SELECT * EXCLUDE (nps, completion, gender, first_sent, known_at, retracted_at)
        REPLACE (NULL AS last_on, NULL AS reason, NULL AS class, first_sent AS from_day, from_day AS to_day)
    WHERE last_on IS NOT NULL AND first_sent < known_at
"""
# Every record at every moment at which anything about the student's year in that school changed; a record that
# follows an exit of the same stay by a day belongs to it.
_PARTS = f"""
    CREATE TABLE stay_parts AS
    WITH days AS (
        FROM stay_versions SELECT student, school, in_year, from_day AS moment
        UNION
        FROM stay_versions SELECT student, school, in_year, to_day WHERE to_day < {NEVER}
    ),
    moments AS (
        FROM days
        SELECT *, coalesce(lead(moment) OVER (PARTITION BY student, school, in_year ORDER BY moment), {NEVER}) AS until
    ),
    seen AS (
        FROM stay_versions JOIN moments USING (student, school, in_year)
        SELECT *, class IN ('same_spell', 'rollover') AND lead(begin_on) OVER later = last_on + 1
            AND lead("primary") OVER later = "primary" AS goes_on
        WHERE from_day <= moment AND moment < to_day
        WINDOW later AS (PARTITION BY student, school, in_year, moment ORDER BY begin_on, _file, _line)
    )
    FROM seen
    SELECT *, row_number() OVER sofar AS place,
        coalesce(sum(CASE WHEN goes_on THEN 0 ELSE 1 END) OVER (
            PARTITION BY student, school, in_year, moment ORDER BY begin_on, _file, _line
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS stay
    WINDOW sofar AS (PARTITION BY student, school, in_year, moment ORDER BY begin_on, _file, _line)
"""
_WHOLE = """
    CREATE TABLE whole_stays AS
    WITH wholes AS (
        FROM stay_parts
        SELECT student, school, in_year, moment, until, min(begin_on) AS begin_on, bool_and("primary") AS "primary",
            arg_max({'last_on': last_on, 'reason': reason, 'grade': grade}, place) AS "end",
            arg_min({'file': _file, 'line': _line}, place) AS origin
        GROUP BY student, school, in_year, moment, until, stay
    ),
    changed AS (
        FROM wholes
        SELECT *, lag(until) OVER same IS NOT DISTINCT FROM moment
            AND lag("end") OVER same IS NOT DISTINCT FROM "end"
            AND lag(origin) OVER same IS NOT DISTINCT FROM origin
            AND lag("primary") OVER same IS NOT DISTINCT FROM "primary" AS as_before
        WINDOW same AS (PARTITION BY student, school, in_year, begin_on ORDER BY moment)
    ),
    runs AS (
        FROM changed
        SELECT *, sum(if(as_before, 0, 1)) OVER (PARTITION BY student, school, in_year, begin_on ORDER BY moment) AS run
    )
    FROM runs
    SELECT student, school, in_year, begin_on, "primary", "end", origin, min(moment) AS moment, max(until) AS until
    GROUP BY student, school, in_year, begin_on, "primary", "end", origin, run
"""
_MERGED = """
    WITH origins AS (FROM whole_stays SELECT DISTINCT origin.file AS _file, origin.line AS _line),
    first_parts AS (
        FROM stay_parts
        SELECT student, school, in_year, moment, stay, arg_min({'file': _file, 'line': _line}, place) AS origin
        GROUP BY ALL
    )
    FROM stay_parts ANTI JOIN origins USING (_file, _line)
    JOIN first_parts USING (student, school, in_year, moment, stay)
    SELECT DISTINCT ON (_file, _line) _file, _line, origin.file AS to_file, origin.line AS to_line
    ORDER BY moment DESC
"""
# A stay that runs over the end of a school year becomes a row of each; its grade is that of the record's own year.
# Some weeks beyond the year (an early entry, an exit in summer) make no year of their own.
_ENROLLMENTS = f"""
    WITH spanned AS (
        FROM whole_stays
        SELECT *, "end".last_on AS last_on,
            if(begin_on >= make_date(in_year - 1, 5, 1), in_year, school_year_of(begin_on)) AS first_year,
            if(last_on > make_date(in_year, 8, 31), school_year_of(last_on), in_year) AS last_year,
            (SELECT max(in_year) FROM stays) AS newest
    ),
    yearly AS (FROM spanned SELECT *, unnest(range(first_year, last_year + 1)) AS school_year)
    FROM yearly
    SELECT student AS student_id, school AS school_id,
        if(school_year = first_year, begin_on, make_date(school_year - 1, 7, 1)) AS entered_on, school_year,
        if(school_year = in_year, "end".grade, NULL) AS grade_level,
        CASE WHEN school_year < last_year OR last_on IS NULL AND in_year < newest THEN make_date(school_year, 6, 30)
            ELSE last_on END AS left_on,
        if(school_year = last_year, "end".reason, NULL) AS exit_reason, "primary",
        nullif(moment, {ALWAYS}) AS known_at, nullif(until, {NEVER}) AS retracted_at,
        origin.file::INTEGER AS _file, origin.line AS _line
"""
_SCHOOLS = """
    FROM stays LEFT JOIN school_names ON school = school_names.id
    LEFT JOIN district_names ON lea = district_names.id
    SELECT school AS school_id, coalesce(any_value(school_names.name), school) AS school_name,
        min(lea) AS district_id, coalesce(arg_min(district_names.name, lea), min(lea)) AS district_name,
        min(grade) AS low_grade, max(grade) AS high_grade,
        arg_min(_file, (_file, _line)) AS _file, arg_min(_line, (_file, _line)) AS _line
    GROUP BY school
"""


def vet_stays(reading: Reading) -> None:
    """Hold back enrollments that cannot be placed; leave out the group of private schools."""
    reading.leave_out("senr", "School = '0000002'", "private school group: no school of the district")
    unknown = f"{STANDS} AND Reason IS NOT NULL AND exit_class(Reason) IS NULL"
    half = f"{STANDS} AND (Reason IS NULL) <> (Exit IS NULL)"
    problems = [
        (_NO_SCHOOL, "EID-CPS-005", "student {SSID} at school {School} from {Start}"),
        (unknown, "EID-SRC-005", "exit reason is {Reason!r}, which `codes: exit` does not name"),
        (half, "EID-SRC-002", "exit {Exit}, reason {Reason}: one of the two is empty"),
        (_OUTSIDE, "EID-CPS-006", "student {SSID} from {Start} to {Exit} in {Year}"),
    ]
    hold_back_first(reading, "senr", problems)


def read_stays(reading: Reading) -> None:
    """Write schools and enrollments; the table `stays` holds every record of a stay for whoever needs more of it."""
    reading.leave_out(
        "senr", "exit_class(Reason) = 'no_show'", "no-show: the student never came, so there was no stay"
    )
    later = "Exit IS NULL AND ends_in(Year) < (SELECT max(ends_in(Year)) FROM senr_now)"
    reading.report("senr", later, "EID-CPS-009", "student {SSID} at school {School} from {Start} in {Year}")
    for query in (_STAYS, _VERSIONS, _PARTS, _WHOLE):
        reading.connection.execute(query)
    reading.rows("schools", _SCHOOLS)
    reading.rows("enrollments", _ENROLLMENTS)
    reading.merged(_MERGED)
