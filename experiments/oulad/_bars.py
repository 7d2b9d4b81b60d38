"""What the study asks: whether documents are as good as plain models, and the default one as good as a black box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sklearn.metrics import roc_auc_score

from early_id.evaluation import compare_contestants
from experiments.oulad._contestants import AUDITED, CEILINGS, CHOSEN, PLAIN_MODELS

#: Size of the list: this share of the week's students of all modules together.
LIST = "10%"
#: How much AUROC the default document may lose to the best black box on the same features: mean of weeks, any week.
TO_CEILING, TO_CEILING_ANY = 0.01, 0.02


@dataclass(frozen=True)
class Bar:
    """One week's differences of AUROC on the same students; `low` to `high` is 95 %, students clustered, where known.

    The rival is the best one on the very test, which is a little hard on the documents.
    """

    week: int
    learner: str
    inner: Mapping[str, float]
    best_plain: str
    to_plain: float
    low: float | None
    high: float | None
    best_ceiling: str
    to_ceiling: float


def bar(week: int, predictions: pd.DataFrame, inner: Mapping[str, float], learner: str) -> Bar:
    """Measure one week."""
    figures = _figures(predictions)
    plain, ceiling = (max(names, key=lambda name: figures[name]) for names in (PLAIN_MODELS, CEILINGS))
    two = predictions[predictions["contestant"].isin([CHOSEN, plain])]
    gap = compare_contestants(two, LIST, CHOSEN, metrics=["auroc"]).query("rows == 'all'").iloc[0]
    return Bar(
        week=week,
        learner=learner,
        inner=dict(inner),
        best_plain=plain,
        to_plain=float(gap["difference"]),
        low=None if pd.isna(gap["low"]) else float(gap["low"]),
        high=None if pd.isna(gap["high"]) else float(gap["high"]),
        best_ceiling=ceiling,
        to_ceiling=figures[AUDITED] - figures[ceiling],
    )


def verdicts(bars: Sequence[Bar]) -> dict[str, tuple[float, float, bool]]:
    """Give each bar's figure, what is aimed at, and whether it holds."""
    to_ceiling = [one.to_ceiling for one in bars]
    found = {
        "chosen − best plain, worst week": (min(one.to_plain for one in bars), 0.0),
        "additive − best ceiling, mean": (sum(to_ceiling) / len(bars), -TO_CEILING),
        "additive − best ceiling, worst week": (min(to_ceiling), -TO_CEILING_ANY),
    }
    return {name: (figure, aim, figure >= aim) for name, (figure, aim) in found.items()}


def _figures(predictions: pd.DataFrame) -> dict[str, float]:
    """AUROC of every contestant; all have scored the same rows.

    Raises
    ------
    AssertionError
        If they have not.
    """
    known = predictions[predictions["label"].notna()]
    wide = known.pivot(index=["student_id", "school_id"], columns="contestant", values="score")
    if wide.isna().any(axis=None):
        msg = "contestants have scored different students"
        raise AssertionError(msg)
    labels = known.drop_duplicates(["student_id", "school_id"]).set_index(["student_id", "school_id"])
    return {
        str(name): float(roc_auc_score(labels.loc[wide.index, "label"], score))
        for name, score in wide.items()
    }
