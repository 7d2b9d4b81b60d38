"""Each training that a rolling backtest replays has runs of its own, which say what it learned from."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from early_id.evaluation import Rolling, backtest, compute_metrics, publish_metrics
from early_id.models import AdditiveModel, FeatureInfo, MonotoneAdditiveClassifier, Period, Term
from early_id.panel import CATALOG, build_panel
from early_id.pipeline._logged import published
from early_id.pipeline._logged_folds import fold_logs, origin_of
from early_id.tracking import Tracker, TrainingLog, log_training

DATES = [
    *("2021-11-07", "2022-03-06", "2022-11-06", "2023-03-05"),
    *("2023-11-05", "2024-03-03"),
]
CATALOGUE = {name: CATALOG[name] for name in ("absence_rate_20d", "absent_days_year")}


class Rule(BaseEstimator):
    """Ranks by the days missed, and counts how often it was asked."""

    asked = 0

    def __init__(self, weight=1):
        self.weight = weight

    def fit(self, X, y):
        Rule.asked += 1
        return self

    def rank_score(self, X):
        Rule.asked += 1
        return X["absent_days_year"]


@pytest.fixture(scope="module")
def contestants():
    learner = MonotoneAdditiveClassifier(directions="catalogue", max_iter=10, random_state=0)
    return {"additive": learner, "rule": Rule(3)}


@pytest.fixture(scope="module")
def result(county, contestants):
    panel = build_panel(county, label="chronic_absence", as_of=DATES, catalog=CATALOGUE)
    return backtest(contestants, panel, capacity="10%", rolling=Rolling(folds=2, histories=(1, 2)))


@pytest.fixture(scope="module")
def stored(result, contestants, tmp_path_factory):
    """The runs below a training, by learner, fold and history, as the store gives them back."""
    figures = published(result, "10%")
    asked = Rule.asked
    logs = fold_logs(result, "10%", figures, contestants)
    assert Rule.asked == asked
    tracker = Tracker(tmp_path_factory.mktemp("store"))
    with tracker.run("training") as parent:
        log_training(TrainingLog({}, {}, logs, chosen="additive"), parent)
    below = f"tags.mlflow.parentRunId = '{parent.run_id}'"
    runs = tracker.client.search_runs([tracker.experiment_id], below)
    tags = ("learner", "fold", "history")
    return tracker, {tuple(run.data.tags[tag] for tag in tags): run for run in runs}, len(runs)


def test_every_learner_fold_and_history_before_the_latest_has_one_run(result, stored):
    _, runs, number = stored
    pairs = list(zip(result.folds["fold"], result.folds["history"], strict=True))
    assert pairs == [("2023", "1"), ("2023", "all"), ("2024", "1"), ("2024", "2"), ("2024", "all")]
    assert set(runs) == {(name, *pair) for name in ("additive", "rule") for pair in pairs[:-1]}
    assert number == len(runs) == 8


def test_a_run_says_what_it_learned_from_and_was_tested_on(result, stored):
    _, runs, _ = stored
    for fold in result.folds.to_dict("records")[:-1]:
        for name in ("additive", "rule"):
            run = runs[name, fold["fold"], fold["history"]].data
            for key, value in {
                "train_years": fold["train_years"],
                "test_years": fold["fold"],
                "trained_on": fold["trained_on"],
            }.items():
                assert run.tags[key] == run.params[f"fold.{key}"] == value
            assert run.params["fold.training.students"] == str(round(fold["students"], -2))
    assert runs["rule", "2023", "all"].data.params["weight"] == "3"
    assert runs["additive", "2023", "1"].data.params["max_iter"] == "10"


def test_a_run_holds_the_published_figures_of_its_own_fold_with_their_intervals(result, stored):
    tracker, runs, _ = stored
    seen = 0
    for (name, fold, history), run in runs.items():
        own = result.others[(result.others["fold"] == fold) & (result.others["history"] == history)]
        printed = publish_metrics(own, "10%").set_index(["contestant", "rows"]).loc[name]
        exact = compute_metrics(own, "10%").set_index(["contestant", "rows"]).loc[name]
        for rows, figures in printed.iterrows():
            for column, value in figures.items():
                logged = run.data.metrics[f"{rows.replace(', ', '_')}.{column}"]
                assert logged == value or (np.isnan(logged) and np.isnan(value))
        low, value, high = (run.data.metrics[f"all.auroc{end}"] for end in ("_low", "", "_high"))
        assert low < value < high
        assert abs(value - exact.loc["all", "auroc"]) <= 0.0005
        table = pd.read_csv(tracker.client.download_artifacts(run.info.run_id, "metrics.csv"))
        assert set(table["contestant"]) == {name}
        seen += 1
    assert seen == 8


def test_folds_differ_in_their_figures(stored):
    """A run that held another fold's figures would go unnoticed where all are alike."""
    found = [run.data.metrics["all.auroc"] for (name, *_), run in stored[1].items() if name == "additive"]
    assert any(one != other for one, other in pairwise(found))


def test_no_student_is_in_the_store(result, stored):
    tracker, _, _ = stored
    folder = Path(tracker.uri.removeprefix("sqlite:///")).parent
    students = [name.encode() for name in result.others["student_id"].unique()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        assert not [student for student in students if student in content], path.name


def test_what_a_document_does_not_tell_is_unknown():
    term = Term("days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    document = AdditiveModel("chronic_absence", [FeatureInfo("days")], [Period(0, None, -1.0, (term,))])
    assert origin_of(document) == {"train_years": "unknown", "trained_on": "unknown"}
