"""Write a simulated county to a folder, with the biases a file plants in it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from early_id.district import load_bias, write_county


def write_simulated(
    out: Path,
    *,
    students: int,
    schools: int,
    districts: int,
    years: int,
    seed: int,
    bias: Path | None = None,
    layout: Literal["folder", "edfi"] = "folder",
) -> dict[str, int]:
    """Write a simulated county and truth.parquet.

    Parameters
    ----------
    out : Path
        A folder that does not exist yet, or is empty.
    students, schools, districts, years, seed : int
        See `early_id.district.simulate_district`.
    bias : Path, optional
        YAML of planted biases.
    layout : {"folder", "edfi"}
        Canonical tables, or an Ed-Fi export.

    Returns
    -------
    dict of table or resource name to number of rows

    Raises
    ------
    ConfigError
        If the folder is not empty, or a number does not make a county.
    """
    rows: dict[str, int] = write_county(
        out,
        students=students,
        schools=schools,
        districts=districts,
        years=years,
        seed=seed,
        bias=load_bias(bias) if bias else None,
        layout=layout,
    )
    return rows
