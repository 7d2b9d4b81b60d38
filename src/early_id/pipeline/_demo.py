"""The main job from beginning to end on a simulated county."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import yaml

from early_id.config import load_config
from early_id.district import District, read_district, simulate_tables
from early_id.exceptions import ConfigError
from early_id.fairness import Audit
from early_id.flags import school_files
from early_id.pipeline._audit import audit
from early_id.pipeline._promote import promote
from early_id.pipeline._train import Tell, TrainResult, silent, train
from early_id.pipeline._weekly import FlagResult, weekly_flags
from early_id.tracking import gate_cells

REVIEWER = "Demo Reviewer (simulated data)"
REASON = "Simulated students: this sign-off shows the procedure and allows nothing."
#: How long the demo's sign-off holds.
TERM_DAYS = 120
_OWN = {
    "district",
    "models",
    "audit",
    "flags",
    "reports",
    "config.yaml",
    "mlflow.db",
    "mlartifacts",
    "truth.parquet",
}


@dataclass(frozen=True, eq=False)
class DemoResult:
    """What the demo made.

    Attributes
    ----------
    trained : TrainResult
    audit : Audit
    weeks : tuple of FlagResult
        The week before and the current week.
    pages : dict of name to Path
        What to open.
    """

    trained: TrainResult
    audit: Audit
    weeks: tuple[FlagResult, ...]
    pages: dict[str, Path]


def run_demo(out: Path, *, students: int = 5000, seed: int = 0, tell: Tell = silent) -> DemoResult:
    """Simulate a county, train, audit, sign off as the demo reviewer, publish two weeks, write the reports.

    Parameters
    ----------
    out : Path
        A folder that does not exist, is empty, or holds an earlier demo, which is replaced.
    students : int
        Students enrolled at a time.
    seed : int
        Equal seeds give equal results.
    tell : callable
        Called with a line of text as each step begins.

    Raises
    ------
    ConfigError
        If the folder holds anything else.
    """
    _clear(out)
    tell("Simulating a county")
    simulated = simulate_tables(students=students, schools=max(3, min(12, students // 100)), seed=seed)
    District.from_frames(simulated.tables).write(out / "district")
    simulated.truth.to_parquet(out / "truth.parquet", index=False)
    file = out / "config.yaml"
    file.write_text(yaml.safe_dump(_settings(seed), sort_keys=False), encoding="utf-8")
    config = load_config(file)
    tell("Reading and checking the district")
    district = read_district(
        config.district.path, source=config.district.source, mapping=config.district.mapping
    )
    trained = train(config, district=district, tell=tell)
    audited = audit(config, out=out / "audit", district=district, tell=tell)
    tell("Signing off as the demo reviewer")
    cells = gate_cells(audited.json.read_text(encoding="utf-8"))
    promote(
        config,
        reviewer=REVIEWER,
        audit=audited.json,
        signed_on=simulated.today - timedelta(days=7),
        expires_on=simulated.today + timedelta(days=TERM_DAYS),
        exceptions={cell.name: REASON for cell in cells["exception"]},
        acknowledged={cell.name: REASON for cell in cells["acknowledge"]},
    )
    weeks = [
        weekly_flags(config, as_of=pd.Timestamp(day), district=district, tell=tell)
        for day in (simulated.today - timedelta(days=7), simulated.today)
    ]
    pages = {"audit": out / "reports" / "audit.html", "model": out / "reports" / "model_card.html"}
    (out / "reports").mkdir(exist_ok=True)
    shutil.copyfile(audited.html, pages["audit"])
    for form in (".html", ".md"):
        shutil.copyfile(audited.card.with_suffix(form), pages["model"].with_suffix(form))
    # Lists stay where they were published: a copy of a page with student records is one more to guard.
    largest = weeks[-1].lists.schools.sort_values("listed", kind="stable")["school_id"].iloc[-1]
    pages["this week"] = weeks[-1].summary
    pages["one school's list"] = weeks[-1].folder / f"{school_files([largest])[largest]}.html"
    return DemoResult(trained, audited.audit, tuple(weeks), pages)


def _settings(seed: int) -> dict[str, object]:
    """Write the configuration a district would write, for the simulated one."""
    return {
        "district": {"path": "district", "source": "folder"},
        "capacity": "5%",
        "tracking": {"uri": "sqlite:///mlflow.db", "experiment": "demo"},
        "models": "models",
        "lists": {"out": "flags"},
        "training": {"every_weeks": 2, "seed": seed},
    }


def _clear(out: Path) -> None:
    """Make room for a demo; anything that is not an earlier demo stays untouched."""
    if out.is_file() or (out.is_dir() and {entry.name for entry in out.iterdir()} - _OWN):
        msg = (
            f"Expected a new folder or an earlier demo at {str(out)!r}, got other files; name another folder with "
            "--out."
        )
        raise ConfigError(msg)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
