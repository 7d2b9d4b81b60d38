"""Train on earlier school years, test on a later one, with only what was known when training would have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from early_id.evaluation._calibration import compute_calibration
from early_id.evaluation._capacity import SCORE_DECIMALS, Capacity, plain_capacity
from early_id.evaluation._estimators import estimates, how_many_students
from early_id.evaluation._folds import Embargo, Rolling, fold_rows, folds_of, spans_of
from early_id.evaluation._metrics import SUBSETS, compute_metrics, compute_metrics_by_date, judged_rows
from early_id.models import AdditiveModel
from early_id.panel import Panel

_CARRIED = [
    "student_id", "school_id", "district_id", "as_of", "school_year", "school_day", "grade_level", "label", "onset",
    "event_day", "treated", "not_scored",
]  # fmt: skip
#: Carried where the panel has it: it says whom a rule of thumb sees already.
_RATE = "absence_rate_year"


@dataclass(frozen=True, eq=False)
class Backtest:
    """Scores of every contestant on school years it was not trained on.

    Attributes
    ----------
    predictions : pandas.DataFrame
        One row per contestant and row of the test years: contestant, student_id, school_id, district_id, as_of,
        school_year, school_day, grade_level, score (what is ranked; missing = not scored), probability (missing for
        rankers), label, onset, event_day, treated, not_scored, and of the training that gave the score: fold (what it
        tests), history ("all"), trained_on, seen_in_training (whether it learned from rows of this student, who recurs
        as in use). Of a rolling backtest it is the latest fold alone: what is printed, audited and deployed.
        absence_rate_year where it is among the features.
    documents : mapping of contestant to AdditiveModel
        What the interpretable contestants learned from the training years.
    deployable : str
        The contestant with a document, monotone where directions are declared, that reaches most at the capacity on
        rows where the event is still ahead; empty if there is none. It is chosen on the very test years whose figures
        are reported and audited, so its own figures are a little too good; a later year is the honest check.
    label : str
    capacity : str, int or mapping
        The list size at which `deployable` was chosen.
    train_years, test_years : tuple of int
    trained_on : datetime.date
        The first test date: no label that matured later was used, unless the embargo is "none".
    embargo : {"strict", "none"}
    training : pandas.Series
        Rows, students, positives and the share of rows after a recorded outreach, in the training years.
    others : pandas.DataFrame
        Predictions of earlier folds and of shorter histories; the columns of `predictions`.
    folds : pandas.DataFrame
        One row per fold and history: fold, history, trained_on, train_years, rows, students, positives.
    """

    predictions: pd.DataFrame
    documents: Mapping[str, AdditiveModel]
    deployable: str
    label: str
    capacity: Capacity
    train_years: tuple[int, ...]
    test_years: tuple[int, ...]
    trained_on: date
    embargo: str
    training: pd.Series
    others: pd.DataFrame = field(default_factory=pd.DataFrame)
    folds: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def rolling(self) -> pd.DataFrame:
        """Predictions of all folds and histories, oldest fold first."""
        return pd.concat([self.others, self.predictions], ignore_index=True)

    def metrics(self, capacity: Capacity | None = None) -> pd.DataFrame:
        """Judge every contestant at one list size; see `compute_metrics`."""
        return compute_metrics(self.predictions, self.capacity if capacity is None else capacity)

    def metrics_by_date(self, capacity: Capacity | None = None) -> pd.DataFrame:
        """Judge every contestant on each as-of date; see `compute_metrics_by_date`."""
        return compute_metrics_by_date(self.predictions, self.capacity if capacity is None else capacity)

    def calibration(self) -> pd.DataFrame:
        """Compare probabilities with what happened; see `compute_calibration`."""
        return compute_calibration(self.predictions)


def backtest(
    contestants: Mapping[str, Any],
    panel: Panel,
    *,
    train_years: Sequence[int] | None = None,
    test_years: Sequence[int] | None = None,
    capacity: Capacity = "5%",
    embargo: Embargo = "strict",
    rolling: Rolling | None = None,
) -> Backtest:
    """Fit every contestant on earlier school years and score a later one; on request, for several years or terms.

    Parameters
    ----------
    contestants : mapping of name to estimator
        scikit-learn classifiers, or rankers with `rank_score` such as `PaceRule`.
    panel : Panel
        Built with a label.
    train_years, test_years : sequence of int, optional
        Default: test on the latest year with mature labels, train on all earlier years that have a year before them.
        Of a rolling backtest these are the years of the latest fold; an earlier fold learns from those before it.
    capacity : str, int or mapping
        The list size at which the deployable contestant is chosen.
    embargo : {"strict", "none"}
        "strict" uses only labels that had matured on the first test date of the fold; "none" uses all labels of
        earlier years, as published studies often do, though some were not known yet.
    rolling : Rolling, optional
        How many test spans, by school year or term, and which histories to compare; default is one fold.

    Raises
    ------
    ConfigError
        If the panel has no label, a year is unknown, training does not come before testing, a training year has
        no history although features of the year before are used, or there are too few years for so many folds.
    DataError
        If no training row with both outcomes is left.

    Notes
    -----
    With folds by term, earlier terms of the test year train too, where half or more of their labels had matured on the
    fold's first test date: those of a term's marks have, those of a whole year's absence are known of leavers alone.
    """
    rolling = rolling or Rolling()
    folds = folds_of(panel, rolling, train_years=train_years, test_years=test_years, embargo=embargo)
    span = spans_of(panel.frame, rolling.by)
    parts: list[pd.DataFrame] = []
    facts: list[dict[str, Any]] = []
    trained: dict[tuple[str, tuple[int, ...]], _Trained] = {}
    for fold in folds:
        # A history as long as all there is, is the same training.
        key = (fold.name, fold.train_years)
        if key not in trained:
            rows, test = fold_rows(panel, fold, span, train_dates=rolling.train_dates, embargo=embargo)
            trained = {key: _train(contestants, panel, rows, test, (fold.trained_on, embargo))}
        found = trained[key]
        parts.append(
            found.predictions.assign(fold=fold.name, history=fold.history, trained_on=fold.trained_on)
        )
        about = {"fold": fold.name, "history": fold.history, "trained_on": fold.trained_on.date().isoformat()}
        facts.append({**about, "train_years": ", ".join(map(str, fold.train_years)), **found.facts})
    predictions = parts.pop()
    return Backtest(
        predictions=predictions,
        documents=found.documents,
        deployable=_deployable(predictions, found.documents, capacity),
        label=panel.label.name if panel.label else "",
        capacity=plain_capacity(capacity),
        train_years=fold.train_years,
        test_years=tuple(sorted(int(year) for year in predictions["school_year"].unique())),
        trained_on=fold.trained_on.date(),
        embargo=embargo,
        training=pd.Series(found.facts),
        others=pd.concat(parts, ignore_index=True) if parts else predictions.iloc[:0],
        folds=pd.DataFrame(facts),
    )


@dataclass(frozen=True, eq=False)
class _Trained:
    """What one training gave."""

    predictions: pd.DataFrame
    documents: dict[str, AdditiveModel]
    facts: dict[str, float]


def _train(
    contestants: Mapping[str, Any],
    panel: Panel,
    rows: pd.DataFrame,
    test: pd.DataFrame,
    when: tuple[pd.Timestamp, Embargo],
) -> _Trained:
    """Fit fresh copies of all contestants on some rows and score others."""
    X = panel.design(rows)
    y = pd.Series(rows["label"].to_numpy(), X.index, name=panel.label.name if panel.label else "label")
    scored = test["not_scored"].isna().to_numpy()
    design = panel.design(test[scored])
    seen = test["student_id"].isin(rows["student_id"].unique())
    parts, documents = [], {}
    for name, estimator in contestants.items():
        fitted, score, probability = fit_and_score(estimator, X, y, design)
        if hasattr(fitted, "document_"):
            documents[name] = _with_origin(fitted.document_, panel, rows, *when)
        columns = {"score": _spread(score, scored), "probability": _spread(probability, scored)}
        carried = [*_CARRIED, *([_RATE] if _RATE in test else [])]
        parts.append(test[carried].assign(contestant=name, seen_in_training=seen, **columns))
    facts = {
        "rows": len(rows),
        "students": rows["student_id"].nunique(),
        "positives": int(y.sum()),
        "treated_share": float(rows["treated"].mean()),
    }
    return _Trained(pd.concat(parts, ignore_index=True), documents, facts)


def fit_and_score(
    estimator: Any, X: pd.DataFrame, y: pd.Series, design: pd.DataFrame
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Fit a fresh copy of a contestant; return it with scores and, where it has them, probabilities."""
    from sklearn.base import clone

    fitted = clone(estimator).fit(X, y)
    if hasattr(fitted, "rank_score"):
        return fitted, np.asarray(fitted.rank_score(design)), None
    probability = fitted.predict_proba(design)[:, 1].round(SCORE_DECIMALS)
    return fitted, probability, probability


def _with_origin(
    document: AdditiveModel, panel: Panel, rows: pd.DataFrame, trained_on: pd.Timestamp, embargo: str
) -> AdditiveModel:
    """Write into the document what it was trained on, so that a signature covers it."""
    origin = {
        "train_years": sorted(int(year) for year in rows["school_year"].unique()),
        "data_window": [rows["as_of"].min().date().isoformat(), rows["as_of"].max().date().isoformat()],
        "trained_on": trained_on.date().isoformat(),
        "embargo": embargo,
        "label": asdict(panel.label) if panel.label else {},
        "imputed_known_at": {table: round(share, 6) for table, share in panel.imputed.items()},
    }
    return replace(document, provenance={**document.provenance, **origin})


def _spread(values: np.ndarray | None, scored: np.ndarray) -> np.ndarray:
    """Put the scored rows' values in their places; missing elsewhere."""
    out = np.full(len(scored), np.nan)
    if values is not None:
        out[scored] = values
    return out


def _deployable(predictions: pd.DataFrame, documents: Mapping[str, Any], capacity: Capacity) -> str:
    """Name the contestant with a document and the best recall at the capacity on onset rows; first wins ties.

    A document whose tables move against a declared direction is compared, and never deployed: more absence may not
    lower a score.
    """
    allowed = [name for name, document in documents.items() if not document.check_monotone()]
    if not allowed:
        return ""
    rows = judged_rows(predictions[predictions["contestant"].isin(allowed)], capacity)
    found = dict(estimates(rows[SUBSETS["onset"](rows)], ("recall",), how_many_students(rows)))["recall"]
    recall = pd.Series({name: found[name].value if name in found else np.nan for name in allowed})
    return str(recall.fillna(-1.0).idxmax())
