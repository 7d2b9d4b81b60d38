"""Rules about Ed-Fi exports, before their objects become canonical rows."""

from __future__ import annotations

from early_id.district._rules._rule import Rule, Severity


def _rule(number: str, severity: Severity, title: str, cause: str, remedy: str) -> Rule:
    return Rule(f"EID-EDF-{number}", "", severity, "file", title, cause, remedy)


RULES = (
    _rule(
        "001",
        "error",
        "not a JSON object",
        "The text is cut off, or it is not one JSON object per line or array element.",
        "Export the resource again.",
    ),
    _rule(
        "002",
        "warning",
        "school with positive attendance",
        "The school also records who was present, so a student without a record on a day may simply not be recorded; "
        "such a student counts as present.",
        "Look whether every student has a record on every day.",
    ),
    _rule(
        "003",
        "warning",
        "primary school assumed",
        "A student is enrolled in two schools at once and primarySchool does not say which looks after the student; "
        "the later entry is taken.",
        "Fill primarySchool at the source.",
    ),
    _rule(
        "004",
        "warning",
        "score above 100 taken as 100",
        "Extra credit lifts a score above the whole.",
        "Nothing, if extra credit is meant; else correct the score.",
    ),
    _rule(
        "005",
        "warning",
        "suspension of unknown length",
        "An out-of-school suspension has no length; it is counted as one day.",
        "Fill actualDisciplineActionLength at the source.",
    ),
    _rule(
        "006",
        "warning",
        "submitted days guessed from events",
        "There is no sectionAttendanceTakenEvents of the school, so a day counts as submitted if the school recorded "
        "any attendance event on it; the other days stay unknown.",
        "Export sectionAttendanceTakenEvents.",
    ),
    _rule(
        "007",
        "warning",
        "known from the assumed lag",
        "_lastModifiedDate moves with every correction and does not say when a record was first known; each record is "
        "taken as known some days after its day.",
        "Keep every export in a folder named after its day (2024-10-06); what is new in one was first known then.",
    ),
    _rule(
        "008",
        "warning",
        "no calendar of the school",
        "There is no calendarDates of the school, so nobody knows its school days; its students cannot be listed.",
        "Export calendars and calendarDates, merge a calendar from another source, or set `calendar: weekdays` in the "
        "mapping to count every weekday of a session.",
    ),
    _rule(
        "009",
        "warning",
        "attendance by section only",
        "The school records attendance in its sections and not for the day, and nobody knows how many sections make a "
        "day of absence; its attendance stays unknown.",
        "Export studentSchoolAttendanceEvents of the school.",
    ),
    _rule(
        "010",
        "warning",
        "every weekday taken as a school day",
        "There is no calendarDates of the school and the mapping asks for the weekdays of its sessions; holidays count "
        "as school days whose attendance was never submitted.",
        "Export calendars and calendarDates.",
    ),
)
