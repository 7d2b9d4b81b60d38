"""Made documents and made students with a known law, shared by the tests of this room."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from early_id.models import AdditiveModel, Axis, Calibration, FeatureInfo, Pair, Period, Term

numbers = st.floats(-1e6, 1e6).map(lambda x: x + 0.0)
log_odds = st.floats(-20, 20)
# Values to score: ordinary ones, those no sensor sends, and None for "an edge of the document itself".
cells = st.one_of(numbers, st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0]))


def lists(n: int) -> st.SearchStrategy[list[float]]:
    return st.lists(log_odds, min_size=n, max_size=n)


@st.composite
def terms(draw: Callable, name: str, kind: str, edges: list[float], codes: tuple) -> Term:
    size = {"step": len(edges) + 1, "linear": len(edges), "category": len(codes)}[kind]
    shape = {"categories": codes} if kind == "category" else {}
    cuts = () if kind == "category" else tuple(edges)
    return Term(name, kind, cuts, tuple(draw(lists(size))), draw(log_odds), draw(log_odds), **shape)


@st.composite
def axes(draw: Callable, name: str, codes: tuple) -> Axis:
    """An axis over text where the feature is text, else over codes or edges."""
    coded = isinstance(codes[0], str) or draw(st.booleans())
    cut = {"categories": codes} if coded else {"edges": tuple(sorted(draw(st.sets(numbers, max_size=2))))}
    n_bins = len(next(iter(cut.values()))) + (1 if coded else 2)
    rows = np.array(draw(st.lists(st.integers(0, 9), min_size=n_bins, max_size=n_bins)))
    rows[0] += not rows.sum()
    return Axis(name, tuple((rows / rows.sum()).tolist()), **cut)


@st.composite
def tables(draw: Callable, first: Axis, second: Axis) -> Pair:
    rows = [tuple(draw(lists(second.n_bins))) for _ in range(first.n_bins)]
    return Pair(first, second, tuple(rows), draw(log_odds))


@st.composite
def documents(draw: Callable) -> AdditiveModel:
    """Any document: several periods, all kinds of terms, with pairs and without."""
    names = [f"f{j}" for j in range(draw(st.integers(1, 4)))]
    kinds = [draw(st.sampled_from(["step", "linear", "category"])) for _ in names]
    codes = [draw(st.sampled_from([("a", "b"), (1.0, 2.0, 7.0), ("",)])) for _ in names]
    starts = draw(st.sampled_from([(0,), (0, 20), (0, 20, 60, 120)]))
    every = list(itertools.combinations(range(len(names)), 2))
    both = draw(st.lists(st.sampled_from(every), unique=True, max_size=2)) if every else []
    both = [pair[:: draw(st.sampled_from([-1, 1]))] for pair in both]
    # Codes of a pair are of the type of the feature's own term.
    shapes = [code if kind == "category" else (1.0, 7.0) for kind, code in zip(kinds, codes, strict=True)]
    periods = []
    for start, end in zip(starts, (*starts[1:], None), strict=True):
        made = []
        for name, kind, code in zip(names, kinds, codes, strict=True):
            edges = sorted(draw(st.sets(numbers, min_size=1, max_size=5)))
            made.append(draw(terms(name, kind, edges, code)))
        calibration = draw(st.none() | st.builds(Calibration, st.floats(0.1, 3), log_odds, st.integers(2, 5)))
        pairs = [draw(tables(*(draw(axes(names[j], shapes[j])) for j in pair))) for pair in both]
        periods.append(Period(start, end, draw(log_odds), tuple(made), 10, 5, 2, calibration, pairs))
    infos = [
        FeatureInfo(name, direction=draw(st.sampled_from([-1, 0, 1])), phrase=draw(st.text(max_size=5)))
        for name in names
    ]
    return AdditiveModel("x" + draw(st.text(max_size=5)), infos, periods, {"rows": draw(st.integers(0, 99))})


@st.composite
def documents_with_rows(draw: Callable) -> tuple[AdditiveModel, pd.DataFrame]:
    """A document and rows for it, some of them exactly on its edges."""
    model = draw(documents())
    n = draw(st.integers(0, 6))
    columns: dict[str, object] = {"school_day": draw(st.lists(st.integers(0, 200), min_size=n, max_size=n))}
    for j, term in enumerate(model.periods[-1].terms):
        if term.numeric:
            tables = [period.terms[j] for period in model.periods]
            tables += [
                axis
                for period in model.periods
                for pair in period.pairs
                for axis in (pair.first, pair.second)
                if axis.feature == term.feature
            ]
            own = [cut for table in tables for cut in (*table.edges, *table.categories)]
            values = st.one_of(cells, st.sampled_from(own))
            columns[term.feature] = np.array(draw(st.lists(values, min_size=n, max_size=n)), dtype=float)
        else:
            values = st.sampled_from([*term.categories, "other", None])
            columns[term.feature] = pd.Series(draw(st.lists(values, min_size=n, max_size=n)), dtype="str")
    return model, pd.DataFrame(columns)


def students(
    n: int = 20_000, *, seed: int = 0, intercept: float = -1.5, known: float = 0.9
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Students with an additive law: absence rate, mark, incidents, noise and a constant; some marks unknown.

    Returns X, y and the true log-odds. What is unknown is unknown at random and does not move the law.
    """
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    absence = np.round(90 / (1 + np.exp(2.5 - 0.8 * common - 0.6 * rng.normal(size=n)))) / 90
    mark = np.clip(np.round(75 - 6 * common + 8 * rng.normal(size=n), 1), 0, 100)
    incidents = rng.poisson(np.exp(-1.5 + 0.4 * common)).astype(float)
    score = (
        intercept + 2.0 * np.tanh(8 * (absence - 0.1)) - 0.08 * (mark - 75) + 0.5 * np.minimum(incidents, 3)
    )
    X = pd.DataFrame(
        {"absence": absence, "mark": mark, "incidents": incidents, "noise": rng.normal(size=n), "same": 1.0}
    )
    y = pd.Series((rng.random(n) < 1 / (1 + np.exp(-score))).astype(float), name="chronic_absence")
    X["mark"] = X["mark"].where(rng.random(n) < known)
    return X, y, score


LAW = {"absence": 1, "mark": -1, "incidents": 1}
