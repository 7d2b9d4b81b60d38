"""The promotion gate: which groups and bars a reviewer must name before a model may make lists."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError, GateError, did_you_mean, examples
from early_id.tracking._record import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The first needs no word, the next two an exception with a date, the others an acknowledgement.
_PASS, _GAP, _FAIL, _UNJUDGED, _MASKED = "pass", "gap", "fail", "cannot tell", "suppressed"
_VERDICTS = (_PASS, _GAP, _FAIL, _UNJUDGED, _MASKED)
#: How a reviewer names a bar that the model did not clear: ``quality=early against pace rule``.
QUALITY = "quality"
_OF_BARS = {"metric": "model", "attribute": QUALITY}
# The audit says what it is about in `about`, and of what data: a window if it has one, else its dates.
_ABOUT = ("document_sha256", "capacity", "label")
_DATES = ("as_of_from", "as_of_to", "test_years")


@dataclass(frozen=True)
class GateCell:
    """One verdict of an audit.

    Attributes
    ----------
    metric, attribute, group : str
    verdict : {"gap", "fail", "pass", "cannot tell", "suppressed"}
        "fail" is that of a bar of the model's quality, "gap" that of a group.

    Examples
    --------
    >>> cell = GateCell("recall", "foster", "yes", "cannot tell")
    >>> cell.group_name, cell.name
    ('foster=yes', 'recall:foster=yes')
    """

    metric: str
    attribute: str
    group: str
    verdict: str

    @property
    def group_name(self) -> str:
        """How a reviewer names the group: ``attribute=group``."""
        return f"{self.attribute}={self.group}"

    @property
    def name(self) -> str:
        """How a reviewer names the group in one metric only: ``metric:attribute=group``."""
        return f"{self.metric}:{self.group_name}"


@dataclass(frozen=True)
class AuditFacts:
    """What a sign-off needs of an audit.

    Attributes
    ----------
    document_sha256, label : str
    capacity : str, int or dict
    data_window : object
        The audit's ``data_window``, else its first and last date and test years.
    cells : tuple of GateCell
    may_hide_gaps : bool
        The suppressed groups may hide a gap. An audit does not print whether they do: that would tell which way
        the few students of one group point.
    predictions_sha256 : str or None
        Hash of the predictions the audit judged.
    """

    document_sha256: str
    label: str
    capacity: Any
    data_window: Any
    cells: tuple[GateCell, ...]
    may_hide_gaps: bool
    predictions_sha256: str | None = None


def read_audit(audit_json: str | bytes) -> AuditFacts:
    """Parse an audit and check that it holds what a sign-off needs.

    Raises
    ------
    GateError
        If it is no audit, lacks a part, judges no group or holds a verdict that is not known.
    """
    try:
        audit = json.loads(audit_json)
    except (ValueError, RecursionError) as error:
        msg = f"Expected the JSON text of an audit, got text that does not parse ({error}); give audit.json."
        raise GateError(msg) from error
    audit = audit if isinstance(audit, dict) else {}
    _check_form(audit)
    about = {**audit, **audit.get("about", {})}
    missing = [key for key in _ABOUT if about.get(key) in (None, "")]
    if missing:
        msg = (
            f"Expected an audit that states {examples(_ABOUT)}, got none of {examples(missing)}; audit again."
        )
        raise GateError(msg)
    if not audit.get("verdicts"):
        msg = "Expected an audit that judges at least one group, got none; audit with the district's groups."
        raise GateError(msg)
    if not audit.get(QUALITY):
        msg = "Expected an audit that holds the model against the bars of the gate, got none; audit again."
        raise GateError(msg)
    window = about.get("data_window") or {key: about[key] for key in _DATES if key in about}
    if not window:
        msg = "Expected an audit that states its data window, got none; audit again."
        raise GateError(msg)
    return AuditFacts(
        document_sha256=str(about["document_sha256"]),
        label=str(about["label"]),
        capacity=about["capacity"],
        data_window=window,
        cells=(
            *(_cell(verdict) for verdict in audit["verdicts"]),
            *(_cell({**check, **_OF_BARS, "group": check["name"]}) for check in audit[QUALITY]),
        ),
        may_hide_gaps=bool(audit.get("decision", {}).get("may_hide_gaps", False)),
        predictions_sha256=about.get("predictions_sha256"),
    )


def _check_form(audit: Mapping[str, Any]) -> None:
    """Refuse parts of another kind than an audit has, by name."""
    hidden = audit["decision"].get("hidden_gaps", 0) if isinstance(audit.get("decision"), dict) else 0
    right = {
        "about": isinstance(audit.get("about", {}), dict),
        "decision": isinstance(audit.get("decision", {}), dict),
        "decision.hidden_gaps": type(hidden) is int and hidden >= 0,
        "verdicts": isinstance(audit.get("verdicts", []), list)
        and all(isinstance(verdict, dict) for verdict in audit.get("verdicts", [])),
        QUALITY: isinstance(audit.get(QUALITY, []), list)
        and all(isinstance(check, dict) and "name" in check for check in audit.get(QUALITY, [])),
    }
    wrong = [name for name, fits in right.items() if not fits]
    if wrong:
        msg = f"Expected an audit as `early-id audit` writes it, got another form of {examples(wrong)}; audit again."
        raise GateError(msg)


def gate_cells(audit_json: str | bytes) -> dict[str, tuple[GateCell, ...]]:
    """Say which groups the reviewer must name.

    Parameters
    ----------
    audit_json : str or bytes
        Text of ``audit.json``.

    Returns
    -------
    dict
        ``"exception"``: cells that need an exception with an expiry date, which are those with a gap, bars the model
        missed, and all suppressed ones when the audit says that they may hide a gap; ``"acknowledge"``: the other
        cells that could not be judged, which need an acknowledgement with a reason.

    Raises
    ------
    GateError
        If the audit lacks what the gate needs, or holds a verdict it does not know.

    Examples
    --------
    >>> audit = {"about": {"document_sha256": "ab", "capacity": "5%", "label": "x", "data_window": "2024"},
    ...          "verdicts": [
    ...     {"metric": "recall", "attribute": "foster", "group": "yes", "verdict": "cannot tell"},
    ...     {"metric": "recall", "attribute": "gender", "group": "F", "verdict": "pass"}],
    ...          "quality": [{"name": "time safety", "verdict": "pass"}]}
    >>> [cell.name for cell in gate_cells(json.dumps(audit))["acknowledge"]]
    ['recall:foster=yes']
    """
    return _needed(read_audit(audit_json))


def check_named(audit: AuditFacts, exceptions: Iterable[str], acknowledged: Iterable[str]) -> None:
    """Check that every group that needs a word has one, and that no word is about another group.

    A name without a metric (``attribute=group``) speaks for every metric of the group.

    Raises
    ------
    GateError
        Naming the groups that are not named.
    ConfigError
        If a name is not a group of the audit, or needs no such word.
    """
    needed = _needed(audit)
    excepted = _names("exception", exceptions, needed["exception"], audit.cells)
    # Acknowledging a gap is no mistake in a name; it is simply not enough, and the gate says so below.
    seen = _names(
        "acknowledgement", acknowledged, (*needed["acknowledge"], *needed["exception"]), audit.cells
    )
    gaps = [cell for cell in needed["exception"] if not _is_named(cell, excepted)]
    unjudged = [cell for cell in needed["acknowledge"] if not _is_named(cell, seen)]
    if not gaps and not unjudged:
        return
    parts = []
    if gaps:
        masked = any(cell.verdict == _MASKED for cell in needed["exception"])
        missed = any(cell.verdict == _FAIL for cell in gaps)
        kinds = (
            ["gaps"] + ["bars the model missed"] * missed + ["suppressed groups that may hide one"] * masked
        )
        what = ", or ".join(kinds) + "," * (len(kinds) > 1)
        parts.append(f"{what} without an exception for {_all(gaps)}")
    if unjudged:
        parts.append(f"no acknowledgement of {_all(unjudged)}, which could not be judged")
    msg = (
        "Expected a sign-off that names every gap and every group that could not be judged, "
        f"got {' and '.join(parts)}; look at the audit, then name each with a reason (and an expiry date "
        f"for a gap), or do not promote: {_options(gaps, unjudged)}"
    )
    raise GateError(msg)


def _all(cells: list[GateCell]) -> str:
    return examples((cell.name for cell in cells), most=5)


def _options(gaps: list[GateCell], unjudged: list[GateCell]) -> str:
    """Write every missing word as an option of the command line, ready to be pasted."""
    named = {
        option: dict.fromkeys(cell.group_name for cell in cells)
        for option, cells in (("--exception", gaps), ("--acknowledge", unjudged))
    }
    return " ".join(
        f"{option} {shlex.quote(f'{name}: {PLACEHOLDER}')}"
        for option, names in named.items()
        for name in names
    )


def _needed(audit: AuditFacts) -> dict[str, tuple[GateCell, ...]]:
    excepted = {_GAP, _FAIL, _MASKED} if audit.may_hide_gaps else {_GAP, _FAIL}
    acknowledged = {_UNJUDGED, _MASKED} - excepted
    return {
        "exception": tuple(cell for cell in audit.cells if cell.verdict in excepted),
        "acknowledge": tuple(cell for cell in audit.cells if cell.verdict in acknowledged),
    }


def _names(
    what: str, names: Iterable[str], useful: tuple[GateCell, ...], every: tuple[GateCell, ...]
) -> set[str]:
    """Bring the reviewer's names into one form; refuse those that are not of a cell that needs a word."""
    known = {text for cell in every for text in (cell.group_name, cell.name)}
    wanted = {normal_name(text) for cell in useful for text in (cell.group_name, cell.name)}
    named = set()
    for name in names:
        key = normal_name(name)
        if key not in {normal_name(text) for text in known}:
            msg = f"Expected an {what} for a group of the audit, got {name!r}; {did_you_mean(name, known)}"
            raise ConfigError(msg)
        if key not in wanted:
            of = examples(cell.name for cell in useful) if useful else "none"
            msg = f"Expected an {what} only for groups that need one ({of}), got {name!r}; leave it out."
            raise ConfigError(msg)
        if key in named:
            msg = f"Expected one {what} per group, got {name!r} twice; keep one, with the whole reason."
            raise ConfigError(msg)
        named.add(key)
    return named


def _is_named(cell: GateCell, named: set[str]) -> bool:
    return bool({normal_name(cell.name), normal_name(cell.group_name)} & named)


def normal_name(name: str) -> str:
    """Compare names without regard to case and spacing.

    >>> normal_name(" Foster = Yes")
    'foster=yes'
    """
    return re.sub(r"\s*([=×:])\s*", r"\1", " ".join(name.split())).casefold()


def _cell(verdict: Mapping[str, Any]) -> GateCell:
    try:
        cell = GateCell(*(str(verdict[key]) for key in ("metric", "attribute", "group", "verdict")))
    except KeyError as error:
        msg = (
            f"Expected a verdict with metric, attribute, group and verdict, got one without {error}; "
            "audit again."
        )
        raise GateError(msg) from error
    if cell.verdict not in _VERDICTS:
        msg = (
            f"Expected a verdict among {examples(_VERDICTS)}, got {cell.verdict!r} for {cell.name!r}; "
            "audit again."
        )
        raise GateError(msg)
    return cell
