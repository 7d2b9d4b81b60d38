"""A simulated county as a district like any other, and as files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Literal

from early_id.district._district import District
from early_id.district._edfi_export import write_edfi
from early_id.district._simulate import Bias, Simulated, simulate_tables
from early_id.district._simulate._files import write_blocks
from early_id.district._simulate._plan import draw_plan
from early_id.district._simulate._settings import Settings
from early_id.district._tables import TABLES
from early_id.exceptions import ConfigError

__all__ = ["Simulated", "simulate_district", "simulate_tables", "write_county"]


def simulate_district(
    *,
    students: int = 5000,
    schools: int = 12,
    districts: int = 3,
    years: int = 4,
    last_year: int = 2025,
    seed: int = 0,
    bias: Bias | None = None,
) -> District:
    """Simulate a county to try the library on before a district's own exports are at hand.

    Parameters are those of `early_id.district.simulate_tables`, which also returns each student's true risk.

    Examples
    --------
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> county.signals.has("absences"), len(county.frame("schools"))
    (True, 3)
    """
    simulated = simulate_tables(
        students=students,
        schools=schools,
        districts=districts,
        years=years,
        last_year=last_year,
        seed=seed,
        bias=bias,
    )
    return District.from_frames(simulated.tables)


def write_county(
    folder: str | Path,
    *,
    students: int = 5000,
    schools: int = 12,
    districts: int = 3,
    years: int = 4,
    last_year: int = 2025,
    seed: int = 0,
    bias: Bias | None = None,
    workers: int = 2,
    layout: Literal["folder", "edfi"] = "folder",
) -> dict[str, int]:
    """Write a simulated county and truth.parquet, all of it or nothing.

    The rows are those of `early_id.district.simulate_tables` with the same parameters, one block of some thousand
    students after the other and sorted by key within each, so that memory does not grow with the county.

    Parameters
    ----------
    folder : path
        A folder that does not exist yet, or is empty.
    students, schools, districts, years, last_year, seed, bias
        See `early_id.district.simulate_tables`.
    workers : int
        Blocks simulated at a time; the bytes written do not depend on it.
    layout : {"folder", "edfi"}
        Canonical Parquet tables, or an Ed-Fi export with `mapping.yaml`: what `read_district` reads as that source.

    Returns
    -------
    dict of table or resource name to number of rows

    Raises
    ------
    ConfigError
        If the folder is not empty, or a number does not make a county.

    Examples
    --------
    >>> import tempfile
    >>> rows = write_county(tempfile.mkdtemp(), students=120, schools=3, districts=1, years=2, seed=1)
    >>> rows["schools"], "decisions" in rows
    (3, False)
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = (
            f"Expected a new or empty folder for the simulated county, got {str(folder)!r}; name another one."
        )
        raise ConfigError(msg)
    if layout not in ("folder", "edfi"):
        msg = f"Expected the format 'folder' or 'edfi', got {layout!r}; choose one of them."
        raise ConfigError(msg)
    if workers < 1:
        msg = f"Expected 1 or more workers, got {workers}; choose another number."
        raise ConfigError(msg)
    plan = draw_plan(Settings(students, schools, districts, years, last_year, seed), bias or Bias())
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".simulating-", dir=folder.parent))
    try:
        rows = write_blocks(plan, staging, workers)
        if layout == "edfi":
            rows = _as_edfi(staging)
        if folder.exists():
            folder.rmdir()
        staging.chmod(0o755)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return rows


def _as_edfi(folder: Path) -> dict[str, int]:
    """Write the tables of a folder anew as an Ed-Fi export, and take the tables away; the truth stays."""
    objects = write_edfi(folder, folder)
    for name in TABLES:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    return objects
