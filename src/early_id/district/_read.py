"""Read a district from where it keeps its data, and refuse what cannot be believed."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from early_id.district._check import CheckResult, check_district
from early_id.exceptions import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from ibis.backends import BaseBackend

    from early_id.district._district import District
    from early_id.district._sources import Reader

_SHOWN = 5


def read_district(
    path: str | Path | BaseBackend,
    *,
    source: str | Reader = "folder",
    mapping: str | Path | Mapping[str, Any] | None = None,
    on_error: Literal["raise", "quarantine"] = "raise",
    today: date | None = None,
) -> District:
    """Read a district's tables, checked.

    Parameters
    ----------
    path : path or ibis.backends.BaseBackend
        Folder with the data, or a database with the canonical tables: `ibis.duckdb.connect(file)`, Spark or any other
        Ibis reads. They are read where they are, with `source="folder"`.
    source : str or callable
        How it is laid out: "folder" is one CSV or Parquet file per canonical table, "edfi" an export of an Ed-Fi ODS,
        "oneroster" a bulk bundle of OneRoster 1.2, "calpads" files as they are submitted to the state of California
        or extracted from it, "oulad" the files of the Open University Learning Analytics Dataset as downloaded; a
        function that takes the path, or a file of Python with such a function
        `read`, is a source of the district's own (docs/sources.md).
    mapping : path or mapping, optional
        What the district calls things: a YAML file, or its content, as the source understands it (docs/sources.md).
    on_error : {"raise", "quarantine"}
        What to do when a rule of severity error is broken: stop, or go on with the good rows only.
    today : datetime.date, optional
        Rows that claim to be known later are errors; the current date unless given.

    Returns
    -------
    District

    Raises
    ------
    ConfigError
        If there is no such folder or source.
    DataError
        If the folder or database holds no known table, or a rule of severity error is broken and `on_error` is "raise".

    Examples
    --------
    >>> read_district("no/such/folder")
    Traceback (most recent call last):
    early_id.exceptions.ConfigError: Expected a folder, but 'no/such/folder' does not exist; check the path.
    """
    if on_error not in ("raise", "quarantine"):
        msg = f"Expected on_error to be 'raise' or 'quarantine', got {on_error!r}."
        raise ConfigError(msg)
    result = check_district(path, source=source, mapping=mapping, today=today)
    if on_error == "raise" and not result.ok:
        raise DataError(_refusal(result, path))
    return result.district


def _refusal(result: CheckResult, path: str | Path | BaseBackend) -> str:
    """Say in one sentence what is broken, by how many rows, with examples, and what to do next."""
    errors = result.rules[result.rules["severity"] == "error"]
    told = errors.head(_SHOWN)
    parts = [
        f"{row['code']} {row['title']} ({_counted(row['rows'])}{'; '.join(row['examples'][:shown])})"
        for (_, row), shown in zip(told.iterrows(), _shares(told["examples"].map(len).tolist()), strict=True)
    ]
    more = f" and {len(errors) - _SHOWN} more rules" if len(errors) > _SHOWN else ""
    where, check = repr(str(path)), f"run `early-id check {path} --source {result.source} --out DIR`"
    if not isinstance(path, str | PurePath):
        where, check = "the database", "run `write_check(check_district(connection), DIR)`"
    check += " and use the cleaned DIR"
    if (errors["code"] == "EID-FILE-012").any():
        check = "mend the table that has no good row and read again"
    return f"Expected data without errors, but {where} breaks {', '.join(parts)}{more}; {check}."


def _counted(rows: int) -> str:
    """Count rows; a rule about a whole file may have none to count."""
    return f"{rows} {'row' if rows == 1 else 'rows'}: " if rows else ""


def _shares(counts: list[int]) -> list[int]:
    """Share out the examples one sentence holds: a rule with few leaves its share to the others.

    >>> _shares([5, 1]), _shares([5, 5, 5])
    ([4, 1], [1, 2, 2])
    """
    left, shares = _SHOWN, [0] * len(counts)
    for done, place in enumerate(sorted(range(len(counts)), key=counts.__getitem__)):
        shares[place] = min(counts[place], max(1, left // (len(counts) - done)))
        left -= shares[place]
    return shares
