"""The Ed-Fi source: a folder of JSON, one file or several pages per resource of the ODS API, Data Standard 5.x."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from early_id.district._intake import Intake
from early_id.district._sources._codes import use_codes
from early_id.district._sources._edfi_attendance import attendance
from early_id.district._sources._edfi_calendar import calendar
from early_id.district._sources._edfi_discipline import discipline
from early_id.district._sources._edfi_files import layouts, read_resources
from early_id.district._sources._edfi_groups import groups
from early_id.district._sources._edfi_marks import marks
from early_id.district._sources._edfi_schools import enrollments, schools
from early_id.district._sources._mapping import MappingShape, shaped
from early_id.district._sources._reading import Reading

#: What names an object of a resource that others refer to; two that differ under one name cannot be believed.
_IDENTITY = {
    "localEducationAgencies": ["id"],
    "schools": ["id"],
    "calendars": ["code", "school", "school_year"],
    "sessions": ["school", "school_year", "name"],
    "gradingPeriods": ["school", "school_year", "period", "name"],
    "gradebookEntries": ["entry", "namespace"],
    "courseOfferings": ["local_course", "school", "school_year", "session"],
    "courses": ["course", "organization"],
    "disciplineIncidents": ["incident", "school"],
}
_MACROS = (
    # The code value of a descriptor; its namespace is the district's own affair.
    "CREATE MACRO code(descriptor) AS regexp_replace(trim(descriptor), '^.*#', '')",
    "CREATE MACRO means(name, descriptor) AS meaning(name, code(descriptor))",
    "CREATE MACRO entries(list) AS CASE WHEN json_valid(list) THEN json_extract(list, '$[*]') ELSE [] END",
    # Days may come as moments at midnight.
    "CREATE MACRO plain_day(text) AS regexp_replace(text, 'T00:00:00(\\.0+)?Z?$', '')",
    "CREATE MACRO as_day(text) AS try_cast(plain_day(text) AS DATE)",
    # A number in other units, or the text as it came, for the rules of the table to report.
    """
    CREATE MACRO scaled(text, times) AS
    coalesce(CAST(CAST(round(try_cast(text AS DOUBLE) * times) AS BIGINT) AS VARCHAR), text)
    """,
    "CREATE MACRO here(file_number, line_number) AS struct_pack(file := file_number, line := line_number)",
)


class EdfiMapping(MappingShape):
    """What a district may say about its Ed-Fi export.

    Attributes
    ----------
    descriptors : mapping
        Set (the descriptor's name without `Descriptor`) to code value to word; see docs/sources.md.
    last_day : {"inclusive", "exclusive"}
        Whether a student is still enrolled on exitWithdrawDate.
    calendar : {"calendarDates", "weekdays"}
        What counts as a school day where a school has no calendarDates: nothing, or every weekday of its sessions.
    minutes_per_day : int, optional
        Length of a school day, for attendance that is recorded in minutes only.
    """

    descriptors: Mapping[str, Mapping[str, str]] = {}
    last_day: Literal["inclusive", "exclusive"] = "inclusive"
    calendar: Literal["calendarDates", "weekdays"] = "calendarDates"
    minutes_per_day: int | None = None


def read_edfi(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read the resources of a folder as canonical tables.

    Parameters
    ----------
    path : pathlib.Path
        Folder with `<resource>.jsonl` or `.json`, pages `<resource>-1.json`, or folders named after resources.
    mapping : mapping, optional
        As `EdfiMapping`.

    Raises
    ------
    ConfigError
        If there is no such folder, or the mapping says something else than the source understands.
    DataError
        If no file is named after a resource.
    """
    own = shaped(mapping or {}, EdfiMapping, "edfi")
    reading = Reading()
    use_codes(reading.connection, "edfi", own.descriptors)
    for macro in _MACROS:
        reading.connection.execute(macro)
    present = read_resources(reading, path)
    for sheet in layouts():
        reading.without_copies(sheet, _IDENTITY.get(sheet, ()))
    schools(reading)
    enrollments(reading, exclusive=own.last_day == "exclusive")
    calendar(reading, weekdays=own.calendar == "weekdays")
    attendance(reading, own.minutes_per_day)
    marks(reading)
    discipline(reading)
    groups(reading, present)
    reading.remark("EID-EDF-007", "SELECT 1 AS one", "no record says when it was first known")
    return reading.intake(lacks=[] if reading.has("calendar") else ["calendar"])
