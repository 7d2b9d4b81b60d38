"""Check a district's data: which rows can be believed, which cannot and why."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.district._account import files_frame
from early_id.district._answers import Broken
from early_id.district._capabilities import capabilities, freshness
from early_id.district._judge import Judgement, judge
from early_id.district._judged import district_of
from early_id.district._report import CheckResult, write_check
from early_id.district._rules import RULES
from early_id.district._sources import Reader, read_source
from early_id.district._sources._folder import table_of
from early_id.district._tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ibis.backends import BaseBackend

    from early_id.district._intake import Intake

__all__ = ["CheckResult", "check_district", "write_check"]

_RULE_COLUMNS = ["code", "severity", "title", "cause", "remedy", "rows", "share", "examples"]
_SHOWN = 5


def check_district(
    path: str | Path | BaseBackend,
    *,
    source: str | Reader = "folder",
    mapping: str | Path | Mapping[str, Any] | None = None,
    today: date | None = None,
) -> CheckResult:
    """Read a district's tables and tell the good rows from the bad.

    Which rows can be believed, which cannot and why, and what can the good ones support?

    Parameters
    ----------
    path : path or ibis.backends.BaseBackend
        Folder with the data, or a database with the canonical tables.
    source : str or callable
        How it is laid out, as for `read_district`.
    mapping : path or mapping, optional
        What the district calls things, as for `read_district`.
    today : datetime.date, optional
        Rows that claim to be known later are errors; the current date unless given.

    Returns
    -------
    CheckResult

    Raises
    ------
    ConfigError
        If there is no such folder or source.
    DataError
        If the folder or database holds no known table.

    Examples
    --------
    >>> check_district(".", source="foldr")
    Traceback (most recent call last):
    early_id.exceptions.ConfigError: Expected a source, got 'foldr': did you mean 'folder'?
    """
    name, intake = read_source(path, source, mapping)
    return check_intake(name, intake, today)


def check_intake(name: str, intake: Intake, today: date | None) -> CheckResult:
    """Judge what a source handed over."""
    found = judge(intake, today or date.today())  # noqa: DTZ011 - a school's day is its local day
    district = district_of(found.good)
    return CheckResult(
        source=name,
        district=district,
        quarantine=_quarantine(found),
        rules=_rules_frame(found.broken),
        files=files_frame(found),
        freshness=freshness(district),
        capabilities=capabilities(district) | {"absent": _absent(found)},
    )


def _rules_frame(broken: list[Broken]) -> pd.DataFrame:
    """Gather what was found per rule, errors first; the same rule may be broken by several files."""
    rows = [
        (b.rule.code, b.rule.severity, b.rule.title, b.rule.cause, b.rule.remedy, b.rows, b.of, b.examples)
        for b in broken
    ]
    frame = pd.DataFrame(rows, columns=[*_RULE_COLUMNS[:6], "of", "examples"])
    grouped = frame.groupby(_RULE_COLUMNS[:5], sort=False, as_index=False).agg(
        rows=("rows", "sum"), of=("of", "sum"), examples=("examples", "sum")
    )
    share = (grouped["rows"] / grouped["of"].where(grouped["of"] > 0)).fillna(0.0).astype(float).round(6)
    examples = grouped["examples"].map(lambda found: list(found[:_SHOWN]))
    return grouped.assign(share=share, examples=examples)[_RULE_COLUMNS].sort_values(
        "severity", kind="stable", ignore_index=True
    )


def _absent(found: Judgement) -> dict[str, str]:
    """Name the tables without a good row, and why they have none."""
    absent = {}
    held = _quarantine(found)
    holds = {file.name: file.table for file in found.intake.files if file.table}
    for name in TABLES:
        if name in found.good and found.good[name].num_rows:
            continue
        codes = {code for text in held[name]["rule"] for code in text.split(";")} if name in held else set()
        codes |= {
            finding.code
            for finding in found.intake.findings
            if holds.get(finding.file, table_of(finding.file)) == name
        }
        codes &= {code for code, rule in RULES.items() if rule.severity == "error"}
        if name in found.intake.lacks and not _came(found, name):
            absent[name] = "this source does not carry it"
        elif codes:
            absent[name] = f"no good row: {', '.join(sorted(codes))}"
        else:
            absent[name] = (
                f"not judged: {found.stopped_at} has no good row" if _came(found, name) else "not submitted"
            )
    return absent


def _came(found: Judgement, name: str) -> bool:
    return name in found.intake.rows and found.intake.rows[name].num_rows > 0


def _quarantine(found: Judgement) -> dict[str, pd.DataFrame]:
    """Join the rows held back by the reader with those held back by the rules."""
    held = dict(found.intake.quarantine)
    for name, frame in found.held_back.items():
        held[name] = pd.concat([held[name], frame], ignore_index=True) if name in held else frame
    return held
