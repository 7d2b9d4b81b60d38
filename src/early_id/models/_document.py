"""The additive model as a document: tables that score, explain themselves and fit in a JSON file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from early_id.exceptions import DataError
from early_id.models import _card, _difference, _order, _points, _render, _schema, _scoring
from early_id.models._fit_together import check_features, check_pairs, check_periods, check_terms
from early_id.models._provenance import frozen, thawed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.models._parts import FeatureInfo, Period
    from early_id.models._scoring import Days
    from early_id.models._terms import Floats


@dataclass(frozen=True, eq=False, repr=False)
class AdditiveModel:
    """Score students with tables that can be read, signed and kept for years.

        score = intercept + Σ term(feature) + Σ pair(feature, feature)        probability = 1 / (1 + exp(−score))

    Most documents have no pairs. A document holds one set of tables per period of the school year; the column
    `school_day` selects the period and is not a feature. With one period for the whole year it is not needed.

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
    Two documents are equal if and only if their `sha256` is: the same to the last digit.

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
            check_pairs(period, self.periods[0], self.feature_names)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the terms."""
        return tuple(feature.name for feature in self.features)

    @property
    def pair_names(self) -> tuple[str, ...]:
        """Names of the pairs, such as "a × b"; empty for most documents."""
        return tuple(pair.name for pair in self.periods[0].pairs)

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
            Log-odds: intercept of the row's period plus its terms, from the first feature to the last, then
            its pairs.

        Raises
        ------
        DataError
            If a column is missing, there twice or holds text, or a school day is in no period.
        """
        return _scoring.scores(self, *_scoring.read(self, X))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Give the probability of no outcome (column 0) and of the outcome (column 1) for each row of `X`."""
        return sigmoid_pair(self.decision_function(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say what each feature, and each pair of features, adds to each row's score.

        Returns
        -------
        DataFrame of shape (n, n_features + n_pairs)
            Log-odds, as in the tables (not centred), with the index of `X`; a pair's column is called "a × b".
            Row sums plus the intercept of the row's period are the scores.
        """
        return _scoring.contributions(self, X)

    def background(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say what each feature and each pair adds on average over the training rows of each row's period.

        Returns
        -------
        DataFrame of shape (n, n_features + n_pairs + 1)
            One column of means per feature and pair, and `base`: intercept plus all means, the mean score of the
            training rows. `contributions − means` adds up to `score − base`.
        """
        return _scoring.background(self, X)

    def shapley_values(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say how far each feature moves each row's score from the average of the training rows.

        Returns
        -------
        DataFrame of shape (n, n_features)
            Log-odds, with the index of `X`; row sums are `score − base`.

        Notes
        -----
        The exact Shapley values with the training rows as the background: a term less its mean, because terms do
        not interact, and of each pair with the feature one part as `Pair.split` says.

        Examples
        --------
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=-0.2)
        >>> model = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
        >>> model.shapley_values(pd.DataFrame({"absent_days": [3.0]}))["absent_days"].tolist()
        [1.2]
        """
        return _scoring.shapley_values(self, X)

    def with_background(self, background: pd.DataFrame, X: pd.DataFrame) -> AdditiveModel:
        """Give the same scores, explained against other rows than those of the training.

        Parameters
        ----------
        background : DataFrame
            As `X`. A row counts in the period of its own school day.
        X : DataFrame
            The rows to explain; their periods are the ones that change.

        Returns
        -------
        AdditiveModel
            Its tables are the same. What they add on average, and how pairs lie in their bins, are the background's.

        Raises
        ------
        DataError
            If the background has no row in a period of `X`.

        Examples
        --------
        >>> from early_id.models import FeatureInfo, Period, Term
        >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=-0.2)
        >>> model = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
        >>> X = pd.DataFrame({"absent_days": [3.0, 0.0]})
        >>> model.with_background(X, X).shapley_values(X)["absent_days"].tolist()
        [0.75, -0.75]
        """
        return replace(self, periods=tuple(_scoring.with_background(self, background, X)))

    def check_monotone(self) -> tuple[str, ...]:
        """Name the features that can move the score against their declared direction in any period; empty is good.

        Returns
        -------
        tuple of str

        Notes
        -----
        What counts is the score. A feature in pairs keeps its direction if its own table and its slices of the pairs
        *together* never move against it, whatever values the other features of the pairs have, "unknown" among them:
        a falling slice is made good by a term that rises more, and a rising term is undone by a slice that falls
        more. The sums are exact, so that such a score can still fall by the rounding of its last bits (1e-12). To
        become unknown is no move along the scale.
        """
        return _order.against_direction(self)

    def to_frame(self) -> pd.DataFrame:
        """List the tables, one row per period × feature × bin.

        Returns
        -------
        DataFrame
            period, from_day, to_day, feature, concept, unit, direction, kind, bin (in words), from, to (the
            bin holds `from` and not `to`), category, log_odds (at `from`), log_odds_to (just before `to`;
            differs only where the term is linear), points (10 points double the odds; 0 is the average over
            the training rows). Cells of a pair follow the features' bins: kind "pair", feature "a × b", both
            bins in words.
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
            If `max_points` is out of range, or the document has pairs: nobody looks points up in two directions.

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
        Equal to `decision_function` to 1e-12: a row is in the same bin of every table, and terms and pairs are added
        in the same order. A pair's value is shared between its two features, and so their concepts, as in
        `shapley_values`.

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
        return _scoring.scores(self, columns, days)

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


def sigmoid_pair(scores: Floats) -> Floats:
    """Turn log-odds into the probabilities of (no outcome, outcome), exact in both tails.

    >>> sigmoid_pair(np.array([0.0, 800.0])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    small = np.exp(-np.abs(scores))
    low, high = small / (1.0 + small), 1.0 / (1.0 + small)
    up = scores >= 0
    return np.column_stack([np.where(up, low, high), np.where(up, high, low)])
