"""What a document adds up for rows: scores, contributions, and how far each is from the average."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError, examples
from early_id.models._columns import check_there, read_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._document import AdditiveModel
    from early_id.models._parts import Period
    from early_id.models._terms import Floats

Columns = list[npt.NDArray[Any]]
Days = npt.NDArray[np.float64]


def read(model: AdditiveModel, X: pd.DataFrame) -> tuple[Columns, Days | None]:
    """Take the columns of the features, in their order, and the school days if they select the period."""
    days = read_days(model, X)
    check_there(X.columns, model.feature_names, "X")
    first = model.periods[0].terms
    return [
        read_column(X, name, numeric=term.numeric)
        for name, term in zip(model.feature_names, first, strict=True)
    ], days


def read_days(model: AdditiveModel, X: pd.DataFrame) -> Days | None:
    """Take the school days, or None if the document has one period for the whole year."""
    if not isinstance(X, pd.DataFrame):
        msg = f"X must be a DataFrame with columns by name, but is a {type(X).__name__}; name the columns."
        raise DataError(msg)
    if model.periods[0].whole_year:
        return None
    if "school_day" not in X.columns:
        msg = "X lacks the column 'school_day', which selects the period of this document; add it."
        raise DataError(msg)
    return read_column(X, "school_day", numeric=True)


def rows_of(model: AdditiveModel, n_rows: int, days: Days | None) -> list[tuple[Period, Any]]:
    """Pair each period with its rows: all of them as a slice, which costs nothing, or their positions."""
    if days is None:
        return [(model.periods[0], slice(None))]
    starts = np.array([period.from_day for period in model.periods], dtype=np.float64)
    end = model.periods[-1].to_day
    place = np.searchsorted(starts, days, side="right") - 1
    outside = np.isnan(days) | (place < 0) | (days >= (np.inf if end is None else end))
    if outside.any():
        last = "the end of the year" if end is None else end - 1
        msg = (
            f"column 'school_day' must lie in the periods of the document ({starts[0]:.0f} to "
            f"{last}), but holds {examples(days[outside].tolist())}; "
            "leave those rows out or use another document."
        )
        raise DataError(msg)
    if n_rows and (place == place[0]).all():
        return [(model.periods[int(place[0])], slice(None))]
    return [(period, np.flatnonzero(place == i)) for i, period in enumerate(model.periods)]


def scores(model: AdditiveModel, columns: Sequence[npt.NDArray[Any]], days: Days | None) -> Floats:
    """Add up intercept, terms and pairs, from the first to the last."""
    n_rows, places = len(columns[0]), _places(model)
    found = np.empty(n_rows)
    for period, rows in rows_of(model, n_rows, days):
        total = np.full(n_rows if isinstance(rows, slice) else len(rows), period.intercept)
        for column, term in zip(columns, period.terms, strict=True):
            total += term.evaluate(column[rows])
        for (i, j), pair in zip(places, period.pairs, strict=True):
            total += pair.evaluate(columns[i][rows], columns[j][rows])
        found[rows] = total
    return found


def contributions(model: AdditiveModel, X: pd.DataFrame) -> pd.DataFrame:
    """List what each term and each pair adds to the score of each row."""
    columns, days = read(model, X)
    names = [*model.feature_names, *model.pair_names]
    parts = np.empty((len(X), len(names)), order="F")
    for period, rows in rows_of(model, len(X), days):
        for j, term in enumerate(period.terms):
            parts[rows, j] = term.evaluate(columns[j][rows])
        for k, ((i, j), pair) in enumerate(zip(_places(model), period.pairs, strict=True), len(period.terms)):
            parts[rows, k] = pair.evaluate(columns[i][rows], columns[j][rows])
    return pd.DataFrame(parts, index=X.index, columns=names, copy=False)


def background(model: AdditiveModel, X: pd.DataFrame) -> pd.DataFrame:
    """List what each term and each pair adds on average over the training rows, and the average score."""
    days = read_days(model, X)
    names = [*model.feature_names, *model.pair_names, "base"]
    means = np.empty((len(X), len(names)))
    for period, rows in rows_of(model, len(X), days):
        means[rows] = [*period.means, period.average]
    return pd.DataFrame(means, index=X.index, columns=names)


def shapley_values(model: AdditiveModel, X: pd.DataFrame) -> pd.DataFrame:
    """List how far each feature moves each row's score from the average, its parts of the pairs included."""
    columns, days = read(model, X)
    parts = np.empty((len(X), len(columns)), order="F")
    for period, rows in rows_of(model, len(X), days):
        for j, term in enumerate(period.terms):
            parts[rows, j] = term.evaluate(columns[j][rows]) - term.mean
        for (i, j), pair in zip(_places(model), period.pairs, strict=True):
            of_first, of_second = pair.split(columns[i][rows], columns[j][rows])
            parts[rows, i] += of_first
            parts[rows, j] += of_second
    return pd.DataFrame(parts, index=X.index, columns=list(model.feature_names), copy=False)


def with_background(model: AdditiveModel, background: pd.DataFrame, X: pd.DataFrame) -> list[Period]:
    """Give the periods of `X` the means, and the pairs the shares in their bins, of the background's rows in them."""
    columns, days = read(model, background)
    inside = {period.from_day: rows for period, rows in rows_of(model, len(background), days)}
    asked = rows_of(model, len(X), read_days(model, X))
    found = list(model.periods)
    for period in [period for period, rows in asked if isinstance(rows, slice) or len(rows)]:
        own = [column[inside.get(period.from_day, [])] for column in columns]
        if not own[0].size:
            msg = (
                f"Expected rows of the background in every period of the rows to explain, got none in {period.name}; "
                "add rows of those school days to the background."
            )
            raise DataError(msg)
        found[model.periods.index(period)] = _against(period, own, _places(model))
    return found


def _against(period: Period, columns: Columns, places: list[tuple[int, int]]) -> Period:
    ones = np.ones(len(columns[0]))
    terms = [
        replace(term, mean=float(term.evaluate(column).mean()))
        for term, column in zip(period.terms, columns, strict=True)
    ]
    pairs = [
        replace(
            pair,
            first=replace(pair.first, shares=pair.first.shares_of(columns[i], ones)),
            second=replace(pair.second, shares=pair.second.shares_of(columns[j], ones)),
            mean=float(pair.evaluate(columns[i], columns[j]).mean()),
        )
        for (i, j), pair in zip(places, period.pairs, strict=True)
    ]
    return replace(period, terms=tuple(terms), pairs=tuple(pairs))


def _places(model: AdditiveModel) -> list[tuple[int, int]]:
    place = {name: j for j, name in enumerate(model.feature_names)}
    return [(place[pair.first.feature], place[pair.second.feature]) for pair in model.periods[0].pairs]
