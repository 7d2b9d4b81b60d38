"""Two models on the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from explain_parts import random_background, random_document

from early_id.exceptions import DataError
from early_id.explain import against_svg, compare_importance, explain, plot_against


@pytest.mark.parametrize("level", ["feature", "concept", "domain"])
def test_each_side_is_the_mean_absolute_value_of_its_own_model(level) -> None:
    background = random_background(6, 80, seed=1)
    one, two = random_document(background, seed=1), random_document(background, seed=2, n_pairs=2)
    frame = compare_importance(one, two, background, level=level)
    for column, document in (("first", one), ("second", two)):
        found = explain(document, background, level=level)
        own = frame.set_index("name")[column]
        np.testing.assert_allclose(
            own[found.feature_names], np.abs(found.values).mean(axis=0), rtol=0, atol=1e-12
        )
    assert (frame["first"] - frame["second"]).abs().is_monotonic_decreasing


def test_a_feature_of_one_model_only_is_missing_in_the_other_and_said_so() -> None:
    background = random_background(3, 80, seed=1)
    one, two = random_document(background, seed=1), random_document(background.drop(columns="f2"), seed=2)
    frame = compare_importance(one, two, background)
    assert np.isnan(frame.set_index("name").loc["f2", "second"])
    axes = plot_against(frame, names=("@candidate", "@champion"))
    assert "f2: " in axes.get_label()
    assert "not used" in axes.get_label()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["@candidate", "@champion"]
    drawn = [np.asarray(part.get_offsets()) for part in axes.collections[1:]]
    np.testing.assert_allclose(drawn[0][:, 0], frame["first"])
    picture = against_svg(frame, names=("a", "b"))
    assert picture == against_svg(frame, names=("a", "b"))
    assert b"<title>What moves the scores of a and of b" in picture


def test_of_equal_differences_what_moves_scores_most_comes_first() -> None:
    background = random_background(5, 80, seed=1)
    document = random_document(background, seed=1)
    assert compare_importance(document, document, background)["first"].is_monotonic_decreasing


def test_no_rows_are_refused() -> None:
    background = random_background(2, 20, seed=1)
    document = random_document(background, seed=1)
    with pytest.raises(DataError, match="at least one row to explain"):
        compare_importance(document, document, background.iloc[:0])
