"""Choose a learner's settings inside the training years, as they would have been chosen before the test began."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from early_id import __version__
from early_id.evaluation._backtest import fit_and_score
from early_id.evaluation._folds import ALL, Fold, Rolling, fold_rows, folds_of, spans_of
from early_id.evaluation._publish import DIGITS, FEW
from early_id.evaluation._ranking import average_precision, concordance
from early_id.evaluation._store import write_atomic
from early_id.exceptions import ConfigError, DataError, did_you_mean
from early_id.panel import Panel

#: Parts of the students where there is one training year only.
PARTS = 3
_FIGURES = ("auroc", "average_precision", "n_students_with", "n_students_without")


@dataclass(frozen=True, eq=False)
class Search:
    """The settings that were tried.

    Attributes
    ----------
    learner : estimator
        A fresh copy of the learner with the best settings.
    best : mapping
        Those settings.
    table : pandas.DataFrame
        One row per candidate, in the order they were given: candidate (from 1), settings, auroc and average_precision
        (means over the folds), chosen.
    results : pandas.DataFrame
        One row per candidate and fold: candidate, fold, auroc, average_precision, n_students_with, n_students_without
        (distinct students judged, with the outcome and without).
    within : str
        "school years" or "students": what the folds were made of.
    """

    learner: Any
    best: Mapping[str, Any]
    table: pd.DataFrame
    results: pd.DataFrame
    within: str

    def publish(self) -> pd.DataFrame:
        """Give the table with three digits, for a log or a page.

        No figures where a fold is judged by 10 students or fewer with the outcome, or without.
        """
        fewest = self.results[["n_students_with", "n_students_without"]].to_numpy().min()
        figures = ["auroc", "average_precision"]
        shown = self.table.round(dict.fromkeys(figures, DIGITS))
        return shown if fewest > FEW else shown.assign(**dict.fromkeys(figures, np.nan))


def search(
    learner: Any,
    space: Mapping[str, Sequence[Any]] | Iterable[Mapping[str, Any]],
    panel: Panel,
    *,
    train_years: Sequence[int] | None = None,
    test_years: Sequence[int] | None = None,
    rolling: Rolling | None = None,
    folder: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Search:
    """Try settings of a learner on the training years of a backtest and choose the best.

    Parameters
    ----------
    learner : estimator
        A scikit-learn classifier, or a ranker with `rank_score`, with a fixed `random_state` where it has one.
    space : mapping of name to values, or iterable of settings
        All combinations of the values, or the settings themselves, such as
        ``sklearn.model_selection.ParameterSampler(distributions, 20, random_state=0)``.
    panel, train_years, test_years, rolling
        What `backtest` will be given. Of a rolling backtest only what comes before its first fold is used.
    folder : pathlib.Path, optional
        Where finished results are kept, one file each. A search that was stopped goes on from there; results of other
        data, settings or versions are not used. It may be deleted at any time.
    tell : callable, optional
        Is told a line as each candidate begins.

    Returns
    -------
    Search

    Raises
    ------
    ConfigError
        If there is no candidate or the learner has no such setting; or as `backtest` does.
    DataError
        If no fold has students with and without the outcome still ahead.

    Notes
    -----
    Each training year but the first tests what was learned from those before it, with the embargo of `backtest`: only
    labels known on the first test date of the fold train, and only labels known on the first test date of the backtest
    judge. With one training year the folds are three parts of its students, none of whom is on both sides.

    The best candidate has the highest AUROC among pairs of the same date whose event is still ahead, averaged over the
    folds; the first one wins ties. It is preferred to the precision of the list because it rests on every pair and not
    on the few students around the cut, so that it tells similar settings apart with less chance in it, and because it
    means the same on a part of the students, whose lists would be shorter.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> from early_id.models import LogisticAdditiveClassifier
    >>> from early_id.panel import CATALOG, build_panel
    >>> county = simulate_district(students=200, schools=3, districts=1, years=3, seed=1)
    >>> panel = build_panel(county, label="chronic_absence", as_of=["2022-11-06", "2023-11-05"],
    ...                     catalog={"absent_days_year": CATALOG["absent_days_year"]})
    >>> found = search(LogisticAdditiveClassifier(), {"C": [0.1, 1.0]}, panel)
    >>> found.within, found.table["settings"].tolist()
    ('students', ['C=0.1', 'C=1.0'])
    """
    from sklearn.base import clone
    from sklearn.model_selection import ParameterGrid

    candidates = [dict(one) for one in (ParameterGrid(space) if isinstance(space, Mapping) else space)]
    check_settings(learner, candidates)
    rolling = rolling or Rolling()
    planned = folds_of(panel, rolling, train_years=train_years, test_years=test_years)
    first = next(fold for fold in planned if fold.history == ALL)
    within, folds = _inner_folds(panel, first, rolling.train_dates)
    found = []
    for number, settings in enumerate(candidates, start=1):
        estimator = clone(learner).set_params(**settings)
        files = [folder / f"{_key(estimator, inner)}.json" if folder else None for inner in folds]
        kept = [_kept(file) for file in files]
        if tell:
            done = sum(figures is not None for figures in kept)
            before = f" ({done} of {len(folds)} folds done before)" if done else ""
            tell(f"Candidate {number} of {len(candidates)}: {_text(settings)}{before}")
        for inner, file, figures in zip(folds, files, kept, strict=True):
            if figures is None:
                figures = inner.judge(estimator)
                if file is not None:
                    write_atomic(file, json.dumps(figures).encode())
            found.append({"candidate": number, "fold": inner.name, **figures})
    results = pd.DataFrame(found)
    return _chosen(learner, candidates, results, within)


def check_settings(learner: Any, candidates: Sequence[Mapping[str, Any]]) -> None:
    """Refuse settings a learner does not have, and no candidate at all.

    Raises
    ------
    ConfigError
    """
    if not candidates:
        msg = "Expected one candidate or more to search among, got none; give each setting a value to try."
        raise ConfigError(msg)
    known = learner.get_params()
    for name in dict.fromkeys(name for settings in candidates for name in settings):
        if name not in known:
            msg = f"Expected settings of {type(learner).__name__} to search, got {name!r}: {did_you_mean(name, known)}"
            raise ConfigError(msg)


@dataclass(frozen=True, eq=False)
class _Inner:
    """Rows to learn from and rows to judge by, inside the training years."""

    name: str
    panel: Panel
    train: pd.DataFrame
    test: pd.DataFrame

    @cached_property
    def data(self) -> str:
        """Hash of everything a result depends on besides the learner."""
        digest = hashlib.sha256(repr(self.panel.feature_names).encode())
        for rows in (self.train, self.test):
            frame = self.panel.design(rows).reset_index().assign(label=rows["label"].to_numpy())
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
            digest.update(b"|")
        return digest.hexdigest()

    def judge(self, estimator: Any) -> dict[str, float]:
        """Fit a fresh copy and measure how it orders students of the same date."""
        X = self.panel.design(self.train)
        y = pd.Series(self.train["label"].to_numpy(), X.index, name="label")
        _, score, _ = fit_and_score(estimator, X, y, self.panel.design(self.test))
        rows = self.test[["student_id", "as_of", "label"]].assign(all=0)
        rows = rows.assign(score=pd.Series(score, rows.index).fillna(-np.inf))
        students = rows.groupby("label")["student_id"].nunique()
        return {
            "auroc": float(concordance(rows, ["all"], ["all", "as_of"]).iloc[0]),
            "average_precision": float(average_precision(rows, ["all"], ["all", "as_of"]).iloc[0]),
            "n_students_with": int(students.get(1.0, 0)),
            "n_students_without": int(students.get(0.0, 0)),
        }


def _inner_folds(panel: Panel, fold: Fold, train_dates: Any) -> tuple[str, list[_Inner]]:
    """Split what the first fold of the backtest may learn from; labels it does not know are not there."""
    frame = panel.frame[panel.frame["school_year"].isin(fold.train_years)]
    if train_dates is not None:
        frame = frame[frame["as_of"].isin(pd.to_datetime(list(train_dates)))]
    known = frame["label_matures_on"] <= fold.trained_on
    inside = replace(panel, frame=frame.assign(label=frame["label"].where(known)))
    span = spans_of(inside.frame, "year")
    folds = []
    for place, year in enumerate(fold.train_years[1:], start=1):
        begun = inside.frame.loc[inside.frame["school_year"] == year, "as_of"].min()
        inner = Fold(str(year), ALL, begun, fold.train_years[:place], (str(year),))
        try:
            train, test = fold_rows(inside, inner, span, train_dates=None, embargo="strict")
        except DataError:
            continue  # nothing was known yet; a later year, or the students, have to do
        folds.append(_Inner(f"{year}", inside, train, _judgeable(test)))
    folds = [one for one in folds if one.test["label"].nunique() == 2]
    if folds:
        return "school years", folds
    return "students", _student_folds(inside)


def _student_folds(inside: Panel) -> list[_Inner]:
    """Part the students: nobody whom a model learned from judges it."""
    from sklearn.model_selection import GroupKFold

    rows = inside.learnable
    if rows["student_id"].nunique() < PARTS:
        split: list[tuple[Any, Any]] = []
    else:
        split = list(GroupKFold(PARTS).split(rows, groups=rows["student_id"]))
    folds = [
        _Inner(f"part {part}", inside, rows.iloc[train], _judgeable(rows.iloc[test]))
        for part, (train, test) in enumerate(split, start=1)
    ]
    folds = [one for one in folds if one.test["label"].nunique() == one.train["label"].nunique() == 2]
    if not folds:
        msg = (
            f"Expected training students with and without the outcome still ahead, got {len(rows)} rows that do not "
            "part; add earlier school years."
        )
        raise DataError(msg)
    return folds


def _judgeable(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep scored rows with a known label whose event is still ahead."""
    return rows[rows["label"].notna() & rows["onset"] & rows["not_scored"].isna()]


def _chosen(learner: Any, candidates: list[dict[str, Any]], results: pd.DataFrame, within: str) -> Search:
    from sklearn.base import clone

    means = results.groupby("candidate")[["auroc", "average_precision"]].mean().reset_index()
    place = int(means["auroc"].round(9).argmax())
    table = means.assign(settings=[_text(one) for one in candidates], chosen=means.index == place)
    return Search(
        learner=clone(learner).set_params(**candidates[place]),
        best=candidates[place],
        table=table[["candidate", "settings", "auroc", "average_precision", "chosen"]],
        results=results,
        within=within,
    )


def _text(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items()) or "as it is"


def _key(estimator: Any, inner: _Inner) -> str:
    """Name the file of a result by everything it depends on."""
    import sklearn

    kind = type(estimator)
    parameters = {name: repr(value) for name, value in sorted(estimator.get_params().items())}
    about = [
        __version__,
        sklearn.__version__,
        f"{kind.__module__}.{kind.__qualname__}",
        parameters,
        inner.data,
    ]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


def _kept(file: Path | None) -> dict[str, float] | None:
    """Read a result that was finished; a file that cannot be read is none."""
    if file is None or not file.is_file():
        return None
    try:
        figures = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return figures if isinstance(figures, dict) and set(figures) == set(_FIGURES) else None
