from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tracking_parts import SIGNING, make_audit, make_document

from early_id.exceptions import ConfigError, GateError
from early_id.models import AdditiveModel
from early_id.tracking import Acknowledgement, GroupException, SignOff, check_sign_off, sign_off

GAP = ("recall", "ethnicity", "Black", "gap")
UNSEEN_GAP = ("not_scored", "foster", "yes", "gap")
UNSURE = ("recall", "foster", "yes", "cannot tell")
MASKED = ("recall", "homeless", "yes", "suppressed")
FINE = ("recall", "gender", "F", "pass")

CELL = ("metric", "attribute", "group", "verdict")
EXCEPTION = {
    "group": "ethnicity=Black",
    "reason": "late feed, mended in January",
    "expires_on": date(2027, 1, 31),
}
BAR = "quality=calibration 20-60"
SEEN = [
    {"group": "foster=yes", "reason": "41 students; caseworkers read every list"},
    {"group": "homeless=yes", "reason": "9 students; liaison reads every list"},
]


def signed(*verdicts: tuple[str, str, str, str], **given: Any) -> SignOff:
    document = make_document()
    return sign_off(document, make_audit(document, *verdicts), **(SIGNING | given))


def test_the_gate_opens_when_every_gap_and_every_unjudged_group_is_named() -> None:
    record = signed(GAP, UNSURE, MASKED, FINE, exceptions=[EXCEPTION], acknowledged=SEEN)
    assert [e.group for e in record.exceptions] == ["ethnicity=Black"]
    assert [a.group for a in record.acknowledged] == ["foster=yes", "homeless=yes"]
    assert record.model_sha256 == make_document().sha256
    assert record.capacity == "5%"


@pytest.mark.parametrize(
    ("verdicts", "given", "named"),
    [
        ([GAP], {}, "ethnicity=Black"),
        ([UNSEEN_GAP], {}, "foster=yes"),
        ([UNSURE], {}, "foster=yes"),
        ([MASKED], {}, "homeless=yes"),
        ([GAP, UNSURE, MASKED], {"exceptions": [EXCEPTION], "acknowledged": SEEN[:1]}, "homeless=yes"),
        ([GAP, UNSURE], {"acknowledged": SEEN[:1]}, "ethnicity=Black"),
    ],
)
def test_the_gate_stays_shut_while_one_group_is_unnamed(verdicts: Any, given: Any, named: str) -> None:
    with pytest.raises(GateError, match=rf"names every gap.*{named}.*name each with a reason"):
        signed(*verdicts, FINE, **given)


def test_a_gap_cannot_be_acknowledged_instead_of_excepted() -> None:
    acknowledged = [{"group": "ethnicity=Black", "reason": "seen"}]
    with pytest.raises(GateError, match=r"gaps without an exception for 'recall:ethnicity=Black'"):
        signed(GAP, acknowledged=acknowledged)


@pytest.mark.parametrize(
    ("verdict", "given", "message"),
    [
        (
            "fail",
            {},
            r"gaps, or bars the model missed, without an exception for 'model:quality=calibration 20-60'",
        ),
        ("cannot tell", {}, r"no acknowledgement of 'model:quality=calibration 20-60'"),
        ("fail", {"acknowledged": [{"group": BAR, "reason": "seen"}]}, r"without an exception for"),
    ],
)
def test_a_bar_that_was_not_cleared_has_to_be_named(verdict: str, given: Any, message: str) -> None:
    document = make_document()
    audit = make_audit(document, quality=[{"name": "calibration 20-60", "verdict": verdict}])
    with pytest.raises(GateError, match=message):
        sign_off(document, audit, **SIGNING, **given)
    word = {"group": BAR, "reason": "scores are only ranked, until more years are in"}
    named = (
        {"exceptions": [{**word, "expires_on": "2027-01-31"}]}
        if verdict == "fail"
        else {"acknowledged": [word]}
    )
    assert sign_off(document, audit, **SIGNING, **named).model_sha256 == document.sha256


@pytest.mark.parametrize("quality", [[], None, "all good", [1], [{"verdict": "pass"}]])
def test_a_gate_without_bars_stays_shut(quality: Any) -> None:
    with pytest.raises(GateError, match=r"audit again"):
        sign_off(make_document(), make_audit(make_document(), quality=quality), **SIGNING)


def test_a_group_that_passed_needs_no_word() -> None:
    with pytest.raises(
        ConfigError, match=r"exception only for groups that need one \(none\), got 'gender=F'"
    ):
        signed(FINE, exceptions=[EXCEPTION | {"group": "gender=F"}])


def test_suppressed_groups_that_may_hide_a_gap_need_exceptions_all_of_them() -> None:
    document = make_document()
    audit = make_audit(document, MASKED, decision={"may_hide_gaps": True})
    acknowledged = [{"group": "homeless=yes", "reason": "9 students"}]
    with pytest.raises(
        GateError, match=r"gaps, or suppressed groups that may hide one, without .*homeless=yes"
    ):
        sign_off(document, audit, **SIGNING, acknowledged=acknowledged)
    exception = {"group": "homeless=yes", "reason": "liaison reads every list", "expires_on": "2027-01-31"}
    assert sign_off(document, audit, **SIGNING, exceptions=[exception]).exceptions


def test_a_name_with_a_metric_speaks_for_that_metric_only() -> None:
    both = (("recall", "foster", "yes", "cannot tell"), ("not_scored", "foster", "yes", "cannot tell"))
    one = [{"group": "recall:foster=yes", "reason": "seen"}]
    with pytest.raises(GateError, match=r"no acknowledgement of 'not_scored:foster=yes'"):
        signed(*both, acknowledged=one)
    assert signed(*both, acknowledged=[{"group": "foster=yes", "reason": "seen"}])


def test_one_group_with_a_gap_in_one_metric_and_no_answer_in_another_needs_both() -> None:
    both = (UNSEEN_GAP, UNSURE)
    exception = {"group": "foster=yes", "reason": "feed outage", "expires_on": "2027-01-31"}
    with pytest.raises(GateError, match=r"no acknowledgement of 'recall:foster=yes'"):
        signed(*both, exceptions=[exception])
    with pytest.raises(GateError, match=r"without an exception for 'not_scored:foster=yes'"):
        signed(*both, acknowledged=SEEN[:1])
    assert signed(*both, exceptions=[exception], acknowledged=SEEN[:1]).exceptions[0].expires_on == date(
        2027, 1, 31
    )


def test_a_misspelt_group_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"got 'fostr=yes'; did you mean 'foster=yes'"):
        signed(UNSURE, FINE, acknowledged=[{"group": "fostr=yes", "reason": "seen"}])


def test_a_name_may_differ_in_case_and_spacing() -> None:
    assert signed(UNSURE, acknowledged=[{"group": "Foster = Yes", "reason": "seen"}]).acknowledged


@pytest.mark.parametrize("kind", [GroupException, Acknowledgement])
@pytest.mark.parametrize("reason", ["", "  ", "REASON", " REASON "])
def test_an_empty_reason_is_refused(kind: Any, reason: str) -> None:
    dates = {"expires_on": date(2027, 1, 1)} if kind is GroupException else {}
    with pytest.raises(ConfigError, match=r"Expected a reason for the .* of 'foster=yes', got none"):
        kind("foster=yes", reason, **dates)


def test_an_exception_without_an_expiry_date_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"Expected 'group', 'reason', 'expires_on' for each GroupException"
    ):
        signed(GAP, exceptions=[{"group": "ethnicity=Black", "reason": "later"}])
    with pytest.raises(ConfigError, match=r"Expected a date for the exception for 'ethnicity=Black'"):
        signed(GAP, exceptions=[{**EXCEPTION, "expires_on": "soon"}])


def test_an_empty_reviewer_and_an_expiry_before_signing_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"name of the reviewer"):
        signed(reviewer="  ")
    with pytest.raises(ConfigError, match=r"on or after the day of signing 2026-09-01, got 2026-08-31"):
        signed(expires_on="2026-08-31")
    with pytest.raises(ConfigError, match=r"on or after the day of signing 2026-09-01, got 2026-08-01"):
        signed(GAP, exceptions=[{**EXCEPTION, "expires_on": "2026-08-01"}])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"document_sha256": "0" * 64}, "audit of the document .* got one of 000000000000"),
        ({"label": "suspension"}, "label 'chronic_absence', got one for 'suspension'"),
        ({"capacity": None}, "got none of 'capacity'"),
        ({"data_window": None}, "states its data window, got none"),
        ({"verdicts": []}, "judges at least one group, got none"),
        ({"verdicts": [{"metric": "m", "attribute": "a", "verdict": "pass"}]}, "without 'group'"),
        ({"verdicts": [dict(zip(CELL, ("m", "a", "b", "fine"), strict=True))]}, "got 'fine' for 'm:a=b'"),
    ],
)
def test_an_audit_that_does_not_fit_opens_no_gate(changes: dict[str, Any], message: str) -> None:
    document = make_document()
    with pytest.raises(GateError, match=message):
        sign_off(document, make_audit(document, **changes), **SIGNING)


@pytest.mark.parametrize("text", ["not json", "[1, 2]", "{}"])
def test_text_that_is_no_audit_opens_no_gate(text: str) -> None:
    with pytest.raises(GateError, match=r"Expected .*audit"):
        sign_off(make_document(), text, **SIGNING)


def test_the_audit_of_a_document_that_differs_in_one_digit_is_another_audit() -> None:
    with pytest.raises(GateError, match=r"Expected an audit of the document"):
        sign_off(make_document(1e-12), make_audit(make_document()), **SIGNING)


def test_a_record_survives_writing_and_reading() -> None:
    record = signed(GAP, UNSURE, exceptions=[EXCEPTION], acknowledged=SEEN[:1])
    again = SignOff.from_json(record.to_json())
    assert again == record
    assert again.sha256 == record.sha256


@pytest.mark.parametrize(
    ("key", "value"),
    [("expires_on", "2030-06-30"), ("capacity", "20%"), ("reviewer", "Someone Else"), ("previous", "ab")],
)
def test_a_record_changed_after_signing_is_refused(key: str, value: str) -> None:
    content = json.loads(signed().to_json())
    with pytest.raises(GateError, match=r"changed after signing"):
        SignOff.from_json(json.dumps(content | {key: value}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": "a", "format": "early_id.sign_off/1"}'])
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(GateError, match=r"Expected the record of a sign-off"):
        SignOff.from_json(text)


def test_it_holds_through_its_last_day_and_not_after() -> None:
    record = signed()
    check_sign_off(record, capacity="5%", as_of=date(2027, 6, 30))
    with pytest.raises(GateError, match=r"expired on 2027-06-30, before 2027-07-01"):
        check_sign_off(record, capacity="5%", as_of=date(2027, 7, 1))


def test_an_exception_ends_the_sign_off_when_it_expires() -> None:
    record = signed(GAP, exceptions=[EXCEPTION])
    check_sign_off(record, capacity="5%", as_of=date(2027, 1, 31))
    with pytest.raises(
        GateError, match=r"exception for 'ethnicity=Black \(2027-01-31\)' expired before 2027-02-01"
    ):
        check_sign_off(record, capacity="5%", as_of=date(2027, 2, 1))


def test_another_list_size_needs_another_sign_off() -> None:
    document = make_document()
    record = sign_off(document, make_audit(document, capacity={"*": 25, "S1": 30}), **SIGNING)
    check_sign_off(record, capacity={"S1": 30, "*": 25, "S2": 25}, as_of=date(2026, 11, 22))
    with pytest.raises(
        GateError, match=r"lists of 30 at S1, 25 at any other school, not of 25 at any other school"
    ):
        check_sign_off(record, capacity=25, as_of=date(2026, 11, 22))
    with pytest.raises(GateError, match=r"not of 5% of each school"):
        check_sign_off(record, capacity="5%", as_of=date(2026, 11, 22))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"decision": None}, "decision"),
        ({"decision": {"hidden_gaps": "x"}}, "decision.hidden_gaps"),
        ({"decision": {"hidden_gaps": -1}}, "decision.hidden_gaps"),
        ({"decision": {"hidden_gaps": True}}, "decision.hidden_gaps"),
        ({"verdicts": ["x"]}, "verdicts"),
        ({"verdicts": "abc"}, "verdicts"),
        ({"verdicts": {"a": 1}}, "verdicts"),
    ],
)
def test_an_audit_of_another_form_is_refused_by_the_name_of_the_part(changes: Any, part: str) -> None:
    document = make_document()
    with pytest.raises(GateError, match=rf"got another form of '{part}'"):
        sign_off(document, make_audit(document, **changes), **SIGNING)


@pytest.mark.parametrize("text", ['{"about": []}', '{"about": null}', "[" * 200_000, b"\xff\xfe\x00"])
def test_broken_text_is_no_audit_and_no_traceback(text: Any) -> None:
    with pytest.raises(GateError, match=r"Expected .*audit"):
        sign_off(make_document(), text, **SIGNING)


def test_the_refusal_names_every_group_as_an_option_to_paste() -> None:
    """However many there are: whoever signs must not have to find them out one call at a time."""
    groups = [f"Group {number}" for number in range(12)]
    unsure = [("recall", "ethnicity", group, "cannot tell") for group in groups]
    with pytest.raises(GateError) as refusal:
        signed(GAP, *unsure)
    options = shlex.split(str(refusal.value).split("do not promote: ")[1])
    pairs = list(zip(options[::2], options[1::2], strict=True))
    assert pairs == [("--exception", "ethnicity=Black: REASON")] + [
        ("--acknowledge", f"ethnicity={group}: REASON") for group in groups
    ]
    signed(
        GAP,
        *unsure,
        exceptions=[EXCEPTION],
        acknowledged=[{"group": f"ethnicity={group}", "reason": "seen"} for group in groups],
    )


def test_one_group_has_one_reason() -> None:
    twice = [{"group": "foster=yes", "reason": "a"}, {"group": "Foster = Yes", "reason": "b"}]
    with pytest.raises(ConfigError, match=r"one acknowledgement per group, got 'Foster = Yes' twice"):
        signed(UNSURE, acknowledged=twice)


def test_a_sign_off_lasts_a_school_year_and_its_summer_at_most() -> None:
    assert signed(expires_on="2027-10-06")
    with pytest.raises(ConfigError, match=r"expire by 2027-10-06, 400 days after signing, got 2027-10-07"):
        signed(expires_on="2027-10-07")


def test_a_document_whose_tables_move_against_their_direction_is_not_signed() -> None:
    good = make_document()
    first = good.periods[0]
    falling = replace(first.terms[0], values=(0.5, 0.25, -1.0))
    document = AdditiveModel(
        good.label, good.features, [replace(first, terms=(falling, first.terms[1])), *good.periods[1:]], {}
    )
    with pytest.raises(GateError, match="keep their declared directions, got 'absent', where more of what"):
        sign_off(document, make_audit(document), **SIGNING)
