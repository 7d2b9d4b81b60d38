"""A training with weights and alternatives, audited: what is kept, what is refused, what nobody may read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from early_id.config import Config
from early_id.district import District, simulate_district
from early_id.exceptions import ConfigError, DataError
from early_id.pipeline import audit, train
from early_id.pipeline._alternatives import ROWS, load_alternatives
from early_id.pipeline._intervals import INTERVALS, read_intervals
from early_id.pipeline._tracker import tracker_of
from early_id.tracking import load_document

WAYS = ["label", "correlation_remover", "group_cut_offs"]


@pytest.fixture(scope="module")
def small() -> District:
    """Few students, so that a training takes seconds."""
    return simulate_district(students=240, schools=3, districts=1, years=4, seed=5)


def config(folder: Path, **mitigation: object) -> Config:
    return Config.model_validate(
        {
            "district": {"path": str(folder)}, "capacity": "20%", "models": str(folder / "models"),
            "tracking": {"uri": f"sqlite:///{folder / 'mlflow.db'}"},
            "training": {
                "every_weeks": 8, "learners": ["monotone"], "rules": ["pace"], "ceiling": False, "bags": 3
            },
            "mitigation": mitigation,
        }
    )  # fmt: skip


@pytest.mark.slow
def test_a_model_learned_with_weights_is_trained_audited_and_says_so(small: District, tmp_path: Path):
    settings = config(tmp_path, attribute="low_income", reweighing=True, alternatives=WAYS)
    trained = train(settings, district=small)
    assert trained.document.provenance["reweighed_by"] == "low_income"
    document = load_document("@candidate", tracker_of(settings))
    assert document.sha256 == trained.document.sha256

    # How sure its tables are: the same learner, weights and periods included, a few times more.
    tracker = tracker_of(settings)
    intervals = read_intervals(document, "@candidate", tracker=tracker, models=tmp_path / "elsewhere")
    pd.testing.assert_frame_equal(intervals, pd.read_csv(trained.folder / INTERVALS))
    table = document.to_frame()
    assert intervals[["period", "feature", "bin"]].equals(table[["period", "feature", "bin"]])
    assert (intervals["low"] <= intervals["high"]).all()
    assert (intervals["low"] < intervals["high"]).any()

    result = audit(settings, district=small).audit
    assert result.about["alternatives_attribute"] == "low_income"
    kinds = set(result.alternatives["mitigation"]["alternative"].str.partition(":")[0])
    assert kinds == {"today", "capacity", *WAYS}
    assert set(result.alternatives["label_view"]["label"]) == {"course_failure"}
    assert result.reason_profile["share"].between(0, 1).all()

    # The rows it was made from lie beside the backtest and are those of the tested year, in its order.
    tried = load_alternatives(trained.folder, {ROWS: ""})
    own = trained.backtest.predictions.query("contestant == 'additive'")
    keys = ["student_id", "school_id", "as_of"]
    assert tried is not None
    assert set(tried.attribution["attribute"]) == set(small.frame("groups")["attribute"])
    assert pd.MultiIndex.from_frame(tried.rows[keys]).equals(pd.MultiIndex.from_frame(own[keys]))
    scored = own["score"].notna().to_numpy()
    for name in tried.rows.columns.difference(keys):
        assert (tried.rows[name].notna().to_numpy() == scored).all()

    # No student is named in the store, groups included.
    ids = [name.encode() for name in small.frame("enrollments")["student_id"].unique()]
    for file in [tmp_path / "mlflow.db", *(tmp_path / "mlartifacts").rglob("*")]:
        if file.is_file():
            content = file.read_bytes()
            assert not [name for name in ids if name in content], file.name

    tried.rows.assign(attribute="gender").to_parquet(trained.folder / ROWS, index=False)
    with pytest.raises(DataError, match="changed"):
        audit(settings, district=small)


def test_an_attribute_that_is_none_is_refused_before_anything_is_computed(small: District, tmp_path: Path):
    said: list[str] = []
    with pytest.raises(ConfigError, match=r"mitigation\.attribute, got 'low_incom'.*'low_income'"):
        train(config(tmp_path, attribute="low_incom"), district=small, tell=said.append)
    assert said == ["Reading the district"]
