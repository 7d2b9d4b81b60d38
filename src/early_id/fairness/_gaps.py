"""Gaps of every group against everyone else and against a named reference, resampled over students."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from early_id.evaluation import small_sample
from early_id.fairness._bootstrap import draw_weights, find_patterns
from early_id.fairness._counts import MEASURES, RATES, Floats, Segments, Table
from early_id.fairness._simultaneous import (
    Gap,
    absolute_t,
    against_rest,
    pointwise_critical,
    simultaneous_critical,
)
from early_id.fairness._small import at_least_t, widen
from early_id.fairness._stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIDENCE = 0.95
MIN_STUDENTS = 30
MIN_DENOMINATOR = 20
GAP_COLUMNS = (
    "family",
    "metric",
    "attribute",
    "group",
    "comparison",
    "rate",
    "other_rate",
    "gap",
    "low",
    "high",
    "low_simultaneous",
    "high_simultaneous",
    "standard_error",
    "other_error",
    "critical",
    "ratio",
    "ratio_low",
    "ratio_high",
    "in_family",
)


@dataclass(frozen=True)
class Resampling:
    """How many replicates of the students are drawn, and from which seed."""

    replicates: int
    seed: int


@dataclass(frozen=True)
class _Contrast:
    """One metric of one table: what is needed to turn resampled counts into t values."""

    table: Table
    metric: str
    eligible: np.ndarray
    per_student: Floats
    per_rest: Floats
    small: tuple[Floats, Floats]
    observed: Gap

    @property
    def measures(self) -> tuple[str, ...]:
        k, n = RATES[self.metric]
        return (k, n, f"{k}*{k}", f"{k}*{n}", f"{n}*{n}")


def family_gaps(
    segments: Segments, tables: Sequence[Table], *, metric: str, family: str, resampling: Resampling
) -> pd.DataFrame:
    """Gap of each cell against all other students for the metric that gets verdicts.

    Only cells with ≥ 30 students and ≥ 20 distinct students in the metric's denominator enter the family over
    which the simultaneous interval holds.
    """
    contrasts = [_contrast(table, metric) for table in tables if table.size > 1]
    if not contrasts:
        return pd.DataFrame(columns=list(GAP_COLUMNS))
    k, n = RATES[metric]
    patterns = find_patterns(segments, (k, n))
    stream = (resampling.seed, MEASURES.index(k), len(contrasts[0].table.name))
    t_values: list[list[Floats]] = [[] for _ in contrasts]
    ratios: list[list[Floats]] = [[] for _ in contrasts]
    stack = Stack.of([contrast.table for contrast in contrasts], patterns, contrasts[0].measures)
    for weights in draw_weights(patterns, replicates=resampling.replicates, seed=stream):
        for place, (contrast, sums) in enumerate(zip(contrasts, stack.resample(weights), strict=True)):
            t, ratio = _replicate(sums, contrast)
            t_values[place].append(t)
            ratios[place].append(ratio)
    t_of = [np.concatenate(blocks) for blocks in t_values]
    together = np.hstack([t[:, contrast.eligible] for t, contrast in zip(t_of, contrasts, strict=True)])
    critical = simultaneous_critical(together, confidence=CONFIDENCE)
    frames = [
        _frame(contrast, t, np.concatenate(ratio), critical)
        for contrast, t, ratio in zip(contrasts, t_of, ratios, strict=True)
    ]
    return pd.concat(frames, ignore_index=True).assign(family=family)[list(GAP_COLUMNS)]


def _contrast(table: Table, metric: str) -> _Contrast:
    k, n = RATES[metric]
    students = table.students(n)
    eligible = (table.students("cohort") >= MIN_STUDENTS) & (students >= MIN_DENOMINATOR)
    rows = table.total(n)
    average = max(1.0, rows.sum() / max(1, students.sum()))
    per_student = np.where(students > 0, rows / np.maximum(students, 1), average)
    rest = table.students_outside(n)
    per_rest = np.where(rest > 0, (rows.sum() - rows) / np.maximum(rest, 1), average)
    sums = {k: table.total(k), n: rows}
    sums |= {f"{a}*{b}": table.products(a, b) for a, b in ((k, k), (k, n), (n, n))}
    whole = {name: values.astype(np.float64) for name, values in sums.items()}
    small = (small_sample(students), small_sample(rest))
    observed = against_rest(whole, k=k, n=n, per_student=per_student, per_rest=per_rest, small=small)
    return _Contrast(table, metric, eligible, per_student, per_rest, small, observed)


def _replicate(sums: Mapping[str, Floats], contrast: _Contrast) -> tuple[Floats, Floats]:
    k, n = RATES[contrast.metric]
    gap = against_rest(
        sums,
        k=k,
        n=n,
        per_student=contrast.per_student,
        per_rest=contrast.per_rest,
        small=contrast.small,
    )
    rate, other = rate_and_rest(sums[k], sums[n])
    with np.errstate(divide="ignore", invalid="ignore"):
        return absolute_t(gap, contrast.observed), rate / other


def rate_and_rest(k: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Give the rate of each cell and of all other cells of its table, along the last axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
        other = (k.sum(axis=-1, keepdims=True) - k) / (n.sum(axis=-1, keepdims=True) - n)
    return rate, other


def _frame(contrast: _Contrast, t: Floats, ratio: Floats, critical: float) -> pd.DataFrame:
    k, n = RATES[contrast.metric]
    rate, other = rate_and_rest(contrast.table.total(k).astype(float), contrast.table.total(n).astype(float))
    gap = rate - other
    known = np.isfinite(gap)
    error = np.where(known, contrast.observed.error, np.nan)
    other_error = np.where(known, contrast.observed.other_error, np.nan)
    errors = (np.sqrt(np.maximum(error**2 - other_error**2, 0.0)), other_error)
    # The t values are those of the smoothed gap, so the interval is centred there.
    centre = np.where(known, contrast.observed.value, np.nan)
    single = at_least_t(pointwise_critical(t, confidence=CONFIDENCE), contrast.table, contrast.metric)
    # Without any cell in the family a single cell is all that could be settled.
    alone = float(norm.ppf((1 + CONFIDENCE) / 2))
    joint = at_least_t(
        np.full(len(gap), critical if np.isfinite(critical) else alone), contrast.table, contrast.metric
    )
    ends = [
        widen(
            contrast.table,
            contrast.metric,
            centre - multiple * error,
            centre + multiple * error,
            critical=multiple,
            errors=errors,
        )
        for multiple in (single, joint)
    ]
    frame = _identify(contrast.table, contrast.metric, "others", rate, other)
    ratio_low, ratio_high = percentiles(ratio)
    return frame.assign(
        low=ends[0][0],
        high=ends[0][1],
        low_simultaneous=np.where(contrast.eligible, ends[1][0], np.nan),
        high_simultaneous=np.where(contrast.eligible, ends[1][1], np.nan),
        standard_error=error,
        other_error=other_error,
        critical=joint,
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        in_family=contrast.eligible,
    )


def _identify(table: Table, metric: str, comparison: str, rate: Floats, other: Floats) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = rate / other
    return pd.DataFrame(
        {
            "metric": metric,
            "attribute": " × ".join(table.name),
            "group": [" × ".join(group) for group in table.groups],
            "comparison": comparison,
            "rate": rate,
            "other_rate": other,
            "gap": rate - other,
            "ratio": np.where(np.isfinite(ratio), ratio, np.nan),
        }
    )


def percentiles(values: Floats) -> tuple[Floats, Floats]:
    """95 % percentile interval per column over the replicates in which the value exists."""
    low, high = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    for cell, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if len(known):
            low[cell], high[cell] = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return low, high


def shown_gaps(
    segments: Segments,
    tables: Sequence[Table],
    *,
    metrics: Sequence[str],
    reference: Mapping[str, str],
    resampling: Resampling,
) -> pd.DataFrame:
    """Gaps that get no verdict: other metrics against everyone else, and recall against a named reference.

    Their intervals are pointwise percentile intervals of the resampled gap.
    """
    stored = ("eligible", "positive", "listed", "reached")
    patterns = find_patterns(segments, stored)
    stack = Stack.of(tables, patterns, stored)
    collected: dict[tuple[int, str, str], list[tuple[Floats, Floats]]] = {}
    blocks = draw_weights(patterns, replicates=resampling.replicates, seed=(resampling.seed, len(MEASURES)))
    for weights in blocks:
        for place, (table, sums) in enumerate(zip(tables, stack.resample(weights), strict=True)):
            sums["missed"] = sums["positive"] - sums["reached"]
            sums["not_listed"] = sums["eligible"] - sums["listed"]
            for metric, comparison in _wanted(table, metrics, reference):
                k, n = RATES[metric]
                pair = _compare(sums[k], sums[n], table, comparison)
                with np.errstate(divide="ignore", invalid="ignore"):
                    values = (pair[0] - pair[1], pair[0] / pair[1])
                collected.setdefault((place, metric, comparison), []).append(values)
    frames = [
        _shown_frame(tables[place], metric, comparison, values)
        for (place, metric, comparison), values in collected.items()
    ]
    if not frames:
        return pd.DataFrame(columns=list(GAP_COLUMNS))
    return pd.concat(frames, ignore_index=True).reindex(columns=list(GAP_COLUMNS))


def _wanted(table: Table, metrics: Sequence[str], reference: Mapping[str, str]) -> list[tuple[str, str]]:
    if table.size < 2:
        return []
    against = [("recall", reference[table.name[0]])] if table.name[0] in reference else []
    return [*((metric, "others") for metric in metrics), *against]


def _compare(k: Floats, n: Floats, table: Table, comparison: str) -> tuple[Floats, Floats]:
    if comparison == "others":
        return rate_and_rest(k, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
    place = table.groups.index((comparison,))
    return rate, np.broadcast_to(rate[..., place : place + 1], rate.shape)


def _shown_frame(
    table: Table, metric: str, comparison: str, values: list[tuple[Floats, Floats]]
) -> pd.DataFrame:
    k, n = RATES[metric]
    rate, other = _compare(table.total(k).astype(float), table.total(n).astype(float), table, comparison)
    low, high = percentiles(np.concatenate([gap for gap, _ in values]))
    ratio_low, ratio_high = percentiles(np.concatenate([ratio for _, ratio in values]))
    frame = _identify(table, metric, comparison, rate, other).assign(
        family="shown", low=low, high=high, ratio_low=ratio_low, ratio_high=ratio_high, in_family=False
    )
    return frame if comparison == "others" else frame.loc[frame["group"] != comparison]
