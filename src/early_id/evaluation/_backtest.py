"""Train on earlier school years, test on a later one, with only what was known when training would have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from early_id.evaluation._calibration import compute_calibration
from early_id.evaluation._capacity import SCORE_DECIMALS, Capacity, plain_capacity
from early_id.evaluation._estimators import estimates, how_many_students
from early_id.evaluation._metrics import SUBSETS, compute_metrics, compute_metrics_by_date, judged_rows
from early_id.evaluation._years import choose_years
from early_id.exceptions import DataError
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
        rankers), label, onset, event_day, treated, seen_in_training, not_scored;
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
    embargo: Literal["strict", "none"] = "strict",
) -> Backtest:
    """Fit every contestant on earlier school years and score a later one.

    Parameters
    ----------
    contestants : mapping of name to estimator
        scikit-learn classifiers, or rankers with `rank_score` such as `PaceRule`.
    panel : Panel
        Built with a label.
    train_years, test_years : sequence of int, optional
        Default: test on the latest year with mature labels, train on all earlier years that have a year before them.
    capacity : str, int or mapping
        The list size at which the deployable contestant is chosen.
    embargo : {"strict", "none"}
        "strict" uses only labels that had matured on the first test date; "none" uses all labels of earlier years,
        as published studies often do, though some were not known yet.

    Raises
    ------
    ConfigError
        If the panel has no label, a year is unknown, training does not come before testing, or a training year has
        no history although features of the year before are used.
    DataError
        If no training row with both outcomes is left.
    """
    train_years, test_years = choose_years(panel, train_years, test_years)
    frame = panel.frame
    test = frame[frame["school_year"].isin(test_years)].reset_index(drop=True)
    trained_on = test["as_of"].min()
    rows = panel.learnable
    rows = rows[rows["school_year"].isin(train_years)]
    if embargo == "strict":
        rows = rows[rows["label_matures_on"] <= trained_on]
    if rows["label"].nunique() < 2:
        msg = (
            f"Expected training rows with and without the outcome in {list(train_years)}, got {len(rows)} rows with "
            f"{rows['label'].nunique()} kinds of label known by {trained_on.date()}; add earlier school years."
        )
        raise DataError(msg)
    X = panel.design(rows)
    y = pd.Series(rows["label"].to_numpy(), X.index, name=panel.label.name if panel.label else "label")
    scored = test["not_scored"].isna().to_numpy()
    design = panel.design(test[scored])
    seen = test["student_id"].isin(rows["student_id"].unique())
    parts, documents = [], {}
    for name, estimator in contestants.items():
        fitted, score, probability = _score(estimator, X, y, design)
        if hasattr(fitted, "document_"):
            documents[name] = _with_origin(fitted.document_, panel, rows, trained_on, embargo)
        columns = {"score": _spread(score, scored), "probability": _spread(probability, scored)}
        carried = [*_CARRIED, *([_RATE] if _RATE in test else [])]
        parts.append(test[carried].assign(contestant=name, seen_in_training=seen, **columns))
    predictions = pd.concat(parts, ignore_index=True)
    return Backtest(
        predictions=predictions,
        documents=documents,
        deployable=_deployable(predictions, documents, capacity),
        label=panel.label.name if panel.label else "",
        capacity=plain_capacity(capacity),
        train_years=tuple(train_years),
        test_years=tuple(test_years),
        trained_on=trained_on.date(),
        embargo=embargo,
        training=pd.Series(
            {
                "rows": len(rows),
                "students": rows["student_id"].nunique(),
                "positives": int(y.sum()),
                "treated_share": float(rows["treated"].mean()),
            }
        ),
    )


def _score(
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
