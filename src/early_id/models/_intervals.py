"""How far the tables of a document would move had other students been drawn to learn from."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t
from sklearn.base import clone

from early_id.exceptions import ConfigError
from early_id.models._learner import OneClassError, student_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._document import AdditiveModel
    from early_id.models._parts import Period
    from early_id.models._terms import Floats, Term

_CONFIDENCE = 0.90


def fit_bags(
    learner: Any,
    document: AdditiveModel,
    X: pd.DataFrame,
    y: pd.Series,
    *,
    bags: int = 10,
    random_state: int = 0,
) -> tuple[AdditiveModel, ...]:
    """Fit the learner again, to students drawn with replacement.

    Answers, with `term_intervals`: is the shape of a table more than chance?

    Parameters
    ----------
    learner : estimator
        That fitted the document.
    document : AdditiveModel
    X : DataFrame of shape (n_rows, n_features)
        What it learned from; rows of one level `student_id` of the index are drawn together.
    y : Series of shape (n_rows,)
    bags : int
    random_state : int

    Returns
    -------
    tuple of AdditiveModel
        A document of each bag, with the periods of the first and its calibration; a learner that chooses features
        chooses again. A draw in which some period has one class only is left out.

    Notes
    -----
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", with students as units. The calibration is not
    fitted again: it stretches all bins of a period alike.
    """
    codes = student_codes(X)
    codes = np.arange(len(X)) if codes is None else codes
    rng = np.random.RandomState(random_state)
    bare = _bare(learner, document)
    many = int(codes.max(initial=-1)) + 1
    found = []
    for _ in range(bags):
        drawn = rng.multinomial(many, np.full(many, 1 / many))
        rows = np.repeat(np.arange(len(X)), drawn[codes])
        try:
            fitted = clone(bare).fit(X.iloc[rows], y.iloc[rows]).document_
        except OneClassError:
            continue
        pairs = zip(document.periods, fitted.periods, strict=True)
        found.append(replace(fitted, periods=tuple(_stretched(one, bag) for one, bag in pairs)))
    return tuple(found)


def _bare(learner: Any, document: AdditiveModel) -> Any:
    """Take the learner with the periods of the document, once over all rows and without a calibration of its own."""
    periods = tuple(period.from_day for period in document.periods)
    settings = {"calibrate": False, "bags": 1, "periods": periods}
    bare = clone(learner)
    # The last part of a name: the learner may be inside another.
    last = {name: name.rpartition("__")[2] for name in bare.get_params()}
    return bare.set_params(**{name: settings[key] for name, key in last.items() if key in settings})


def term_intervals(document: AdditiveModel, bags: Sequence[AdditiveModel]) -> pd.DataFrame:
    """Say how far each value of a document would move had other students been drawn.

    Parameters
    ----------
    document : AdditiveModel
    bags : sequence of AdditiveModel
        From `fit_bags`, or `MonotoneAdditiveClassifier.bag_documents_`. A feature that a bag does not use adds nothing
        there.

    Returns
    -------
    DataFrame
        One row per period × feature × bin in the order of `AdditiveModel.to_frame`, without pairs: period, from_day,
        feature, bin, low and high (ends of the 90 % interval around the document's own value, log-odds against the
        mean of the rows learned from, at the start of the bin), low_to and high_to (just before its end; they differ
        only where the term is linear). For one value at a time.

    Raises
    ------
    ConfigError
        If there are fewer than two bags, or one has other periods.

    Notes
    -----
    The standard bootstrap interval: value ± t · s, where s is the standard deviation over the bags and t the 95th
    percentile of Student's distribution with one degree of freedom less than there are bags, so that few bags give a
    wider interval and no narrower one (Efron and Tibshirani 1993, chapter 12).

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> def made(height):
    ...     days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, height), missing=0.0)
    ...     return AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
    >>> bags = [made(height) for height in (0.8, 0.9, 1.0, 1.1, 1.2)]
    >>> term_intervals(made(1.0), bags)[["bin", "low", "high"]].round(2).to_numpy().tolist()
    [['below 2', -0.5, -0.5], ['2 or more', 0.66, 1.34], ['unknown', 0.0, 0.0]]
    """
    starts = [period.from_day for period in document.periods]
    if len(bags) < 2 or any([own.from_day for own in bag.periods] != starts for bag in bags):
        msg = (
            f"Expected two bags or more with the periods of the document, got {len(bags)}; fit them with `fit_bags` "
            "from two classes in every period."
        )
        raise ConfigError(msg)
    table = document.to_frame()
    places = [
        _values(bag.periods[i], term)
        for bag in bags
        for i, period in enumerate(document.periods)
        for term in period.terms
    ]
    by_bag = np.concatenate(places).reshape(len(bags), -1, 2)
    room = student_t.ppf((1 + _CONFIDENCE) / 2, len(bags) - 1) * by_bag.std(axis=0, ddof=1)
    own = np.concatenate([_values(period, term) for period in document.periods for term in period.terms])
    low, high = own - room, own + room
    kept = table.loc[table["kind"] != "pair", ["period", "from_day", "feature", "bin"]]
    return kept.assign(low=low[:, 0], high=high[:, 0], low_to=low[:, 1], high_to=high[:, 1])


def _values(period: Period, term: Term) -> Floats:
    """Look up what a bag says at both ends of each bin of the document's term, and of the unknown."""
    own = next((one for one in period.terms if one.feature == term.feature), None)
    if own is None:
        many = len(term.categories) if term.kind == "category" else len(term.pieces)
        return np.zeros((many + 1, 2))
    if term.kind == "category":
        dtype = None if term.numeric else object
        inside = np.repeat(np.array([*term.categories], dtype=dtype)[:, None], 2, axis=1)
    elif term.kind == "step":
        # Somewhere inside: a bag has edges of its own.
        inside = np.array([[_middle(start, end)] * 2 for start, end, _, _ in term.pieces])
    else:
        first, last = term.edges[0], term.edges[-1]
        inside = np.array([(max(start, first), min(end, last)) for start, end, _, _ in term.pieces])
    known = np.column_stack([own.evaluate(inside[:, end]) for end in (0, 1)]) - own.mean
    return np.vstack([known, np.full(2, own.missing - own.mean)])


def _middle(start: float, end: float) -> float:
    """Give a value of a bin: its middle, or what lies just outside the edges.

    >>> _middle(2.0, 4.0), _middle(4.0, math.inf), _middle(-math.inf, 2.0) < 2.0, _middle(-math.inf, math.inf)
    (3.0, 4.0, True, 0.0)
    """
    if math.isinf(start):
        return 0.0 if math.isinf(end) else float(np.nextafter(end, -math.inf))
    middle = start if math.isinf(end) else start + (end - start) / 2
    # Between two neighbouring numbers there is none.
    return middle if middle < end else start


def _stretched(period: Period, bag: Period) -> Period:
    """Stretch a bag's tables as the document's were."""
    slope = 1.0 if period.calibration is None else period.calibration.slope
    return replace(bag, terms=tuple(term.stretched(slope) for term in bag.terms))
