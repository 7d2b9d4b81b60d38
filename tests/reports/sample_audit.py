"""One audit and one table of results for the tests of all pages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from early_id.evaluation import list_at_capacity
from early_id.fairness import audit_frame


def _long(ids, attribute, values):
    """Give students their value of an attribute, from a day before all others."""
    return pd.DataFrame(
        {
            "student_id": ids,
            "attribute": attribute,
            "value": values,
            "valid_from": pd.Timestamp("2020-01-01"),
            "valid_to": pd.NaT,
        }
    )


@cache
def sample_audit():
    """An audit with a gap (B), a pass, a masked small group (C) with its partner (A), and an awkward name."""
    rng = np.random.default_rng(5)
    n = 5000
    ids = np.array([f"s{number:05d}" for number in range(n)])
    team = rng.choice(["A", "B", "D"], n, p=[0.5, 0.3, 0.2])
    team[rng.choice(n, 7, replace=False)] = "C"
    half = rng.choice(["left", "<b>right</b>"], n)
    outcome = rng.random(n) < 0.5
    reach = pd.Series(team).map({"A": 0.6, "B": 0.4, "C": 0.5, "D": 0.55}).to_numpy()
    school = rng.integers(0, 3, n)
    missing = rng.random(n) < 0.04
    rows = pd.DataFrame(
        {
            "student_id": ids,
            "school_id": [f"school {number}" for number in school],
            "district_id": "d",
            "as_of": pd.Timestamp("2024-01-07"),
            "grade_level": rng.integers(0, 13, n),
            "score": np.where(missing, np.nan, 0.5),
            "label": np.where(rng.random(n) < 0.02, np.nan, outcome),
            "onset": True,
            "weeks_ahead": np.where(outcome, rng.choice([4.0, 12.0], n), np.nan),
            "not_scored": pd.Series(np.where(missing, "no feed", ""), dtype="str").replace("", None),
            "listed": (rng.random(n) < np.where(outcome, reach, 0.05)) & ~missing,
        }
    )
    groups = pd.concat([_long(ids, "team", team), _long(ids, "half", half)])
    about = {"label": "chronic_absence", "capacity": {"*": 25, "school 1": 40}, "document_sha256": "0f" * 32}
    return audit_frame(rows, groups=groups, resampling=(300, 0), about=about)


@cache
def scored_audit():
    """An audit of lists drawn by a score that says less of B, so that other sizes of the list can be audited too."""
    rng = np.random.default_rng(7)
    n = 4000
    ids = np.array([f"s{number:05d}" for number in range(n)])
    team = rng.choice(["A", "B", "C"], n, p=[0.5, 0.45, 0.05])
    outcome = rng.random(n) < 0.4
    rows = pd.DataFrame(
        {
            "student_id": ids,
            "school_id": rng.choice(["north", "south"], n),
            "district_id": "d",
            "as_of": pd.Timestamp("2024-01-07"),
            "grade_level": rng.integers(0, 13, n),
            "score": rng.normal(0.5, 0.2, n) + np.where(team == "B", 0.05, 0.25) * outcome,
            "label": outcome.astype(float),
            "onset": True,
        }
    )
    rows["listed"] = list_at_capacity(rows, "10%")
    groups = _long(ids, "team", team)
    about = {"label": "chronic_absence", "capacity": "10%", "document_sha256": "0f" * 32}
    return audit_frame(rows, groups=groups, resampling=(300, 0), about=about, curve=True)


def sample_metrics():
    rows = [
        {
            "contestant": name,
            "rows": subset,
            "precision": 0.4,
            "recall": recall,
            "auroc": 0.79,
            "auroc_within_school": 0.77,
            "brier": brier,
        }
        for subset in ("all", "onset")
        for name, recall, brier in (("additive", 0.34, 0.11), ("pace rule", 0.22, float("nan")))
    ]
    return pd.DataFrame(rows)
