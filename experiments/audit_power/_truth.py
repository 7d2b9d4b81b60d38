"""What is true of every cell, and how an audit's interval and verdict stand to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.audit_power._audits import TOLERANCE

#: One truth for each set of schools, size of county and outcome.
_WORLD = ["plant", "world", "share", "outcome", "metric", "attribute"]
#: Attributes of students; the others are facts of their school or grade, which are never alike.
OF_SCHOOLS = ("district", "grade_band", "school")


def with_truth(cells: pd.DataFrame) -> pd.DataFrame:
    """Add the true gap of each cell, whether its intervals hold it, and whether its verdict is a false alarm.

    The truth is the gap over the rows of all counties of the world. A county is one of these N counties, so it lies
    a little nearer to it than to a truth without error: distances are stretched by √(N / (N − 1)).
    """
    cell = [*_WORLD, "group"]
    own = cells.groupby(cell)[["over", "under"]].sum()
    rest = own.groupby(_WORLD).transform("sum") - own
    with np.errstate(divide="ignore", invalid="ignore"):
        true = (own["over"] / own["under"] - rest["over"] / rest["under"]).rename("true")
    counties = cells.groupby(_WORLD)["county"].nunique().rename("counties")
    found = cells.merge(true.reset_index(), on=cell).merge(counties.reset_index(), on=_WORLD)
    stretched = found["gap"] + (found["true"] - found["gap"]) * np.sqrt(
        found["counties"] / (found["counties"] - 1)
    )
    return found.assign(
        inside=(found["low"] <= stretched) & (stretched <= found["high"]),
        inside_simultaneous=(found["low_simultaneous"] <= stretched)
        & (stretched <= found["high_simultaneous"]),
        false_alarm=(found["verdict"] == "gap") & (found["true"].abs() <= TOLERANCE),
        of_students=~found["attribute"].isin(OF_SCHOOLS),
    )
