"""Trainings as processes: one that is stopped says so in MLflow, and two at once leave everything whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from early_id.config import load_config
from early_id.pipeline import write_simulated
from early_id.pipeline._tracker import tracker_of
from early_id.tracking import check_backtest, load_document, version_of

pytestmark = pytest.mark.slow
QUICK = {"every_weeks": 8, "learners": ["monotone"], "rules": [], "ceiling": False, "bags": 0}


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes") / "district"
    write_simulated(folder, students=150, schools=3, districts=1, years=4, seed=0)
    return folder


def written(folder: Path, district: Path, name: str = "config", **training: object) -> Path:
    file = folder / f"{name}.yaml"
    settings = {
        "district": {"path": str(district)}, "capacity": "20%", "training": {**QUICK, **training},
        "mitigation": {"alternatives": []},
    }  # fmt: skip
    file.write_text(yaml.safe_dump(settings))
    return file


def started(config: Path) -> subprocess.Popen[str]:
    # A job in the background is started with SIGINT ignored; Ctrl-C is pressed in the foreground.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from early_id.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "train", str(config)],
        cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def runs(config: Path) -> list[tuple[str, str]]:
    """Name and status of every run in the store."""
    tracker = tracker_of(load_config(config))
    found = tracker.client.search_runs([tracker.experiment_id])
    return [(run.info.run_name, run.info.status) for run in found]


@pytest.mark.parametrize(
    ("number", "step", "code"),
    [(signal.SIGINT, "Building the panel", 130), (signal.SIGTERM, "Fitting and backtesting", 143)],
)
def test_a_training_that_is_stopped_is_marked_killed_and_registers_nothing(
    tmp_path, district, number, step, code
):
    config = written(tmp_path, district)
    with started(config) as process:
        try:
            for line in process.stderr:
                if line.strip() == step:
                    break
            else:
                pytest.fail(f"the training ended before {step!r}")
            time.sleep(0.3)  # inside the step, wherever that is
            process.send_signal(number)
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert "SHA-256" not in out
    assert runs(config) == [("train chronic_absence", "KILLED")]
    assert version_of("@candidate", tracker_of(load_config(config))) is None
    assert not (tmp_path / "models").exists()


def test_trainings_at_once_leave_every_model_whole(tmp_path, district):
    """Two that make the same document and one that makes another, on one store and one folder of models."""
    seeds = {"a": 0, "b": 0, "c": 1}
    configs = {name: written(tmp_path, district, name, seed=seed) for name, seed in seeds.items()}
    processes = {name: started(config) for name, config in configs.items()}
    try:
        ended = {name: process.communicate(timeout=1800) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
    good = [name for name, process in processes.items() if process.returncode == 0]
    for name in set(seeds) - set(good):
        lines = ended[name][1].splitlines()
        assert lines[-1].startswith("Error: Expected "), ended[name][1]
        assert "Traceback" not in ended[name][1]
    assert good
    said = {name: re.search(r"version (\d+), SHA-256 (\w{64})", ended[name][0]).groups() for name in good}
    tracker = tracker_of(load_config(configs["a"]))
    registered = tracker.client.search_model_versions(f"name = '{tracker.model}'")
    assert {(str(each.version), each.tags["document_sha256"]) for each in registered} == set(said.values())
    assert len(registered) == len({sha256 for _, sha256 in said.values()})
    for version, sha256 in said.values():
        assert load_document(version, tracker).sha256 == sha256
        hashes = check_backtest(version, tmp_path / "models" / sha256[:12], tracker=tracker)
        assert "predictions.parquet" in hashes
    assert {folder.name for folder in (tmp_path / "models").iterdir() if folder.is_dir()} == {
        sha256[:12] for _, sha256 in said.values()
    }
    assert version_of("@candidate", tracker)[0] in {version for version, _ in said.values()}
    statuses = [status for name, status in runs(configs["a"]) if name == "train chronic_absence"]
    assert sorted(statuses) == sorted(["FINISHED"] * len(good) + ["FAILED"] * (len(seeds) - len(good)))
    assert not [file for file in (tmp_path / "models").rglob("*") if file.name.startswith(".writing")]
