from __future__ import annotations

import pytest

from early_id.exceptions import ConfigError
from early_id.explain import NO_STRENGTH, check_wording
from early_id.explain._sentences import placeholders, sentence
from early_id.panel import CATALOG

FACTS = {"of": 20.0, "value": 0.5, "from_": "2025-08-14", "to": "2025-11-16"}


@pytest.mark.parametrize(
    "text",
    [
        "Student at risk",
        "An at-risk youth",
        "High risk of absence",
        "a high-risk case",
        "Likely dropout",
        "drop-out candidate",
        "Problem in class",
        "behaviour PROBLEMS",
        "A failing student",
        "failed pupils",
        "habitual truant",
        "defiance in class",
        "disruptive on 3 days",
        "weak student",
        "low performer",
        "under-achiever",
        "unmotivated since 3 Oct",
    ],
)
def test_labels_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"never label a child, got '.*' in "):
        check_wording(text)


@pytest.mark.parametrize(
    "text",
    [
        "Absent 3 of the last 20 school days",
        "2 core courses below 60",
        NO_STRENGTH,
        "Asterisk",
        "2 days suspended",
    ],
)
def test_facts_are_accepted(text: str) -> None:
    assert check_wording(text) == text


@pytest.mark.parametrize("feature", CATALOG.values(), ids=lambda feature: feature.name)
@pytest.mark.parametrize("count", [0.0, 1.0, 7.0])
def test_every_phrase_of_the_catalogue_states_a_fact(feature, count) -> None:
    for template in (feature.phrase, feature.strength):
        check_wording(template)
        text = sentence(template, {"count": count, **FACTS}, unit=feature.unit)
        assert (text is None) == (template == "")
        if text is not None:
            check_wording(text)
            assert "{" not in text


@pytest.mark.parametrize("feature", CATALOG.values(), ids=lambda feature: feature.name)
def test_every_reason_of_the_catalogue_carries_a_number_or_its_day(feature) -> None:
    facts = {"to"} if feature.aggregate == "since" else {"count", "value"}
    assert not feature.phrase or placeholders(feature.phrase) & facts
