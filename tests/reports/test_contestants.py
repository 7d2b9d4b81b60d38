"""Whom the places on the lists go to, and which way of making them holds more of the weeks still ahead."""

from __future__ import annotations

import pandas as pd
import pytest

from early_id.pipeline._train import RULES
from early_id.reports._contestants import contestants, places, reaches_more


def metrics(ahead, *, rule=0.05, ceiling=0.2):
    """A thousand weeks listed, of which `ahead` have the event still ahead; every second of them in vain."""
    rows = [
        {"contestant": "m", "rows": "all", "n_positives": 5000, "recall": 0.1, "precision": 0.5},
        {"contestant": "m", "rows": "onset", "n_positives": 1000, "recall": ahead / 2000, "precision": 0.5},
        {"contestant": "rule", "rows": "onset", "n_positives": 1000, "recall": rule, "precision": 0.2},
        {"contestant": "ceiling", "rows": "onset", "n_positives": 1000, "recall": ceiling, "precision": 0.6},
        {
            "contestant": "forest ceiling",
            "rows": "onset",
            "n_positives": 9,
            "recall": ceiling,
            "precision": 0.6,
        },
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("ahead", "words"), [(200, "about 80 in 100"), (450, "about 55 in 100"), (600, "")])
def test_most_places_are_said_to_be_behind_the_event_only_where_they_are(ahead, words):
    told = places(metrics(ahead), "m")
    assert words in told
    assert bool(told) == bool(words)


def test_nothing_is_said_without_the_numbers():
    assert places(metrics(200).drop(columns="n_positives"), "m") == ""
    assert places(metrics(200).assign(precision=float("nan")), "m") == ""
    assert places(None, "m") == reaches_more(None, "m") == ""
    assert reaches_more(metrics(200), None) == ""


@pytest.mark.parametrize(("rule", "named"), [(0.05, False), (0.1, False), (0.12, True)])
def test_a_rule_is_named_only_where_it_holds_more_and_the_ceiling_never(rule, named):
    told = reaches_more(metrics(200, rule=rule), "m")
    assert ("“rule” holds 12.0 %" in told) == named
    assert bool(told) == named
    assert "ceiling" not in told


def test_the_ceiling_is_explained_in_words():
    explained = {row["contestant"]: row["explained"] for row in contestants(metrics(200), "m")}
    for name in ("ceiling", "forest ceiling"):
        assert "a model nobody can read, run only to see what is lost by being readable" in explained[name]
    assert explained["m"] == ""


def test_the_school_only_rule_is_explained_by_the_name_the_training_gives_it():
    rows = metrics(200).replace({"contestant": {"rule": RULES["school_mean"][0]}})
    explained = {row["contestant"]: row["explained"] for row in contestants(rows, "m")}
    assert "only telling schools apart" in explained["school-mean rule"]
