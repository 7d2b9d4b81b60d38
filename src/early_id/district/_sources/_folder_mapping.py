"""What a district's files, columns and words are called where they are not called as the canonical ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict

from early_id.district._cells import as_text, trimmed
from early_id.district._sources._mapping import MappingShape, shaped
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError, did_you_mean


class TableMapping(MappingShape):
    """What one canonical table is called.

    Attributes
    ----------
    file : str, optional
        Name of the file, or of the table of a database.
    columns : mapping
        Canonical column to the district's column.
    values : mapping
        Canonical column to the district's words and the canonical word of each; other words stay as they are.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)

    file: str | None = None
    columns: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}

    def canonical(self, rows: pa.Table, file: str, name: str) -> pa.Table:
        """Add the canonical columns to the district's own, which stay for the quarantine.

        Raises
        ------
        ConfigError
            If a column of the mapping is not there.
        """
        renamed = rows
        for column, theirs in self.columns.items():
            if theirs not in rows.column_names:
                msg = (
                    f"Expected a column {theirs!r} in {file}, which the mapping reads as {name}.{column}, but there "
                    f"is none: {did_you_mean(theirs, rows.column_names)}"
                )
                raise ConfigError(msg)
            renamed = _with_column(renamed, column, rows.column(theirs))
        for column, words in self.values.items():
            if column in renamed.column_names:
                renamed = _with_column(renamed, column, _reworded(renamed.column(column), words))
        return renamed


def folder_mapping(mapping: Mapping[str, Any] | None) -> Mapping[str, TableMapping]:
    """Check what a district calls things: canonical table to its mapping.

    Raises
    ------
    ConfigError
        If it names a table, column or word that is not canonical, or one file for two tables.

    Examples
    --------
    >>> folder_mapping({"absences": {"file": "abs.csv"}})["absences"].file
    'abs.csv'
    """
    read = {}
    for name, part in (mapping or {}).items():
        if name not in TABLES:
            msg = f"Expected names of canonical tables in the mapping, got {name!r}: {did_you_mean(name, TABLES)}"
            raise ConfigError(msg)
        read[name] = shaped(part, TableMapping, "folder", under=name)
        _refuse_unknown(name, read[name])
    named = [part.file for part in read.values() if part.file]
    for file in named:
        if named.count(file) > 1:
            msg = (
                f"Expected one table per file in the mapping, got {file!r} for two; "
                "write the rows of each table into a file of its own."
            )
            raise ConfigError(msg)
    return read


def _refuse_unknown(name: str, part: TableMapping) -> None:
    known = TABLES[name].all_columns
    for column in (*part.columns, *part.values):
        if column not in known:
            msg = f"Expected columns of {name} in the mapping, got {column!r}: {did_you_mean(column, known)}"
            raise ConfigError(msg)
    for column, words in part.values.items():
        allowed = known[column].allowed
        for word in words.values():
            if allowed and word not in allowed:
                msg = (
                    f"Expected canonical words for {name}.{column} in the mapping, got {word!r}: "
                    f"{did_you_mean(word, allowed)}"
                )
                raise ConfigError(msg)


def _with_column(rows: pa.Table, name: str, column: pa.ChunkedArray | pa.Array) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, column)
    return rows.append_column(name, column)


def _reworded(column: pa.ChunkedArray, words: Mapping[str, str]) -> pa.Array:
    """Replace words by the canonical ones: as they are written, else whatever their case; "" is an empty cell."""
    text = as_text(column.combine_chunks())
    if text is None:
        return column
    encoded = pc.dictionary_encode(trimmed(text))
    lower = {word.lower(): to for word, to in words.items()}
    found = [words.get(word, lower.get(word.lower(), word)) for word in encoded.dictionary.to_pylist()]
    told = pa.array(found, pa.string()).take(encoded.indices)
    return pc.fill_null(told, words[""]) if "" in words else told
