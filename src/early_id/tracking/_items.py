"""What the other rooms want remembered about a run: plain frozen records, no MLflow.

A room that computes something yields items; `early_id.tracking.write` turns them into calls of a sink. So
every room stays free of tracking, and a test reads the items from a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from early_id.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from early_id.models import AdditiveModel


def _check_path(path: str) -> None:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or any(part in {"", ".", ".."} for part in parts):
        msg = (
            f"Expected a relative artifact path such as 'audit/audit.json', got {path!r}; "
            "name it inside the run."
        )
        raise ConfigError(msg)


@dataclass(frozen=True)
class Params:
    """Settings of a run; nested mappings become dotted keys.

    Attributes
    ----------
    values : mapping of str to object
        Written with `str`; None values are kept as ``"None"`` so that a default is visible too.
    """

    values: Mapping[str, object]


@dataclass(frozen=True)
class Metrics:
    """Figures of a run, stored as float64.

    Attributes
    ----------
    values : mapping of str to float or None
        None means not applicable and is not written; NaN (not computable) is.
    step : int
        For example the school day the figures belong to.
    """

    values: Mapping[str, float | None]
    step: int = 0


@dataclass(frozen=True)
class Artifact:
    """One file of a run.

    Attributes
    ----------
    path : str
        Name inside the run, for example ``"audit/audit.json"``.
    content : str, bytes or Path
        Text (UTF-8), bytes, or a file to copy.
    """

    path: str
    content: str | bytes | Path

    def __post_init__(self) -> None:
        _check_path(self.path)


@dataclass(frozen=True)
class Tag:
    """One word about a run that may change later.

    Attributes
    ----------
    name, value : str
    """

    name: str
    value: str


@dataclass(frozen=True)
class Document:
    """A model document, stored as its own canonical JSON.

    Attributes
    ----------
    document : AdditiveModel
    path : str
        Name inside the run.
    """

    document: AdditiveModel
    path: str = "model.json"

    def __post_init__(self) -> None:
        _check_path(self.path)


@dataclass(frozen=True)
class Table:
    """A table of figures, stored as CSV with floats in full precision.

    Attributes
    ----------
    path : str
        Name inside the run, ending in ``.csv``.
    frame : DataFrame
        Never one row per student: a column or index level that names a person is refused.
    """

    path: str
    frame: pd.DataFrame

    def __post_init__(self) -> None:
        _check_path(self.path)
        if not self.path.endswith(".csv"):
            msg = f"Expected a table path that ends in '.csv', got {self.path!r}."
            raise ConfigError(msg)


Item = Params | Metrics | Artifact | Tag | Document | Table
