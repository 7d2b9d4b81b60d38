"""What all learners of documents share: checking, periods, out-of-fold calibration, the finished document."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from early_id.exceptions import DataError
from early_id.models._calibration import fit_sigmoid, grouped_folds
from early_id.models._columns import check_columns
from early_id.models._directions import describe_features
from early_id.models._document import AdditiveModel, sigmoid_pair
from early_id.models._parameters import check_parameters
from early_id.models._parts import Calibration, FeatureInfo, Period
from early_id.models._periods import Ints, check_days, choose_periods, period_of
from early_id.models._tables import Tables, with_same_pairs
from early_id.models._threads import side_by_side

if TYPE_CHECKING:
    from early_id.models._terms import Floats

DAY = "school_day"


class OneClassError(DataError, ValueError):
    """Training rows hold one class only, or none; a ValueError too, as scikit-learn's tools expect."""


@dataclass(frozen=True)
class Rows:
    """Training rows: features x (n × p), outcome y (0/1), weight (> 0), group (rows that belong together).

    `named`: the groups are students; otherwise nobody knows whose a row is, and each is a group of its own.
    """

    x: Floats
    y: Ints
    weight: Floats
    group: Ints
    named: bool = False

    def __getitem__(self, which: Any) -> Rows:
        group = np.unique(self.group[which], return_inverse=True)[1]
        return Rows(self.x[which], self.y[which], self.weight[which], group, self.named)


class AdditiveLearner(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Base of classifiers whose fitted state is a document.

    A learner says how the columns are cut (`_design`, which sees no outcome) and how tables are fitted to
    rows (`_fit_tables`); everything else is here.
    """

    directions: Any
    periods: Literal["auto"] | tuple[int, ...]
    calibrate: bool
    folds: int
    random_state: int | np.random.RandomState | None

    @abstractmethod
    def _design(self, rows: Rows, features: tuple[FeatureInfo, ...]) -> Any:
        """Cut the columns, without looking at the outcome."""

    @abstractmethod
    def _fit_tables(self, design: Any, rows: Rows, seed: int) -> tuple[Tables, Any]:
        """Fit tables to the rows; also return the fitted thing they were read off."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the document.

        Parameters
        ----------
        X : DataFrame or array of shape (n, p)
            Features; NaN is unknown. A column `school_day` selects the period and is no feature. If the
            index has a level `student_id`, the folds of the calibration keep a student's rows together.
        y : array of shape (n,)
            Two classes; the second in sorted order is the outcome.
        sample_weight : array of shape (n,), default=None
            Not negative.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the input is no numeric table, a period has no row or `y` does not have two classes (also a DataError).
        ConfigError
            If a parameter is out of its range, or `directions` or `periods` do not fit.
        """
        check_parameters(self.get_params(deep=False))
        students = student_codes(X)
        label = getattr(y, "name", None) or "outcome"
        rows, days = self._training_rows(X, y, sample_weight, students)
        features = describe_features(self._names(), self.directions)
        spans = choose_periods(self.periods, days, rows.y, rows.group)
        place = (
            np.zeros(len(rows.y), dtype=np.intp)
            if days is None
            else period_of(days, [span[0] for span in spans])
        )
        rng = check_random_state(self.random_state)
        for i, span in enumerate(spans):  # all of them before the first fit, which takes its time
            _check_two_classes(rows.y[place == i], f"school days {span[0]} to {span[1] or 'the end'}")
        chosen = self._choose(rows, features, place, rng)
        if chosen != list(range(len(features))):
            rows, features = replace(rows, x=rows.x[:, chosen]), tuple(features[j] for j in chosen)
        parts = [rows if len(spans) == 1 else rows[place == i] for i in range(len(spans))]
        self.fits_: list[Any] = []
        self._bags: list[list[Tables]] = []
        fitted = [self._fit_period(part, features, rng) for part in parts]
        tables = with_same_pairs([one for one, _ in fitted])
        periods = [
            Period(
                *span,
                own.intercept,
                own.terms,
                n_rows=len(part.y),
                n_students=int(part.group.max()) + 1 if students is not None else len(part.y),
                n_events=int(part.y.sum()),
                calibration=calibration,
                pairs=own.pairs,
            )
            for span, part, own, (_, calibration) in zip(spans, parts, tables, fitted, strict=True)
        ]
        self.document_ = AdditiveModel(str(label), features, tuple(periods), self._provenance())
        self.bag_documents_ = self._bag_documents()
        return self

    def decision_function(self, X: Any) -> Floats:
        """Score each row in log-odds, by the document."""
        check_is_fitted(self)
        if isinstance(X, pd.DataFrame):
            check_columns(X)
        x = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False)
        day = self._day_column()
        days = None if day is None or self.document_.periods[0].whole_year else x[:, day]
        features = [x[:, j] for j in range(x.shape[1]) if j != day]
        columns = dict(zip(self._names(), features, strict=True))
        return self.document_.score_columns([columns[name] for name in self.document_.feature_names], days)

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of each class."""
        return sigmoid_pair(self.decision_function(X))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Give the more probable class."""
        scores = self.decision_function(X)
        classes: npt.NDArray[Any] = self.classes_
        return classes[(scores > 0).astype(np.intp)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def _training_rows(
        self, X: Any, y: Any, sample_weight: Any, students: Ints | None
    ) -> tuple[Rows, Floats | None]:
        if isinstance(X, pd.DataFrame):
            check_columns(X)
        x, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            msg = f"Only binary classification is supported. The type of the target is {kind}."
            raise ValueError(msg)
        self.classes_, codes = np.unique(y, return_inverse=True)
        weight = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
        used = weight > 0
        _check_two_classes(codes[used], "y (rows of positive weight)")
        day = self._day_column()
        days = None if day is None else check_days(x[used, day])
        x = x if day is None else np.delete(x, day, axis=1)
        if x.shape[1] == 0:
            msg = f"X holds no feature besides {DAY!r}; add the feature columns of the panel."
            raise DataError(msg)
        group = np.arange(len(x)) if students is None else students
        return Rows(x, codes, weight, group, students is not None)[used], days

    def _day_column(self) -> int | None:
        names = list(getattr(self, "feature_names_in_", ()))
        return names.index(DAY) if DAY in names else None

    def _names(self) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return [f"x{j}" for j in range(self.n_features_in_)]
        return [str(name) for name in names if name != DAY]

    def _fit_period(
        self, rows: Rows, features: tuple[FeatureInfo, ...], rng: np.random.RandomState
    ) -> tuple[Tables, Calibration | None]:
        design = self._design(rows, features)
        seed = int(rng.randint(2**31 - 1))
        fold = grouped_folds(rows.group, rows.y, self.folds, rng) if self.calibrate else None
        n_folds = 0 if fold is None else int(fold.max()) + 1
        parts = [rows, *(rows[fold != i] for i in range(n_folds))]
        (tables, fitted), *held_out = side_by_side(
            [partial(self._fit_tables, design, part, seed) for part in parts]
        )
        self.fits_.append(fitted)
        own = self._bag_tables(fitted)
        calibration = None
        if fold is not None:
            scores = np.empty(len(rows.y))
            for i, (part, _) in enumerate(held_out):
                scores[fold == i] = part.scores(rows.x[fold == i])
            slope, intercept = fit_sigmoid(scores, rows.y, rows.weight)
            calibration = Calibration(slope, intercept, folds=n_folds)
            tables = tables.stretched(slope, intercept)
            own = [bag.stretched(slope, intercept) for bag in own]
        self._bags.append([self._origin(bag, rows) for bag in own])
        return self._origin(tables, rows), calibration

    def _bag_tables(self, fitted: Any) -> list[Tables]:  # noqa: ARG002 - most learners have none
        """Read off the tables of each bag, where a learner averages several."""
        return []

    def _bag_documents(self) -> tuple[AdditiveModel, ...]:
        """Make a document of each bag: the finished one with the tables of that bag."""
        return tuple(
            replace(
                self.document_,
                periods=tuple(
                    replace(period, intercept=own.intercept, terms=own.terms)
                    for period, own in zip(self.document_.periods, bag, strict=True)
                ),
            )
            for bag in zip(*self._bags, strict=True)
        )

    def _choose(
        self,
        rows: Rows,  # noqa: ARG002 - most learners use every column
        features: tuple[FeatureInfo, ...],
        place: Ints,  # noqa: ARG002
        rng: np.random.RandomState,  # noqa: ARG002
    ) -> list[int]:
        """Choose the columns of the document, given each row's period."""
        return list(range(len(features)))

    def _origin(self, tables: Tables, rows: Rows) -> Tables:
        """Say where the tables have their zero: at the average of the training rows."""
        return tables.centred(rows.x, rows.weight)

    def _provenance(self) -> dict[str, Any]:
        parameters = {key: _plain(value) for key, value in self.get_params(deep=False).items()}
        return {
            "learner": type(self).__name__,
            "parameters": parameters,
            "classes": [str(one) for one in self.classes_.tolist()],
            "scikit_learn": sklearn.__version__,
        }


def student_codes(X: Any) -> Ints | None:
    """Give each row the number of its student, by the index level `student_id`; None without it."""
    if isinstance(X, pd.DataFrame) and "student_id" in X.index.names:
        return pd.factorize(X.index.get_level_values("student_id"), use_na_sentinel=False)[0]
    return None


def _check_two_classes(y: Ints, where: str) -> None:
    if len(y) == 0:
        msg = f"training needs rows in every period, but {where} holds none; join it with a neighbour."
        raise OneClassError(msg)
    if len(np.unique(y)) < 2:
        msg = f"training needs both classes, but {where} holds one class; give more rows or join periods."
        raise OneClassError(msg)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return {str(key): int(one) for key, one in value.items()} if isinstance(value, dict) else repr(value)
