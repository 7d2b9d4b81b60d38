"""Moving the champion: promote with a sign-off, go back, and check before every list that it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError, GateError
from early_id.tracking._mlflow import quiet
from early_id.tracking._record import SignOff
from early_id.tracking._registry import CHAMPION, load_document, resolve, versions_of
from early_id.tracking._sign_off import check_audit, check_sign_off

if TYPE_CHECKING:
    from datetime import date

    from early_id.models import AdditiveModel
    from early_id.tracking._tracker import Tracker

# Tags of the registered model: the order of champions, and one entry per sign-off in order of promotion.
_CHAMPIONS, _CHAIN = "early_id.champions", "early_id.sign_off."
# Tags of a version.
_SIGNED, _WITHDRAWN = "sign_off_sha256", "withdrawn"


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
        If record, document and audit do not belong together.
    """
    found = resolve(ref, tracker)
    check_audit(record, load_document(str(found.version), tracker), audit_json)
    earlier = sign_offs(tracker)
    stored = record.after(earlier[-1].sha256 if earlier else "")
    version = str(found.version)
    run = tracker.reopen(str(found.run_id))
    run.file(
        _path(stored.sha256, "audit"), audit_json.encode() if isinstance(audit_json, str) else audit_json
    )
    run.file(_path(stored.sha256, "record"), stored.to_json().encode())
    champions = _champions(tracker)
    if not champions or champions[-1] != version:
        champions.append(version)
    tags = {
        _SIGNED: stored.sha256,
        _WITHDRAWN: "",
        "reviewer": stored.reviewer,
        "signed_on": stored.signed_on.isoformat(),
        "expires_on": stored.expires_on.isoformat(),
    }
    with quiet():
        client = tracker.client
        for name, value in tags.items():
            client.set_model_version_tag(tracker.model, version, name, value)
        link = json.dumps({"sha256": stored.sha256, "run_id": found.run_id, "version": version})
        client.set_registered_model_tag(tracker.model, f"{_CHAIN}{len(earlier) + 1:05d}", link)
        client.set_registered_model_tag(tracker.model, _CHAMPIONS, json.dumps(champions))
        # Last, so that an interrupted promotion leaves the old champion in place.
        client.set_registered_model_alias(tracker.model, CHAMPION, version)
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
    champions = _champions(tracker)
    if len(champions) < 2:
        msg = (
            "Expected an earlier champion to go back to, there is none; "
            "promote another model, or stop making lists."
        )
        raise GateError(msg)
    taken_down = champions.pop()
    with quiet():
        client = tracker.client
        client.set_registered_model_alias(tracker.model, CHAMPION, champions[-1])
        client.set_model_version_tag(tracker.model, taken_down, _WITHDRAWN, "rolled back")
        # The version gone back to may itself have been taken down between two of its terms.
        client.set_model_version_tag(tracker.model, champions[-1], _WITHDRAWN, "")
        client.set_registered_model_tag(tracker.model, _CHAMPIONS, json.dumps(champions))
    return int(champions[-1])


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
    signed = [each for each in versions_of(document.sha256, tracker) if each.tags.get(_SIGNED)]
    if not signed:
        raise GateError(_unsigned(document, tracker))
    version = signed[0]
    if version.tags.get(_WITHDRAWN):
        msg = (
            f"Version {version.version} was {version.tags[_WITHDRAWN]}, so its sign-off no longer holds; "
            "use '@champion'."
        )
        raise GateError(msg)
    run_id = str(version.run_id)
    record = _read_record(version.tags[_SIGNED], run_id, tracker)
    check_audit(record, document, _read(_path(record.sha256, "audit"), run_id, tracker))
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
    records: list[SignOff] = []
    tags = _model_tags(tracker)
    for number, name in enumerate(sorted(name for name in tags if name.startswith(_CHAIN)), start=1):
        link = json.loads(tags[name])
        record = _read_record(link["sha256"], link["run_id"], tracker)
        expected = records[-1].sha256 if records else ""
        if record.previous != expected or name != f"{_CHAIN}{number:05d}":
            msg = (
                f"The chain of sign-offs is broken before the one of {record.reviewer!r} on "
                f"{record.signed_on}: a record was taken out or exchanged; restore the tracking store."
            )
            raise GateError(msg)
        records.append(record)
    return records


def audit_of(record: SignOff, *, tracker: Tracker) -> dict[str, Any]:
    """Read the audit a reviewer signed.

    Raises
    ------
    GateError
        If the record was never promoted.
    """
    for link in map(json.loads, (v for k, v in _model_tags(tracker).items() if k.startswith(_CHAIN))):
        if link["sha256"] == record.sha256:
            audit: dict[str, Any] = json.loads(_read(_path(record.sha256, "audit"), link["run_id"], tracker))
            return audit
    msg = (
        f"Expected a sign-off that was promoted, got one of {record.reviewer!r} that was not; "
        "promote it first."
    )
    raise GateError(msg)


def _unsigned(document: AdditiveModel, tracker: Tracker) -> str:
    """Tell a changed document from one nobody signed."""
    short = document.sha256[:12]
    try:
        champion = resolve(f"@{CHAMPION}", tracker)
    except GateError:
        champion = None
    if champion is None or champion.tags.get("label") != document.label:
        return f"There is no sign-off for the document {short}; audit it, sign off and promote it first."
    signed = str(champion.tags.get("document_sha256"))[:12]
    return (
        f"The document {short} is not the one {champion.tags.get('reviewer')!r} signed ({signed}, version "
        f"{champion.version}): a digit was changed or it is another model; load '@champion', or audit and "
        "sign this one."
    )


def _read_record(sha256: str, run_id: str, tracker: Tracker) -> SignOff:
    record = SignOff.from_json(_read(_path(sha256, "record"), run_id, tracker))
    if record.sha256 != sha256:
        msg = (
            f"The sign-off of {record.reviewer!r} is not the one that was promoted (its hash differs); "
            "promote again."
        )
        raise GateError(msg)
    return record


def _read(path: str, run_id: str, tracker: Tracker) -> bytes:
    try:
        return tracker.read(run_id, path)
    except ConfigError as error:
        msg = f"A part of the sign-off is gone from the tracking store ({path!r}); restore it, or sign again."
        raise GateError(msg) from error


def _champions(tracker: Tracker) -> list[str]:
    versions: list[str] = json.loads(_model_tags(tracker).get(_CHAMPIONS, "[]"))
    return versions


def _model_tags(tracker: Tracker) -> dict[str, str]:
    from mlflow.exceptions import MlflowException

    with quiet():
        try:
            return dict(tracker.client.get_registered_model(tracker.model).tags)
        except MlflowException:
            return {}


def _path(sha256: str, what: str) -> str:
    return f"sign_off/{sha256[:16]}.{what}.json"
