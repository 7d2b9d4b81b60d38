"""Which document learner to trust, by what happened inside the training presentations alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from early_id.panel import Panel
from experiments.oulad._columns import with_base_rate
from experiments.oulad._contestants import ON_NEARBY_DAYS, left_out, readable
from experiments.oulad._panels import DAYS_OFF

# Parts of the students where there is one training presentation only.
_PARTS = 3


def inner_figures(panel: Panel) -> dict[str, float]:
    """Judge the document learners on each training presentation in turn, after training on the others.

    Parameters
    ----------
    panel : Panel
        One week of the training presentations, without rows of the one that is tested.

    Returns
    -------
    dict of learner to float
        Mean AUROC. A student who is judged trains nothing; module shares are those of the rows that train. With one
        presentation it is judged in parts of its students.
    """
    found: dict[str, list[float]] = {}
    panel = panel.where(panel.frame["label"].notna())
    own_day = panel.frame[DAYS_OFF] == 0
    for trained, judged in _folds(panel.frame):
        fold = with_base_rate(panel, trained & own_day)
        X, y = fold.design(fold.frame), fold.frame["label"].to_numpy()
        # A calibration is one straight line for all rows: it moves no AUROC.
        for name, learner in readable(fold, calibrate=False).items():
            rows = (trained if name in ON_NEARBY_DAYS else trained & own_day).to_numpy()
            own = X.drop(columns=left_out(fold)) if name in ON_NEARBY_DAYS else X
            fitted = learner.fit(own[rows], y[rows])
            score = fitted.decision_function(own[judged.to_numpy()])
            found.setdefault(name, []).append(float(roc_auc_score(y[judged], score)))
    return {name: float(np.mean(figures)) for name, figures in found.items()}


def _folds(rows: pd.DataFrame) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Say which rows train and which are judged."""
    own_day = rows[DAYS_OFF] == 0
    years = sorted(rows["school_year"].unique())
    if len(years) > 1:
        for year in years:
            of_year = rows["school_year"] == year
            yield ~rows["student_id"].isin(rows.loc[of_year, "student_id"]), of_year & own_day
        return
    parts = StratifiedGroupKFold(_PARTS, shuffle=True, random_state=0)
    for _, places in parts.split(rows, rows["label"], rows["student_id"]):
        judged = pd.Series(False, rows.index)
        judged.iloc[places] = True
        yield ~judged, judged & own_day
