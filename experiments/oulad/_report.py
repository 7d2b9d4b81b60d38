"""What is written, and what is shown."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
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
from experiments.oulad._bars import LIST, Bar, verdicts
from experiments.oulad._contestants import AUDITED, CHOSEN
from experiments.oulad._panels import LABEL
from experiments.oulad._study import Study

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
    """Write the files named below, each whole or not at all."""
    result = audit_study(study)
    shown = compute_metrics(study.pooled(), LIST)
    parquet = io.BytesIO()
    study.predictions().to_parquet(parquet, index=False)
    names = ("metrics.json", "bars.json", "table.md", "predictions.parquet", "audit.json", "audit.html")
    paths = {name: out / name for name in names}
    bars = json.dumps([asdict(one) for one in study.bars], indent=1, allow_nan=False) + "\n"
    metrics = json.dumps(study.metrics, indent=1, allow_nan=False) + "\n"
    write_atomic(paths["predictions.parquet"], parquet.getvalue())
    write_atomic(paths["audit.json"], result.to_json().encode())
    write_audit_html(result, paths["audit.html"], metrics=shown)
    write_atomic(paths["bars.json"], bars.encode())
    write_atomic(paths["table.md"], table(study).encode())
    write_atomic(paths["metrics.json"], metrics.encode())
    return paths


def said(study: Study) -> list[str]:
    """Say which learner was chosen and why, each week how it does beside the best plain model, and which bars hold."""
    lines = []
    for one in study.bars:
        inside = ", ".join(f"{name} {figure:.3f}" for name, figure in one.inner.items())
        lines.append(
            f"Week {one.week}: {CHOSEN} is {one.learner} (inside the training presentations: {inside}), "
            f"{one.to_plain:+.4f} to the best plain model ({one.best_plain}){_interval(one)}."
        )
    for name, (figure, aim, holds) in verdicts(study.bars).items():
        lines.append(
            f"{name}: {figure:+.4f}, aim {aim:+.2f} or more: {'holds' if holds else 'does not hold'}"
        )
    return lines


def table(study: Study) -> str:
    """Write the AUROC of every contestant each week, the bars and the command, as Markdown."""
    frame = pd.DataFrame(study.metrics).astype({"auroc": "float64"})
    wide = frame.pivot(index="model", columns="week", values="auroc").loc[frame["model"].unique()]
    wide["mean"] = wide.mean(axis=1)
    head = [f"week {name}" if isinstance(name, int) else str(name) for name in wide.columns]
    lines = [
        f"AUROC of Fail or Withdrawn among those still registered, {study.test}. Made by",
        f"`python -m experiments.oulad --data DIR --test {study.test} --embargo {study.embargo} --out OUT`, "
        "which writes `OUT/table.md`.",
        "",
        f"| contestant | {' | '.join(head)} |",
        "|---" * (len(head) + 1) + "|",
        *(
            f"| {name} | {' | '.join(f'{value:.3f}' for value in row)} |"
            for name, row in zip(wide.index, wide.to_numpy(), strict=True)
        ),
        "",
        *(f"- {line}" for line in said(study)),
        "",
        study.caveat,
    ]
    return "\n".join(lines) + "\n"


def say(text: str) -> None:
    """Tell a person what begins."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(text))


def show(study: Study, paths: Mapping[str, Path]) -> None:
    """Print the figures, what to keep in mind with them, and where the files are."""
    console = Console(highlight=False, soft_wrap=True)
    frame = pd.DataFrame(study.metrics)
    title = f"OULAD {study.test}: Fail or Withdrawn among those still registered, embargo {study.embargo}"
    shown = Table(title=title, title_justify="left")
    shown.add_column("Week")
    shown.add_column("Model", no_wrap=True)
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
    for line in said(study):
        console.print(escape(line))
    console.print(escape(study.caveat))
    for path in paths.values():
        console.print(escape(f"Written: {path}"))


def _interval(one: Bar) -> str:
    return "" if one.low is None or one.high is None else f", 95 % {one.low:+.4f} to {one.high:+.4f}"


def _figure(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:.3f}"
