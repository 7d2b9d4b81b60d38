"""A configuration's search is made before the backtest, goes on where it was, and leaves a table."""

from __future__ import annotations

import pandas as pd
import pytest

from early_id.config import Config
from early_id.district import simulate_district
from early_id.evaluation import load_backtest
from early_id.exceptions import ConfigError
from early_id.pipeline import train


def settings(folder, **training):
    return Config.model_validate(
        {
            "district": {"path": str(folder)},
            "capacity": "20%",
            "models": str(folder / "models"),
            "tracking": {"uri": f"sqlite:///{folder / 'mlflow.db'}"},
            "training": {
                "learners": ["monotone"],
                "rules": ["pace"],
                "ceiling": False,
                "every_weeks": 12,
                "bags": 0,
                **training,
            },
        }
    )


def test_a_setting_that_is_none_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(
        ConfigError, match=r"Expected settings of MonotoneAdditiveClassifier to search, got 'max_itr'"
    ):
        train(settings(tmp_path, search={"monotone": {"max_itr": [10]}}))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_training_with_folds_histories_and_a_search(tmp_path):
    district = simulate_district(students=300, schools=3, districts=1, years=5, seed=2)
    config = settings(tmp_path, folds=2, histories=[1], search={"monotone": {"max_iter": [1, 30]}})
    lines: list[str] = []
    result = train(config, district=district, tell=lines.append)
    tried = [line for line in lines if line.startswith("Searching")]
    assert tried == [
        "Searching additive: Candidate 1 of 2: max_iter=1",
        "Searching additive: Candidate 2 of 2: max_iter=30",
    ]
    besides = [line for line in lines if line.startswith("Trying: ")]
    assert len(lines) == 7 + config.training.candidates + len(besides)
    table = pd.read_csv(result.folder / "search.csv")
    best = table.loc[table["chosen"]].squeeze()
    assert best["auroc"] == table["auroc"].max()
    assert best["settings"] == f"max_iter={result.document.provenance['parameters']['max_iter']}"
    years = [int(name) for name in result.backtest.folds["fold"].unique()]
    assert result.backtest.test_years == (years[-1],)
    assert len(years) == 2
    for name in ("histories", "decay", "stability", "reached", "calibration_curve"):
        assert len(pd.read_csv(result.folder / f"{name}.csv")) > 0, name
    again = load_backtest(result.folder)
    pd.testing.assert_frame_equal(again.rolling, result.backtest.rolling, check_exact=True)
    logged = {path.name for path in (tmp_path / "mlartifacts").rglob("*.csv")}
    assert {"histories.csv", "decay.csv", "search.csv"} <= logged
    # What was fitted is not fitted again, and the same model comes of it.
    lines.clear()
    second = train(config, district=district, tell=lines.append)
    assert [line for line in lines if "folds done before" in line] == [
        line for line in lines if line.startswith("Searching")
    ]
    assert second.document.sha256 == result.document.sha256
