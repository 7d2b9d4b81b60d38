"""What audits released, kept beside the models: what one audit of a school year masks stays masked in the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.evaluation import write_atomic
from early_id.exceptions import DataError
from early_id.fairness import Release

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "releases"


def load_releases(models: Path) -> list[Release]:
    """Read what earlier audits counted and hid, in the order in which they were made."""
    found = []
    for path in sorted((models / FOLDER).glob("*.json")):
        try:
            found.append(Release.from_json(path.read_text(encoding="utf-8", errors="replace")))
        except DataError as error:
            msg = f"{path}: {error}"
            raise DataError(msg) from error
    return found


def keep_release(models: Path, release: Release, known: list[Release]) -> None:
    """Keep what an audit released, before anything of it is written elsewhere; the same audit again is kept once."""
    if any(release.counted == other.counted for other in known):
        return
    name = f"{len(known) + 1:04d}-{release.counted[:12]}.json"
    write_atomic(models / FOLDER / name, release.to_json().encode())
