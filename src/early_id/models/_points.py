"""The document in whole points that can be added up by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.exceptions import ConfigError, examples
from early_id.models._render import frame

if TYPE_CHECKING:
    import pandas as pd

    from early_id.models._document import AdditiveModel

ENDS = ["log_odds", "log_odds_to"]


def points(model: AdditiveModel, max_points: int) -> pd.DataFrame:
    """Give the tables in whole points; see `AdditiveModel.to_points`."""
    if not 1 <= max_points <= 1000:
        msg = (
            f"max_points must lie between 1 and 1000, but is {max_points}; 10 or 100 can be added up by hand."
        )
        raise ConfigError(msg)
    tables = lifted(model, max_points)
    rounding = float(tables[ENDS].to_numpy().max()) / max_points or 1.0
    tables["unit"] = tables["step"].fillna(rounding)
    for name, made in zip(ENDS, ("points", "points_to"), strict=True):
        tables[made] = (tables[name] / tables["unit"]).round().astype("int64")
    return tables[["period", "from_day", "to_day", "feature", "bin", "points", "points_to", "base", "unit"]]


def lifted(model: AdditiveModel, max_points: int) -> pd.DataFrame:
    """Let every table begin at 0, and find the step of which all tables of a period are whole multiples.

    Returns
    -------
    DataFrame
        `AdditiveModel.to_frame` with log_odds and log_odds_to above the feature's lowest cell; base, the period's
        intercept with all that was taken off; and step, NaN where there is none with at most `max_points` of it.
    """
    if model.pair_names:
        msg = (
            f"Expected a document without pairs for a card of points, got {examples(model.pair_names)}; "
            "fit it with `interactions=0`."
        )
        raise ConfigError(msg)
    tables = frame(model)
    lowest = tables[ENDS].min(axis=1).groupby([tables["period"], tables["feature"]]).transform("min")
    tables[ENDS] = tables[ENDS].sub(lowest, axis=0)
    taken = lowest[~tables.duplicated(["period", "feature"])].groupby(tables["period"]).sum()
    step = {name: _step(part, max_points) for name, part in tables.groupby("period")}
    base = {period.name: period.intercept + taken[period.name] for period in model.periods}
    return tables.assign(base=tables["period"].map(base), step=tables["period"].map(step))


def _step(tables: pd.DataFrame, max_points: int) -> float:
    """Find the largest number of which all log-odds are whole multiples; a line between two of them is not whole."""
    numbers = tables["log_odds"].to_numpy()
    largest = float(numbers.max())
    if not np.array_equal(numbers, tables["log_odds_to"].to_numpy()):
        return np.nan
    if largest == 0.0:
        return 1.0
    share = numbers[:, None] / largest * np.arange(1, max_points + 1)
    fits = np.flatnonzero((np.abs(share - share.round()) < 1e-9).all(axis=0))
    return largest / (int(fits[0]) + 1) if len(fits) else np.nan
