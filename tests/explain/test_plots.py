from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explain_parts import random_background, random_document

from early_id.exceptions import ConfigError, DataError
from early_id.explain import global_importance, plot_importance, plot_term, terms_svg
from early_id.models import (
    AdditiveModel,
    FeatureInfo,
    MonotoneAdditiveClassifier,
    Period,
    Term,
    term_intervals,
)


def new_axes():
    from matplotlib.figure import Figure

    return Figure().add_subplot()


@pytest.fixture
def axes():
    return new_axes()


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


def test_grey_bars_show_how_many_students_and_never_a_few(axes) -> None:
    term = Term("x", "step", (1.0, 2.0, 3.0), (0.0, 1.0, 2.0, 3.0), 0.0)
    document = AdditiveModel("l", [FeatureInfo("x")], [Period(0, None, 0.0, (term,))])
    X = pd.DataFrame({"x": [1.0] * 40 + [2.0] * 20 + [3.0] * 30})
    # Three weeks each of ten students are still ten students.
    X.index = pd.Index([*range(60), *(100 + number % 10 for number in range(30))], name="student_id")
    plot_term(document, "x", axes, X=X)
    bars = {round(bar.get_x() + bar.get_width() / 2, 6): bar.get_height() for bar in axes.patches[1:]}
    assert bars[1.0] == pytest.approx(2 * bars[2.0])
    assert bars[1.0] > 0
    assert bars[3.0] == 0


def test_a_shade_shows_where_the_bags_lie_and_each_bag_is_a_document_of_its_own(axes) -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"x": rng.integers(0, 6, 400).astype(float)})
    y = (rng.random(400) < 0.1 + 0.1 * X["x"]).astype(int)
    model = MonotoneAdditiveClassifier(directions=None, bags=4, max_iter=20, random_state=2).fit(X, y)
    bags = model.bag_documents_
    assert len(bags) == 4
    # The whole is the average of its bags, row by row.
    together = np.mean([bag.decision_function(X) for bag in bags], axis=0)
    np.testing.assert_allclose(together, model.document_.decision_function(X), rtol=0, atol=1e-9)
    np.testing.assert_allclose([bag.shapley_values(X).mean().item() for bag in bags], 0, atol=1e-9)
    plot_term(model.document_, "x", axes, intervals=term_intervals(model.document_, bags))
    line, shade = (patch.get_data() for patch in axes.patches)
    own, *centred = (
        np.array(one.periods[0].terms[0].values) - one.periods[0].terms[0].mean
        for one in (model.document_, *bags)
    )
    # 2.3534 is the 95th percentile of Student's distribution with three degrees of freedom.
    half = 2.3534 * np.std(centred, axis=0, ddof=1)
    np.testing.assert_allclose(shade.values, own + half, rtol=1e-4)
    np.testing.assert_allclose(shade.baseline, own - half, rtol=1e-4, atol=1e-5)
    assert (shade.values >= shade.baseline).all()
    np.testing.assert_array_equal(line.edges, shade.edges)
    assert MonotoneAdditiveClassifier(directions=None, max_iter=5).fit(X, y).bag_documents_ == ()


def test_every_plot_says_in_words_what_it_shows() -> None:
    background = random_background(3, 90, seed=2)
    document = random_document(background, seed=2)
    term = plot_term(document, "f0", X=background)
    assert term.get_label().startswith("What f0 adds to the score, log-odds. school days 0 to 19: from ")
    bars = plot_importance(global_importance(document, background), level="concept")
    assert bars.get_label().startswith("What moves the scores, by concept")
    picture = terms_svg(document, background)
    assert b"<title>What f" in picture
    title = picture.split(b"<title>")[1].split(b"</title>")[0]
    assert title.count(b" adds to the score, log-odds.") == 3


def test_shades_of_every_kind_of_table_lie_where_the_intervals_say(axes) -> None:
    """A document beside itself twice: the shade has no width and lies on the line, in every period."""
    document = random_document(random_background(4, 90, seed=2), seed=2)
    intervals = term_intervals(document, [document, document])
    for name in document.feature_names:
        position = document.feature_names.index(name)
        for period in document.periods:
            one = replace(document, periods=(replace(period, from_day=0, to_day=None),))
            own = intervals[intervals["from_day"] == period.from_day].assign(from_day=0)
            drawn = plot_term(one, name, new_axes(), intervals=own)
            term = period.terms[position]
            values = np.array(term.values) - term.mean
            if term.kind == "step":
                shade = drawn.patches[-1].get_data()
                np.testing.assert_allclose(shade.values, values)
                np.testing.assert_allclose(shade.baseline, values)
            else:
                points = np.concatenate([path.vertices for path in drawn.collections[-1].get_paths()])
                np.testing.assert_allclose(np.unique(points[:, 1].round(9)), np.unique(values.round(9)))
            assert "it is at most 0.00 wide" in drawn.get_label()


def test_an_unknown_feature_is_named(axes) -> None:
    background = random_background(2, 50, seed=1)
    with pytest.raises(ConfigError, match=r"got 'f9'; known are 'f0', 'f1'"):
        plot_term(random_document(background, seed=1), "f9", axes)
