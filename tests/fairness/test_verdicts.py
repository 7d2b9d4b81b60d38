from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from early_id.fairness._verdicts import IN_FAVOUR, NOT_BY_GROUP, NOT_HERE, additional_students, judge


def cell(gap, half, metric="recall", critical=2.0, others=0.0):
    return pd.DataFrame(
        {
            "metric": [metric],
            "gap": [gap],
            "low_simultaneous": [gap - half],
            "high_simultaneous": [gap + half],
            "standard_error": [half / critical],
            "other_error": [others],
            "critical": [critical],
        }
    )


@pytest.mark.parametrize(
    ("gap", "half", "metric", "verdict"),
    [
        (-0.10, 0.09, "recall", "gap"),
        (-0.10, 0.11, "recall", "cannot tell"),
        (-0.05, 0.01, "recall", "cannot tell"),  # not beyond the tolerance, not inside it
        (-0.04, 0.02, "recall", "cannot tell"),
        (-0.02, 0.03, "recall", "pass"),
        (0.00, 0.05, "recall", "pass"),
        (0.10, 0.01, "recall", "cannot tell"),  # in favour: no gap against it, no proof of equality either
        (0.10, 0.05, "not_scored", "gap"),
        (-0.10, 0.05, "not_scored", "cannot tell"),
        (np.nan, np.nan, "recall", "cannot tell"),
    ],
)
def test_verdict(gap, half, metric, verdict):
    assert judge(cell(gap, half, metric), tolerance=0.05)["verdict"].item() == verdict


def test_an_interval_in_favour_of_the_group_is_no_gap():
    # The raw gap is against the group, the interval of the smoothed one wholly in its favour.
    odd = cell(-0.06, 0.01).assign(low_simultaneous=0.001, high_simultaneous=0.08)
    assert judge(odd, tolerance=0.05)["verdict"].item() == "cannot tell"
    odd = odd.assign(metric="not_scored", gap=0.06, low_simultaneous=-0.08, high_simultaneous=-0.001)
    assert judge(odd, tolerance=0.05)["verdict"].item() == "cannot tell"


def needed(gap, half, denominator, available, others=0.0):
    judged = judge(cell(gap, half, others=others), tolerance=0.05)
    one = pd.Series([denominator])
    return additional_students(judged, denominator=one, available=pd.Series([available]), tolerance=0.05)


def test_the_number_that_settles_a_cell_does_settle_it():
    gap, half, n = -0.08, 0.16, 100
    more = needed(gap, half, n, 10_000)["needed"].item()
    assert more == 300
    settled = half * (n / (n + more + 1)) ** 0.5
    assert judge(cell(gap, settled), tolerance=0.05)["verdict"].item() == "gap"


def test_the_uncertainty_of_all_others_does_not_shrink_with_the_group():
    # Standard error .08 in all, of which the others' is .03: own variance .0055.
    gap, half, n, others = -0.08, 0.16, 100, 0.03
    more = needed(gap, half, n, 10_000, others)["needed"].item()
    assert more > needed(gap, half, n, 10_000)["needed"].item()
    for students, verdict in ((n + more + 1, "gap"), (n + more - 2, "cannot tell")):
        error = (0.0055 * n / students + others**2) ** 0.5
        assert judge(cell(gap, 2 * error), tolerance=0.05)["verdict"].item() == verdict


def test_a_cell_that_only_more_of_all_others_could_settle_says_so():
    result = needed(-0.08, 0.16, 3000, 100_000, others=0.05)
    assert result["settled_by"].item() == NOT_BY_GROUP
    assert result["needed"].isna().all()


def test_a_small_gap_is_settled_as_pass():
    more = needed(-0.01, 0.08, 100, 10_000)["needed"].item()
    assert judge(cell(-0.01, 0.08 * (100 / (101 + more)) ** 0.5), tolerance=0.05)["verdict"].item() == "pass"


def test_more_students_than_the_group_has_are_not_in_this_county():
    result = needed(-0.08, 0.16, 100, 299)
    assert result["settled_by"].item() == NOT_HERE
    assert result["needed"].isna().all()


def test_a_difference_in_favour_is_named_as_such():
    assert needed(0.2, 0.05, 100, 10_000)["settled_by"].item() == IN_FAVOUR


def test_a_group_below_twenty_needs_at_least_twenty():
    assert needed(-0.08, 0.079, 5, 1000)["verdict"].item() == "gap"
    assert needed(-0.08, 0.081, 5, 1000)["needed"].item() == 15


def test_a_settled_cell_needs_nobody():
    assert needed(-0.2, 0.05, 100, 1000)["settled_by"].item() == ""
