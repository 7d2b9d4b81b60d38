"""Documents that score, the learners that fit them, and the rules and the ceilings they are compared with."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ABCRule": "_abc_rule",
        "AdditiveModel": "_document",
        "Axis": "_pairs",
        "Calibration": "_parts",
        "Ceiling": "_ceiling",
        "EBMAdditiveClassifier": "_ebm",
        "FeatureInfo": "_parts",
        "ForestCeiling": "_ceiling",
        "LastMarkRule": "_rules",
        "LogisticAdditiveClassifier": "_logistic",
        "MonotoneAdditiveClassifier": "_monotone",
        "PaceRule": "_pace_rule",
        "Pair": "_pairs",
        "Period": "_parts",
        "PointScorecardClassifier": "_scorecard",
        "PriorYearRule": "_rules",
        "SchoolMeanRule": "_school_rule",
        "Term": "_terms",
        "YearToDateRule": "_rules",
        "check_interpret": "_ebm",
        "fit_bags": "_intervals",
        "term_intervals": "_intervals",
    },
)
