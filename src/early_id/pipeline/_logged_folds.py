"""What a rolling backtest leaves in MLflow of its earlier trainings: a run for each contestant, fold and history."""

from __future__ import annotations

from typing import Any

import pandas as pd

from early_id.evaluation import Backtest, Capacity, publish_metrics
from early_id.models import AdditiveModel
from early_id.tracking import LearnerLog

HUNDREDS = -2


def fold_logs(
    result: Backtest, capacity: Capacity, figures: dict[str, pd.DataFrame], contestants: dict[str, Any]
) -> tuple[LearnerLog, ...]:
    """Say what is logged of each contestant of the earlier folds and the shorter histories, oldest fold first.

    Nothing is fitted or scored for it: the scores are those of the backtest, the figures those of
    `publish_histories`, and of a fold which that table leaves out those of `publish_metrics`. The latest fold with all
    its history is not among them; its runs hold more, see `learner_logs`.

    Parameters
    ----------
    result : Backtest
    capacity : str, int or mapping
        The list size.
    figures : dict of str to DataFrame
        What was published of the backtest.
    contestants : dict of str to estimator
    """
    logs = []
    for fold in result.folds.to_dict("records")[:-1]:
        here = (result.others["fold"] == fold["fold"]) & (result.others["history"] == fold["history"])
        own = result.others[here]
        metrics = _metrics(own, fold, capacity, figures["histories"])
        about = about_fold(fold, own)
        for name in own["contestant"].unique():
            of = metrics[metrics["contestant"] == name]
            settings = {key: str(value) for key, value in contestants[name].get_params(deep=False).items()}
            logs.append(
                LearnerLog(
                    name,
                    settings | {"fold": about},
                    figures_of(of),
                    tables={"metrics.csv": of},
                    fold=about["name"],
                    history=about["history"],
                    tags=fold_tags(about),
                )
            )
    return tuple(logs)


def _metrics(
    rows: pd.DataFrame, fold: dict[Any, Any], capacity: Capacity, histories: pd.DataFrame
) -> pd.DataFrame:
    """Take the figures of a fold from the table of histories; it leaves out folds that lack one of them."""
    keys = ["fold", "history"]
    own = histories[(histories[keys] == [fold[key] for key in keys]).all(axis=1)].drop(columns=keys)
    return own if len(own) else publish_metrics(rows, capacity)


def about_fold(fold: Any, rows: pd.DataFrame) -> dict[str, Any]:
    """Describe one training of a backtest: its name and history, the school years on either side, what it learned from.

    Parameters
    ----------
    fold : mapping
        A row of `Backtest.folds`.
    rows : pandas.DataFrame
        Its predictions.
    """
    totals = pd.Series({name: fold[name] for name in ("rows", "students", "positives", "treated_share")})
    return {
        "name": fold["fold"],
        "history": fold["history"],
        "train_years": fold["train_years"],
        "test_years": ", ".join(str(year) for year in sorted(rows["school_year"].unique())),
        "trained_on": fold["trained_on"],
        "training": rounded(totals),
    }


def origin_of(document: AdditiveModel) -> dict[str, str]:
    """Say what a document that no fold trained learned from; unknown where it does not tell."""
    years = document.provenance.get("train_years")
    return {
        "train_years": ", ".join(map(str, years)) if years else "unknown",
        "trained_on": str(document.provenance.get("trained_on", "unknown")),
    }


def fold_tags(about: dict[str, Any]) -> dict[str, str]:
    """Choose what runs are looked for by: the school years they learned from and were tested on."""
    return {name: about[name] for name in ("train_years", "test_years", "trained_on")}


def figures_of(metrics: pd.DataFrame) -> dict[str, float]:
    """Name the figures of one contestant, with the ends of their intervals, such as `onset.recall_low`."""
    return {
        f"{row['rows'].replace(', ', '_')}.{column}": row[column]
        for _, row in metrics.iterrows()
        for column in metrics.columns[2:]
    }


def rounded(training: pd.Series) -> dict[str, float]:
    """Totals to hundreds and shares to three digits: what is logged may not be subtracted down to a few students."""
    return {
        str(name): round(float(value), 3) if str(name).endswith("_share") else round(int(value), HUNDREDS)
        for name, value in training.items()
    }
