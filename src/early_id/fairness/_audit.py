"""The result of an audit: raw frames for the data scientist, masked ones for everybody else."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.fairness._release import Release


@dataclass(frozen=True)
class Decision:
    """What the verdicts mean for the promotion gate.

    Names read `metric:attribute=group`. `hidden_gaps` counts groups whose numbers point to a gap that is not printed:
    too few students to print, but not to care about. The gate can open only when there is neither; every name
    in `cannot_tell` has then still to be acknowledged with a reason.

    `hidden_gaps` and `can_open` know what is masked and are for the person who made the audit. Neither is
    published: with one suppressed group they would tell which way its few students point. `to_dict` says
    instead that every suppressed group may hide a gap, so the gate asks for an exception for each of them.

    Examples
    --------
    >>> decision = Decision(gaps=(), cannot_tell=("recall:foster=yes",), passed=(), suppressed=(), hidden_gaps=0)
    >>> str(decision), decision.can_open
    ('0 gaps, 0 passed, 1 could not be judged', True)
    """

    gaps: tuple[str, ...]
    cannot_tell: tuple[str, ...]
    passed: tuple[str, ...]
    suppressed: tuple[str, ...]
    hidden_gaps: int

    @property
    def can_open(self) -> bool:
        """Whether no gap stands in the way (an exception by name can still be granted for each gap)."""
        return not self.gaps and not self.hidden_gaps

    @property
    def counts(self) -> dict[str, int]:
        """Number of verdicts of each kind."""
        return {
            "gap": len(self.gaps),
            "pass": len(self.passed),
            "cannot tell": len(self.cannot_tell),
            "suppressed": len(self.suppressed),
        }

    def __str__(self) -> str:
        unjudged = len(self.cannot_tell) + len(self.suppressed)
        small = f", {len(self.suppressed)} of them in groups too small to print" if self.suppressed else ""
        return (
            f"{len(self.gaps)} gap{'' if len(self.gaps) == 1 else 's'}, {len(self.passed)} passed, "
            f"{unjudged} could not be judged{small}"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content that may be published: the same whatever the masked numbers are."""
        return {
            "can_open": not self.gaps and not self.suppressed,
            "counts": self.counts,
            "gaps": list(self.gaps),
            "cannot_tell": list(self.cannot_tell),
            "passed": list(self.passed),
            "suppressed": list(self.suppressed),
            "may_hide_gaps": bool(self.suppressed),
        }


@dataclass(frozen=True, eq=False)
class Audit:
    """Whom the lists of a backtest reached and missed, by group.

    The frames hold exact numbers and are for the person who made them. `published()` and `to_json()` hold the
    masked ones; only these may be written, shown or logged.

    Attributes
    ----------
    by_group : DataFrame
        One row per attribute and group: distinct students (`n_students…`), rows (`n_rows…`), and `recall`,
        `selection_rate`, `base_rate`, `precision`, `false_omission_rate`, `not_scored`, each with `_low`,
        `_high` (95 %, Wilson), and `ceiling_recall`: what a list of the same sizes drawn with hindsight would
        have reached. All of these are shares of rows (student-weeks). `reached_once` and `reached_early` are shares
        of distinct students: of those with the outcome, who was listed at least once before it, and who eight
        school weeks or more before it.
    intersections : DataFrame
        The same for two attributes crossed. Exploratory.
    gaps : DataFrame
        Per metric and group: own rate, rate of the comparison (`others`, or the reference group), gap, ratio,
        pointwise and simultaneous 95 % intervals.
    verdicts : DataFrame
        `recall` and `not_scored` per group: `verdict` (gap, pass, cannot tell, suppressed), `unmasked` (the
        verdict the numbers would give, which is not published where it is suppressed), `needed` and `settled_by`,
        `note`: why printed numbers alone settle a group that is masked, and `low_schools`, `high_schools`: the 95 %
        interval of the gap when whole schools are resampled (20 schools or more).
    capacity_curve : DataFrame
        For list sizes of 1 to 30 percent of each school: recall, selection rate and precision of each group, its gap
        and the verdict that list would get; empty where lists were given that no score drew. Its published form holds
        fewer sizes where some could not be masked.
    calibration : DataFrame
        What the score is worth inside each group: AUROC and AUROC within schools; observed over expected and slope,
        over all rows, per period and in the highest tenth. Published as ratios without counts.
    reason_profile : DataFrame
        Of the rows on the lists, the share that each domain (attendance, grades, …) drives, by group; empty where the
        predictions do not say what drives a score.
    schools_part : DataFrame
        Each group's gap in recall split into a part between schools and a part within them.
    lead_time : DataFrame
        Per group: the median of the school weeks from the first list to the event over students with the outcome, 0
        for who was never listed, and how many events came before the first date; empty where the day of the event is
        not known.
    by_term : DataFrame
        Recall and the share without a score on one date of each half of the school year, for everybody and each group
        but schools and districts; empty for fewer than four dates.
    measurement : DataFrame
        Per group: which share of what the model reads is unknown, and by how many days attendance of its schools lies
        behind the latest; empty where the predictions do not say.
    not_scored : DataFrame
        Rows and students without a score by group and reason.
    excluded : DataFrame
        Rows left out of the denominator of recall, by group and reason.
    overall : Series
        The row of `by_group` for everybody together.
    about : Mapping
        What was audited: contestant, capacity, dates, tolerance, seeds.
    release : Release
        What was counted and hidden, exact: for the masks of the next audit of the year, and never published.
    quality : sequence of mapping
        What the model was asked besides: name, verdict (pass, fail, cannot tell), wanted and found of each bar.
    alternatives : mapping of name to DataFrame
        Where alternatives were tried: `mitigation` (per alternative), `mitigation_groups` (per alternative and group),
        `label_view` (verdicts by another outcome), exact; see `compute_mitigation` and `compare_verdicts`.
    """

    by_group: pd.DataFrame
    intersections: pd.DataFrame
    gaps: pd.DataFrame
    verdicts: pd.DataFrame
    capacity_curve: pd.DataFrame
    calibration: pd.DataFrame
    reason_profile: pd.DataFrame
    schools_part: pd.DataFrame
    lead_time: pd.DataFrame
    by_term: pd.DataFrame
    measurement: pd.DataFrame
    not_scored: pd.DataFrame
    excluded: pd.DataFrame
    overall: pd.Series[Any]
    about: Mapping[str, Any]
    release: Release
    _published: Mapping[str, pd.DataFrame]
    quality: Sequence[Mapping[str, str]] = ()
    alternatives: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))

    def verdict(self) -> Decision:
        """Say what stands in the way of using this model, and what has to be acknowledged."""
        names = self.verdicts["metric"] + ":" + self.verdicts["attribute"] + "=" + self.verdicts["group"]
        kinds = self.verdicts["verdict"]
        hidden = int(((kinds != "gap") & (self.verdicts["unmasked"] == "gap")).sum())
        return Decision(
            gaps=tuple(names[kinds == "gap"]),
            cannot_tell=tuple(names[kinds == "cannot tell"]),
            passed=tuple(names[kinds == "pass"]),
            suppressed=tuple(names[kinds == "suppressed"]),
            hidden_gaps=hidden,
        )

    def published(self) -> dict[str, pd.DataFrame]:
        """Masked frames by name: overall, by_group, not_scored, gaps, verdicts, intersections, capacity_curve and more.

        A masked number is missing; the `_text` column beside it says "masked", "< 5 %" or "> 95 %".
        """
        return {name: frame.copy() for name, frame in self._published.items()}

    def to_json(self) -> str:
        """Everything that may be published, as JSON with sorted keys: the same audit gives the same bytes."""
        content: dict[str, Any] = {name: _records(frame) for name, frame in self._published.items()}
        content["about"] = dict(self.about)
        content["decision"] = self.verdict().to_dict()
        content["quality"] = [dict(check) for check in self.quality]
        content["format"] = 1
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is pd.NA or value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value
