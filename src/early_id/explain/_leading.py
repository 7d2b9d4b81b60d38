"""Which domain drives a score: attendance, grades, discipline or mobility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.explain._levels import summed

if TYPE_CHECKING:
    from early_id.models import AdditiveModel

# So many rows are explained at a time: a county's year of weeks is millions.
_BLOCK = 200_000


def leading_domain(document: AdditiveModel, X: pd.DataFrame) -> pd.Series:
    """Name the domain that raises each score most.

    Answers which kind of signal a row would be listed for; see `early_id.explain.explain` for the values.

    Parameters
    ----------
    document : AdditiveModel
    X : DataFrame of shape (n, ...)
        As for `explain`.

    Returns
    -------
    Series of str, shape (n,)
        The domain with the largest sum of Shapley values against the training background; missing where none raises
        the score.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=0.0)
    >>> info = FeatureInfo("absent", domain="attendance")
    >>> document = AdditiveModel("chronic_absence", [info], [Period(0, None, -1.0, (days,))])
    >>> leading_domain(document, pd.DataFrame({"absent": [3.0, 0.0]})).tolist()
    ['attendance', nan]
    """
    parts = []
    for start in range(0, len(X), _BLOCK):
        block = X.iloc[start : start + _BLOCK]
        values = summed(document, document.shapley_values(block), "domain")
        best = values.to_numpy().argmax(axis=1)
        raises = values.to_numpy()[np.arange(len(best)), best] > 0
        parts.append(pd.Series(values.columns.to_numpy()[best], block.index).where(raises))
    whole = pd.concat(parts) if parts else pd.Series(index=X.index, dtype="str")
    return whole.astype("str").rename("leading_domain")
