from __future__ import annotations

import pytest

from early_id.reports._decision import decide

CELL = {
    "metric": "recall",
    "attribute": "team",
    "group": "B",
    "verdict": "pass",
    "rate": 0.41,
    "other_rate": 0.52,
    "gap": -0.11,
    "low_simultaneous": -0.16,
    "high_simultaneous": -0.06,
    "ceiling_gap": -0.04,
    "against": True,
    "settled_by": "",
}
GROUP = {"attribute": "team", "group": "B", "ceiling_recall": 0.6, "students_with_outcome": 1234}


def content(*cells):
    names = {kind: [] for kind in ("gap", "pass", "cannot tell", "suppressed")}
    for cell in cells:
        names[cell["verdict"]].append(f"{cell['metric']}:{cell['attribute']}={cell['group']}")
    decision = {
        "gaps": names["gap"],
        "cannot_tell": names["cannot tell"],
        "passed": names["pass"],
        "suppressed": names["suppressed"],
        "may_hide_gaps": bool(names["suppressed"]),
        "can_open": not names["gap"] and not names["suppressed"],
    }
    return {"decision": decision, "verdicts": list(cells), "by_group": [GROUP]}


@pytest.mark.parametrize(
    ("cells", "headline", "state"),
    [
        ([CELL], "Nothing in this audit stands in the way.", "open"),
        ([CELL | {"verdict": "gap"}], "Not yet decided: 1 gap.", "closed"),
        (
            [CELL | {"verdict": "gap"}, CELL | {"verdict": "cannot tell"}, CELL | {"verdict": "suppressed"}],
            "Not yet decided: 1 gap, and 2 results could not be judged.",
            "closed",
        ),
        (
            [CELL | {"verdict": "cannot tell"}],
            "Not yet decided: no gap was found, but 1 result could not be judged.",
            "pending",
        ),
        (
            [CELL | {"verdict": "suppressed", "gap": None}],
            "Not yet decided: no gap could be printed, and 1 result could not be judged.",
            "closed",
        ),
    ],
)
def test_headline(cells, headline, state):
    found = decide(content(*cells))
    assert (found["headline"], found["state"]) == (headline, state)


def test_missing_evidence_is_never_called_fair():
    found = decide(content(CELL | {"verdict": "cannot tell"}))
    assert "only after a reviewer has accepted" in found["reason"]
    assert "not proven" in found["worst_title"]


def test_a_suppressed_group_needs_an_exception_whatever_its_numbers_are():
    masked = (
        CELL
        | {"verdict": "suppressed"}
        | dict.fromkeys(("rate", "other_rate", "gap", "ceiling_gap", "against"))
    )
    found = decide(content(masked))
    assert "may hide a gap that cannot be printed, is granted a named exception" in found["reason"]
    assert "closed meeting" in " ".join(found["next"])
    assert found["unjudged"][0]["text"] == "not printed, to protect a small group"


def test_the_worst_gap_how_sure_and_how_much_list_size_explains():
    found = decide(
        content(CELL | {"verdict": "gap"}, CELL | {"group": "Z", "gap": -0.2, "verdict": "cannot tell"})
    )
    assert "“Team: B”" in found["worst"]
    assert "reached 41 % in time; of all others 52 %" in found["worst"]
    assert "lies between −16 and −6" in found["sure"]
    assert "1,234 students" in found["sure"]
    assert (
        "60 % of this group and 64 % of all others: −4 of the points come with list size and need"
        in found["explained"]
    )


def test_list_size_that_would_favour_the_group_explains_nothing():
    found = decide(content(CELL | {"verdict": "gap", "ceiling_gap": 0.04}))
    assert "list size and need do not explain the difference" in found["explained"]


def test_never_more_of_a_difference_is_explained_than_there_is():
    found = decide(content(CELL | {"verdict": "gap", "gap": -0.027, "ceiling_gap": -0.085}))["explained"]
    assert "of the points" not in found
    assert "list size and need alone would make it at least as large as the one seen" in found


@pytest.mark.parametrize(
    ("gap", "low", "high", "title"),
    [
        (-0.03, -0.045, -0.01, "The largest difference seen, within the tolerance"),
        (-0.03, -0.08, 0.02, "The largest difference seen, not proven"),
        (-0.11, None, None, "The largest difference seen, not proven"),
    ],
)
def test_a_difference_whose_interval_excludes_zero_is_not_called_unproven(gap, low, high, title):
    row = CELL | {"gap": gap, "low_simultaneous": low, "high_simultaneous": high}
    assert decide(content(row) | {"about": {"tolerance": 0.05}})["worst_title"] == title


def test_a_gap_in_scores_leads_to_the_feed():
    found = decide(
        content(
            CELL | {"metric": "not_scored", "verdict": "gap", "rate": 0.3, "other_rate": 0.02, "gap": 0.28}
        )
    )
    assert found["worst"] == "Of the students in the group “Team: B”, 30 % had no score; of all others 2.0 %."
    assert any("data feed" in step for step in found["next"])


def test_the_nearest_undecided_group_is_named_with_its_number():
    found = decide(
        content(
            CELL | {"verdict": "cannot tell", "settled_by": "300"},
            CELL | {"group": "near", "verdict": "cannot tell", "settled_by": "40"},
            CELL | {"group": "never", "verdict": "cannot tell", "settled_by": "not in this county"},
        )
    )
    assert any("“Team: near” could be judged with 40 more students" in step for step in found["next"])
    texts = {row["group"]: row["text"] for row in found["unjudged"]}
    assert texts["Team: never"] == "cannot be settled with the students of this county"
