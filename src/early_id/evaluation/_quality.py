"""Is the model good enough to be asked? Every bar it has to clear, each with what was found and a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from early_id.config import GateConfig
from early_id.evaluation._backtest import Backtest
from early_id.evaluation._calibration import period_name, periods_of
from early_id.evaluation._capacity import Capacity
from early_id.evaluation._check import QualityCheck, Verdict
from early_id.evaluation._estimate import Estimate
from early_id.evaluation._estimators import estimates, how_many_students
from early_id.evaluation._metrics import EARLY, EARLY_RATE, SUBSETS, judged_rows
from early_id.evaluation._publish import DIGITS, few_behind
from early_id.exceptions import ConfigError, did_you_mean

HIDDEN = "Not printed: 10 or fewer students are behind it."
NOTHING = "There is nothing to compute it from: no list held such students, or all were alike in the outcome."


def check_quality(
    backtest: Backtest,
    contestant: str,
    *,
    capacity: Capacity | None = None,
    bars: GateConfig | None = None,
    time_safety: str = "",
) -> tuple[QualityCheck, ...]:
    """Hold a contestant of a backtest against every bar.

    Parameters
    ----------
    backtest : Backtest
        Contestants without a probability are rules; those with one and without a document are ceilings.
    contestant : str
        The one that is to be used.
    capacity : str, int or mapping, optional
        The list size it is to be used with; default is that of the backtest.
    bars : GateConfig, optional
    time_safety : str
        Verdict of `early_id.panel.check_time_safety` over the features; empty if it was not made.

    Returns
    -------
    tuple of QualityCheck
        Whatever is behind a figure that concerns 1–10 students is not printed, and nothing is told from it.

    Raises
    ------
    ConfigError
        If it took no part.

    Notes
    -----
    Early are the weeks on school days 20 to 100 with the event still ahead and an absence rate below 10 %: the weeks in
    which somebody could act and no rule of thumb sees anything yet.
    """
    names = [str(name) for name in backtest.predictions["contestant"].unique()]
    if contestant not in names:
        msg = f"Expected a contestant of the backtest, got {contestant!r}: {did_you_mean(contestant, names)}"
        raise ConfigError(msg)
    bars = bars or GateConfig()
    rows = judged_rows(backtest.predictions, backtest.capacity if capacity is None else capacity)
    judge = _Judge(rows, contestant)
    has_probability = rows.groupby("contestant", observed=True)["probability"].count() > 0
    rules = [name for name in names if not has_probability.get(name, False)]
    ceilings = [name for name in names if name not in rules and name not in backtest.documents]
    return (
        *_against_rules(judge, rules, bars),
        *_by_period(judge, bars),
        _against_ceilings(judge, ceilings, bars),
        _safe(time_safety, bars),
    )


class _Judge:
    """Estimates over judged rows, as far as they may be printed."""

    def __init__(self, rows: pd.DataFrame, contestant: str) -> None:
        self.rows, self.contestant = rows, contestant
        self.n_students = how_many_students(rows)
        self.period = period_name(rows["school_day"])

    def of(
        self, chosen: pd.Series, metric: str, others: Sequence[str] = ()
    ) -> tuple[dict[str, Estimate], set[str]]:
        """Give the estimate of the contestant and of some others, and those whose figure may not be printed."""
        part = self.rows[chosen & self.rows["contestant"].isin([self.contestant, *others])]
        found = dict(estimates(part, (metric,), self.n_students))[metric]
        return found, {str(name) for name in few_behind(part, metric)}


def _against_rules(judge: _Judge, rules: list[str], bars: GateConfig) -> Iterator[QualityCheck]:
    more = f" by more than {bars.better_than_rules:g}" if bars.better_than_rules else ""
    weeks = f"school days {EARLY[0]} to {EARLY[1]}, event ahead, absent below {EARLY_RATE:.0%}"
    asked = {
        "early onset": f"Early ({weeks}) the list's precision is above that of this rule{more}, by the lower end of "
        "the interval of the difference.",
        "all": f"In all weeks the list's precision is at most {bars.worse_than_rules:g} below that of this rule.",
    }
    for subset, wanted in asked.items():
        found, hidden = judge.of(SUBSETS[subset](judge.rows), "precision", rules)
        for rule in rules:
            name = f"{'early' if subset != 'all' else 'all weeks'} against {rule}"
            if {rule, judge.contestant} & hidden:
                yield QualityCheck(name, "cannot tell", wanted, HIDDEN)
                continue
            gap = (
                found[judge.contestant].minus(found[rule]) if {rule, judge.contestant} <= set(found) else None
            )
            if gap is None or np.isnan(gap.value):
                yield QualityCheck(name, "cannot tell", wanted, NOTHING)
                continue
            enough: Verdict = "pass" if gap.value >= -bars.worse_than_rules else "fail"
            verdict = enough if subset == "all" else _above(gap, bars.better_than_rules)
            own, other = (found[who].value for who in (judge.contestant, rule))
            yield QualityCheck(
                name, verdict, wanted, f"{own:.3f} against {other:.3f}: difference {_told(gap)}."
            )


def _by_period(judge: _Judge, bars: GateConfig) -> Iterator[QualityCheck]:
    (least, most), (bottom, top) = bars.slope_overlaps, bars.slope_within
    asked = {
        "slope": f"The interval of the calibration slope overlaps {least:g} to {most:g} and lies inside {bottom:g} to "
        f"{top:g}.",
        "auroc_within_school": f"The lower end of the interval of the AUROC within schools is above "
        f"{bars.within_school:g}.",
    }
    for metric, wanted in asked.items():
        for period in periods_of(judge.period):
            name = f"{'calibration' if metric == 'slope' else 'within schools'} {period}"
            found, hidden = judge.of(judge.period == period, metric)
            own = found.get(judge.contestant)
            if judge.contestant in hidden or own is None or np.isnan(own.value):
                told = HIDDEN if judge.contestant in hidden else NOTHING
                yield QualityCheck(name, "cannot tell", wanted, told)
                continue
            verdict = _sloped(own, bars) if metric == "slope" else _above(own, bars.within_school)
            yield QualityCheck(name, verdict, wanted, f"{_told(own)}.")


def _sloped(slope: Estimate, bars: GateConfig) -> Verdict:
    low, high = slope.interval()
    (least, most), (bottom, top) = bars.slope_overlaps, bars.slope_within
    if high < least or low > most:
        return "fail"
    return "pass" if bottom <= low and high <= top else "cannot tell"


def _against_ceilings(judge: _Judge, ceilings: list[str], bars: GateConfig) -> QualityCheck:
    name = "against the ceiling"
    wanted = f"The AUROC is at most {bars.below_ceiling:g} below that of the best black box."
    found, hidden = judge.of(SUBSETS["all"](judge.rows), "auroc", ceilings)
    if not ceilings:
        return QualityCheck(
            name, "cannot tell", wanted, "No black box took part: set training.ceiling to true."
        )
    if hidden:
        return QualityCheck(name, "cannot tell", wanted, HIDDEN)
    best = max(ceilings, key=lambda one: found[one].value if one in found else -np.inf)
    if {best, judge.contestant} - set(found) or np.isnan(found[best].value - found[judge.contestant].value):
        return QualityCheck(name, "cannot tell", wanted, NOTHING)
    gap = found[judge.contestant].minus(found[best])
    verdict: Verdict = "pass" if gap.value >= -bars.below_ceiling else "fail"
    told = f"{found[judge.contestant].value:.3f} against {found[best].value:.3f} ({best}): difference {_told(gap)}."
    return QualityCheck(name, verdict, wanted, told)


def _safe(time_safety: str, bars: GateConfig) -> QualityCheck:
    wanted = f"The proof that no feature sees what was not yet known says “{bars.time_safety}”"
    wanted += "." if bars.time_safety == "passed" else " or “passed”."
    good = {"passed", bars.time_safety}
    verdict: Verdict = "pass" if time_safety in good else "fail" if time_safety == "failed" else "cannot tell"
    return QualityCheck("time safety", verdict, wanted, f"It says “{time_safety or 'not made'}”.")


def _above(estimate: Estimate, bar: float) -> Verdict:
    low, high = estimate.interval()
    return "pass" if low > bar else "fail" if high <= bar else "cannot tell"


def _told(estimate: Estimate) -> str:
    low, high = estimate.interval()
    return f"{estimate.value:.{DIGITS}f} ({low:.{DIGITS}f} to {high:.{DIGITS}f})"
