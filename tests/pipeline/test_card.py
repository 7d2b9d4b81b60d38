"""A card is written anew when somebody signs, from what was kept with the audit that was signed."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from early_id.fairness import audit_frame
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.pipeline._card import keep_evidence, signed_before, write_card, write_signature, write_standing
from early_id.reports import CardEvidence, SignOffEnd, write_audit_html
from early_id.tracking import GroupException, SignOff

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
    # But for the decision and what can be done next, the page is what it was; signed again, it names the second
    # record only.
    page = (audit / "audit.html").read_text(encoding="utf-8")
    assert outside(page) == outside(before)
    write_signature(document, audit / "audit.json", model, signed(text, document, "Ben Okafor"))
    again = (audit / "audit.html").read_text(encoding="utf-8")
    assert "Signed by Ben Okafor" in again
    assert "Ana Silva" not in again


def outside(page):
    """What a signature leaves as it is."""
    parts = re.split(r"<!-- (?:signature|next) [0-9a-f]{64} -->|<!-- end of (?:signature|next) -->", page)
    assert len(parts) == 5
    return parts[::2]


def test_a_signed_page_says_how_to_renew_and_to_go_back_and_not_how_to_sign(places, text, document):
    model, audit = places
    write_signature(document, audit / "audit.json", model, signed(text, document))
    page = (audit / "audit.html").read_text(encoding="utf-8")
    after = page[page.index("What can be done next") : page.index("<!-- end of next -->")]
    assert "each week up to 2025-06-30" in after
    assert "early-id rollback" in after
    assert "early-id audit --model @champion\nearly-id promote --model @champion --reviewer" in after
    assert "The command that writes the decision" not in page
    assert "An exception ends before that" not in after


def test_a_signed_page_says_when_its_first_exception_ends(places, text, document):
    model, audit = places
    exceptions = [
        GroupException(f"team={group}", "seen", end)
        for group, end in (("A", "2025-03-01"), ("B", "2025-01-31"))
    ]
    record = replace(signed(text, document), exceptions=tuple(exceptions))
    write_signature(document, audit / "audit.json", model, record)
    assert "after 2025-01-31 no list is made" in (audit / "audit.html").read_text(encoding="utf-8")


def test_a_model_taken_down_says_so_in_every_card_and_page_of_its_audit(places, text, document):
    model, audit = places
    record = signed(text, document)
    before = (audit / "audit.html").read_text(encoding="utf-8")
    write_signature(document, audit / "audit.json", model, record)
    write_standing(document, text.encode(), model, record, SignOffEnd("2025-03-09", "rollback"))
    for file in (
        *(f / f"model_card.{form}" for f in places for form in ("html", "md")),
        audit / "audit.html",
    ):
        written = file.read_text(encoding="utf-8")
        assert "No longer in use since 2025-03-09." in written
        assert f"It was s{SIGNED[1:-1]}" in written
    page = (audit / "audit.html").read_text(encoding="utf-8")
    assert "This model has made no lists since 2025-03-09." in page
    assert "The command that writes the decision" in page
    assert 'decision closed" aria-label="Decision"' in page
    assert outside(page) == outside(before)
    # Signed anew it is in use again.
    write_signature(document, audit / "audit.json", model, signed(text, document, "Ben Okafor"))
    assert "No longer in use" not in (audit / "audit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("by", "headline", "steps", "commands"),
    [
        ("model", "No longer in use since 2025-03-09.", "sign it anew, as below", 1),
        (
            "renewal",
            "Not the audit in force since 2025-03-09: the model is signed by another one.",
            "Read the page of the audit in force",
            0,
        ),
    ],
)
def test_a_sign_off_that_a_later_one_replaced_says_so(places, text, document, by, headline, steps, commands):
    model, audit = places
    record = signed(text, document)
    write_signature(document, audit / "audit.json", model, record)
    write_standing(document, text.encode(), model, record, SignOffEnd("2025-03-09", by))
    page = (audit / "audit.html").read_text(encoding="utf-8")
    for written in (page, (audit / "model_card.md").read_text(encoding="utf-8")):
        assert headline in written
        assert "rollback" not in written or by == "model"
    after = page[page.index("What can be done next") : page.index("<!-- end of next -->")]
    assert steps in after
    assert after.count("<pre>") == commands
    assert "each week up to" not in after
    # In force again.
    write_standing(document, text.encode(), model, record, None)
    assert "each week up to 2025-06-30" in (audit / "audit.html").read_text(encoding="utf-8")


def test_taking_a_model_down_leaves_the_files_of_another_audit_alone(places, text, document):
    model, audit = places
    record = signed(text, document)
    write_signature(document, audit / "audit.json", model, record)
    other = text.replace('"tolerance": 0.05', '"tolerance": 0.06')
    (audit / "audit.json").write_text(other, encoding="utf-8")
    write_audit_html(other, audit / "audit.html")
    write_card(document, CardEvidence(other), audit, None)
    before = {file.name: file.read_bytes() for file in audit.iterdir()}
    write_standing(document, text.encode(), model, record, SignOffEnd("2025-03-09", "rollback"))
    assert {file.name: file.read_bytes() for file in audit.iterdir()} == before
    assert "No longer in use" in (model / "model_card.md").read_text(encoding="utf-8")


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
    assert signed_before(text.encode(), [other, first, last]) == (last, None)
    assert signed_before(text.encode(), [other]) == (None, None)


def test_an_audit_made_again_says_how_its_sign_off_ended(text, document):
    first = signed(text, document)
    renewed = replace(signed(text + " ", document), signed_on=date(2024, 11, 3))
    other = replace(renewed, model_sha256="0" * 64)
    assert signed_before(text.encode(), [first, renewed]) == (first, SignOffEnd("2024-11-03", "renewal"))
    assert signed_before(text.encode(), [first, other]) == (first, SignOffEnd("2024-11-03", "model"))


def test_an_audit_signed_in_two_places_is_signed_and_ended_in_both(places, tmp_path, text, document):
    model, audit = places
    desk = tmp_path / "desk"
    shutil.copytree(audit, desk)
    write_signature(document, audit / "audit.json", model, signed(text, document))
    write_signature(document, desk / "audit.json", model, signed(text, document, "Ben Okafor"))
    for folder in (audit, desk):
        for name in ("audit.html", "model_card.html"):
            assert "Signed by Ben Okafor" in (folder / name).read_text(encoding="utf-8")
    write_standing(
        document, text.encode(), model, signed(text, document), SignOffEnd("2025-03-09", "rollback")
    )
    for folder in (audit, desk, model):
        assert "No longer in use" in (folder / "model_card.html").read_text(encoding="utf-8")
