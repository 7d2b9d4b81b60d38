from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from tracking_parts import SIGNING, make_document

from early_id.fairness import audit_frame
from early_id.tracking import gate_cells, sign_off

BARS = [
    {"name": name, "verdict": verdict, "wanted": "", "found": ""}
    for name, verdict in (
        ("early against pace rule", "fail"),
        ("time safety", "pass"),
        ("calibration 120-", "pass"),
    )
]


def audited(document_sha256: str, gap: float) -> str:
    """A real audit of one date, 4,000 students, where half of them are listed `gap` less often when it matters."""
    rng = np.random.default_rng(0)
    n = 4_000
    students = [f"s{i:05d}" for i in range(n)]
    half = np.arange(n) % 2 == 0
    label = (rng.random(n) < 0.5).astype(float)
    listed = rng.random(n) < np.where(half, 0.7 - gap, 0.7)
    rows = pd.DataFrame(
        {
            "student_id": students,
            "school_id": "S1",
            "district_id": "D1",
            "as_of": pd.Timestamp("2025-11-16"),
            "grade_level": 9.0,
            "score": rng.random(n),
            "label": label,
            "onset": True,
            "listed": listed,
            "school_year": 2026,
        }
    )
    rows.loc[rng.random(n) < 0.01, "score"] = np.nan
    groups = pd.DataFrame(
        {
            "student_id": students,
            "attribute": "half",
            "value": np.where(half, "first", "second"),
            "valid_from": pd.Timestamp("2020-01-01"),
            "valid_to": pd.NaT,
        }
    )
    about = {"document_sha256": document_sha256, "label": "chronic_absence", "capacity": "5%"}
    found = audit_frame(rows, groups=groups, resampling=(200, 0), about=about)
    return replace(found, quality=BARS).to_json()


def test_the_gate_reads_the_audit_this_library_writes() -> None:
    document = make_document()
    audit = audited(document.sha256, gap=0.3)
    needed = gate_cells(audit)
    assert {"recall:half=first", "model:quality=early against pace rule"} <= {
        cell.name for cell in needed["exception"]
    }
    record = sign_off(
        document,
        audit,
        **SIGNING,
        exceptions=[
            {"group": c.name, "reason": "r", "expires_on": "2027-01-31"} for c in needed["exception"]
        ],
        acknowledged=[{"group": c.name, "reason": "r"} for c in needed["acknowledge"]],
    )
    assert record.data_window["test_years"] == [2026]


def test_an_audit_without_a_gap_needs_an_exception_for_the_missed_bar_only() -> None:
    needed = gate_cells(audited(make_document().sha256, gap=0.0))
    assert [cell.name for cell in needed["exception"]] == ["model:quality=early against pace rule"]
