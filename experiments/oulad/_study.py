"""The study itself: one backtest a week, judged on one list over all modules."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from early_id.district import read_district
from early_id.evaluation import Backtest, backtest, compute_metrics
from experiments.oulad._contestants import contestants
from experiments.oulad._panels import ended_before_scoring, weekly_panels
from experiments.oulad._presentations import Presentation, presentations, split, still_running

Embargo = Literal["none", "strict"]
#: Size of the list: this share of the week's students of all modules together.
LIST = "10%"


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
    groups : pandas.DataFrame
        Protected attributes, for the audit only.
    """

    test: str
    trained_on: tuple[str, ...]
    embargo: Embargo
    still_running: tuple[str, ...]
    backtests: Mapping[int, Backtest]
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

    def metrics(self) -> list[dict[str, Any]]:
        """Judge every contestant each week, on the top 10 % of all modules together."""
        return [row for week, found in self.backtests.items() for row in _judge(week, found, self.embargo)]

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
    panels = weekly_panels(district, [*before, chosen])
    found: dict[int, Backtest] = {}
    for week, panel in panels.items():
        tell(f"Week {week}: training and scoring")
        usable = ended_before_scoring(panel, chosen, week) if embargo == "strict" else panel
        years = set(usable.frame["school_year"])
        # On a busy machine threads inside one fit wait for each other at every tree.
        with threadpool_limits(1):
            found[week] = backtest(
                contestants(),
                usable,
                train_years=[one.school_year for one in before if one.school_year in years],
                test_years=[chosen.school_year],
                capacity=LIST,
                embargo=embargo,
            )
    return Study(
        test=chosen.name,
        trained_on=_learned_from(found, before),
        embargo=embargo,
        still_running=still_running(chosen, before),
        backtests=found,
        groups=district.groups,
    )


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
