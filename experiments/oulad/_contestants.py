"""Who competes: two documents a person can read, and the black box they are measured against."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from early_id.models import LogisticAdditiveClassifier, MonotoneAdditiveClassifier

#: The contestant that is audited.
AUDITED = "additive"
_NO_FEATURE = "school_day"


def known_columns(X: pd.DataFrame) -> list[str]:
    """Name the features with a known value: the booster does not survive a column without one."""
    return [name for name in X.columns if name != _NO_FEATURE and X[name].notna().any()]


def contestants() -> dict[str, Any]:
    """Make fresh contestants by name, all with their defaults; one day per week needs no periods."""
    booster = HistGradientBoostingClassifier(random_state=0)
    known = ColumnTransformer([("known", "passthrough", known_columns)])
    return {
        AUDITED: MonotoneAdditiveClassifier(periods=(0,), random_state=0),
        "logistic": LogisticAdditiveClassifier(periods=(0,), random_state=0),
        "histgb": make_pipeline(known, booster),
    }
