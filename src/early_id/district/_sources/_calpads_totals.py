"""Absence totals of closed school years from STAS, and chronic absence as the state counts it from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._sources._calpads_vetting import STANDS, hold_back_first

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_COUNTED = f"{STANDS} AND coalesce(meaning('yes_no', Exempt), 'no') = 'no'"
_NEEDED = ("Expected", "Attended", "SuspendedOut", "Excused", "Unexcused")


def _days(cell: str) -> str:
    return f"coalesce(TRY_CAST(TRY_CAST({cell} AS DOUBLE) AS BIGINT), 0)"


_ABSENT = " + ".join(_days(cell) for cell in ("SuspendedOut", "Excused", "Unexcused", "Incomplete"))
# Up to 2020-21 days attended include in-school suspension; since then it, and independent study, are counted apart.
_OLDER = f"{_days('Expected')} = {_days('Attended')} + {_ABSENT}"
_NEWER = f"{_OLDER} + {_days('SuspendedIn')} + {_days('Study')}"
# Totals are about a whole year: they say nothing before it is over.
_EARLY = "known_at < make_date(ends_in(Year), 6, 1)"
_SUPERSEDED = "retracted_at <= make_date(ends_in(Year), 6, 30)"
_TOTALS = f"""
    CREATE TABLE totals AS
    FROM stas_now LEFT JOIN nonpublic ON SSID = placed_student AND Year = placed_year
    SELECT SSID AS student_id, if(School = '0000001', placed_school, School) AS school_id,
        ends_in(Year) AS school_year, make_date(ends_in(Year), 6, 30) AS ended_on,
        {_days("Expected")} AS expected_days, {_days("Excused")} AS excused_days,
        {_days("Unexcused")} AS unexcused_days, {_days("SuspendedOut")} AS suspension_out_days,
        if(SuspendedIn IS NULL, NULL, {_days("SuspendedIn")}) AS suspension_in_days,
        if(Incomplete IS NULL, NULL, {_days("Incomplete")}) AS incomplete_study_days,
        if(known_at IS NULL, NULL, greatest(known_at, ended_on)) AS known_at, retracted_at, _file, _line
"""
# Where the student left before June 30, that day settles it.
_CHRONIC = """
    WITH left_on AS (
        FROM stays SELECT student AS student_id, school AS school_id, in_year AS school_year,
            max(coalesce(last_on, make_date(in_year, 6, 30))) AS left_on
        WHERE retracted_at IS NULL GROUP BY ALL
    )
    FROM totals LEFT JOIN left_on USING (student_id, school_id, school_year)
    SELECT student_id, school_id, 'chronic_absence' AS outcome, least(left_on, ended_on) AS occurred_on,
        if(10 * (suspension_out_days + excused_days + unexcused_days + coalesce(incomplete_study_days, 0))
            >= expected_days, 'yes', 'no') AS value,
        coalesce(known_at, ended_on + 45) AS known_at, retracted_at, _file, _line
    WHERE expected_days >= 31
"""


def vet_totals(reading: Reading) -> None:
    """Hold back totals that add up by neither rule of the state, and say which add up by the older one only."""
    said = "student {SSID} in {Year}: expected {Expected}, attended {Attended}"
    problems = [
        (f"{_COUNTED} AND {name} IS NULL", "EID-SRC-002", f"STAS: {name} is empty") for name in _NEEDED
    ]
    for name in ("Expected", "Attended"):
        many = f"STAS: {name} is {{{name}}}, expected 366 or fewer"
        problems.append((f"{_COUNTED} AND {_days(name)} > 366", "EID-SRC-001", many))
    problems.append((f"{_COUNTED} AND NOT ({_OLDER}) AND NOT ({_NEWER})", "EID-CPS-007", said))
    hold_back_first(reading, "stas", problems)
    reading.report("stas", f"{_COUNTED} AND ({_OLDER}) AND NOT ({_NEWER})", "EID-CPS-008", said)


def read_totals(reading: Reading) -> None:
    """Write `absence_totals` and the outcome `chronic_absence`."""
    reading.leave_out("stas", "meaning('yes_no', Exempt) = 'yes'", "exempt: no attendance was collected")
    _leave_out(reading, _EARLY, "sent before the school year was over")
    _leave_out(reading, _SUPERSEDED, "replaced by a later record")
    reading.connection.execute(_TOTALS)
    reading.rows("absence_totals", "FROM totals")
    reading.rows("outcomes", _CHRONIC)


def _leave_out(reading: Reading, where: str, reason: str) -> None:
    reading.leave_out(
        "stas", f"(_file, _line) IN (SELECT (_file, _line) FROM stas_now WHERE {where})", reason
    )
