"""Audit: judge a backtested model's lists by group, write the report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from early_id.config import Capacity, Config
from early_id.district import District
from early_id.evaluation import (
    check_quality,
    load_backtest,
    write_atomic,
)
from early_id.exceptions import DataError, examples
from early_id.fairness import Audit
from early_id.fairness import audit as audit_backtest
from early_id.models import AdditiveModel
from early_id.pipeline._alternatives import load_alternatives
from early_id.pipeline._card import evidence_of, keep_evidence, signed_before, write_card
from early_id.pipeline._releases import FOLDER, keep_release, load_releases
from early_id.pipeline._tracker import tracker_of
from early_id.pipeline._train import QUALITY, Tell, district_of, silent
from early_id.pipeline._turn import in_turn
from early_id.reports import sign_audit_html, write_audit_html
from early_id.tracking import check_backtest, load_document, log_audit, standing

#: An audit of a large county takes minutes.
_WAIT_SECONDS = 3600


@dataclass(frozen=True, eq=False)
class AuditResult:
    """The audit and where it was written.

    Attributes
    ----------
    audit : Audit
    json, html, card : Path
        audit.json (what a sign-off names), audit.html (what a reviewer reads), the model card's page; the same as
        Markdown lies beside it.
    """

    audit: Audit
    json: Path
    html: Path
    card: Path


def audit(
    config: Config,
    *,
    model: str = "@candidate",
    capacity: Capacity | None = None,
    out: Path | None = None,
    district: District | None = None,
    tell: Tell = silent,
) -> AuditResult:
    """Audit a trained model at the list size it would be used with.

    Parameters
    ----------
    config : Config
    model : str
        "@candidate", "@champion" or a version number.
    capacity : str, int or mapping, optional
        Another list size than the configured one.
    out : Path, optional
        Where audit.json and audit.html go; default is the model's folder.
    district : District, optional
        The configured district where it has been read already.

    Raises
    ------
    DataError
        If the model was not trained here, so that no backtest of it is at hand, or its backtest was changed since.

    Notes
    -----
    The audit is also kept in the model's run: only the very bytes that were written here can be signed. What it counted
    and hid is kept in the folder of the models: what it masks stays masked in the next audit of the same school year.
    """
    tell("Loading the model and its backtest")
    tracker = tracker_of(config)
    document = load_document(model, tracker)
    folder = config.models / document.sha256[:12]
    hashes = check_backtest(model, folder, tracker=tracker)
    backtest = load_backtest(folder)
    district = district_of(config, district)
    schools = district.frame("schools")
    names = dict(zip(schools["school_id"], schools["school_name"], strict=True))
    size = capacity or config.capacity
    tell("Auditing")
    # What an audit masks hangs on all before it, so audits are made one after the other.
    with in_turn(config.models / FOLDER, wait_seconds=_WAIT_SECONDS):
        earlier = load_releases(config.models)
        result = audit_backtest(
            backtest,
            groups=district.groups,
            capacity=size,
            contestant=_contestant(backtest.documents, document),
            tolerance=config.audit.tolerance,
            replicates=config.audit.replicates,
            seed=config.training.seed,
            reference=config.audit.reference or None,
            about={
                "label": document.label,
                "document_sha256": document.sha256,
                "data_window": data_window(document, backtest.test_years),
                "predictions_sha256": hashes["predictions.parquet"],
                "purpose": config.purpose,
            },
            alternatives=load_alternatives(folder, hashes),
            earlier=earlier,
        )
        keep_release(config.models, result.release, earlier)
    safety = json.loads((folder / QUALITY).read_text(encoding="utf-8"))["time_safety"]
    checks = check_quality(
        backtest, result.about["contestant"], capacity=size, bars=config.gate, time_safety=safety
    )
    result = replace(result, quality=tuple(check.to_dict() for check in checks))
    out = out or folder
    tell("Writing the reports")
    content = result.to_json().encode()
    log_audit(model, content, tracker=tracker)
    write_atomic(out / "audit.json", content)
    evidence = evidence_of(content, backtest, size, source=config.district.source, names=names)
    keep_evidence(folder, evidence)
    write_audit_html(
        evidence.audit,
        out / "audit.html",
        document=document,
        metrics=evidence.metrics,
        reached=evidence.reached,
        names=names,
    )
    record, ended = signed_before(content, [link.record for link in standing(tracker) if link.record])
    if record is not None:
        sign_audit_html(out / "audit.html", evidence.audit, json.loads(record.to_json()), names, ended=ended)
    card = write_card(document, evidence, out, record, ended)
    return AuditResult(result, out / "audit.json", out / "audit.html", card)


def _contestant(documents: dict[str, AdditiveModel], document: AdditiveModel) -> str:
    """Name under which the document took part in its backtest."""
    for name, own in documents.items():
        if own.sha256 == document.sha256:
            return name
    msg = (
        f"Expected a backtest of the document {document.sha256[:12]}, got one of {examples(documents)} only; run "
        "`early-id train` again."
    )
    raise DataError(msg)


def data_window(document: AdditiveModel, test_years: Iterable[int]) -> str:
    """Say in words which data the model learned from, as its own provenance states, and was tested on."""
    window = document.provenance.get("data_window")
    if not window:
        msg = f"Expected a document that states its training data, {document.sha256[:12]} does not; train it again."
        raise DataError(msg)
    return f"trained on {window[0]} to {window[1]}, tested on school years {', '.join(map(str, sorted(test_years)))}"
