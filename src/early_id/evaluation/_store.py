"""A backtest on disk, beside its document: rows of students stay on the district's own machine."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from early_id.evaluation._backtest import Backtest
from early_id.exceptions import DataError
from early_id.models import AdditiveModel

ROLLING = "rolling.parquet"
_FACTS = ("deployable", "label", "capacity", "embargo")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    # mkstemp makes a private file; others may read it as they may read any new file.
    mask = os.umask(0)
    os.umask(mask)
    staged = Path(name)
    staged.chmod(0o666 & ~mask)
    staged.replace(path)


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path) -> list[str]:
    """Write Parquet files by name, each whole or not at all; give their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        staged = folder / f".{name}"
        frame.to_parquet(staged, index=False)
        staged.replace(folder / name)
    return list(frames)


def save_backtest(backtest: Backtest, folder: Path) -> list[str]:
    """Write predictions.parquet, one JSON per document, and backtest.json with years, label and choice.

    Predictions of other folds and histories go to rolling.parquet, if there are any. Returns the names of the files.
    """
    for name, document in backtest.documents.items():
        write_atomic(folder / f"{name}.json", document.to_json().encode())
    frames = {"predictions.parquet": backtest.predictions}
    if len(backtest.others):
        frames[ROLLING] = backtest.others
    write_frames(frames, folder)
    facts: dict[str, Any] = {name: getattr(backtest, name) for name in _FACTS}
    facts |= {"train_years": list(backtest.train_years), "test_years": list(backtest.test_years)}
    facts |= {"trained_on": backtest.trained_on.isoformat(), "training": backtest.training.to_dict()}
    facts |= {"documents": list(backtest.documents), "folds": backtest.folds.to_dict("split", index=False)}
    facts |= {"rolling": ROLLING in frames}
    write_atomic(folder / "backtest.json", (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
    return ["backtest.json", *frames, *(f"{name}.json" for name in backtest.documents)]


def load_backtest(folder: Path) -> Backtest:
    """Read a backtest back.

    Raises
    ------
    DataError
        If the folder holds none.
    """
    file = folder / "backtest.json"
    if not file.is_file():
        msg = f"Expected the backtest of a trained model in {folder.name!r}, found none; run `early-id train` first."
        raise DataError(msg)
    facts = json.loads(file.read_text(encoding="utf-8"))
    documents = {
        name: AdditiveModel.from_json((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in facts["documents"]
    }
    predictions = pd.read_parquet(folder / "predictions.parquet")
    return Backtest(
        predictions=predictions,
        documents=documents,
        train_years=tuple(facts["train_years"]),
        test_years=tuple(facts["test_years"]),
        trained_on=date.fromisoformat(facts["trained_on"]),
        training=pd.Series(facts["training"]),
        others=pd.read_parquet(folder / ROLLING) if facts["rolling"] else predictions.iloc[:0],
        folds=pd.DataFrame(**facts["folds"]),
        **{name: facts[name] for name in _FACTS},
    )
