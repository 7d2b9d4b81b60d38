"""The CALPADS source: files as they are submitted to the state of California, and the state's extracts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from early_id.district._sources._calpads_files import open_files
from early_id.district._sources._calpads_groups import read_groups
from early_id.district._sources._calpads_incidents import read_incidents, vet_incidents
from early_id.district._sources._calpads_mapping import use_mapping
from early_id.district._sources._calpads_marks import read_marks
from early_id.district._sources._calpads_outcomes import read_outcomes
from early_id.district._sources._calpads_settled import settle
from early_id.district._sources._calpads_stays import read_stays, vet_stays
from early_id.district._sources._calpads_totals import read_totals, vet_totals
from early_id.district._sources._calpads_vetting import vet
from early_id.district._sources._reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from early_id.district._intake import Intake

#: Records of a student that name the school but not which nonpublic one.
_AT_SCHOOL = ("stas", "sinc", "sirs", "soff", "scsc")
#: Tables of daily life, which the state does not collect.
_LACKS = frozenset({"calendar", "absences", "attendance_feed"})
_NONPUBLIC = """
    CREATE TABLE nonpublic AS
    FROM senr_now
    SELECT SSID AS placed_student, Year AS placed_year, min(SchoolNPS) AS placed_school
    WHERE School = '0000001'
    GROUP BY ALL
    HAVING count(DISTINCT SchoolNPS) = 1
"""


def read_calpads(path: Path, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read the CALPADS files of a folder as canonical tables (docs/sources-calpads.md).

    Parameters
    ----------
    path : pathlib.Path
        Folder with text files of the layouts of submission or of the state's extracts, between carets or commas.
    mapping : mapping, optional
        Names of `schools` and `districts`, the ends of `terms`, and further `codes`.

    Raises
    ------
    ConfigError
        If there is no such folder, or the mapping is not understood.
    DataError
        If the folder holds no text file.
    """
    reading = Reading()
    use_mapping(reading.connection, mapping or {})
    open_files(reading, path)
    vet(reading)
    vet_stays(reading)
    vet_totals(reading)
    vet_incidents(reading)
    settle(reading)
    reading.connection.execute(_NONPUBLIC)
    for sheet in _AT_SCHOOL:
        if reading.has_rows(sheet):
            _place(reading, sheet)
    read_stays(reading)
    read_outcomes(reading)
    read_totals(reading)
    read_incidents(reading)
    read_marks(reading)
    read_groups(reading)
    return reading.intake(lacks=_LACKS)


def _place(reading: Reading, sheet: str) -> None:
    """Hold back records of a nonpublic school that no enrollment names."""
    reading.leave_out(sheet, "School = '0000002'", "private school group: no school of the district")
    placed = "(SSID, Year) IN (FROM nonpublic SELECT placed_student, placed_year)"
    unknown = f"School = '0000000' OR School = '0000001' AND NOT {placed}"
    reading.hold_back(sheet, unknown, "EID-CPS-005", "student {SSID} at school {School} in {Year}")
