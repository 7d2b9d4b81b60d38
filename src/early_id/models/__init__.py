"""Documents that score, the learners that fit them, and the rules and the ceiling they are compared with."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AdditiveModel": "_document",
        "Calibration": "_parts",
        "Ceiling": "_ceiling",
        "FeatureInfo": "_parts",
        "LogisticAdditiveClassifier": "_logistic",
        "MonotoneAdditiveClassifier": "_monotone",
        "PaceRule": "_rules",
        "Period": "_parts",
        "PriorYearRule": "_rules",
        "Term": "_terms",
    },
)
