"""Replayed trainings learn from the same thinned weeks, and test on every week."""

from __future__ import annotations

from functools import partial

import pandas as pd
from sklearn.base import BaseEstimator

from early_id.config import Config
from early_id.evaluation import backtest
from early_id.panel import CATALOG, build_panel
from early_id.pipeline import _train
from early_id.pipeline._train import rolling_of, training_panel


class Rule(BaseEstimator):
    """Ranks by the days missed."""

    def fit(self, X, y):
        return self

    def rank_score(self, X):
        return X["absent_days_year"]


def settings(**training):
    return Config.model_validate(
        {"district": {"path": "unused"}, "capacity": "5%", "training": {"every_weeks": 9, **training}}
    )


def test_more_folds_test_more_years_weekly_and_leave_the_latest_as_it_was(county, monkeypatch):
    catalog = {name: CATALOG[name] for name in ("absent_days_year",)}
    monkeypatch.setattr(_train, "CATALOG", catalog)
    monkeypatch.setattr(_train, "build_panel", partial(build_panel, catalog=catalog))
    one, two = settings(), settings(folds=2, histories=[1])
    narrow, wide = training_panel(one, county), training_panel(two, county)
    dates = [panel.frame.groupby("school_year")["as_of"].nunique() for panel in (narrow, wide)]
    first, middle, last = dates[1].index
    assert dates[0][[first, middle]].max() <= 5
    assert dates[1][first] == dates[0][first]
    assert dates[1][last] == dates[0][last] > 30
    assert dates[1][middle] > 30
    rules = {"rule": Rule()}
    alone = backtest(rules, narrow, rolling=rolling_of(one, county))
    both = backtest(rules, wide, rolling=rolling_of(two, county))
    pd.testing.assert_frame_equal(both.predictions, alone.predictions, check_exact=True)
    assert both.training.equals(alone.training)
    assert both.folds["fold"].tolist() == [str(middle)] * 2 + [str(last)] * 2
