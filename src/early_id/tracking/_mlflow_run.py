"""One MLflow run as a sink of log items."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from early_id.tracking._mlflow import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from early_id.tracking._tracker import Tracker

# MLflow's limits: entries per call, length of a key, length of a parameter and of a tag.
_PARAMS_PER_CALL, _METRICS_PER_CALL, _KEY_LENGTH, _PARAM_LENGTH, _TAG_LENGTH = 100, 1000, 250, 6000, 8000
_T = TypeVar("_T")
_REFUSED_IN_KEYS = re.compile(r"[^\w\-. /]")


class Run:
    """An open MLflow run; leaving its `with` block ends it: finished, failed after an error, killed when stopped.

    Made by `Tracker.run`. It implements `Sink`, so `write(items, run)` logs to it.

    Attributes
    ----------
    run_id : str
    tracker : Tracker

    Examples
    --------
    >>> from early_id.tracking import Tracker
    >>> Run(Tracker("runs"), "4f1c")
    Run('4f1c')
    """

    def __init__(self, tracker: Tracker, run_id: str) -> None:
        self.tracker = tracker
        self.run_id = run_id

    def __repr__(self) -> str:
        return f"Run({self.run_id!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is no Exception (Ctrl-C, a request to end) is somebody's wish and no failure.
        stopped = kind is not None and not issubclass(kind, Exception)
        with quiet():
            status = "KILLED" if stopped else "FAILED" if kind else "FINISHED"
            self.tracker.client.set_terminated(self.run_id, status=status)

    @property
    def page(self) -> str:
        """Address of the run's page, see `Tracker.page`."""
        return self.tracker.page(self.run_id)

    def params(self, values: Mapping[str, str]) -> None:
        """Keep settings; a text over MLflow's limit is cut, with a note."""
        from mlflow.entities import Param

        params = [Param(_key(name), _cut(text, _PARAM_LENGTH)) for name, text in values.items()]
        for batch in _batches(params, _PARAMS_PER_CALL):
            with quiet():
                self.tracker.client.log_batch(self.run_id, params=batch)

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Keep figures as float64."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(_key(name), float(value), now, step) for name, value in values.items()]
        for batch in _batches(metrics, _METRICS_PER_CALL):
            with quiet():
                self.tracker.client.log_batch(self.run_id, metrics=batch)

    def tag(self, name: str, value: str) -> None:
        """Keep one tag."""
        with quiet():
            self.tracker.client.set_tag(self.run_id, _key(name), _cut(value, _TAG_LENGTH))

    def file(self, path: str, content: bytes) -> None:
        """Keep one file in the artifact folder of the run."""
        folder, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory() as scratch:
            local = Path(scratch) / name
            local.write_bytes(content)
            with quiet():
                self.tracker.client.log_artifact(self.run_id, str(local), folder or None)


def _key(name: str) -> str:
    """Make a name MLflow accepts: other signs become an underscore, over-long names lose their middle.

    >>> _key("recall at 5%")
    'recall at 5_'
    """
    name = _REFUSED_IN_KEYS.sub("_", name)
    if len(name) > _KEY_LENGTH:
        half = (_KEY_LENGTH - 3) // 2
        name = f"{name[:half]}...{name[-half:]}"
    return name


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    note = f" ... ({len(text)} characters, cut)"
    return text[: length - len(note)] + note


def _batches(values: list[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
