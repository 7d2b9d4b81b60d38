"""The document as tables: one for programs, one a school board can read."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.models._pairs import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    from early_id.models._document import AdditiveModel
    from early_id.models._pairs import Axis, Pair
    from early_id.models._parts import FeatureInfo, Period
    from early_id.models._terms import Term

POINTS = 10 / math.log(2)  # ten points double the odds
ARROW = {1: "more never lowers the score", -1: "more never raises the score", 0: "free"}


def frame(model: AdditiveModel) -> pd.DataFrame:
    """One row per period × feature × bin, then one per cell of each pair."""
    rows: list[dict[str, Any]] = []
    for period in model.periods:
        days = {"period": period.name, "from_day": period.from_day, "to_day": period.to_day}
        for feature, term in zip(model.features, period.terms, strict=True):
            head = {
                **days,
                "feature": feature.name,
                "concept": feature.concept,
                "unit": feature.unit,
                "direction": feature.direction,
                "kind": term.kind,
            }
            rows.extend({**head, **part} for part in _bins(term))
        for pair in period.pairs:
            text = dict.fromkeys(("concept", "unit"), "")
            head = {**days, "feature": pair.name, **text, "direction": 0, "kind": "pair"}
            rows.extend({**head, **part} for part in _cells(pair))
    return pd.DataFrame(rows).astype({"to_day": "Int64"})


def text(model: AdditiveModel) -> str:
    """Write the tables in points, equal neighbours joined, the features that move the score most first."""
    pairs = [_count(model.pair_names, "pair")] if model.pair_names else []
    size = ", ".join([_count(model.features, "feature"), *pairs, _count(model.periods, "period")])
    lines = [
        f"Additive model of {model.label!r}: {size}",
        f"SHA-256 {model.sha256}",
        "Points are added up; 10 points double the odds, 0 is the average of the training rows.",
    ]
    for period in model.periods:
        lines += [
            "",
            f"{period.name.capitalize()} (average score {period.average:.3f} log-odds{_counts(period)})",
        ]
        blocks = [
            (_spread((*term.values, term.missing)), _block(feature, term))
            for feature, term in zip(model.features, period.terms, strict=True)
        ]
        blocks += [(_spread(pair.table.ravel().tolist()), _grid(pair)) for pair in period.pairs]
        for _, block in sorted(blocks, key=lambda block: -block[0]):
            lines += block
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
    return [{**dict(zip(names, part, strict=True)), "points": _points(part[4], term.mean)} for part in parts]


def _cells(pair: Pair) -> list[dict[str, Any]]:
    ends = dict.fromkeys(("from", "to"), math.nan)
    return [
        {
            "bin": first + TIMES + second,
            **ends,
            "category": "",
            **dict.fromkeys(("log_odds", "log_odds_to"), value),
            "points": _points(value, pair.mean),
        }
        for first, row in zip(axis_in_words(pair.first), pair.values, strict=True)
        for second, value in zip(axis_in_words(pair.second), row, strict=True)
    ]


def _block(feature: FeatureInfo, term: Term) -> list[str]:
    notes = ", ".join(note for note in (feature.unit, ARROW[feature.direction]) if note)
    if not any(_points(value, term.mean) for value in (*term.values, term.missing)):
        return [f"  {feature.name} ({notes}): less than half a point"]
    rows: list[tuple[str, float, float, str]] = []
    for part in _bins(term):
        low, high = (_points(part[end], term.mean) for end in ("log_odds", "log_odds_to"))
        shown = f"{low:+d}" if low == high else f"{low:+d} to {high:+d}"
        ordered = not math.isnan(part["from"])
        if rows and ordered and rows[-1][3] == shown and low == high:
            start = rows[-1][1]
            rows[-1] = (in_words(start, part["to"]), start, part["to"], shown)
        else:
            rows.append((part["bin"], part["from"], part["to"], shown))
    width = max(len(row[0]) for row in rows)
    return [f"  {feature.name} ({notes})", *(f"    {row[0]:<{width}}  {row[3]:>5}" for row in rows)]


def _grid(pair: Pair) -> list[str]:
    """Write the table in points, a line per bin of the first feature; equal neighbours are joined both ways."""
    points = [[f"{_points(value, pair.mean):+d}" for value in row] for row in pair.values]
    head = f"  {pair.name}"
    if not any(int(cell) for row in points for cell in row):
        return [f"{head}: less than half a point"]
    lines = _merged(pair.first, points)
    across = _merged(pair.second, list(zip(*(row for _, row in lines), strict=True)))
    names = [f"{pair.second.feature}:", *(name for name, _ in across)]
    table = [
        names,
        *([name, *cells] for (name, _), *cells in zip(lines, *(row for _, row in across), strict=True)),
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table[0][0] = table[0][0].rjust(widths[0])
    return [
        f"{head} ({pair.first.feature} down, {pair.second.feature} across)",
        *(
            "    " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in table
        ),
    ]


def _merged(axis: Axis, rows: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    """Join neighbouring ranges with the same cells; codes and "unknown" stay alone."""
    if axis.categories:
        return list(zip(axis_in_words(axis), rows, strict=True))
    found: list[tuple[float, Sequence[str]]] = []
    for start, row in zip((-math.inf, *axis.edges), rows, strict=False):
        if not found or found[-1][1] != row:
            found.append((start, row))
    ends = [*(start for start, _ in found[1:]), math.inf]
    names = [in_words(start, end) for (start, _), end in zip(found, ends, strict=True)]
    return [*zip(names, (row for _, row in found), strict=True), ("unknown", rows[-1])]


def axis_in_words(axis: Axis) -> list[str]:
    """Say which values lie in each bin of a pair's feature."""
    if axis.categories:
        return [*map(str, axis.categories), "unknown"]
    ends = (-math.inf, *axis.edges, math.inf)
    return [*(in_words(low, high) for low, high in itertools.pairwise(ends)), "unknown"]


def in_words(start: float, end: float, unit: str = "") -> str:
    """Say which values lie from a start to before an end."""
    if start == -math.inf:
        return "any value" if end == math.inf else f"below {_short(end)}{unit}"
    if end == math.inf:
        return f"{_short(start)}{unit} or more"
    return f"{_short(start)} to below {_short(end)}{unit}"


def _short(number: float) -> str:
    return repr(number).removesuffix(".0")


def _points(log_odds: float, mean: float) -> int:
    return round(POINTS * (log_odds - mean))


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _counts(period: Period) -> str:
    if not period.n_rows:
        return ""
    rows = f"{period.n_rows:,} rows of {period.n_students:,} students"
    return f"; trained on {rows}, {period.n_events:,} rows with the outcome"
