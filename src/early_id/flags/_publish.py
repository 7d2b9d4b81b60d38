"""Publishing one week's lists: all of it or nothing, in order, and the same bytes when it is done again."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from early_id.exceptions import GateError
from early_id.flags._files import write_files
from early_id.flags._history import published_weeks, read_manifest, read_published
from early_id.flags._lists import WeeklyLists

_STAGING = ".publishing-"
#: What a process that died left behind is cleared away once no other can still be writing it.
_STALE_SECONDS = 24 * 60 * 60


def publish(
    lists: WeeklyLists,
    folder: Path,
    *,
    purpose: str,
    facts: Mapping[str, Any],
    pages: Mapping[str, str] | None = None,
) -> Path:
    """Write approved lists into `folder/as_of=YYYY-MM-DD/`.

    Parameters
    ----------
    lists : WeeklyLists
        Approved lists.
    folder : Path
        Where the lists of all dates lie.
    purpose : str
        What the lists may be used for: in PURPOSE.txt, the manifest and the metadata of every Parquet file.
    facts : mapping
        What the manifest says of the model, its sign-off and the data; JSON-able and free of the time of writing.
    pages : mapping of file name to HTML, optional
        Pages published with the lists.

    Returns
    -------
    Path
        The folder of the date: one CSV and one Parquet per school, not_scored, resolved, PURPOSE.txt, the pages,
        manifest.json. It may be read by whom the umask of the process allows.

    Raises
    ------
    GateError
        If the lists are not approved, other lists were already published for the date, or lists of a later date.
    DataError
        If what was published for the date is no longer whole, or two schools would share a file.
    """
    if not lists.approved:
        msg = (
            "Expected lists approved by a sign-off, got a draft; publish with early_id.pipeline.weekly_flags."
        )
        raise GateError(msg)
    target = folder / f"as_of={lists.as_of.date().isoformat()}"
    if not target.exists():
        _refuse_earlier(folder, lists)
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder))
    try:
        write_files(lists, staging, purpose, facts, pages or {})
        _put(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _put(staging: Path, target: Path) -> None:
    """Move a complete week into place; of two processes that finish together the second one compares."""
    # mkdtemp makes a private folder; the week may be read as any new folder may.
    mask = os.umask(0)
    os.umask(mask)
    staging.chmod(0o777 & ~mask)
    if not target.exists():
        try:
            staging.rename(target)
            return
        except OSError:
            if not target.exists():
                raise
    _refuse_other(target, staging)


def _refuse_earlier(folder: Path, lists: WeeklyLists) -> None:
    """Refuse a new week before one that is out: it would change what that one says of who is new."""
    later = [week.name for day, week in published_weeks(folder).items() if day > lists.as_of]
    if later:
        msg = (
            f"Expected lists of a date after {later[-1]}, which is published, got {lists.as_of.date().isoformat()}; "
            "publish weeks in their order, or into another folder to compare."
        )
        raise GateError(msg)


def _refuse_other(target: Path, staging: Path) -> None:
    """Accept lists that are already there only if they are whole and the same to the byte.

    Only the files a week was published with count: a lock file of somebody's spreadsheet is none of them, and the
    manifest also tells of the data, which may have grown since.
    """
    old, new = read_manifest(target)["files"], read_manifest(staging)["files"]
    for name, digest in old.items():
        read_published(target, name, digest)
    different = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if different:
        msg = (
            f"Expected the lists of {target.name} to be the ones already published, got others (in {len(different)} "
            f"files, first {different[0]}); published lists are never changed: publish into another folder to compare."
        )
        raise GateError(msg)


def _sweep(folder: Path) -> None:
    """Remove what a process that was stopped half-way left behind."""
    for left in folder.glob(f"{_STAGING}*"):
        try:
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left)
        except OSError:
            continue  # another process was faster, or it is somebody else's: no reason to send no lists
