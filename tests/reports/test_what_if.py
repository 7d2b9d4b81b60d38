"""Where a difference comes from and what would help, as lines of the audit's page."""

from __future__ import annotations

import pytest

from early_id.reports._what_if import label_lines, split_by_attribute, split_lines, what_if


def alternative(key: str, **changes: object) -> dict[str, object]:
    numbers = {
        f"{name}{end}": value
        for name, value in (
            ("precision", 0.8),
            ("recall", 0.3),
            ("overlap", 0.9),
            ("precision_change", -0.02),
        )
        for end in ("", "_low", "_high")
    }
    return {
        "alternative": key, "title": key.upper(), "usable": True, "needs_group": False, "use": "can be trained",
        "learned": True, **numbers, **changes,
    }  # fmt: skip


def cell(key: str, group: str, gap: float | None, change: float | None = 0.0) -> dict[str, object]:
    values = {"gap": gap, "gap_change": change, "group_recall": gap}
    ends = {f"{name}{end}": value for name, value in values.items() for end in ("", "_low", "_high")}
    return {"alternative": key, "group": group, **ends}


@pytest.fixture
def content():
    return {
        "about": {"alternatives_attribute": "low_income", "alternatives_group": "yes"},
        "mitigation": [
            alternative("group_cut_offs", usable=False, use="not promotable"),
            alternative("today"),
            alternative("reweighing"),
            alternative("label:x", learned=False, precision=None, overlap=None, precision_change=None),
        ],
        "mitigation_groups": [
            cell("today", "yes", -0.1), cell("today", "no", 0.1),
            cell("reweighing", "yes", -0.04, 0.06), cell("reweighing", "no", None, None),
            cell("group_cut_offs", "yes", 0.02, 0.12), cell("group_cut_offs", "no", -0.02, -0.12),
        ],
    }  # fmt: skip


def test_today_comes_first_and_what_cannot_be_used_last(content):
    rows = what_if(content)["rows"]
    assert [row["title"] for row in rows] == ["TODAY", "REWEIGHING", "GROUP_CUT_OFFS"]
    assert what_if(content)["not_learned"] == ["LABEL:X"]
    assert rows[0]["gap_change"] == rows[0]["overlap"] == rows[0]["use"] == ""
    assert rows[1]["gap"] == "−4.0 (−4.0 to −4.0)"
    assert rows[2]["worst"] == "no (−2.0)"
    assert [what_if(content)["usable"], what_if(content)["compared"]] == [rows[:2], rows[2:]]


def test_one_sentence_says_what_helps_and_what_may_not_be_used(content):
    found = what_if(content)
    assert found["group"] == "Low income: yes"
    assert "these lessen the difference by more than chance and could be used: REWEIGHING." in found["told"]
    assert found["told"].endswith("These lessen it and cannot be used: GROUP_CUT_OFFS.")
    for row in content["mitigation_groups"]:
        row["gap_change_low"] = -0.01
    assert "none that could be used" in what_if(content)["told"]


def test_nothing_is_claimed_of_differences_that_are_not_printed(content):
    next(row for row in content["mitigation"] if row["title"] == "LABEL:X")["learned"] = True  # but masked
    assert "tried the difference may be printed for 2; of these" in what_if(content)["told"]
    for row in content["mitigation_groups"]:
        if row["alternative"] != "today":
            row.update(dict.fromkeys(("gap_change", "gap_change_low", "gap_change_high", "gap"), None))
    told = what_if(content)["told"]
    assert told.startswith("Whether any of the 3 ways tried lessens the difference may not be printed")


def test_without_alternatives_nothing_is_said():
    assert what_if({"about": {}}) == {
        "group": "",
        "rows": [],
        "told": "",
        "usable": [],
        "compared": [],
        "not_learned": [],
    }
    assert split_lines({"about": {}}) == split_by_attribute({"about": {}}) == label_lines({"about": {}}) == []


def split(attribute: str, group: str, *parts: tuple[str, float]) -> list[dict[str, object]]:
    return [
        {
            "attribute": attribute,
            "group": group,
            "name": name,
            "gap": gap,
            "low": gap - 0.1,
            "high": gap + 0.1,
        }
        for name, gap in parts
    ]


def test_parts_of_a_split_add_up_to_the_last_line(content):
    parts = [("marks", -0.2), ("absence", 0.05), ("late work", 0.004), ("entry", -0.002), ("score", -0.148)]
    content["attribution"] = split("gender", "F", ("marks", 0.3), ("score", 0.3)) + split(
        "low_income", "yes", *parts
    )
    lines = split_lines(content)
    assert [line["name"] for line in lines] == ["marks", "absence", "2 other concepts, together", "Together"]
    assert lines[2]["gap"] == "0.00"
    assert lines[-1] == {"name": "Together", "gap": "−0.15", "range": "−0.25 to −0.05"}


def test_of_every_other_attribute_the_three_largest_parts_are_told(content):
    parts = [("entry", 0.01), ("marks", -0.2), ("absence", 0.05), ("late work", -0.3), ("score", -0.44)]
    own = split("low_income", "yes", ("marks", -0.2), ("score", -0.2))
    content["attribution"] = own + split("gender", "F", *parts) + split("foster", "yes", *parts[1:2])
    # Of foster youth the whole is not there: nothing is said.
    (line,) = split_by_attribute(content)
    assert line["name"] == "Gender: F"
    assert line["whole"]["gap"] == "−0.44"
    assert [(part["name"], part["gap"]) for part in line["parts"]] == [
        ("late work", "−0.30"),
        ("marks", "−0.20"),
        ("absence", "+0.05"),
    ]
    assert line["parts"][0]["range"] == "−0.40 to −0.20"
    # Where the difference the alternatives are about may not be printed, the others still are.
    content["about"].pop("alternatives_group")
    assert split_lines(content) == []
    assert [line["name"] for line in split_by_attribute(content)] == ["Gender: F", "Low income: yes"]


def test_the_verdicts_that_move_are_named_by_their_group():
    rows = [
        {
            "label": "course_failure",
            "attribute": "gender",
            "group": group,
            "verdict": own,
            "other_verdict": other,
        }
        for group, own, other in (
            ("F", "pass", "pass"),
            ("M", "pass", "gap"),
            ("X", "suppressed", "cannot tell"),
        )
    ]
    (line,) = label_lines({"label_view": rows})
    assert [(row["name"], row["other_verdict"]) for row in line["moved"]] == [
        ("Gender: M", "gap"),
        ("Gender: X", "cannot tell"),
    ]
    assert line["told"].startswith(
        "0 gap, 0 cannot tell, 1 suppressed, 2 pass by the outcome of this page; 1 gap"
    )
