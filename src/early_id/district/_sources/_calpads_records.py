"""The records of CALPADS that are read: where their cells stand, what they must hold, and what makes two of them one.

Places are counted from 1, as the state's file specifications do; cells that are not named here are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

#: Cells with a form of their own wherever they occur: the pattern, and what it is in words.
FORMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ReportingLEA": (r"\d{7}", "7 digits"),
        "School": (r"\d{7}", "7 digits"),
        "SchoolNPS": (r"\d{7}", "7 digits"),
        "SSID": (r"\d{10}", "10 digits"),
        "Year": (r"\d{4}-\d{4}", "a school year as 2024-2025"),
    }
)
#: The last two cells of the state's extracts.
SENT = ("UploadDate", "LastDateUpdated")
#: Columns every sheet has beside the cells of its record.
ALWAYS = ("TransactionTypeCode", *SENT, "Cells")


@dataclass(frozen=True)
class Record:
    """One record type.

    Attributes
    ----------
    kind : str
        Its code, such as `SENR`.
    places : mapping of column to place
    cells : int
        Every layout has at least this many cells.
    key : tuple of str
        Columns that make two records one; the later replaces the earlier. All but `loose` must be filled.
    edition : tuple of str
        Columns of what one file replaces as a whole, such as a school and a year; empty: records replace one by one.
    required : tuple of str
        Further columns that must be filled.
    days, whole, numbers : tuple of str
        Columns that hold a day, a whole number, or a number.
    codes : mapping of column to code set
        Columns whose code must have a meaning, if it is filled.
    loose : tuple of str
        Columns of the key that may be empty.
    span : tuple of str
        First and last day, if it has both.
    versions : bool
        Whether a record that was replaced is still told as it stood before; otherwise it is left out.
    """

    kind: str
    places: Mapping[str, int]
    cells: int
    key: tuple[str, ...]
    edition: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    loose: tuple[str, ...] = ()
    span: tuple[str, ...] = ()
    versions: bool = True

    @property
    def sheet(self) -> str:
        """Name of its sheet in queries."""
        return self.kind.lower()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of its sheet."""
        return (*self.places, *ALWAYS)


_H12 = {"ReportingLEA": 4, "School": 5, "Year": 6, "SSID": 7}
_INCIDENT = ("School", "Year", "SSID", "Incident")
_BY_YEAR = ("School", "Year")
_COURSE = {"Course": 13, "Section": 14, "Term": 15}
_DELIVERED = {
    "ReportingLEA": 4,
    "School": 5,
    "Year": 6,
    "StateCourse": 7,
    "Course": 8,
    "Section": 14,
    "Term": 15,
}
_ABSENT = (
    "Expected",
    "Attended",
    "SuspendedOut",
    "SuspendedIn",
    "Excused",
    "Unexcused",
    "Incomplete",
    "Study",
)
_TAKEN = ("School", "Year", "SSID", "Course", "Section", "Term", "MarkingPeriod")

SENR = Record(
    "SENR",
    {
        "ReportingLEA": 4,
        "School": 5,
        "SchoolNPS": 6,
        "Year": 7,
        "SSID": 8,
        "Gender": 18,
        "Start": 22,
        "Status": 23,
        "Grade": 24,
        "Exit": 25,
        "Reason": 26,
        "Completion": 27,
    },
    27,
    ("School", "SchoolNPS", "SSID", "Start"),
    required=("ReportingLEA", "Year", "Status", "Grade"),
    days=("Start", "Exit"),
    codes={"Status": "status", "Grade": "grade", "Gender": "gender"},
    loose=("SchoolNPS",),
    span=("Start", "Exit"),
)
SINF = Record(
    "SINF",
    {
        "Start": 4,
        "Until": 5,
        "ReportingLEA": 6,
        "Year": 8,
        "SSID": 9,
        "Gender": 19,
        "Hispanic": 23,
        "Race1": 25,
        "Race2": 26,
        "Race3": 27,
        "Race4": 28,
        "Race5": 29,
    },
    30,
    ("SSID", "Start"),
    days=("Start", "Until"),
    codes={
        "Gender": "gender",
        "Hispanic": "yes_no",
        **dict.fromkeys([f"Race{n}" for n in range(1, 6)], "race"),
    },
    span=("Start", "Until"),
    versions=False,
)
SPRG = Record(
    "SPRG",
    {**_H12, "Program": 13, "Membership": 14, "Start": 15, "Until": 16, "ServiceYear": 17, "Service": 18},
    18,
    ("School", "SSID", "Program", "Start", "ServiceYear", "Service"),
    required=("ReportingLEA", "Membership"),
    days=("Start", "Until"),
    codes={"Program": "program", "Membership": "membership"},
    loose=("ServiceYear", "Service"),
    span=("Start", "Until"),
    versions=False,
)
STAS = Record(
    "STAS",
    {**_H12, "Exempt": 13, **{name: 15 + at for at, name in enumerate(_ABSENT)}},
    21,
    ("School", "Year", "SSID"),
    edition=_BY_YEAR,
    whole=_ABSENT,
    codes={"Exempt": "yes_no"},
)
SINC = Record(
    "SINC", {**_H12, "Incident": 13, "Occurred": 14}, 14, _INCIDENT, _BY_YEAR, ("Occurred",), ("Occurred",)
)
SIRS = Record(
    "SIRS",
    {**_H12, "Incident": 13, "Result": 14, "Authority": 15, "Duration": 16},
    16,
    (*_INCIDENT, "Result", "Authority", "Duration"),
    edition=_BY_YEAR,
    numbers=("Duration",),
    codes={"Result": "result"},
    loose=("Authority", "Duration"),
)
SOFF = Record(
    "SOFF",
    {**_H12, "Incident": 13, "Offense": 14},
    14,
    (*_INCIDENT, "Offense"),
    edition=_BY_YEAR,
    codes={"Offense": "offense"},
)
SCSC = Record(
    "SCSC",
    {**_H12, **_COURSE, "Mark": 18, "MarkingPeriod": 20},
    18,
    _TAKEN,
    edition=(*_BY_YEAR, "Term"),
    loose=("Term", "MarkingPeriod"),
)
SCSE = Record(
    "SCSE",
    {**_H12, **_COURSE},
    15,
    (*_BY_YEAR, "SSID", *_COURSE),
    (*_BY_YEAR, "Term"),
    loose=("Term",),
    versions=False,
)
CRSC = Record(
    "CRSC",
    _DELIVERED,
    15,
    ("School", "Year", "Course", "Section", "Term"),
    edition=(*_BY_YEAR, "Term"),
    loose=("Section", "Term"),
    versions=False,
)
CRSE = Record("CRSE", _DELIVERED, 15, CRSC.key, CRSC.edition, loose=CRSC.loose, versions=False)
SELA = Record(
    "SELA",
    {"ReportingLEA": 4, "SSID": 7, "Status": 13, "Start": 14},
    14,
    ("SSID", "Start"),
    required=("Status",),
    days=("Start",),
    codes={"Status": "english"},
    versions=False,
)
# No public source gives the place of the SSID in SWDS: it is the one cell of ten digits before the eleventh.
SWDS = Record(
    "SWDS",
    {"SSID": 0, "Start": 11, "Status": 12},
    12,
    ("SSID", "Start"),
    required=("Status",),
    days=("Start",),
    codes={"Status": "special_education"},
    versions=False,
)

#: Every record that is read, by its code.
RECORDS: Mapping[str, Record] = MappingProxyType(
    {
        record.kind: record
        for record in (SENR, SINF, SPRG, STAS, SINC, SIRS, SOFF, SCSC, SCSE, CRSC, CRSE, SELA, SWDS)
    }
)
