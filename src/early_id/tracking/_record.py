"""The record of a sign-off, as plain frozen data with a hash of its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from early_id.exceptions import ConfigError, GateError

_FORMAT = "early_id.sign_off/1"
#: Stands for the reason in what a refused promotion prints to be pasted; it is none itself.
PLACEHOLDER = "REASON"


@dataclass(frozen=True)
class GroupException:
    """A gap that is accepted for a while.

    Attributes
    ----------
    group : str
        ``attribute=group`` for every metric, or ``metric:attribute=group`` for one.
    reason : str
        Why lists may be made meanwhile, and what is done about the gap.
    expires_on : date
        Last day it holds.

    Examples
    --------
    >>> GroupException("ethnicity=Black", "late feed, mended in January", "2027-01-31").expires_on
    datetime.date(2027, 1, 31)
    """

    group: str
    reason: str
    expires_on: date

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "expires_on", read_day(self.expires_on, f"the exception for {self.group!r} to expire on")
        )
        _check_words(self.group, self.reason, "exception")


@dataclass(frozen=True)
class Acknowledgement:
    """A group the audit could not judge, seen by the reviewer.

    Attributes
    ----------
    group : str
        ``attribute=group`` for every metric, or ``metric:attribute=group`` for one.
    reason : str
        Why lists may be made although this group could not be judged.

    Examples
    --------
    >>> Acknowledgement("foster=yes", "41 students; their caseworkers read every list").group
    'foster=yes'
    """

    group: str
    reason: str

    def __post_init__(self) -> None:
        _check_words(self.group, self.reason, "acknowledgement")


@dataclass(frozen=True)
class SignOff:
    """The record of a sign-off.

    Its hash is part of the next record, so none can be changed or taken out unseen.

    Attributes
    ----------
    reviewer : str
    signed_on : date
        Day of the decision.
    expires_on : date
        Last day whose lists it allows.
    model_sha256, audit_sha256 : str
        Hash of the document and of the bytes of ``audit.json``.
    label : str
        The outcome the document predicts.
    data_window : object
        As the audit states it.
    capacity : str or dict
        List size that was audited.
    exceptions : tuple of GroupException
    acknowledged : tuple of Acknowledgement
    previous : str
        Hash of the sign-off promoted before this one; empty for the first.
    """

    reviewer: str
    signed_on: date
    expires_on: date
    model_sha256: str
    audit_sha256: str
    label: str
    data_window: Any
    capacity: str | dict[str, int]
    exceptions: tuple[GroupException, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()
    previous: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the record without the hash itself."""
        return hashlib.sha256(self._canonical().encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {"format": _FORMAT, **asdict(self)}

    def _canonical(self) -> str:
        content = self._content()
        return json.dumps(
            content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=date.isoformat
        )

    def to_json(self) -> str:
        """Write the record with its hash, one key per line."""
        content = {**self._content(), "sha256": self.sha256}
        return (
            json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, default=date.isoformat) + "\n"
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> SignOff:
        """Read a record.

        Raises
        ------
        GateError
            If it is not one, or was changed after it was signed.
        """
        try:
            content = json.loads(text)
            stated, kind = content.pop("sha256"), content.pop("format")
            content["exceptions"] = tuple(GroupException(**each) for each in content["exceptions"])
            content["acknowledged"] = tuple(Acknowledgement(**each) for each in content["acknowledged"])
            for name in ("signed_on", "expires_on"):
                content[name] = date.fromisoformat(content[name])
            record = cls(**content)
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
            msg = f"Expected the record of a sign-off, got text that is not one ({error}); promote again."
            raise GateError(msg) from error
        if kind != _FORMAT or record.sha256 != stated:
            msg = (
                f"The sign-off of {record.reviewer!r} was changed after signing (its hash differs); "
                "promote again."
            )
            raise GateError(msg)
        return record

    def after(self, previous: str) -> SignOff:
        """Chain the record to the one promoted before it."""
        return replace(self, previous=previous)


def _check_words(group: str, reason: str, what: str) -> None:
    if not (isinstance(group, str) and "=" in group):
        msg = f"Expected the group of an {what} as 'attribute=group', got {group!r}."
        raise ConfigError(msg)
    if not (isinstance(reason, str) and reason.strip() and reason.strip() != PLACEHOLDER):
        msg = f"Expected a reason for the {what} of {group!r}, got none; write why."
        raise ConfigError(msg)


def read_day(value: object, what: str) -> date:
    """Give a date without a time of day; ISO text is read.

    >>> read_day("2026-11-22", "the lists to be of")
    datetime.date(2026, 11, 22)
    """
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
    except ValueError:
        pass  # told below, with the value
    msg = f"Expected a date for {what}, got {value!r}; write it as 2026-11-22."
    raise ConfigError(msg)
