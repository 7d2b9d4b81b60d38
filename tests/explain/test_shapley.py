from __future__ import annotations

import itertools
import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explain_parts import STARTS, random_background, random_document
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.exceptions import ConfigError, DataError
from early_id.explain import explain
from early_id.models import MonotoneAdditiveClassifier


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n_features=st.integers(1, 12))
def test_base_and_values_add_up_to_the_score(seed: int, n_features: int) -> None:
    background = random_background(n_features, 300, seed)
    document = random_document(background, seed, n_pairs=seed % 4)
    found = explain(document, background)
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total, document.decision_function(background), rtol=0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_values_average_to_zero_over_the_background_of_each_period(seed: int) -> None:
    background = random_background(6, 300, seed)
    found = explain(random_document(background, seed, n_pairs=seed % 4), background)
    period = np.searchsorted(STARTS, background["school_day"], side="right")
    for number in np.unique(period):
        np.testing.assert_allclose(found.values[period == number].mean(axis=0), 0, atol=1e-9)


def trained_rows(n_rows: int, n_features: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Features that share a cause, a tenth of the cells unknown, and an outcome that follows from them."""
    rng = np.random.default_rng(seed)
    cells = rng.normal(size=(n_rows, 1)) + rng.normal(size=(n_rows, n_features))
    outcome = rng.random(n_rows) < 1 / (1 + np.exp(-cells.sum(axis=1)))
    cells[rng.random(cells.shape) < 0.1] = np.nan
    return pd.DataFrame(cells, columns=[f"f{j}" for j in range(n_features)]), pd.Series(outcome.astype(int))


def by_coalitions(
    document: Any, row: pd.DataFrame, background: pd.DataFrame, families: list[list[str]] | None = None
) -> Any:
    """Shapley values by their definition: every coalition, the others drawn from every background row."""
    players = families or [[name] for name in document.feature_names]
    names = list(range(len(players)))
    worth = {}
    for size in range(len(names) + 1):
        for known in itertools.combinations(names, size):
            filled = background.assign(**{name: row[name].iloc[0] for one in known for name in players[one]})
            worth[frozenset(known)] = document.decision_function(filled).mean()
    values = []
    for name in names:
        others = [known for known in worth if name not in known]
        weights = [
            math.factorial(len(known))
            * math.factorial(len(names) - len(known) - 1)
            / math.factorial(len(names))
            for known in others
        ]
        gains = [worth[known | {name}] - worth[known] for known in others]
        values.append(float(np.dot(weights, gains)))
    return np.array(values), worth[frozenset()]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), n_features=st.integers(2, 4), n_pairs=st.integers(0, 3))
def test_it_equals_the_definition_with_pairs_too(seed: int, n_features: int, n_pairs: int) -> None:
    background = random_background(n_features, 30, seed).assign(school_day=30.0)
    document = random_document(background, seed, n_pairs)
    row = random_background(n_features, 1, seed + 1).assign(school_day=30.0)
    values, base = by_coalitions(document, row, background)
    found = explain(document, row)
    np.testing.assert_allclose(found.values[0], values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.base_values[0], base, rtol=0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), n_pairs=st.integers(0, 6), level=st.sampled_from(["concept", "domain"]))
def test_families_are_players_of_their_own_game(seed: int, n_pairs: int, level: Any) -> None:
    """Revealed together, as the definition has it: also where a pair lies within a family, or reaches across."""
    background = random_background(5, 30, seed).assign(school_day=30.0)
    document = random_document(background, seed, n_pairs)
    row = random_background(5, 1, seed + 1).assign(school_day=30.0)
    families: dict[str, list[str]] = {}
    for info in document.features:
        families.setdefault(getattr(info, level), []).append(info.name)
    values = by_coalitions(document, row, background, list(families.values()))[0]
    found = explain(document, row, level=level)
    assert found.feature_names == list(families)
    assert found.data is None
    np.testing.assert_allclose(found.values[0], values, rtol=0, atol=1e-9)


def test_an_unknown_level_is_named() -> None:
    background = random_background(2, 20, seed=1)
    level: Any = "domian"
    with pytest.raises(ConfigError, match=r"got 'domian'; did you mean 'domain'"):
        explain(random_document(background, seed=1), background, level=level)


def exact(document: Any, rows: pd.DataFrame, background: pd.DataFrame, day: float) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        names = list(document.feature_names)

        def model(values: Any) -> Any:
            return document.decision_function(pd.DataFrame(values, columns=names).assign(school_day=day))

        masker = shap.maskers.Independent(background[names].to_numpy(), max_samples=len(background))
        return shap.explainers.Exact(model, masker)(rows[names].to_numpy(), max_evals=2 ** len(names) + 1)


@pytest.mark.parametrize(
    ("n_features", "n_pairs"), [(1, 0), (3, 0), (4, 3), pytest.param(8, 5, marks=pytest.mark.slow)]
)
def test_it_equals_the_exact_explainer_in_every_period(n_features: int, n_pairs: int) -> None:
    background = random_background(n_features, 90, seed=n_features)
    document = random_document(background, seed=n_features, n_pairs=n_pairs)
    for start, end in zip(STARTS, (*STARTS[1:], 1000), strict=True):
        inside = background[background["school_day"].between(start, end, inclusive="left")]
        assert inside["f0"].isna().any() or len(inside) < 20
        ours, theirs = (
            explain(document, inside.head(4)),
            exact(document, inside.head(4), inside, float(start)),
        )
        np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-9)
        np.testing.assert_allclose(ours.base_values, theirs.base_values, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(ours.data, theirs.data)


@pytest.mark.slow
def test_it_equals_the_exact_explainer_with_twelve_features() -> None:
    background = random_background(12, 60, seed=5).assign(school_day=30.0)
    document = random_document(background, seed=5)
    rows = random_background(12, 3, seed=6).assign(school_day=30.0)
    ours, theirs = explain(document, rows), exact(document, rows, background, 30.0)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), n_features=st.integers(2, 4), n_pairs=st.integers(0, 3))
def test_another_background_is_that_of_the_definition(seed: int, n_features: int, n_pairs: int) -> None:
    document = random_document(random_background(n_features, 90, seed), seed, n_pairs)
    others = random_background(n_features, 80, seed + 1)
    rows = random_background(n_features, 3, seed + 2).assign(school_day=[5.0, 30.0, 100.0])
    found = explain(document, rows, others)
    for i, (start, end) in enumerate(zip(STARTS, (*STARTS[1:], 1000), strict=True)):
        own = others[others["school_day"].between(start, end, inclusive="left")].assign(
            school_day=float(start)
        )
        values, base = by_coalitions(document, rows.iloc[[i]], own)
        np.testing.assert_allclose(found.values[i], values, rtol=0, atol=1e-9)
        np.testing.assert_allclose(found.base_values[i], base, rtol=0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), n_pairs=st.integers(0, 3))
def test_the_training_rows_as_a_background_are_the_default(seed: int, n_pairs: int) -> None:
    background = random_background(4, 200, seed)
    document = random_document(background, seed, n_pairs)
    given_, default = explain(document, background, background), explain(document, background)
    np.testing.assert_allclose(given_.values, default.values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(given_.base_values, default.base_values, rtol=0, atol=1e-9)


def test_a_background_without_rows_in_a_period_is_refused_only_where_the_period_is_asked_for() -> None:
    background = random_background(3, 200, seed=1)
    document = random_document(background, seed=1)
    early = background[background["school_day"] < 20]
    assert np.isfinite(explain(document, early, early).values).all()
    with pytest.raises(DataError, match=r"got none in school days 20–59; add rows of those school days"):
        explain(document, background, early)


def test_it_equals_the_tree_explainer_on_bin_codes() -> None:
    """The trees that the tables were read off, explained by shap itself: one column per feature and one for unknown."""
    X, y = trained_rows(600, 5, seed=4)
    model = MonotoneAdditiveClassifier(
        directions=None, calibrate=False, max_iter=30, max_bins=8, random_state=1
    ).fit(X, y)
    fit = model.fits_[0]
    columns = fit.bins.matrix(fit.bins.codes(X.to_numpy()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        masker = shap.maskers.Independent(columns, max_samples=len(columns))
        theirs = shap.TreeExplainer(fit.boosters[0], masker).shap_values(columns[:50], check_additivity=False)
    for indicator, j in enumerate(fit.bins.unknown.tolist()):
        theirs[:, j] += theirs[:, 5 + indicator]
    ours = explain(model.document_, X.head(50))
    assert np.abs(ours.values).max() > 0.1
    np.testing.assert_allclose(ours.values, theirs[:, :5], rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "plot", ["bar", "beeswarm", "waterfall", "scatter", "heatmap", "violin", "decision", "force"]
)
def test_every_plot_of_shap_draws_it(plot: str) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"backend": "agg"}):
        import shap
        from matplotlib import pyplot

        background = random_background(4, 40, seed=2)
        found = explain(random_document(background, seed=2), background)
        draw = getattr(shap.plots, plot)
        if plot == "waterfall":
            draw(found[0], show=False)
        elif plot == "scatter":
            draw(found[:, "f0"], show=False)
        elif plot == "decision":
            draw(found.base_values[0], found.values, feature_names=found.feature_names, show=False)
        elif plot == "force":
            assert "f0" in draw(found[0], matplotlib=False).html()
        else:
            draw(found, show=False)
        pyplot.close("all")


def test_the_explanation_keeps_order_names_and_data() -> None:
    background = random_background(5, 50, seed=1)
    document = random_document(background, seed=1)
    found = explain(document, background[background.columns[::-1]])
    assert list(found.feature_names) == ["f0", "f1", "f2", "f3", "f4"]
    np.testing.assert_array_equal(found.data, background[found.feature_names].to_numpy())
    assert found.values.shape == (50, 5)
    assert found.base_values.shape == (50,)


def test_a_missing_feature_is_named() -> None:
    background = random_background(3, 50, seed=1)
    with pytest.raises(DataError, match="'f1'"):
        explain(random_document(background, seed=1), background.drop(columns="f1"))


def test_the_room_loads_shap_and_matplotlib_only_on_use() -> None:
    code = (
        "import sys, early_id.explain as room\n"
        "for name in room.__all__: getattr(room, name)\n"
        "sys.exit(any(heavy in sys.modules for heavy in ('mlflow', 'shap', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("first", ["import early_id.explain", "from early_id.explain import reasons", "pass"])
def test_room_and_function_of_one_name_do_not_get_in_each_others_way(first: str) -> None:
    code = (
        f"import early_id\n{first}\n"
        "assert callable(early_id.explain)\n"
        "from early_id.explain import global_importance\n"
        "assert callable(early_id.explain)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_calling_the_room_explains() -> None:
    background = random_background(3, 50, seed=1)
    document = random_document(background, seed=1)
    room: Any = sys.modules["early_id.explain"]
    np.testing.assert_array_equal(room(document, background).values, explain(document, background).values)
