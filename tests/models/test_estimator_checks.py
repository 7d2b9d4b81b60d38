"""scikit-learn's own checks."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

from early_id.models import (
    Ceiling,
    EBMAdditiveClassifier,
    ForestCeiling,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    PointScorecardClassifier,
)


def expected_failures(estimator) -> dict[str, str]:
    """One of the two that scikit-learn lists for its own boosting, regression and forest."""
    if isinstance(estimator, MonotoneAdditiveClassifier | Ceiling):
        return {}
    what = "trees are grown on rows drawn" if isinstance(estimator, ForestCeiling) else "the folds are dealt"
    reason = f"{what}, and a row that is given twice can be parted there, one of weight two cannot"
    return {"check_sample_weight_equivalence_on_dense_data": reason}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        MonotoneAdditiveClassifier(),
        LogisticAdditiveClassifier(),
        PointScorecardClassifier(),
        Ceiling(),
        ForestCeiling(n_estimators=20),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [EBMAdditiveClassifier(outer_bags=2, max_rounds=300)], expected_failed_checks=expected_failures
)
def test_scikit_learn_accepts_the_boosting_machine(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "estimator",
    [
        MonotoneAdditiveClassifier(calibrate=False, min_samples_leaf=1),
        LogisticAdditiveClassifier(calibrate=False),
        LogisticAdditiveClassifier(calibrate=False, basis="step"),
    ],
    ids=["boosted", "linear", "step"],
)
def test_without_folds_a_weight_is_a_repetition(estimator):
    check_sample_weight_equivalence_on_dense_data(type(estimator).__name__, estimator)
