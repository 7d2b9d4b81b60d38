"""What a check found, and how it is written down."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from early_id.district._district import District

_CHECK = "check.json"
_CONTRACT = ["code", "severity", "title", "rows", "share", "examples"]


@dataclass(frozen=True, eq=False)
class CheckResult:
    """What is good, what is not and why, and what the good rows can support.

    Attributes
    ----------
    source : str
        Name of the source that was read.
    district : District
        The good rows. They are consistent among themselves: unless a required table has none, they break no rule
        of severity error when they are checked again.
    quarantine : mapping of table name to pandas.DataFrame
        The rows held back, with their cells as they came, `file`, `line`, and `rule`: the codes they break,
        joined by semicolons. Empty when no row was held back: then no `quarantine/` is written.
    rules : pandas.DataFrame
        One row per rule that was broken: code, severity (error, warning), title, cause, remedy, rows, share
        (of the rows of its file), examples (up to five sentences). Empty when nothing was.
    files : pandas.DataFrame
        One row per file: file, rows_in, rows_out, quarantined, ignored, ignored_because;
        rows_in = rows_out + quarantined + ignored.
    freshness : pandas.DataFrame
        One row per school: school_id, last_submitted (day, missing = never), school_days_since (school days
        between it and the newest day any school submitted).
    capabilities : mapping
        In words: which labels and features the data supports, how often, which share of the days of knowing
        was assumed, and under `absent` every table without a good row, with the reason.
    """

    source: str
    district: District
    quarantine: Mapping[str, pd.DataFrame]
    rules: pd.DataFrame
    files: pd.DataFrame
    freshness: pd.DataFrame
    capabilities: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether no rule of severity error was broken."""
        return not (self.rules["severity"] == "error").any()

    def to_json(self) -> str:
        """Write the result as the text of `check.json`."""
        freshness = self.freshness.assign(
            last_submitted=self.freshness["last_submitted"].dt.strftime("%Y-%m-%d")
        )
        content = {
            "source": self.source,
            "files": _records(self.files),
            "rules": _records(self.rules[_CONTRACT]),
            "freshness": _records(freshness),
            "capabilities": dict(self.capabilities),
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write_check(result: CheckResult, out: str | Path) -> Path:
    """Write the good rows as canonical Parquet, the others under `quarantine/`, and `check.json`.

    The folder appears whole or not at all: it is built beside its place and then renamed.

    Parameters
    ----------
    result : CheckResult
        What `check_district` returned.
    out : path
        A folder that does not exist, is empty, or holds an earlier check.

    Returns
    -------
    pathlib.Path
        The folder written.

    Raises
    ------
    ConfigError
        If `out` is something else: it is left untouched.
    """
    out = Path(out)
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    built = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        built.chmod(0o755)
        result.district.write(built)
        for name, frame in result.quarantine.items():
            (built / "quarantine").mkdir(exist_ok=True)
            frame.to_csv(built / "quarantine" / f"{name}.csv", index=False)
        (built / _CHECK).write_text(result.to_json(), encoding="utf-8")
        _put_in_place(built, out)
    finally:
        shutil.rmtree(built, ignore_errors=True)
    return out


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        msg = f"Expected a folder to write to, but {str(out)!r} is a file; name another folder."
        raise ConfigError(msg)
    if any(out.iterdir()) and not (out / _CHECK).is_file():
        msg = (
            f"Expected a folder that is new, empty or holds an earlier check, but {str(out)!r} "
            "holds other files; name another folder."
        )
        raise ConfigError(msg)


def _put_in_place(built: Path, out: Path) -> None:
    """Rename the built folder to its place; an earlier one steps aside first and comes back if that fails."""
    if not out.exists():
        built.rename(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    try:
        earlier = out.rename(aside / "earlier")
        try:
            built.rename(out)
        except OSError:
            earlier.rename(out)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    text = frame.to_json(orient="records", force_ascii=False)
    records: list[dict[str, Any]] = json.loads(text)
    return records
