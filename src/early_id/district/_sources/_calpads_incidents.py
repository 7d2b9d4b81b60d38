"""Incidents from SINC, with their results (SIRS) and offenses (SOFF), as known at each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._rules._rule import NEVER
from early_id.district._sources._calpads_stays import ALWAYS
from early_id.district._sources._calpads_vetting import STANDS

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_KEY = "School, Year, SSID, Incident"
_TIMED = f"""
    CREATE TABLE {{sheet}}_timed AS FROM {{sheet}}_now
    SELECT *, coalesce(known_at, {ALWAYS}) AS from_day, coalesce(retracted_at, {NEVER}) AS to_day
"""
_MOMENTS = f"""
    CREATE TABLE incident_moments AS
    WITH parts AS (
        FROM sinc_timed SELECT {_KEY}, from_day, to_day
        UNION ALL FROM sirs_timed SELECT {_KEY}, from_day, to_day
        UNION ALL FROM soff_timed SELECT {_KEY}, from_day, to_day
    ),
    days AS (
        FROM parts SELECT {_KEY}, from_day AS moment
        UNION FROM parts SELECT {_KEY}, to_day WHERE to_day < {NEVER}
    ),
    moments AS (
        FROM days SELECT *, coalesce(lead(moment) OVER (PARTITION BY {_KEY} ORDER BY moment), {NEVER}) AS until
    )
    FROM moments JOIN sinc_timed USING ({_KEY})
    SELECT {_KEY}, moment, until, Occurred, _file, _line
    WHERE from_day <= moment AND moment < to_day
"""
# A day of suspension that was begun is a day out of school. Without an offense on record nothing is known that
# anybody could have seen.
_INCIDENTS = f"""
    WITH results AS (
        FROM incident_moments JOIN sirs_timed USING ({_KEY})
        SELECT {_KEY}, moment, bool_or(meaning('result', Result) = 'expulsion') AS expelled,
            sum(CASE WHEN meaning('result', Result) = 'suspension_out' THEN TRY_CAST(Duration AS DECIMAL(9, 4)) END)
                AS days
        WHERE from_day <= moment AND moment < to_day GROUP BY ALL
    ),
    offenses AS (
        FROM incident_moments JOIN soff_timed USING ({_KEY})
        SELECT {_KEY}, moment, array_to_string(list_sort(list(DISTINCT meaning('offense', Offense))), ', ') AS behavior,
            bool_and(coalesce(meaning('basis', Offense), 'objective') = 'subjective') AS subjective
        WHERE from_day <= moment AND moment < to_day GROUP BY ALL
    )
    FROM incident_moments AS incident
    LEFT JOIN results USING ({_KEY}, moment) LEFT JOIN offenses USING ({_KEY}, moment)
    LEFT JOIN nonpublic ON SSID = placed_student AND Year = placed_year
    SELECT SSID AS student_id, if(School = '0000001', placed_school, School) AS school_id,
        right(Year, 4) || '-' || Incident AS incident_id, plain_day(Occurred) AS occurred_on,
        coalesce(behavior, 'no offense on record') AS behavior,
        if(coalesce(subjective, true), 'subjective', 'objective') AS basis,
        CAST(ceil(coalesce(days, 0)) AS BIGINT) AS suspension_days, coalesce(expelled, false) AS expelled,
        nullif(moment, {ALWAYS}) AS known_at, nullif(until, {NEVER}) AS retracted_at,
        incident._file, incident._line
"""
_MERGED = f"""
    FROM {{sheet}} JOIN sinc_timed USING ({_KEY})
    SELECT DISTINCT ON ({{sheet}}._file, {{sheet}}._line) {{sheet}}._file, {{sheet}}._line,
        sinc_timed._file AS to_file, sinc_timed._line AS to_line
    ORDER BY to_day DESC
"""


def read_incidents(reading: Reading) -> None:
    """Write one incident per student of SINC; a result or an offense without its incident is held back."""
    for sheet in ("sirs", "soff"):
        same = " AND ".join(f"sinc.{name} = {sheet}.{name}" for name in _KEY.split(", "))
        reading.hold_back(
            sheet,
            f"NOT EXISTS (FROM sinc WHERE {same})",
            "EID-SRC-004",
            "student {SSID}: there is no SINC of incident {Incident} in {Year}",
        )
    for sheet in ("sinc", "sirs", "soff"):
        reading.connection.execute(_TIMED.format(sheet=sheet))
    reading.connection.execute(_MOMENTS)
    reading.rows("incidents", _INCIDENTS)
    for sheet in ("sirs", "soff"):
        reading.merged(_MERGED.format(sheet=sheet))


def vet_incidents(reading: Reading) -> None:
    """Hold back suspensions that do not say how long, and incidents outside their school year."""
    endless = f"{STANDS} AND meaning('result', Result) = 'suspension_out' AND Duration IS NULL"
    reading.hold_back("sirs", endless, "EID-SRC-002", "result {Result} of student {SSID}: no duration")
    other = f"{STANDS} AND school_year_of(plain_day(Occurred)) <> ends_in(Year)"
    said = "SINC: Occurred is {Occurred!r}, expected a day of {Year}"
    reading.hold_back("sinc", other, "EID-SRC-001", said)
