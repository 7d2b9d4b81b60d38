"""Rolling origin: which rows train and which test, fold by fold, as if each training had happened on its day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from early_id.evaluation._years import ENOUGH, choose_years
from early_id.exceptions import ConfigError, DataError, examples
from early_id.panel import Panel

Embargo = Literal["strict", "none"]
#: The history that is deployed: every school year before the test that may train.
ALL = "all"


@dataclass(frozen=True)
class Rolling:
    """How many trainings of the past are replayed, and how far back each of them looks.

    Parameters
    ----------
    folds : int
        How many test spans, counted back from the latest.
    by : {"year", "term"}
        Whether a test span is a school year or one term of it. A date belongs to the term most of its rows are in.
    histories : sequence of int
        Also train on only so many school years before the test, to compare them with all of them on the same rows.
    train_dates : collection of dates, optional
        As-of dates whose rows may train, where the panel holds more of them to test on; default all.

    Raises
    ------
    ConfigError
        If a number is below one or a history is named twice.

    Examples
    --------
    >>> Rolling(folds=3, histories=(1, 2)).names
    ('1', '2', 'all')
    """

    folds: int = 1
    by: Literal["year", "term"] = "year"
    histories: Sequence[int] = ()
    train_dates: Collection[date] | None = None

    def __post_init__(self) -> None:
        if self.folds < 1 or self.by not in ("year", "term"):
            msg = (
                f"Expected one fold or more by 'year' or 'term', got {self.folds} by {self.by!r}; correct it."
            )
            raise ConfigError(msg)
        wrong = [years for years in self.histories if years < 1 or list(self.histories).count(years) > 1]
        if wrong:
            msg = (
                f"Expected histories of one school year or more, each once, got {examples(wrong)}; all school years "
                "are always trained on as well and are not named."
            )
            raise ConfigError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the histories, the shortest first; "all" is the last one."""
        return (*(str(years) for years in sorted(self.histories)), ALL)


@dataclass(frozen=True)
class Fold:
    """One replayed training: what it tests on and which school years it may learn from.

    Attributes
    ----------
    name : str
        The school year, or year and term, it tests on.
    history : str
        "all", or the number of school years it learns from.
    trained_on : pandas.Timestamp
        The first test date.
    train_years : tuple of int
    spans : tuple of str
        Spans that test, see `spans_of`.
    same_year : tuple of str
        Earlier terms of the test year that train too.
    """

    name: str
    history: str
    trained_on: pd.Timestamp
    train_years: tuple[int, ...]
    spans: tuple[str, ...]
    same_year: tuple[str, ...] = ()


def spans_of(frame: pd.DataFrame, by: Literal["year", "term"]) -> pd.Series:
    """Name the school year, or the term of it, that each row is tested in.

    All rows of a date are in one term, the one of most of them, because they are ranked together.

    Raises
    ------
    DataError
        If terms are asked for and a date has none.

    Examples
    --------
    >>> frame = pd.DataFrame({"as_of": pd.to_datetime(["2024-10-06", "2025-03-02"]), "school_year": [2025, 2025],
    ...                       "term": ["2025-S1", "spring"]})
    >>> spans_of(frame, "term").tolist()
    ['2025-S1', '2025 spring']
    """
    if by == "year":
        years = frame["school_year"].astype("category")
        return years.cat.rename_categories([str(year) for year in years.cat.categories])
    counted = frame.groupby(["as_of", "school_year", "term"], observed=True).size().sort_values(kind="stable")
    most = counted.reset_index().drop_duplicates("as_of", keep="last").set_index("as_of")
    without = sorted(set(frame["as_of"]) - set(most.index))
    if without:
        msg = (
            f"Expected a term for every as-of date, got none for {examples(str(day.date()) for day in without)}; fill "
            "in calendar.term, or roll by school year."
        )
        raise DataError(msg)
    # Terms may be called alike every year.
    names = [
        term if term.startswith(str(year)) else f"{year} {term}"
        for year, term in zip(most["school_year"], most["term"].astype("str"), strict=True)
    ]
    return frame["as_of"].map(pd.Series(names, most.index)).astype("category")


def folds_of(
    panel: Panel,
    rolling: Rolling,
    *,
    train_years: Sequence[int] | None = None,
    test_years: Sequence[int] | None = None,
    embargo: Embargo = "strict",
) -> list[Fold]:
    """Plan the folds, oldest first; of each fold the history "all" comes last.

    A history that a fold does not have (two years where only one comes before the test) is left out of it.

    Raises
    ------
    ConfigError
        As `choose_years` does, or if there are fewer test spans with a training year before them than folds.
    """
    if rolling.by == "term" and test_years:
        # Earlier ones are tested before it, and train for the terms of the latest.
        test_years = [max(test_years)]
    train, test = choose_years(panel, train_years, test_years)
    learnable = panel.learnable
    whole = spans_of(panel.frame, rolling.by)
    span = whole[learnable.index]
    begun = learnable["as_of"].groupby(span, observed=True).min().sort_values()
    year_of = learnable["school_year"].groupby(span, observed=True).min().astype("int64")
    tested: list[tuple[str, ...]] = [
        (name,) for name in begun.index if min(train) < year_of[name] < min(test)
    ]
    if rolling.by == "year":
        tested.append(tuple(str(year) for year in test))
    else:
        tested += [(name,) for name in begun.index if year_of[name] == test[0]]
    if len(tested) < rolling.folds:
        msg = (
            f"Expected no more folds than school years (or terms) with a training year before them, {len(tested)}, "
            f"got {rolling.folds}; ask for fewer folds, or add earlier school years."
        )
        raise ConfigError(msg)
    folds = []
    for names in tested[-rolling.folds :]:
        years = tuple(year for year in train if year < year_of[names[0]])
        trained_on = panel.frame.loc[whole.isin(names), "as_of"].min()
        extra: tuple[str, ...] = ()
        if rolling.by == "term" and train_years is None and embargo == "strict":
            own = [name for name in begun.index if year_of[name] == year_of[names[0]]]
            extra = _matured(learnable, span, own, trained_on)
        for history in rolling.names:
            if history == ALL or int(history) <= len(years):
                kept = years if history == ALL else years[-int(history) :]
                folds.append(Fold(", ".join(names), history, trained_on, kept, names, extra))
    return folds


def _matured(
    learnable: pd.DataFrame, span: pd.Series, names: Iterable[str], day: pd.Timestamp
) -> tuple[str, ...]:
    """Name the terms before `day` of which half the labels or more were known by then.

    Where fewer are, they are those of the students who left: learning from them alone would be wrong.
    """
    own = learnable["as_of"] < day
    known = (learnable.loc[own, "label_matures_on"] <= day).groupby(span[own], observed=True).mean()
    return tuple(name for name in names if known.get(name, 0.0) >= ENOUGH)


def fold_rows(
    panel: Panel, fold: Fold, span: pd.Series, *, train_dates: Collection[date] | None, embargo: Embargo
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows a fold learns from and all rows it is tested on; `span` is that of each row of the panel.

    Raises
    ------
    DataError
        If no training row with both outcomes is left.
    """
    test = panel.frame[span.isin(fold.spans)].reset_index(drop=True)
    rows = panel.learnable
    trains = rows["school_year"].isin(fold.train_years)
    if fold.same_year:
        trains |= span[rows.index].isin(fold.same_year)
    if train_dates is not None:
        trains &= rows["as_of"].isin(pd.to_datetime(list(train_dates)))
    if embargo == "strict":
        trains &= rows["label_matures_on"] <= fold.trained_on
    rows = rows[trains]
    if rows["label"].nunique() < 2:
        msg = (
            f"Expected training rows with and without the outcome in {list(fold.train_years)}, got {len(rows)} rows "
            f"with {rows['label'].nunique()} kinds of label known by {fold.trained_on.date()}; add earlier school "
            "years."
        )
        raise DataError(msg)
    return rows, test


def latest_rows(
    panel: Panel,
    rolling: Rolling,
    *,
    train_years: Sequence[int] | None = None,
    test_years: Sequence[int] | None = None,
    embargo: Embargo = "strict",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows the latest fold learns from and those it is tested on, as `backtest` takes them.

    Raises
    ------
    ConfigError, DataError
        As `backtest` does.
    """
    fold = folds_of(panel, rolling, train_years=train_years, test_years=test_years, embargo=embargo)[-1]
    span = spans_of(panel.frame, rolling.by)
    return fold_rows(panel, fold, span, train_dates=rolling.train_dates, embargo=embargo)
