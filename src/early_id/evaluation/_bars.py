"""What a model has to clear before a reviewer is asked, and how one of these bars was met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Verdict = Literal["pass", "fail", "cannot tell"]


@dataclass(frozen=True)
class Bars:
    """What a model has to clear before a reviewer is asked; see `check_quality`.

    Attributes
    ----------
    better_than_rules : float
        Early in the year the list's precision exceeds that of every rule by more than this: the lower end of the
        interval of the difference lies above it.
    worse_than_rules : float
        Over the whole year it is at most this much below that of any rule.
    slope_overlaps, slope_within : (float, float)
        In every period, the interval of the calibration slope overlaps the one range and lies inside the other.
    below_ceiling : float
        The AUROC is at most this much below that of the best black box.
    within_school : float
        In every period, the lower end of the interval of the AUROC within schools lies above this.
    time_safety : {"passed", "not proven"}
        The least that the proof of time safety has to say.
    """

    better_than_rules: float = 0.0
    worse_than_rules: float = 0.01
    slope_overlaps: tuple[float, float] = (0.9, 1.1)
    slope_within: tuple[float, float] = (0.7, 1.4)
    below_ceiling: float = 0.02
    within_school: float = 0.55
    time_safety: Literal["passed", "not proven"] = "passed"


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
