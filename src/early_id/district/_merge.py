"""Two sources of one county as one district: the first one counts, and what the second says otherwise is reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from early_id.district._check import check_intake
from early_id.district._engine import engine
from early_id.district._intake import Intake, SourceFile, with_origin
from early_id.district._report import CheckResult
from early_id.district._rows import Rows
from early_id.district._table import ASSUMED
from early_id.district._tables import TABLES, Table
from early_id.exceptions import DataError, examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from early_id.district._district import District

#: What a row is about, where that is more than its key: of a school's year, of a student in a school, of an attribute
#: one source alone speaks.
_ABOUT: Mapping[str, tuple[str, ...]] = {
    "calendar": ("school_id", "school_year"),
    "enrollments": ("student_id", "school_id", "school_year"),
    "groups": ("student_id", "attribute"),
}
_COLUMNS = ["table", "key", "column", "kept", "dropped"]
#: Cells that say when a record was known and not what it says.
_WHEN = frozenset({"known_at", "retracted_at", ASSUMED})


@dataclass(frozen=True, eq=False)
class MergeResult:
    """Two districts as one.

    Attributes
    ----------
    district : District
        The good rows of both, which hold among themselves.
    conflicts : pandas.DataFrame
        One row per cell on which the two disagree: table, key (the row in words), column, kept (what the first
        says), dropped (what the second said). Where the second has a row the first does not have about something the
        first speaks of, column is empty and dropped is "row".
    check : CheckResult
        The rules, asked of the merged rows; its files are the tables of the first and the second district.
    """

    district: District
    conflicts: pd.DataFrame
    check: CheckResult


def merge_districts(
    first: District,
    second: District,
    *,
    student_ids: Mapping[str, str] | None = None,
    school_ids: Mapping[str, str] | None = None,
    today: date | None = None,
) -> MergeResult:
    """Put two sources together, such as daily attendance from one and last year's totals from another.

    What do two sources say together, and where do they disagree?

    Where both speak of the same thing the first one counts: a row of the second is dropped if the first has one with
    the same key, any day of the same school's year (calendar), any stay of the student in that school and year
    (enrollments), any value of the attribute (groups), or attendance of that school and day (absences).

    Parameters
    ----------
    first, second : District
        As `read_district` gives them; the first one counts.
    student_ids, school_ids : mapping of str to str, optional
        What the second calls a student or a school, to what the first calls it; ids that are not named stay.
    today : datetime.date, optional
        As for `read_district`.

    Returns
    -------
    MergeResult

    Raises
    ------
    DataError
        If two ids of the second are one id of the first.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2)
    >>> same = merge_districts(county, county)
    >>> len(same.conflicts), len(same.district.frame("absences")) == len(county.frame("absences"))
    (0, True)
    """
    connection = engine()
    ids = {"student_id": student_ids or {}, "school_id": school_ids or {}}
    _refuse_shared(ids)
    mine = {name: first.arrow(name) for name in TABLES}
    for name, own in mine.items():
        connection.register(f"first_{name}", own)
        connection.register(f"second_{name}", _renamed(second.arrow(name), ids))
    files: list[SourceFile] = []
    rows, conflicts = {}, []
    for name, table in TABLES.items():
        own = mine[name]
        spoken, kept = (connection.sql(_spoken(table, join)).to_arrow_table() for join in ("SEMI", "ANTI"))
        conflicts.append(_conflicts(connection, table, spoken))
        if parts := _accounted(files, name, own, kept, spoken.num_rows):
            rows[name] = Rows.of(pa.concat_tables(parts))
    required = frozenset(name for name, table in TABLES.items() if table.required and name not in rows)
    check = check_intake("merged", Intake(tuple(files), rows, lacks=required), today)
    return MergeResult(check.district, pd.concat(conflicts, ignore_index=True), check)


def _accounted(
    files: list[SourceFile], name: str, own: pa.Table, kept: pa.Table, dropped: int
) -> list[pa.Table]:
    """Open the account of a table of either district; return their rows, each with its place there."""
    parts = []
    for side, rows, went in (("first", own, 0), ("second", kept, dropped)):
        if rows.num_rows or went:
            ignored = {"the first source speaks of it": went} if went else {}
            files.append(SourceFile(f"{name} of the {side}", rows.num_rows + went, ignored))
            lines = pa.array(np.arange(1, rows.num_rows + 1))
            parts.append(with_origin(rows, file=len(files) - 1, lines=lines))
    return parts


def _refuse_shared(ids: Mapping[str, Mapping[str, str]]) -> None:
    for column, names in ids.items():
        shared = pd.Series(names, dtype="str")
        twice = shared[shared.duplicated(keep=False)]
        if len(twice):
            msg = (
                f"Expected every {column} of the second source to be one of the first, but {examples(twice.index)} are "
                f"all {examples(twice)}; correct the mapping of ids."
            )
            raise DataError(msg)


def _renamed(rows: pa.Table, ids: Mapping[str, Mapping[str, str]]) -> pa.Table:
    """Give students and schools the ids of the first source."""
    for column, names in ids.items():
        if names and column in rows.column_names:
            old = pa.table(
                {column: pa.array(names, pa.string()), "_new": pa.array(names.values(), pa.string())}
            )
            found = pa.compute.index_in(rows[column].combine_chunks(), old[column].combine_chunks())
            new = pa.compute.coalesce(old["_new"].combine_chunks().take(found), rows[column].combine_chunks())
            rows = rows.set_column(rows.column_names.index(column), column, new)
    return rows


def _spoken(table: Table, join: str) -> str:
    """Rows of the second of which the first speaks (SEMI) or does not (ANTI)."""
    about = _ABOUT.get(table.name, table.key)
    same = " AND ".join(f'mine."{part}" = second."{part}"' for part in about)
    spoken = f"EXISTS (FROM first_{table.name} AS mine WHERE {same})"
    if table.name == "absences":
        spoken += """
            OR EXISTS (FROM first_attendance_feed AS mine
                WHERE mine.school_id = second.school_id AND mine.day = second.occurred_on)
        """
    # Names come from the canonical tables.
    return f"FROM second_{table.name} AS second WHERE {'NOT ' if join == 'ANTI' else ''}({spoken})"


def _conflicts(connection: duckdb.DuckDBPyConnection, table: Table, spoken: pa.Table) -> pd.DataFrame:
    """List what the second said otherwise; versions that no longer stand are no statement."""
    connection.register("spoken", spoken)
    standing = "WHERE retracted_at IS NULL" if table.known else ""
    key = ", ".join(f'"{part}"' for part in table.key)
    words = " || ', ' || ".join(f"'{part} ' || CAST(\"{part}\" AS VARCHAR)" for part in table.key)
    told = [
        f"""
        SELECT {words} AS key, '{column}' AS "column", CAST(mine."{column}" AS VARCHAR) AS kept,
            CAST(theirs."{column}" AS VARCHAR) AS dropped
        FROM (FROM first_{table.name} {standing}) AS mine JOIN (FROM spoken {standing}) AS theirs USING ({key})
        WHERE mine."{column}" IS DISTINCT FROM theirs."{column}"
        """  # noqa: S608 - names come from the canonical tables
        for column in table.all_columns
        if column not in table.key and column not in _WHEN
    ]
    told.append(
        f"""
        SELECT {words} AS key, '' AS "column", NULL AS kept, 'row' AS dropped
        FROM (FROM spoken {standing}) AS theirs ANTI JOIN (FROM first_{table.name} {standing}) AS mine USING ({key})
        """  # noqa: S608 - names come from the canonical tables
    )
    query = " UNION ALL ".join(told) + ' ORDER BY key, "column"'
    frame: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    return frame.assign(table=table.name)[_COLUMNS]
