"""The document as one Ibis expression: scores and top reasons inside DuckDB or Spark."""

from __future__ import annotations

import itertools
from functools import reduce
from operator import add, and_, or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis.common.exceptions import OperationNotDefinedError

from early_id.exceptions import ConfigError, DataError, examples
from early_id.models._columns import check_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.models._document import AdditiveModel
    from early_id.models._pairs import Axis
    from early_id.models._parts import Period
    from early_id.models._terms import Piece, Term

_DAY = "school_day"
_HIDDEN = "_early_id_"  # columns of the steps between, which nobody sees


def scored(model: AdditiveModel, table: Any, reasons: int) -> Any:
    """Add `score`, `probability` and the reasons to a table."""
    names = [f"reason_{place}" for place in range(1, reasons + 1)]
    _check(model, table, ["score", "probability", *names])
    parts = table.mutate(**_contributions(model, table), **_bins(model, table))
    if model.pair_names:
        parts = parts.mutate(**_cells(model, parts))
    rows = parts.mutate(score=_score(model, parts), **_above_average(model, parts))
    rows = rows.mutate(probability=_sigmoid(rows.score))
    if names:
        rows = rows.mutate(**dict(zip(names, _reasons(model, rows, reasons), strict=True)))
    return rows.select(*table.columns, "score", "probability", *names)


def query(model: AdditiveModel, dialect: str, table: str, keys: Sequence[str], reasons: int) -> str:
    """Write the scores of a table as one SELECT."""
    days = {} if model.periods[0].whole_year else {_DAY: "float64"}
    first = model.periods[0].terms
    features = {term.feature: "float64" if term.numeric else "string" for term in first}
    rows = ibis.table({**dict.fromkeys(keys, "string"), **days, **features}, name=table)
    found = scored(model, rows, reasons)
    made = [name for name in found.columns if name not in rows.columns]
    name = {"spark": "pyspark"}.get(dialect, dialect)
    try:
        return str(ibis.to_sql(found.select(*keys, *made), dialect=name))
    except (AttributeError, ImportError, ValueError, OperationNotDefinedError) as error:
        msg = (
            f"Expected a dialect of SQL that Ibis writes here, such as 'duckdb' or 'spark', got {dialect!r} "
            f"({error}); choose another, ask for no reasons, or install what it needs, such as early-id[spark]."
        )
        raise ConfigError(msg) from error


def _check(model: AdditiveModel, table: Any, made: Sequence[str]) -> None:
    needed = [*model.feature_names, *([] if model.periods[0].whole_year else [_DAY])]
    check_there(table.columns, needed, "the table")
    taken = [name for name in table.columns if name in made or name.startswith(_HIDDEN)]
    if taken:
        msg = f"the table has columns {examples(taken)}, which the scores would replace; rename them."
        raise ConfigError(msg)
    kinds = {term.feature: term.numeric for term in model.periods[0].terms}
    wrong = [name for name, numeric in kinds.items() if _holds_numbers(table[name]) != numeric]
    if wrong:
        kind = table[wrong[0]].type()
        what = "numbers" if kinds[wrong[0]] else "text"
        msg = f"column {wrong[0]!r} must hold {what}, but is {kind}; convert it."
        raise DataError(msg)


def _holds_numbers(column: Any) -> bool:
    return bool(column.type().is_numeric() or column.type().is_boolean())


def _part(place: int) -> str:
    return f"{_HIDDEN}part_{place}"


def _contributions(model: AdditiveModel, table: Any) -> dict[str, Any]:
    """One column per feature: what its own table adds to the score."""
    return {
        _part(place): _by_period(
            model, table, [_term(period.terms[place], table[feature]) for period in model.periods]
        )
        for place, feature in enumerate(model.feature_names)
    }


def _bins(model: AdditiveModel, table: Any) -> dict[str, Any]:
    """Two columns per pair: the bin of each of its features, counted from 0."""
    found = {}
    for place in range(len(model.pair_names)):
        pairs = [period.pairs[place] for period in model.periods]
        for side, axes in (
            ("first", [pair.first for pair in pairs]),
            ("second", [pair.second for pair in pairs]),
        ):
            column = table[axes[0].feature]
            found[_pair(place, side)] = _by_period(model, table, [_bin(axis, column) for axis in axes])
    return found


def _cells(model: AdditiveModel, parts: Any) -> dict[str, Any]:
    """Per pair what it adds to the score, and the part of it less its mean that is the first feature's.

    The cell is looked up in one array by its number: a case for each of a thousand cells would be a long statement.
    """
    found = {}
    for place in range(len(model.pair_names)):
        a, b = (parts[_pair(place, side)] for side in ("first", "second"))
        cells, mean_first, mean_second, mean = [], [], [], []
        for period in model.periods:
            pair = period.pairs[place]
            of_first, of_second = (_array(means.tolist()) for means in pair.means)
            cells.append(_array(pair.table.ravel().tolist())[a * _whole(pair.second.n_bins) + b])
            mean_first.append(of_first[a])
            mean_second.append(of_second[b])
            mean.append(_number(pair.mean))
        value, first, second, average = (
            _by_period(model, parts, each) for each in (cells, mean_first, mean_second, mean)
        )
        found[_pair(place, "adds")] = value
        found[_pair(place, "of_first")] = ((first - average) + (value - second)) / 2
        found[_pair(place, "of_second")] = ((second - average) + (value - first)) / 2
    return found


def _pair(place: int, what: str) -> str:
    return f"{_HIDDEN}pair_{place}_{what}"


def _score(model: AdditiveModel, parts: Any) -> Any:
    base = _by_period(model, parts, [_number(period.intercept) for period in model.periods])
    # From the first feature to the last and then the pairs, as NumPy adds them: the same sum to the last digit.
    terms = (parts[_part(place)] for place in range(len(model.features)))
    pairs = (parts[_pair(place, "adds")] for place in range(len(model.pair_names)))
    return reduce(add, (*terms, *pairs), base)


def _by_period(model: AdditiveModel, table: Any, values: Sequence[Any]) -> Any:
    """Choose the value of the row's period; a day in no period has none."""
    if model.periods[0].whole_year:
        return values[0]
    day = table[_DAY]
    cases = [(_inside(period, day), value) for period, value in zip(model.periods, values, strict=True)]
    return ibis.cases(*cases)


def _inside(period: Period, day: Any) -> Any:
    inside = day >= period.from_day
    return inside if period.to_day is None else and_(inside, day < period.to_day)


def _term(term: Term, column: Any) -> Any:
    if term.kind == "category":
        return _by_code(column, term.categories, [_number(value) for value in (*term.values, term.missing)])
    x, every = column.cast("float64"), term.pieces
    pieces = [
        piece
        for piece, after in itertools.zip_longest(every, every[1:])
        if after is None or not piece.low == piece.high == after.low == after.high
    ]
    values = [_value(x, piece) for piece in pieces]
    return _by_range(x, [piece.end for piece in pieces[:-1]], [*values, _number(term.missing)])


def _bin(axis: Axis, column: Any) -> Any:
    numbers = [_whole(bin_) for bin_ in range(axis.n_bins)]
    if axis.categories:
        return _by_code(column, axis.categories, numbers)
    return _by_range(column.cast("float64"), axis.edges, numbers)


def _by_code(column: Any, categories: Sequence[str | float], values: Sequence[Any]) -> Any:
    """Choose the value of the row's code; the last value is for any other and for unknown."""
    column = column.cast("string" if isinstance(categories[0], str) else "float64")
    codes = [ibis.literal(code) if isinstance(code, str) else _number(code) for code in categories]
    cases = [(column == code, value) for code, value in zip(codes, values, strict=False)]
    return ibis.cases(*cases, else_=values[-1])


def _by_range(x: Any, edges: Sequence[float], values: Sequence[Any]) -> Any:
    """Choose the value of the row's range between the edges; the last value is for unknown.

    The edges are halved until one range is left: a row is compared five times for 32 bins, not 16 times. Nothing
    compares as smaller when it is null or NaN, so what is unknown ends in the last range and is looked for there only.
    """

    def between(first: int, last: int) -> Any:
        if first < last:
            half = (first + last) // 2
            return ibis.ifelse(x < _number(edges[half]), between(first, half), between(half + 1, last))
        if first == len(edges):
            return ibis.ifelse(or_(x.isnull(), x.isnan()), values[-1], values[first])
        return values[first]

    return between(0, len(edges))


def _value(x: Any, piece: Piece) -> Any:
    """Join two points by a straight line, on which no value is beyond the two, not even by a bit."""
    start, end, low, high = piece
    if low == high:
        return _number(low)
    share = (x - _number(start)) / _number(end - start)
    straight = _number(low) + _number(high - low) * share
    bounded = ibis.least(ibis.greatest(straight, _number(min(low, high))), _number(max(low, high)))
    return ibis.ifelse(share == _number(1.0), _number(high), bounded)


def _number(value: float) -> Any:
    """Write a number as text that becomes a double: engines read bare digits as decimals and round them."""
    return ibis.literal(repr(float(value))).cast("float64")


def _whole(value: int) -> Any:
    return ibis.literal(value, "int64")  # a small number's own type would overflow in a product


def _array(values: Sequence[float]) -> Any:
    """Write numbers as one text that becomes an array of doubles: engines read it once, and do not round."""
    return ibis.literal(" ".join(map(repr, values))).split(" ").cast("array<float64>")


def _sigmoid(score: Any) -> Any:
    small = (-score.abs()).exp()
    return ibis.ifelse(score >= 0, 1 / (1 + small), small / (1 + small))


def _concepts(model: AdditiveModel) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(model.features):
        places.setdefault(feature.concept, []).append(place)
    return places


def _above_average(model: AdditiveModel, parts: Any) -> dict[str, Any]:
    """One column per concept: what it adds beyond its average over the training rows of the row's period.

    Of a pair each feature, and so its concept, has the part that is its exact Shapley value.
    """
    found = {}
    for number, places in enumerate(_concepts(model).values()):
        means = [_number(sum(period.terms[place].mean for place in places)) for period in model.periods]
        own = [parts[_part(place)] for place in places]
        for pair, names in enumerate(pair.features for pair in model.periods[0].pairs):
            for side, name in zip(("of_first", "of_second"), names, strict=True):
                if model.feature_names.index(name) in places:
                    own.append(parts[_pair(pair, side)])
        together = reduce(add, own)
        found[f"{_HIDDEN}concept_{number}"] = together - _by_period(model, parts, means)
    return found


def _reasons(model: AdditiveModel, rows: Any, count: int) -> list[Any]:
    """Name the concepts that raise the score most; the first in the document where two raise it alike."""
    ranked = ibis.array(
        [
            ibis.struct({"down": -rows[f"{_HIDDEN}concept_{number}"], "place": number, "concept": concept})
            for number, concept in enumerate(_concepts(model))
        ]
    ).sort()
    found = []
    for place in range(count):
        if place >= len(_concepts(model)):
            found.append(ibis.null("string"))
            continue
        top = ranked[place]
        found.append(ibis.ifelse(top.down < 0, top.concept, ibis.null("string")))
    return found
