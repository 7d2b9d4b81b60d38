"""What is written, and what is shown."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from early_id.evaluation import compute_metrics, write_atomic
from early_id.exceptions import ConfigError
from early_id.fairness import Audit, audit
from early_id.reports import write_audit_html
from experiments.oulad._contestants import AUDITED
from experiments.oulad._panels import LABEL
from experiments.oulad._study import LIST, Study

#: Attributes that are audited, and never features.
GROUPS = ("disability", "gender", "age_band", "imd_band", "highest_education")
#: The one difference between the lists of the audit and those of metrics.json.
LISTS = (
    "The lists audited here are the first 10 % of each module presentation, those of metrics.json the first 10 % of "
    "the week's students of all modules together."
)
#: Figures of metrics.json and their names on the screen.
FIGURES = MappingProxyType(
    {
        "auroc": "AUROC",
        "average_precision": "Av. prec.",
        "precision_at_10pct": "Prec. 10 %",
        "recall_at_10pct": "Rec. 10 %",
    }
)


def audit_study(study: Study) -> Audit:
    """Audit the additive contestant's lists of all weeks: the first 10 % of each module presentation."""
    pooled = replace(next(iter(study.backtests.values())), predictions=study.pooled())
    weeks = ", ".join(str(week) for week in study.backtests)
    return audit(
        pooled,
        groups=study.groups[study.groups["attribute"].isin(GROUPS)],
        capacity=LIST,
        contestant=AUDITED,
        about={
            "label": LABEL.name,
            "embargo": study.embargo,
            "data_window": f"OULAD {study.test}, weeks {weeks}. {study.caveat} {LISTS}",
        },
    )


def check_folder(out: Path) -> None:
    """Refuse, before any work is done, what cannot become a folder.

    Raises
    ------
    ConfigError
        If there is a file of that name.
    """
    if out.exists() and not out.is_dir():
        msg = f"Expected a folder to write to, but {str(out)!r} is a file; name another --out."
        raise ConfigError(msg)


def write_study(study: Study, out: Path) -> dict[str, Path]:
    """Write metrics.json, predictions.parquet, audit.json and audit.html, each whole or not at all."""
    result = audit_study(study)
    shown = compute_metrics(study.pooled(), LIST)
    parquet = io.BytesIO()
    study.predictions().to_parquet(parquet, index=False)
    paths = {name: out / name for name in ("metrics.json", "predictions.parquet", "audit.json", "audit.html")}
    metrics = json.dumps(study.metrics(), indent=1, allow_nan=False) + "\n"
    write_atomic(paths["predictions.parquet"], parquet.getvalue())
    write_atomic(paths["audit.json"], result.to_json().encode())
    write_audit_html(result, paths["audit.html"], metrics=shown)
    write_atomic(paths["metrics.json"], metrics.encode())
    return paths


def say(text: str) -> None:
    """Tell a person what begins."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(text))


def show(study: Study, paths: Mapping[str, Path]) -> None:
    """Print the figures, what to keep in mind with them, and where the files are."""
    console = Console(highlight=False, soft_wrap=True)
    frame = pd.DataFrame(study.metrics())
    title = f"OULAD {study.test}: Fail or Withdrawn among those still registered, embargo {study.embargo}"
    shown = Table(title=title, title_justify="left")
    shown.add_column("Week")
    shown.add_column("Model")
    for name in (*FIGURES.values(), "Trained", "Tested"):
        shown.add_column(name, justify="right")
    for week, rows in frame.groupby("week"):
        for row in rows.to_dict("records"):
            shown.add_row(
                str(week), row["model"], *(_figure(row[name]) for name in FIGURES),
                f"{row['n_train']:,}", f"{row['n_test']:,}",
            )  # fmt: skip
        shown.add_section()
    for model, rows in frame.groupby("model", sort=False):
        means = rows[list(FIGURES)].astype("float64").mean()
        shown.add_row("mean", str(model), *(_figure(value) for value in means), "", "")
    console.print(shown)
    console.print(escape(study.caveat))
    for path in paths.values():
        console.print(escape(f"Written: {path}"))


def _figure(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:.3f}"
