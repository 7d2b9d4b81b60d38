from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from early_id.exceptions import ConfigError
from early_id.models import (
    EBMAdditiveClassifier,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    PointScorecardClassifier,
)
from early_id.models._parameters import RULES, check_parameters
from models.made import students

LEARNERS = (
    MonotoneAdditiveClassifier, LogisticAdditiveClassifier, PointScorecardClassifier, EBMAdditiveClassifier,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bags", [0, -1, 1.5, True, None, "3"]),
        ("max_bins", [0, 1, 256, 32.0, None]),
        ("max_iter", [0, -5, 10.5, "many"]),
        ("max_leaf_nodes", [0, 1, None]),
        ("min_samples_leaf", [0, -1, 0.1]),
        ("n_knots", [0, 1, 2.5]),
        ("max_features", [0, 11, 2.5]),
        ("max_points", [0, 101, 2.5]),
        ("outer_bags", [0, 1.5, None]),
        ("max_rounds", [0, -1, 10.5]),
        ("interactions", [-1, 0.5, "3x", [(0, 1)]]),
        ("folds", [0, 1, -3, 2.5, None]),
        ("C", [0, -1.0, np.nan, "1", True]),
        ("learning_rate", [0, -0.1, np.nan, np.inf]),
        ("l2_regularization", [-1, np.nan, np.inf]),
        ("calibrate", ["no", 1, None]),
        ("directions", [5, ["absence"], 0]),
    ],
)
def test_a_parameter_out_of_its_range_is_named_before_any_fit(name, wrong):
    X, y, _ = students(300)
    learners = [one for one in LEARNERS if name in one().get_params()]
    assert learners
    for learner in learners:
        for value in wrong:
            with pytest.raises(ConfigError, match=rf"^{name} must be .*, but is .*") as caught:
                learner(**{name: value}).fit(X, y)
            assert "\n" not in str(caught.value)
            assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "good",
    [
        {
            "bags": np.int64(2),
            "max_bins": 2,
            "max_iter": 1,
            "max_leaf_nodes": 2,
            "min_samples_leaf": 1,
            "folds": 2,
        },
        {"max_bins": 255, "learning_rate": 1, "l2_regularization": 0, "calibrate": np.False_},
    ],
)
def test_the_ends_of_the_ranges_fit(good):
    X, y, _ = students(300)
    assert MonotoneAdditiveClassifier(directions=None, **good).fit(X, y).document_.periods[0].n_rows == 300


def test_every_number_of_a_learner_has_a_rule_that_its_default_keeps():
    for learner in LEARNERS:
        numbers = {
            name
            for name, value in inspect.signature(learner).parameters.items()
            if isinstance(value.default, int | float) and name != "random_state"
        }
        assert numbers <= set(RULES)
        check_parameters(clone(learner()).get_params())


def test_a_period_without_rows_is_said_before_any_fit(monkeypatch):
    X, y, _ = students(300)
    day = np.tile([5, 30], 150)
    for learner in LEARNERS:
        monkeypatch.setattr(learner, "_fit_tables", lambda *_: pytest.fail("fitted"))
        model = learner(directions=None, periods=(0, 20, 500))
        with pytest.raises(
            ValueError, match="school days 500 to the end holds none; join it with a neighbour"
        ):
            model.fit(X.assign(school_day=day), pd.Series(y))
