"""Documents in MLflow's model registry: versions with the aliases `candidate`, `champion` and `previous`."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from early_id.exceptions import ConfigError, GateError, examples
from early_id.tracking._mlflow import quiet
from early_id.tracking._names import without_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature

    from early_id.models import AdditiveModel
    from early_id.tracking._tracker import Tracker

CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
#: Tag of a version: the hashes of the files its audit will be made from.
BACKTEST_FILES = "backtest_files"
_NEXT_STEP = {
    CANDIDATE: "train a model first",
    CHAMPION: "audit, sign and promote a candidate first",
    PREVIOUS: "it is there once a second model was promoted",
}


def register_candidate(
    document: AdditiveModel, *, tracker: Tracker, run_id: str, files: Mapping[str, str] | None = None
) -> int:
    """Register a document as the candidate.

    Parameters
    ----------
    document : AdditiveModel
    tracker : Tracker
    run_id : str
        The run that made it, see `log_training`.
    files : mapping of str to str, optional
        SHA-256 of the files of its backtest by name, see `file_hashes`; `check_backtest` compares them.

    Returns
    -------
    int
        Version in the registry; a document that is registered already keeps its version.

    Raises
    ------
    ConfigError
        If there is no such run.

    Notes
    -----
    Stored as an MLflow `pyfunc` model of JSON and text files only, which MLflow's own `load_model` reads by the
    address ``models:/<name>@champion``: a frame of float64 columns (``school_day`` and the features) gives the
    probability of the outcome. The input example kept with it is made of the document's own edges. The alias moves
    last, so that a registration that is stopped leaves the candidate of before. MLflow's client is used instead of its
    global "active run", so that a notebook's own runs are left alone.
    """
    client = tracker.client
    tracker.reopen(run_id)
    with quiet():
        found = versions_of(document.sha256, tracker)
        number = int(found[0].version) if found else int(_register(document, tracker, run_id).version)
        if files is not None:
            client.set_model_version_tag(tracker.model, str(number), BACKTEST_FILES, json.dumps(dict(files)))
        client.set_registered_model_alias(tracker.model, CANDIDATE, str(number))
    return number


def load_document(ref: str | int | Path, tracker: Tracker | None = None) -> AdditiveModel:
    """Load a document from a file or from the registry: JSON only, its hash verified.

    Parameters
    ----------
    ref : str, int or Path
        A ``.json`` file, ``"@candidate"``, ``"@champion"``, ``"@previous"``, or a version number.
    tracker : Tracker, optional
        Needed unless `ref` is a file.

    Returns
    -------
    AdditiveModel

    Raises
    ------
    ConfigError
        If there is no such file, alias or version.
    GateError
        If no model was promoted yet, or the registered file is not the one that was registered.
    DataError
        If the file is no document or its content does not have its hash.
    """
    from early_id.models import AdditiveModel

    if isinstance(ref, Path) or (isinstance(ref, str) and ref.endswith(".json")):
        if not Path(ref).is_file():
            msg = (
                f"Expected a model document, found no file {str(ref)!r}; "
                "name a .json file, '@candidate' or '@champion'."
            )
            raise ConfigError(msg)
        return AdditiveModel.from_json(Path(ref).read_bytes())
    if tracker is None:
        msg = f"Expected a tracker to look up {ref!r}, got none; give one, or name a .json file."
        raise ConfigError(msg)
    found = resolve(ref, tracker)
    document = AdditiveModel.from_json(_registered_file(found, tracker))
    if document.sha256 != found.tags.get("document_sha256"):
        msg = (
            f"The file of version {found.version} is not the document that was registered (hash "
            f"{document.sha256[:12]}, "
            f"registered {str(found.tags.get('document_sha256'))[:12]}); restore the artifact folder."
        )
        raise GateError(msg)
    return document


def resolve(ref: str | int, tracker: Tracker) -> ModelVersion:
    """Find the registered version behind an alias or number."""
    text = str(ref).strip()
    alias = text.removeprefix("@")
    if not (text.startswith("@") and alias) and not text.isdigit():
        msg = f"Expected a model as a .json file, '@candidate', '@champion' or a version number, got {ref!r}."
        raise ConfigError(msg)
    # Looking something up makes no store: an empty one where a path is wrong would hide that.
    if not tracker.exists:
        raise _none(text, alias, tracker, "")
    with quiet():
        from mlflow.exceptions import MlflowException

    try:
        with quiet():
            if text.isdigit():
                return tracker.client.get_model_version(tracker.model, text)
            return tracker.client.get_model_version_by_alias(tracker.model, alias)
    except MlflowException as error:
        raise _none(text, alias, tracker, _known(tracker)) from error


def version_of(ref: str | int, tracker: Tracker) -> tuple[str, str] | None:
    """Give version and run id behind an alias or number; None where there is no such model yet."""
    try:
        found = resolve(ref, tracker)
    except (ConfigError, GateError):
        return None
    return str(found.version), str(found.run_id)


def _none(text: str, alias: str, tracker: Tracker, known: str) -> GateError | ConfigError:
    """Say that there is no such model, and what to do first."""
    if alias == CHAMPION:
        return GateError(
            f"Expected a promoted model {tracker.model!r} in {without_password(tracker.uri)!r}, there is none; "
            f"{_NEXT_STEP[CHAMPION]}."
        )
    step = _NEXT_STEP.get(alias, f"known are {known}") if known else _NEXT_STEP[CANDIDATE]
    where = f"{tracker.model!r} in {without_password(tracker.uri)!r}"
    return ConfigError(f"Expected a registered model {text!r} of {where}, there is none; {step}.")


def versions_of(sha256: str, tracker: Tracker) -> list[ModelVersion]:
    """Find the registered versions of one document, latest first."""
    with quiet():
        found = tracker.client.search_model_versions(
            f"name = '{tracker.model}' and tags.document_sha256 = '{sha256}'"
        )
    return sorted(found, key=lambda each: -int(each.version))


def _register(document: AdditiveModel, tracker: Tracker, run_id: str) -> ModelVersion:
    """Do what `mlflow.pyfunc.log_model` does, for a given run and store."""
    import mlflow.pyfunc
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    client = tracker.client
    tags = {"document_sha256": document.sha256, "label": document.label}
    logged = client.create_logged_model(tracker.experiment_id, name="model", source_run_id=run_id, tags=tags)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "model.json"
        source.write_text(document.to_json(), encoding="utf-8")
        mlflow.pyfunc.save_model(
            f"{scratch}/model",
            loader_module="early_id.tracking._pyfunc",
            data_path=str(source),
            # Named, or MLflow would start a process to guess them.
            pip_requirements=[f"{name}=={version(name)}" for name in ("early-id", "numpy", "pandas")],
            signature=_signature(document),
            input_example=_example(document),
            mlflow_model=Model(
                artifact_path=logged.artifact_location,
                model_uuid=logged.model_id,
                run_id=run_id,
                model_id=logged.model_id,
            ),
        )
        client.log_model_artifacts(logged.model_id, f"{scratch}/model")
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    try:
        client.create_registered_model(tracker.model)
    except MlflowException:
        client.get_registered_model(tracker.model)  # it exists, or this raises
    # The folder, not "models:/<id>": MLflow would look that up in its global store instead of this one.
    return client.create_model_version(
        tracker.model, source=logged.artifact_location, run_id=run_id, tags=tags, model_id=logged.model_id
    )


def _signature(document: AdditiveModel) -> ModelSignature:
    """Declare every column float64: integers that meet a gap break MLflow's schema."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec("double", name) for name in ("school_day", *document.feature_names)
    ]
    return ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec("double")]))


def _example(document: AdditiveModel) -> pd.DataFrame:
    """Make rows to try the model with: nobody's, each feature at the middle edge of its table, and one unknown."""
    import pandas as pd

    rows = [
        {"school_day": period.from_day}
        | {
            term.feature: places[len(places) // 2]
            for term in period.terms
            if (places := term.edges or term.categories)
        }
        for period in document.periods
    ]
    rows.append({"school_day": document.periods[0].from_day})
    return pd.DataFrame(rows, columns=["school_day", *document.feature_names]).astype("float64")


def _registered_file(found: ModelVersion, tracker: Tracker) -> bytes:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with quiet(), tempfile.TemporaryDirectory() as scratch:
        folder = tracker.client.get_model_version_download_uri(tracker.model, found.version)
        try:
            path = download_artifacts(
                artifact_uri=f"{folder}/data/model.json", dst_path=scratch, tracking_uri=tracker.uri
            )
            return Path(path).read_bytes()
        except (MlflowException, OSError) as error:
            msg = (
                f"Expected the document of version {found.version} in {folder!r}, found none; "
                "restore the artifact folder."
            )
            raise ConfigError(msg) from error


def _known(tracker: Tracker) -> str:
    with quiet():
        found = tracker.client.search_model_versions(f"name = '{tracker.model}'")
    return examples(sorted(int(each.version) for each in found)) if found else ""
