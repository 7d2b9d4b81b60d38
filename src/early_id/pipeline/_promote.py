"""Promote: a named person allows a model, for a list size, until a day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from early_id.config import Config
from early_id.exceptions import ConfigError, DataError, EarlyIdError, GateError
from early_id.models import AdditiveModel
from early_id.pipeline._audit import data_window
from early_id.pipeline._card import write_signature, write_standing
from early_id.pipeline._tracker import tracker_of
from early_id.reports import SignOffEnd
from early_id.tracking import (
    Link,
    SignOff,
    Tracker,
    load_document,
    sign_off,
    sign_offs,
    signed_audit,
    standing,
)
from early_id.tracking import promote as promote_document
from early_id.tracking import rollback as roll_back

Task = Callable[[], None]


def promote(
    config: Config,
    *,
    reviewer: str,
    audit: Path,
    signed_on: date,
    expires_on: date,
    model: str = "@candidate",
    exceptions: Mapping[str, str] | None = None,
    exceptions_expire: date | None = None,
    acknowledged: Mapping[str, str] | None = None,
) -> SignOff:
    """Sign a model after its audit and make it the one that weekly lists use.

    Parameters
    ----------
    config : Config
    reviewer : str
        Name and role of the person who decides.
    audit : Path
        The audit.json of this model.
    signed_on, expires_on : datetime.date
    model : str
        "@candidate" or a version number.
    exceptions : mapping of group to reason
        For every group with a gap, named as `attribute=group`.
    exceptions_expire : datetime.date, optional
        When the exceptions end; default is the sign-off's own end.
    acknowledged : mapping of group to reason
        For every group that could not be judged.

    Raises
    ------
    GateError
        If a group with a gap has no exception, one that could not be judged is not acknowledged, or the audit is not
        one that `audit` made of this model.
    ConfigError
        If the sign-off is dated ahead, or would last too long.
    DataError
        If card or page could not be written; the sign-off is in force all the same.

    Notes
    -----
    The model card in the model's folder, and card and page beside the audit, are written anew with the record. Those
    of the sign-off that was in force until then say that it ended.
    """
    if not audit.is_file():
        msg = f"Expected the audit to sign at {str(audit)!r}, found no such file; run `early-id audit` first."
        raise ConfigError(msg)
    tracker = tracker_of(config)
    text = audit.read_bytes()
    until = exceptions_expire or expires_on
    today = date.today()  # noqa: DTZ011 - the local day
    if signed_on > today:
        msg = f"Expected a sign-off of today, {today}, or before, got {signed_on}; sign on the day of the decision."
        raise ConfigError(msg)
    document = load_document(model, tracker)
    record = sign_off(
        document,
        text,
        reviewer=reviewer,
        signed_on=signed_on,
        expires_on=expires_on,
        exceptions=[
            {"group": group, "reason": reason, "expires_on": until}
            for group, reason in (exceptions or {}).items()
        ],
        acknowledged=[{"group": group, "reason": reason} for group, reason in (acknowledged or {}).items()],
    )
    _check_window(record, document, text)
    before = standing(tracker)
    stored = promote_document(model, record, text, tracker=tracker)
    # In force from here on; the pages only say so.
    folder = config.models / document.sha256[:12]
    failed = _written(
        *_ended(config, before, SignOffEnd(str(today), "model"), stored, tracker),
        *_other_audits(config, document, SignOffEnd(str(today), "renewal"), stored, tracker),
        partial(write_signature, document, audit, folder, stored),
    )
    if failed:
        msg = (
            f"The sign-off of {stored.reviewer!r} is on record and in force, but this could not be written into every "
            f"card and page of the model and of the one before ({failed}); make their folders writable, run `early-id "
            "audit --model @champion` again, and put those of the one before away."
        )
        raise DataError(msg)
    return stored


def _check_window(record: SignOff, document: AdditiveModel, audit: bytes) -> None:
    """Refuse to sign for other data than the document says it learned from."""
    stated = data_window(document, json.loads(audit).get("about", {}).get("test_years", []))
    if record.data_window != stated:
        msg = (
            f"Expected an audit for the data of the document ({stated}), got one for {record.data_window!r}; run "
            "`early-id audit` again."
        )
        raise GateError(msg)


def rollback(config: Config) -> int:
    """Go back to the model used before; return its version in the registry.

    Card and page of the model taken down then say that it is no longer in use, and since when; those of the model that
    makes the lists again, that its sign-off holds.

    Raises
    ------
    GateError
        If there is no earlier model to go back to.
    DataError
        If card or page could not be written; the model is taken down all the same.
    """
    tracker = tracker_of(config)
    before = standing(tracker)
    version: int = roll_back(tracker=tracker)
    # In force from here on; the pages only say so.
    today = date.today()  # noqa: DTZ011 - the local day
    tasks = _ended(config, before, SignOffEnd(str(today), "rollback"), None, tracker)
    again = before[-2].record
    if again is not None:
        document = load_document(str(version), tracker)
        tasks += _other_audits(config, document, SignOffEnd(str(today), "renewal"), again, tracker)
        tasks.append(partial(_write_standing, config, document, again, tracker, None))
    failed = _written(*tasks)
    if failed:
        msg = (
            f"Version {version} makes the lists again and version {before[-1].version} makes none, but this could not "
            f"be written into every card and page of both ({failed}); run `early-id audit --model @champion` again, "
            f"and put those of version {before[-1].version} away."
        )
        raise DataError(msg)
    return version


def _ended(
    config: Config, before: list[Link], end: SignOffEnd, record: SignOff | None, tracker: Tracker
) -> list[Task]:
    """Prepare to write that the sign-off in force until now ended, unless `record` is of the same model."""
    last = before[-1].record if before else None
    if last is None or (record is not None and last.model_sha256 == record.model_sha256):
        return []
    version = before[-1].version
    return [lambda: _write_standing(config, load_document(version, tracker), last, tracker, end)]


def _other_audits(
    config: Config, document: AdditiveModel, end: SignOffEnd, record: SignOff, tracker: Tracker
) -> list[Task]:
    """Prepare to write into every other audit by which this model was signed that it is not the one in force."""
    others = {
        own.audit_sha256: own
        for own in sign_offs(tracker)
        if own.model_sha256 == record.model_sha256 and own.audit_sha256 != record.audit_sha256
    }
    return [partial(_write_standing, config, document, own, tracker, end) for own in others.values()]


def _written(*tasks: Task) -> str:
    """Do each, whatever became of the others; return what went wrong."""
    failed = []
    for task in tasks:
        try:
            task()
        except (OSError, EarlyIdError) as error:
            failed.append(str(error))
    return "; ".join(failed)


def _write_standing(
    config: Config, document: AdditiveModel, record: SignOff, tracker: Tracker, end: SignOffEnd | None
) -> None:
    """Write into card and page of a sign-off how it ended, or that it holds."""
    text = signed_audit(record, tracker=tracker)
    write_standing(document, text, config.models / document.sha256[:12], record, end)
