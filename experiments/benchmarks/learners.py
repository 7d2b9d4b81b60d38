"""The default learner against an Explainable Boosting Machine and the ceilings, on a simulated county.

Run: python -m experiments.benchmarks.learners [--rows 80000] [--students 12000] [--out TABLE.md]

Everybody learns from the same student weeks of one school year, whose outcomes were all known before the next one
began, and is judged on the next one. The year before the first gives the history; in the fourth no outcome is known
yet. Needs `early-id[ebm]`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from early_id.district import District, write_county
from early_id.models import (
    Ceiling,
    EBMAdditiveClassifier,
    ForestCeiling,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
)
from early_id.panel import build_panel

DEFAULT, EBM, CEILINGS = "additive (default)", "ebm", ("ceiling", "forest ceiling")
#: What is aimed at: the EBM takes so many times as long, and the default loses so much AUROC at most.
FASTER, TO_EBM, TO_CEILING = 10.0, 0.003, 0.01


def contestants() -> dict[str, Any]:
    """Everybody with their own settings."""
    return {
        DEFAULT: MonotoneAdditiveClassifier(),
        "logistic": LogisticAdditiveClassifier(),
        EBM: EBMAdditiveClassifier(),
        **dict(zip(CEILINGS, (Ceiling(random_state=0), ForestCeiling(random_state=0)), strict=True)),
    }


def student_weeks(county: District, year: int, every_weeks: int, rows: int) -> pd.DataFrame:
    """Give the learnable rows of every n-th Sunday of a school year: those of whole students, drawn at random."""
    calendar = county.frame("calendar")
    days = calendar.loc[calendar["school_year"] == year, "day"]
    sundays = sorted((days + pd.to_timedelta(6 - days.dt.day_of_week, unit="D")).unique())
    panel = build_panel(county, label="chronic_absence", as_of=sundays[1::every_weeks])
    found = panel.learnable
    students = found["student_id"].drop_duplicates().sample(frac=1, random_state=0)
    counts = found["student_id"].value_counts()[students].cumsum()
    kept = found[found["student_id"].isin(counts.index[counts <= rows])]
    onset = kept["event_day"].isna() | (kept["event_day"] > kept["as_of"])
    return panel.design(kept).assign(label=kept["label"].to_numpy(), onset=onset.to_numpy())


def judge(model: Any, training: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """Fit on one year and say how well the next one is told."""
    features = [name for name in training if name not in ("label", "onset")]
    start, used = time.perf_counter(), time.process_time()
    model.fit(training[features], training["label"].rename("chronic_absence"))
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    probability = model.predict_proba(test[features])[:, 1]
    ahead = test["onset"].to_numpy()
    return {
        "seconds": seconds,
        "processor": processor,
        "auroc": roc_auc_score(test["label"], probability),
        "onset": roc_auc_score(test["label"][ahead], probability[ahead]),
        "loss": log_loss(test["label"], probability),
    }


def _table(options: argparse.Namespace, sizes: str, found: dict[str, dict[str, float]]) -> str:
    default, ebm = found[DEFAULT], found[EBM]
    bars = [
        (f"{what}, EBM : default", f"{ebm[key] / default[key]:.0f}", f"≥ {FASTER:g}")
        for key, what in (("processor", "processor seconds"), ("seconds", "seconds"))
    ]
    for key, what in (("auroc", "AUROC"), ("onset", "AUROC before the event")):
        best = max(found[name][key] for name in CEILINGS)
        bars += [
            (f"{what}, EBM − default", f"{ebm[key] - default[key]:.4f}", f"≤ {TO_EBM:g}"),
            (f"{what}, best ceiling − default", f"{best - default[key]:.4f}", f"≤ {TO_CEILING:g}"),
        ]
    lines = [
        f"{sizes} One run on one machine with 2 processors. Made by",
        f"`python -m experiments.benchmarks.learners --rows {options.rows} --students {options.students}`.",
        "",
        "| contestant | seconds to fit | processor seconds | AUROC | AUROC before the event | log loss |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {one['seconds']:.1f} | {one['processor']:.1f} | {one['auroc']:.4f} | {one['onset']:.4f} | "
            f"{one['loss']:.4f} |"
            for name, one in found.items()
        ),
        "",
        "| bar | measured | aim |",
        "|---|---|---|",
        *(f"| {what} | {measured} | {aim} |" for what, measured, aim in bars),
        "",
        "Fits of documents include one set of tables per period and the three folds of the calibration. “Before the "
        "event” leaves out the weeks after a student's absences reached the limit of the label.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=80_000)
    parser.add_argument("--students", type=int, default=12_000)
    parser.add_argument("--every-weeks", type=int, default=4)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "county"
        write_county(folder, students=options.students, schools=max(3, options.students // 420), years=4)
        county = District.open(folder)
        _, learnt, tested, _ = sorted(county.frame("calendar")["school_year"].unique())
        training, test = (
            student_weeks(county, year, options.every_weeks, options.rows) for year in (learnt, tested)
        )
    n_features = training.shape[1] - 3  # without school day, label and onset
    sizes = (
        f"{len(training):,} student weeks of {learnt} to learn from, {len(test):,} of {tested} to be judged on, "
        f"{n_features} features, {training['label'].mean():.0%} with the outcome."
    )
    found = {}
    for name, model in contestants().items():
        found[name] = judge(model, training, test)
        print(name, {key: round(value, 4) for key, value in found[name].items()}, flush=True)
    table = _table(options, sizes, found)
    print(table)
    if options.out:
        options.out.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
