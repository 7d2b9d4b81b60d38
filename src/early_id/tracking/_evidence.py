"""What an audit rests on and which audits were made, kept beside the model so that neither can be altered unseen."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from early_id.exceptions import DataError, GateError, examples
from early_id.tracking._gate import read_audit
from early_id.tracking._mlflow import quiet
from early_id.tracking._privacy import check_content
from early_id.tracking._registry import BACKTEST_FILES, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from early_id.tracking._tracker import Tracker

# Tag of a version: one per audit that was made of it.
_AUDIT = "audit."
PREDICTIONS = "predictions.parquet"


def file_hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of the files a model's audit will be made from, for `register_candidate` to keep.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    names : iterable of str
        Their names.
    """
    return {name: _digest((folder / name).read_bytes()) for name in sorted(names)}


def check_backtest(ref: str | int, folder: Path, *, tracker: Tracker) -> dict[str, str]:
    """Check that the files of a model's backtest are those that training wrote.

    Returns
    -------
    dict of str to str
        SHA-256 by file name.

    Raises
    ------
    DataError
        If a file is gone or changed, or training kept no hashes.
    """
    found = resolve(ref, tracker)
    hashes: dict[str, str] = json.loads(found.tags.get(BACKTEST_FILES, "{}"))
    absent = [name for name in hashes if not (folder / name).is_file()]
    changed = [
        name
        for name in hashes
        if name not in absent and _digest((folder / name).read_bytes()) != hashes[name]
    ]
    if absent or changed or not hashes:
        got = (
            f"none of {examples(absent)}"
            if absent
            else f"a changed {examples(changed)}"
            if changed
            else "no record"
        )
        msg = (
            f"Expected the backtest of version {found.version} in {folder.name!r} as training wrote it, got {got}; "
            "restore the folder, or run `early-id train` again."
        )
        raise DataError(msg)
    return hashes


def log_audit(ref: str | int, audit_json: bytes, *, tracker: Tracker) -> str:
    """Keep an audit in the run of its model; only an audit that is kept can be signed.

    Returns
    -------
    str
        SHA-256 of its bytes.
    """
    found = resolve(ref, tracker)
    digest = _digest(audit_json)
    path = f"audit/{digest[:16]}.json"
    check_content(path, audit_json)
    tracker.reopen(str(found.run_id)).file(path, audit_json)
    with quiet():
        tracker.client.set_model_version_tag(tracker.model, found.version, f"{_AUDIT}{digest}", "made")
    return digest


def check_logged(ref: str | int, audit_json: str | bytes, *, tracker: Tracker) -> None:
    """Check that an audit was made of this version by this library, on the backtest training wrote.

    Raises
    ------
    GateError
        If its bytes were never kept, or it was made from other predictions.
    """
    found = resolve(ref, tracker)
    digest = _digest(audit_json.encode() if isinstance(audit_json, str) else audit_json)
    if f"{_AUDIT}{digest}" not in found.tags:
        msg = (
            f"Expected an audit that `early-id audit` made of version {found.version}, got one it did not make or that "
            f"was changed since (SHA-256 {digest[:12]}); run `early-id audit` and sign the file it writes."
        )
        raise GateError(msg)
    trained = json.loads(found.tags.get(BACKTEST_FILES, "{}")).get(PREDICTIONS)
    audited = read_audit(audit_json).predictions_sha256
    if audited != trained:
        msg = (
            f"Expected an audit of the predictions version {found.version} was trained with ({str(trained)[:12]}), got "
            f"one of others ({str(audited)[:12]}); run `early-id audit` again."
        )
        raise GateError(msg)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
