"""What a training leaves in MLflow, as log items: nothing here names a student or counts a few."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from early_id.config import Config
from early_id.district import District
from early_id.evaluation import (
    Backtest,
    Capacity,
    QualityCheck,
    publish_calibration,
    publish_calibration_curve,
    publish_decay,
    publish_histories,
    publish_metrics,
    publish_metrics_by_date,
    publish_reached,
    publish_stability,
)
from early_id.explain import beeswarm_svg, terms_svg
from early_id.panel import Panel, TimeSafety
from early_id.pipeline._compare import CHAMPION, Comparison
from early_id.pipeline._intervals import INTERVALS
from early_id.pipeline._logged_folds import HUNDREDS, about_fold, figures_of, fold_tags, origin_of, rounded
from early_id.reports import calibration_curve_svg
from early_id.tracking import (
    LearnerLog,
    TrainingLog,
    code_version,
    environment_lock,
    fingerprint,
    without_password,
)

TABLES_TO_FINGERPRINT = (
    "schools", "enrollments", "calendar", "absences", "attendance_feed", "grades", "incidents", "outcomes",
)  # fmt: skip
_MOST_ROWS_DRAWN = 20_000


def published(result: Backtest, capacity: Capacity) -> dict[str, pd.DataFrame]:
    """Judge every contestant, as it may leave the building; of several folds also how scores age."""
    several = len(result.folds) > 1
    return {
        "metrics": publish_metrics(result.predictions, capacity),
        "by_date": publish_metrics_by_date(result.predictions, capacity),
        "calibration": publish_calibration(result.predictions),
        "calibration_curve": publish_calibration_curve(result.predictions),
        "stability": publish_stability(result.predictions, capacity),
        "reached": publish_reached(result.predictions, capacity),
        **({"histories": publish_histories(result), "decay": publish_decay(result)} if several else {}),
    }


def settings_of(config: Config) -> dict[str, Any]:
    """Give the configuration as it may be logged: a password in the address of the store is left out."""
    settings: dict[str, Any] = json.loads(config.model_dump_json())
    settings["tracking"]["uri"] = without_password(config.tracking.uri)
    return settings


def learner_logs(
    config: Config,
    panel: Panel,
    result: Backtest,
    figures: dict[str, pd.DataFrame],
    contestants: dict[str, Any],
    comparison: Comparison,
    intervals: pd.DataFrame | None,
) -> tuple[LearnerLog, ...]:
    """Say what is logged of each contestant of the latest fold, the one the candidate comes from.

    `intervals`: of the chosen document.
    """
    drawn = _rows_to_draw(panel, result, config.training.seed)
    catalogue = {feature.name: asdict(feature) for feature in panel.features}
    latest = about_fold(result.folds.iloc[-1], result.predictions)
    logs = []
    for name in result.predictions["contestant"].unique():
        own = {key: frame[frame["contestant"] == name] for key, frame in figures.items() if len(frame)}
        parameters = (
            {"version": comparison.champion.version}
            if name == CHAMPION
            else {key: str(value) for key, value in contestants[name].get_params(deep=False).items()}
        )
        document = result.documents.get(name)
        tables = {f"{key}.csv": frame for key, frame in own.items() if len(frame)}
        files: dict[str, str | bytes] = {}
        if len(own.get("calibration_curve", ())):
            files["calibration_curve.svg"] = calibration_curve_svg(own["calibration_curve"])
        if document is not None:
            tables["table.csv"] = document.to_frame()
            sure = intervals if name == result.deployable else None
            if sure is not None:
                tables[INTERVALS] = sure
            files["terms.svg"] = terms_svg(document, intervals=sure)
            files["beeswarm.svg"] = beeswarm_svg(document, drawn)
            files["catalogue.json"] = _json({used: catalogue[used] for used in document.feature_names})
        about = latest
        if name == CHAMPION and document is not None:
            # It learned elsewhere, and is only tested here.
            about = {key: latest[key] for key in ("name", "history", "test_years")} | origin_of(document)
        logs.append(
            LearnerLog(
                name,
                parameters | {"fold": about},
                figures_of(own["metrics"]),
                document,
                tables,
                files,
                latest["name"],
                tags=fold_tags(about),
            )
        )
    return tuple(logs)


def training_log(
    config: Config,
    district: District,
    panel: Panel,
    result: Backtest,
    figures: dict[str, pd.DataFrame],
    learners: tuple[LearnerLog, ...],
    *,
    safety: TimeSafety,
    quality: tuple[QualityCheck, ...],
    comparison: Comparison,
) -> TrainingLog:
    """Say what is logged of a training as a whole.

    Parameters
    ----------
    result : Backtest
        The fold the candidate comes from.
    learners : tuple of LearnerLog
        Of every fold.
    """
    data = fingerprint({name: district.frame(name) for name in TABLES_TO_FINGERPRINT})
    for table in data.values():
        table["rows"] = round(table["rows"], HUNDREDS)
    catalogue = {feature.name: asdict(feature) for feature in panel.features}
    days = panel.frame["as_of"]
    metrics = figures["metrics"]
    return TrainingLog(
        config=settings_of(config),
        data=data,
        learners=learners,
        chosen=result.deployable,
        metrics=figures_of(metrics[metrics["contestant"] == result.deployable])
        | {f"difference.{name}": value for name, value in comparison.differences().items()},
        backtest={
            "train_years": list(result.train_years),
            "test_years": list(result.test_years),
            "trained_on": result.trained_on.isoformat(),
            "training": rounded(result.training),
            "time_safety": {"verdict": safety.verdict, "what": safety.sentence()},
            "metrics": metrics.to_dict("records"),
            "quality": [check.to_dict() for check in quality],
        },
        tables={f"{name}.csv": frame for name, frame in figures.items() if len(frame)}
        | ({"champion.csv": comparison.metrics} if len(comparison.metrics) else {}),
        files={
            "diff.txt": "\n".join(comparison.lines()) + "\n",
            "time_safety.json": _json(_safety_report(safety)),
            "catalogue.json": _json(catalogue),
            "environment.txt": environment_lock(),
        },
        tags={
            "code_version": code_version(),
            "data_fingerprint": _digest({name: table["sha256"] for name, table in data.items()}),
            "catalogue_sha256": _digest(catalogue),
            "as_of_from": days.min().date().isoformat(),
            "as_of_to": days.max().date().isoformat(),
            "label": result.label,
            "time_safety": safety.verdict,
        },
    )


def _rows_to_draw(panel: Panel, result: Backtest, seed: int) -> pd.DataFrame:
    """Draw from the rows the test years score: as many as a picture can show."""
    frame = panel.frame
    rows = frame[frame["school_year"].isin(result.test_years) & frame["not_scored"].isna()]
    drawn: pd.DataFrame = panel.design(rows.sample(min(len(rows), _MOST_ROWS_DRAWN), random_state=seed))
    return drawn


def _safety_report(safety: TimeSafety) -> dict[str, Any]:
    return {
        "verdict": safety.verdict,
        "what": safety.sentence(),
        "guilty": list(safety.guilty),
        "features": list(safety.features),
        "dates": [day.isoformat() for day in safety.dates],
        "records_changed": {name: round(count, HUNDREDS) for name, count in safety.changed.items()},
        "known_at_assumed": {name: round(share, 3) for name, share in safety.imputed.items()},
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
