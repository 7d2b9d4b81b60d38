from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
from dataclasses import replace

import pandas as pd
import pytest
from page_reader import Page
from sample_audit import sample_audit, sample_metrics

from early_id.exceptions import ConfigError, DataError
from early_id.reports import write_audit_html
from early_id.reports._glossary import GLOSSARY

NAMES = {"school 0": "Elm School", "school 1": "Oak School"}


@pytest.fixture(scope="module")
def audit():
    return sample_audit()


@pytest.fixture(scope="module")
def metrics():
    return sample_metrics()


@pytest.fixture(scope="module")
def html(audit, metrics, tmp_path_factory):
    path = write_audit_html(
        audit, tmp_path_factory.mktemp("audit") / "audit.html", metrics=metrics, names=NAMES
    )
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def content(audit):
    return json.loads(audit.to_json())


def test_the_first_screen_says_whether_why_and_whom(page, content):
    first = page.text[: page.text.index("Who was reached in time")]
    assert "May this model be used?" in first
    assert "Not yet decided: 1 gap" in first
    worst = next(row for row in content["verdicts"] if row["verdict"] == "gap")
    assert (worst["attribute"], worst["group"]) == ("team", "B")
    own, other = 100 * worst["rate"], 100 * worst["other_rate"]
    assert (
        f"Students of the group “Team: B” who turned out to need outreach were on the list in {own:.1f} % of the weeks in "
        f"which the event was still ahead of them; all others in {other:.1f} %." in first
    )
    everyone = content["overall"][0]
    assert f"of all such students {everyone['reached_early_text']}" in first
    assert f"Judged: {everyone['students_judged']:,}; for {everyone['students_not_judged']:,}" in first
    assert "early-id promote --reviewer 'NAME, ROLE'" in first
    assert "What can be done next" in first
    assert "25 students per school, 40 in school 1" in first


def test_the_first_screen_says_for_what_by_whom_and_until_when(page):
    first = page.text[: page.text.index("What can be done next")]
    for words in ("the outreach team of each school", "no date: nobody has signed"):
        assert words in first


def test_every_word_that_is_linked_is_explained_and_every_explanation_says_something(html, page):
    linked = set(re.findall(r'href="#(g-[^"]+)"', html))
    explained = {f"g-{entry.anchor}" for entry in GLOSSARY}
    assert linked <= explained <= set(page.ids)
    assert len(explained) == len(GLOSSARY)
    assert len(linked) >= 10
    for term in (
        "recall",
        "listed",
        "precision",
        "interval",
        "simultaneous",
        "cannot tell",
        "masked",
        "AUROC",
        "observed over expected",
        "onset",
        "as-of date",
        "within school",
    ):
        assert any(term.lower() in entry.word.lower() for entry in GLOSSARY), term
    for entry in GLOSSARY:
        assert entry.meaning.endswith(".")


def test_every_chart_says_how_to_read_it(html):
    charts = html.split('<figure class="chart')[1:]
    assert charts
    for chart in charts:
        after = chart[chart.index("</figure>") :]
        assert after.removeprefix("</figure>").lstrip().startswith('<p class="small quiet">How to read this:')


def test_every_verdict_is_a_word_and_a_symbol(html):
    for word, symbol in (("gap", "▼"), ("pass", "✓"), ("cannot tell", "?"), ("suppressed", "–")):
        assert f'<span aria-hidden="true">{symbol}</span>{word}</span>' in html


def test_counts_are_those_of_the_json(page, content):
    rows = page.table_under("How many groups were judged")[1:]
    for cells, word in zip(rows, ("gap", "pass", "cannot tell", "suppressed"), strict=True):
        own = [row["metric"] for row in content["verdicts"] if row["verdict"] == word]
        assert [int(cell) for cell in cells[1:]] == [own.count("recall"), own.count("not_scored")]


def test_numbers_are_those_of_the_json(page, content):
    verdicts = {(r["attribute"], r["group"]): r for r in content["verdicts"] if r["metric"] == "recall"}
    for attribute, title in (
        ("team", "Team"),
        ("half", "Half"),
        ("school", "School"),
        ("grade_band", "Grade band"),
    ):
        shown = page.table_under(title)[1:]
        expected = [row for row in content["by_group"] if row["attribute"] == attribute]
        named = {
            NAMES.get(row["group"], row["group"]) if attribute == "school" else row["group"]: row
            for row in expected
        }
        assert sorted(named) == sorted(cells[0] for cells in shown)
        for cells in shown:
            row = named[cells[0]]
            assert cells[1].endswith(verdicts[attribute, row["group"]]["verdict"])
            assert cells[5].split(" (")[0] == row["reached_early_text"]
            assert cells[2].split(" (")[0] == row["recall_text"]
            assert cells[-2].replace(",", "") == str(row["students"] or "masked")


def test_how_early_children_were_reached_is_told_beside_the_shares_of_the_json(page, content):
    times = {(r["attribute"], r["group"]): r for r in content["lead_time"]}
    shown = {cells[0]: cells for cells in page.table_under("How early children were reached")[1:]}
    assert len(shown) == len(content["by_group"])
    for row in content["by_group"]:
        name = NAMES.get(row["group"], row["group"]) if row["attribute"] == "school" else row["group"]
        cells = next(own for key, own in shown.items() if key.endswith(f": {name}"))
        time = times[row["attribute"], row["group"]]
        assert cells[1].split(" (")[0] == row["reached_early_text"]
        assert cells[2].split(" (")[0] == row["reached_once_text"]
        weeks = "masked" if time["median_weeks"] is None else f"{time['median_weeks']:g} weeks"
        assert cells[3].split(" (")[0] == weeks
        assert cells[4] == time["before_text"]
    assert {row["median_weeks"] is None for row in times.values()} == {True, False}
    assert "No event came before the first list." in page.text
    assert f"Over all students: {times['all', 'everyone']['median_weeks']:g} weeks" in page.text


def test_without_the_day_of_the_event_nothing_is_said_of_how_early(audit, tmp_path):
    content = json.loads(audit.to_json()) | {"lead_time": []}
    path = write_audit_html(json.dumps(content), tmp_path / "a.html")
    assert "How early" not in path.read_text(encoding="utf-8")


def test_the_furthest_behind_comes_first_and_grades_keep_their_order(page, content):
    gaps = {
        r["group"]: r["gap"]
        for r in content["verdicts"]
        if (r["metric"], r["attribute"]) == ("recall", "school")
    }
    names = [cells[0] for cells in page.table_under("School")[1:]]
    assert names == [NAMES.get(group, group) for group in sorted(gaps, key=gaps.get)]
    assert [cells[0] for cells in page.table_under("Grade band")[1:]] == ["TK–5", "6–8", "9–12"]


def test_schools_of_one_name_keep_their_number(audit, tmp_path):
    path = write_audit_html(audit, tmp_path / "a.html", names=dict.fromkeys(["school 0", "school 1"], "Elm"))
    names = {cells[0] for cells in Page(path.read_text(encoding="utf-8")).table_under("School")[1:]}
    assert names == {"Elm (school 0)", "Elm (school 1)", "school 2"}


def test_no_rate_of_weeks_is_told_as_one_of_students(page):
    # Recall is over weeks: a sentence about students is allowed for the share of children reached only.
    assert "the list reached" not in page.text
    assert "Of the students who turned out to need outreach, the share that was on the list" not in page.text
    assert "Of those listed, needed it" not in page.text


def test_the_key_names_only_what_is_drawn(html):
    key = html[html.index('<div class="key"') : html.index('<figure class="chart')]
    assert "gap</span>" in key
    assert "suppressed" not in key


def test_masked_numbers_are_nowhere_on_the_page(page, audit):
    masked = audit.by_group.query("attribute == 'team' and group in ['C', 'A']")
    assert len(masked) == 2
    for cells in page.table_under("Team")[1:]:
        if cells[0] in ("C", "A"):
            assert not any(any(sign.isdigit() for sign in cell) for cell in cells[1:])
    exact = f"{int(masked.set_index('group').loc['A', 'n_students']):,}"
    assert exact not in page.text


def test_nothing_is_loaded_from_elsewhere(html, page):
    assert all(link.startswith("#") for link in page.links)
    assert page.links
    for sign in ("http:", "https:", "url(", "@import", "<script src", "<link", "<img", "//cdn"):
        assert sign not in html
    assert "default-src 'none'" in html


def test_the_page_lets_its_own_script_run_and_no_other(html):
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html


def test_the_page_is_well_formed(page):
    assert page.unbalanced == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_names_from_the_data_stay_text(html):
    assert "<b>right</b>" not in html
    assert "&lt;b&gt;right&lt;/b&gt;" in html


def test_what_cannot_be_seen_is_said(page):
    for words in (
        "recorded less often than it happens, no number on this page can show it",
        "hold for this model and these lists as drawn",
        "10 or fewer students are not printed",
        "label not yet known",
        "no word on this page describes a child",
    ):
        assert words in page.text


def test_the_same_audit_gives_the_same_bytes(audit, metrics, html, tmp_path):
    again = write_audit_html(audit.to_json(), tmp_path / "b.html", metrics=metrics, names=NAMES)
    assert again.read_text(encoding="utf-8") == html


def test_a_failed_write_leaves_the_old_page(audit, tmp_path, monkeypatch):
    path = tmp_path / "audit.html"
    path.write_text("old", encoding="utf-8")

    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_audit_html(audit, path)
    assert [file.name for file in tmp_path.iterdir()] == ["audit.html"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_missing_folder_is_named(audit, tmp_path):
    with pytest.raises(ConfigError, match=r"reports' for the report 'audit\.html' does not exist"):
        write_audit_html(audit, tmp_path / "reports" / "audit.html")


def test_something_else_than_an_audit_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected the content of an audit\.json"):
        write_audit_html("[1, 2]", tmp_path / "audit.html")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 earlier audit of this school year"), (2, "2 earlier audits of this")]
)
def test_a_later_audit_says_why_more_is_masked(audit, page, tmp_path, count, said):
    assert "earlier audit" not in page.text
    later = replace(audit, about={**audit.about, "earlier_audits": count})
    path = write_audit_html(later, tmp_path / "audit.html")
    assert said in Page(path.read_text(encoding="utf-8")).text


def test_the_ways_of_making_the_list_are_compared_in_children_too(audit, metrics, tmp_path):
    names = metrics.loc[metrics["rows"] == "onset", "contestant"]
    reached = pd.DataFrame({"contestant": names, "reached_early": 0.25})
    reached = reached.assign(reached_early_low=0.2, reached_early_high=0.3)
    reached.loc[reached.index[0], ["reached_early", "reached_early_low", "reached_early_high"]] = None
    path = write_audit_html(audit, tmp_path / "a.html", metrics=metrics, reached=reached)
    page = Page(path.read_text(encoding="utf-8"))
    table = page.text[page.text.index("Way of making the list") : page.text.rindex("How to read this")]
    assert "Children reached 8 weeks ahead" in table
    assert table.count("25.0 % (20.0–30.0 %)") == len(names) - 1
