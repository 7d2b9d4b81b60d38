"""Canonical tables written as an export of an Ed-Fi ODS, so that a simulated county can be read like a real one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import yaml

from early_id.district._edfi_resources import RESOURCES, STEPS
from early_id.district._engine import engine
from early_id.district._opened import canonical_files, create_view
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError

#: What the export calls by names of its own: the mapping file says what they mean.
_WORDS = """
    SELECT 'AcademicSubject' AS name, subject AS code, 'core' AS word FROM grades WHERE core AND subject IS NOT NULL
    UNION SELECT 'Behavior', behavior, basis FROM incidents WHERE basis IS NOT NULL
    UNION SELECT 'AttendanceEventCategory', 'Out of School Suspension', 'suspension_out'
    UNION SELECT 'AttendanceEventCategory', 'In School Suspension', 'suspension_in'
    ORDER BY ALL
"""


def write_edfi(tables: str | Path, folder: str | Path) -> dict[str, int]:
    """Write canonical Parquet tables as JSON Lines, one file per Ed-Fi resource, with `mapping.yaml` beside them.

    What the standard does not carry is not written: when a record became known, earlier versions of a record, supports,
    decisions, and weights of assignments. Sizes of absences are rounded to hundredths of a day, as the standard holds
    them, and schools are numbers.

    Parameters
    ----------
    tables : path
        Folder that `District.write`, `write_county` or `early-id check --out` wrote.
    folder : path
        An existing folder.

    Returns
    -------
    dict of resource to number of objects

    Raises
    ------
    ConfigError
        If the id of a school or district is no number, which Ed-Fi asks for.
    DataError
        If there is no canonical table.

    Examples
    --------
    >>> import tempfile
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2)
    >>> objects = write_edfi(county.write(tempfile.mkdtemp()), tempfile.mkdtemp())
    >>> objects["schools"], objects["calendars"]
    (3, 6)
    """
    connection = engine()
    files = canonical_files(Path(tables))
    for name in TABLES:
        create_view(connection, name, files.get(name))
    odd = connection.execute(
        "SELECT id FROM (SELECT school_id AS id FROM schools UNION SELECT district_id FROM schools) "
        "WHERE NOT regexp_full_match(id, '[0-9]{1,18}') ORDER BY id LIMIT 1"
    ).fetchall()
    if odd:
        msg = f"Expected numbers as ids of schools and districts, as Ed-Fi has them, got {odd[0][0]!r}; rename them."
        raise ConfigError(msg)
    for step in STEPS:
        connection.execute(step)
    counts = {name: _write(connection, name, query, Path(folder)) for name, query in RESOURCES.items()}
    words: dict[str, dict[str, str]] = {}
    for name, code, word in connection.execute(_WORDS).fetchall():
        words.setdefault(name, {})[code] = word
    mapping: Mapping[str, object] = {"descriptors": words}
    (Path(folder) / "mapping.yaml").write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    return counts


def _write(connection: duckdb.DuckDBPyConnection, name: str, query: str, folder: Path) -> int:
    target = str(folder / f"{name}.jsonl").replace("'", "''")
    counted = connection.execute(
        f"""
        COPY (
            SELECT md5(CAST(to_json(item) AS VARCHAR)) AS id, item.* FROM ({query}) AS item ORDER BY ALL
        ) TO '{target}' (FORMAT json)
        """
    ).fetchall()
    return int(counted[0][0])
