"""Colours that everybody can read, and words that never describe a child."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

TEMPLATES = files("early_id.reports") / "templates"
CSS = (TEMPLATES / "style.css").read_text(encoding="utf-8")
LABELS = re.compile(
    r"\bat[- ]risk\b|\bhigh[- ]risk\b|\blow[- ]risk\b|drop-?outs?\b|problem (student|child|kid)|failing student"
    r"|\btroubled\b|\bdelinquent|\bunderachiev|\bbad (student|kid)|\bvulnerable (student|child)|\btruants?\b",
    re.IGNORECASE,
)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def schemes():
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks[:2]]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_aa(scheme):
    colours = schemes()[scheme]
    pairs = [(text, ground) for text in ("ink", "muted", "accent") for ground in ("page", "surface")]
    pairs += [(name, f"{name}-soft") for name in ("gap", "pass", "cannot-tell", "suppressed", "accent")]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for mark in ("gap", "pass", "cannot-tell", "suppressed"):
        assert contrast(colours[mark], colours["surface"]) >= 3, mark


def test_the_pattern_finds_labels():
    for words in ("At-Risk", "high risk", "dropout", "problem student"):
        assert LABELS.search(words)


@pytest.mark.parametrize("name", sorted(file.name for file in TEMPLATES.iterdir()))
def test_no_template_labels_a_child(name):
    assert LABELS.search((TEMPLATES / name).read_text(encoding="utf-8")) is None


@pytest.mark.parametrize(
    "name",
    [
        "_words.py",
        "_decision.py",
        "_glossary.py",
        "_card.py",
        "_card_data.py",
        "_card_words.py",
        "_signature.py",
        "_terms.py",
        "_weekly.py",
    ],
)
def test_no_sentence_labels_a_child(name):
    assert LABELS.search((files("early_id.reports") / name).read_text(encoding="utf-8")) is None


def test_light_dark_print_and_phone_are_provided():
    for query in ("prefers-color-scheme: dark", "@media print", "max-width: 46rem"):
        assert query in CSS
