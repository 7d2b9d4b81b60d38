"""The end of a sign-off before its last day: a rollback, another model, or another audit of the same model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SignOffEnd:
    """When and how a sign-off came to its end.

    Attributes
    ----------
    on : str
        The day, as YYYY-MM-DD.
    by : {"rollback", "model", "renewal"}
        The model was taken down, another one was promoted in its place, or it is in use by another audit.

    Examples
    --------
    >>> SignOffEnd("2025-03-09", "rollback").headline
    'No longer in use since 2025-03-09.'
    """

    on: str
    by: Literal["rollback", "model", "renewal"]

    @property
    def headline(self) -> str:
        """Say it first on a page or card."""
        if self.by == "renewal":
            return f"Not the audit in force since {self.on}: the model is signed by another one."
        return f"No longer in use since {self.on}."

    @property
    def happened(self) -> str:
        """Go on after who signed: what happened, and what that means."""
        return {
            "rollback": "and taken down by a rollback: early-id makes no list with it. To be used again it needs a new "
            "sign-off.",
            "model": "and another model was promoted in its place: early-id makes no list with it, unless that one is "
            "taken down by a rollback or this one is signed again.",
            "renewal": "and is signed by another audit now: what holds is written in the page of that one.",
        }[self.by]

    @property
    def until(self) -> str:
        """Say until when the model could be used by this sign-off."""
        how = {"rollback": "it was taken down", "model": "another model was promoted"}
        return f"{self.on}, when {how.get(self.by, 'another audit of the model came into force')}"

    @property
    def step(self) -> str:
        """Say what this means for who wants to do something next."""
        if self.by == "renewal":
            return "Read the page of the audit in force: with this one nothing can be decided any more."
        return f"This model has made no lists since {self.on}. To use it again, sign it anew, as below."
