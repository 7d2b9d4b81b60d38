from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tracking_parts import SIGNING, make_audit, make_document

from early_id.exceptions import ConfigError, DataError, GateError
from early_id.models import AdditiveModel
from early_id.tracking import (
    SignOff,
    Tracker,
    audit_of,
    check_backtest,
    file_hashes,
    load_document,
    log_audit,
    promote,
    register_candidate,
    rollback,
    sign_off,
    sign_offs,
    signed_audit,
    standing,
    verify_sign_off,
    version_of,
)
from early_id.tracking._registry import resolve

Register = Callable[..., AdditiveModel]
TODAY = date(2026, 11, 22)


def keep(document: AdditiveModel, tracker: Tracker, files: dict[str, str]) -> None:
    """Register a document again with the hashes of its backtest, as a training does."""
    run_id = str(resolve("@candidate", tracker).run_id)
    register_candidate(document, tracker=tracker, run_id=run_id, files=files)


@pytest.fixture
def champion(tracker: Tracker, registered: Register) -> Callable[..., tuple[AdditiveModel, SignOff]]:
    def make(shift: float = 0.0, *verdicts: Any, **given: Any) -> tuple[AdditiveModel, SignOff]:
        document = registered(shift)
        audit = make_audit(document, *verdicts)
        log_audit("@candidate", audit.encode(), tracker=tracker)
        record = sign_off(document, audit, **(SIGNING | given))
        return document, promote("@candidate", record, audit, tracker=tracker)

    return make


def artifact(tracker: Tracker, record: SignOff, what: str) -> Path:
    run_id = str(resolve("@champion", tracker).run_id)
    folder = Path(tracker.uri.removeprefix("sqlite:///")).parent / "mlartifacts" / run_id
    (path,) = folder.rglob(f"{record.sha256[:16]}.{what}.json")
    return path


def test_a_promoted_document_may_make_lists(tracker: Tracker, champion: Any) -> None:
    document, record = champion()
    assert load_document("@champion", tracker) == document
    assert verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker) == record
    assert audit_of(record, tracker=tracker)["about"]["document_sha256"] == document.sha256


def test_a_document_nobody_signed(tracker: Tracker, registered: Register) -> None:
    document = registered()
    with pytest.raises(GateError, match=r"no sign-off for the document"):
        verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker)


def test_a_document_that_was_never_registered(tracker: Tracker) -> None:
    with pytest.raises(GateError, match=r"no sign-off for the document"):
        verify_sign_off(make_document(), capacity="5%", as_of=TODAY, tracker=tracker)


def test_a_changed_digit_voids_the_signature(tracker: Tracker, champion: Any) -> None:
    champion()
    with pytest.raises(
        GateError, match=r"not the one 'Maria Ruiz, equity officer' signed .* a digit was changed"
    ):
        verify_sign_off(make_document(1e-12), capacity="5%", as_of=TODAY, tracker=tracker)


def test_another_list_size_and_an_expired_sign_off(tracker: Tracker, champion: Any) -> None:
    document, _ = champion()
    with pytest.raises(GateError, match=r"lists of 5% of each school, not of 10% of each school"):
        verify_sign_off(document, capacity="10%", as_of=TODAY, tracker=tracker)
    with pytest.raises(GateError, match=r"expired on 2027-06-30, before 2027-09-05"):
        verify_sign_off(document, capacity="5%", as_of=date(2027, 9, 5), tracker=tracker)


def test_an_expired_exception(tracker: Tracker, champion: Any) -> None:
    exception = {"group": "ethnicity=Black", "reason": "late feed", "expires_on": date(2026, 12, 31)}
    gap = ("recall", "ethnicity", "Black", "gap")
    document, _ = champion(0.0, gap, exceptions=[exception])
    verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker)
    with pytest.raises(GateError, match=r"exception for 'ethnicity=Black"):
        verify_sign_off(document, capacity="5%", as_of=date(2027, 1, 3), tracker=tracker)


def test_an_audit_changed_after_signing(tracker: Tracker, champion: Any) -> None:
    document, record = champion(0.0, ("recall", "gender", "F", "pass"))
    path = artifact(tracker, record, "audit")
    path.write_text(path.read_text().replace('"2024"', '"2025"').replace("[2024]", "[2025]"))
    with pytest.raises(GateError, match=r"audit was changed after"):
        verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker)


def test_a_record_changed_after_promotion(tracker: Tracker, champion: Any) -> None:
    document, record = champion()
    path = artifact(tracker, record, "record")
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"expires_on": "2036-06-30"}))
    with pytest.raises(GateError, match=r"changed after signing"):
        verify_sign_off(document, capacity="5%", as_of=date(2036, 6, 1), tracker=tracker)


def test_a_record_exchanged_for_another_consistent_one(tracker: Tracker, champion: Any) -> None:
    document, record = champion()
    longer = replace(record, expires_on=date(2036, 6, 30))
    artifact(tracker, record, "record").write_text(longer.to_json())
    with pytest.raises(GateError, match=r"not the one that was promoted"):
        verify_sign_off(document, capacity="5%", as_of=date(2036, 6, 1), tracker=tracker)


@pytest.mark.parametrize("what", ["record", "audit"])
def test_a_sign_off_whose_files_are_gone_holds_no_more(tracker: Tracker, champion: Any, what: str) -> None:
    document, record = champion()
    artifact(tracker, record, what).unlink()
    with pytest.raises(GateError, match=r"part of the sign-off is gone"):
        verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker)


def test_promotion_refuses_a_record_of_another_document(tracker: Tracker, registered: Register) -> None:
    registered()
    other = make_document(0.5)
    audit = make_audit(other)
    with pytest.raises(GateError, match=r"signed the document"):
        promote("@candidate", sign_off(other, audit, **SIGNING), audit, tracker=tracker)
    with pytest.raises(GateError, match=r"promoted model"):
        load_document("@champion", tracker)


def test_promotion_refuses_an_audit_other_than_the_signed_one(tracker: Tracker, registered: Register) -> None:
    document = registered()
    record = sign_off(document, make_audit(document), **SIGNING)
    with pytest.raises(GateError, match=r"audit was changed"):
        promote("@candidate", record, make_audit(document, data_window="2025"), tracker=tracker)


def test_promotion_refuses_a_record_made_past_the_gate(tracker: Tracker, registered: Register) -> None:
    document = registered()
    audit = make_audit(document, ("recall", "ethnicity", "Black", "gap"))
    fine = sign_off(document, make_audit(document), **SIGNING)
    forged = replace(fine, audit_sha256=sha256(audit.encode()).hexdigest())
    with pytest.raises(GateError, match=r"ethnicity=Black"):
        promote("@candidate", forged, audit, tracker=tracker)
    audit = make_audit(document)
    for change in ({"capacity": "20%"}, {"label": "suspension"}, {"data_window": "2020"}):
        with pytest.raises(GateError, match=r"states another label, data or list size than its audit"):
            promote("@candidate", replace(fine, **change), audit, tracker=tracker)


def test_rollback_goes_back_and_keeps_the_record(tracker: Tracker, champion: Any) -> None:
    old, old_record = champion(0.0)
    new, new_record = champion(0.5)
    assert load_document("@champion", tracker) == new
    assert rollback(tracker=tracker) == 1
    assert load_document("@champion", tracker) == old
    assert verify_sign_off(old, capacity="5%", as_of=TODAY, tracker=tracker) == old_record
    with pytest.raises(GateError, match=r"Version 2 was rolled back"):
        verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker)
    assert [record.sha256 for record in sign_offs(tracker)] == [old_record.sha256, new_record.sha256]
    assert [link.record for link in standing(tracker)] == [old_record]
    assert signed_audit(new_record, tracker=tracker) == make_audit(new).encode()


def test_a_document_taken_down_returns_only_by_a_new_promotion(tracker: Tracker, champion: Any) -> None:
    champion(0.0)
    new, _ = champion(0.5)
    rollback(tracker=tracker)
    audit = make_audit(new)
    again = promote(2, sign_off(new, audit, **SIGNING), audit, tracker=tracker)
    assert verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker) == again
    assert rollback(tracker=tracker) == 1


def test_the_alias_previous_names_where_a_rollback_would_go(tracker: Tracker, champion: Any) -> None:
    champion(0.0)
    assert version_of("@previous", tracker) is None
    champion(0.0)  # the sign-off renewed: no second champion
    assert version_of("@previous", tracker) is None
    champion(0.5)
    champion(1.0)
    for before in (2, 1):
        found = version_of("@previous", tracker)
        assert found is not None
        assert found[0] == str(before) == str(rollback(tracker=tracker))
    assert version_of("@previous", tracker) is None


def test_rollback_needs_somewhere_to_go(tracker: Tracker, champion: Any) -> None:
    with pytest.raises(GateError, match=r"earlier champion to go back to, there is none"):
        rollback(tracker=tracker)
    champion()
    with pytest.raises(GateError, match=r"earlier champion to go back to, there is none"):
        rollback(tracker=tracker)


def test_renewing_a_sign_off_is_no_second_champion(tracker: Tracker, champion: Any) -> None:
    document, first = champion()
    _, renewed = champion(0.0, signed_on=date(2027, 6, 1), expires_on=date(2028, 6, 30))
    assert renewed.previous == first.sha256
    assert verify_sign_off(document, capacity="5%", as_of=date(2028, 1, 2), tracker=tracker) == renewed
    with pytest.raises(GateError, match=r"there is none"):
        rollback(tracker=tracker)


def test_records_are_chained_and_a_missing_link_shows(tracker: Tracker, champion: Any) -> None:
    records = [champion(shift)[1] for shift in (0.0, 0.5, 1.0)]
    assert [record.previous for record in sign_offs(tracker)] == ["", records[0].sha256, records[1].sha256]
    tracker.client.delete_registered_model_tag(tracker.model, "early_id.sign_off.00002")
    with pytest.raises(GateError, match=r"chain of sign-offs is broken"):
        sign_offs(tracker)


def test_audit_of_a_record_that_was_not_promoted(tracker: Tracker, champion: Any) -> None:
    document, _ = champion()
    draft = sign_off(document, make_audit(document), **(SIGNING | {"reviewer": "Someone Else"}))
    with pytest.raises(GateError, match=r"'Someone Else' that was not"):
        audit_of(draft, tracker=tracker)


def test_only_an_audit_that_was_kept_when_it_was_made_can_be_signed(
    tracker: Tracker, registered: Register
) -> None:
    """The text of an audit proves nothing: anybody can write one in which every group passes."""
    document = registered()
    real = make_audit(document, ("recall", "foster", "yes", "cannot tell"))
    log_audit("@candidate", real.encode(), tracker=tracker)
    for invented in (make_audit(document), real.replace("cannot tell", "pass"), real + " "):
        seen = [{"group": "foster=yes", "reason": "r"}] if "cannot tell" in invented else []
        record = sign_off(document, invented, **SIGNING, acknowledged=seen)
        with pytest.raises(GateError, match=r"Expected an audit that `early-id audit` made of version 1"):
            promote("@candidate", record, invented, tracker=tracker)
    assert sign_offs(tracker) == []


def test_an_audit_kept_for_another_version_counts_for_that_one_only(
    tracker: Tracker, registered: Register
) -> None:
    registered(0.0)
    document = registered(0.5)
    audit = make_audit(document)
    log_audit(1, audit.encode(), tracker=tracker)
    with pytest.raises(GateError, match=r"made of version 2, got one it did not make"):
        promote(2, sign_off(document, audit, **SIGNING), audit, tracker=tracker)


def test_an_audit_of_other_predictions_than_those_of_the_training_is_refused(
    tracker: Tracker, registered: Register, tmp_path: Path
) -> None:
    document = registered()
    (tmp_path / "predictions.parquet").write_bytes(b"scores")
    keep(document, tracker, file_hashes(tmp_path, ["predictions.parquet"]))
    hashes = check_backtest("@candidate", tmp_path, tracker=tracker)
    for predictions, fits in (("0" * 64, False), (None, False), (hashes["predictions.parquet"], True)):
        audit = make_audit(document, predictions_sha256=predictions)
        log_audit("@candidate", audit.encode(), tracker=tracker)
        record = sign_off(document, audit, **SIGNING)
        if fits:
            assert promote("@candidate", record, audit, tracker=tracker).reviewer == SIGNING["reviewer"]
        else:
            with pytest.raises(GateError, match=r"audit of the predictions version 1 was trained with"):
                promote("@candidate", record, audit, tracker=tracker)


@pytest.mark.parametrize("change", ["altered", "gone"])
def test_a_backtest_changed_after_training_is_refused(
    tracker: Tracker, registered: Register, tmp_path: Path, change: str
) -> None:
    document = registered()
    for name in ("predictions.parquet", "backtest.json"):
        (tmp_path / name).write_bytes(b"as trained")
    keep(document, tracker, file_hashes(tmp_path, ["predictions.parquet", "backtest.json"]))
    (tmp_path / "notes.txt").write_text("not part of it")
    check_backtest(1, tmp_path, tracker=tracker)
    (tmp_path / "backtest.json").unlink() if change == "gone" else (tmp_path / "backtest.json").write_text(
        "{"
    )
    with pytest.raises(DataError, match=r"as training wrote it, got .*'backtest\.json'; restore"):
        check_backtest(1, tmp_path, tracker=tracker)


def test_a_backtest_nobody_kept_the_hashes_of_is_refused(
    tracker: Tracker, registered: Register, tmp_path: Path
) -> None:
    registered()
    with pytest.raises(DataError, match=r"got no record; restore the folder, or run `early-id train` again"):
        check_backtest(1, tmp_path, tracker=tracker)


def move_alias(tracker: Tracker, version: int) -> None:
    tracker.client.set_registered_model_alias(tracker.model, "champion", str(version))


def test_the_champion_is_the_one_promoted_last_wherever_its_alias_is_moved(
    tracker: Tracker, champion: Any
) -> None:
    old, _ = champion(0.0)
    new, record = champion(0.5)
    move_alias(tracker, 1)
    with pytest.raises(GateError, match=r"Version 1 was replaced by version 2"):
        verify_sign_off(old, capacity="5%", as_of=TODAY, tracker=tracker)
    with pytest.raises(
        GateError, match=r"'@champion' to be version 2, .* got version 1: it was moved by hand"
    ):
        verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker)
    move_alias(tracker, 2)
    assert verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker) == record


def test_a_rollback_is_part_of_the_chain_and_no_tag_undoes_it(tracker: Tracker, champion: Any) -> None:
    champion(0.0)
    new, _ = champion(0.5)
    rollback(tracker=tracker)
    move_alias(tracker, 2)
    for name in ("withdrawn", "sign_off_sha256"):
        tracker.client.set_model_version_tag(tracker.model, "2", name, "")
    with pytest.raises(GateError, match=r"Version 2 was rolled back"):
        verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker)
    link = "early_id.sign_off.00003"
    said = json.loads(tracker.client.get_registered_model(tracker.model).tags[link])
    tracker.client.set_registered_model_tag(tracker.model, link, json.dumps(said | {"rollback": "1"}))
    with pytest.raises(GateError, match=r"link of the chain of sign-offs was changed"):
        verify_sign_off(new, capacity="5%", as_of=TODAY, tracker=tracker)


def test_no_list_is_made_on_a_broken_chain(tracker: Tracker, champion: Any) -> None:
    champion(0.0)
    document, _ = champion(0.5)
    tracker.client.delete_registered_model_tag(tracker.model, "early_id.sign_off.00001")
    with pytest.raises(GateError, match=r"chain of sign-offs is broken"):
        verify_sign_off(document, capacity="5%", as_of=TODAY, tracker=tracker)


def test_looking_for_a_champion_makes_no_store(tmp_path: Path) -> None:
    nowhere = Tracker(tmp_path / "elsewhere" / "mlflow.db")
    with pytest.raises(GateError, match=r"Expected a promoted model .* there is none"):
        load_document("@champion", nowhere)
    with pytest.raises(ConfigError, match=r"train a model first"):
        load_document("@candidate", nowhere)
    with pytest.raises(GateError, match=r"there is none"):
        rollback(tracker=nowhere)
    assert list(tmp_path.iterdir()) == []
