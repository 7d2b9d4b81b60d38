"""What is remembered of a training: one parent run, one child run per learner, fold and history of the backtest."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import yaml

from early_id.exceptions import ConfigError, examples
from early_id.tracking._items import Artifact, Document, Item, Metrics, Params, Table, Tag
from early_id.tracking._sink import write

if TYPE_CHECKING:
    import pandas as pd

    from early_id.models import AdditiveModel
    from early_id.tracking._mlflow_run import Run


@dataclass(frozen=True)
class LearnerLog:
    """One contestant of a training, in one fold of the backtest.

    Attributes
    ----------
    name : str
        Unique in its fold and history.
    params : mapping
        Settings of the learner.
    metrics : mapping of str to float or None
        None = not applicable (a rule has no Brier score).
    document : AdditiveModel, optional
        None for rules and for the black-box ceiling.
    tables : mapping of str to DataFrame
        Figures by artifact path (``"metrics.csv"``); never rows of students.
    files : mapping of str to str or bytes
        Plots and texts by artifact path.
    fold : str
        Which part of the backtest: the school years, or the term, it was tested on, such as "2024".
    history : str
        From how many school years before the fold it learned: a number, or "all".
    tags : mapping of str to str
        What else runs are found by, such as the school years it learned from.
    """

    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    document: AdditiveModel | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    fold: str = ""
    history: str = "all"
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def run_name(self) -> str:
        """What MLflow shows: the learner, the fold, and the history where it is not all there is."""
        short = "" if self.history == "all" else f"history {self.history}"
        return ", ".join(part for part in (self.name, self.fold, short) if part)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells its run from the others of a training: name, fold, history."""
        return self.name, self.fold, self.history

    def items(self) -> Iterator[Item]:
        """Emit the log items of the learner's run."""
        yield Tag("role", "learner")
        yield Tag("learner", self.name)
        if self.fold:
            yield Tag("fold", self.fold)
            yield Tag("history", self.history)
        for name, value in self.tags.items():
            yield Tag(name, value)
        yield Params({"learner": self.name, **self.params})
        yield Metrics(self.metrics)
        if self.document is not None:
            yield Document(self.document)
        for path, frame in self.tables.items():
            yield Table(path, frame)
        for path, content in self.files.items():
            yield Artifact(path, content)


@dataclass(frozen=True)
class TrainingLog:
    """One training as a whole.

    Attributes
    ----------
    config : mapping
        The resolved configuration, JSON-able: kept whole as ``config.yaml`` and flattened as parameters.
    data : mapping
        Fingerprint of the data, see `fingerprint`; kept as ``data.json``.
    learners : tuple of LearnerLog
        One per learner, fold and history.
    chosen : str
        Name of the learner that was chosen.
    metrics : mapping of str to float or None
        Figures of the training as a whole.
    backtest : mapping, optional
        JSON-able; kept as ``backtest.json``.
    audit : str, optional
        Text of the audit; kept as ``audit.json``, byte for byte, because a sign-off names its hash.
    tables : mapping of str to DataFrame
    files : mapping of str to str or bytes
    tags : mapping of str to str
    """

    config: Mapping[str, object]
    data: Mapping[str, object]
    learners: tuple[LearnerLog, ...] = ()
    chosen: str = ""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    backtest: Mapping[str, object] | None = None
    audit: str | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [learner.name for learner in self.learners]
        shown = [learner.run_name for learner in self.learners]
        twice = [name for name in shown if shown.count(name) > 1]
        if twice:
            msg = f"Expected learners with different names, got {examples(twice)} more than once; rename one."
            raise ConfigError(msg)
        if self.chosen and self.chosen not in names:
            msg = f"Expected the chosen learner to be one of {examples(names)}, got {self.chosen!r}."
            raise ConfigError(msg)

    def items(self) -> Iterator[Item]:
        """Emit the log items of the parent run."""
        yield Tag("role", "training")
        if self.chosen:
            yield Tag("chosen", self.chosen)
        for name, value in self.tags.items():
            yield Tag(name, value)
        yield Artifact(
            "config.yaml", yaml.safe_dump(_plain(self.config), sort_keys=False, allow_unicode=True)
        )
        yield Params(self.config)
        yield Artifact("data.json", _json(self.data))
        yield Metrics(self.metrics)
        if self.backtest is not None:
            yield Artifact("backtest.json", _json(self.backtest))
        if self.audit is not None:
            yield Artifact("audit.json", self.audit)
        for path, frame in self.tables.items():
            yield Table(path, frame)
        for path, content in self.files.items():
            yield Artifact(path, content)


def log_training(training: TrainingLog, parent: Run) -> dict[tuple[str, str, str], str]:
    """Log a training: config, data fingerprint, figures, documents, plots and backtest.

    Parameters
    ----------
    training : TrainingLog
    parent : Run
        The run of the training, open; it was opened when the work began, so that MLflow shows what was stopped.

    Returns
    -------
    dict of (learner, fold, history) to str
        Run ids; the one of the chosen learner goes to `register_candidate`.

    Raises
    ------
    DataError
        If a table or JSON carries rows of persons.
    """
    runs: dict[tuple[str, str, str], str] = {}
    write(training.items(), parent)
    for learner in training.learners:
        with parent.tracker.run(learner.run_name, parent=parent) as child:
            write(learner.items(), child)
        runs[learner.key] = child.run_id
    return runs


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(_finite(value), indent=1, ensure_ascii=False, sort_keys=True, default=str) + "\n"


def _finite(value: object) -> object:
    """Write what could not be computed as null, because NaN is no JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _plain(value: Mapping[str, object]) -> dict[str, object]:
    """Through JSON, so that YAML gets plain lists and dicts whatever mapping types the config uses."""
    plain: dict[str, object] = json.loads(json.dumps(_finite(value), default=str))
    return plain
