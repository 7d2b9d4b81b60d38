from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tracking_parts import make_document

from early_id.exceptions import ConfigError, DataError, GateError
from early_id.models import AdditiveModel
from early_id.tracking import (
    Tracker,
    load_document,
    log_audit,
    promote,
    register_candidate,
    sign_off,
    version_of,
)
from early_id.tracking._mlflow import quiet
from early_id.tracking._registry import resolve

Register = Callable[..., AdditiveModel]

FRAME = pd.DataFrame(
    {"school_day": [10.0, 90.0, 59.0], "absent": [0.0, 7.0, np.nan], "mark": [70.0, np.nan, 95.0]}
)


def stored_folder(tracker: Tracker, ref: str) -> Path:
    return Path(str(resolve(ref, tracker).source).removeprefix("file://").replace("%20", " "))


def test_the_candidate_comes_back_digit_by_digit(tracker: Tracker, registered: Register) -> None:
    document = registered()
    assert load_document("@candidate", tracker) == document
    assert load_document(1, tracker) == load_document("1", tracker) == document


def test_the_newest_registration_is_the_candidate(tracker: Tracker, registered: Register) -> None:
    first, second = registered(0.0), registered(0.5)
    assert load_document("@candidate", tracker) == second
    assert load_document(1, tracker) == first


def test_the_same_document_keeps_its_version(tracker: Tracker, registered: Register) -> None:
    registered(0.0)
    registered(0.5)
    again = registered(0.0)
    assert resolve("@candidate", tracker).version in (1, "1")
    assert load_document("@candidate", tracker) == again


def test_the_artifact_folder_holds_json_and_yaml_only(tracker: Tracker, registered: Register) -> None:
    registered()
    files = [path for path in stored_folder(tracker, "@candidate").rglob("*") if path.is_file()]
    assert {"MLmodel", "model.json"} <= {path.name for path in files}
    for path in files:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            json.loads(text)
        elif path.name != "requirements.txt":
            assert isinstance(yaml.safe_load(text), dict)


def test_mlflow_itself_scores_with_the_champion(tracker: Tracker, registered: Register) -> None:
    import mlflow
    from tracking_parts import SIGNING, make_audit

    document = registered()
    audit = make_audit(document)
    log_audit("@candidate", audit.encode(), tracker=tracker)
    promote("@candidate", sign_off(document, audit, **SIGNING), audit, tracker=tracker)
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    try:
        mlflow.set_tracking_uri(tracker.uri)
        mlflow.set_registry_uri(tracker.uri)
        with quiet():
            model = mlflow.pyfunc.load_model(f"models:/{tracker.model}@champion")
            scored = model.predict(FRAME)
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])
    np.testing.assert_array_equal(scored, document.predict_proba(FRAME)[:, 1])
    types = {spec.name: spec.type.name for spec in model.metadata.signature.inputs.inputs}
    assert types == dict.fromkeys(("school_day", "absent", "mark"), "double")


_BARE = """
import sys

class Absent:
    names = "duckdb ibis sklearn shap fairlearn pandera altair matplotlib scipy typer rich jinja2 numba".split()
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import mlflow
import pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[2]}@champion")
frame = pd.DataFrame({"school_day": [10.0, 90.0], "absent": [0.0, None], "mark": [70.0, 95.0]})
print(*model.predict(frame))
"""


@pytest.mark.slow
def test_a_process_with_early_id_and_mlflow_only_scores_with_the_champion(
    tracker: Tracker, registered: Register
) -> None:
    from tracking_parts import SIGNING, make_audit

    document = registered()
    audit = make_audit(document)
    log_audit("@candidate", audit.encode(), tracker=tracker)
    promote("@candidate", sign_off(document, audit, **SIGNING), audit, tracker=tracker)
    # MLflow keeps the addresses a process sets in its environment, for processes it starts.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _BARE, tracker.uri, tracker.model],
        env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    frame = pd.DataFrame({"school_day": [10.0, 90.0], "absent": [0.0, None], "mark": [70.0, 95.0]})
    assert [float(text) for text in done.stdout.split()] == document.predict_proba(frame)[:, 1].tolist()


def test_the_input_example_is_nobody_s_and_can_be_scored(tracker: Tracker, registered: Register) -> None:
    document = registered()
    split = json.loads((stored_folder(tracker, "@candidate") / "input_example.json").read_text())
    example = pd.DataFrame(split["data"], columns=split["columns"]).astype("float64")
    assert list(example.columns) == ["school_day", *document.feature_names]
    assert example.iloc[-1, 1:].isna().all()
    for feature, (j, name) in zip(example.columns[1:], enumerate(document.feature_names), strict=True):
        edges = {edge for period in document.periods for edge in period.terms[j].edges}
        assert set(example[feature].dropna()) <= edges, name
    assert len(document.predict_proba(example)) == len(document.periods) + 1


def test_registering_leaves_the_callers_own_mlflow_alone(tracker: Tracker, registered: Register) -> None:
    import mlflow

    before = mlflow.get_tracking_uri()
    registered()
    assert mlflow.active_run() is None
    assert mlflow.get_tracking_uri() == before != tracker.uri


def test_a_file_is_loaded_without_a_tracker(tmp_path: Path) -> None:
    document = make_document()
    path = tmp_path / "model.json"
    path.write_text(document.to_json(), encoding="utf-8")
    assert load_document(path) == load_document(str(path)) == document


def test_a_changed_digit_in_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    text = make_document().to_json()
    assert text.count("0.25") > 0
    path.write_text(text.replace("0.25", "0.26", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"hash|SHA-256"):
        load_document(path)


def test_another_valid_document_in_the_place_of_the_registered_one_is_refused(
    tracker: Tracker, registered: Register
) -> None:
    registered()
    path = stored_folder(tracker, "@candidate") / "data" / "model.json"
    path.write_text(make_document(0.25).to_json(), encoding="utf-8")
    with pytest.raises(GateError, match=r"not the document that was registered"):
        load_document("@candidate", tracker)


def test_a_lost_artifact_folder_is_named(tracker: Tracker, registered: Register) -> None:
    registered()
    (stored_folder(tracker, "@candidate") / "data" / "model.json").unlink()
    with pytest.raises(ConfigError, match=r"document of version 1 .* restore the artifact folder"):
        load_document("@candidate", tracker)


def test_references_that_lead_nowhere(tracker: Tracker, registered: Register, tmp_path: Path) -> None:
    assert version_of("@champion", tracker) is version_of(1, tracker) is None
    with pytest.raises(ConfigError, match=r"'@candidate'.*train a model first"):
        load_document("@candidate", tracker)
    with pytest.raises(GateError, match=r"promoted model .* audit, sign and promote"):
        load_document("@champion", tracker)
    registered()
    with pytest.raises(ConfigError, match=r"'@previous'.*once a second model was promoted"):
        load_document("@previous", tracker)
    with pytest.raises(ConfigError, match=r"'99'.*known are 1"):
        load_document(99, tracker)
    with pytest.raises(ConfigError, match=r"version number, got 'champion'"):
        load_document("champion", tracker)
    with pytest.raises(ConfigError, match=r"Expected a tracker to look up '@champion'"):
        load_document("@champion")
    with pytest.raises(ConfigError, match=r"found no file"):
        load_document(tmp_path / "none.json")


def test_registering_needs_a_run_that_exists(tracker: Tracker) -> None:
    with pytest.raises(ConfigError, match=r"run 'nowhere'"):
        register_candidate(make_document(), tracker=tracker, run_id="nowhere")
