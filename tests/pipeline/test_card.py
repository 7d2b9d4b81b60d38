"""A card is written anew when somebody signs, from what was kept with the audit that was signed."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import pandas as pd
import pytest

from early_id.fairness import audit_frame
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.pipeline._card import keep_evidence, signed_before, write_card, write_signature
from early_id.reports import CardEvidence, write_audit_html
from early_id.tracking import SignOff

SIGNED = "Signed by Ana Silva on 2024-09-01, for lists up to 2025-06-30."


@pytest.fixture(scope="module")
def document():
    term = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    return AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (term,))])


@pytest.fixture(scope="module")
def text(document):
    """The audit.json of 600 made students."""
    rng = np.random.default_rng(2)
    ids = [f"s{number:03}" for number in range(600)]
    rows = pd.DataFrame(
        {
            "student_id": ids,
            "school_id": "01",
            "district_id": "d",
            "as_of": pd.Timestamp("2024-01-07"),
            "grade_level": 5,
            "score": 0.5,
            "label": (rng.random(600) < 0.5).astype("float64"),
            "onset": True,
            "listed": rng.random(600) < 0.3,
        }
    )
    groups = pd.DataFrame(
        {
            "student_id": ids,
            "attribute": "team",
            "value": rng.choice(["A", "B"], 600),
            "valid_from": pd.Timestamp("2020-01-01"),
            "valid_to": pd.NaT,
        }
    )
    about = {"label": document.label, "capacity": 25, "document_sha256": document.sha256, "contestant": "m"}
    return audit_frame(rows, groups=groups, resampling=(100, 0), about=about).to_json()


@pytest.fixture(scope="module")
def evidence(text):
    calibration = pd.DataFrame(
        {
            "contestant": "m",
            "rows": "all",
            "period": "all",
            "expected": [0.4321],
            "observed": 0.5,
            "slope": 1.0,
        }
    )
    return CardEvidence(text, calibration=calibration, names={"01": "Elm School"})


def signed(text, document, reviewer="Ana Silva"):
    return SignOff(
        reviewer=reviewer,
        signed_on=date(2024, 9, 1),
        expires_on=date(2025, 6, 30),
        model_sha256=document.sha256,
        audit_sha256=hashlib.sha256(text.encode()).hexdigest(),
        label=document.label,
        data_window="2022 to 2024",
        capacity={"*": 25},
    )


@pytest.fixture
def places(tmp_path, text, document, evidence):
    """A model's folder, and a folder of its audit with page and card."""
    model, audit = tmp_path / "models" / "a", tmp_path / "audit"
    audit.mkdir()
    (audit / "audit.json").write_text(text, encoding="utf-8")
    write_audit_html(text, audit / "audit.html", names=evidence.names)
    write_card(document, evidence, audit, None)
    keep_evidence(model, evidence)
    return model, audit


def test_a_sign_off_is_in_every_card_and_in_the_page_of_its_audit(places, text, document):
    model, audit = places
    before = (audit / "audit.html").read_text(encoding="utf-8")
    assert "no date: nobody has signed" in before
    write_signature(document, audit / "audit.json", model, signed(text, document))
    cards = [folder / f"model_card.{form}" for folder in places for form in ("html", "md")]
    for file in (*cards, audit / "audit.html"):
        written = file.read_text(encoding="utf-8")
        assert SIGNED in written
        assert "obody has signed" not in written
    for file in cards:
        assert "43.2\u00a0%" in file.read_text(encoding="utf-8")
    # But for the decision, the page is what it was; signed again, it names the second record only.
    page = (audit / "audit.html").read_text(encoding="utf-8")
    end = "<!-- end of signature -->"
    assert page.partition(end)[2] == before.partition(end)[2] != ""
    write_signature(document, audit / "audit.json", model, signed(text, document, "Ben Okafor"))
    again = (audit / "audit.html").read_text(encoding="utf-8")
    assert "Signed by Ben Okafor" in again
    assert "Ana Silva" not in again


def test_a_page_of_another_audit_is_left_as_it_is(places, text, document):
    model, audit = places
    write_audit_html(text.replace('"tolerance": 0.05', '"tolerance": 0.06'), audit / "audit.html")
    before = (audit / "audit.html").read_bytes()
    write_signature(document, audit / "audit.json", model, signed(text, document))
    assert (audit / "audit.html").read_bytes() == before


def test_an_audit_carried_elsewhere_leaves_no_files_there_and_a_card_without_results(
    tmp_path, text, document
):
    """What the card is made from stayed where the audit was made."""
    away = tmp_path / "desk"
    away.mkdir()
    (away / "audit.json").write_text(text, encoding="utf-8")
    write_signature(document, away / "audit.json", tmp_path / "models" / "a", signed(text, document))
    assert [file.name for file in away.iterdir()] == ["audit.json"]
    card = (tmp_path / "models" / "a" / "model_card.html").read_text(encoding="utf-8")
    assert SIGNED in card
    assert "No results were given for this card." in card


def test_an_audit_made_again_is_still_signed_by_who_signed_last(text, document):
    first, last = (signed(text, document, reviewer) for reviewer in ("Ana Silva", "Ben Okafor"))
    other = signed(text + " ", document, "Cy Young")
    assert signed_before(text.encode(), [first, last, other]) == last
    assert signed_before(text.encode(), [other]) is None
