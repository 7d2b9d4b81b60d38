"""Outcomes from SENR: who left without a known enrollment, as the state counts it, and who graduated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# The newest day the records tell of: when one was sent, or else the newest entry.
_HEARD = """
    CREATE TABLE heard AS FROM stays SELECT max(known_at) AS sent_on, coalesce(max(known_at), max(begin_on)) AS heard_on
"""
# Of each year from August 16 to August 15 the last primary enrollment in grades 7 to 12 decides; what came of it is
# known on the census day in October, when the state asks who came back.
_LAST = """
    CREATE TABLE last_stays AS
    FROM stays
    SELECT *, coalesce(last_on, make_date(in_year, 6, 30)) AS over_on,
        CASE WHEN last_on IS NULL THEN in_year
            ELSE year(last_on) + if(last_on >= make_date(year(last_on), 8, 16), 1, 0) END AS of_year,
        census_day(of_year) AS census_on
    WHERE retracted_at IS NULL AND "primary" AND grade BETWEEN 7 AND 12
    QUALIFY row_number() OVER (PARTITION BY student, of_year ORDER BY over_on DESC, begin_on DESC, _file, _line) = 1
"""
_DROPOUT = """
    WITH back AS (
        FROM last_stays AS gone JOIN stays AS later
            ON gone.student = later.student AND gone.lea = later.lea AND later.retracted_at IS NULL
            AND later.begin_on <= gone.census_on AND coalesce(later.last_on, gone.over_on + 1) > gone.over_on
            AND (gone._file, gone._line) <> (later._file, later._line)
        SELECT DISTINCT gone._file, gone._line, true AS came_back
    )
    FROM last_stays LEFT JOIN back USING (_file, _line)
    SELECT student AS student_id, school AS school_id, 'dropout' AS outcome, over_on AS occurred_on,
        CASE WHEN came_back THEN 'no'
            WHEN class = 'dropout' OR class = 'see_completion' AND completion = 'no_diploma' THEN 'yes'
            ELSE 'no' END AS value,
        greatest(known_at, census_on) AS known_at, _file, _line
    WHERE census_on <= (SELECT heard_on FROM heard) AND class IS DISTINCT FROM 'removed'
        AND class IS DISTINCT FROM 'unverified'
        AND (class IS DISTINCT FROM 'see_completion' OR completion IS NOT NULL)
"""
# A graduation still ahead is a plan; it is told once it has come.
_GRADUATION = """
    FROM stays
    SELECT student AS student_id, school AS school_id, 'graduation' AS outcome, last_on AS occurred_on,
        if(completion = 'graduate', 'yes', 'no') AS value, known_at, _file, _line
    WHERE retracted_at IS NULL AND class = 'see_completion' AND completion IN ('graduate', 'no_diploma')
        AND last_on <= (SELECT coalesce(sent_on, last_on) FROM heard)
    QUALIFY row_number() OVER (PARTITION BY student, school, last_on ORDER BY begin_on DESC, _file, _line) = 1
"""


def read_outcomes(reading: Reading) -> None:
    """Write the outcomes `dropout` (Report 1.8 of the state) and `graduation`."""
    unknown = (
        "exit_class(Reason) = 'see_completion' AND Completion IS NOT NULL "
        "AND meaning('completion', Completion) IS NULL"
    )
    reading.report("senr", unknown, "EID-CPS-010", "student {SSID}: completion status {Completion!r}")
    for query in (_HEARD, _LAST):
        reading.connection.execute(query)
    reading.rows("outcomes", _DROPOUT)
    reading.rows("outcomes", _GRADUATION)
