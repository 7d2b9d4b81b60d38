"""Train: backtest every contestant, choose, log, register the candidate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from early_id.config import Config
from early_id.district import District, read_district
from early_id.evaluation import (
    Backtest,
    QualityCheck,
    backtest,
    capacity_by_school,
    check_quality,
    publish_calibration,
    publish_metrics,
    publish_metrics_by_date,
    save_backtest,
    write_atomic,
)
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.models import (
    ABCRule,
    AdditiveModel,
    Ceiling,
    LastMarkRule,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    PaceRule,
    PointScorecardClassifier,
    PriorYearRule,
    SchoolMeanRule,
    YearToDateRule,
)
from early_id.panel import CATALOG, Label, Panel, TimeSafety, build_panel, check_time_safety
from early_id.tracking import (
    LearnerLog,
    Tracker,
    TrainingLog,
    fingerprint,
    keep_backtest,
    log_training,
    register_candidate,
)

Tell = Callable[[str], None]
#: In a model's folder: how it stands against the bars of the gate, and what time safety said.
QUALITY = "quality.json"
#: Rules by their names in a configuration, with the names reports print.
RULES: Mapping[str, tuple[str, type[Any]]] = MappingProxyType(
    {
        "pace": ("pace rule", PaceRule),
        "prior_year": ("prior-year rule", PriorYearRule),
        "year_to_date": ("year-to-date rule", YearToDateRule),
        "last_mark": ("last-mark rule", LastMarkRule),
        "school_mean": ("school-mean rule", SchoolMeanRule),
        "abc": ("ABC rule", ABCRule),
    }
)
TABLES_TO_FINGERPRINT = (
    "schools", "enrollments", "calendar", "absences", "attendance_feed", "grades", "incidents", "outcomes",
)  # fmt: skip


def district_of(config: Config, given: District | None) -> District:
    """Return the district a job was given, or read and check the configured one."""
    return given or read_district(
        config.district.path, source=config.district.source, mapping=config.district.mapping
    )


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What a training left behind.

    Attributes
    ----------
    document : AdditiveModel
        The chosen model, registered as `@candidate`.
    backtest : Backtest
    metrics : pandas.DataFrame
        Every contestant at the configured list size, as it may be printed; exact: `backtest.metrics()`.
    version : int
        Version in the registry.
    folder : Path
        Where document, predictions and figures lie.
    safety : TimeSafety
        Whether any feature saw what was not known, tried on a sample of students.
    quality : tuple of QualityCheck
        How the chosen model stands against the bars of the gate. A missed bar does not end a training: it is for the
        reviewer to say what follows from it.
    """

    document: AdditiveModel
    backtest: Backtest
    metrics: pd.DataFrame
    version: int
    folder: Path
    safety: TimeSafety
    quality: tuple[QualityCheck, ...]


def label_of(config: Config) -> Label:
    """Return the label a configuration asks for."""
    return Label(**config.label.model_dump())


def contestants_of(config: Config) -> dict[str, Any]:
    """Learners, rules and the ceiling a configuration asks for, by the names reports print."""
    seed = config.training.seed
    learners = {
        "monotone": ("additive", MonotoneAdditiveClassifier(directions="catalogue", random_state=seed)),
        "logistic": ("logistic", LogisticAdditiveClassifier(directions="catalogue", random_state=seed)),
        "scorecard": ("scorecard", PointScorecardClassifier(directions="catalogue", random_state=seed)),
    }
    chosen = [learners[name] for name in config.training.learners]
    for key in config.training.rules:
        name, rule = RULES[key]
        chosen.append((name, rule()))
    if config.training.ceiling:
        chosen.append(("ceiling", Ceiling(random_state=seed)))
    return dict(chosen)


def training_panel(config: Config, district: District) -> Panel:
    """Build the rows to learn from: test years weekly, training years every n-th week.

    The first school year of the data only supplies history, unless every feature of the year before is dropped.
    """
    calendar = district.frame("calendar")
    bounds = calendar.groupby("school_year")["day"].agg(["min", "max"])
    closed = bounds["max"] + pd.Timedelta(days=config.label.lag_days) <= pd.Timestamp(district.data_until)
    years = [int(year) for year in bounds.index[closed]]
    test = config.training.test_years or tuple(years[-1:])
    dropped = set(config.training.drop_features)
    needs_history = any(f.window == "prior_year" and f.name not in dropped for f in CATALOG.values())
    first = int(bounds.index[0])
    train = config.training.train_years or tuple(
        year for year in years if year < min(test, default=0) and not (needs_history and year == first)
    )
    if not test or not train:
        msg = (
            f"Expected closed school years to train and to test on, got {years} (data until "
            f"{district.data_until.isoformat()}; the first year only supplies history); add earlier school years."
        )
        raise DataError(msg)
    dates: list[pd.Timestamp] = []
    for year in [*train, *test]:
        days = calendar.loc[calendar["school_year"] == year, "day"]
        sundays = sorted((days + pd.to_timedelta(6 - days.dt.day_of_week, unit="D")).unique())
        dates += sundays if year in test else sundays[:: config.training.every_weeks]
    panel = build_panel(district, label=label_of(config), as_of=dates, scope=config.label.scope)
    return panel.without(config.training.drop_features)


def check_capacity(config: Config, district: District) -> None:
    """Refuse list sizes that leave out a school with students, or name one that is none, before anything is done."""
    enrolled = district.frame("enrollments")["school_id"].value_counts().rename_axis("school_id")
    capacity_by_school(config.capacity, enrolled)
    if isinstance(config.capacity, Mapping):
        known = set(district.frame("schools")["school_id"])
        for school in config.capacity:
            if school != "*" and school not in known:
                meant = did_you_mean(school, known)
                msg = f"Expected schools of the district in capacity, got {school!r}: {meant}"
                raise ConfigError(msg)


def _check_features(config: Config) -> None:
    """Refuse features to drop that are none, or that a rule reads, before anything is read."""
    dropped = config.training.drop_features
    for name in dropped:
        if name not in CATALOG:
            meant = did_you_mean(name, CATALOG)
            msg = f"Expected features of the catalogue in training.drop_features, got {name!r}: {meant}"
            raise ConfigError(msg)
    for key in config.training.rules:
        needed = [name for name in RULES[key][1].columns if name in dropped]
        if needed:
            msg = (
                f"Expected features that no rule of training.rules reads in training.drop_features, got "
                f"{examples(needed)}, which the rule {key!r} needs; keep them, or leave the rule out."
            )
            raise ConfigError(msg)


def train(config: Config, *, district: District | None = None, tell: Tell = silent) -> TrainResult:
    """Backtest all contestants of a configuration, choose one, log everything, register it as `@candidate`.

    Parameters
    ----------
    config : Config
    district : District, optional
        The configured district where it has been read already.
    tell : callable
        Called with a line of text as each step begins.

    Raises
    ------
    DataError
        If the district's tables fail a check or hold no closed school years to learn from, or a feature sees what
        was not known.
    ConfigError
        If a setting does not fit the data.

    Notes
    -----
    The document that is registered is the very one the backtest scored the test years with. It is not fitted again on
    newer data: what a reviewer signs is what was audited, to the last digit.
    """
    _check_features(config)
    tell("Reading the district")
    district = district_of(config, district)
    check_capacity(config, district)
    tell("Building the panel")
    panel = training_panel(config, district)
    tell("Proving time safety")
    safety = _proven(config, district, panel)
    tell("Fitting and backtesting")
    result = backtest(
        contestants_of(config),
        panel,
        train_years=config.training.train_years,
        test_years=config.training.test_years,
        capacity=config.capacity,
    )
    if not result.deployable:
        msg = (
            "Expected a learner whose tables keep the declared directions, got none "
            f"({examples(result.documents) or 'no learner'}); add the learner 'monotone' to training.learners."
        )
        raise ConfigError(msg)
    document = result.documents[result.deployable]
    tell("Judging every contestant")
    metrics = publish_metrics(result.predictions, config.capacity)
    quality = check_quality(result, result.deployable, bars=config.gate, time_safety=safety.verdict)
    folder = config.models / document.sha256[:12]
    save_backtest(result, folder)
    write_atomic(folder / "model.json", document.to_json().encode())
    bars = {"checks": [check.to_dict() for check in quality], "time_safety": safety.verdict}
    write_atomic(folder / QUALITY, (json.dumps(bars, indent=1, sort_keys=True) + "\n").encode())
    calibration = publish_calibration(result.predictions)
    by_date = publish_metrics_by_date(result.predictions, config.capacity)
    figures = {"metrics": metrics, "by_date": by_date, "calibration": calibration}
    for name, frame in figures.items():
        write_atomic(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode())
    tell("Logging to MLflow")
    version = _log(config, district, result, metrics, calibration, safety, quality)
    # What the audit will be made from lies in an open folder; its hashes are kept where the model is.
    files = ["backtest.json", QUALITY, "predictions.parquet", *(f"{name}.json" for name in result.documents)]
    keep_backtest(version, folder, files, tracker=Tracker(config.tracking.uri, config.tracking.experiment))
    return TrainResult(document, result, metrics, version, folder, safety, quality)


def _proven(config: Config, district: District, panel: Panel) -> TimeSafety:
    """Try whether any feature moves by what was not known; refuse to learn from one that does."""
    dates = panel.frame["as_of"].drop_duplicates().sort_values()
    catalog = {feature.name: feature for feature in panel.features}
    safety = check_time_safety(
        district,
        catalog,
        as_of=[dates.iloc[len(dates) * third // 3] for third in (1, 2)],
        scope=config.label.scope,
        imputed_limit=config.training.max_imputed_share,
        seed=config.training.seed,
    )
    if safety.verdict == "failed":
        msg = (
            f"Expected features that see only what was known on a date, got {examples(safety.guilty)}, which moved "
            "when later records changed; drop them from the training, or make them from visible records."
        )
        raise DataError(msg)
    return safety


def _log(
    config: Config,
    district: District,
    result: Backtest,
    metrics: pd.DataFrame,
    calibration: pd.DataFrame,
    safety: TimeSafety,
    quality: tuple[QualityCheck, ...],
) -> int:
    """Write one parent run and a child per contestant; register the chosen document."""
    tracker = Tracker(config.tracking.uri, config.tracking.experiment)
    settings = json.loads(config.model_dump_json())
    learners = []
    for name, estimator in contestants_of(config).items():
        own = metrics[metrics["contestant"] == name]
        figures = {
            f"{row['rows'].replace(', ', '_')}.{column}": row[column]
            for _, row in own.iterrows()
            for column in own.columns[2:]
        }
        fit = calibration[calibration["contestant"] == name]
        tables = {"metrics.csv": own} | ({"calibration.csv": fit} if len(fit) else {})
        parameters = {key: str(value) for key, value in estimator.get_params(deep=False).items()}
        learners.append(LearnerLog(name, parameters, figures, result.documents.get(name), tables))
    training = TrainingLog(
        name=f"train {config.label.name}",
        config=settings,
        data=fingerprint({name: district.frame(name) for name in TABLES_TO_FINGERPRINT}),
        learners=tuple(learners),
        chosen=result.deployable,
        backtest={
            "train_years": list(result.train_years),
            "test_years": list(result.test_years),
            "trained_on": result.trained_on.isoformat(),
            "training": _rounded(result.training),
            "time_safety": {"verdict": safety.verdict, "what": safety.sentence()},
            "metrics": metrics.to_dict("records"),
            "quality": [check.to_dict() for check in quality],
        },
    )
    run = log_training(training, tracker)
    version: int = register_candidate(
        result.documents[result.deployable], tracker=tracker, run_id=run.learners[result.deployable]
    )
    return version


def _rounded(training: pd.Series) -> dict[str, float]:
    """Totals to hundreds and shares to three digits: what is logged may not be subtracted down to a few students."""
    return {
        str(name): round(float(value), 3) if str(name).endswith("_share") else round(int(value), -2)
        for name, value in training.items()
    }
