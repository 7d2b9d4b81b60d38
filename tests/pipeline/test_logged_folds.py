"""Each training that a rolling backtest replays has runs of its own, which say what it learned from."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from early_id.config import Config
from early_id.district import District, simulate_tables
from early_id.evaluation import Backtest, compute_metrics, publish_histories, publish_metrics
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.pipeline import train
from early_id.pipeline._logged_folds import fold_logs, origin_of
from early_id.pipeline._tracker import tracker_of
from early_id.tracking import Tracker, TrainingLog, log_training

FOLDS = [("2023", "1"), ("2023", "all"), ("2024", "1"), ("2024", "2"), ("2024", "all")]
TRAINED = {"1": 1, "2": 2, "all": 2}


class Given(BaseEstimator):
    """A contestant whose scores are there already: to ask it again is an error."""

    def __init__(self, weight=1):
        self.weight = weight

    def fit(self, X, y):
        raise AssertionError

    predict_proba = rank_score = fit


@pytest.fixture(scope="module")
def contestants():
    return {"additive": Given(2), "rule": Given(3)}


def scores(fold: str, history: str, seed: int) -> pd.DataFrame:
    """Scores of 300 students on two days of a fold; the rule has no probability."""
    rng = np.random.default_rng(seed)
    ids = [f"student-{number:04}" for number in range(300)]
    days = pd.to_datetime([f"{int(fold) - 1}-10-06", f"{int(fold) - 1}-11-03"])
    rows = pd.DataFrame({"student_id": ids, "school_id": ["01", "02"] * 150}).merge(
        pd.DataFrame({"as_of": days, "school_day": [30.0, 50.0]}), how="cross"
    )
    label = np.repeat(rng.random(300) < 0.3, 2).astype("float64")
    rows = rows.assign(
        school_year=int(fold), label=label, onset=True, treated=False, not_scored=None, seen_in_training=True
    )
    parts = []
    for number, name in enumerate(("additive", "rule")):
        score = np.clip(0.3 + 0.2 * label + rng.normal(0, 0.1 * (1 + number), len(rows)), 0, 1)
        parts.append(rows.assign(contestant=name, score=score, probability=score if number == 0 else np.nan))
    return pd.concat(parts, ignore_index=True).assign(fold=fold, history=history, trained_on=days[0])


@pytest.fixture(scope="module")
def result():
    """A rolling backtest as `backtest` gives it: two folds, of which the earlier has no history of two years."""
    parts = [scores(fold, history, seed) for seed, (fold, history) in enumerate(FOLDS)]
    folds = pd.DataFrame(
        {
            "fold": fold,
            "history": history,
            "trained_on": f"{int(fold) - 1}-10-06",
            "train_years": ", ".join(str(int(fold) - n) for n in range(TRAINED[history], 0, -1)),
            "rows": 5200 + seed,
            "students": 871 + seed,
            "positives": 333,
            "treated_share": 0.12345,
        }
        for seed, (fold, history) in enumerate(FOLDS)
    )
    return Backtest(
        predictions=parts[-1],
        documents={},
        deployable="additive",
        label="chronic_absence",
        capacity="10%",
        train_years=(2022, 2023),
        test_years=(2024,),
        trained_on=date(2023, 10, 6),
        embargo="strict",
        training=pd.Series(dtype="float64"),
        others=pd.concat(parts[:-1], ignore_index=True),
        folds=folds,
    )


@pytest.fixture(scope="module")
def stored(result, contestants, tmp_path_factory):
    """The runs below a training, by learner, fold and history, as the store gives them back."""
    figures = {"histories": publish_histories(result, "10%")}
    # Of the folds, only the latest has every history: the other is not in that table, and has runs all the same.
    assert set(figures["histories"]["fold"]) == {"every fold", "2024"}
    logs = fold_logs(result, "10%", figures, contestants)
    tracker = Tracker(tmp_path_factory.mktemp("store"))
    with tracker.run("training") as parent:
        log_training(TrainingLog({}, {}, logs, chosen="additive"), parent)
    below = f"tags.mlflow.parentRunId = '{parent.run_id}'"
    runs = tracker.client.search_runs([tracker.experiment_id], below)
    tags = ("learner", "fold", "history")
    return tracker, {tuple(run.data.tags[tag] for tag in tags): run for run in runs}, len(runs)


def test_every_learner_fold_and_history_before_the_latest_has_one_run(result, stored):
    _, runs, number = stored
    assert set(runs) == {(name, *pair) for name in ("additive", "rule") for pair in FOLDS[:-1]}
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
            assert run.params["fold.training.students"] == "900"
            assert run.params["fold.training.treated_share"] == "0.123"
    assert runs["rule", "2023", "all"].data.params["weight"] == "3"
    assert runs["additive", "2023", "1"].data.params["weight"] == "2"


def test_a_run_holds_the_published_figures_of_its_own_fold_with_their_intervals(result, stored):
    tracker, runs, _ = stored
    for (fold, history), own in result.others.groupby(["fold", "history"]):
        printed = publish_metrics(own, "10%").set_index(["contestant", "rows"])
        for (name, rows), figures in printed.iterrows():
            run = runs[name, fold, history]
            for column, value in figures.items():
                logged = run.data.metrics[f"{rows.replace(', ', '_')}.{column}"]
                assert logged == value or (np.isnan(logged) and np.isnan(value))
            low, middle, high = (run.data.metrics[f"all.auroc{end}"] for end in ("_low", "", "_high"))
            assert low < middle < high
    run = runs["additive", "2023", "all"]
    own = result.others.query("fold == '2023' and history == 'all'")
    exact = compute_metrics(own, "10%").set_index(["contestant", "rows"]).loc["additive"]
    assert abs(run.data.metrics["onset.recall"] - exact.loc["onset", "recall"]) <= 0.0005
    table = pd.read_csv(tracker.client.download_artifacts(run.info.run_id, "metrics.csv"))
    assert set(table["contestant"]) == {"additive"}


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


@pytest.mark.slow
def test_a_training_with_folds_leaves_a_run_for_each(tmp_path):
    """The whole job on a small county, with one learner."""
    district = District.from_frames(simulate_tables(students=400, schools=4, years=5, seed=3).tables)
    training = {
        "folds": 2, "histories": [1], "every_weeks": 6, "learners": ["monotone"], "ceiling": False, "bags": 0
    }  # fmt: skip
    config = Config.model_validate(
        {
            "district": {"path": "unused"},
            "capacity": "10%",
            "models": str(tmp_path / "models"),
            "tracking": {"uri": f"sqlite:///{tmp_path / 'mlflow.db'}"},
            "training": training,
        }
    )
    trained = train(config, district=district)
    tracker = tracker_of(config)
    found = tracker.client.search_runs([tracker.experiment_id], "tags.role = 'learner'")
    runs = {tuple(run.data.tags[tag] for tag in ("learner", "fold", "history")): run for run in found}
    pairs = list(zip(trained.backtest.folds["fold"], trained.backtest.folds["history"], strict=True))
    assert len({fold for fold, _ in pairs}) == 2
    names = trained.backtest.predictions["contestant"].unique()
    assert len(found) == len(runs)
    assert set(runs) == {(name, *pair) for name in names for pair in pairs}
    table = pd.read_csv(trained.folder / "histories.csv", dtype={"fold": "str", "history": "str"})
    shared = table[table["fold"] != "every fold"].set_index(["contestant", "fold", "history", "rows"])
    assert len(shared)
    for (name, fold, history, rows), printed in shared["auroc"].items():
        logged = runs[name, fold, history].data.metrics[f"{rows.replace(', ', '_')}.auroc"]
        assert logged == printed or (np.isnan(logged) and np.isnan(printed))
