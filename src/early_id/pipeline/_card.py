"""The model card: written with each audit, and anew when its sign-off begins or ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
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
#: Beside it: where the audit lay that was signed, a line for each place.
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


def signed_before(audit: bytes, standing: list[SignOff]) -> tuple[SignOff | None, SignOffEnd | None]:
    """Find the latest sign-off of this very audit, and how it ended: the same audit made again is still signed.

    `standing`: those that no rollback took down, the one in force last.
    """
    digest = hashlib.sha256(audit).hexdigest()
    own = [place for place, record in enumerate(standing) if record.audit_sha256 == digest]
    if not own:
        return None, None
    record, later = standing[own[-1]], standing[own[-1] + 1 :]
    if not later:
        return record, None
    same = later[-1].model_sha256 == record.model_sha256
    return record, SignOffEnd(later[0].signed_on.isoformat(), "renewal" if same else "model")


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

    Also where the same audit lay when it was signed before.

    Where the audit was made on another computer, what its card is made from is not here: then the card says who
    signed, and that it was given no results. Which audit was signed is kept in the model's folder, so that its pages
    are found again when the sign-off ends.
    """
    text = audit.read_bytes()
    places = dict.fromkeys([*_signed_at(folder, text), audit.resolve()])
    _write(document, text, folder, places, record, None)
    write_atomic(_place(folder, text).with_suffix(_WHERE), "\n".join(map(str, places)).encode())


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
    _write(document, text, folder, _signed_at(folder, text), record, ended)


def _signed_at(folder: Path, text: bytes) -> list[Path]:
    """List where an audit lay each time it was signed."""
    where = _place(folder, text).with_suffix(_WHERE)
    return [Path(line) for line in where.read_text(encoding="utf-8").splitlines()] if where.is_file() else []


def _write(
    document: AdditiveModel,
    text: bytes,
    folder: Path,
    audits: Iterable[Path],
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
    signed = json.loads(record.to_json())
    for audit in audits:
        beside = audit.parent
        # Another audit may lie there by now, with a card of its own.
        same = audit.is_file() and audit.read_bytes() == text
        if same and (beside / CARD).is_file() and beside.resolve() != folder.resolve():
            write_card(document, evidence, beside, record, ended)
        if (beside / PAGE).is_file():
            sign_audit_html(beside / PAGE, evidence.audit, signed, evidence.names, ended=ended)


def _place(folder: Path, audit: bytes) -> Path:
    return folder / EVIDENCE / f"{hashlib.sha256(audit).hexdigest()[:16]}.json"
