"""The OULAD source: the Open University Learning Analytics Dataset as downloaded.

Kuzilek, Hlosta, Zdrahal (2017), Open University Learning Analytics dataset, Scientific Data 4:170171.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from early_id.district._intake import FILE, LINE, Intake, SourceFile
from early_id.district._rows import Rows
from early_id.district._sources import _oulad_tables as tables
from early_id.district._sources._folder import list_files
from early_id.district._sources._mapping import MappingShape, shaped
from early_id.district._sources._oulad_sheets import (
    Sheet,
    hold_back_numbers,
    hold_back_repeats,
    hold_back_strangers,
    hold_back_values,
    read_sheet,
)
from early_id.district._text import read_cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COURSE = ["code_module", "code_presentation"]
_STUDENT = [*_COURSE, "id_student"]
_RESULTS = ("Pass", "Distinction", "Fail", "Withdrawn")
_TYPES = ("TMA", "CMA", "Exam")
_NO_DAY = "no registration day: when the student joined is unknown"
_EXAM = "exam: part of the outcome"
_BANKED = "banked: work of an earlier presentation"
_OUTSIDE = "click on a day outside the presentation"
_NOT_THERE = "click on a day the student was not registered"


class _Oulad(MappingShape):
    mark_lag_days: int = 0


def read_oulad(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read the OULAD files of a folder as canonical tables.

    A module presentation is a school, its module the district, day 0 the first of its month. Its calendar
    holds every day of the week from day 0 to day 0 plus its length, weekends too: students of a distance
    course work, register and leave on all of them. A student counts as there from the day of registration up
    to the day before unregistration, so the cohort of an as-of date is whoever registered on or before it and
    did not unregister on or before it. Exams are the outcome, banked work belongs to an earlier presentation,
    registrations without a day cannot be placed in time: all are left out on purpose and counted. Where
    `studentVle.csv` is there, a day without a click is an absence.

    Parameters
    ----------
    path : pathlib.Path
        Folder with courses.csv, assessments.csv, studentRegistration.csv, studentInfo.csv,
        studentAssessment.csv and, if wanted, studentVle.csv.
    mapping : mapping, optional
        `mark_lag_days`: days between handing in and the score. The dataset does not tell them; 0 is optimistic.

    Raises
    ------
    ConfigError
        If there is no such folder.
    DataError
        If a file or one of its columns is missing.
    """
    mark_lag_days = shaped(mapping or {}, _Oulad, "oulad").mark_lag_days
    present = {file.name for file in list_files(path)}
    names = ["courses", "assessments", "studentRegistration", "studentInfo", "studentAssessment"]
    names += ["studentVle"] if "studentVle.csv" in present else []
    sheets = {name: read_sheet(path, name) for name in names}
    banked = _judge(sheets)
    others = sorted(present - {sheet.file for sheet in sheets.values()})
    files = [sheet.source_file() for sheet in sheets.values()]
    files += [_unread(path / name) for name in others]
    return Intake(
        files=tuple(files),
        rows={name: Rows.of(rows) for name, rows in _canonical(sheets, banked, mark_lag_days).items()},
        findings=tuple(finding for sheet in sheets.values() for finding in sheet.findings()),
        quarantine={sheet.name: sheet.quarantine() for sheet in sheets.values() if sheet.held},
        fed=_looked_up(sheets),
    )


def _looked_up(sheets: Mapping[str, Sheet]) -> pa.Table:
    """Rows that say something about others and become no row of their own: assessments, and days with a click."""
    parts = [
        pd.DataFrame({FILE: index, LINE: sheet.rows["line"].to_numpy()})
        for index, (name, sheet) in enumerate(sheets.items())
        if name in ("assessments", "studentVle")
    ]
    rows = pa.Table.from_pandas(pd.concat(parts, ignore_index=True), preserve_index=False)
    empty = pa.nulls(rows.num_rows, pa.int64())
    return rows.append_column("to_file", empty).append_column("to_line", empty)


def _judge(sheets: Mapping[str, Sheet]) -> pd.DataFrame:
    """Hold back what cannot be believed, leave out what is not asked for; return the banked submissions."""
    courses, assessments, registrations = (
        sheets[name] for name in ("courses", "assessments", "studentRegistration")
    )
    info, submissions = sheets["studentInfo"], sheets["studentAssessment"]
    hold_back_repeats(courses, _COURSE)
    hold_back_numbers(courses, "module_presentation_length", 1, 1000)
    for sheet in (assessments, registrations, info):
        hold_back_strangers(sheet, courses.rows, _COURSE, "EID-OUL-004")
    hold_back_repeats(assessments, ["id_assessment"])
    hold_back_values(assessments, "assessment_type", _TYPES)
    hold_back_numbers(assessments, "weight", 0, 100)
    hold_back_repeats(registrations, _STUDENT)
    hold_back_repeats(info, _STUDENT)
    hold_back_values(info, "final_result", _RESULTS)
    hold_back_strangers(info, registrations.rows, _STUDENT, "EID-OUL-006")
    hold_back_repeats(submissions, ["id_assessment", "id_student"])
    hold_back_values(submissions, "is_banked", ("0", "1"))
    hold_back_numbers(submissions, "score", 0, 100)
    hold_back_strangers(submissions, assessments.rows, ["id_assessment"], "EID-OUL-005")
    # A submission names its presentation only through its assessment.
    placed = submissions.rows.merge(
        assessments.rows[["id_assessment", *_COURSE]], on="id_assessment", how="left"
    )
    submissions.rows = placed.set_index(submissions.rows.index)
    submissions.came = submissions.came.assign(**{c: submissions.rows.set_index("line")[c] for c in _COURSE})
    hold_back_strangers(submissions, registrations.rows, _STUDENT, "EID-OUL-006")
    if "studentVle" in sheets:
        hold_back_strangers(sheets["studentVle"], courses.rows, _COURSE, "EID-OUL-004")
        hold_back_strangers(sheets["studentVle"], registrations.rows, _STUDENT, "EID-OUL-006")
    return _leave_out(sheets)


def _leave_out(sheets: Mapping[str, Sheet]) -> pd.DataFrame:
    registrations, assessments = sheets["studentRegistration"], sheets["assessments"]
    submissions = sheets["studentAssessment"]
    undated = registrations.rows[registrations.rows["date_registration"].isna()]
    registrations.leave_out(registrations.rows["date_registration"].isna(), _NO_DAY)
    for name in ("studentInfo", "studentAssessment", "studentVle"):
        if name in sheets:
            sheets[name].leave_out(_among(sheets[name].rows, undated, _STUDENT), _NO_DAY)
    exams = assessments.rows[assessments.rows["assessment_type"] == "Exam"]
    assessments.leave_out(assessments.rows["assessment_type"] == "Exam", _EXAM)
    submissions.leave_out(_among(submissions.rows, exams, ["id_assessment"]), _EXAM)
    banked = submissions.rows[submissions.rows["is_banked"] == "1"]
    submissions.leave_out(submissions.rows["is_banked"] == "1", _BANKED)
    return banked


def _among(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> pd.Series[bool]:
    match = rows[key].merge(others[key].drop_duplicates(), on=key, how="left", indicator=True)["_merge"]
    return pd.Series(match.to_numpy() == "both", index=rows.index)


def _unread(file: Path) -> SourceFile:
    cells = read_cells(file)
    return SourceFile(file.name, cells.count, {"not needed": cells.count})


def _canonical(sheets: Mapping[str, Sheet], banked: pd.DataFrame, mark_lag_days: int) -> dict[str, pa.Table]:
    """Turn what is kept into canonical tables, each row with the file and line it comes from."""
    if sheets["courses"].rows.empty:
        return {}
    position = {name: index for index, name in enumerate(sheets)}
    data = tables.Oulad(
        courses=sheets["courses"].rows,
        assessments=sheets["assessments"].rows,
        registrations=sheets["studentRegistration"].rows,
        info=sheets["studentInfo"].rows,
        submissions=sheets["studentAssessment"].rows.drop(columns=_COURSE),
    )
    courses = tables.courses_by_day(data.courses)
    spell = tables.spells(data, courses)
    work = tables.submitted(data, spell, mark_lag_days).assign(file=position["studentAssessment"])
    undone = tables.missing(data, spell, banked).assign(file=position["studentRegistration"])
    frames = {
        "schools": tables.schools(courses).assign(file=position["courses"]),
        "calendar": tables.calendar(courses).assign(file=position["courses"]),
        "enrollments": tables.enrollments(spell).assign(file=position["studentRegistration"]),
        "grades": pd.concat([work, undone], ignore_index=True),
        "outcomes": tables.outcomes(data, spell).assign(file=position["studentInfo"]),
        "groups": tables.groups(data, spell).assign(file=position["studentInfo"]),
    }
    if "studentVle" in sheets:
        frames |= _attendance(sheets["studentVle"], spell, courses, position)
    return {name: _to_arrow(frame) for name, frame in frames.items()}


def _attendance(
    sheet: Sheet, spell: pd.DataFrame, courses: pd.DataFrame, position: Mapping[str, int]
) -> dict[str, pd.DataFrame]:
    feed = tables.attendance_feed(sheet.rows, courses)
    counted = tables.counted_clicks(sheet.rows, spell, courses)
    sheet.leave_out(~counted["during"], _OUTSIDE)
    sheet.leave_out(~counted.loc[sheet.rows.index, "there"], _NOT_THERE)
    away = tables.absences(sheet.rows, spell, feed)
    return {
        "attendance_feed": feed.assign(file=position["courses"]),
        "absences": away.assign(file=position["studentRegistration"]),
    }


def _to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Arrow table with days as DATE; the file and line of each row under their own names."""
    table = pa.Table.from_pandas(frame.rename(columns={"file": FILE, "line": LINE}), preserve_index=False)
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.date32()))
    return table
