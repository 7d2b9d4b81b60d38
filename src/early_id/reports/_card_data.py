"""What a model card says about the data: where from, of when, how many, and what is not known about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from early_id.reports._card_words import SOURCES
from early_id.reports._words import attribute_words, label_words, plural, share

if TYPE_CHECKING:
    import pandas as pd

    from early_id.reports._card_evidence import CardEvidence
    from early_id.reports._model_card import Document

Fact = tuple[str, str]
_PARTIAL = {
    "ignored": "a day missed in part counts as attended",
    "fraction": "a day missed in part counts in part",
}
_SCOPE = {"county": "counted over all schools of the county", "school": "counted in each school apart"}


def about_data(
    document: Document,
    content: Mapping[str, Any],
    evidence: CardEvidence | None,
    metrics: pd.DataFrame | None,
    own: str | None,
) -> list[Fact]:
    """List what is known about the data."""
    origin = document.provenance
    facts = [("Looks ahead to", label_words(document.label)), *_label(origin.get("label") or {})]
    if evidence is not None and evidence.source:
        facts.append(
            ("Source", SOURCES.get(evidence.source, f"the district’s own source, {evidence.source}"))
        )
    facts += _learned(origin, evidence)
    facts += _tested(content, metrics, own)
    return facts


def _label(label: Mapping[str, Any]) -> list[Fact]:
    told = (
        [_PARTIAL.get(str(label.get("partial_days")), "")] if label.get("name") == "chronic_absence" else []
    )
    told.append(_SCOPE.get(str(label.get("scope")), ""))
    if "lag_days" in label:
        told.append(f"taken as known {plural(int(label['lag_days']), 'day')} after its time has passed")
    words = "; ".join(part for part in told if part)
    return [("How that is counted", words)] if words else []


def _learned(origin: Mapping[str, Any], evidence: CardEvidence | None) -> list[Fact]:
    facts = []
    if "train_years" in origin:
        facts.append(("Learned from school years", ", ".join(str(year) for year in origin["train_years"])))
    if "data_window" in origin:
        facts.append(("Dates learned from", " to ".join(str(day) for day in origin["data_window"])))
    if "trained_on" in origin:
        late = origin.get("embargo") == "none"
        words = "some outcomes used were not known yet" if late else "no outcome known later was used"
        facts.append(("As of", f"{origin['trained_on']}: {words}"))
    if by := origin.get("reweighed_by"):
        facts.append(
            (
                "Weighed while learning",
                f"by group and outcome ({attribute_words(str(by)).lower()}), so that it is equally common in all; "
                "the score itself needs no group",
            )
        )
    if evidence is not None and evidence.training:
        size = {name: f"{value:,.0f}" for name, value in evidence.training.items()}
        facts.append(
            (
                "Learned from",
                f"about {size['students']} students in {size['rows']} student weeks, {size['positives']} of which "
                "ended with the outcome (to the nearest hundred)",
            )
        )
        facts.append(("Weeks after an outreach on record", share(evidence.training["treated_share"])))
    return facts


def _tested(content: Mapping[str, Any], metrics: pd.DataFrame | None, own: str | None) -> list[Fact]:
    about = content.get("about", {})
    facts = []
    if about.get("test_years"):
        facts.append(("Tested on school years", ", ".join(map(str, about["test_years"]))))
    if about.get("as_of_from"):
        dates = plural(about["as_of_dates"], "date")
        facts.append(("Dates tested on", f"{about['as_of_from']} to {about['as_of_to']}, {dates}"))
    rows = [] if metrics is None else metrics.loc[metrics["contestant"] == own].to_dict("records")
    for row in rows:
        if row["rows"] in ("all", "onset"):
            what = "Tested on" if row["rows"] == "all" else "Of these, event still ahead"
            facts.append(
                (
                    what,
                    f"about {row['n_students']:,} students in {row['n_rows']:,} student weeks, {row['n_positives']:,} "
                    "of them with the outcome (to the nearest hundred)",
                )
            )
    return facts


def unknowns(document: Document, content: Mapping[str, Any]) -> list[str]:
    """Say what is not known about the data."""
    told = []
    imputed = document.provenance.get("imputed_known_at")
    assumed = {table: part for table, part in sorted((imputed or {}).items()) if part}
    if assumed:
        words = ", ".join(f"{table} {100 * part:.0f} %" for table, part in assumed.items())
        told.append(
            f"On which day a record reached the system is assumed for part of the rows: {words} of the rows."
        )
    elif imputed:
        told.append("On which day each record reached the system is on record for every table.")
    overall = (content.get("overall") or [{}])[0]
    if overall.get("not_scored_text"):
        reasons = "; ".join(f"{row['reason']} ({row['text']})" for row in content["not_scored_reasons"])
        why = f" Reasons, in students: {reasons}." if reasons else ""
        text = overall["not_scored_text"]
        part = "the share is not printed" if text == "masked" else f"{text} of the student weeks tested on"
        told.append(f"Without a score: {part}.{why}")
    if content.get("excluded"):
        left = "; ".join(f"{row['reason']} ({row['text']})" for row in content["excluded"])
        told.append(f"Left out of the shares of weeks on the list, in students: {left}.")
    missing = [
        f"{attribute_words(row['attribute']).lower()} "
        f"({plural(row['students'], 'student') if row['students'] is not None else 'number not printed'})"
        for row in content.get("by_group", ())
        if row["group"] == "unknown"
    ]
    if missing:
        told.append(f"Group not on record, and judged as a group of its own: {', '.join(missing)}.")
    told.append(
        "What happened to students before they came to these schools, or after they left, is unknown."
    )
    return told
