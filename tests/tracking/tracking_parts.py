"""A tiny document and audit for the tests of this room."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from early_id.models import AdditiveModel, FeatureInfo, Period, Term


def make_document(shift: float = 0.0, label: str = "chronic_absence") -> AdditiveModel:
    """A document of two features and two periods; `shift` changes one digit."""
    features = (FeatureInfo("absent", direction=1), FeatureInfo("mark", direction=-1))
    periods = [
        Period(
            start,
            end,
            -1.0 + shift,
            (
                Term(
                    "absent",
                    "step",
                    edges=(2.0, 5.0),
                    values=(-0.5, 0.25, 1.0 + start / 100),
                    missing=0.0,
                    mean=0.1,
                ),
                Term("mark", "linear", edges=(50.0, 90.0), values=(0.7, -0.4), missing=0.2, mean=-0.1),
            ),
        )
        for start, end in ((0, 60), (60, None))
    ]
    return AdditiveModel(label, features, periods, {"seed": 1})


def make_audit(document: AdditiveModel, *verdicts: tuple[str, str, str, str], **changes: Any) -> str:
    """The parts of an audit a sign-off reads; `changes` replace entries of `about` or of the whole."""
    rows = verdicts or (("recall", "gender", "F", "pass"),)
    names = ("metric", "attribute", "group", "verdict")
    about = {
        "document_sha256": document.sha256,
        "capacity": "5%",
        "label": document.label,
        "data_window": {"train": [2022, 2023], "test": [2024]},
    }
    whole = {
        "verdicts": [dict(zip(names, row, strict=True)) for row in rows],
        "decision": {"may_hide_gaps": False},
        "quality": [{"name": "time safety", "verdict": "pass"}],
    }
    about |= {key: value for key, value in changes.items() if key not in whole}
    return json.dumps({"about": about} | whole | {key: changes[key] for key in whole if key in changes})


SIGNING = {
    "reviewer": "Maria Ruiz, equity officer",
    "signed_on": date(2026, 9, 1),
    "expires_on": date(2027, 6, 30),
}
