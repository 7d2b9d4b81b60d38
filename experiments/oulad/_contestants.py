"""Who competes: documents a person can read, black boxes on the same features, and plain models on plain features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from early_id.models import ForestCeiling, LogisticAdditiveClassifier, MonotoneAdditiveClassifier
from early_id.panel import Panel
from experiments.oulad._panels import NEARBY

#: The contestant that is audited: the default learner.
AUDITED = "additive"
#: The document learner that did best inside the training presentations.
CHOSEN = "chosen"
#: Documents that also learn from the days around the day of scoring; nothing else does.
ON_NEARBY_DAYS = ("logistic",)
#: What those documents leave out: late registration goes with failing in one module and with passing in the next, and a
#: straight line learned of it does not carry.
LEFT_OUT = ("registration_day", "place_registration_day", "entry_day")
CEILINGS = ("histgb", "forest")
PLAIN_MODELS = ("plain logistic", "plain forest", "plain histgb")
_NO_FEATURE = "school_day"


def known_columns(X: pd.DataFrame) -> list[str]:
    """Name the features with a known value: neither the booster nor an imputer survives a column without one."""
    return [name for name in X.columns if name != _NO_FEATURE and X[name].notna().any()]


def readable(panel: Panel, **more: Any) -> dict[str, Any]:
    """Make fresh learners that fit a document; one day per week needs no periods.

    The logistic regression has one straight piece per feature and a strong penalty. Both were chosen on 2013J after
    training on 2013B, and hold with any presentation left out: more knots lose where the next presentation differs.
    It learns from the days around too, where every student is there up to five times: the penalty is as many times
    stronger.
    """
    common: Mapping[str, Any] = {
        "periods": (0,),
        "random_state": 0,
        **more,
    }
    ways = {feature.name: feature.direction for feature in panel.features}
    fewer = {name: way for name, way in ways.items() if name not in LEFT_OUT}
    return {
        AUDITED: MonotoneAdditiveClassifier(directions=ways, **common),
        "logistic": LogisticAdditiveClassifier(n_knots=2, C=0.01 / len(NEARBY), directions=fewer, **common),
    }


def left_out(panel: Panel) -> list[str]:
    """Name the features of a panel that documents of nearby days leave out."""
    return [name for name in panel.feature_names if name in LEFT_OUT]


def ceilings() -> dict[str, Any]:
    """Make fresh black boxes for the same features."""
    booster = HistGradientBoostingClassifier(random_state=0)
    return dict(zip(CEILINGS, (make_pipeline(_known(), booster), ForestCeiling(random_state=0)), strict=True))


def plain_models() -> dict[str, Any]:
    """Make what a data scientist would try first: scikit-learn's defaults, lightly regularised."""
    models = (
        make_pipeline(
            _known(),
            SimpleImputer(add_indicator=True),
            StandardScaler(),
            LogisticRegression(C=0.1, max_iter=1000),
        ),
        make_pipeline(
            _known(),
            SimpleImputer(add_indicator=True),
            RandomForestClassifier(300, min_samples_leaf=10, random_state=0),
        ),
        make_pipeline(
            _known(),
            HistGradientBoostingClassifier(
                learning_rate=0.05, max_iter=150, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0,
                random_state=0,
            ),
        ),
    )  # fmt: skip
    return dict(zip(PLAIN_MODELS, models, strict=True))


def _known() -> ColumnTransformer:
    return ColumnTransformer([("known", "passthrough", known_columns)])
