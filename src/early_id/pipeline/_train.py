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
    Rolling,
    backtest,
    capacity_by_school,
    check_quality,
    check_settings,
    save_backtest,
    write_atomic,
)
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.fairness import Alternatives
from early_id.models import (
    ABCRule,
    AdditiveModel,
    Ceiling,
    EBMAdditiveClassifier,
    ForestCeiling,
    LastMarkRule,
    LogisticAdditiveClassifier,
    MonotoneAdditiveClassifier,
    PaceRule,
    PointScorecardClassifier,
    PriorYearRule,
    SchoolMeanRule,
    YearToDateRule,
    check_interpret,
)
from early_id.panel import CATALOG, Label, Panel, TimeSafety, build_panel, check_time_safety
from early_id.pipeline._alternatives import (
    check_attribute,
    reweighed,
    save_alternatives,
    try_alternatives,
)
from early_id.pipeline._compare import Comparison, compare, find_champion, with_champion
from early_id.pipeline._intervals import INTERVALS, fit_intervals
from early_id.pipeline._logged import learner_logs, published, training_log
from early_id.pipeline._logged_folds import fold_logs
from early_id.pipeline._row_facts import with_row_facts
from early_id.pipeline._search import searched
from early_id.pipeline._tracker import tracker_of
from early_id.pipeline._turn import in_turn
from early_id.tracking import Run, ends_in_order, file_hashes, log_training, register_candidate

Tell = Callable[[str], None]
#: In a model's folder: how it stands against the bars of the gate, and what time safety said.
QUALITY = "quality.json"
#: Learners by their names in a configuration, with the names reports print.
LEARNERS: Mapping[str, tuple[str, type[Any]]] = MappingProxyType(
    {
        "monotone": ("additive", MonotoneAdditiveClassifier),
        "logistic": ("logistic", LogisticAdditiveClassifier),
        "scorecard": ("scorecard", PointScorecardClassifier),
        "ebm": ("ebm", EBMAdditiveClassifier),
    }
)
#: Rules likewise.
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
#: Rules every table holds, whether asked for or not: what a score is worth must show beside the school and last year.
BASELINES = ("prior_year", "school_mean")


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
    comparison : Comparison
        What the candidate says otherwise than the champion, and how both do on the same rows.
    page : str
        Address of the run's page in MLflow.
    server_command : str
        What shows that page where the store has no server; empty where it has one.
    """

    document: AdditiveModel
    backtest: Backtest
    metrics: pd.DataFrame
    version: int
    folder: Path
    safety: TimeSafety
    quality: tuple[QualityCheck, ...]
    comparison: Comparison
    page: str
    server_command: str


def label_of(config: Config) -> Label:
    """Return the label a configuration asks for."""
    return Label(**config.label.model_dump())


def contestants_of(config: Config) -> dict[str, Any]:
    """Learners, rules and the ceilings a configuration asks for, by the names reports print.

    The baselines take part unless a feature they read is dropped.
    """
    seed = config.training.seed
    chosen: list[tuple[str, Any]] = []
    for name, learner in map(LEARNERS.__getitem__, config.training.learners):
        chosen.append((name, learner(directions="catalogue", random_state=seed)))
    asked = config.training.rules
    dropped = set(config.training.drop_features)
    missing = [key for key in BASELINES if key not in asked and not dropped & set(RULES[key][1].columns)]
    for name, rule in map(RULES.__getitem__, (*asked, *missing)):
        chosen.append((name, rule()))
    if config.training.ceiling:
        chosen += [
            ("ceiling", Ceiling(random_state=seed)),
            ("forest ceiling", ForestCeiling(random_state=seed)),
        ]
    return dict(chosen)


def _spaces(config: Config) -> dict[str, Any]:
    """Name the settings to try, by contestant."""
    return {LEARNERS[name][0]: space for name, space in config.training.search.items()}


def training_panel(config: Config, district: District) -> Panel:
    """Build the rows to learn from: years that are tested weekly, the others every n-th week.

    The first school year of the data only supplies history, unless every feature of the year before is dropped. The
    features to drop are still there: the champion may use them.
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
    # The first training year has none before it: no fold tests it.
    earlier = sorted(train)[1:]
    weekly = {*test, *earlier[max(0, len(earlier) - config.training.folds + 1) :]}
    sundays = _sundays(calendar)
    dates: list[pd.Timestamp] = []
    for year in [*train, *test]:
        dates += sundays.get(year, [])[:: 1 if year in weekly else config.training.every_weeks]
    return build_panel(district, label=label_of(config), as_of=dates, scope=config.label.scope)


def _sundays(calendar: pd.DataFrame) -> dict[int, list[pd.Timestamp]]:
    """List the Sundays that end a school week, by school year."""
    ends = calendar["day"] + pd.to_timedelta(6 - calendar["day"].dt.day_of_week, unit="D")
    return {int(year): sorted(days.unique()) for year, days in ends.groupby(calendar["school_year"])}


def rolling_of(config: Config, district: District) -> Rolling:
    """Say which trainings are replayed; each learns from every n-th week, also where the panel is weekly."""
    sundays = _sundays(district.frame("calendar"))
    return Rolling(
        folds=config.training.folds,
        by=config.training.fold_by,
        histories=config.training.histories,
        train_dates=[day for days in sundays.values() for day in days[:: config.training.every_weeks]],
    )


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
        If a setting does not fit the data, or a learner needs a package that is not there.

    Notes
    -----
    The document that is registered is the very one the backtest scored the test years with. It is not fitted again on
    newer data: what a reviewer signs is what was audited, to the last digit.
    """
    _check_features(config)
    if "ebm" in config.training.learners:
        check_interpret()
    contestants = contestants_of(config)
    for name, space in _spaces(config).items():
        check_settings(contestants[name], [space])
    tell("Reading the district")
    district = district_of(config, district)
    check_capacity(config, district)
    check_attribute(config, district)
    tracker = tracker_of(config)
    # Open from here on, so that MLflow also shows a training that failed or was stopped.
    with tracker.run(f"train {config.label.name}") as run, ends_in_order():
        return _trained(config, district, contestants, run, tell)


def _trained(
    config: Config, district: District, contestants: dict[str, Any], run: Run, tell: Tell
) -> TrainResult:
    """Do all the work inside the run of the training."""
    tell("Building the panel")
    whole = training_panel(config, district)
    panel = whole.without(config.training.drop_features)
    tell("Proving time safety")
    safety = _proven(config, district, panel)
    data: dict[str, Any] = {
        "panel": panel,
        "train_years": config.training.train_years,
        "test_years": config.training.test_years,
        "rolling": rolling_of(config, district),
    }
    contestants, tried = searched(
        contestants, _spaces(config), folder=config.models / "search", tell=tell, **data
    )
    contestants = reweighed(contestants, config, district)
    tell("Fitting and backtesting")
    result = backtest(contestants, capacity=config.capacity, **data)
    if not result.deployable:
        msg = (
            "Expected a learner whose tables keep the declared directions, got none "
            f"({examples(result.documents) or 'no learner'}); add the learner 'monotone' to training.learners."
        )
        raise ConfigError(msg)
    spans = {name: part for name, part in data.items() if name != "panel"}
    tried_besides = try_alternatives(
        config, district, panel, result, contestants[result.deployable], data=spans, tell=tell
    )
    if config.training.bags:
        tell("Learning again from resampled students")
    intervals = fit_intervals(config, panel, result, contestants[result.deployable], spans)
    tell("Comparing with the champion")
    champion = find_champion(result, whole, run.tracker)
    result = with_champion(result, whole, champion)
    result = with_row_facts(result, panel, district)
    tell("Judging every contestant")
    figures = published(result, config.capacity) | ({"search": tried} if len(tried) else {})
    quality = check_quality(result, result.deployable, bars=config.gate, time_safety=safety.verdict)
    comparison = compare(result, champion, figures["metrics"])
    tell("Logging to MLflow")
    learners = learner_logs(config, whole, result, figures, contestants, comparison, intervals)
    earlier = fold_logs(result, config.capacity, figures, contestants) if len(result.others) else ()
    log = training_log(
        config,
        district,
        panel,
        result,
        figures,
        (*earlier, *learners),
        safety=safety,
        quality=quality,
        comparison=comparison,
    )
    runs = log_training(log, run)
    bars = {"checks": [check.to_dict() for check in quality], "time_safety": safety.verdict}
    texts = {
        "diff.txt": "\n".join(comparison.lines()) + "\n",
        QUALITY: json.dumps(bars, indent=1, sort_keys=True) + "\n",
    }
    if intervals is not None:
        texts[INTERVALS] = intervals.to_csv(index=False, lineterminator="\n")
    (chosen,) = (learner.key for learner in learners if learner.name == result.deployable)
    folder, version = _kept(config, result, tried_besides, figures, texts, run, runs[chosen])
    document = result.documents[result.deployable]
    return TrainResult(
        document=document,
        backtest=result,
        metrics=figures["metrics"],
        version=version,
        folder=folder,
        safety=safety,
        quality=quality,
        comparison=comparison,
        page=run.page,
        server_command=run.tracker.server_command,
    )


def _kept(
    config: Config,
    result: Backtest,
    tried: Alternatives | None,
    figures: dict[str, pd.DataFrame],
    texts: dict[str, str],
    run: Run,
    learner_run: str,
) -> tuple[Path, int]:
    """Write the model's folder and register the model; of two trainings at once one waits for the other."""
    document = result.documents[result.deployable]
    folder = config.models / document.sha256[:12]
    with in_turn(config.models):
        files = [*save_backtest(result, folder), *save_alternatives(tried, folder), QUALITY]
        write_atomic(folder / "model.json", document.to_json().encode())
        for name, text in texts.items():
            write_atomic(folder / name, text.encode())
        for name, frame in figures.items():
            write_atomic(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode())
        # What the audit will be made from lies in an open folder; its hashes are kept where the model is.
        version: int = register_candidate(
            document, tracker=run.tracker, run_id=learner_run, files=file_hashes(folder, files)
        )
    return folder, version


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
