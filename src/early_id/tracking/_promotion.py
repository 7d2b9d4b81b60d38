"""Moving the champion: promote with a sign-off, go back, and check before every list that it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from early_id.exceptions import GateError
from early_id.tracking._chain import (
    append_rollback,
    append_sign_off,
    champions,
    read_chain,
    read_part,
    record_path,
)
from early_id.tracking._evidence import check_logged
from early_id.tracking._mlflow import quiet
from early_id.tracking._registry import CHAMPION, PREVIOUS, load_document, resolve
from early_id.tracking._sign_off import check_audit, check_sign_off

if TYPE_CHECKING:
    from datetime import date

    from early_id.models import AdditiveModel
    from early_id.tracking._chain import Link
    from early_id.tracking._record import SignOff
    from early_id.tracking._tracker import Tracker


def promote(ref: str | int, record: SignOff, audit_json: str | bytes, *, tracker: Tracker) -> SignOff:
    """Make a signed document the champion, the model that makes the weekly lists.

    Parameters
    ----------
    ref : str or int
        ``"@candidate"`` or a version number.
    record : SignOff
        From `sign_off`.
    audit_json : str or bytes
        The audit that was signed, unchanged.
    tracker : Tracker

    Returns
    -------
    SignOff
        The record as stored, chained to the one promoted before.

    Raises
    ------
    GateError
        If record, document and audit do not belong together, or the audit is none that was made of this version.
    """
    found = resolve(ref, tracker)
    check_audit(record, load_document(str(found.version), tracker), audit_json)
    check_logged(str(found.version), audit_json, tracker=tracker)
    earlier = read_chain(tracker)
    stored = record.after(earlier[-1].sha256 if earlier else "")
    version = str(found.version)
    run = tracker.reopen(str(found.run_id))
    run.file(
        record_path(stored.sha256, "audit"),
        audit_json.encode() if isinstance(audit_json, str) else audit_json,
    )
    run.file(record_path(stored.sha256, "record"), stored.to_json().encode())
    # To be read in MLflow; what holds follows from the chain alone.
    tags = {
        "reviewer": stored.reviewer,
        "signed_on": stored.signed_on.isoformat(),
        "expires_on": stored.expires_on.isoformat(),
    }
    with quiet():
        client = tracker.client
        for name, value in tags.items():
            client.set_model_version_tag(tracker.model, version, name, value)
        append_sign_off(
            stored, version=version, run_id=str(found.run_id), number=len(earlier) + 1, tracker=tracker
        )
        # Last, so that an interrupted promotion makes no list with a model whose promotion is not on record.
        client.set_registered_model_alias(tracker.model, CHAMPION, version)
    _point_to_previous(tracker)
    return stored


def rollback(*, tracker: Tracker) -> int:
    """Go back to the champion before; the sign-off taken down is kept but no longer opens the gate.

    Returns
    -------
    int
        Version that is champion now.

    Raises
    ------
    GateError
        If there is no earlier champion.
    """
    links = read_chain(tracker)
    standing = champions(links)
    if len(standing) < 2:
        msg = (
            "Expected an earlier champion to go back to, there is none; "
            "promote another model, or stop making lists."
        )
        raise GateError(msg)
    append_rollback(standing[-1].version, links, tracker)
    with quiet():
        tracker.client.set_registered_model_alias(tracker.model, CHAMPION, standing[-2].version)
    _point_to_previous(tracker)
    return int(standing[-2].version)


def _point_to_previous(tracker: Tracker) -> None:
    """Let `@previous` name the champion a rollback would go back to; nothing where there is none."""
    standing = champions(read_chain(tracker))
    with quiet():
        if len(standing) > 1:
            tracker.client.set_registered_model_alias(tracker.model, PREVIOUS, standing[-2].version)
        else:
            tracker.client.delete_registered_model_alias(tracker.model, PREVIOUS)


def verify_sign_off(
    document: AdditiveModel, *, capacity: object, as_of: date | str, tracker: Tracker
) -> SignOff:
    """Check that a person allowed this document to make lists of this size on this day.

    Parameters
    ----------
    document : AdditiveModel
        The document that will score, as loaded.
    capacity : str, int or mapping
        List size that will be used.
    as_of : date
        The day of the lists.
    tracker : Tracker

    Returns
    -------
    SignOff
        The record in force.

    Raises
    ------
    GateError
        In one sentence: no sign-off, a changed document, record or audit, another list size, expired, an
        exception expired, taken down by a rollback, or a group nobody named.

    Notes
    -----
    The day counts, not the clock: the lists of a past week can be made again, before or after the sign-off's
    own days, as long as that week is not later than its expiry.
    """
    links = read_chain(tracker)
    standing = champions(links)
    own = [link for link in links if link.record and link.record.model_sha256 == document.sha256]
    if not own or not standing:
        raise GateError(_unsigned(document, standing))
    champion = standing[-1]
    record = champion.record
    if record is None or record.model_sha256 != document.sha256:
        raise GateError(_replaced(own[-1].version, links, champion))
    alias = str(resolve(f"@{CHAMPION}", tracker).version)
    if alias != champion.version:
        msg = (
            f"Expected '@champion' to be version {champion.version}, the last one that was promoted, got version "
            f"{alias}: it was moved by hand; promote or roll back with early-id."
        )
        raise GateError(msg)
    check_audit(record, document, read_part(record_path(record.sha256, "audit"), champion.run_id, tracker))
    check_sign_off(record, capacity=capacity, as_of=as_of)
    return record


def sign_offs(tracker: Tracker) -> list[SignOff]:
    """All sign-offs ever promoted, oldest first, with their chain checked.

    Returns
    -------
    list of SignOff
        Empty before the first promotion.

    Raises
    ------
    GateError
        If a record was changed, or one is missing from the chain.
    """
    return [link.record for link in read_chain(tracker) if link.record]


def standing(tracker: Tracker) -> list[Link]:
    """Promotions that no rollback took down, oldest first, with the chain checked; the last one is in force.

    Raises
    ------
    GateError
        If a record was changed, or one is missing from the chain.
    """
    return champions(read_chain(tracker))


def audit_of(record: SignOff, *, tracker: Tracker) -> dict[str, Any]:
    """Read the audit a reviewer signed.

    Raises
    ------
    GateError
        If the record was never promoted.
    """
    audit: dict[str, Any] = json.loads(signed_audit(record, tracker=tracker))
    return audit


def signed_audit(record: SignOff, *, tracker: Tracker) -> bytes:
    """Read the very bytes a reviewer signed; as `audit_of`."""
    for link in read_chain(tracker):
        if link.sha256 == record.sha256:
            return read_part(record_path(record.sha256, "audit"), link.run_id, tracker)
    msg = (
        f"Expected a sign-off that was promoted, got one of {record.reviewer!r} that was not; "
        "promote it first."
    )
    raise GateError(msg)


def _unsigned(document: AdditiveModel, standing: list[Link]) -> str:
    """Tell a changed document from one nobody signed."""
    short = document.sha256[:12]
    record = standing[-1].record if standing else None
    if record is None or record.label != document.label:
        return f"There is no sign-off for the document {short}; audit it, sign off and promote it first."
    return (
        f"The document {short} is not the one {record.reviewer!r} signed ({record.model_sha256[:12]}, version "
        f"{standing[-1].version}): a digit was changed or it is another model; load '@champion', or audit and "
        "sign this one."
    )


def _replaced(version: str, links: list[Link], champion: Link) -> str:
    """Say why a version that was signed makes no lists any more."""
    last = next(link for link in reversed(links) if link.version == version)
    what = "was rolled back" if last.record is None else f"was replaced by version {champion.version}"
    return f"Version {version} {what}, so its sign-off no longer holds; use '@champion'."
