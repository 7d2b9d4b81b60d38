"""What moves the scores of a whole set of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from early_id.explain._levels import LEVELS, Level, names_at, summed
from early_id.explain._rows import check_rows

if TYPE_CHECKING:
    from early_id.models import AdditiveModel


def global_importance(document: AdditiveModel, X: pd.DataFrame) -> pd.DataFrame:
    """Say which features, concepts and domains move the scores of these rows, and by how much.

    Parameters
    ----------
    document : AdditiveModel
    X : DataFrame of shape (n, ...)
        As for `explain`; at least one row.

    Returns
    -------
    DataFrame
        One row per feature, concept and domain, most important first within each level:

        - ``level``: feature, concept or domain
        - ``name``
        - ``concept``, ``domain``: what it belongs to ("" where it spans several)
        - ``importance``: mean absolute Shapley value in log-odds, ≥ 0; features of a concept or domain are
          added within the row first, so that two windows of one thing that cancel out count as nothing
        - ``mean_value``: mean Shapley value in log-odds; positive where these rows score above the training
          rows

    Raises
    ------
    DataError
        If `X` has no rows.

    Notes
    -----
    ``importance = 1/n Σ_i | Σ_{j in level} φ_ij |`` with φ from `explain`.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=-0.2)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> frame = global_importance(document, pd.DataFrame({"absent": [3.0, 0.0]}))
    >>> frame.loc[frame["level"] == "feature", ["name", "importance"]].to_numpy().tolist()
    [['absent', 0.75]]
    """
    check_rows(X)
    values = document.shapley_values(X)
    info = pd.DataFrame({level: names_at(document, level) for level in LEVELS})
    parts = [_level(summed(document, values, level), info, level) for level in LEVELS]
    return pd.concat(parts, ignore_index=True)


def _level(values: pd.DataFrame, info: pd.DataFrame, level: Level) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "level": level,
            "name": values.columns,
            "concept": [_only(info.loc[info[level] == name, "concept"]) for name in values.columns],
            "domain": [_only(info.loc[info[level] == name, "domain"]) for name in values.columns],
            "importance": values.abs().mean().to_numpy(),
            "mean_value": values.mean().to_numpy(),
        }
    )
    return frame.sort_values("importance", ascending=False, kind="stable")


def _only(names: pd.Series) -> str:
    """Give the one name, "" where there are several."""
    return str(names.iloc[0]) if names.nunique() == 1 else ""
