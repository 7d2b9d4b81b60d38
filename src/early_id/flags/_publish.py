"""Writing one week's lists: all of it or nothing, and the same bytes when it is done again."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.exceptions import DataError, GateError
from early_id.flags._lists import WeeklyLists

_DAYS = ("as_of", "last_listed")


def publish(lists: WeeklyLists, folder: Path, *, purpose: str, facts: Mapping[str, Any]) -> Path:
    """Write approved lists into `folder/as_of=YYYY-MM-DD/`.

    Parameters
    ----------
    lists : WeeklyLists
        Approved lists.
    folder : Path
        Where the lists of all dates lie.
    purpose : str
        What the lists may be used for; printed in every file that can carry it.
    facts : mapping
        What the manifest says of the model and its sign-off; JSON-able and free of the time of writing.

    Returns
    -------
    Path
        The folder of the date: one CSV and one Parquet per school, not_scored, resolved, manifest.json.

    Raises
    ------
    GateError
        If the lists are not approved, or other lists were already published for the date.
    """
    if not lists.approved:
        msg = (
            "Expected lists approved by a sign-off, got a draft; publish with early_id.pipeline.weekly_flags."
        )
        raise GateError(msg)
    day = lists.as_of.date().isoformat()
    target = folder / f"as_of={day}"
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".publishing-", dir=folder))
    try:
        _write_all(lists, staging, purpose, facts)
        if target.exists():
            _refuse_other(target, staging, day)
        else:
            staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _write_all(lists: WeeklyLists, folder: Path, purpose: str, facts: Mapping[str, Any]) -> None:
    """Write every file of the week; the manifest last, with the hash of each of the others."""
    for school in lists.schools["school_id"]:
        _write(lists.lists[lists.lists["school_id"] == school], folder / f"school={school}", purpose)
    _write(lists.not_scored, folder / "not_scored", purpose)
    _write(lists.resolved, folder / "resolved", purpose)
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
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


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
    shown.to_csv(stem.with_name(stem.name + ".csv"), index=False, lineterminator="\n")


def _refuse_other(target: Path, staging: Path, day: str) -> None:
    """Accept a list that is already there only if it is the same to the byte."""
    old = {file.name: file.read_bytes() for file in target.iterdir()}
    new = {file.name: file.read_bytes() for file in staging.iterdir()}
    if "manifest.json" not in old:
        msg = f"Expected complete lists in {target.name}, found no manifest.json; restore or remove that folder first."
        raise DataError(msg)
    if old != new:
        different = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        msg = (
            f"Expected the lists of {day} to be the ones already published, got others (in {len(different)} files, "
            f"first {different[0]}); published lists are never changed: publish into another folder to compare."
        )
        raise GateError(msg)
