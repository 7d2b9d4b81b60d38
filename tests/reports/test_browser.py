"""Pages in a browser: what moves, moves; who has no mouse gets everywhere; nothing leaves the machine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from sample_audit import sample_evidence, sample_metrics, sample_record, scored_audit

from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.reports import write_audit_html, write_model_card

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install Debian's to try the pages in a browser"
)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    return write_audit_html(
        scored_audit(), tmp_path_factory.mktemp("page") / "audit.html", metrics=sample_metrics()
    )


@pytest.fixture
def page(browser, written, request):
    """The page at a desk, with everything it said and asked for."""
    how = getattr(request, "param", {})
    yield from opened_page(browser, written, how)


def opened_page(browser, file, how):
    context = browser.new_context(
        **{
            "viewport": {"width": how.get("width", 1200), "height": 900},
            **{name: value for name, value in how.items() if name != "width"},
        }
    )
    opened = context.new_page()
    opened.said, opened.asked = [], []
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    opened.goto(file.as_uri())
    yield opened
    context.close()


@pytest.fixture(scope="module")
def card_file(tmp_path_factory) -> Path:
    """A signed model card."""
    terms = (Term("absent_days", "step", edges=(1.0, 4.0), values=(-0.7, 0.35, 1.4), missing=0.0),)
    document = AdditiveModel(
        "chronic_absence",
        [FeatureInfo("absent_days", direction=1, unit="days")],
        [Period(0, None, -1.0, terms)],
    )
    evidence = sample_evidence(document)
    path = tmp_path_factory.mktemp("card") / "model_card.html"
    return write_model_card(document, path, evidence=evidence, signed=sample_record(evidence))


@pytest.fixture
def card(browser, card_file, request):
    """The card with all it says unfolded."""
    for opened in opened_page(browser, card_file, getattr(request, "param", {})):
        opened.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        yield opened


def content():
    return json.loads(scored_audit().to_json())


def test_no_request_leaves_and_the_console_is_silent(page, written):
    page.locator("#size").press("End")
    page.locator("th button").first.click()
    assert page.asked == [written.as_uri()]
    assert page.said == []


def texts(page, selector):
    return [text.replace("\u00a0", " ").strip() for text in page.locator(selector).all_inner_texts()]


@pytest.mark.parametrize("key", ["Home", "End", "ArrowRight"])
def test_the_slider_shows_the_numbers_of_its_size(page, key):
    curve = content()["capacity_curve"]
    percents = sorted({row["percent"] for row in curve} - {10})
    expected = {
        "Home": percents[0],
        "End": percents[-1],
        "ArrowRight": min(percent for percent in percents if percent > 10),
    }[key]
    assert texts(page, "#size-now") == ["10 % of the students of each school (the real list)"]
    page.locator("#size").press(key)
    assert texts(page, "#size-now") == [f"{expected} % of the students of each school"]
    assert texts(page, "#size-of-table") == [f"Lists of {expected} % of the students of each school"]
    shown = {
        row.locator("th").inner_text(): [
            row.locator(part).inner_text().replace("\u00a0", " ") for part in (".recall", ".difference")
        ]
        for row in page.locator("#sizes-table tbody tr").all()
    }
    rows = [row for row in curve if row["percent"] == expected and row["attribute"] == "team"]
    assert len(rows) == 3
    for row in rows:
        recall, gap = shown[f"Team: {row['group']}"]
        assert recall == row["recall_text"]
        if row["gap"] is not None:
            assert float(gap.split(" ")[0].replace("−", "-")) == pytest.approx(100 * row["gap"], abs=0.051)
    everyone = next(row for row in curve if row["percent"] == expected and row["attribute"] == "all")
    assert everyone["recall_text"] in texts(page, "#size-told")[0]


def test_the_table_says_what_audit_json_says(page):
    published = {(row["attribute"], row["group"]): row for row in content()["by_group"]}
    rows = page.locator("section:has(h3:text('Team')) tbody tr").all()
    assert len(rows) == 3
    for row in rows:
        group = row.locator("th").inner_text()
        recall = row.locator("td[data-label='Weeks on the list']").inner_text().replace("\u00a0", " ")
        assert recall.startswith(published["team", group]["recall_text"])
        # The slider begins with the real list.
        line = page.locator(f"#sizes-table tr:has(th:text-is('Team: {group}')) .recall").inner_text()
        assert line.replace("\u00a0", " ") == published["team", group]["recall_text"]


def test_a_heading_sorts_its_table_both_ways_and_words_come_last(page):
    heading = page.locator("#sizes-table thead th").nth(2)
    for state in ("ascending", "descending"):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == state
        shown = texts(page, "#sizes-table .recall")
        numbers = [float(re.match(r"[\d.]+", text)[0]) for text in shown if text[0].isdigit()]
        assert numbers == sorted(numbers, reverse=state == "descending")
        assert all(text[0].isdigit() for text in shown[: len(numbers)])


def test_everything_that_moves_is_reached_with_the_keyboard_alone(page):
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        tag = page.evaluate("document.activeElement.id || document.activeElement.tagName")
        reached.add(tag)
        if tag == "size":
            break
    assert {"A", "SUMMARY", "BUTTON", "size"} <= reached
    page.locator("#sizes-table th button").first.click()
    page.locator("#size").focus()
    before = texts(page, "#size-now")
    page.keyboard.press("ArrowLeft")
    assert texts(page, "#size-now") != before
    # Sorted by other numbers than those shown now, it is not called sorted any more.
    assert not page.locator("#sizes-table th[aria-sort]").count()


@pytest.mark.parametrize(
    "page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
def test_axe_finds_no_serious_violation(page):
    assert serious(page) == []


@pytest.mark.parametrize(
    "card", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
def test_axe_finds_no_serious_violation_in_the_card(card):
    assert serious(card) == []


def serious(page):
    from axe_playwright_python.sync_playwright import Axe

    # The page's own policy lets no other script in, so the checker is put in from outside of it.
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("page", [{"width": 360}, {"width": 768}, {"width": 1200}], indirect=True, ids=str)
def test_nothing_is_wider_than_the_screen(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("card", [{"width": 360}, {"width": 768}, {"width": 1200}], indirect=True, ids=str)
def test_no_part_of_the_card_is_wider_than_the_screen(card, card_file):
    assert card.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert card.asked == [card_file.as_uri()]
    assert card.said == []


def test_the_card_prints_as_paper_in_dark_rooms_too(browser, card_file):
    for card in opened_page(browser, card_file, {"color_scheme": "dark"}):
        card.emulate_media(media="print", color_scheme="dark")
        ground = card.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True, ids=["no script"])
def test_without_a_script_the_page_says_the_same_and_shows_no_dead_slider(page):
    assert not page.locator("#size").is_visible()
    assert texts(page, "#sizes-table .recall")
