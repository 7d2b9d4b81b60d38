"""Text cells to typed columns. What cannot be understood is pointed at, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from early_id.district._tables import Kind, Table

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0+)?")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

#: What a cell of each kind has to look like, for error messages.
EXPECTED: dict[Kind, str] = {
    "string": "text",
    "int": "a whole number",
    "date": "a day as YYYY-MM-DD",
    "bool": "true or false",
}


@dataclass(frozen=True)
class Typed:
    """A column in its canonical type; `wrong` holds the positions of cells that could not be understood."""

    values: pa.Array
    wrong: npt.NDArray[np.int64]


def parse_int(text: str) -> int | None:
    """Read a whole number; `7.0` is one, `7.5` is not.

    >>> parse_int("7"), parse_int("7.0"), parse_int("7.5")
    (7, 7, None)
    """
    return int(text.split(".")[0]) if _WHOLE.fullmatch(text) else None


def parse_day(text: str) -> date | None:
    """Read an ISO day.

    >>> parse_day("2024-02-29"), parse_day("2023-02-29"), parse_day("2/29/2024")
    (datetime.date(2024, 2, 29), None, None)
    """
    if not _ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_bool(text: str) -> bool | None:
    """Read true/false, yes/no or 1/0, in any case.

    >>> parse_bool("Yes"), parse_bool("0"), parse_bool("maybe")
    (True, False, None)
    """
    return _BOOLS.get(text.lower())


_PARSERS: dict[Kind, tuple[Callable[[str], object], pa.DataType]] = {
    "int": (parse_int, pa.int64()),
    "date": (parse_day, pa.date32()),
    "bool": (parse_bool, pa.bool_()),
}


def to_kind(column: pa.ChunkedArray, kind: Kind) -> Typed:
    """Give a column of any Arrow type its canonical type.

    Values that are already of the kind pass through; everything else goes through its text, each distinct
    text parsed once (a county's days and counts repeat: a few thousand texts stand for millions of cells).
    """
    cells = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    same = _same_kind(cells, kind)
    if same is not None:
        return Typed(same, np.empty(0, np.int64))
    text = as_text(cells)
    if text is None:
        return Typed(pa.nulls(len(cells), _arrow_type(kind)), _positions(pc.is_valid(cells)))
    text = trimmed(text)
    if kind == "string":
        return Typed(text, np.empty(0, np.int64))
    parse, type_ = _PARSERS[kind]
    encoded = pc.dictionary_encode(text)
    values = pa.array([parse(value) for value in encoded.dictionary.to_pylist()], type_).take(encoded.indices)
    return Typed(values, _positions(pc.and_(pc.is_valid(text), pc.is_null(values))))


def trimmed(text: pa.Array) -> pa.Array:
    """Strip surrounding blanks; a cell with nothing else in it is empty, hence null."""
    stripped = pc.utf8_trim_whitespace(text.cast(pa.string()))
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)


def typed_columns(rows: pa.Table, table: Table) -> tuple[pa.Table, dict[str, npt.NDArray[np.int64]]]:
    """Type every canonical column of a table; return it with the positions of wrong cells by column.

    Columns that are not in `rows` become null; columns the table does not know are dropped.
    """
    columns: dict[str, pa.Array] = {}
    wrong: dict[str, npt.NDArray[np.int64]] = {}
    for name, column in table.all_columns.items():
        if name not in rows.column_names:
            columns[name] = pa.nulls(rows.num_rows, _arrow_type(column.kind))
            continue
        typed = to_kind(rows.column(name), column.kind)
        columns[name] = typed.values
        if len(typed.wrong):
            wrong[name] = typed.wrong
    return pa.table(columns), wrong


def text_of(column: pa.ChunkedArray) -> pa.Array:
    """Write every cell as text without surrounding blanks; an empty one is null."""
    text = as_text(column.combine_chunks())
    # What is no cell, such as a list in a Parquet column, is told by its look.
    return trimmed(pa.array([str(cell) for cell in column.to_pylist()]) if text is None else text)


def under_each_other(parts: list[pa.Table]) -> pa.Table:
    """Put the parts of a table together; a column that has another type in each becomes text."""
    layout = shared_layout([part.schema for part in parts])
    return pa.concat_tables([laid_out(part, layout) for part in parts])


def shared_layout(schemas: list[pa.Schema]) -> pa.Schema:
    """Name all columns of some tables; one that has another type in each is text."""
    types: dict[str, set[pa.DataType]] = {}
    for schema in schemas:
        for cells in schema:
            types.setdefault(cells.name, set()).add(cells.type)
    return pa.schema(
        [(name, next(iter(found)) if len(found) == 1 else pa.string()) for name, found in types.items()]
    )


def laid_out(rows: pa.Table, layout: pa.Schema) -> pa.Table:
    """Give rows the columns of a layout: one that is not there is empty, one of another type becomes text."""
    columns = []
    for name, kind in zip(layout.names, layout.types, strict=True):
        if name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, kind))
        else:
            columns.append(rows[name] if rows[name].type == kind else text_of(rows[name]))
    return pa.table(columns, schema=layout)


def _arrow_type(kind: Kind) -> pa.DataType:
    return pa.string() if kind == "string" else _PARSERS[kind][1]


def _same_kind(cells: pa.Array, kind: Kind) -> pa.Array | None:
    if pa.types.is_null(cells.type):
        return pa.nulls(len(cells), _arrow_type(kind))
    if kind == "int" and pa.types.is_signed_integer(cells.type):
        return cells.cast(pa.int64())
    if kind == "date" and pa.types.is_date32(cells.type):
        return cells
    if kind == "bool" and pa.types.is_boolean(cells.type):
        return cells
    return None


def as_text(cells: pa.Array) -> pa.Array | None:
    """Text of any flat column; a moment at midnight reads as its day, 7.0 as 7."""
    type_ = cells.type
    if pa.types.is_nested(type_):
        return None
    if pa.types.is_timestamp(type_) or pa.types.is_date64(type_):
        moments = cells.cast(pa.timestamp("us"))
        text = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%S")
        return pc.replace_substring_regex(text, r"T00:00:00(\.0+)?$", "")
    if pa.types.is_floating(type_):
        return pc.replace_substring_regex(cells.cast(pa.string()), r"\.0$", "")
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        return None
    try:
        return cells.cast(pa.string())
    except pa.ArrowNotImplementedError:  # a span of time, and what databases add
        return None


def _positions(mask: pa.Array) -> npt.NDArray[np.int64]:
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False)).astype(np.int64)
