from __future__ import annotations

import numpy as np
import pytest
from explain_parts import random_background, random_document

from early_id.exceptions import ConfigError, DataError
from early_id.explain import global_importance, plot_importance, plot_term


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().add_subplot()


@pytest.mark.parametrize("level", ["feature", "concept", "domain"])
def test_bars_have_the_length_of_the_importance(axes, level: str) -> None:
    background = random_background(6, 50, seed=1)
    frame = global_importance(random_document(background, seed=1), background)
    assert plot_importance(frame, axes, level=level) is axes
    rows = frame[frame["level"] == level]
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], rows["importance"])
    assert [label.get_text() for label in axes.get_yticklabels()] == rows["name"].tolist()


def test_a_level_that_is_not_there_is_named(axes) -> None:
    background = random_background(2, 50, seed=1)
    frame = global_importance(random_document(background, seed=1), background)
    with pytest.raises(DataError, match=r"rows of the level 'school', got none"):
        plot_importance(frame, axes, level="school")


@pytest.mark.parametrize(("feature", "kind"), [("f0", "step"), ("f1", "linear"), ("f2", "category")])
def test_every_kind_of_term_is_drawn_against_its_mean_for_each_period(axes, feature: str, kind: str) -> None:
    background = random_background(3, 90, seed=2)
    document = random_document(background, seed=2)
    assert plot_term(document, feature, axes) is axes
    terms = [period.terms[int(feature[1])] for period in document.periods]
    assert {term.kind for term in terms} == {kind}
    drawn = (
        [patch.get_data().values for patch in axes.patches]
        if kind == "step"
        else [line.get_ydata() for line in axes.lines if line.get_label() in {"0 to 19", "20 to 59", "60 on"}]
    )
    assert len(drawn) == 3
    for term, values in zip(terms, drawn, strict=True):
        np.testing.assert_allclose(values, np.array(term.values) - term.mean)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0 to 19", "20 to 59", "60 on"]


def test_without_axes_a_figure_of_its_own_is_made() -> None:
    import sys

    background = random_background(2, 50, seed=1)
    document = random_document(background, seed=1)
    assert (
        plot_term(document, "f0").figure
        is not plot_importance(global_importance(document, background)).figure
    )
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_an_unknown_feature_is_named(axes) -> None:
    background = random_background(2, 50, seed=1)
    with pytest.raises(ConfigError, match=r"got 'f9'; known are 'f0', 'f1'"):
        plot_term(random_document(background, seed=1), "f9", axes)
