"""The sources by name, and the way from a name, a function or a file of Python to what it read."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from early_id.district._intake import Intake
from early_id.district._sources._calpads import read_calpads
from early_id.district._sources._connection import read_connection
from early_id.district._sources._edfi import read_edfi
from early_id.district._sources._folder import read_folder
from early_id.district._sources._kept import kept_exports, read_kept
from early_id.district._sources._mapping import load_mapping
from early_id.district._sources._oneroster import read_oneroster
from early_id.district._sources._oulad import read_oulad
from early_id.exceptions import ConfigError, did_you_mean

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

#: A district's own source: a function from a path to what it found there.
Reader = Callable[[Path], Intake]

#: The sources of the library: functions from a path and the district's mapping to what they found there.
SOURCES: Mapping[str, Callable[[Path, Mapping[str, Any]], Intake]] = {
    "folder": read_folder,
    "calpads": read_calpads,
    "edfi": read_edfi,
    "oneroster": read_oneroster,
    "oulad": read_oulad,
}


def read_source(
    path: str | Path | BaseBackend, source: str | Reader, mapping: str | Path | Mapping[str, Any] | None
) -> tuple[str, Intake]:
    """Read a path, or the tables of a database, as a source lays them out.

    Parameters
    ----------
    path : path or ibis.backends.BaseBackend
        Where the data is.
    source : str or callable
        Name of a source, a function that takes the path, or a file of Python (`my_sis.py`) with such a function named
        `read`.
    mapping : path or mapping, optional
        What the district calls things, as its source understands it.

    Returns
    -------
    name, intake

    Raises
    ------
    ConfigError
        If there is no such source, or it takes no mapping or no connection.
    """
    if not isinstance(path, str | Path):
        if source != "folder":
            msg = f"Expected the source 'folder' for an Ibis connection, got {source!r}; its tables are canonical ones."
            raise ConfigError(msg)
        return source, read_connection(path, load_mapping(mapping))
    path = Path(path)
    if isinstance(source, str) and not source.endswith(".py"):
        if source not in SOURCES:
            msg = f"Expected a source, got {source!r}: {did_you_mean(source, SOURCES)}"
            raise ConfigError(msg)
        own, named = load_mapping(mapping), SOURCES[source]
        exports = kept_exports(path)
        return source, read_kept(exports, lambda folder: named(folder, own)) if exports else named(path, own)
    name, read = _own(source)
    if mapping is not None:
        msg = f"Expected no mapping for the source {name!r}, which is a function of the path alone; leave it out."
        raise ConfigError(msg)
    intake = read(path)
    if not isinstance(intake, Intake):
        msg = f"Expected the source {name!r} to return an Intake (`Reading.intake()`), got {type(intake).__name__}."
        raise ConfigError(msg)
    return name, intake


def _own(source: str | Reader) -> tuple[str, Reader]:
    if not isinstance(source, str):
        return str(getattr(source, "__name__", "own")), source
    file = Path(source)
    if not file.is_file():
        msg = f"Expected a file of Python with the source, but {source!r} does not exist; check the path."
        raise ConfigError(msg)
    spec = importlib.util.spec_from_file_location(f"early_id_source_{file.stem}", file)
    if spec is None or spec.loader is None:
        msg = f"Expected a file of Python with the source, but {source!r} cannot be loaded as one."
        raise ConfigError(msg)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "read", None)):
        msg = f"Expected a function `read(path)` in {source!r}, but there is none; name it so."
        raise ConfigError(msg)
    return file.stem, module.read
