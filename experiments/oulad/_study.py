"""The study itself: one backtest a week, judged on one list over all modules."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from early_id.district import read_district
from early_id.evaluation import Backtest, backtest, compute_metrics
from early_id.panel import Panel
from experiments.oulad._bars import LIST, Bar, bar
from experiments.oulad._choice import inner_figures
from experiments.oulad._columns import day_columns, with_base_rate, with_columns
from experiments.oulad._contestants import CHOSEN, ON_NEARBY_DAYS, ceilings, left_out, plain_models, readable
from experiments.oulad._panels import DAYS_OFF, NEARBY, ended_before_scoring, of_the_day, weekly_panels
from experiments.oulad._plain import read_files
from experiments.oulad._presentations import Presentation, presentations, split, still_running

Embargo = Literal["none", "strict"]


@dataclass(frozen=True, eq=False)
class Study:
    """What was found.

    Attributes
    ----------
    test : str
        The presentation tested on.
    trained_on : tuple of str
        The presentations some week learned from.
    embargo : {"none", "strict"}
    still_running : tuple of str
        Earlier presentations whose results were not all known when the test students were first scored.
    backtests : mapping of week to Backtest
    inner : mapping of week to mapping of document learner to float
        Mean AUROC inside the training presentations.
    groups : pandas.DataFrame
        Protected attributes, for the audit only.
    """

    test: str
    trained_on: tuple[str, ...]
    embargo: Embargo
    still_running: tuple[str, ...]
    backtests: Mapping[int, Backtest]
    inner: Mapping[int, Mapping[str, float]]
    groups: pd.DataFrame

    @property
    def caveat(self) -> str:
        """Say which labels were used, and whether they were known."""
        learned = _listed(self.trained_on)
        if not self.still_running:
            return f"Trained on {learned}, which had ended when {self.test} was first scored."
        running = _listed(self.still_running)
        if self.embargo == "strict":
            return (
                f"Trained on {learned}, used once ended; {running} had not when {self.test} was first scored."
            )
        return (
            f"Trained on {learned}. Labels of the presentation just before ({running}) were not all known on the days "
            f"scored, as it was still running: comparable with published figures, and not what use would have allowed."
        )

    @cached_property
    def metrics(self) -> list[dict[str, Any]]:
        """Judge every contestant each week, on the top 10 % of all modules together."""
        return [
            {**row, "learner": best(self.inner) if row["model"] == CHOSEN else row["model"]}
            for week, found in self.backtests.items()
            for row in _judge(week, found, self.embargo)
        ]

    @cached_property
    def bars(self) -> list[Bar]:
        """Compare, each week, the chosen document with the plain models and the default one with the black boxes."""
        return [
            bar(week, found.predictions, self.inner[week], best(self.inner))
            for week, found in self.backtests.items()
        ]

    def predictions(self) -> pd.DataFrame:
        """Every score of a test student whose result is known: one row per student, module, week and model."""
        parts = [found.predictions.assign(week=week) for week, found in self.backtests.items()]
        rows = pd.concat(parts, ignore_index=True)
        rows = rows[rows["label"].notna()]
        return pd.DataFrame(
            {
                "student_id": rows["student_id"],
                "code_module": rows["district_id"],
                "code_presentation": self.test,
                "week": rows["week"],
                "model": rows["contestant"],
                "score": rows["score"],
                "label": rows["label"].astype("int64"),
            }
        ).reset_index(drop=True)

    def pooled(self) -> pd.DataFrame:
        """Return the predictions of all weeks, in the form of one backtest."""
        weeks: list[pd.DataFrame] = [found.predictions for found in self.backtests.values()]
        return pd.concat(weeks, ignore_index=True)


def run_study(
    data: Path, *, test: str, embargo: Embargo = "none", tell: Callable[[str], None] | None = None
) -> Study:
    """Train on the presentations before `test` and score it, for each week.

    Parameters
    ----------
    data : pathlib.Path
        Folder with the OULAD files as downloaded.
    test : str
        The presentation to test on, such as "2014B".
    embargo : {"none", "strict"}
        "none" trains on all earlier presentations, "strict" only on those that had ended before the day of scoring.
    tell : callable, optional
        Is told what begins.

    Raises
    ------
    ConfigError
        If there is no such folder or presentation, or none before it.
    DataError
        If the files cannot be read, or the embargo leaves nothing to train on.
    """
    tell = tell or (lambda _: None)
    tell("Reading the files")
    district = read_district(data, source="oulad")
    chosen, before = split(presentations(district), test, strict=embargo == "strict")
    tell("Building the panels")
    panels = weekly_panels(district, [*before, chosen], nearby=before)
    files = read_files(data)
    found: dict[int, Backtest] = {}
    inner: dict[int, dict[str, float]] = {}
    for week, panel in panels.items():
        usable = ended_before_scoring(panel, chosen, week) if embargo == "strict" else panel
        columns = {off: day_columns(files, 7 * week + off) for off in NEARBY}
        # On a busy machine threads inside one fit wait for each other at every tree.
        with threadpool_limits(1):
            study = with_columns(usable, columns, "study")
            tell(f"Week {week}: choosing inside the training presentations")
            inner[week] = inner_figures(study.where(study.frame["school_year"] != chosen.school_year))
            tell(f"Week {week}: training and scoring")
            plain = with_columns(of_the_day(usable), columns, "plain")
            found[week] = _week(study, plain, chosen, before, embargo)
    return Study(
        test=chosen.name,
        trained_on=_learned_from(found, before),
        embargo=embargo,
        still_running=still_running(chosen, before),
        backtests={week: _with_chosen(one, best(inner)) for week, one in found.items()},
        inner=inner,
        groups=district.groups,
    )


def best(inner: Mapping[int, Mapping[str, float]]) -> str:
    """Name the learner with the highest figure, averaged over the weeks; the first one wins ties.

    One learner serves all weeks: a week has as few folds as there are training presentations, and its differences are
    small beside those from one presentation to the next.

    >>> best({2: {"additive": 0.6, "logistic": 0.7}, 4: {"additive": 0.75, "logistic": 0.74}})
    'logistic'
    """
    figures = pd.DataFrame(dict(inner)).mean(axis=1)
    return str(figures.idxmax())


def _week(
    study: Panel, plain: Panel, test: Presentation, before: Sequence[Presentation], embargo: Embargo
) -> Backtest:
    """Train on both kinds of features, and put the scores of the same students side by side."""
    trained = study.frame["school_year"] != test.school_year
    years = set(study.frame["school_year"])
    nearby = with_base_rate(study, trained & (study.frame[DAYS_OFF] == 0))
    study, plain = of_the_day(nearby), with_base_rate(plain, plain.frame["school_year"] != test.school_year)
    documents = readable(study)
    around = {name: documents.pop(name) for name in ON_NEARBY_DAYS}
    found, *others = (
        backtest(
            contestants,
            panel,
            train_years=[one.school_year for one in before if one.school_year in years],
            test_years=[test.school_year],
            capacity=LIST,
            embargo=embargo,
        )
        for contestants, panel in (
            (documents, study),
            (around, nearby.without(left_out(nearby))),
            (ceilings(), study),
            (plain_models(), plain),
        )
    )
    return replace(
        found,
        predictions=pd.concat([one.predictions for one in (found, *others)], ignore_index=True),
        documents={name: document for one in (found, *others) for name, document in one.documents.items()},
    )


def _with_chosen(found: Backtest, learner: str) -> Backtest:
    """Let the chosen learner's scores also stand under the name that was settled before the test."""
    rows = found.predictions
    own = rows[rows["contestant"] == learner].assign(contestant=CHOSEN)
    return replace(found, predictions=pd.concat([own, rows], ignore_index=True))


def _learned_from(found: Mapping[int, Backtest], before: Sequence[Presentation]) -> tuple[str, ...]:
    """Name the presentations of which rows were used, as the documents say."""
    used = {
        year
        for one in found.values()
        for document in one.documents.values()
        for year in document.provenance["train_years"]
    }
    return tuple(one.name for one in before if one.school_year in used)


def _judge(week: int, found: Backtest, embargo: Embargo) -> list[dict[str, Any]]:
    """Judge one week's contestants; the week's students of all modules share one list.

    Whoever takes two modules is two rows, which the keyed hash that breaks ties has to tell apart.
    """
    rows = found.predictions
    together = rows.assign(student_id=rows["student_id"] + "|" + rows["school_id"], school_id="all modules")
    judged = compute_metrics(together[together["label"].notna()], LIST)
    return [
        {
            "week": week,
            "model": str(row["contestant"]),
            "embargo": embargo,
            "auroc": _number(row["auroc"]),
            "average_precision": _number(row["average_precision"]),
            "precision_at_10pct": _number(row["precision"]),
            "recall_at_10pct": _number(row["recall"]),
            "n_train": int(found.training["rows"]),
            "n_test": int(row["n_rows"]),
        }
        for row in judged[judged["rows"] == "all"].to_dict("records")
    ]


def _listed(names: Sequence[str]) -> str:
    """Write names as a person lists them.

    >>> _listed(("2013B", "2013J", "2014B"))
    '2013B, 2013J and 2014B'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _number(value: float) -> float | None:
    """Return the figure; None where there is none, as JSON has no NaN."""
    return None if math.isnan(value) else float(value)
