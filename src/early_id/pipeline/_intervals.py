"""How sure the tables of the chosen document are: the learner again on resampled students, kept with the training."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from early_id.config import Config
from early_id.evaluation import Backtest, latest_rows
from early_id.exceptions import ConfigError
from early_id.models import AdditiveModel, fit_bags, term_intervals
from early_id.panel import Panel
from early_id.tracking import Tracker, version_of

#: In the run of the chosen contestant, and in the model's folder.
INTERVALS = "intervals.csv"


def fit_intervals(
    config: Config, panel: Panel, result: Backtest, learner: Any, data: Mapping[str, Any]
) -> pd.DataFrame | None:
    """Fit `training.bags` documents more and say where their tables lie; None where fewer than two could be fitted.

    Parameters
    ----------
    learner : estimator
        The chosen contestant.
    data : mapping
        train_years, test_years and rolling, as the backtest was given them.
    """
    if not config.training.bags:
        return None
    document = result.documents[result.deployable]
    train, _ = latest_rows(panel, **data)
    bags = fit_bags(
        learner,
        document,
        panel.design(train),
        train["label"].astype("int64"),
        bags=config.training.bags,
        random_state=config.training.seed,
    )
    return term_intervals(document, bags) if len(bags) > 1 else None


def read_intervals(
    document: AdditiveModel, ref: str | int, *, tracker: Tracker, models: Path
) -> pd.DataFrame | None:
    """Read them from the model's folder, or else from the run it was registered by; None where there are none.

    A document that is learned again keeps its version and the run of the first training; its folder has the latest.
    """
    own = models / document.sha256[:12] / INTERVALS
    if own.is_file():
        return pd.read_csv(own)
    found = version_of(ref, tracker)
    if found is None:
        return None
    try:
        return pd.read_csv(io.BytesIO(tracker.read(found[1], INTERVALS)))
    except ConfigError:
        return None
