"""How a model met one of the bars it has to clear before a reviewer is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Verdict = Literal["pass", "fail", "cannot tell"]


@dataclass(frozen=True)
class QualityCheck:
    """One bar.

    Attributes
    ----------
    name : str
        How a reviewer names it.
    verdict : {"pass", "fail", "cannot tell"}
        "cannot tell" where the interval reaches to both sides of the bar, or nothing could be computed or printed.
    wanted, found : str
        The bar and what was found, as sentences.
    """

    name: str
    verdict: Verdict
    wanted: str
    found: str

    def to_dict(self) -> dict[str, str]:
        """JSON-able content, which may be published."""
        return asdict(self)
