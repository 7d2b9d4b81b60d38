"""One date per term on the audit's page: the numbers of the JSON, everybody first, and who is masked by name."""

from __future__ import annotations

import json

import pytest
from page_reader import Page
from sample_audit import sample_audit

from early_id.reports import write_audit_html
from early_id.reports._by_term import by_term


def row(day, attribute, group, recall, not_scored=None):
    found = {"as_of": day, "attribute": attribute, "group": group}
    for name, value in (("recall", recall), ("not_scored", not_scored)):
        found[name] = value
        found[f"{name}_low"] = found[f"{name}_high"] = value
        found[f"{name}_text"] = "masked" if value is None else f"{100 * value:.1f} %"
    return found


@pytest.fixture
def content():
    rows = [
        row(day, *cell)
        for day in ("2024-01-07", "2024-04-07")
        for cell in (("all", "everyone", 0.4, 0.1), ("team", "A", 0.3), ("team", "C", None))
    ]
    return {**json.loads(sample_audit().to_json()), "by_term": rows}


def test_everybody_comes_first_and_who_is_masked_is_named_once(content):
    found = by_term(content)
    assert found["days"] == ["2024-01-07", "2024-04-07"]
    assert [line["name"] for line in found["rows"]] == ["All students", "Team: A"]
    assert found["masked"] == ["Team: C"]
    assert found["rows"][1]["dates"][1] == {"recall": "30.0 % (30.0–30.0 %)", "not_scored": "masked"}
    assert by_term({}) == {"days": [], "rows": [], "masked": []}


def test_a_group_that_is_not_there_on_a_date_has_a_dash(content):
    content["by_term"] = [
        own for own in content["by_term"] if (own["group"], own["as_of"]) != ("A", "2024-01-07")
    ]
    assert by_term(content)["rows"][1]["dates"][0] == {"recall": "–", "not_scored": "–"}


def test_the_page_shows_a_pair_of_columns_per_date(content, tmp_path):
    page = Page(write_audit_html(json.dumps(content), tmp_path / "a.html").read_text(encoding="utf-8"))
    head, *rows = page.table_under("The same at one date per term")
    assert head[1].startswith("On the list of 2024-01-07")
    assert head[4].startswith("Without a score on 2024-04-07")
    assert [cells[0] for cells in rows] == ["All students", "Team: A"]
    assert rows[0][1].startswith("40.0 %")
    assert "Masked on these dates: Team: C." in page.text
    assert page.unbalanced == page.open == []
    without = write_audit_html(json.dumps(content | {"by_term": []}), tmp_path / "b.html")
    assert "one date per term" not in without.read_text(encoding="utf-8")
