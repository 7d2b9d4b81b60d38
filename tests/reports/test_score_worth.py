"""Of whom the model expects too little or too much, in a sentence."""

from __future__ import annotations

from early_id.reports._score_worth import expected_told


def row(group, ratio, low, high, part="all", attribute="team"):
    return {
        "attribute": attribute,
        "group": group,
        "name": group,
        "part": part,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
    }


def test_groups_are_named_by_the_side_their_interval_lies_on_the_furthest_off_first():
    rows = [
        row("everyone", 1.3, 1.2, 1.4, attribute="all"),
        row("A", 1.1, 1.01, 1.2),
        row("B", 1.3, 1.1, 1.5),
        row("C", 0.7, 0.6, 0.9),
        row("D", 1.2, 0.9, 1.5),
        row("E", 1.4, 1.2, 1.6, part="top tenth"),
        row("F", None, None, None),
    ]
    assert expected_told(rows) == (
        "The outcome came more often than the model expects for: Team: B (1.30 times as often); Team: A (1.10 times as "
        "often), and less often than the model expects for: Team: C (0.70 times as often). Among so many groups one in "
        "twenty is off by chance."
    )


def test_nothing_is_said_where_chance_may_explain_all():
    assert expected_told([row("D", 1.2, 0.9, 1.5)]) == ""
    assert expected_told([]) == ""
