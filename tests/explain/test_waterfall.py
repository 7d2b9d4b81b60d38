"""One score from the average to what it is, exactly in log-odds and for reading in probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explain_parts import random_background, random_document
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.explain import alt_text, explain, new_figure, plot_waterfall, waterfall_steps, waterfall_svg
from early_id.models import AdditiveModel, FeatureInfo, Period, Term


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n_features=st.integers(1, 14), n_pairs=st.integers(0, 3))
def test_the_steps_lead_from_the_average_to_the_score(seed: int, n_features: int, n_pairs: int) -> None:
    background = random_background(n_features, 60, seed)
    document = random_document(background, seed, n_pairs if n_features > 3 else 0)
    row = explain(document, background)[0]
    score = document.decision_function(background)[0]
    chance = document.predict_proba(background)[0, 1]
    steps, read = waterfall_steps(row), waterfall_steps(row, scale="probability")
    assert len(steps) == min(n_features, 11)
    assert steps["start"].iloc[0] == pytest.approx(row.base_values, abs=1e-9)
    assert steps["end"].iloc[-1] == pytest.approx(score, abs=1e-9)
    np.testing.assert_allclose(steps["start"].iloc[1:], steps["end"].iloc[:-1], rtol=0, atol=1e-9)
    own = dict(zip(row.feature_names, row.values, strict=True))
    for name, start, end in steps[["name", "start", "end"]].itertuples(index=False):
        if name in own:
            assert end - start == pytest.approx(own[name], abs=1e-9)
    assert read["start"].iloc[0] == pytest.approx(1 / (1 + np.exp(-row.base_values)), abs=1e-9)
    assert read["end"].iloc[-1] == pytest.approx(chance, abs=1e-6)
    lengths, exact = (frame["end"] - frame["start"] for frame in (read, steps))
    if abs(row.values.sum()) > 1e-6:
        np.testing.assert_allclose(lengths * exact.sum(), exact * lengths.sum(), rtol=0, atol=1e-9)


def test_several_rows_are_refused() -> None:
    background = random_background(2, 20, seed=1)
    with pytest.raises(DataError, match=r"explanation of one row, got values of shape \(20, 2\)"):
        waterfall_steps(explain(random_document(background, seed=1), background))


@pytest.mark.parametrize("level", ["feature", "domain"])
def test_bars_are_the_steps_and_the_plot_says_so_in_words(level) -> None:
    background = random_background(6, 40, seed=3)
    row = explain(random_document(background, seed=3), background, level=level)[0]
    figure = new_figure(6, 4)
    axes = figure.subplots()
    assert plot_waterfall(row, axes) is axes
    steps = waterfall_steps(row)
    np.testing.assert_allclose(
        [bar.get_width() for bar in axes.patches], steps["end"] - steps["start"], atol=1e-12
    )
    assert "for reading" not in axes.get_xlabel()
    plot_waterfall(row, figure.add_subplot(), scale="probability")
    assert "for reading, not Shapley values" in figure.axes[1].get_xlabel()
    assert alt_text(figure).count("Waterfall of one score") == 2
    assert "log-odds, " in alt_text(figure)


@pytest.mark.parametrize(("score", "said"), [(9.0, "over 99.9 %"), (-9.0, "under 0.1 %"), (0.0, "50.0 %")])
def test_no_score_is_certain(score: float, said: str) -> None:
    term = Term("x", "step", (), (score,), 0.0, mean=0.0)
    document = AdditiveModel("l", [FeatureInfo("x")], [Period(0, None, 0.0, (term,))])
    axes = plot_waterfall(explain(document, pd.DataFrame({"x": [1.0]}))[0])
    assert axes.get_xlabel().endswith(
        f"= {score:.2f} log-odds, {said}; dotted: the average, line: this score"
    )


def test_an_unknown_value_is_named_so() -> None:
    background = random_background(2, 40, seed=3)
    row = explain(random_document(background, seed=3), background.assign(f0=np.nan))[0]
    assert any(label.get_text() == "f0 = unknown" for label in plot_waterfall(row).get_yticklabels())


def test_pictures_are_the_same_bytes_every_time_and_carry_their_text() -> None:
    background = random_background(3, 40, seed=3)
    row = explain(random_document(background, seed=3), background)[0]
    picture = waterfall_svg(row, scale="probability")
    assert picture == waterfall_svg(row, scale="probability")
    assert b"<title>Waterfall of one score in probability (for reading, not Shapley values)" in picture
    assert isinstance(pd.Series(picture.splitlines()).iloc[0], bytes)
