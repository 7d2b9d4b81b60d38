"""The parts of a document besides its tables: feature, calibration, period of the school year."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from early_id.exceptions import DataError, examples
from early_id.models._pairs import Pair
from early_id.models._terms import Term, finite

if TYPE_CHECKING:
    from collections.abc import Mapping

# `school_day` selects the period and `base` is a column of `AdditiveModel.background`.
RESERVED = ("school_day", "base")


@dataclass(frozen=True)
class FeatureInfo:
    """What a reader must know about one feature.

    Parameters
    ----------
    name : str
        Column name.
    concept : str, default=""
        What it is about; features of one concept are one reason. Empty means: its own name.
    domain : str, default=""
        attendance, grades, discipline or mobility.
    direction : {-1, 0, 1}, default=0
        +1: a larger value never lowers the score; −1: never raises it; 0: free.
    unit, phrase : str, default=""
        Unit of the value, and words to state it as a fact.
    changeable : bool, default=False
        Whether a student or family can change it.

    Examples
    --------
    >>> FeatureInfo("absent_days_year", direction=1, unit="days").concept
    'absent_days_year'
    """

    name: str
    concept: str = ""
    domain: str = ""
    direction: int = 0
    unit: str = ""
    phrase: str = ""
    changeable: bool = False

    def __post_init__(self) -> None:
        if not self.name or self.name in RESERVED:
            msg = (
                f"a feature needs a name other than {examples(RESERVED)}, but one is called {self.name!r}; "
                "rename it."
            )
            raise DataError(msg)
        if self.direction not in (-1, 0, 1):
            msg = f"feature {self.name!r} needs direction -1, 0 or 1, but has {self.direction!r}; correct it."
            raise DataError(msg)
        object.__setattr__(self, "direction", int(self.direction))
        object.__setattr__(self, "concept", self.concept or self.name)

    @classmethod
    def from_catalogue(cls, catalogue: Mapping[str, Any], name: str) -> FeatureInfo:
        """Describe `name` as the feature catalogue does, or only by its name if it is not in it."""
        known = catalogue.get(name)
        if known is None:
            return cls(name)
        return cls(
            name,
            concept=str(known.concept),
            domain=str(known.domain),
            direction=int(known.direction),
            unit=str(known.unit),
            phrase=str(known.phrase),
            changeable=bool(known.changeable),
        )


@dataclass(frozen=True)
class Calibration:
    """The sigmoid calibration already folded into a period's tables: score = intercept + slope · raw score.

    Examples
    --------
    >>> Calibration(slope=0.9, intercept=-0.1, folds=3).slope
    0.9
    """

    slope: float
    intercept: float
    folds: int

    def __post_init__(self) -> None:
        slope, intercept = finite([self.slope, self.intercept], "calibration")
        if not slope > 0:
            msg = f"a calibration needs a positive slope, but has {slope!r}; correct the document."
            raise DataError(msg)
        object.__setattr__(self, "slope", slope)
        object.__setattr__(self, "intercept", intercept)


@dataclass(frozen=True)
class Period:
    """A half-open range of school days [from_day, to_day) with its own tables.

    Parameters
    ----------
    from_day : int
        First school day of the year it covers.
    to_day : int or None
        First school day it no longer covers; None: to the end of the year.
    intercept : float
        Log-odds to which the terms are added.
    terms : tuple of Term
        One per feature, in the order of the document's features.
    n_rows, n_students, n_events : int, default=0
        Training rows, distinct students in them, and rows with the outcome.
    calibration : Calibration or None, default=None
        What was folded into the tables; None: nothing.
    pairs : tuple of Pair, default=()
        Tables over two features, if any; the same pairs in every period of a document.

    Examples
    --------
    >>> Period(0, 20, intercept=-1.0, terms=()).name
    'school days 0–19'
    """

    from_day: int
    to_day: int | None
    intercept: float
    terms: tuple[Term, ...]
    n_rows: int = 0
    n_students: int = 0
    n_events: int = 0
    calibration: Calibration | None = field(default=None)
    pairs: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))
        object.__setattr__(self, "pairs", tuple(self.pairs))
        object.__setattr__(self, "intercept", finite([self.intercept], f"{self.name}, intercept")[0])
        if self.from_day < 0 or (self.to_day is not None and self.to_day <= self.from_day):
            msg = (
                f"a period needs 0 ≤ from_day < to_day, but one has {self.from_day} and {self.to_day}; "
                "correct it."
            )
            raise DataError(msg)
        if min(self.n_rows, self.n_students, self.n_events) < 0:
            msg = (
                f"{self.name}: counts of rows, students and events cannot be negative; correct the document."
            )
            raise DataError(msg)
        if max(self.n_students, self.n_events) > self.n_rows:
            msg = (
                f"{self.name}: {self.n_rows} rows cannot hold {self.n_students} students and {self.n_events} events; "
                "correct the document."
            )
            raise DataError(msg)

    @property
    def name(self) -> str:
        """How the period is called in tables."""
        if self.to_day is None:
            return "the whole school year" if self.from_day == 0 else f"school days {self.from_day}–"
        return f"school days {self.from_day}–{self.to_day - 1}"

    @property
    def average(self) -> float:
        """Mean score of the training rows: the intercept and what every table adds on average."""
        return self.intercept + sum(self.means)

    @property
    def means(self) -> tuple[float, ...]:
        """What every table adds on average, terms first."""
        return (*(term.mean for term in self.terms), *(pair.mean for pair in self.pairs))

    @property
    def whole_year(self) -> bool:
        """Whether it covers every school day."""
        return self.from_day == 0 and self.to_day is None
