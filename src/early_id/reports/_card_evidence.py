"""What a model card is made from besides the document: published frames, kept as text until somebody signs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from early_id.exceptions import DataError

_FORMAT = "early_id.card/1"
_FRAMES = ("metrics", "calibration", "reached")
_FACTS = ("training", "source", "names")


@dataclass(frozen=True, eq=False)
class CardEvidence:
    """What is known about a model and may be printed.

    Attributes
    ----------
    audit : str
        Text of its audit.json.
    metrics : DataFrame
        From `publish_metrics`, at the list size of the audit.
    calibration, reached : DataFrame
        From `publish_calibration` and `publish_reached`.
    training : mapping of str to float
        Rows, students, positives and treated_share of what it learned from, as they may be printed.
    source : str
        What its records were read as, such as "calpads".
    names : mapping of str to str
        school_id → name.

    Examples
    --------
    >>> evidence = CardEvidence("{}", pd.DataFrame({"recall": [0.25, None]}))
    >>> CardEvidence.from_json(evidence.to_json(), "{}").metrics["recall"].tolist()
    [0.25, nan]
    """

    audit: str
    metrics: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    reached: pd.DataFrame = field(default_factory=pd.DataFrame)
    training: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write all but the audit, which is a file of its own."""
        frames = {
            name: getattr(self, name).to_csv(index=False, lineterminator="\n")
            for name in _FRAMES
            if len(getattr(self, name))
        }
        facts = {name: getattr(self, name) for name in _FACTS}
        content = {"format": _FORMAT, **frames, **facts}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, audit: str) -> CardEvidence:
        """Read what `to_json` wrote, for the audit it was written with.

        Raises
        ------
        DataError
            If it is not that.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            kind = content.pop("format")
            for name in _FRAMES:
                if name in content:
                    content[name] = pd.read_csv(io.StringIO(content[name]))
            found = cls(audit, **content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = (
                f"Expected what a model card is made from, got text that is not that ({error}); audit again."
            )
            raise DataError(msg) from error
        if kind != _FORMAT:
            msg = f"Expected {_FORMAT}, got {kind!r}; audit again."
            raise DataError(msg)
        return found
