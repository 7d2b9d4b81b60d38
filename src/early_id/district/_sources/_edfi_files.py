"""The files of an Ed-Fi export: which resource each one holds, and its objects as a sheet of texts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from early_id.district._sources._codes import code_sets
from early_id.district._sources._folder import refuse_no_folder
from early_id.district._sources._json import ITEM, json_items
from early_id.exceptions import DataError, examples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from early_id.district._sources._reading import Reading
    from early_id.district._text import Cells

_ENDINGS = (".json", ".jsonl", ".ndjson")
_PAGE = re.compile(r"[-_. ]?\d+$")
#: The sheet of all associations with a program.
PROGRAMS = "programAssociations"


def layouts() -> Mapping[str, Mapping[str, str]]:
    """Name the sheets: column to its place in an object."""
    return code_sets("edfi_resources")["read"]


def resource_files(path: Path) -> dict[str, list[Path]]:
    """Find the files of every resource: `students.jsonl`, pages `students-2.json`, or a folder `students/`.

    Raises
    ------
    ConfigError
        If there is no such folder.
    DataError
        If no file is named after a resource.
    """
    refuse_no_folder(path, "one file per Ed-Fi resource")
    found: dict[str, list[Path]] = {}
    names = {
        name.lower(): name for name in (*layouts(), *_programs(), *code_sets("edfi_resources")["ignored"])
    }
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in _ENDINGS and file.is_file():
            found.setdefault(_resource(file, path, names), []).append(file)
    if not found.keys() & names.values():
        seen = [str(file.relative_to(path)) for files in found.values() for file in files]
        arrived = f"found {examples(seen)}" if seen else "found no JSON file"
        msg = (
            f"Expected files such as students.jsonl or studentSchoolAssociations.json in {str(path)!r}, but {arrived}; "
            "name each file after the Ed-Fi resource it holds."
        )
        raise DataError(msg)
    return found


def _resource(file: Path, path: Path, names: Mapping[str, str]) -> str:
    """Name the resource of a file; a page is named after its resource or lies in a folder of that name."""
    stems = [file.stem, _PAGE.sub("", file.stem), *(part.name for part in file.parents if part != path)]
    return next((names[stem.lower()] for stem in stems if stem.lower() in names), stems[1] or file.stem)


def _programs() -> Mapping[str, str]:
    return code_sets("edfi_resources")["programs"]


def read_resources(reading: Reading, path: Path) -> frozenset[str]:
    """Read every file into the sheet of its resource; return the resources that are there, also with no object.

    Every sheet has, beside its columns, `resource`, and `item`: the text of what is no JSON object, else empty.
    """
    found = resource_files(path)
    ignored = code_sets("edfi_resources")["ignored"]
    for name, layout in layouts().items():
        reading.open_sheet(name, ["resource", *layout, ITEM])
    for resource, files in found.items():
        sheet = PROGRAMS if resource in _programs() else resource
        for file in files:
            name = file.relative_to(path).as_posix()
            if sheet in layouts():
                parts = (_extracted(reading, cells, resource, layouts()[sheet]) for cells in json_items(file))
                reading.add(sheet, name, parts, empty=True)
                continue
            try:
                count = sum(cells.count for cells in json_items(file))
            except DataError as error:
                reading.unreadable(name, str(error))
            else:
                reading.unread(name, count, ignored.get(resource, "not a resource that is read"))
    for name in layouts():
        reading.hold_back(name, f"{ITEM} IS NOT NULL", "EID-EDF-001", "{item:.60}")
    return frozenset(found)


def _extracted(reading: Reading, cells: Cells, resource: str, layout: Mapping[str, str]) -> Cells:
    """Take the columns of a layout out of the text of each object; lists stay JSON."""
    paths = ", ".join(f"'$.{place}'" for place in layout.values())
    columns = ", ".join(f'found[{number}] AS "{name}"' for number, name in enumerate(layout, start=1))
    reading.connection.register("arriving", cells.rows)
    rows = reading.connection.sql(
        f"""
        WITH told AS (
            FROM arriving SELECT {ITEM},
                CASE WHEN json_valid({ITEM}) THEN json_type({ITEM}) = 'OBJECT' ELSE false END AS is_object
        ),
        taken AS (
            FROM told SELECT {ITEM}, is_object,
                CASE WHEN is_object THEN json_extract_string({ITEM}, [{paths}]) END AS found
        )
        FROM taken SELECT ? AS resource, {columns}, CASE WHEN NOT is_object THEN {ITEM} END AS {ITEM}
        """,
        params=[resource],
    ).to_arrow_table()
    reading.connection.unregister("arriving")
    return replace(cells, columns=tuple(rows.column_names), rows=rows)
