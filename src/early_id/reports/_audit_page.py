"""The equity audit as one page for a reviewer who writes no Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from early_id.exceptions import DataError
from early_id.reports._by_term import by_term
from early_id.reports._charts import recall_chart
from early_id.reports._contestants import contestants, happened, places, reaches_more
from early_id.reports._decision import decide
from early_id.reports._early import early
from early_id.reports._glossary import GLOSSARY
from early_id.reports._list_sizes import list_sizes
from early_id.reports._measured import measured
from early_id.reports._next import what_next
from early_id.reports._page import as_data, render, write_page
from early_id.reports._scale import scale
from early_id.reports._score_worth import expected_told, score_lines, score_periods
from early_id.reports._signature import digest, marks, signature
from early_id.reports._what_if import (
    label_lines,
    profile,
    school_lines,
    split_by_attribute,
    split_lines,
    what_if,
)
from early_id.reports._words import MEANINGS, SYMBOLS, attribute_words, group_words, interval, name_schools

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# Wide enough for a desk, narrow enough for a phone; the page shows the one that fits.
SIZES = {"wide": (800, 190), "narrow": (190, 112)}
# A county can have hundreds of schools: the chart shows the ones missed most, the table all of them.
MOST_IN_CHART = 40
NEEDED = (
    "about",
    "by_group",
    "calibration",
    "capacity_curve",
    "decision",
    "excluded",
    "gaps",
    "intersections",
    "not_scored",
    "overall",
    "quality",
    "verdicts",
)


class Publishable(Protocol):
    """An audit that can say what may be published of it."""

    def to_json(self) -> str:
        """Masked content as JSON."""


class Document(Protocol):
    """What the page says about the audited model."""

    @property
    def label(self) -> str:
        """The outcome it looks ahead to."""

    @property
    def sha256(self) -> str:
        """Hash that a reviewer signs."""


def write_audit_html(
    audit: Publishable | str,
    path: str | Path,
    *,
    document: Document | None = None,
    metrics: pd.DataFrame | None = None,
    reached: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> Path:
    """Write the equity audit as one self-contained page.

    Answers, on its first screen: may this model be used, and why or why not; which group is missed most, by
    how much, how sure, and what can be done next?

    Parameters
    ----------
    audit : Audit or str
        An audit, or the text of its audit.json. Only its publishable (masked) numbers are used, so page and
        JSON always agree.
    path : str or Path
        The file to write, whole or not at all. Its folder must exist.
    document : AdditiveModel, optional
        The audited model, for its outcome and hash.
    metrics : DataFrame, optional
        From `publish_metrics`: how the contestants did at the same list size.
    reached : DataFrame, optional
        From `publish_reached`: how many children each of them reached how early.
    names : mapping, optional
        school_id → name, so that a school is called by its name.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the text is not an audit.
    ConfigError
        If the folder does not exist.

    Examples
    --------
    >>> write_audit_html("{}", "audit.html")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    early_id.exceptions.DataError: expected the content of an audit.json, but 'about', ... are missing; ...
    """
    text = audit if isinstance(audit, str) else audit.to_json()
    content = read_audit(text)
    about = dict(content["about"])
    if document is not None:
        about.setdefault("label", document.label)
        about.setdefault("document_sha256", document.sha256)
    name_schools(content, names or {})
    groups = _groups(content)
    overall = content["overall"][0]
    drawn = _marks(groups)
    audited = about.get("contestant")
    sizes = list_sizes({**content, "about": about})
    decision = decide(content)
    return write_page(
        render(
            "audit.html.j2",
            {
                "about": about,
                "decision": decision,
                "scale": scale(content),
                "sha256": digest(text),
                "sign": signature(None),
                "marks": marks(text),
                "next": what_next(decision, None),
                "sections": [{"title": attribute_words(name), "rows": rows} for name, rows in groups.items()],
                "charts": _charts(drawn, overall),
                "drawn": [word for word in SYMBOLS if word in {row["verdict"] for row in drawn}],
                "overall": overall,
                "per_child": "reached_early" in overall,
                "overall_range": interval(overall, "reached_early"),
                "early": early(content),
                "measured": measured(content),
                "by_term": by_term(content),
                "crossed": _crossed(content),
                "n_crossed": len(content["intersections"]),
                "excluded": content["excluded"],
                "reasons": content["not_scored_reasons"],
                "contestants": contestants(metrics, audited, reached),
                "places": places(metrics, audited),
                "happened": happened(metrics, audited),
                "reaches_more": reaches_more(metrics, audited),
                "score": score_lines(content["calibration"]),
                "expected_told": expected_told(content["calibration"]),
                "score_periods": score_periods(content["calibration"]),
                "by_schools": _by_schools(content["verdicts"]),
                "what_if": what_if(content),
                "profile": profile(content),
                "school_lines": school_lines(content),
                "split": split_lines(content),
                "split_others": split_by_attribute(content),
                "label_lines": label_lines(content),
                "sizes": sizes,
                "sizes_json": as_data(sizes["steps"]),
                "symbols": SYMBOLS,
                "meanings": MEANINGS,
                "glossary": GLOSSARY,
            },
            script="audit.js",
        ),
        path,
    )


def read_audit(audit: Publishable | str) -> dict[str, Any]:
    """Read what may be published of an audit.

    Raises
    ------
    DataError
        If the text is not an audit.
    """
    content = json.loads(audit if isinstance(audit, str) else audit.to_json())
    missing = [key for key in NEEDED if not isinstance(content, Mapping) or key not in content]
    if missing:
        from early_id.exceptions import examples

        msg = (
            f"expected the content of an audit.json, but {examples(missing)} are missing; "
            "write it again with Audit.to_json()."
        )
        raise DataError(msg)
    return dict(content)


def _groups(content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Everything published about each group, by attribute, in the order of the audit."""
    verdicts = {(row["metric"], row["attribute"], row["group"]): row for row in content["verdicts"]}
    scoring = {(row["attribute"], row["group"]): row for row in content["not_scored"]}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in content["by_group"]:
        key = (row["attribute"], row["group"])
        merged = {
            **row,
            **{name: value for name, value in scoring[key].items() if name.startswith("not_scored")},
            "recall_verdict": verdicts.get(("recall", *key)),
            "not_scored_verdict": verdicts.get(("not_scored", *key)),
        }
        merged |= {f"{name}_range": interval(merged, name) for name in _RANGES}
        found.setdefault(row["attribute"], []).append(merged)
    return {name: _ordered(name, rows) for name, rows in found.items()}


def _ordered(attribute: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Furthest behind first, then those without a printed difference, unknown last; grade bands in their own order."""
    if attribute == "grade_band":
        return rows

    def place(row: Mapping[str, Any]) -> tuple[bool, bool, float, str]:
        gap = (row["recall_verdict"] or {}).get("gap")
        return (str(row["group"]) == "unknown", gap is None, float(gap or 0), str(row["name"]))

    return sorted(rows, key=place)


def _by_schools(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List the differences whose interval over schools is printed, the furthest behind first."""
    rows = [row for row in verdicts if row["metric"] == "recall" and row["low_schools"] is not None]
    named = [{**row, "name": group_words(row["attribute"], row["group"])} for row in rows]
    return sorted(named, key=lambda row: (row["gap"], row["name"]))


_UNJUDGED = {"verdict": "cannot tell"}
_RANGES = (
    "recall",
    "reached_early",
    "not_scored",
    "selection_rate",
    "base_rate",
    "precision",
    "false_omission_rate",
)


def _marks(groups: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """List the groups the chart shows."""
    marks: list[dict[str, Any]] = []
    for name, rows in groups.items():
        drawn = [
            {
                **row,
                "group": row["name"],
                "title": attribute_words(name),
                "verdict": (row["recall_verdict"] or _UNJUDGED)["verdict"],
            }
            for row in rows
            if row["recall"] is not None
        ]
        if len(drawn) > MOST_IN_CHART:
            drawn = sorted(drawn, key=lambda row: (row["recall"], row["group"]))[:MOST_IN_CHART]
        marks += drawn
    return marks


def _charts(marks: list[dict[str, Any]], overall: Mapping[str, Any]) -> dict[str, str]:
    if not marks or overall["recall"] is None:
        return {}
    return {
        name: recall_chart(marks, overall["recall"], width=width, labels=labels)
        for name, (width, labels) in SIZES.items()
    }


def _crossed(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pick the crossed groups furthest behind, with their simultaneous interval."""
    gaps = {
        (row["attribute"], row["group"]): row
        for row in content["gaps"]
        if row["family"] == "intersection" and row["gap"] is not None
    }
    rows = [
        {
            **row,
            "title": attribute_words(row["attribute"]),
            "gap": gaps[row["attribute"], row["group"]],
            "recall_range": interval(row, "recall"),
        }
        for row in content["intersections"]
        if (row["attribute"], row["group"]) in gaps and row["recall"] is not None
    ]
    behind = [row for row in rows if row["gap"]["gap"] < 0]
    return sorted(behind, key=lambda row: (row["gap"]["gap"], row["attribute"], row["group"]))[:12]
