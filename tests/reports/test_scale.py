"""What the first screen says of the tolerance and of other list sizes."""

from __future__ import annotations

import pytest

from early_id.reports._scale import scale


def content(recall, sizes, verdict="pass"):
    return {
        "about": {"tolerance": 0.05},
        "overall": [{"recall": recall}],
        "verdicts": [{"attribute": "team", "group": "B", "metric": "recall", "verdict": verdict}],
        "by_group": [
            {"attribute": "team", "group": name, "students": size}
            for name, size in (
                ("A", 900),
                ("B", 400),
                ("C", None),
                ("D", 12),
                ("E", 40),
                ("F", 41),
                ("no", 2000),
            )
        ],
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


def test_the_largest_of_the_hidden_groups_are_named_and_none_whose_size_is_hidden():
    known = content(0.4, [])
    assert scale(known) == []
    known["verdicts"] += [
        {"attribute": "team", "group": name, "metric": "recall", "verdict": "suppressed"}
        for name in ("A", "C", "D", "E", "F", "no")
    ]
    assert scale(known) == [
        "It is hidden how often 6 groups were on the lists, among them Team: A (900 students); Team: F (41 students); "
        "Team: E (40 students). Whether one of them is behind, this page cannot say."
    ]
