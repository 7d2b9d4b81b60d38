"""The school days of each school, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# Where sessions overlap, such as a year and its semesters, a day belongs to the shortest one.
_TERM = """
    LEFT JOIN LATERAL (
        SELECT name, _file AS session_file, _line AS session_line FROM sessions
        WHERE sessions.school = days.school AND as_day(days.day) BETWEEN as_day(begin_date) AND as_day(end_date)
        ORDER BY as_day(end_date) - as_day(begin_date), name LIMIT 1
    ) AS session ON true
"""
_DATES = """
    CREATE TABLE school_days AS
    WITH days AS (FROM calendarDates SELECT *, row_number() OVER (PARTITION BY school, day ORDER BY _file, _line)
        AS place)
    SELECT days.school, days.day, days.school_year, coalesce(session.name, 'school year ' || days.school_year) AS term,
        days.place, days._file, days._line, session_file, session_line
    FROM days
"""
_WEEKDAYS = """
    WITH each AS (
        SELECT school, school_year, _file, _line, unnest(generate_series(as_day(begin_date), as_day(end_date),
            INTERVAL 1 DAY)) AS moment
        FROM sessions
        WHERE school NOT IN (SELECT school FROM calendarDates WHERE school IS NOT NULL)
            AND as_day(end_date) - as_day(begin_date) BETWEEN 0 AND 400
    ),
    days AS (
        SELECT school, CAST(CAST(moment AS DATE) AS VARCHAR) AS day, school_year, _file, _line FROM each
        WHERE isodow(moment) <= 5
        QUALIFY row_number() OVER (PARTITION BY school, CAST(moment AS DATE) ORDER BY _file, _line) = 1
    )
    SELECT days.school AS school_id, days.day, days.school_year, session.name AS term, days._file, days._line
    FROM days
"""
_UNDATED = """
    SELECT DISTINCT school FROM studentSchoolAssociations
    WHERE school NOT IN (SELECT school FROM calendarDates WHERE school IS NOT NULL) ORDER BY school
"""
_KIND = """
    (SELECT max(means('CalendarType', type)) FROM calendars WHERE calendars.code = calendarDates.code
        AND calendars.school = calendarDates.school AND calendars.school_year = calendarDates.school_year)
"""
_SAYS = """
    list_transform(entries(events), event -> coalesce(means('CalendarEvent', event->>'calendarEventDescriptor'),
        'unknown'))
"""


def calendar(reading: Reading, *, weekdays: bool) -> None:
    """Write the days of instruction of the schools' calendars.

    Parameters
    ----------
    reading : Reading
        With its sheets.
    weekdays : bool
        Whether every weekday of a session counts where a school has no calendar dates.
    """
    connection = reading.connection
    connection.execute(
        f"""
        CREATE TABLE dated AS
        SELECT _file, _line, {_KIND} AS kind, {_SAYS} AS says FROM calendarDates
        """
    )
    some = connection.sql("SELECT count(*) FROM calendars").fetchall()[0][0]
    if some:
        reading.hold_back(
            "calendarDates", _dated("kind IS NULL"), "EID-SRC-004", "no calendar {code} of school {school}"
        )
    reading.leave_out(
        "calendarDates", _dated("kind IN ('student', 'staff')"), "calendar of one student or of staff"
    )
    reading.hold_back(
        "calendarDates", _dated("list_contains(says, 'unknown')"), "EID-SRC-005", "calendar event {events}"
    )
    school_day = "list_contains(says, 'school_day') AND NOT list_contains(says, 'no_school')"
    reading.leave_out("calendarDates", _dated(f"NOT ({school_day})"), "not a day of instruction")
    used = "(code, school, school_year) IN (SELECT code, school, school_year FROM calendarDates)"
    reading.looked_up("calendars", used, "no school day is in it")
    connection.execute(_DATES + _TERM)
    reading.rows(
        "calendar",
        "SELECT school AS school_id, plain_day(day) AS day, school_year, term, _file, _line "
        "FROM school_days WHERE place = 1",
    )
    reading.merged(
        """
        SELECT more._file, more._line, first._file AS to_file, first._line AS to_line
        FROM school_days AS more JOIN school_days AS first USING (school, day) WHERE more.place > 1 AND first.place = 1
        """
    )
    connection.execute("SET VARIABLE weekdays = ?", [weekdays])
    if weekdays:
        reading.rows("calendar", _WEEKDAYS + _TERM)
        reading.remark("EID-EDF-010", _UNDATED, "school {school}")
    else:
        reading.remark("EID-EDF-008", _UNDATED, "school {school}")


def _dated(condition: str) -> str:
    return f"(_file, _line) IN (SELECT _file, _line FROM dated WHERE {condition})"
