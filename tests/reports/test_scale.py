"""What the first screen says of the tolerance and of other list sizes."""

from __future__ import annotations

import pytest

from early_id.reports._scale import scale


def content(recall, sizes, verdict="pass"):
    return {
        "about": {"tolerance": 0.05},
        "overall": [{"recall": recall}],
        "verdicts": [{"attribute": "team", "group": "B", "metric": "recall", "verdict": verdict}],
        "capacity_curve": [
            {"attribute": "team", "group": "B", "percent": percent, "verdict": of} for percent, of in sizes
        ],
    }


@pytest.mark.parametrize(("recall", "said"), [(0.058, True), (0.1, True), (0.101, False), (None, False)])
def test_a_tolerance_of_half_of_what_the_lists_hold_is_called_large(recall, said):
    told = " ".join(scale(content(recall, [])))
    assert ("the tolerance is large" in told) == said


def test_groups_with_a_gap_on_longer_lists_are_named_with_the_sizes():
    sizes = [(2, "cannot tell"), (15, "gap"), (20, "gap"), (30, "gap")]
    assert scale(content(0.4, sizes)) == [
        "On lists of other sizes there would be a gap for: Team: B (from 15 % to 30 % of each school)."
    ]
    # A gap of the real list is on the first screen already.
    assert scale(content(0.4, sizes, verdict="gap")) == []
