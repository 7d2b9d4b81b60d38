"""The candidate against the champion: what it says otherwise, and who does better on the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from early_id.evaluation import SCORE_DECIMALS, Backtest, compare_contestants
from early_id.exceptions import EarlyIdError, examples
from early_id.models import AdditiveModel
from early_id.panel import Panel
from early_id.tracking import Tracker, load_document, version_of

#: Name of the champion among the contestants of a backtest.
CHAMPION = "champion"
#: What makes the number of a feature; two declarations that agree in it compute the same.
_COMPUTED = ("table", "window", "where", "aggregate", "column", "over", "against")
_KEYS = ["student_id", "school_id", "as_of"]
_JUDGED = ("recall", "precision", "auroc", "auroc_within_school")
_FIGURES = ["candidate", "champion", "difference", "low", "high"]
_DIGITS = 3


@dataclass(frozen=True, eq=False)
class Champion:
    """The model in use when a training runs.

    Attributes
    ----------
    version : str
        In the registry; empty where no model was promoted yet.
    document : AdditiveModel or None
        None where there is none, or it cannot be loaded.
    why_not : str
        Why it takes no part in the comparison, in one sentence; empty where it does.
    """

    version: str = ""
    document: AdditiveModel | None = None
    why_not: str = "There is no champion yet to compare with."


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a training says about its candidate and the champion.

    Attributes
    ----------
    champion : Champion
    changes : pandas.DataFrame
        `champion.diff(candidate)`: period, feature, points, change.
    metrics : pandas.DataFrame
        rows, metric, candidate, champion (as they may be printed, on the same rows), difference (candidate minus
        champion, paired over students), low, high (its 95 % interval); empty where the champion takes no part.
    """

    champion: Champion
    changes: pd.DataFrame
    metrics: pd.DataFrame

    def lines(self, most: int | None = None) -> list[str]:
        """Say it in words; with `most`, in so many lines at most, the largest changes first."""
        head = [self.champion.why_not] if self.champion.why_not else self._judged()
        if self.champion.document is None:
            return head
        number = len(self.changes)
        what = f"{number} changes" if number > 1 else "1 change" if number else "no change"
        head.append(
            f"Against the champion, version {self.champion.version}: {what} (10 points double the odds)."
        )
        largest = self.changes.assign(size=self.changes["points"].abs().fillna(np.inf))
        told = [
            _said(row)
            for row in largest.sort_values("size", ascending=False, kind="stable").to_dict("records")
        ]
        if most is None or len(head) + number <= most:
            return [*head, *told]
        kept = most - len(head) - 1
        return [*head, *told[:kept], f"… and {number - kept} more in diff.txt."]

    def _judged(self) -> list[str]:
        own = self.metrics[(self.metrics["rows"] == "onset") & self.metrics["difference"].notna()]
        told = [
            f"{row['metric'].replace('_', ' ')} {row['candidate']:.3f} against {row['champion']:.3f} "
            f"({row['low']:+.3f} to {row['high']:+.3f})"
            for row in own.to_dict("records")
        ]
        what = ", ".join(told) or "too few students to print"
        return [f"Candidate against champion, where the outcome is still ahead: {what}."]

    def differences(self) -> dict[str, float]:
        """Name the differences as figures of a run, such as `onset.recall` and the ends of its interval."""
        named = (("difference", ""), ("low", "_low"), ("high", "_high"))
        return {
            f"{row['rows'].replace(', ', '_')}.{row['metric']}{end}": row[column]
            for row in self.metrics.to_dict("records")
            for column, end in named
        }


def _said(row: Mapping[Any, Any]) -> str:
    name = str(row["feature"]).replace("_", " ")
    where = ", ".join(part for part in (name, str(row["period"])) if part)
    return f"{where}: {row['change']}" if where else f"The model {row['change']}"


def find_champion(result: Backtest, panel: Panel, tracker: Tracker) -> Champion:
    """Load the champion and find out whether the rows of a backtest can judge it.

    Parameters
    ----------
    result : Backtest
    panel : Panel
        With every feature that can be computed, also those the training drops.
    tracker : Tracker
    """
    found = version_of("@champion", tracker)
    if found is None:
        return Champion()
    version, run_id = found
    try:
        document = load_document(version, tracker)
    except EarlyIdError as error:
        return Champion(version, None, f"The champion, version {version}, cannot be compared with: {error}")
    reason = (
        _same(result, document)
        or _other_label(panel, document)
        or _other_features(panel, document, _declared(run_id, tracker))
        or _seen_before(result, document)
    )
    return Champion(version, document, f"The champion, version {version}, {reason}." if reason else "")


def with_champion(result: Backtest, panel: Panel, champion: Champion) -> Backtest:
    """Score the test rows with the champion's document, as one more contestant."""
    if champion.document is None or champion.why_not:
        return result
    rows = result.predictions[result.predictions["contestant"] == result.deployable]
    design = design_of(result, panel, rows)
    scored = rows["not_scored"].isna().to_numpy()
    score = np.full(len(rows), np.nan)
    score[scored] = champion.document.predict_proba(design[scored])[:, 1].round(SCORE_DECIMALS)
    own = rows.assign(contestant=CHAMPION, score=score, probability=score)
    return replace(
        result,
        predictions=pd.concat([result.predictions, own], ignore_index=True),
        documents={**result.documents, CHAMPION: champion.document},
    )


def design_of(result: Backtest, panel: Panel, rows: pd.DataFrame) -> pd.DataFrame:
    """Give the features of rows of the test years, in their order."""
    tested = panel.design(panel.frame[panel.frame["school_year"].isin(result.test_years)])
    found: pd.DataFrame = tested.reindex(pd.MultiIndex.from_frame(rows[_KEYS]))
    return found


def compare(result: Backtest, champion: Champion, metrics: pd.DataFrame) -> Comparison:
    """Put candidate and champion side by side.

    Parameters
    ----------
    result : Backtest
    champion : Champion
    metrics : pandas.DataFrame
        As it may be printed, from `publish_metrics`, of all contestants.
    """
    changes = (
        champion.document.diff(result.documents[result.deployable])
        if champion.document is not None
        else pd.DataFrame(columns=["period", "feature", "points", "change"])
    )
    if champion.why_not:
        return Comparison(champion, changes, pd.DataFrame(columns=["rows", "metric", *_FIGURES]))
    return Comparison(champion, changes, _paired(result, metrics))


def _paired(result: Backtest, metrics: pd.DataFrame) -> pd.DataFrame:
    """Give the figures of both and their difference; none of it where either figure may not be printed."""
    names = {result.deployable: "candidate", CHAMPION: "champion"}
    both = result.predictions[result.predictions["contestant"].isin(list(names))]
    apart = compare_contestants(both, result.capacity, result.deployable, metrics=_JUDGED)
    printed = metrics.set_index(["contestant", "rows"])
    own = {
        column: [printed.loc[(name, row["rows"]), row["metric"]] for row in apart.to_dict("records")]
        for name, column in names.items()
    }
    apart = apart.assign(**own)
    hidden = apart[list(names.values())].isna().any(axis=1)
    figures = apart[_FIGURES].mask(hidden).astype("float64").round(_DIGITS)
    paired: pd.DataFrame = apart[["rows", "metric"]].join(figures)
    return paired


def _same(result: Backtest, document: AdditiveModel) -> str:
    same = document.sha256 == result.documents[result.deployable].sha256
    return "is the candidate, to the last digit" if same else ""


def _other_label(panel: Panel, document: AdditiveModel) -> str:
    now = asdict(panel.label) if panel.label else {}
    then = {"name": document.label, **document.provenance.get("label", {})}
    other = [f"{name} {value!r}" for name, value in then.items() if now.get(name, value) != value]
    return f"predicts another label ({', '.join(other)}), so its scores are not compared" if other else ""


def _other_features(panel: Panel, document: AdditiveModel, declared: Mapping[str, Mapping[str, Any]]) -> str:
    absent = [name for name in document.feature_names if name not in panel.feature_names]
    if absent:
        return f"cannot be scored: the panel has no {examples(absent)} any more"
    now = {feature.name: asdict(feature) for feature in panel.features}
    other = [
        name
        for name in document.feature_names
        if name in declared and any(declared[name].get(part) != now[name][part] for part in _COMPUTED)
    ]
    return f"cannot be scored: {examples(other)} is computed otherwise now" if other else ""


def _seen_before(result: Backtest, document: AdditiveModel) -> str:
    known = document.provenance.get("trained_on", "")
    first = result.predictions["as_of"].min().date().isoformat()
    if known <= first:
        return ""
    return (
        f"may have learned from labels known by {known}, after the first day of this test ({first}), so its scores are "
        "not compared; test on a later school year"
    )


def _declared(run_id: str, tracker: Tracker) -> dict[str, dict[str, Any]]:
    """Read how the champion's features were declared when it was trained; nothing where that was not kept."""
    try:
        declared: dict[str, dict[str, Any]] = json.loads(tracker.read(run_id, "catalogue.json"))
    except EarlyIdError:
        return {}
    return declared
