from __future__ import annotations

from early_id.reports._measured import measured


def line(attribute, group, unknown, **more):
    values = {"unknown_share": unknown, "feed_days_behind": 0.4}
    ends = {f"{name}{end}": value for name, value in values.items() for end in ("", "_low", "_high")}
    return {"attribute": attribute, "group": group, **ends, **more}


def test_everybody_comes_first_then_those_of_whom_most_is_unknown():
    rows = [
        line("gender", "Female", 0.1), line("school", "01", 0.3, name="Heron High"), line("all", "everyone", 0.12),
        line("gender", "Male", None),
    ]  # fmt: skip
    found = measured({"measurement": rows})
    assert [row["name"] for row in found] == ["All students", "School: Heron High", "Gender: Female"]
    assert found[1] == {
        "name": "School: Heron High",
        "unknown": "30 % (30–30 %)",
        "behind": "0.4 (0.4–0.4)",
    }


def test_an_audit_that_does_not_say_has_no_lines():
    assert measured({}) == []
