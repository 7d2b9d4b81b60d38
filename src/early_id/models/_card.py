"""The document as a card to fill in by hand."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from early_id.exceptions import NotApplicable
from early_id.models._points import lifted
from early_id.models._render import in_words

if TYPE_CHECKING:
    import pandas as pd

    from early_id.models._document import AdditiveModel

# More points for one answer are not added up in the head.
MOST_POINTS = 100
PER_LINE = 6
WHOLE_UNITS = ("count", "days")


def card(model: AdditiveModel) -> str:
    """Write the card; see `AdditiveModel.to_card`."""
    tables = lifted(model, MOST_POINTS)
    if tables["step"].isna().any():
        msg = (
            f"Expected tables that are whole multiples of one number, at most {MOST_POINTS} of it, got others in "
            f"{model!r}; fit a PointScorecardClassifier, or round the tables by to_points."
        )
        raise NotApplicable(msg)
    tables["points"] = (tables["log_odds"] / tables["step"]).round().astype("int64")
    lines = [
        f"Point card of {model.label!r}, SHA-256 {model.sha256}",
        "Write the points of each line into its brackets and add them up.",
    ]
    for name, period in tables.groupby("period", sort=False):
        lines += ["", str(name)[0].upper() + str(name)[1:]]
        parts = [part for _, part in period.groupby("feature", sort=False)]
        lines += [_line(part) for part in parts if part["points"].any()]
        silent = [_title(str(part["feature"].iloc[0])) for part in parts if not part["points"].any()]
        if silent:
            lines.append(f"  Not counted here: {'; '.join(silent)}")
        most = sum(int(part["points"].max()) for part in parts)
        lines += _look_up(float(period["base"].iloc[0]), float(period["step"].iloc[0]), most)
    return "\n".join(lines)


def _line(table: pd.DataFrame) -> str:
    """Say how many points each value of a feature has, equal neighbours as one."""
    unit = str(table["unit"].iloc[0])
    answers: list[tuple[str, int]] = []
    last = (math.nan, math.nan)  # start of the answer so far, and its end
    for row in table.to_dict("records"):
        points = int(row["points"])
        if answers and row["from"] == last[1] and answers[-1][1] == points:
            answers.pop()
            last = (last[0], row["to"])
        else:
            last = (row["from"], row["to"])
        words = str(row["bin"]) if math.isnan(row["from"]) else _values(*last, unit)
        answers.append((words, points))
    told = [f"{words} → {points}" for words, points in answers if words]
    told[0] += " point" if told[0].endswith("→ 1") else " points"
    return f"  [  ] {_title(str(table['feature'].iloc[0]))}: {', '.join(told)}"


def _values(start: float, end: float, unit: str) -> str:
    """Say which values lie from a start to before an end, as people write them; empty where there is none."""
    if unit == "share":
        return in_words(_percent(start), _percent(end), " %")
    if unit not in WHOLE_UNITS:
        return in_words(start, end)
    low = max(0, math.ceil(start)) if start > -math.inf else 0
    if end == math.inf:
        return f"{low} or more" if low else "any value"
    high = math.ceil(end) - 1
    if high <= low:
        return str(low) if high == low else ""
    return f"{low}–{high}"


def _percent(share: float) -> float:
    """Move the point by two places, not a digit more or less."""
    return share if math.isinf(share) else float(Decimal(repr(share)) * 100)


def _title(name: str) -> str:
    """Turn the name of a column into words.

    >>> _title("absence_rate_20d"), _title("incidents_year"), _title("last_mark")
    ('Absence rate, last 20 school days', 'Incidents, this school year', 'Last mark')
    """
    name = re.sub(r"_(\d+)d$", r", last \1 school days", name)
    name = re.sub(r"_year$", ", this school year", name).replace("_", " ")
    return name[:1].upper() + name[1:]


def _look_up(base: float, step: float, most: int) -> list[str]:
    """Say what probability each sum of points comes to."""
    told = [f"{total:>4} → {_chance(base + step * total):<7}" for total in range(most + 1)]
    rows = [told[i : i + PER_LINE] for i in range(0, len(told), PER_LINE)]
    return ["  Points in all → probability:", *("  " + "".join(row).rstrip() for row in rows)]


def _chance(score: float) -> str:
    chance = 100 / (1 + math.exp(-score)) if score > -500 else 0.0
    if chance < 0.05:
        return "< 0.1 %"
    return "> 99.9 %" if chance >= 99.95 else f"{chance:.1f} %"
