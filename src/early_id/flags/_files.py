"""The files of one week: names that are safe, tables as CSV and Parquet, a manifest with the hash of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.exceptions import DataError, examples
from early_id.flags._lists import WeeklyLists

_DAYS = ("as_of", "last_listed")
#: A spreadsheet runs a cell that begins like this as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def school_files(schools: Iterable[str]) -> dict[str, str]:
    """Give each school the stem of its files: its id, other signs than letters, digits, `.`, `_` and `-` as `%XX`.

    Raises
    ------
    DataError
        If two ids differ only in case, which is one file on many machines.

    Examples
    --------
    >>> school_files(["01", "../x"])
    {'01': 'school=01', '../x': 'school=..%2Fx'}
    """
    stems = {school: "school=" + quote(school, safe="").replace("~", "%7E") for school in schools}
    folded = pd.Series({school: stem.casefold() for school, stem in stems.items()}, dtype="str")
    same = folded[folded.duplicated(keep=False)]
    if len(same):
        msg = (
            f"Expected school ids that differ in more than upper and lower case, got {examples(same.index)}; their "
            "lists would be one file: correct the ids where they come from."
        )
        raise DataError(msg)
    return stems


def write_files(
    lists: WeeklyLists, folder: Path, purpose: str, facts: Mapping[str, Any], pages: Mapping[str, str]
) -> None:
    """Write every file of the week; the manifest last, with the hash of each of the others."""
    for school, stem in school_files(lists.schools["school_id"]).items():
        _write(lists.lists[lists.lists["school_id"] == school], folder / stem, purpose)
    _write(lists.not_scored, folder / "not_scored", purpose)
    _write(lists.resolved, folder / "resolved", purpose)
    for name, text in {"PURPOSE.txt": purpose + "\n", **pages}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    manifest = {
        "as_of": lists.as_of.date().isoformat(),
        "purpose": purpose,
        "listed": len(lists.lists),
        "not_scored": len(lists.not_scored),
        "resolved": len(lists.resolved),
        "schools": lists.schools.to_dict("records"),
        **facts,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def _write(rows: pd.DataFrame, stem: Path, purpose: str) -> None:
    """Write one table as CSV and as Parquet with days as DATE and the purpose in its metadata."""
    days = {name: rows[name].dt.date for name in _DAYS if name in rows}
    table = pa.Table.from_pandas(rows.assign(**days), preserve_index=False)
    for place, field in enumerate(table.schema):
        if pa.types.is_null(field.type) or pa.types.is_large_string(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
        if field.name in _DAYS:
            table = table.set_column(place, field.name, table.column(place).cast(pa.date32()))
    table = table.replace_schema_metadata({"purpose": purpose})
    pq.write_table(table, stem.with_name(stem.name + ".parquet"))
    shown = rows.assign(**{name: rows[name].dt.strftime("%Y-%m-%d") for name in days})
    if "score" in shown:
        shown["score"] = shown["score"].map("{:.6f}".format)
    harmless = {
        str(name): cells.map(_as_text) for name, cells in shown.items() if cells.dtype.kind not in "iufb"
    }
    shown.assign(**harmless).to_csv(
        stem.with_name(stem.name + ".csv"), index=False, lineterminator="\n", encoding="utf-8"
    )


def _as_text(cell: object) -> object:
    """Put a quote before what a spreadsheet would run; Parquet keeps the cell as it is.

    A carriage return would begin a row of its own in many readers: it becomes a blank.
    """
    if not isinstance(cell, str):
        return cell
    return ("'" + cell if cell.startswith(_FORMULA) else cell).replace("\r", " ")
