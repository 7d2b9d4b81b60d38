from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explain_parts import random_background, random_document

from early_id.exceptions import DataError
from early_id.explain import explain, global_importance
from early_id.models import AdditiveModel, FeatureInfo, Period, Term


def test_each_level_is_the_mean_absolute_sum_of_its_shapley_values() -> None:
    background = random_background(6, 200, seed=3)
    document = random_document(background, seed=3)
    frame = global_importance(document, background).set_index(["level", "name"])
    values = explain(document, background).values
    for j in range(6):
        row = frame.loc[("feature", f"f{j}")]
        assert row["importance"] == pytest.approx(np.abs(values[:, j]).mean(), abs=1e-12)
        assert row["mean_value"] == pytest.approx(values[:, j].mean(), abs=1e-12)
        assert (row["concept"], row["domain"]) == (f"c{j // 2}", f"d{j // 4}")
    expected = np.abs(values[:, 2] + values[:, 3]).mean()
    assert frame.loc[("concept", "c1"), "importance"] == pytest.approx(expected, abs=1e-12)
    expected = np.abs(values[:, 4:].sum(axis=1)).mean()
    assert frame.loc[("domain", "d1"), "importance"] == pytest.approx(expected, abs=1e-12)


def test_the_most_important_comes_first_within_each_level() -> None:
    background = random_background(6, 200, seed=3)
    frame = global_importance(random_document(background, seed=3), background)
    for _, rows in frame.groupby("level"):
        assert rows["importance"].is_monotonic_decreasing
    assert frame["level"].drop_duplicates().tolist() == ["feature", "concept", "domain"]


def test_two_windows_that_cancel_out_make_no_important_concept() -> None:
    up, down = (Term(name, "step", (1.0,), (-size, size), 0.0) for name, size in (("a", 1.0), ("b", -1.0)))
    features = [
        FeatureInfo("a", concept="absence", domain="x"),
        FeatureInfo("b", concept="absence", domain="y"),
    ]
    document = AdditiveModel("l", features, [Period(0, None, 0.0, (up, down))])
    frame = global_importance(document, pd.DataFrame({"a": [0.0, 2.0], "b": [0.0, 2.0]})).set_index("name")
    assert frame.loc["a", "importance"] == 1.0
    assert frame.loc["absence", "importance"] == 0.0
    assert frame.loc["absence", "domain"] == ""


def test_no_rows_are_refused() -> None:
    background = random_background(2, 20, seed=3)
    with pytest.raises(DataError, match="at least one row to explain"):
        global_importance(random_document(background, seed=3), background.iloc[:0])
