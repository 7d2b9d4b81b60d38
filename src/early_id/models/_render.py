"""The document as tables: one for programs, one a school board can read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sized

    from early_id.models._document import AdditiveModel
    from early_id.models._parts import FeatureInfo, Period
    from early_id.models._terms import Term

POINTS = 10 / math.log(2)  # ten points double the odds
ARROW = {1: "more never lowers the score", -1: "more never raises the score", 0: "free"}


def frame(model: AdditiveModel) -> pd.DataFrame:
    """One row per period × feature × bin."""
    rows: list[dict[str, Any]] = []
    for period in model.periods:
        for feature, term in zip(model.features, period.terms, strict=True):
            head = {
                "period": period.name,
                "from_day": period.from_day,
                "to_day": period.to_day,
                "feature": feature.name,
                "concept": feature.concept,
                "unit": feature.unit,
                "direction": feature.direction,
                "kind": term.kind,
            }
            rows.extend({**head, **part} for part in _bins(term))
    return pd.DataFrame(rows).astype({"to_day": "Int64"})


def text(model: AdditiveModel) -> str:
    """Write the tables in points, equal neighbours joined, the features that move the score most first."""
    size = f"{_count(model.features, 'feature')}, {_count(model.periods, 'period')}"
    lines = [
        f"Additive model of {model.label!r}: {size}",
        f"SHA-256 {model.sha256}",
        "Points are added up; 10 points double the odds, 0 is the average of the training rows.",
    ]
    for period in model.periods:
        average = period.intercept + sum(term.mean for term in period.terms)
        lines += [
            "",
            f"{period.name.capitalize()} (average score {average:.3f} log-odds{_counts(period)})",
        ]
        pairs = sorted(zip(model.features, period.terms, strict=True), key=lambda pair: -_spread(pair[1]))
        for feature, term in pairs:
            lines += _block(feature, term)
    return "\n".join(lines)


def _bins(term: Term) -> list[dict[str, Any]]:
    nan = math.nan
    if term.kind == "category":
        parts = [
            (str(code), nan, nan, str(code), v, v)
            for code, v in zip(term.categories, term.values, strict=True)
        ]
    else:
        parts = [(in_words(a, b), a, b, "", low, high) for a, b, low, high in term.pieces]
    parts.append(("unknown", nan, nan, "", term.missing, term.missing))
    names = ("bin", "from", "to", "category", "log_odds", "log_odds_to")
    return [{**dict(zip(names, part, strict=True)), "points": _points(part[4], term)} for part in parts]


def _block(feature: FeatureInfo, term: Term) -> list[str]:
    notes = ", ".join(note for note in (feature.unit, ARROW[feature.direction]) if note)
    if not any(_points(value, term) for value in (*term.values, term.missing)):
        return [f"  {feature.name} ({notes}): less than half a point"]
    rows: list[tuple[str, float, float, str]] = []
    for part in _bins(term):
        low, high = _points(part["log_odds"], term), _points(part["log_odds_to"], term)
        shown = f"{low:+d}" if low == high else f"{low:+d} to {high:+d}"
        ordered = not math.isnan(part["from"])
        if rows and ordered and rows[-1][3] == shown and low == high:
            start = rows[-1][1]
            rows[-1] = (in_words(start, part["to"]), start, part["to"], shown)
        else:
            rows.append((part["bin"], part["from"], part["to"], shown))
    width = max(len(row[0]) for row in rows)
    return [f"  {feature.name} ({notes})", *(f"    {row[0]:<{width}}  {row[3]:>5}" for row in rows)]


def in_words(start: float, end: float, unit: str = "") -> str:
    """Say which values lie from a start to before an end."""
    if start == -math.inf:
        return "any value" if end == math.inf else f"below {_short(end)}{unit}"
    if end == math.inf:
        return f"{_short(start)}{unit} or more"
    return f"{_short(start)} to below {_short(end)}{unit}"


def _short(number: float) -> str:
    return repr(number).removesuffix(".0")


def _points(log_odds: float, term: Term) -> int:
    return round(POINTS * (log_odds - term.mean))


def _spread(term: Term) -> float:
    values = (*term.values, term.missing)
    return max(values) - min(values)


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _counts(period: Period) -> str:
    if not period.n_rows:
        return ""
    rows = f"{period.n_rows:,} rows of {period.n_students:,} students"
    return f"; trained on {rows}, {period.n_events:,} rows with the outcome"
