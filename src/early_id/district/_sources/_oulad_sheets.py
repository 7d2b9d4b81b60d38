"""The files of the OULAD source, read row by row: kept, left out or held back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd
import pyarrow as pa

from early_id.district._cells import to_kind, trimmed
from early_id.district._intake import Finding, SourceFile
from early_id.district._text import read_cells
from early_id.exceptions import DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_Kind = Literal["text", "day", "number", "presentation"]
_COURSE: dict[str, _Kind] = {"code_module": "text", "code_presentation": "presentation"}
_STUDENT: dict[str, _Kind] = {**_COURSE, "id_student": "text"}

#: Every file with the columns that are read.
COLUMNS: dict[str, dict[str, _Kind]] = {
    "courses": {**_COURSE, "module_presentation_length": "day"},
    "assessments": {
        **_COURSE,
        "id_assessment": "text",
        "assessment_type": "text",
        "date": "day",
        "weight": "number",
    },
    "studentRegistration": {**_STUDENT, "date_registration": "day", "date_unregistration": "day"},
    "studentInfo": {
        **_STUDENT,
        "gender": "text",
        "region": "text",
        "highest_education": "text",
        "imd_band": "text",
        "age_band": "text",
        "disability": "text",
        "final_result": "text",
    },
    "studentAssessment": {
        "id_assessment": "text",
        "id_student": "text",
        "date_submitted": "day",
        "is_banked": "text",
        "score": "number",
    },
    "studentVle": {**_STUDENT, "date": "day"},
}
#: Cells that may be empty.
_MAY_BE_EMPTY = frozenset(
    {
        ("assessments", "date"),
        ("studentRegistration", "date_registration"),
        ("studentRegistration", "date_unregistration"),
        ("studentInfo", "imd_band"),
        ("studentAssessment", "score"),
    }
)
_PRESENTATION = r"\d{4}[BJ]"
_DAYS = 100_000


@dataclass
class Sheet:
    """One file: the rows still kept, typed, with `line`; and what became of the others."""

    name: str
    rows: pd.DataFrame
    came: pd.DataFrame
    count: int
    held: dict[str, set[int]] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    def hold_back(self, mask: pd.Series[bool], code: str, columns: Sequence[str]) -> None:
        """Take rows out for a broken rule, showing the named columns of the first ones."""
        bad = self.rows[mask]
        if bad.empty:
            return
        self.held.setdefault(code, set()).update(bad["line"].tolist())
        raw = self.came.loc[bad["line"].head(5), list(columns)]
        shown = tuple(
            f"{self.file} line {line}: " + ", ".join(f"{name} {value!r}" for name, value in row.items())
            for line, row in zip(raw.index, raw.to_dict("records"), strict=True)
        )
        self.shown[code] = (*self.shown.get(code, ()), *shown)[:5]
        self.rows = self.rows[~mask]

    def leave_out(self, mask: pd.Series[bool], reason: str) -> None:
        """Take rows out on purpose."""
        if mask.any():
            self.ignored[reason] = self.ignored.get(reason, 0) + int(mask.sum())
            self.rows = self.rows[~mask]

    def source_file(self) -> SourceFile:
        """Account for the file."""
        return SourceFile(self.file, self.count, self.ignored)

    def findings(self) -> list[Finding]:
        """Say which rules the file breaks."""
        return [
            Finding(code, self.file, len(lines), self.shown.get(code, ()), frozenset(lines))
            for code, lines in self.held.items()
        ]

    def quarantine(self) -> pd.DataFrame:
        """Rows held back, as they came, with the rule."""
        rule = {line: code for code, lines in self.held.items() for line in lines}
        lines: list[int] = sorted(rule)
        frame = self.came.reindex(lines).rename_axis("line").reset_index()
        if self.text:
            frame["text"] = frame["line"].map(self.text)
        return frame.assign(file=self.file, rule=[rule[line] for line in lines])


def read_sheet(path: Path, name: str) -> Sheet:
    """Read one file and hold back rows whose cells are not what the dataset writes.

    Raises
    ------
    DataError
        If the file is missing, cannot be read, or lacks a column.
    """
    file = path / f"{name}.csv"
    if not file.is_file():
        msg = (
            f"Expected the OULAD file {file.name} in {str(path)!r}, but it is not there; "
            f"put {', '.join(f'{part}.csv' for part in COLUMNS if part != 'studentVle')} into one folder."
        )
        raise DataError(msg)
    cells = read_cells(file)
    missing = [column for column in COLUMNS[name] if column not in cells.columns]
    if missing:
        msg = (
            f"Expected the columns {', '.join(COLUMNS[name])} in {file.name}, but it has no "
            f"{examples(missing)} ({did_you_mean(missing[0], cells.columns)}); use the file as downloaded."
        )
        raise DataError(msg)
    if cells.rows.num_rows == 0:
        msg = f"Expected rows in {file.name}, but it is empty; use the file as downloaded."
        raise DataError(msg)
    raw = {column: _known(cells.rows.column(column)) for column in COLUMNS[name]}
    lines = cells.lines.to_numpy()
    came = pa.table(raw).to_pandas().set_index(pd.Index(lines))
    sheet = Sheet(name, pd.DataFrame({"line": lines}), came, cells.count)
    if cells.broken:
        sheet.held["EID-FILE-007"] = set(cells.broken)
        sheet.text = dict(cells.broken)
        sheet.shown["EID-FILE-007"] = tuple(
            f"{file.name} line {line}: {text[:60]!r}" for line, text in list(cells.broken.items())[:5]
        )
    _type(sheet, raw)
    return sheet


def hold_back_repeats(sheet: Sheet, key: list[str]) -> None:
    """Keep the first of equal rows; where rows with one key differ, none can be believed."""
    sheet.hold_back(sheet.rows.duplicated(subset=list(COLUMNS[sheet.name])), "EID-OUL-003", key)
    sheet.hold_back(sheet.rows.duplicated(subset=key, keep=False), "EID-OUL-003", key)


def hold_back_strangers(sheet: Sheet, known: pd.DataFrame, key: list[str], code: str) -> None:
    """Hold back rows whose key another file does not know."""
    match = sheet.rows[key].merge(known[key].drop_duplicates(), on=key, how="left", indicator=True)
    stranger = pd.Series(match["_merge"].to_numpy() == "left_only", index=sheet.rows.index)
    sheet.hold_back(stranger, code, key)


def hold_back_values(sheet: Sheet, column: str, allowed: Iterable[str]) -> None:
    """Hold back rows with a word the dataset does not use."""
    sheet.hold_back(~sheet.rows[column].isin(list(allowed)), "EID-OUL-007", [column])


def hold_back_numbers(sheet: Sheet, column: str, low: float, high: float) -> None:
    """Hold back rows with a number out of range."""
    values = sheet.rows[column]
    sheet.hold_back(values.notna() & ~values.between(low, high), "EID-OUL-007", [column])


def _known(column: pa.ChunkedArray) -> pa.Array:
    """Text of a column; some copies write a question mark for a blank."""
    text = trimmed(column.combine_chunks())
    return pa.compute.if_else(pa.compute.equal(text, "?"), pa.scalar(None, pa.string()), text)


def _type(sheet: Sheet, raw: dict[str, pa.Array]) -> None:
    wrong = pd.Series(False, index=sheet.rows.index)
    empty = wrong.copy()
    typed: dict[str, pd.Series] = {}
    for column, kind in COLUMNS[sheet.name].items():
        text = pd.Series(sheet.came[column].to_numpy(), dtype="str")
        values = _values(raw[column], text, kind)
        typed[column] = values
        wrong |= values.isna() & text.notna()
        if (sheet.name, column) not in _MAY_BE_EMPTY:
            empty |= text.isna()
    sheet.rows = sheet.rows.assign(**typed)
    columns = list(COLUMNS[sheet.name])
    sheet.hold_back(wrong, "EID-OUL-001", columns)
    sheet.hold_back(empty[sheet.rows.index], "EID-OUL-002", columns)


def _values(raw: pa.Array, text: pd.Series[str], kind: _Kind) -> pd.Series:
    if kind == "day":
        days: pd.Series[float] = to_kind(raw, "int").values.to_pandas().astype("float64")
        return days.where(days.abs() <= _DAYS)
    if kind == "number":
        return pd.to_numeric(text, errors="coerce").astype("float64")
    if kind == "presentation":
        return text.where(text.str.fullmatch(_PRESENTATION))
    return text
