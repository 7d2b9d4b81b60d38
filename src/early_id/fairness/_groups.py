"""Which group each row belongs to on its as-of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.fairness._scheme import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = "unknown"
GRADE_BANDS = ("TK–5", "6–8", "9–12")
#: Facts of the school a row belongs to, and not of the student.
PLACES = ("school", "district")
DERIVED = ("grade_band", *PLACES)
GROUP_COLUMNS = ("student_id", "attribute", "value", "valid_from", "valid_to")

# What an empty valid_from or valid_to means: days before and after every school year.
_ALWAYS = (pd.Timestamp("1800-01-01"), pd.Timestamp("2200-01-01"))

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Days:
    """Which student and day each row is: the students, the row's place among them, and its day in microseconds."""

    students: pd.Index
    student: Ints
    day: Ints

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Days:
        students = pd.Index(rows["student_id"].unique())
        return cls(students, students.get_indexer(pd.Index(rows["student_id"])), _microseconds(rows["as_of"]))


@dataclass(frozen=True)
class Attribute:
    """One way to divide the rows: every row has exactly one group, `unknown` where nothing is recorded."""

    name: str
    groups: tuple[str, ...]
    codes: Ints


def everybody(n_rows: int) -> Attribute:
    """Give the one group that every row belongs to, in the form of an attribute."""
    return Attribute(EVERYONE[0], (EVERYONE[1],), np.zeros(n_rows, dtype=np.int64))


def check_columns(frame: pd.DataFrame, needed: Iterable[str], table: str) -> None:
    """Refuse a table that lacks a column."""
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        msg = (
            f"{table} must have the column {examples(missing)}; it has "
            f"{examples(map(str, frame.columns), most=30)}. Add the missing column and audit again."
        )
        raise DataError(msg)


def attach_attributes(rows: pd.DataFrame, groups: pd.DataFrame) -> tuple[Attribute, ...]:
    """Give every row its group on its as-of date: recorded attributes, grade band, school, district.

    `valid_to` is the last day a value holds (inclusive); empty means it still does. Derived attributes that
    have one value only (a county of one district) say nothing and are left out.
    """
    check_columns(groups, GROUP_COLUMNS, "groups")
    if groups.empty:
        msg = (
            "groups is empty, so there is no group to audit; expected one row per student and attribute. "
            "Read the district with its groups table."
        )
        raise DataError(msg)
    recorded = sorted(groups["attribute"].dropna().astype(str).unique())
    clash = [name for name in recorded if name in DERIVED]
    if clash:
        msg = (
            f"groups has the attribute {examples(clash)}, a name the audit derives itself from the rows; "
            "rename it in the groups table."
        )
        raise DataError(msg)
    days = _Days.of(rows)
    attributes = [_recorded(days, groups.loc[groups["attribute"] == name], name) for name in recorded]
    derived = [_derived(rows, name) for name in DERIVED]
    return (*attributes, *(attribute for attribute in derived if len(attribute.groups) > 1))


def attach_recorded(rows: pd.DataFrame, groups: pd.DataFrame, name: str) -> Attribute:
    """Give every row its group of one recorded attribute on its as-of date."""
    return _recorded(_Days.of(rows), groups.loc[groups["attribute"] == name], name)


def _derived(rows: pd.DataFrame, name: str) -> Attribute:
    if name == "grade_band":
        grade = pd.to_numeric(rows["grade_level"]).to_numpy(dtype=np.float64, na_value=np.nan)
        which = np.select([grade <= 5, grade <= 8, grade > 8], [0, 1, 2], default=-1)
        return _attribute(name, which, GRADE_BANDS)
    codes, values = pd.factorize(rows[f"{name}_id"].astype("str"), sort=True)
    return _attribute(name, codes, tuple(values))


def _recorded(days: _Days, own: pd.DataFrame, name: str) -> Attribute:
    own = own.loc[own["value"].notna()]
    codes, values = pd.factorize(own["value"].astype("str"), sort=True)
    students = days.students
    spells = pd.DataFrame(
        {
            "student": students.get_indexer(pd.Index(own["student_id"])),
            "code": codes,
            "start": _microseconds(pd.to_datetime(own["valid_from"]).fillna(_ALWAYS[0])),
            "end": _microseconds(pd.to_datetime(own["valid_to"]).fillna(_ALWAYS[1])),
        }
    )
    spells = spells.loc[spells["student"] >= 0].sort_values(["student", "start", "end"], kind="stable")
    overlap = spells["student"].eq(spells["student"].shift()) & (spells["start"] <= spells["end"].shift())
    if overlap.any():
        msg = (
            f"groups has two rows of {name!r} that hold on one day for the students "
            f"{examples(students[spells.loc[overlap, 'student']])}; expected one value at a time. "
            "Close the earlier row with valid_to, or record the combination as a value of its own."
        )
        raise DataError(msg)
    return _attribute(name, _code_on_date(days, spells), tuple(values))


def _microseconds(days: pd.Series) -> Ints:
    return pd.to_datetime(days).to_numpy().astype("datetime64[us]").astype(np.int64)


def _code_on_date(days: _Days, spells: pd.DataFrame) -> Ints:
    """Code of the one spell of the row's student that covers its date, −1 without one."""
    student, day = days.student, days.day
    start, end, code = (spells[name].to_numpy() for name in ("start", "end", "code"))
    first = np.searchsorted(spells["student"], np.arange(len(days.students) + 1))
    found = np.full(len(day), -1, dtype=np.int64)
    # Few spells per student: look at the first of everybody, then at the second, and so on.
    for turn in range(int(np.diff(first).max(initial=0))):
        spell = first[student] + turn
        row = np.flatnonzero(spell < first[student + 1])
        covers = (start[spell[row]] <= day[row]) & (day[row] <= end[spell[row]])
        found[row[covers]] = code[spell[row[covers]]]
    return found


def _attribute(name: str, codes: Ints, values: tuple[str, ...]) -> Attribute:
    """Keep the values that occur, in their order, and add "unknown" where some row has none.

    A recorded value "unknown" says the same as no record.
    """
    if UNKNOWN in values:
        codes = np.where(codes == values.index(UNKNOWN), -1, codes)
    present = np.unique(codes[codes >= 0])
    position = np.full(len(values) + 1, len(present), dtype=np.int64)
    position[present] = np.arange(len(present))
    groups = [str(values[code]) for code in present]
    if (codes < 0).any():
        groups.append(UNKNOWN)
    return Attribute(name, tuple(groups), position[codes])


def check_reference(reference: dict[str, str], attributes: tuple[Attribute, ...]) -> None:
    """Refuse a named reference that does not exist in the audited rows."""
    known = {attribute.name: attribute.groups for attribute in attributes}
    for name, group in reference.items():
        if name not in known:
            hint = did_you_mean(name, known)
            msg = f"reference names the attribute {name!r}, which groups does not have; {hint}"
            raise ConfigError(msg)
        if group not in known[name]:
            hint = did_you_mean(group, known[name])
            msg = f"reference names the group {group!r} of {name!r}, which no audited row has; {hint}"
            raise ConfigError(msg)
