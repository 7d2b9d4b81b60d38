"""A simulated county as a district like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._district import District
from early_id.district._simulate import Simulated, simulate_tables

if TYPE_CHECKING:
    from early_id.district._simulate import Bias

__all__ = ["Simulated", "simulate_district", "simulate_tables"]


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
