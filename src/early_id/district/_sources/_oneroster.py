"""The OneRoster source: a bulk bundle of the OneRoster 1.2 CSV binding."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from early_id.district._intake import Intake
from early_id.district._sources._codes import use_codes
from early_id.district._sources._oneroster_bundle import Bundle, open_bundle, refuse_delta
from early_id.district._sources._oneroster_mapping import OneRosterMapping, oneroster_mapping
from early_id.district._sources._oneroster_marks import write_grades
from early_id.district._sources._oneroster_people import judge_people, write_groups, write_people
from early_id.district._sources._oneroster_sheets import (
    SHEETS,
    UNREAD,
    judge_cells,
    judge_references,
    prepare,
)
from early_id.district._sources._oneroster_stays import find_stays
from early_id.district._sources._reading import Reading
from early_id.district._text import read_blocks
from early_id.exceptions import DataError

#: Required tables the standard does not carry.
_LACKS = frozenset({"calendar"})
_MANIFEST = ("propertyName", "value")
_UNUSED = {
    "users": "student without a stay in a school",
    "orgs": "no school, and no district of one",
}
#: Sheet to when a row of it has completed another, in the order in which that can be told.
_USED = {
    "academicSessions": "true",
    "users": "sourcedId IN (SELECT student FROM stay)",
    "orgs": "sourcedId IN (SELECT district FROM school)",
    "resultScoreScales": "resultSourcedId IN (SELECT sourcedId FROM results)",
    "lineItems": "sourcedId IN (SELECT lineItemSourcedId FROM results)",
    "lineItemScoreScales": "lineItemSourcedId IN (SELECT lineItemSourcedId FROM results)",
    "categories": "sourcedId IN (SELECT categorySourcedId FROM lineItems)",
    "scoreScales": "sourcedId IN (SELECT scoreScaleSourcedId FROM lineItemScoreScales UNION ALL "
    "SELECT scoreScaleSourcedId FROM resultScoreScales) "
    "OR classSourcedId IN (SELECT classSourcedId FROM lineItems)",
    "classes": "sourcedId IN (SELECT classSourcedId FROM enrollments UNION ALL SELECT classSourcedId FROM lineItems)",
    "courses": "sourcedId IN (SELECT courseSourcedId FROM classes)",
}


def read_oneroster(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read a OneRoster 1.2 bundle as canonical tables.

    Schools, enrollments, marks and the groups sex and race come from it; attendance, discipline and the calendar of
    school days are not in the standard. docs/sources-oneroster.md has the decisions.

    Parameters
    ----------
    path : pathlib.Path
        Folder or .zip with the CSV files.
    mapping : mapping, optional
        See `OneRosterMapping`.

    Raises
    ------
    ConfigError
        If there is no such folder, or the mapping has a key or value that is not known.
    DataError
        If the bundle is a delta, of another version, or lacks a file that everything rests on.
    """
    own = oneroster_mapping(mapping)
    reading = Reading()
    use_codes(reading.connection, "oneroster", own.codes)
    prepare(reading)
    with tempfile.TemporaryDirectory() as unpacked:
        bundle = open_bundle(path, Path(unpacked))
        if own.mode != "bulk":
            refuse_delta(bundle, list(SHEETS))
        _read(reading, bundle)
    _judge(reading, own, {name for name in SHEETS if bundle.file(name)})
    find_stays(reading, own.gap_days)
    write_people(reading, own)
    write_grades(reading, own.result_value_min, own.result_value_max, graded_late=own.score_date == "graded")
    write_groups(reading)
    for name, used in _USED.items():
        others = "meaning('OrgType', \"type\") <> 'school' AND " if name == "orgs" else ""
        reason = _UNUSED.get(name, "nothing that is read names it")
        reading.leave_out(name, f"{others}NOT coalesce({used}, false)", reason)
        reading.looked_up(name, f"{others}true")
    return reading.intake(lacks=_LACKS)


def _read(reading: Reading, bundle: Bundle) -> None:
    """Read every file of the bundle, and account for those that are not read."""
    for name, sheet in SHEETS.items():
        reading.sheet(name, bundle.file(name), sheet.columns, ("sourcedId", *sheet.required))
    reading.sheet("manifest", bundle.file("manifest"), _MANIFEST)
    reading.leave_out("manifest", "true", "says how the bundle was made")
    if not bundle.file("manifest"):
        said = "no manifest.csv: the files are taken for a bulk bundle of version 1.2"
        reading.note("EID-ONE-001", "manifest.csv", said)
    for name, mode in bundle.modes().items():
        if mode != "absent" and name not in bundle.files:
            reading.note("EID-ONE-010", "manifest.csv", f"file.{name} is {mode!r}, but there is no such file")
    known = {name.lower(): reason for name, reason in UNREAD.items()}
    read = {name.lower() for name in SHEETS} | {"manifest"}
    for name, file in sorted(bundle.files.items()):
        if name in read:
            continue
        try:
            count = sum(cells.count for cells in read_blocks(file))
        except DataError as error:
            reading.unreadable(file.name, str(error))
        else:
            reading.unread(file.name, count, known.get(name, "no file of OneRoster 1.2"))


def _judge(reading: Reading, own: OneRosterMapping, present: set[str]) -> None:
    """Hold back what cannot be believed, those referred to first."""
    for name in SHEETS:
        if own.mode == "bulk":
            reading.leave_out(name, "lower(status) = 'tobedeleted'", "to be deleted, says its status")
        fine = "lower(status) = 'active'" if own.mode == "bulk" else "false"
        reading.hold_back(
            name, f"status IS NOT NULL AND NOT {fine}", "EID-ONE-002", "status {status!r} in a bulk file"
        )
        judge_cells(reading, name)
    reading.hold_back(
        "academicSessions",
        "NOT coalesce(schoolYear::VARCHAR SIMILAR TO '(19|2[0-9])[0-9][0-9]', false)",
        "EID-SRC-001",
        "schoolYear is {schoolYear!r}, expected the year in which it ends, such as 2025",
    )
    reading.hold_back(
        "academicSessions",
        "iso_day(endDate) <= iso_day(startDate)",
        "EID-ONE-004",
        "startDate {startDate}, endDate {endDate}",
    )
    judge_people(reading, own)
    reading.hold_back(
        "classes",
        "NOT EXISTS (FROM academicSessions AS s "
        "WHERE s.sourcedId IN (SELECT trim(unnest(string_split(classes.termSourcedIds, ',')))))",
        "EID-SRC-004",
        "none of termSourcedIds {termSourcedIds!r} is in academicSessions.csv, or all were held back there",
    )
    judge_references(reading, present)
