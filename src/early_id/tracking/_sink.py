"""One writer of log items, and the sinks it can write to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from early_id.exceptions import ConfigError
from early_id.tracking._items import Artifact, Document, Item, Metrics, Params, Table, Tag
from early_id.tracking._privacy import check_content, refuse_personal


class Sink(Protocol):
    """Where log items end: an MLflow run (`Run`) or a list (`ListSink`)."""

    def params(self, values: Mapping[str, str]) -> None:
        """Keep settings."""

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Keep figures."""

    def tag(self, name: str, value: str) -> None:
        """Keep one tag."""

    def file(self, path: str, content: bytes) -> None:
        """Keep one file."""


@dataclass
class ListSink:
    """A sink in memory, for tests and for looking at what would be logged.

    Attributes
    ----------
    logged_params, tags : dict of str to str
    logged_metrics : dict of (str, int) to float
        By name and step.
    files : dict of str to bytes

    Examples
    --------
    >>> sink = ListSink()
    >>> write([Params({"learner": {"bins": 32}}), Metrics({"auroc": 0.8, "brier": None})], sink)
    >>> sink.logged_params, sink.logged_metrics
    ({'learner.bins': '32'}, {('auroc', 0): 0.8})
    """

    logged_params: dict[str, str] = field(default_factory=dict)
    logged_metrics: dict[tuple[str, int], float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def params(self, values: Mapping[str, str]) -> None:
        """Keep settings."""
        self.logged_params.update(values)

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Keep figures."""
        self.logged_metrics.update({(name, step): value for name, value in values.items()})

    def tag(self, name: str, value: str) -> None:
        """Keep one tag."""
        self.tags[name] = value

    def file(self, path: str, content: bytes) -> None:
        """Keep one file."""
        self.files[path] = content


def write(items: Iterable[Item], sink: Sink) -> None:
    """Write log items to a run.

    Parameters
    ----------
    items : iterable of Params, Metrics, Artifact, Tag, Document or Table
    sink : Sink
        A `Run` of a `Tracker`, or a `ListSink`.

    Raises
    ------
    DataError
        If an item carries rows of persons (columns or JSON keys such as ``student_id``).
    """
    for item in items:
        _write_one(item, sink)


def _write_one(item: Item, sink: Sink) -> None:
    match item:
        case Params(values):
            sink.params(_flatten(values))
        case Metrics(values, step):
            sink.metrics({key: float(value) for key, value in values.items() if value is not None}, step)
        case Tag(name, value):
            sink.tag(name, value)
        case Document(document, path):
            sink.file(path, document.to_json().encode())
            sink.tag("document_sha256", document.sha256)
        case Table(path, frame):
            refuse_personal([*frame.columns, *(name for name in frame.index.names if name is not None)], path)
            named = any(name is not None for name in frame.index.names)
            sink.file(path, frame.to_csv(index=named, lineterminator="\n").encode())
        case Artifact(path, content):
            sink.file(path, _checked_bytes(path, content))
        case _:
            msg = (
                "Expected a log item (Params, Metrics, Artifact, Tag, Document, Table), got "
                f"{type(item).__name__}."
            )
            raise ConfigError(msg)


def _checked_bytes(path: str, content: str | bytes | Path) -> bytes:
    if isinstance(content, Path):
        if not content.is_file():
            msg = f"Expected a file to log as {path!r}, found none at {str(content)!r}."
            raise ConfigError(msg)
        content = content.read_bytes()
    if isinstance(content, str):
        content = content.encode()
    check_content(path, content)
    return content


def _flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Turn nested settings into dotted keys.

    >>> _flatten({"learner": {"bins": 32, "bags": [1, 2]}, "label": None})
    {'learner.bins': '32', 'learner.bags': '[1, 2]', 'label': 'None'}
    """
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(_flatten(value, f"{name}."))
        else:
            flat[name] = str(value)
    return flat
