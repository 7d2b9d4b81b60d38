"""Documents with known truth for the tests of this room."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term

STARTS = (0, 20, 60)


def random_background(n_features: int, n_rows: int, seed: int) -> pd.DataFrame:
    """Whole and fractional values, about one in six missing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        rng.integers(0, 8, (n_rows, n_features)) / 2, columns=[f"f{j}" for j in range(n_features)]
    )
    return X.mask(rng.random(X.shape) < 1 / 6).assign(school_day=rng.integers(0, 180, n_rows).astype(float))


def random_document(background: pd.DataFrame, seed: int, n_pairs: int = 0) -> AdditiveModel:
    """Make steps, lines and categories in three periods; means are over the background rows of the period."""
    rng = np.random.default_rng(seed)
    names = [name for name in background.columns if name != "school_day"]
    ends = (*STARTS[1:], None)
    both = list(itertools.combinations(names, 2))
    both = [both[place] for place in rng.permutation(len(both))[:n_pairs]]
    periods = []
    for start, end in zip(STARTS, ends, strict=True):
        rows = background[background["school_day"].between(start, end or np.inf, inclusive="left")]
        terms = tuple(_with_mean(_term(name, j, rng), rows[name]) for j, name in enumerate(names))
        pairs = [_pair(rows[first], rows[second], rng) for first, second in both]
        periods.append(Period(start, end, float(rng.normal()), terms, pairs=pairs))
    features = [FeatureInfo(name, concept=f"c{j // 2}", domain=f"d{j // 4}") for j, name in enumerate(names)]
    return AdditiveModel("chronic_absence", features, periods)


def _term(name: str, j: int, rng: np.random.Generator) -> Term:
    missing = float(rng.normal())
    if j % 3 == 0:
        return Term(name, "step", edges=(0.5, 1.5, 3.0), values=tuple(rng.normal(size=4)), missing=missing)
    if j % 3 == 1:
        return Term(name, "linear", edges=(0.0, 1.0, 3.5), values=tuple(rng.normal(size=3)), missing=missing)
    return Term(name, "category", (), tuple(rng.normal(size=3)), missing, categories=(0.0, 1.0, 2.0))


def _pair(first: pd.Series, second: pd.Series, rng: np.random.Generator) -> Pair:
    columns, ones = (first.to_numpy(dtype=float), second.to_numpy(dtype=float)), np.ones(len(first))
    axes = [
        Axis(str(first.name), (1.0, 0.0, 0.0), edges=(float(rng.integers(1, 6)) / 2,)),
        Axis(str(second.name), (1.0, 0.0, 0.0, 0.0), categories=(0.0, 1.5, 2.0)),
    ]
    if len(first):
        axes = [replace(axis, shares=axis.shares_of(x, ones)) for axis, x in zip(axes, columns, strict=True)]
    pair = Pair(axes[0], axes[1], tuple(map(tuple, rng.normal(size=(3, 4)).tolist())))
    return replace(pair, mean=float(pair.evaluate(*columns).mean())) if len(first) else pair


def _with_mean(term: Term, column: pd.Series) -> Term:
    mean = float(term.evaluate(column.to_numpy(dtype=float)).mean()) if len(column) else 0.0
    return replace(term, mean=mean)
