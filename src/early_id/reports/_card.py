"""What a model card says, prepared once: both of its forms draw the same values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.exceptions import DataError, examples
from early_id.reports._audit_page import read_audit
from early_id.reports._card_data import about_data, unknowns
from early_id.reports._card_words import FOR, LIMITS, NOT_FOR, OF_LABEL, PEOPLE, WEEKS
from early_id.reports._contestants import contestants, places, reaches_more
from early_id.reports._decision import decide
from early_id.reports._end import SignOffEnd
from early_id.reports._signature import digest, signature
from early_id.reports._terms import periods_of
from early_id.reports._words import (
    MEANINGS,
    QUALITY_MEANINGS,
    capacity_words,
    first_upper,
    interval,
    label_words,
    name_schools,
    number,
    plural,
    school_days,
    share,
)

if TYPE_CHECKING:
    from early_id.reports._card_evidence import CardEvidence
    from early_id.reports._model_card import Document

#: A cell is what is printed, and its interval.
Cell = tuple[str, str]
METRICS = ("contestant", "rows", "precision", "recall", "auroc", "auroc_within_school", "brier")
_WRITTEN: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "recall": ("Weeks on the list, of students who needed outreach", share),
    "precision": ("Of weeks listed, needed it", share),
    "auroc": ("Order on a date (AUROC)", number),
    "auroc_within_school": ("Order within a school (AUROC)", number),
    "brier": ("Brier score", number),
}


def card_of(
    document: Document,
    evidence: CardEvidence | None,
    record: Mapping[str, Any] | None,
    ended: SignOffEnd | None = None,
) -> dict[str, Any]:
    """Prepare everything a card says.

    Raises
    ------
    DataError
        If the audit is of another document or signed for another audit, or the metrics lack a column.
    """
    content = _audit_of(document, evidence, record)
    about = content.get("about", {})
    names = evidence.names if evidence else {}
    table = document.to_frame()
    own = about.get("contestant")
    metrics = evidence.metrics if evidence is not None and len(evidence.metrics) else None
    return {
        "label": label_words(document.label),
        "sha256": document.sha256,
        "n_features": plural(table.loc[table["kind"] != "pair", "feature"].nunique(), "fact"),
        "sign": signature(record, names, ended),
        "purpose": about.get("purpose", ""),
        "people": PEOPLE,
        "for_uses": FOR,
        "not_for": NOT_FOR,
        "limits": (*LIMITS, *OF_LABEL.get(document.label, ())),
        "facts": about_data(document, content, evidence, metrics, own),
        "unknown": unknowns(document, content),
        "size": f"{capacity_words(about['capacity'])}, each week" if "capacity" in about else "",
        **_results(metrics, evidence, content, own),
        **_equity(content),
        "periods": periods_of(document.periods, table),
    }


def _audit_of(
    document: Document, evidence: CardEvidence | None, record: Mapping[str, Any] | None
) -> dict[str, Any]:
    if evidence is None:
        return {}
    content = read_audit(evidence.audit)
    stated = content["about"].get("document_sha256")
    if stated != document.sha256:
        msg = (
            f"expected an audit of the document {document.sha256[:12]} for its card, got one of {str(stated)[:12]}; "
            "audit this document."
        )
        raise DataError(msg)
    if record is not None and record["audit_sha256"] != digest(evidence.audit):
        msg = (
            f"expected the audit that {record['reviewer']!r} signed, {record['audit_sha256'][:12]}, for the card, got "
            "another one; give the audit.json that was signed."
        )
        raise DataError(msg)
    name_schools(content, evidence.names)
    return content


def grid(head: list[str], rows: list[list[Cell]], caption: str = "") -> dict[str, Any]:
    """Make a table that both forms can draw; the first cell of a row names it."""
    return {"head": head, "rows": rows, "caption": caption}


def _results(
    metrics: pd.DataFrame | None, evidence: CardEvidence | None, content: Mapping[str, Any], own: str | None
) -> dict[str, Any]:
    overall = (content.get("overall") or [{}])[0]
    if metrics is not None:
        missing = [name for name in METRICS if name not in metrics.columns]
        if missing:
            msg = f"the metrics for a model card must have the column {examples(missing)}; give publish_metrics(…)."
            raise DataError(msg)
    beside = contestants(metrics, own)
    return {
        "beside": grid(
            ["Way of making the list", *(words for words, _ in _WRITTEN.values())],
            [
                [(f"{row['contestant']}{' (this model)' * row['audited']}", ""), *_figures(row)]
                for row in beside
            ],
        ),
        "explained": [f"“{row['contestant']}”: {row['explained']}." for row in beside if row["explained"]],
        "places": places(metrics, own),
        "reaches_more": reaches_more(metrics, own),
        "weeks": _weeks(metrics, own),
        "calibration": _calibration(evidence, own),
        "reached": _reached(evidence, own),
        "per_child": _per_child(overall),
    }


def _per_child(overall: Mapping[str, Any]) -> str:
    if "reached_early" not in overall:
        return ""
    span = interval(overall, "reached_early")
    return (
        f"Of all students who turned out to need outreach, {overall['reached_early_text']} were listed by this model "
        f"at least once 8 school weeks or more before the event{f' (95 % interval {span})' if span else ''}."
    )


def _figures(row: Mapping[Any, Any]) -> list[Cell]:
    return [(written(row[name]), interval(row, name, written)) for name, (_, written) in _WRITTEN.items()]


def _weeks(metrics: pd.DataFrame | None, own: str | None) -> dict[str, Any]:
    """Show the model itself on each set of weeks."""
    rows = [] if metrics is None else metrics[metrics["contestant"] == own].to_dict("records")
    return grid(
        ["Weeks", *(words for words, _ in _WRITTEN.values())],
        [[(WEEKS.get(row["rows"], row["rows"]), ""), *_figures(row)] for row in rows],
    )


def _calibration(evidence: CardEvidence | None, own: str | None) -> dict[str, Any]:
    frame = None if evidence is None or evidence.calibration.empty else evidence.calibration
    rows = [] if frame is None else frame[frame["contestant"] == own].to_dict("records")
    return grid(
        ["School days", "Weeks", "Expected", "Observed", "Slope (1 is right)"],
        [
            [
                (school_days(row["period"]), ""),
                ("event ahead" if row["rows"] == "onset" else "all", ""),
                (share(row["expected"]), ""),
                (share(row["observed"]), ""),
                (number(row["slope"], 2), interval(row, "slope", lambda slope: number(slope, 2))),
            ]
            for row in rows
        ],
    )


def _reached(evidence: CardEvidence | None, own: str | None) -> dict[str, Any]:
    rows = [] if evidence is None else evidence.reached.to_dict("records")
    return grid(
        [
            "Way of making the list",
            "Students with the outcome, to the nearest hundred",
            "Listed before the event",
            "Listed 8 school weeks or more before it",
            "Median school weeks from the first list to the event (never listed: 0)",
        ],
        [
            [
                (f"{row['contestant']}{' (this model)' * (row['contestant'] == own)}", ""),
                (number(row["n_students"], 0), ""),
                (share(row["reached"]), interval(row, "reached")),
                (share(row["reached_early"]), interval(row, "reached_early")),
                (
                    number(row["median_weeks"], 1),
                    interval(row, "median_weeks", lambda weeks: number(weeks, 1)),
                ),
            ]
            for row in rows
        ],
    )


def _equity(content: Mapping[str, Any]) -> dict[str, Any]:
    if not content:
        return {"equity": None, "bars": grid([], [])}
    decision = decide(content)
    return {
        "equity": {
            # What has been decided is for the sign-off to say.
            "headline": first_upper(decision["headline"].removeprefix("Not yet decided: ")),
            **{name: decision[name] for name in ("found", "gaps")},
            "counts": grid(
                ["Verdict", *decision["counts"], "Meaning"],
                [
                    [
                        (first_upper(word), ""),
                        *((str(counts[word]), "") for counts in decision["counts"].values()),
                        (meaning, ""),
                    ]
                    for word, meaning in MEANINGS.items()
                ],
            ),
            "unjudged": grid(
                ["Group", "Question", "What would settle it"],
                [
                    [(row["group"], ""), (row["metric"], ""), (row["text"], "")]
                    for row in decision["unjudged"]
                ],
            ),
            "tolerance": f"{100 * content['about']['tolerance']:g} percentage points",
        },
        "bars": grid(
            ["Bar", "Verdict", "What was found"],
            [
                [
                    (first_upper(check["name"]), ""),
                    (f"{check['verdict']}: {QUALITY_MEANINGS[check['verdict']]}", ""),
                    (check["found"], ""),
                ]
                for check in decision["quality"]["checks"]
            ],
            decision["quality"]["told"],
        ),
    }
