"""A tracking server on this machine: all that works on a file works there, and nothing is left beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tracking_parts import SIGNING, make_audit, make_document

from early_id.tracking import (
    Artifact,
    LearnerLog,
    Tracker,
    TrainingLog,
    load_document,
    log_audit,
    log_training,
    promote,
    register_candidate,
    rollback,
    sign_off,
    verify_sign_off,
    version_of,
    write,
)
from early_id.tracking._mlflow import quiet

FRAME = pd.DataFrame(
    {"school_day": [10.0, 90.0, 59.0], "absent": [0.0, 7.0, np.nan], "mark": [70.0, np.nan, 95.0]}
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    store = [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *store], cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )  # fmt: skip
    try:
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310
                    assert answer.status == 200
                yield address
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        pytest.fail((folder / "log").read_text())
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the server and its workers: a group of their own
        process.wait(timeout=60)


@pytest.mark.slow
def test_a_training_its_models_and_its_sign_offs_live_on_a_server(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = Tracker(server, "county", model="early-id-chronic-absence")
    assert tracker.database is None
    assert version_of("@champion", tracker) is None
    documents = [make_document(0.0), make_document(0.5)]
    for document in documents:
        learner = LearnerLog("additive", {"bins": 32}, {"auroc": 0.8}, document, fold="2024")
        with tracker.run("train chronic_absence") as parent:
            runs = log_training(TrainingLog({"label": "x"}, {}, (learner,), chosen="additive"), parent)
            write([Artifact("diff.txt", "ä")], parent)
        run_id = runs["additive", "2024", "all"]
        register_candidate(document, tracker=tracker, run_id=run_id, files={"predictions.parquet": "0" * 64})
        audit = make_audit(document, predictions_sha256="0" * 64)
        log_audit("@candidate", audit.encode(), tracker=tracker)
        promote("@candidate", sign_off(document, audit, **SIGNING), audit, tracker=tracker)
    assert tracker.read(parent.run_id, "diff.txt").decode() == "ä"
    assert load_document("@champion", tracker) == documents[1]
    assert load_document("@previous", tracker) == documents[0]
    verify_sign_off(documents[1], capacity="5%", as_of="2026-11-22", tracker=tracker)

    assert parent.page.startswith(f"{server}/#/experiments/")
    with urllib.request.urlopen(parent.page, timeout=60) as answer:  # noqa: S310
        assert "<html" in answer.read().decode().lower()
    asked = f"{server}/api/2.0/mlflow/runs/get?run_id={parent.run_id}"
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
        assert json.load(answer)["run"]["info"]["status"] == "FINISHED"

    import mlflow

    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    try:
        mlflow.set_tracking_uri(server)
        mlflow.set_registry_uri(server)
        with quiet():
            scored = mlflow.pyfunc.load_model("models:/early-id-chronic-absence@champion").predict(FRAME)
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])
    np.testing.assert_array_equal(scored, documents[1].predict_proba(FRAME)[:, 1])

    assert rollback(tracker=tracker) == 1
    assert load_document("@champion", tracker) == documents[0]
    assert version_of("@previous", tracker) is None
    assert list(tmp_path.iterdir()) == []
