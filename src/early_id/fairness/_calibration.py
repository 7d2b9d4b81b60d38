"""What the score is worth inside each group: whether it ranks, and whether 30 % mean 30 % there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.evaluation import estimate_concordance, estimate_line, estimate_ratio, period_name, periods_of
from early_id.fairness._counts import MEASURES
from early_id.fairness._groups import everybody
from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from early_id.evaluation import Estimate
    from early_id.fairness._counted import Counted
    from early_id.fairness._exposure import Masking

#: Figures that are printed; how many had the outcome in a part is not, so that no count follows from them.
PRINTED = ("auroc", "auroc_within_school", "ratio", "slope")
TOP = 0.9
#: Pairs of which an order is made are of one date, or of one date and school.
_ORDERS = {"auroc": ["as_of"], "auroc_within_school": ["as_of", "school_id"]}
DIGITS = 2


def compute_calibration(rows: pd.DataFrame, counted: Counted) -> pd.DataFrame:
    """Say, per group, how well the score orders its students and whether probabilities are met.

    Rows are those of recall: the outcome is known and was still ahead. Pairs for AUROC are of one as-of date (and one
    school), and who has no score comes last. Probabilities are compared with what happened in `part`: all rows, each
    period of the school year, and the tenth of the group's rows with the highest probability.

    Returns
    -------
    DataFrame
        attribute, group, part; n_rows, n_students, n_students_outcome, n_students_without, and the fewest students on
        either side that each figure rests on (n_students_auroc, …); observed, expected and
        their ratio; slope of the logistic regression of the outcome on the log-odds; auroc and auroc_within_school
        (part "all" only). Each figure with its student-clustered 95 % interval. Rankers have no probability, and so no
        ratio.
    """
    eligible = counted.measures[:, MEASURES.index("eligible")] > 0
    judged = rows.reindex(columns=["score", "label", "probability", "as_of", "school_id"]).loc[eligible]
    judged = judged.assign(
        student_id=counted.student[eligible],
        score=judged["score"].fillna(-np.inf),
        label=judged["label"].astype("float64"),
        # Numbers are compared sooner than names.
        **{name: pd.factorize(judged[name])[0] for name in ("as_of", "school_id")},
    )
    if "school_day" in rows:
        judged = judged.assign(period=period_name(rows.loc[eligible, "school_day"]))
    found = []
    for attribute in (everybody(len(rows)), *counted.attributes):
        codes = attribute.codes[eligible]
        for code, group in enumerate(attribute.groups):
            own = judged.loc[codes == code]
            found += [
                {"attribute": attribute.name, "group": group, "part": part, **_figures(part, rows_of)}
                for part, rows_of in _parts(own)
            ]
    return pd.DataFrame(found)


def _parts(own: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give all rows of a group, those of each period, and those of the highest tenth."""
    yield "all", own
    known = own.loc[own["probability"].notna()]
    if known.empty:
        return
    for period in periods_of(known["period"]) if "period" in known else ():
        yield period, known.loc[known["period"] == period]
    yield "top tenth", known.loc[known["probability"] >= known["probability"].quantile(TOP)]


def _figures(part: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Compute the figures of one part of one group."""
    student, students = pd.factorize(rows["student_id"])
    rows = rows.assign(student_id=student)
    positive = rows["label"] == 1
    found: dict[str, Any] = {
        "n_rows": len(rows),
        "n_students": len(students),
        "n_students_outcome": rows.loc[positive, "student_id"].nunique(),
        "n_students_without": rows.loc[~positive, "student_id"].nunique(),
    }
    estimates: dict[str, Estimate] = {}
    fewest: dict[str, int] = {}
    for name, within in _ORDERS.items() if part == "all" else ():
        estimates[name] = estimate_concordance(rows, within, len(students))
        label = rows["label"].groupby([rows[key] for key in within])
        fewest[name] = _fewest(rows.loc[label.transform("min") < label.transform("max")])
    known = rows.loc[rows["probability"].notna()]
    ones, own = np.ones(len(known)), known["student_id"].to_numpy()
    observed = estimate_ratio(known["label"], ones, own, len(students))
    expected = estimate_ratio(known["probability"], ones, own, len(students))
    found |= {"observed": observed.value, "expected": expected.value}
    estimates["ratio"] = observed.over(expected)
    estimates["slope"] = estimate_line(known["probability"], known["label"], own, len(students))[0]
    fewest |= dict.fromkeys(("ratio", "slope"), _fewest(known))
    for name, estimate in estimates.items():
        low, high = estimate.interval()
        found |= {name: estimate.value, f"{name}_low": low, f"{name}_high": high}
        found[f"n_students_{name}"] = fewest[name]
    return found


def _fewest(rows: pd.DataFrame) -> int:
    """Count the distinct students a figure rests on, of those with the outcome and those without, whoever are fewer."""
    return min(rows.loc[rows["label"] == value, "student_id"].nunique() for value in (0, 1))


def publish_calibration(frame: pd.DataFrame, masking: Masking) -> pd.DataFrame:
    """Print the figures of groups whose number with the outcome is printed.

    A figure rests on more than ten students with the outcome and ten without: of an order those who form a pair, of a
    ratio and a slope those who have a probability.
    A ratio without its parts, an order and a slope give no count away.
    """
    cells = zip(frame["attribute"], frame["group"], strict=True)
    shown = np.array([masking.shown(cell, "eligible", "positive") for cell in cells], dtype=bool)
    columns = [f"{name}{end}" for name in PRINTED for end in ("", "_low", "_high")]
    printed = frame.reindex(columns=["attribute", "group", "part", *columns])
    printed[columns] = printed[columns].astype("float64").round(DIGITS)
    for name in PRINTED:
        enough = (frame[f"n_students_{name}"] > THRESHOLD).to_numpy()
        for end in ("", "_low", "_high"):
            printed[f"{name}{end}"] = printed[f"{name}{end}"].where(enough)
    return printed.loc[shown & printed[list(PRINTED)].notna().any(axis=1)].reset_index(drop=True)
