from __future__ import annotations

import shlex

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
GROUP = {
    "attribute": "team",
    "group": "B",
    "ceiling_recall": 0.6,
    "students_with_outcome": 1234,
    "reached_early": 0.2,
    "reached_early_low": 0.17,
    "reached_early_high": 0.23,
    "reached_early_text": "20.0 %",
}
EVERYONE = {"reached_early_text": "31.0 %", "reached_early": 0.31}


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
    return {"decision": decision, "verdicts": list(cells), "by_group": [GROUP], "overall": [EVERYONE]}


def told(*cells, **more):
    """The first finding of the first screen."""
    return decide(content(*cells) | more)["found"][0]


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
            "Not yet decided: no gap was found in what may be printed, and 1 result could not be judged.",
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
    assert "not proven" in found["found"][0]["title"]


def test_a_suppressed_group_needs_an_exception_whatever_its_numbers_are():
    masked = (
        CELL
        | {"verdict": "suppressed"}
        | dict.fromkeys(("rate", "other_rate", "gap", "ceiling_gap", "against"))
    )
    found = decide(content(masked))
    assert "may hide a gap that cannot be printed, is granted a named exception" in found["reason"]
    assert "closed meeting" in " ".join(found["next"])
    assert found["unjudged"][0]["text"] == "hidden, so that no small group can be worked out"


def test_the_worst_gap_how_sure_and_how_much_list_size_explains():
    found = told(CELL | {"verdict": "gap"}, CELL | {"group": "Z", "gap": -0.2, "verdict": "cannot tell"})
    assert "“Team: B”" in found["saying"]
    # The unit is the week of a student, not the student: the words may not promise more.
    assert "on the list in 41.0 % of the weeks in which the event was still ahead" in found["saying"]
    assert "all others in 52.0 %" in found["saying"]
    assert found["child"] == (
        "Per child: 20.0 % of the group’s students who turned out to need outreach were listed at least once 8 school "
        "weeks or more before the event (95 % interval 17.0–23.0 %); of all such students 31.0 %."
    )
    assert "The difference is −11.0 percentage points" in found["sure"]
    assert "lies between −16.0 and −6.0" in found["sure"]
    assert "1,234 students" in found["sure"]
    assert (
        "60.0 % of these weeks of this group and 64.0 % of all others: −4.0 of the points come with list size and need"
        in found["explained"]
    )


def test_list_size_that_would_favour_the_group_explains_nothing():
    found = told(CELL | {"verdict": "gap", "ceiling_gap": 0.04})
    assert "list size and need do not explain the difference" in found["explained"]


def test_never_more_of_a_difference_is_explained_than_there_is():
    found = told(CELL | {"verdict": "gap", "gap": -0.027, "ceiling_gap": -0.085})["explained"]
    assert "of the points" not in found
    assert "list size and need alone would make it at least as large as the one seen" in found


@pytest.mark.parametrize(
    ("verdict", "gap", "low", "high", "title"),
    [
        ("pass", -0.03, -0.045, -0.01, "The largest difference seen, within the tolerance"),
        # The interval leaves room for more than the tolerance, so the heading may not say that it does not.
        (
            "cannot tell",
            -0.03,
            -0.08,
            -0.01,
            "The largest difference seen; that it is larger than the tolerance is not proven",
        ),
        ("cannot tell", -0.03, -0.08, 0.02, "The largest difference seen; chance may explain it"),
        ("pass", -0.01, -0.04, 0.02, "The largest difference seen; chance may explain it"),
        ("cannot tell", -0.11, None, None, "The largest difference seen; chance may explain it"),
        ("gap", -0.11, -0.16, -0.06, "The largest gap"),
    ],
)
def test_the_heading_says_what_the_interval_says(verdict, gap, low, high, title):
    row = CELL | {"verdict": verdict, "gap": gap, "low_simultaneous": low, "high_simultaneous": high}
    assert told(row)["title"] == title


def test_groups_and_schools_are_told_apart_and_a_school_by_its_name():
    school = CELL | {"attribute": "school", "group": "0101", "name": "Elm School", "gap": -0.2}
    found = decide(content(CELL, school))["found"]
    assert [row["kind"] for row in found] == ["By student group", "By school"]
    assert "“Team: B”" in found[0]["saying"]
    assert "“School: Elm School”" in found[1]["saying"]


def test_it_is_said_among_how_many_the_largest_was_looked_for():
    masked = dict.fromkeys(("rate", "other_rate", "gap", "low_simultaneous", "high_simultaneous", "against"))
    hidden = CELL | {"group": "Z", "verdict": "suppressed"} | masked
    assert (
        decide(content(CELL, hidden))["found"][0]["kind"]
        == "By student group: 1 of 2 student groups could be printed"
    )


def test_a_gap_that_may_not_be_printed_is_told_with_its_band():
    masked = dict.fromkeys(("rate", "other_rate", "gap", "low_simultaneous", "high_simultaneous", "against"))
    row = CELL | {"group": "Z", "verdict": "gap", "note": "more than 5 points"} | masked
    found = told(row, CELL | {"verdict": "pass"})
    assert (
        "“Team: Z” is on the list in fewer weeks than all others, by more than 5 points." in found["saying"]
    )
    assert found["bars"] == []


def test_every_group_to_be_named_is_listed_with_the_word_it_needs_and_stands_in_the_command():
    sign = decide(
        content(
            CELL | {"verdict": "gap"},
            CELL | {"group": "it's", "verdict": "suppressed"},
            CELL | {"group": "it's", "verdict": "suppressed", "metric": "not_scored"},
            CELL | {"group": "D", "verdict": "cannot tell"},
            CELL | {"group": "D", "verdict": "suppressed", "metric": "not_scored"},
            CELL | {"group": "E"},
        )
    )["sign"]
    needs = {row["code"]: row["needs"] for row in sign["groups"]}
    assert needs == {
        "team=B": ["an exception with an end date (weeks on the list)"],
        "team=it's": ["an exception with an end date (weeks on the list and has a score)"],
        "team=D": ["an exception with an end date (has a score)", "an acknowledgement (weeks on the list)"],
    }
    words = shlex.split(sign["command"].replace("\\\n", " "))
    assert words[:2] == ["early-id", "promote"]
    assert [words[n + 1] for n, word in enumerate(words) if word == "--exception"] == [
        "team=B: REASON",
        "team=it's: REASON",
        "team=D: REASON",
    ]
    assert [words[n + 1] for n, word in enumerate(words) if word == "--acknowledge"] == ["team=D: REASON"]


def test_a_gap_in_scores_leads_to_the_feed():
    row = CELL | {"metric": "not_scored", "verdict": "gap", "rate": 0.3, "other_rate": 0.02, "gap": 0.28}
    assert told(row)["saying"] == (
        "In the group “Team: B”, 30.0 % of the student-weeks had no score; of all others 2.0 %."
    )
    assert any("data feed" in step for step in decide(content(row))["next"])


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


BARS = [
    {"name": name, "verdict": verdict, "wanted": "What is asked.", "found": "What was found."}
    for name, verdict in (
        ("time safety", "pass"), ("calibration 20-60", "cannot tell"), ("early against pace rule", "fail"),
    )
]  # fmt: skip


def test_a_missed_bar_keeps_the_gate_shut_and_has_to_be_named():
    found = decide(content(CELL) | {"quality": BARS})
    assert found["state"] == "closed"
    assert found["headline"] == "Not yet decided: 1 bar missed, and 1 result could not be judged."
    assert "until each bar it missed is mended, or granted a named exception" in found["reason"]
    assert found["quality"]["told"] == (
        "Of 3 bars the model cleared 1, missed 1, and 1 could not be judged. Not judged: calibration 20-60."
    )
    assert [check["verdict"] for check in found["quality"]["checks"]] == ["fail", "cannot tell", "pass"]
    assert "over the bars it missed" in found["next"][0]
    options = shlex.split(found["sign"]["command"].replace("\\\n", " "))
    assert options[options.index("--exception") + 1] == "quality=early against pace rule: REASON"
    assert options[options.index("--acknowledge") + 1] == "quality=calibration 20-60: REASON"
    assert [row["group"] for row in found["sign"]["groups"]] == [
        "Quality of the model: calibration 20-60", "Quality of the model: early against pace rule",
    ]  # fmt: skip


def test_an_unjudged_bar_alone_leaves_the_decision_pending():
    found = decide(content(CELL) | {"quality": BARS[:2]})
    assert (found["state"], found["headline"]) == (
        "pending", "Not yet decided: no gap was found, but 1 result could not be judged.",
    )  # fmt: skip
    assert decide(content(CELL) | {"quality": BARS[:1]})["state"] == "open"
