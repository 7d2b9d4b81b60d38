"""A OneRoster bundle as it arrives: the files of a folder or a zip, and whether they are the whole truth."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from early_id.district._sources._folder import list_files
from early_id.district._text import Cells, read_blocks
from early_id.exceptions import ConfigError, DataError, examples

#: Files without which nobody can be placed in a school.
_NEEDED = ("orgs", "academicSessions", "users")
_UNWANTED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError)


@dataclass(frozen=True)
class Bundle:
    """The CSV files of one delivery by their standard name, such as `orgs`, in lower case, and what the manifest says.

    Attributes
    ----------
    files : mapping
        Lower-case name to file.
    manifest : mapping
        Property to value; empty without a manifest.
    """

    files: dict[str, Path]
    manifest: dict[str, str]

    def file(self, name: str) -> list[Path]:
        """List the file of a standard name: one or none."""
        return [self.files[name.lower()]] if name.lower() in self.files else []

    def modes(self) -> dict[str, str]:
        """Say what the manifest says of each file: absent, bulk or delta, by lower-case name."""
        return {
            key.removeprefix("file.").lower(): value.lower()
            for key, value in self.manifest.items()
            if key.startswith("file.")
        }


def open_bundle(path: Path, unpacked: Path) -> Bundle:
    """Find the files of a bundle; those of a zip are put into the folder `unpacked`.

    Raises
    ------
    ConfigError
        If there is nothing at the path, or a file that is no zip.
    DataError
        If the zip cannot be read, a file that everything rests on is missing, or the bundle is not of version 1.2.
    """
    folder = path
    if path.is_file() and path.suffix.lower() == ".zip":
        _unpack(path, unpacked)
        folder = unpacked
    elif path.is_file():
        msg = f"Expected a folder or a .zip file with a OneRoster bundle, got {str(path)!r}; name one of the two."
        raise ConfigError(msg)
    files = {
        file.stem.lower(): file for file in reversed(list_files(folder)) if file.suffix.lower() == ".csv"
    }
    missing = [f"{name}.csv" for name in _NEEDED if name.lower() not in files]
    if not {"roles", "enrollments"} & files.keys():
        missing.append("roles.csv or enrollments.csv")
    if missing:
        found = examples(sorted(file.name for file in files.values())) if files else "no CSV file"
        msg = f"Expected a OneRoster bundle in {str(path)!r}, but found no {missing[0]}, only {found}; export it."
        raise DataError(msg)
    bundle = Bundle(files, _manifest(files))
    version = bundle.manifest.get("oneroster.version", "1.2")
    if not version.startswith("1.2"):
        msg = f"Expected a bundle of OneRoster 1.2, but manifest.csv says {version!r}; export in version 1.2."
        raise DataError(msg)
    return bundle


def refuse_delta(bundle: Bundle, names: list[str]) -> None:
    """Refuse files in which every row carries a status: they tell changes, and no whole district.

    If manifest and file disagree the file counts, as the standard says.

    Raises
    ------
    DataError
    """
    delta = [f"{name}.csv" for name in names if _is_delta(bundle.files.get(name.lower()))]
    if delta:
        msg = (
            f"Expected a bulk bundle, but every row of {examples(delta)} carries a status, as in a delta, which holds "
            "changes only; export in bulk, or, where the files do hold everything, say `mode: bulk` in the mapping."
        )
        raise DataError(msg)


def _is_delta(file: Path | None) -> bool:
    """Say whether every row of a file, and there is one, carries a status."""
    rows = 0
    for cells in _blocks(file):
        if "status" not in cells.rows.column_names or cells.rows.column("status").null_count:
            return False
        rows += cells.rows.num_rows
    return rows > 0


def _manifest(files: dict[str, Path]) -> dict[str, str]:
    rows = [
        row
        for cells in _blocks(files.get("manifest"))
        if {"propertyName", "value"} <= set(cells.columns)
        for row in cells.rows.select(["propertyName", "value"]).to_pylist()
    ]
    return {str(row["propertyName"]).strip(): str(row["value"] or "").strip() for row in rows}


def _blocks(file: Path | None) -> Iterator[Cells]:
    """Read a file ahead; what is wrong with it is said when it is read for good."""
    with contextlib.suppress(DataError):
        yield from () if file is None else read_blocks(file)


def _unpack(path: Path, into: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            # Files lie at the root, as the standard wants; nothing else is unpacked.
            for name in archive.namelist():
                if name.lower().endswith(".csv") and Path(name).name == name:
                    archive.extract(name, into)
    except _UNWANTED as error:
        reason = " ".join(str(error).split())
        msg = (
            f"Expected a zip with a OneRoster bundle in {str(path)!r}, but it cannot be read ({reason[:200]}); "
            "export it again."
        )
        raise DataError(msg) from error
