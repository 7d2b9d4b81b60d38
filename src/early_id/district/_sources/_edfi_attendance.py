"""Absences, and the days whose attendance was submitted, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._tables import TABLES

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_EVENTS, _SECTIONS, _TAKEN = (
    "studentSchoolAttendanceEvents",
    "studentSectionAttendanceEvents",
    "sectionAttendanceTakenEvents",
)
# Sessions can overlap, so one absence may be there twice; the larger one of a kind and day stands.
_SIZED = f"""
    CREATE TABLE sized AS
    WITH told AS (
        SELECT *, means('AttendanceEventCategory', category) AS kind,
            coalesce(scaled(duration, 1000), CASE WHEN getvariable('minutes_per_day') > 0
                THEN scaled(minutes, 1000.0 / getvariable('minutes_per_day')) END) AS size
        FROM {_EVENTS}
    )
    SELECT student, school, day, kind, _file, _line,
        CASE WHEN kind IN ('tardy', 'partial') THEN size ELSE coalesce(scaled(duration, 1000), '1000') END
            AS thousandths,
        row_number() OVER (
            PARTITION BY student, school, day, kind ORDER BY TRY_CAST(thousandths AS BIGINT) DESC NULLS LAST,
                _file, _line
        ) AS place
    FROM told
"""
_ABSENCES = """
    SELECT student AS student_id, school AS school_id, plain_day(day) AS occurred_on, kind, thousandths, _file, _line
    FROM sized WHERE place = 1
"""
_SAME_DAY = """
    SELECT more._file, more._line, first._file AS to_file, first._line AS to_line
    FROM sized AS more
    JOIN sized AS first
        ON more.place > 1 AND first.place = 1 AND more.kind = first.kind
        AND more.student IS NOT DISTINCT FROM first.student
        AND more.school IS NOT DISTINCT FROM first.school
        AND more.day IS NOT DISTINCT FROM first.day
"""
# Absences are taken as known some days after their day. Had the day itself been known earlier, every absent student
# would count as present in between.
_KNOWN = f"as_day(day) + {TABLES['absences'].assumed_lag_days}"
_FEED = f"""
    SELECT school AS school_id, plain_day(day) AS day, greatest(as_day(taken_on), {_KNOWN}) AS known_at, _file, _line
    FROM taken WHERE place = 1
"""
_GUESSED = f"""
    SELECT school AS school_id, plain_day(day) AS day, {_KNOWN} AS known_at, _file, _line
    FROM event_days
    WHERE school NOT IN (SELECT school FROM taken WHERE school IS NOT NULL)
        AND (
            school NOT IN (SELECT school FROM school_days WHERE school IS NOT NULL)
            OR (school, as_day(day)) IN (SELECT school, as_day(day) FROM school_days)
        )
"""


def attendance(reading: Reading, minutes_per_day: int | None) -> None:
    """Write absences and submitted days of the schools that record attendance by the day.

    Parameters
    ----------
    reading : Reading
        With its sheets and the table `school_days`.
    minutes_per_day : int, optional
        Length of a school day; without it a size that is told in minutes only is unknown.
    """
    connection = reading.connection
    connection.execute("SET VARIABLE minutes_per_day = CAST(? AS DOUBLE)", [minutes_per_day])
    said = "means('AttendanceEventCategory', category)"
    reading.hold_back(
        _EVENTS, f"category IS NULL OR {said} IS NULL", "EID-SRC-005", "attendance category {category}"
    )
    # Also a day on which everybody is recorded as present is a submitted day.
    connection.execute(
        f"""
        CREATE TABLE event_days AS FROM {_EVENTS} WHERE as_day(day) IS NOT NULL AND school IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY school, as_day(day) ORDER BY _file, _line) = 1
        """
    )
    positive = f"""
        SELECT school, count(*) FILTER ({said} = 'present') AS present, count(*) AS of FROM {_EVENTS}
            GROUP BY ALL HAVING present > 0 ORDER BY school
    """
    reading.remark("EID-EDF-002", positive, "school {school}: {present} of {of} records say present")
    reading.leave_out(_EVENTS, f"{said} = 'present'", "present: tables hold exceptions only")
    connection.execute(_SIZED)
    reading.rows("absences", _ABSENCES)
    reading.merged(_SAME_DAY)
    _submitted(reading)


def _submitted(reading: Reading) -> None:
    """Write the days a school submitted: where attendance was taken in a section, or else where there is any event."""
    connection = reading.connection
    by_section = f"""
        school IS NOT NULL AND school NOT IN (SELECT school FROM event_days) AND school IN (SELECT school
            FROM {_SECTIONS})
    """
    connection.execute(
        f"CREATE TABLE by_section AS SELECT DISTINCT school FROM {_SECTIONS} WHERE {by_section}"
    )
    reading.remark("EID-EDF-009", "FROM by_section ORDER BY school", "school {school}")
    reading.leave_out(
        _SECTIONS, "school IN (FROM by_section)", "attendance by section does not tell a day of absence"
    )
    reading.leave_out(_SECTIONS, "true", "attendance by section repeats that of the school")
    reading.leave_out(
        _TAKEN,
        "coalesce(school, section_school) IN (FROM by_section)",
        "attendance of this school is recorded by section only",
    )
    connection.execute(
        f"""
        CREATE TABLE taken AS
        SELECT coalesce(school, section_school) AS school, day, taken_on, _file, _line,
            row_number() OVER (
                PARTITION BY coalesce(school, section_school), day ORDER BY as_day(taken_on) NULLS LAST, _file, _line
            ) AS place
        FROM {_TAKEN}
        """
    )
    reading.rows("attendance_feed", _FEED)
    reading.merged(
        """
        SELECT more._file, more._line, first._file AS to_file, first._line AS to_line
        FROM taken AS more
        JOIN taken AS first
            ON more.place > 1 AND first.place = 1
            AND more.school IS NOT DISTINCT FROM first.school AND more.day IS NOT DISTINCT FROM first.day
        """
    )
    guessed = """
        SELECT DISTINCT school FROM event_days WHERE school NOT IN (SELECT school FROM taken
            WHERE school IS NOT NULL) ORDER BY school
    """
    reading.remark("EID-EDF-006", guessed, "school {school}")
    reading.rows("attendance_feed", _GUESSED)
