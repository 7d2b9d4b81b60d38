"""Whom a configuration lets compete."""

from __future__ import annotations

import sys

import pytest
from sklearn.base import is_classifier

from early_id.config import load_config
from early_id.exceptions import ConfigError
from early_id.pipeline import train
from early_id.pipeline._train import contestants_of


def config(tmp_path, training: str):
    file = tmp_path / "county.yaml"
    text = f"district: {{path: data}}\ncapacity: 5%\npurpose: Outreach.\ntraining: {training}\n"
    file.write_text(text)
    return load_config(file)


def test_learners_rules_and_ceilings_are_those_of_the_configuration(tmp_path):
    asked = (
        "{learners: [monotone, ebm, logistic, scorecard], rules: [pace, prior_year, year_to_date, last_mark, "
    )
    every = contestants_of(config(tmp_path, asked + "school_mean, abc], seed: 7}"))
    rules = [
        "pace rule",
        "prior-year rule",
        "year-to-date rule",
        "last-mark rule",
        "school-mean rule",
        "ABC rule",
    ]
    learners = ["additive", "ebm", "logistic", "scorecard"]
    assert list(every) == [*learners, *rules, "ceiling", "forest ceiling"]
    for name, one in every.items():
        assert name in rules or (is_classifier(one) and one.random_state == 7)
    few = contestants_of(config(tmp_path, "{learners: [monotone], rules: [], ceiling: false}"))
    assert list(few) == ["additive", "prior-year rule", "school-mean rule"]
    without = "{learners: [monotone], rules: [], ceiling: false, drop_features: [prior_absence_rate]}"
    assert list(contestants_of(config(tmp_path, without))) == ["additive", "school-mean rule"]


def test_a_package_that_is_not_there_is_said_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "interpret.glassbox", None)
    with pytest.raises(ConfigError, match=r"pip install early-id\[ebm\]"):
        train(config(tmp_path, "{learners: [ebm]}"), tell=lambda step: pytest.fail(step))
