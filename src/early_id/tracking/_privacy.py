"""No student rows in a tracking store: what is refused before it is written.

A tracking store is shared, copied and kept for years; it may hold figures about students, never rows of them.
The check is structural (columns and keys that identify a person), so it needs no list of real ids.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from early_id.exceptions import DataError, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Names that identify a person, alone or as the end of a longer name.
_PERSONAL = re.compile(r"(^|_|\.)(student|pupil|adult)_?(id|ids|name|names)$", re.IGNORECASE)


def personal_names(names: Iterable[object]) -> list[str]:
    """Give the names that identify a person.

    >>> personal_names(["school_id", "student_id", "n_students"])
    ['student_id']
    """
    return [str(name) for name in names if _PERSONAL.search(str(name).strip())]


def refuse_personal(names: Iterable[object], where: str) -> None:
    """Raise if any name identifies a person.

    Raises
    ------
    DataError
        Naming the columns and the file.
    """
    found = personal_names(names)
    if found:
        msg = (
            f"Expected no student rows in the tracking store, got {examples(found)} in {where!r}; "
            "log figures per school or group instead, and keep rows in the district's own folder."
        )
        raise DataError(msg)


def check_content(path: str, content: bytes) -> None:
    """Look into JSON, CSV and Parquet files for keys or columns that identify a person.

    Raises
    ------
    DataError
        If there are any.
    """
    if path.endswith(".json"):
        try:
            refuse_personal(_keys(json.loads(content)), path)
        except ValueError as error:
            msg = f"Expected JSON in {path!r}, got text that does not parse ({error})."
            raise DataError(msg) from error
    elif path.endswith((".csv", ".tsv")):
        delimiter = "," if path.endswith(".csv") else "\t"
        header = next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter), [])
        refuse_personal(header, path)
    elif path.endswith(".parquet"):
        import pyarrow.parquet as pq

        refuse_personal(pq.read_schema(io.BytesIO(content)).names, path)


def _keys(value: Any) -> Iterator[str]:
    """Give all keys of nested JSON; columns beside data (pandas' split layout) count as keys."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key == "columns" and "data" in value and isinstance(inner, list):
                yield from (name for name in inner if isinstance(name, str))
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
