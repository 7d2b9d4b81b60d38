"""Exports that were kept, one folder a day: what is new in one was first known then, what is gone was taken back."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from early_id.district._cells import parse_day, under_each_other
from early_id.district._engine import engine
from early_id.district._intake import FILE, LINE, Finding, Intake, SourceFile
from early_id.district._rows import Rows
from early_id.district._sources._reading import SCHOOL_YEAR_OF
from early_id.district._table import ASSUMED
from early_id.district._tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

_EXPORT, _ORIGIN = "_export", "_origin"
_PAGE = re.compile(r"[-_. ]?\d+$")
#: What is said of a single export and is no longer true of several.
_ALONE = frozenset({"EID-EDF-007"})
_LATER = "a later export says it anew"
_KEYS = pa.schema([(FILE, pa.int32()), (LINE, pa.int64())])
_FED = pa.schema([*_KEYS, ("to_file", pa.int32()), ("to_line", pa.int64())])
# An export speaks of a school year and a kind of file if it has any row of them: an export of the new year takes
# nothing of the old one back, and neither does a file that was not exported.
_RUNS = """
    WITH told AS (
        FROM arrived SELECT *, concat_ws(' ', {year}, _origin) AS _scope, row_number() OVER (PARTITION BY _export,
            {cells} ORDER BY _file, _line) AS _copy
    ),
    spoken AS (
        FROM (FROM told SELECT DISTINCT _export, _scope)
        SELECT *, row_number() OVER (PARTITION BY _scope ORDER BY _export) AS _turn
    ),
    placed AS (
        FROM told JOIN spoken ON told._export = spoken._export AND told._scope IS NOT DISTINCT FROM spoken._scope
        SELECT told.*, _turn, _turn - row_number() OVER (PARTITION BY {cells}, _copy ORDER BY told._export) AS _run
    ),
    runs AS (
        FROM placed SELECT {cells}, _scope, min(_turn) AS _from, max(_turn) AS _to,
            min_by({known}, _turn) AS known_at, min_by({retracted}, _turn) AS retracted_at,
            min_by(_file, _turn) AS _file, min_by(_line, _turn) AS _line, list(_file) AS _files, list(_line) AS _lines
        GROUP BY {cells}, _scope, _copy, _run
    )
    FROM runs
    LEFT JOIN spoken AS first ON runs._from = first._turn AND runs._scope IS NOT DISTINCT FROM first._scope
    LEFT JOIN spoken AS next ON runs._to + 1 = next._turn AND runs._scope IS NOT DISTINCT FROM next._scope
    LEFT JOIN exports AS begun ON first._export = begun._export
    LEFT JOIN exports AS ended ON next._export = ended._export
    SELECT {own}, runs._file, runs._line, runs._files, runs._lines, _from, begun.day AS _begun, ended.day AS _ended,
        runs.known_at AS _known, runs.retracted_at AS _retracted
"""


def kept_exports(path: Path) -> dict[date, Path]:
    """Find the exports of a folder: folders named after their days; none unless all of its folders are.

    >>> import pathlib
    >>> kept_exports(pathlib.Path("."))
    {}
    """
    if not path.is_dir():
        return {}
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    days = {day: folder for folder in folders if (day := parse_day(folder.name)) is not None}
    return days if days and len(days) == len(folders) else {}


def read_kept(exports: dict[date, Path], read: Callable[[Path], Intake]) -> Intake:
    """Read all exports of a source, oldest first, as one.

    A row that is in the first export of its school year has no better day of knowing than the source gives it; one
    that appears later was known on the day of that export, unless the source says when. A row that a later export no
    longer holds was taken back on that day. Schools, calendars and groups are those of the newest export.
    """
    parts = [read(folder) for folder in exports.values()]
    connection = engine()
    connection.execute(SCHOOL_YEAR_OF)
    days = pa.table({_EXPORT: pa.array(range(len(parts)), pa.int64()), "day": pa.array(exports, pa.date32())})
    connection.register("exports", days)
    offsets = [sum(len(part.files) for part in parts[:place]) for place in range(len(parts))]
    rows, fed, arrived = {}, [], []
    told = [{name: own.table() for name, own in part.rows.items()} for part in parts]
    own = [_fed(part, offset) for part, offset in zip(parts, offsets, strict=True)]
    for name in dict.fromkeys(name for tables in told for name in tables):
        came = [
            _moved(tables[name], offset)
            .append_column(_EXPORT, pa.array([place] * tables[name].num_rows, pa.int64()))
            .append_column(_ORIGIN, _origins(part, tables[name]))
            for place, (part, tables, offset) in enumerate(zip(parts, told, offsets, strict=True))
            if name in tables and tables[name].num_rows
        ]
        arrived += came
        if not came:
            rows[name] = told[-1].get(name, told[0][name])
        elif TABLES[name].known or name == "attendance_feed":
            rows[name], merged = _versions(connection, TABLES[name], under_each_other(came))
            fed.append(merged)
        else:
            rows[name] = came[-1].drop_columns([_EXPORT, _ORIGIN])
    made = [table.select([FILE, LINE]) for table in rows.values()]
    all_fed = _resolved(connection, pa.concat_tables(own), pa.concat_tables([_FED.empty_table(), *fed]), made)
    return Intake(
        files=_files(connection, parts, list(exports), [*arrived, *own]),
        rows={name: Rows.of(table) for name, table in rows.items()},
        findings=_findings(parts, list(exports)),
        quarantine=_quarantine(parts, list(exports)),
        fed=all_fed,
        called=parts[-1].called,
        lacks=frozenset.intersection(*(part.lacks for part in parts)),
    )


def _versions(
    connection: duckdb.DuckDBPyConnection, table: Table, arrived: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Turn the rows of all exports into versions with a day of knowing and one of taking back."""
    connection.register("arrived", arrived)
    names = [
        name
        for name in table.all_columns
        if name in arrived.column_names and name not in ("known_at", "retracted_at", ASSUMED)
    ]
    cells = ", ".join(f'"{name}"' for name in names)
    dated = table.occurred or "day"
    year = (
        "CAST(school_year AS VARCHAR)"
        if "school_year" in names
        else f"CAST(school_year_of(TRY_CAST({dated} AS DATE)) AS VARCHAR)"
    )
    given = {name: name if name in arrived.column_names else "NULL" for name in ("known_at", "retracted_at")}
    if ASSUMED in arrived.column_names:
        given["known_at"] = (
            f"CASE WHEN NOT coalesce(TRY_CAST({ASSUMED} AS BOOLEAN), false) THEN {given['known_at']} END"
        )
    query = _RUNS.format(
        cells=cells, year=year, known=given["known_at"], retracted=given["retracted_at"],
        own=", ".join(f'runs."{name}"' for name in names),
    )  # fmt: skip
    connection.execute(f"CREATE OR REPLACE TABLE versions AS {query}")
    back = (
        ""
        if not table.known
        else ", coalesce(CAST(_retracted AS VARCHAR), CAST(_ended AS VARCHAR)) AS retracted_at"
    )
    # The feed carries a day of knowing of its own, made from the day it is about: an export that has it later knows it
    # better.
    known = (
        "coalesce(CAST(_known AS VARCHAR), CASE WHEN _from > 1 THEN CAST(_begun AS VARCHAR) END)"
        if table.known
        else "CASE WHEN _from > 1 THEN CAST(_begun AS VARCHAR) ELSE CAST(_known AS VARCHAR) END"
    )
    keep = (
        "true" if table.known else f"true QUALIFY row_number() OVER (PARTITION BY {cells} ORDER BY _from) = 1"
    )
    order = ", ".join((FILE, LINE, *table.key))
    made = connection.sql(
        f"SELECT {cells}, {known} AS known_at{back}, {FILE}, {LINE} FROM versions WHERE {keep} ORDER BY {order}"
    ).to_arrow_table()
    merged = connection.sql(
        f"""
        FROM (FROM versions SELECT {FILE} AS to_file, {LINE} AS to_line, unnest(_files) AS {FILE}, unnest(_lines)
            AS {LINE})
        SELECT {FILE}, {LINE}, to_file, to_line WHERE ({FILE}, {LINE}) <> (to_file, to_line)
        """
    ).to_arrow_table()
    connection.unregister("arrived")
    return made, merged.cast(_FED)


def _origins(part: Intake, rows: pa.Table) -> pa.Array:
    """Name the kind of file each row comes from, pages of one kind alike."""
    kinds = [_PAGE.sub("", PurePosixPath(file.name).parts[0].split(".")[0]) for file in part.files]
    return pa.array(kinds, pa.string()).take(rows[FILE].combine_chunks())


def _moved(rows: pa.Table, offset: int, column: str = FILE) -> pa.Table:
    """Count the files of an export on from those of the earlier ones."""
    moved = pa.compute.add(rows[column].cast(pa.int32()), pa.scalar(offset, pa.int32()))
    return rows.set_column(rows.column_names.index(column), column, moved)


def _fed(part: Intake, offset: int) -> pa.Table:
    if part.fed is None:
        return _FED.empty_table()
    return _moved(_moved(part.fed.cast(_FED), offset), offset, "to_file")


def _resolved(
    connection: duckdb.DuckDBPyConnection, own: pa.Table, later: pa.Table, made: Sequence[pa.Table]
) -> pa.Table:
    """Lead every row to one that was made: what became part of a row goes where that row went."""
    for name, rows in (
        ("own", own),
        ("later", later),
        ("made", pa.concat_tables([part.cast(_KEYS) for part in made])),
    ):
        connection.register(name, rows)
    connection.execute(
        f"""
        CREATE TABLE fed AS
        WITH led AS (
            SELECT own.{FILE}, own.{LINE}, coalesce(later.to_file, own.to_file) AS to_file,
                coalesce(later.to_line, own.to_line) AS to_line
            FROM own LEFT JOIN later ON own.to_file = later.{FILE} AND own.to_line = later.{LINE}
            UNION ALL FROM later
        )
        FROM led WHERE to_line IS NULL OR (to_file, to_line) IN (SELECT {FILE}, {LINE} FROM made)
        """
    )
    return connection.sql("FROM fed").to_arrow_table().cast(_FED)


def _files(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[Intake],
    days: Sequence[date],
    arrived: Sequence[pa.Table],
) -> tuple[SourceFile, ...]:
    """Account for the files: what only said what the newest export says anew is left out."""
    keys = [rows.select(_KEYS.names).cast(_KEYS) for rows in arrived]
    connection.register("arrived", pa.concat_tables(keys))
    taken = f"SELECT {FILE}, {LINE} FROM made UNION ALL SELECT {FILE}, {LINE} FROM fed"
    anew = dict(
        connection.execute(
            f"SELECT {FILE}, count(DISTINCT {LINE}) FROM arrived WHERE ({FILE}, {LINE}) NOT IN ({taken}) GROUP BY ALL"
        ).fetchall()
    )
    named = [(day, file) for day, part in zip(days, parts, strict=True) for file in part.files]
    return tuple(
        SourceFile(
            f"{day}/{file.name}",
            file.rows_in,
            {**file.ignored, **({_LATER: anew[index]} if index in anew else {})},
        )
        for index, (day, file) in enumerate(named)
    )


def _findings(parts: Sequence[Intake], days: Sequence[date]) -> tuple[Finding, ...]:
    """Gather what was found; what is said of the whole is said of the newest export only."""
    found = []
    for place, (day, part) in enumerate(zip(days, parts, strict=True)):
        for one in part.findings:
            if one.file:
                shown = tuple(f"{day}/{example}" for example in one.examples)
                found.append(Finding(one.code, f"{day}/{one.file}", one.rows, shown, one.lines))
            elif place == len(parts) - 1 and not (len(parts) > 1 and one.code in _ALONE):
                found.append(one)
    return tuple(found)


def _quarantine(parts: Sequence[Intake], days: Sequence[date]) -> dict[str, pd.DataFrame]:
    held: dict[str, list[pd.DataFrame]] = {}
    for day, part in zip(days, parts, strict=True):
        for name, frame in part.quarantine.items():
            held.setdefault(name, []).append(frame.assign(file=f"{day}/" + frame["file"].astype(str)))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in held.items()}
