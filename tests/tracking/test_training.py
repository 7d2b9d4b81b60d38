from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from tracking_parts import SIGNING, make_audit, make_document

from early_id.exceptions import ConfigError, DataError
from early_id.models import AdditiveModel
from early_id.tracking import (
    LearnerLog,
    Tracker,
    TrainingLog,
    fingerprint,
    log_audit,
    log_training,
    promote,
    register_candidate,
    sign_off,
)

STUDENTS = [f"stu-{number:06d}-x" for number in range(200)]


def make_training() -> TrainingLog:
    document = make_document()
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"student_id": STUDENTS, "absent": rng.integers(0, 9, 200), "mark": rng.normal(70, 9, 200)}
    )
    by_school = pd.DataFrame({"school_id": ["S1", "S2"], "auroc": [0.8, np.nan]})
    return TrainingLog(
        config={
            "label": "chronic_absence",
            "as_of": date(2026, 9, 6),
            "learners": {"additive": {"bins": 32}},
        },
        data=fingerprint({"enrollments": frame}),
        learners=(
            LearnerLog(
                "additive",
                {"bins": 32},
                {"auroc": 0.81, "brier": 0.1},
                document,
                {"by_school.csv": by_school},
                {"terms.svg": "<svg/>"},
                "2024",
            ),
            LearnerLog("pace rule", metrics={"auroc": 0.7, "brier": None}, fold="2024"),
        ),
        chosen="additive",
        metrics={"n_rows": 200.0},
        backtest={"years": [2024], "auroc": {"additive": 0.81, "pace rule": float("nan")}},
        audit=make_audit(document),
        tables={"weeks.csv": pd.DataFrame({"as_of": ["2026-09-06"], "listed": [10]})},
        files={"environment.txt": "numpy==2.4.0\n"},
        tags={"code_version": "0.1.0+abc"},
    )


def log(training: TrainingLog, tracker: Tracker) -> tuple[str, dict[tuple[str, str, str], str]]:
    """Log as a training does; give the run of the whole and those below it."""
    with tracker.run("county 2026") as parent:
        return parent.run_id, log_training(training, parent)


def test_one_parent_and_a_child_per_learner(tracker: Tracker) -> None:
    training = make_training()
    parent, runs = log(training, tracker)
    assert list(runs) == [("additive", "2024", "all"), ("pace rule", "2024", "all")]
    for (name, fold, _), run_id in runs.items():
        stored = tracker.client.get_run(run_id)
        assert stored.info.run_name == f"{name}, {fold}"
        assert {
            "mlflow.parentRunId": parent,
            "learner": name,
            "fold": fold,
        }.items() <= stored.data.tags.items()
    assert tracker.client.get_run(parent).data.tags["code_version"] == "0.1.0+abc"
    assert tracker.read(parent, "environment.txt") == b"numpy==2.4.0\n"
    additive, pace = runs.values()
    assert tracker.read(additive, "terms.svg") == b"<svg/>"
    assert tracker.metrics(additive) == {"auroc": 0.81, "brier": 0.1}
    assert tracker.metrics(pace) == {"auroc": 0.7}
    assert AdditiveModel.from_json(tracker.read(additive, "model.json")) == make_document()
    assert tracker.params(parent)["learners.additive.bins"] == "32"
    assert yaml.safe_load(tracker.read(parent, "config.yaml"))["learners"] == {"additive": {"bins": 32}}
    assert json.loads(tracker.read(parent, "backtest.json"))["auroc"]["pace rule"] is None
    assert json.loads(tracker.read(parent, "data.json"))["enrollments"]["rows"] == 200
    assert tracker.read(parent, "audit.json").decode() == training.audit


def test_no_student_is_found_in_the_store_after_a_whole_training(tracker: Tracker) -> None:
    training = make_training()
    _, runs = log(training, tracker)
    document = make_document()
    register_candidate(document, tracker=tracker, run_id=runs["additive", "2024", "all"])
    assert training.audit is not None
    log_audit("@candidate", training.audit.encode(), tracker=tracker)
    promote("@candidate", sign_off(document, training.audit, **SIGNING), training.audit, tracker=tracker)
    folder = Path(tracker.uri.removeprefix("sqlite:///")).parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        content = path.read_bytes()
        assert not [student for student in STUDENTS if student.encode() in content], path.name


@pytest.mark.parametrize("place", ["learner", "training", "backtest"])
def test_rows_of_students_stop_the_training_log(tracker: Tracker, place: str) -> None:
    rows = pd.DataFrame({"student_id": STUDENTS, "score": 0.5})
    changes: dict[str, Any] = {
        "learner": {"learners": (LearnerLog("a", tables={"rows.csv": rows}),), "chosen": "a"},
        "training": {"tables": {"rows.csv": rows}},
        "backtest": {"backtest": {"rows": rows.to_dict("records")}},
    }[place]
    with pytest.raises(DataError, match=r"no student rows"):
        log(replace(make_training(), **changes), tracker)
    status = {run.info.status for run in tracker.client.search_runs([tracker.experiment_id])}
    assert "FAILED" in status


def test_learners_need_names_of_their_own() -> None:
    with pytest.raises(ConfigError, match=r"different names, got 'a' more than once"):
        TrainingLog({}, {}, (LearnerLog("a"), LearnerLog("a")))
    with pytest.raises(ConfigError, match=r"one of 'a', got 'b'"):
        TrainingLog({}, {}, (LearnerLog("a"),), chosen="b")


def test_each_fold_of_a_backtest_has_runs_of_its_own(tracker: Tracker) -> None:
    learners = tuple(LearnerLog(name, fold=fold) for fold in ("2023", "2024") for name in ("a", "b"))
    parent, runs = log(TrainingLog({}, {}, learners, chosen="a"), tracker)
    assert list(runs) == [(name, fold, "all") for fold in ("2023", "2024") for name in ("a", "b")]
    assert len({parent, *runs.values()}) == 5
    below = f"tags.mlflow.parentRunId = '{parent}' and tags.fold = '2023'"
    found = tracker.client.search_runs([tracker.experiment_id], below)
    assert {run.info.run_id for run in found} == {runs[name, "2023", "all"] for name in "ab"}


def test_a_shorter_history_of_a_fold_has_a_run_of_its_own(tracker: Tracker) -> None:
    learners = tuple(
        LearnerLog("a", fold="2024", history=years, tags={"train_years": "2023"}) for years in ("1", "all")
    )
    _, runs = log(TrainingLog({}, {}, learners, chosen="a"), tracker)
    short, whole = (tracker.client.get_run(runs["a", "2024", years]) for years in ("1", "all"))
    assert (short.info.run_name, whole.info.run_name) == ("a, 2024, history 1", "a, 2024")
    assert [run.data.tags["history"] for run in (short, whole)] == ["1", "all"]
    assert short.data.tags["train_years"] == "2023"


def test_a_fingerprint_depends_on_every_value_and_not_on_order() -> None:
    frame = pd.DataFrame(
        {"student_id": ["a", "b", "b"], "day": pd.to_datetime(["2026-01-01"] * 3), "n": [1.0, None, 2.0]}
    )
    one = fingerprint({"t": frame})
    assert fingerprint({"t": frame.sample(frac=1, random_state=1)[["n", "student_id", "day"]]}) == one
    assert fingerprint({"t": frame.replace({"n": {2.0: 2.0000000001}})}) != one
    assert fingerprint({"t": frame.iloc[:2]}) != one
    assert fingerprint({"t": pd.concat([frame, frame.iloc[:1]])}) != one
    assert fingerprint({"t": frame.rename(columns={"n": "m"})}) != one
    assert fingerprint({"t": frame.iloc[:0]})["t"]["rows"] == 0
    assert not any(student in json.dumps(one) for student in ('"a"', '"b"'))
