"""Interpretable, audited early identification of students who may need a caring adult to reach out.

Heavy libraries are loaded on first use, so importing this package is cheap.
"""

from early_id._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AdditiveModel": "models",
        "EBMAdditiveClassifier": "models",
        "EarlyIdError": "exceptions",
        "LogisticAdditiveClassifier": "models",
        "MonotoneAdditiveClassifier": "models",
        "PaceRule": "models",
        "PointScorecardClassifier": "models",
        "PriorYearRule": "models",
        "audit": "fairness",
        "backtest": "evaluation",
        "build_panel": "panel",
        "explain": "explain",
        "merge_districts": "district",
        "rank_students": "flags",
        "read_district": "district",
        "simulate_district": "district",
    },
)
