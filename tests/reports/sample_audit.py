"""One audit and one table of results for the tests of all pages."""

from __future__ import annotations

import hashlib
import json
from functools import cache

import numpy as np
import pandas as pd

from early_id.evaluation import list_at_capacity
from early_id.fairness import audit_frame
from early_id.reports import CardEvidence


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


def sample_evidence(document):
    """What a card of this document is made from, with the audit of `sample_audit`."""
    content = json.loads(sample_audit().to_json())
    content["about"] |= {
        "document_sha256": document.sha256,
        "label": document.label,
        "contestant": "additive",
        "purpose": "Outreach by the school's team; no other use.",
        "test_years": [2024],
    }
    content["quality"] = [
        {"name": "time safety", "verdict": "pass", "wanted": "It says passed.", "found": "It says passed."},
        {"name": "against the ceiling", "verdict": "cannot tell", "wanted": "Near.", "found": "0.79 | 0.80."},
    ]
    calibration = pd.DataFrame(
        {
            "contestant": ["additive"] * 3 + ["ceiling"],
            "rows": "all",
            "period": ["all", "0-20", "20-", "all"],
            "expected": [0.311, 0.322, 0.333, 0.344],
            "observed": [0.355, 0.366, np.nan, 0.377],
            "slope": [1.08, 0.97, np.nan, 0.86],
            "slope_low": [0.91, 0.71, np.nan, 0.5],
            "slope_high": [1.25, 1.23, np.nan, 1.1],
        }
    )
    reached = pd.DataFrame(
        {
            "contestant": ["additive", "pace rule"],
            "n_students": [2400, 2400],
            "n_before": [0, 0],
            "reached": [0.441, 0.314],
            "reached_early": [0.217, np.nan],
            "median_weeks": [3.5, np.nan],
        }
    )
    metrics = sample_metrics().assign(
        n_rows=20_500, n_students=4800, n_positives=2300, recall_low=0.31, recall_high=0.37
    )
    return CardEvidence(
        json.dumps(content),
        metrics=metrics,
        calibration=calibration,
        reached=reached,
        training={"rows": 11_800.0, "students": 3600.0, "positives": 3200.0, "treated_share": 0.051},
        source="calpads",
        names={"school 1": "Oak | Elm School"},
    )


def sample_record(evidence):
    """The record of a sign-off of that audit, as its JSON says it."""
    audit = json.loads(evidence.audit)
    return {
        "format": "early_id.sign_off/1",
        "reviewer": "María Ruiz <equity>, reviewer",
        "signed_on": "2024-09-01",
        "expires_on": "2025-06-30",
        "model_sha256": audit["about"]["document_sha256"],
        "audit_sha256": hashlib.sha256(evidence.audit.encode()).hexdigest(),
        "label": audit["about"]["label"],
        "data_window": "trained on 2021-08-22 to 2023-06-11, tested on school years 2024",
        "capacity": {"*": 25, "school 1": 40},
        "exceptions": [
            {"group": "team=B", "reason": "feed mended | in May", "expires_on": "2025-01-31"},
        ],
        "acknowledged": [{"group": "recall:school=school 1", "reason": "the principal reads every list"}],
        "previous": "",
        "sha256": "ab" * 32,
    }
