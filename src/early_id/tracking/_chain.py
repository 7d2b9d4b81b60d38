"""The chain of sign-offs and rollbacks: who is champion, by whose signature, follows from it alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError, GateError
from early_id.tracking._mlflow import quiet
from early_id.tracking._record import SignOff

if TYPE_CHECKING:
    from early_id.tracking._tracker import Tracker

# One tag of the registered model per link, in the order of what happened.
_CHAIN = "early_id.sign_off."


@dataclass(frozen=True)
class Link:
    """One promotion, or one rollback.

    Attributes
    ----------
    sha256 : str
        Of the record; of a rollback the hash of what it says.
    version : str
        The version promoted, or taken down.
    run_id : str
        The run that keeps record and audit; empty for a rollback.
    record : SignOff or None
        None for a rollback.
    """

    sha256: str
    version: str
    run_id: str
    record: SignOff | None


def read_chain(tracker: Tracker) -> list[Link]:
    """Read every link, oldest first, and check that none was changed or taken out.

    Raises
    ------
    GateError
        If one was.
    """
    links: list[Link] = []
    tags = _model_tags(tracker)
    for number, name in enumerate(sorted(name for name in tags if name.startswith(_CHAIN)), start=1):
        before = links[-1].sha256 if links else ""
        link, previous = _read_link(tags[name], tracker)
        if previous != before or name != f"{_CHAIN}{number:05d}":
            what = (
                f"the one of {link.record.reviewer!r} on {link.record.signed_on}"
                if link.record
                else "a rollback"
            )
            msg = (
                f"The chain of sign-offs is broken before {what}: a record was taken out or exchanged; restore the "
                "tracking store."
            )
            raise GateError(msg)
        links.append(link)
    return links


def champions(links: list[Link]) -> list[Link]:
    """Follow the chain to the promotions that stand, the one in force last; a rollback takes one down.

    Renewing the sign-off of the champion is no second champion.

    Raises
    ------
    GateError
        If a rollback takes down another version than the champion.
    """
    standing: list[Link] = []
    for link in links:
        if link.record is None:
            if not standing or standing.pop().version != link.version:
                msg = (
                    f"The chain of sign-offs takes down version {link.version}, which did not stand last; restore the "
                    "tracking store."
                )
                raise GateError(msg)
        elif standing and standing[-1].version == link.version:
            standing[-1] = link
        else:
            standing.append(link)
    return standing


def append_sign_off(record: SignOff, *, version: str, run_id: str, number: int, tracker: Tracker) -> None:
    """Add a promotion whose record was stored already."""
    _append({"sha256": record.sha256, "run_id": run_id, "version": version}, number, tracker)


def append_rollback(version: str, links: list[Link], tracker: Tracker) -> None:
    """Add that a version was taken down."""
    said = {"rollback": version, "previous": links[-1].sha256}
    _append({**said, "sha256": _digest(said)}, len(links) + 1, tracker)


def record_path(sha256: str, what: str) -> str:
    """Name the record or the audit of a sign-off inside its run.

    >>> record_path("0" * 64, "audit")
    'sign_off/0000000000000000.audit.json'
    """
    return f"sign_off/{sha256[:16]}.{what}.json"


def read_part(path: str, run_id: str, tracker: Tracker) -> bytes:
    """Read a file of a sign-off.

    Raises
    ------
    GateError
        If it is gone.
    """
    try:
        return tracker.read(run_id, path)
    except ConfigError as error:
        msg = f"A part of the sign-off is gone from the tracking store ({path!r}); restore it, or sign again."
        raise GateError(msg) from error


def _read_link(text: str, tracker: Tracker) -> tuple[Link, str]:
    """Read one link and what it says came before it."""
    try:
        said: dict[str, Any] = json.loads(text)
        if "rollback" in said:
            stated = said.pop("sha256")
            if stated != _digest(said):
                msg = "its hash differs"
                raise ValueError(msg)
            return Link(stated, str(said["rollback"]), "", None), str(said["previous"])
        sha256, run_id, version = (str(said[name]) for name in ("sha256", "run_id", "version"))
    except (ValueError, KeyError, TypeError) as error:
        msg = f"A link of the chain of sign-offs was changed ({error}); restore the tracking store."
        raise GateError(msg) from error
    record = SignOff.from_json(read_part(record_path(sha256, "record"), run_id, tracker))
    if record.sha256 != sha256:
        msg = (
            f"The sign-off of {record.reviewer!r} is not the one that was promoted (its hash differs); "
            "promote again."
        )
        raise GateError(msg)
    return Link(sha256, version, run_id, record), record.previous


def _append(link: dict[str, str], number: int, tracker: Tracker) -> None:
    with quiet():
        tracker.client.set_registered_model_tag(tracker.model, f"{_CHAIN}{number:05d}", json.dumps(link))


def _digest(said: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _model_tags(tracker: Tracker) -> dict[str, str]:
    if not tracker.exists:
        return {}
    with quiet():
        from mlflow.exceptions import MlflowException

        try:
            return dict(tracker.client.get_registered_model(tracker.model).tags)
        except MlflowException:
            return {}
