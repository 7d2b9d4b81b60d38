"""The additive model as a document: tables that score, explain themselves and fit in a JSON file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError, examples
from early_id.models import _card, _difference, _points, _render, _schema
from early_id.models._columns import check_there, read_column
from early_id.models._fit_together import check_features, check_periods, check_terms
from early_id.models._provenance import frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.models._parts import FeatureInfo, Period
    from early_id.models._terms import Floats

Days = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class AdditiveModel:
    """Score students with tables that can be read, signed and kept for years.

        score = intercept + Σ term(feature)        probability = 1 / (1 + exp(−score))

    The document holds one set of tables per period of the school year; the column `school_day` selects the
    period and is not a feature. A document with one period for the whole year does not need that column.

    Parameters
    ----------
    label : str
        The outcome whose probability is given.
    features : sequence of FeatureInfo
        The features, in the order of their terms.
    periods : sequence of Period
        Contiguous, not overlapping, in order, from school day 0 on.
    provenance : mapping, default={}
        Where the document comes from; anything JSON can hold. It is copied and frozen, lists as tuples, as the
        hash covers it.

    Raises
    ------
    DataError
        If the parts do not fit together.

    Notes
    -----
    Two documents are equal if and only if their `sha256` is: the same to the last digit. A feature's exact
    Shapley value is its contribution minus `background`, because terms do not interact.

    Examples
    --------
    >>> from early_id.models import FeatureInfo, Period, Term
    >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    >>> year = Period(0, None, intercept=-1.0, terms=(days,))
    >>> model = AdditiveModel("chronic_absence", [FeatureInfo("absent_days", direction=1)], [year])
    >>> model.decision_function(pd.DataFrame({"absent_days": [0.0, 2.0, None]})).tolist()
    [-1.5, 0.0, -1.0]
    >>> AdditiveModel.from_json(model.to_json()) == model
    True
    """

    label: str
    features: tuple[FeatureInfo, ...]
    periods: tuple[Period, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        object.__setattr__(self, "periods", tuple(self.periods))
        object.__setattr__(self, "provenance", frozen(self.provenance))
        if not isinstance(self.label, str) or not self.label.strip():
            msg = f"a document needs a label, the outcome it speaks of, but has {self.label!r}; name the outcome."
            raise DataError(msg)
        check_features(self.feature_names)
        check_periods(self.periods)
        for period in self.periods:
            check_terms(period, self.periods[0], self.feature_names)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the terms."""
        return tuple(feature.name for feature in self.features)

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON without the hash itself: what a reviewer signs."""
        return _schema.digest(_schema.content(self))

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Score each row.

        Parameters
        ----------
        X : DataFrame
            Feature columns by name (others are ignored), and `school_day` if there are several periods.

        Returns
        -------
        ndarray of shape (n,)
            Log-odds: intercept of the row's period plus its terms, added from the first feature to the last.

        Raises
        ------
        DataError
            If a column is missing, there twice or holds text, or a school day is in no period.
        """
        columns, days = self._read(X)
        return self.score_columns(columns, days)

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Give the probability of no outcome (column 0) and of the outcome (column 1) for each row of `X`."""
        return sigmoid_pair(self.decision_function(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say what each feature adds to each row's score.

        Returns
        -------
        DataFrame of shape (n, n_features)
            Log-odds, as in the tables (not centred), with the index of `X`. Row sums plus the intercept of
            the row's period are the scores.
        """
        columns, days = self._read(X)
        parts = np.empty((len(X), len(self.features)), order="F")
        for period, rows in self._rows(len(X), days):
            for j, term in enumerate(period.terms):
                parts[rows, j] = term.evaluate(columns[j][rows])
        return pd.DataFrame(parts, index=X.index, columns=list(self.feature_names), copy=False)

    def background(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say what each feature adds on average over the training rows of each row's period.

        Returns
        -------
        DataFrame of shape (n, n_features + 1)
            One column of term means per feature, and `base`: intercept plus all term means, the mean score
            of the training rows. `contributions − means` adds up to `score − base`.
        """
        days = self._days(X)
        means = np.empty((len(X), len(self.features) + 1))
        for period, rows in self._rows(len(X), days):
            row = [term.mean for term in period.terms]
            means[rows] = [*row, period.intercept + sum(row)]
        return pd.DataFrame(means, index=X.index, columns=[*self.feature_names, "base"])

    def check_monotone(self) -> tuple[str, ...]:
        """Name the features whose table in any period moves against the declared direction; empty is good."""
        return tuple(
            feature.name
            for j, feature in enumerate(self.features)
            if not all(period.terms[j].is_monotone(feature.direction) for period in self.periods)
        )

    def to_frame(self) -> pd.DataFrame:
        """List the tables, one row per period × feature × bin.

        Returns
        -------
        DataFrame
            period, from_day, to_day, feature, concept, unit, direction, kind, bin (in words), from, to (the
            bin holds `from` and not `to`), category, log_odds (at `from`), log_odds_to (just before `to`;
            differs only where the term is linear), points (10 points double the odds; 0 is the average over
            the training rows).
        """
        return _render.frame(self)

    def to_points(self, max_points: int = 100) -> pd.DataFrame:
        """Give the tables in whole points that can be added up by hand.

        Parameters
        ----------
        max_points : int, default=100
            1 to 1000. Points of the cell that raises the score most; fewer are coarser. Where all tables of a period
            are whole multiples of one number already, and at most so many, as `PointScorecardClassifier` fits them,
            they are given as they are.

        Returns
        -------
        DataFrame
            One row per period × feature × bin: period, from_day, to_day, feature, bin, points (0 is the feature's
            lowest cell), points_to (just before the end of the bin; differs only where the term is linear), base and
            unit, in log-odds: a score is about base + unit · points, off by at most half a unit per feature, and equal
            where the tables were whole.

        Raises
        ------
        ConfigError
            If `max_points` is out of range.

        Examples
        --------
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
        >>> model = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
        >>> model.to_points(3)[["bin", "points"]].to_numpy().tolist()
        [['below 2', 0], ['2 or more', 3], ['unknown', 1]]
        """
        return _points.points(self, max_points)

    def to_card(self) -> str:
        r"""Write a card that can be filled in by hand: points to look up and add, and what probability they come to.

        Returns
        -------
        str
            Per period a line for each feature and a table from points to probability. Shares are in percent.

        Raises
        ------
        NotApplicable
            If the tables are not whole multiples of one number in each period, at most 100 of it:
            `PointScorecardClassifier` fits such tables, and `to_points` rounds others.

        Examples
        --------
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> days = Term("absent_days_20d", "step", edges=(1.0, 3.0), values=(0.0, 0.5, 1.5), missing=0.5)
        >>> info = FeatureInfo("absent_days_20d", unit="days")
        >>> model = AdditiveModel("chronic_absence", [info], [Period(0, None, -1.0, (days,))])
        >>> print(model.to_card().partition("\n\n")[2])
        The whole school year
          [  ] Absent days, last 20 school days: 0 → 0 points, 1–2 → 1, 3 or more → 3, unknown → 1
          Points in all → probability:
             0 → 26.9 %    1 → 37.8 %    2 → 50.0 %    3 → 62.2 %
        """
        return _card.card(self)

    def diff(self, other: AdditiveModel) -> pd.DataFrame:
        """Say what another document says otherwise than this one, such as this year's than the one in use.

        Parameters
        ----------
        other : AdditiveModel
            The newer document.

        Returns
        -------
        DataFrame
            One row per change: period (empty where it holds for the whole document), feature (empty where it is
            about the average student), points (10 double the odds; missing where it is no number) and change, in
            words. Of a feature's table the values are named for which it adds most more and most less than before,
            both against its average over the training rows. Differences below .05 points are none.

        Examples
        --------
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> info, year = [FeatureInfo("days")], (0, None, -1.0)
        >>> old = AdditiveModel("x", info, [Period(*year, (Term("days", "step", (2.0,), (0.0, 1.0), 0.0),))])
        >>> new = AdditiveModel("x", info, [Period(*year, (Term("days", "step", (2.0,), (0.0, 2.0), 0.0),))])
        >>> old.diff(new)["change"].tolist()
        ['2 or more: 14.4 points more']
        """
        return _difference.difference(self, other)

    def to_ibis(self, table: Any, *, reasons: int = 3) -> Any:
        """Score a table where it lies: in DuckDB, in Spark, in any engine of Ibis.

        Parameters
        ----------
        table : ibis.Table
            A column for each feature (others are kept), and `school_day` if there are several periods. Unknown is
            null or NaN.
        reasons : int, default=3
            How many columns `reason_1`, … to add.

        Returns
        -------
        ibis.Table
            The columns of the table, `score` (log-odds; null for a school day in no period), `probability`, and the
            concepts that raise the score most beyond their average over the training rows, highest first; null
            where fewer raise it.

        Raises
        ------
        DataError
            If the table lacks a column, or has one of another kind.
        ConfigError
            If the table has columns of these names already.

        Notes
        -----
        Equal to `decision_function` to 1e-12: a row is in the same bin of every table, and terms are added in the
        same order.

        Examples
        --------
        >>> import ibis, pyarrow as pa
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
        >>> model = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
        >>> table = ibis.memtable(pa.table({"absent_days": [0.0, 2.0]}))
        >>> rows = model.to_ibis(table, reasons=1).to_pyarrow()
        >>> rows["score"].to_pylist(), rows["reason_1"].to_pylist()
        ([-1.5, 0.0], [None, 'absent_days'])
        """
        from early_id.models import _expression  # Ibis is not needed to score a frame

        return _expression.scored(self, table, reasons)

    def to_sql(
        self,
        dialect: str = "duckdb",
        *,
        table: str = "panel",
        keys: Sequence[str] = ("student_id", "school_id", "as_of"),
        reasons: int = 3,
    ) -> str:
        """Write what `to_ibis` computes as one SELECT, for a database that holds the features.

        Parameters
        ----------
        dialect : str, default="duckdb"
            duckdb, spark, or another that Ibis writes.
        table : str, default="panel"
            Name of the table with a column for each feature.
        keys : sequence of str
            Its columns to keep beside the scores.
        reasons : int, default=3
            As for `to_ibis`.

        Raises
        ------
        ConfigError
            If the dialect is not known, or cannot say this.
        """
        from early_id.models import _expression

        return _expression.query(self, dialect, table, keys, reasons)

    def to_json(self) -> str:
        """Write the document as canonical JSON: sorted keys, shortest exact digits, its own hash inside."""
        return _schema.dumps(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> AdditiveModel:
        """Read a document; no code in the text can run.

        Raises
        ------
        DataError
            If the text is over 1 MB, no JSON, of another schema version, has unknown or missing keys or
            numbers that are not finite, its parts do not fit together, or its hash is not that of its
            content.
        """
        return _schema.loads(text)

    def score_columns(self, columns: Sequence[npt.NDArray[Any]], days: Days | None) -> Floats:
        """Score columns given in feature order; `days` may be None for a document of one period."""
        n_rows = len(columns[0])
        scores = np.empty(n_rows)
        for period, rows in self._rows(n_rows, days):
            total = np.full(n_rows if isinstance(rows, slice) else len(rows), period.intercept)
            for column, term in zip(columns, period.terms, strict=True):
                total += term.evaluate(column[rows])
            scores[rows] = total
        return scores

    def __str__(self) -> str:
        return _render.text(self)

    def __repr__(self) -> str:
        return (
            f"AdditiveModel({self.label!r}, {len(self.features)} features, {len(self.periods)} periods, "
            f"sha256 {self.sha256[:12]}…)"
        )

    def __reduce__(self) -> tuple[type[AdditiveModel], tuple[Any, ...]]:
        # A frozen mapping cannot be pickled: the document is built again, and checked again.
        return type(self), (self.label, self.features, self.periods, thawed(self.provenance))

    def __eq__(self, other: object) -> bool:
        return self.sha256 == other.sha256 if isinstance(other, AdditiveModel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)

    def _read(self, X: pd.DataFrame) -> tuple[list[npt.NDArray[Any]], Days | None]:
        days = self._days(X)
        check_there(X.columns, self.feature_names, "X")
        first = self.periods[0].terms
        return [
            read_column(X, name, numeric=term.numeric)
            for name, term in zip(self.feature_names, first, strict=True)
        ], days

    def _days(self, X: pd.DataFrame) -> Days | None:
        if not isinstance(X, pd.DataFrame):
            msg = (
                f"X must be a DataFrame with columns by name, but is a {type(X).__name__}; name the columns."
            )
            raise DataError(msg)
        if self.periods[0].whole_year:
            return None
        if "school_day" not in X.columns:
            msg = "X lacks the column 'school_day', which selects the period of this document; add it."
            raise DataError(msg)
        return read_column(X, "school_day", numeric=True)

    def _rows(self, n_rows: int, days: Days | None) -> list[tuple[Period, Any]]:
        """Pair each period with its rows: all of them as a slice, which costs nothing, or their positions."""
        if days is None:
            return [(self.periods[0], slice(None))]
        starts = np.array([period.from_day for period in self.periods], dtype=np.float64)
        end = self.periods[-1].to_day
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
            return [(self.periods[int(place[0])], slice(None))]
        return [(period, np.flatnonzero(place == i)) for i, period in enumerate(self.periods)]


def sigmoid_pair(scores: Floats) -> Floats:
    """Turn log-odds into the probabilities of (no outcome, outcome), exact in both tails.

    >>> sigmoid_pair(np.array([0.0, 800.0])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    small = np.exp(-np.abs(scores))
    low, high = small / (1.0 + small), 1.0 / (1.0 + small)
    up = scores >= 0
    return np.column_stack([np.where(up, low, high), np.where(up, high, low)])
