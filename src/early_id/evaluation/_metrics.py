"""Metrics of every contestant at the same list size, on all rows and on those where the event is still ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from early_id.evaluation._capacity import Capacity, list_across_schools, list_at_capacity
from early_id.evaluation._estimators import METRICS, estimates, how_many_students, ranked_rows
from early_id.evaluation._ranking import average_precision, concordance
from early_id.exceptions import ConfigError, examples

#: School days between which rules fail and a model earns its place.
EARLY = (20, 100)
#: Share of days missed from which a rule of thumb sees a student.
EARLY_RATE = 0.1


def _early(rows: pd.DataFrame) -> pd.Series:
    """Choose weeks with the event ahead on early school days of whom no rule sees: a rate not known to be at 10 %."""
    return rows["onset"] & rows["school_day"].between(*EARLY) & ~(rows["absence_rate_year"] >= EARLY_RATE)


SUBSETS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = MappingProxyType(
    {
        "all": lambda rows: rows["label"].notna(),
        "onset": lambda rows: rows["onset"],
        "early onset": _early,
        "onset, untreated": lambda rows: rows["onset"] & ~rows["treated"],
        "onset, unseen": lambda rows: rows["onset"] & ~rows["seen_in_training"],
    }
)


_READ = [
    "contestant", "student_id", "school_id", "as_of", "school_day", "score", "probability", "label", "onset", "treated",
    "listed", "listed_county", "comparable", "absence_rate_year", "seen_in_training",
]  # fmt: skip


def with_lists(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Add the column `listed` for every contestant, each at the same places per school and date.

    Raises
    ------
    ConfigError
        If the scores are of several histories: those of the same student and date belong on lists of their own.
    """
    if "history" in predictions and predictions["history"].nunique() > 1:
        msg = (
            f"Expected predictions of one history, got {examples(predictions['history'].unique())}; judge each on its "
            "own, as compare_histories does."
        )
        raise ConfigError(msg)
    return predictions.assign(listed=_for_each(predictions, capacity, list_at_capacity))


def _for_each(
    predictions: pd.DataFrame, capacity: Capacity, make: Callable[[pd.DataFrame, Capacity], pd.Series]
) -> pd.Series:
    """Make a list of each contestant's scores."""
    parts = [make(own, capacity) for _, own in predictions.groupby("contestant", sort=False)]
    made: pd.Series = pd.concat(parts)
    return made


def judged_rows(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Rows with a label and what the metrics read of them; ids as numbers, which group much faster than text.

    `comparable` marks the rows that the panel could score. They are the same for every contestant; without the column
    not_scored they are the rows with a score. `listed_county` are as many places on each date as `listed`, given to the
    highest scores of all schools: there, telling schools apart is worth as much as telling students apart. Contestants
    are categories, in the order in which they were given.
    """
    rows = with_lists(predictions, capacity)
    rows = rows.assign(listed_county=_for_each(predictions, capacity, list_across_schools))
    comparable = rows["not_scored"].isna() if "not_scored" in rows else rows["score"].notna()
    rate = rows.get("absence_rate_year", np.nan)
    # Without the column nobody is said to be new.
    seen = rows["seen_in_training"].astype("bool") if "seen_in_training" in rows else True
    rows = rows.assign(comparable=comparable, absence_rate_year=rate, seen_in_training=seen)
    rows = rows.loc[rows["label"].notna(), _READ]
    numbers = {name: pd.factorize(rows[name])[0] for name in ("student_id", "school_id")}
    names = pd.CategoricalDtype(list(predictions["contestant"].unique()))
    return rows.assign(contestant=rows["contestant"].astype(names), **numbers)


def compute_metrics(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Judge every contestant over the whole test period.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `Backtest.predictions`.
    capacity : str, int or mapping
        The list size; see `early_id.evaluation.capacity_by_school`.

    Returns
    -------
    pandas.DataFrame
        contestant, rows ("all"; "onset": the event is still ahead at the as-of date; "early onset": and the date lies
        between school days 20 and 100 and the absence rate so far is not known to be 10 % or more; "onset, untreated":
        and no outreach was recorded; "onset, unseen": and the model learned from no row of the student, whereas most
        recur from year to year, as in use), n_rows, n_students, n_positives, auroc (pairs of the same date),
        auroc_within_school (and of the same school), average_precision (mean over dates, weighted by positives), brier
        (missing for rankers, which have no probability), precision and recall at the list, lift (precision over the
        share of positives), precision_county and recall_county (of a list of as many places over all schools together).
        All contestants are ordered on the same rows: those the panel could score. Of these, the ones a contestant gives
        no score come last, as equals (ties count ½), because its list never names them. The Brier score is taken over
        the probabilities there are. Beside each metric stand the ends of its student-clustered 95 % interval,
        `<metric>_low` and `<metric>_high`, missing where they cannot be told. It holds for the fitted model and the
        lists as drawn: what another training would have changed is not in it.
    """
    return judge(judged_rows(predictions, capacity))


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Give what `compute_metrics` gives, of judged rows."""
    n_students = how_many_students(rows)
    subsets = {name: rows[keep(rows)] for name, keep in SUBSETS.items()}
    # A set without a row would make every column one of objects.
    parts = [
        _estimated(own, n_students).assign(rows=name)
        for name, own in subsets.items()
        if len(own) or name == "all"
    ]
    return _ordered(pd.concat(parts, ignore_index=True), rows, ["contestant", "rows"])


def _estimated(rows: pd.DataFrame, n_students: int) -> pd.DataFrame:
    """Count the rows of every contestant, and estimate each metric with its interval."""
    groups = rows.groupby("contestant", sort=False, observed=True)
    found = pd.DataFrame(
        {
            "n_rows": groups.size(),
            "n_students": groups["student_id"].nunique(),
            "n_positives": groups["label"].sum().astype("int64"),
        }
    )
    figures: dict[str, dict[str, float]] = {}
    for metric, of in estimates(rows, METRICS, n_students):
        for name, one in of.items():
            low, high = one.interval()
            figures.setdefault(name, {}).update(
                {metric: one.value, f"{metric}_low": low, f"{metric}_high": high}
            )
    columns = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    return found.join(pd.DataFrame.from_dict(figures, orient="index", columns=columns)).reset_index()


def compute_metrics_by_date(predictions: pd.DataFrame, capacity: Capacity) -> pd.DataFrame:
    """Judge every contestant on each as-of date; columns as in `compute_metrics` without intervals, and as_of."""
    return judge_by_date(judged_rows(predictions, capacity))


def judge_by_date(rows: pd.DataFrame) -> pd.DataFrame:
    """Give what `compute_metrics_by_date` gives, of judged rows."""
    by = ["contestant", "as_of"]
    parts = [_grouped(rows[SUBSETS[name](rows)], by).assign(rows=name) for name in ("all", "onset")]
    return _ordered(pd.concat(parts, ignore_index=True), rows, ["contestant", "as_of", "rows"])


def _ordered(found: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Put keys first and contestants in the order they were given."""
    place = {name: n for n, name in enumerate(rows["contestant"].cat.categories)}
    found = found.assign(contestant=found["contestant"].astype("str"))
    found = found.assign(_place=found["contestant"].map(place))
    found = found.sort_values(["_place", *keys[1:-1]], kind="stable", ignore_index=True)
    return found[[*keys, *(name for name in found.columns if name not in {*keys, "_place"})]]


def _grouped(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Compute all metrics for each group of rows."""
    ranked = ranked_rows(rows)
    squared = ((rows["probability"] - rows["label"]) ** 2).dropna()
    groups = rows.groupby(by, sort=False, observed=True)
    counted = {"label": rows["label"]}
    for name in ("listed", "listed_county"):
        counted |= {name: rows[name], f"hits_{name}": (rows["label"] == 1) & rows[name]}
    totals = pd.DataFrame(counted).groupby([rows[name] for name in by], sort=False, observed=True).sum()
    precision = totals["hits_listed"] / totals["listed"].where(totals["listed"] > 0)
    positives = totals["label"].where(totals["label"] > 0)
    dates = list(dict.fromkeys([*by, "as_of"]))
    return pd.DataFrame(
        {
            "n_rows": groups.size(),
            "n_students": groups["student_id"].nunique(),
            "n_positives": totals["label"].astype("int64"),
            "auroc": concordance(ranked, by, dates),
            "auroc_within_school": concordance(ranked, by, [*dates, "school_id"]),
            "average_precision": average_precision(ranked, by, dates),
            "brier": squared.groupby(
                [rows.loc[squared.index, name] for name in by], sort=False, observed=True
            ).mean(),
            "precision": precision,
            "recall": totals["hits_listed"] / positives,
            "lift": precision * groups.size() / positives,
            "precision_county": totals["hits_listed_county"]
            / totals["listed_county"].where(totals["listed_county"] > 0),
            "recall_county": totals["hits_listed_county"] / positives,
        }
    ).reset_index()
