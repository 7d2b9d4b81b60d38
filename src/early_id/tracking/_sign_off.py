"""A person's signature under one document, one audit and one list size, for a limited time."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from early_id.exceptions import ConfigError, GateError, examples
from early_id.tracking._gate import check_named, read_audit
from early_id.tracking._list_size import normal_capacity
from early_id.tracking._record import Acknowledgement, GroupException, SignOff, read_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from early_id.models import AdditiveModel

_T = TypeVar("_T")
#: A sign-off lasts a school year and its summer at most; then somebody looks again.
LONGEST_TERM = timedelta(days=400)


def sign_off(
    document: AdditiveModel,
    audit_json: str | bytes,
    *,
    reviewer: str,
    signed_on: date | str,
    expires_on: date | str,
    exceptions: Iterable[GroupException | Mapping[str, Any]] = (),
    acknowledged: Iterable[Acknowledgement | Mapping[str, Any]] = (),
) -> SignOff:
    """Sign a document after its audit, for lists of the audited size until a given day.

    Parameters
    ----------
    document : AdditiveModel
    audit_json : str or bytes
        Text of the audit of this very document, at the list size that will be used.
    reviewer : str
        Name and role of the person who decides.
    signed_on, expires_on : date
        Dates, or ISO text.
    exceptions : iterable of GroupException or mapping
        One for every group with a gap: group (``attribute=group``), reason, expires_on.
    acknowledged : iterable of Acknowledgement or mapping
        One for every group that could not be judged (``cannot tell`` or ``suppressed``): group, reason.

    Returns
    -------
    SignOff
        Not yet in force: give it to `promote`.

    Raises
    ------
    GateError
        If the audit is of another document or label, or a group is not named.
    ConfigError
        If a name is not a group of the audit, a reason is empty, or dates are in the wrong order.

    Notes
    -----
    The gate never opens on missing evidence: an audit without verdicts is refused too.

    Examples
    --------
    >>> import json
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> term = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (term,))])
    >>> about = {"document_sha256": document.sha256, "label": document.label, "capacity": "5%", "test_years": [2026]}
    >>> verdict = {"metric": "recall", "attribute": "foster", "group": "yes", "verdict": "cannot tell"}
    >>> bar = {"name": "time safety", "verdict": "pass"}
    >>> record = sign_off(document, json.dumps({"about": about, "verdicts": [verdict], "quality": [bar]}),
    ...                   reviewer="Maria Ruiz", signed_on="2026-09-01", expires_on="2027-06-30",
    ...                   acknowledged=[{"group": "foster=yes", "reason": "caseworkers read every list"}])
    >>> record.capacity, record.expires_on.year
    ('5%', 2027)
    """
    audit = read_audit(audit_json)
    if not reviewer.strip():
        msg = "Expected the name of the reviewer, got an empty one; a person must decide."
        raise ConfigError(msg)
    record = SignOff(
        reviewer=reviewer.strip(),
        signed_on=read_day(signed_on, "the sign-off to be signed on"),
        expires_on=read_day(expires_on, "the sign-off to expire on"),
        model_sha256=document.sha256,
        audit_sha256=hashlib.sha256(_bytes(audit_json)).hexdigest(),
        label=document.label,
        data_window=audit.data_window,
        capacity=normal_capacity(audit.capacity),
        exceptions=tuple(
            e if isinstance(e, GroupException) else _made(GroupException, e) for e in exceptions
        ),
        acknowledged=tuple(
            a if isinstance(a, Acknowledgement) else _made(Acknowledgement, a) for a in acknowledged
        ),
    )
    _check_dates(record)
    check_audit(record, document, audit_json)
    return record


def check_audit(record: SignOff, document: AdditiveModel, audit_json: str | bytes) -> None:
    """Check that record, document and audit belong together and the gate is open.

    Raises
    ------
    GateError
        Saying what does not fit.
    """
    if record.model_sha256 != document.sha256:
        msg = (
            f"{record.reviewer!r} signed the document {record.model_sha256[:12]}, but this one is "
            f"{document.sha256[:12]}: a digit was changed or it is another model; audit and sign this one."
        )
        raise GateError(msg)
    if against := document.check_monotone():
        msg = (
            f"Expected a document whose tables keep their declared directions, got {examples(against)}, where more of "
            "what should never lower a score lowers it; train again with the learner 'monotone'."
        )
        raise GateError(msg)
    audit = read_audit(audit_json)
    if audit.document_sha256 != document.sha256:
        msg = (
            f"Expected an audit of the document {document.sha256[:12]}, got one of "
            f"{audit.document_sha256[:12]}; audit this document."
        )
        raise GateError(msg)
    if audit.label != document.label:
        msg = (
            f"Expected an audit for the label {document.label!r}, got one for {audit.label!r}; "
            "audit this document."
        )
        raise GateError(msg)
    if record.audit_sha256 != hashlib.sha256(_bytes(audit_json)).hexdigest():
        msg = (
            f"The audit was changed after {record.reviewer!r} signed it (its hash differs); "
            "audit and sign again."
        )
        raise GateError(msg)
    if (record.label, record.data_window, record.capacity) != (
        audit.label,
        audit.data_window,
        normal_capacity(audit.capacity),
    ):
        msg = (
            f"The sign-off of {record.reviewer!r} states another label, data or list size than its audit; "
            "sign again."
        )
        raise GateError(msg)
    check_named(audit, [e.group for e in record.exceptions], [a.group for a in record.acknowledged])


def check_sign_off(record: SignOff, *, capacity: object, as_of: date | str) -> None:
    """Check that a sign-off holds for this list size on this day.

    Parameters
    ----------
    record : SignOff
    capacity : str, int or mapping
        List size that will be used.
    as_of : date
        The day of the lists.

    Raises
    ------
    GateError
        If the list size differs, or the sign-off or one of its exceptions has expired.
    """
    wanted, day = normal_capacity(capacity), read_day(as_of, "the lists to be of")
    if wanted != record.capacity:
        msg = (
            f"The sign-off is for lists of {_size(record.capacity)}, not of {_size(wanted)}; "
            "audit and sign that size."
        )
        raise GateError(msg)
    if day > record.expires_on:
        msg = (
            f"The sign-off of {record.reviewer!r} expired on {record.expires_on}, before {day}; "
            "review and sign again."
        )
        raise GateError(msg)
    over = [f"{e.group} ({e.expires_on})" for e in record.exceptions if day > e.expires_on]
    if over:
        msg = (
            f"The exception for {examples(over)} expired before {day}; "
            "close the gap, or review and sign again."
        )
        raise GateError(msg)


def _check_dates(record: SignOff) -> None:
    ends = [record.expires_on, *(e.expires_on for e in record.exceptions)]
    if min(ends) < record.signed_on:
        msg = (
            f"Expected every expiry on or after the day of signing {record.signed_on}, got {min(ends)}; "
            "correct it."
        )
        raise ConfigError(msg)
    if record.expires_on > record.signed_on + LONGEST_TERM:
        msg = (
            f"Expected the sign-off to expire by {record.signed_on + LONGEST_TERM}, {LONGEST_TERM.days} days after "
            f"signing, got {record.expires_on}; choose an earlier day and review again then."
        )
        raise ConfigError(msg)


def _made(kind: type[_T], fields: Mapping[str, Any]) -> _T:
    try:
        return kind(**fields)
    except TypeError as error:
        msg = f"Expected {examples(kind.__annotations__)} for each {kind.__name__}, got {examples(fields)}."
        raise ConfigError(msg) from error


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _size(capacity: str | dict[str, int]) -> str:
    if isinstance(capacity, str):
        return f"{capacity} of each school"
    return ", ".join(
        f"{size} at {'any other school' if s == '*' else s}"
        for s, size in sorted(capacity.items(), reverse=True)
    )
