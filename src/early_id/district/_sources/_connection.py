"""Canonical tables that lie in a database, read through an Ibis connection as a folder's files are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from early_id.district._intake import Finding, Intake, SourceFile
from early_id.district._rows import BLOCK
from early_id.district._sources._folder_mapping import TableMapping, folder_mapping
from early_id.district._sources._gathered import Gathered
from early_id.district._tables import JUDGED, TABLES
from early_id.district._text import Cells, plain
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ibis.backends import BaseBackend


def read_connection(connection: BaseBackend, mapping: Mapping[str, Any] | None = None) -> Intake:
    """Read every canonical table of a database as typed cells; tables of other names are not looked at.

    Rows are numbered from 1 in the order in which the database gives them.

    Parameters
    ----------
    connection : ibis.backends.BaseBackend
        Any database Ibis reads.
    mapping : mapping, optional
        What the district calls things: canonical table to `file` (the name of the table, with its schema before a dot
        where it has one), `columns` and `values`.

    Raises
    ------
    ConfigError
        If it is no Ibis connection, or the mapping names what is not there.
    DataError
        If the database cannot be asked, or holds no canonical table.
    """
    own = folder_mapping(mapping)
    places = _places(connection, own)
    gathered = Gathered(own)
    for name in JUDGED:
        if name in places:
            _take(gathered, connection, name, *places[name])
        elif TABLES[name].required:
            gathered.findings.append(Finding("EID-FILE-001", name, 0, (f"no table {name}",)))
    return gathered.intake()


def _places(
    connection: BaseBackend, own: Mapping[str, TableMapping]
) -> dict[str, tuple[str, str | None, list[str]]]:
    """Canonical table to the name of the database's table, its schema if it has one, and others like it."""
    present = _tables(connection, None)
    places: dict[str, tuple[str, str | None, list[str]]] = {}
    for name in JUDGED:
        theirs = own[name].file if name in own else None
        if theirs is not None:
            places[name] = _named(connection, present, name, theirs)
            continue
        alike = sorted((one for one in present if one.lower() == name), key=lambda one: (one != name, one))
        if alike:
            places[name] = alike[0], None, alike[1:] if alike[0] != name else []
    if not places:
        found = f"found {examples(sorted(present))}" if present else "found no table"
        msg = (
            f"Expected tables such as schools or enrollments in the database, but {found}; "
            f"name the tables {', '.join(TABLES)}, or say in a mapping which table holds which."
        )
        raise DataError(msg)
    return places


def _named(
    connection: BaseBackend, present: list[str], name: str, theirs: str
) -> tuple[str, str | None, list[str]]:
    database, _, last = theirs.rpartition(".")
    if theirs in present:
        return theirs, None, []
    known = _tables(connection, database) if database else present
    if last not in known:
        msg = (
            f"Expected a table {theirs!r} in the database, which the mapping reads as {name}, "
            f"but there is none: {did_you_mean(last, known) if known else 'no table lies there.'}"
        )
        raise ConfigError(msg)
    return last, database or None, []


def _tables(connection: BaseBackend, database: str | None) -> list[str]:
    if not (hasattr(connection, "list_tables") and hasattr(connection, "table")):
        msg = (
            "Expected a path, or an Ibis connection such as ibis.duckdb.connect(file), "
            f"got {type(connection).__name__}."
        )
        raise ConfigError(msg)
    try:
        return list(connection.list_tables(database=database))
    except Exception as error:
        msg = (
            f"Expected a database that lists its tables, but it says: {_told(error)}; look at the connection."
        )
        raise DataError(msg) from error


def _take(
    gathered: Gathered,
    connection: BaseBackend,
    name: str,
    theirs: str,
    database: str | None,
    alike: list[str],
) -> None:
    if alike:
        for other in (theirs, *alike):
            gathered.files.append(SourceFile(other, 0, table=name))
            said = f"{other}: the database also has {examples(sorted({theirs, *alike} - {other}))}"
            gathered.findings.append(Finding("EID-FILE-004", other, 0, (said,)))
        return
    file = f"{database}.{theirs}" if database else theirs
    gathered.take(TABLES[name], file, _blocks(connection, theirs, database, file))


def _blocks(connection: BaseBackend, theirs: str, database: str | None, file: str) -> Iterator[Cells]:
    """Read a table a block of rows at a time; at least one block, which may be empty."""
    before = 0
    try:
        reader = connection.table(theirs, database=database).to_pyarrow_batches(chunk_size=BLOCK)
        columns = tuple(column.strip() for column in reader.schema.names)
        yield Cells(
            columns, reader.schema.empty_table().rename_columns(list(columns)), pa.array([], pa.int64()), {}
        )
        for batch in reader:
            rows = plain(pa.Table.from_batches([batch]).rename_columns(list(columns)))
            yield Cells(columns, rows, pa.array(np.arange(before + 1, before + rows.num_rows + 1)), {})
            before += rows.num_rows
    except Exception as error:  # every database raises its own
        msg = f"{file} cannot be read ({_told(error)})"
        raise DataError(msg) from error


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
