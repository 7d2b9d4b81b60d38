from __future__ import annotations

import re

import pytest

from early_id.reports._charts import SHAPES, recall_chart


def row(group, recall, verdict, title="Team"):
    return {
        "title": title,
        "group": group,
        "recall": recall,
        "recall_low": recall - 0.05,
        "recall_high": recall + 0.05,
        "verdict": verdict,
    }


ROWS = [
    row("A & <co>", 0.5, "pass"),
    row("B", 0.3, "gap"),
    row("C", 0.4, "cannot tell"),
    row("TK–5", 0.45, "suppressed", "Grade band"),
]


@pytest.fixture(scope="module")
def svg():
    return recall_chart(ROWS, 0.44, width=300, labels=90)


def marks(svg):
    """Shape and colour of each point: paths with a fill of their own."""
    return re.findall(
        r'<path transform="translate\(([\d.]+),[\d.]+\)" d="([^"]+)" fill="(var\([^"]+\))"', svg
    )


def test_each_group_is_drawn_where_its_rate_lies(svg):
    found = marks(svg)
    assert len(found) == len(ROWS)
    places = [float(x) for x, _, _ in found]
    expected = [300 * r["recall"] / (0.55 * 1.04) for r in ROWS]
    assert sorted(places) == pytest.approx(sorted(expected), abs=0.6)


def test_verdicts_differ_in_shape_and_in_colour(svg):
    found = marks(svg)
    assert len({shape for _, shape, _ in found}) == len(SHAPES)
    assert {colour for _, _, colour in found} == {
        "var(--gap)",
        "var(--pass)",
        "var(--cannot-tell)",
        "var(--suppressed)",
    }


def test_names_are_escaped_and_headings_shown(svg):
    assert "A &amp; &lt;co&gt;" in svg
    assert ">Grade band<" in svg


def test_colours_follow_the_page(svg):
    text = re.findall(r"<text[^>]*>", svg)
    assert text
    assert all('fill="var(--' in tag for tag in text)


def test_the_picture_refers_to_nothing_outside(svg):
    assert "http" not in svg
    assert "url(" not in svg
