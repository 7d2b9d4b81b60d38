"""Write a simulated county to a folder, all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from early_id.district import District, load_bias, simulate_tables
from early_id.exceptions import ConfigError


def write_simulated(
    out: Path, *, students: int, schools: int, districts: int, years: int, seed: int, bias: Path | None = None
) -> dict[str, int]:
    """Write the canonical tables of a simulated county and truth.parquet.

    Parameters
    ----------
    out : Path
        A folder that does not exist yet, or is empty.
    students, schools, districts, years, seed : int
        See `early_id.district.simulate_district`.
    bias : Path, optional
        YAML of planted biases.

    Returns
    -------
    dict of table name to number of rows

    Raises
    ------
    ConfigError
        If the folder is not empty, or a number does not make a county.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"Expected a new or empty folder for the simulated county, got {str(out)!r}; name another one."
        raise ConfigError(msg)
    planted = load_bias(bias) if bias else None
    county = simulate_tables(
        students=students, schools=schools, districts=districts, years=years, seed=seed, bias=planted
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".simulating-", dir=out.parent))
    try:
        District.from_frames(county.tables).write(staging)
        county.truth.to_parquet(staging / "truth.parquet", index=False)
        if out.exists():
            out.rmdir()
        staging.chmod(0o755)
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return {name: len(rows) for name, rows in county.tables.items() if len(rows)} | {
        "truth": len(county.truth)
    }
