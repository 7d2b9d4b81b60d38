"""The model card: written with each audit, and anew when its sign-off begins or ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from early_id.evaluation import (
    Backtest,
    Capacity,
    publish_calibration,
    publish_metrics,
    publish_reached,
    write_atomic,
)
from early_id.models import AdditiveModel
from early_id.pipeline._logged_folds import rounded
from early_id.reports import CardEvidence, SignOffEnd, sign_audit_html, write_model_card
from early_id.tracking import SignOff

CARD, PAGE = "model_card.html", "audit.html"
#: In a model's folder: what a card of each of its audits is made from.
EVIDENCE = "cards"
#: Beside it: where the audit lay that was signed.
_WHERE = ".path"


def evidence_of(
    audit: bytes, backtest: Backtest, capacity: Capacity, *, source: str, names: Mapping[str, str]
) -> CardEvidence:
    """Publish what a card shows of a backtest at the list size of an audit."""
    return CardEvidence(
        audit.decode(),
        metrics=publish_metrics(backtest.predictions, capacity),
        calibration=publish_calibration(backtest.predictions),
        reached=publish_reached(backtest.predictions, capacity),
        training=rounded(backtest.training),
        # A source of the district's own is a file, and where it lies is nobody's business.
        source=Path(source).name,
        names=dict(names),
    )


def keep_evidence(folder: Path, evidence: CardEvidence) -> None:
    """Keep what a card is made from in the model's folder, by the audit it belongs to."""
    write_atomic(_place(folder, evidence.audit.encode()), evidence.to_json().encode())


def signed_before(audit: bytes, signed: list[SignOff]) -> SignOff | None:
    """Find the latest sign-off of this very audit: the same audit made again is still signed."""
    digest = hashlib.sha256(audit).hexdigest()
    own = [record for record in signed if record.audit_sha256 == digest]
    return own[-1] if own else None


def write_card(
    document: AdditiveModel,
    evidence: CardEvidence,
    folder: Path,
    record: SignOff | None,
    ended: SignOffEnd | None = None,
) -> Path:
    """Write the card, page and Markdown, into a folder."""
    signed = json.loads(record.to_json()) if record else None
    page: Path = write_model_card(document, folder / CARD, evidence=evidence, signed=signed, ended=ended)
    return page


def write_signature(document: AdditiveModel, audit: Path, folder: Path, record: SignOff) -> None:
    """Write the record of a sign-off into the card in the model's folder, and into card and page beside the audit.

    Where the audit was made on another computer, what its card is made from is not here: then the card says who
    signed, and that it was given no results. Which audit was signed is kept in the model's folder, so that its pages
    are found again when the sign-off ends.
    """
    text = audit.read_bytes()
    _write(document, text, folder, audit, record, None)
    write_atomic(_place(folder, text).with_suffix(_WHERE), str(audit.resolve()).encode())


def write_standing(
    document: AdditiveModel, text: bytes, folder: Path, record: SignOff, ended: SignOffEnd | None
) -> None:
    """Write into the same card and page how the sign-off ended, or that it holds again, as far as they are there still.

    Parameters
    ----------
    text : bytes
        Of the audit that was signed.
    ended : SignOffEnd or None
        None where it holds.
    """
    where = _place(folder, text).with_suffix(_WHERE)
    audit = Path(where.read_text(encoding="utf-8")) if where.is_file() else folder / "audit.json"
    _write(document, text, folder, audit, record, ended)


def _write(
    document: AdditiveModel,
    text: bytes,
    folder: Path,
    audit: Path,
    record: SignOff,
    ended: SignOffEnd | None,
) -> None:
    kept = _place(folder, text)
    evidence = (
        CardEvidence.from_json(kept.read_bytes(), text.decode())
        if kept.is_file()
        else CardEvidence(text.decode())
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_card(document, evidence, folder, record, ended)
    beside = audit.parent
    # Another audit may lie there by now, with a card of its own.
    same = audit.is_file() and audit.read_bytes() == text
    if same and (beside / CARD).is_file() and beside.resolve() != folder.resolve():
        write_card(document, evidence, beside, record, ended)
    if (beside / PAGE).is_file():
        signed = json.loads(record.to_json())
        sign_audit_html(beside / PAGE, evidence.audit, signed, evidence.names, ended=ended)


def _place(folder: Path, audit: bytes) -> Path:
    return folder / EVIDENCE / f"{hashlib.sha256(audit).hexdigest()[:16]}.json"
