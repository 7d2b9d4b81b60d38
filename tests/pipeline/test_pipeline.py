"""The main job on a small county: trained, audited, signed, published, refused where it must be."""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import early_id
from early_id.config import load_config
from early_id.district import District
from early_id.evaluation import load_backtest, publish_metrics
from early_id.exceptions import ConfigError, DataError, GateError
from early_id.panel import build_panel
from early_id.pipeline import audit, explain, promote, rollback, run_demo, train, weekly_flags
from early_id.pipeline._tracker import tracker_of
from early_id.pipeline._train import RULES, contestants_of
from early_id.reports import write_audit_html
from early_id.tracking import (
    Document,
    Tracker,
    check_backtest,
    code_version,
    fingerprint,
    gate_cells,
    log_audit,
    register_candidate,
    write,
)

# The county is trained once for all of them, which takes as long as a third of the default run.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "county"
    steps = []
    result = run_demo(out, students=600, seed=0, tell=steps.append)
    assert steps[0] == "Simulating a county"
    return out, result


def copy_of(out: Path, folder: Path, **changes: object) -> Path:
    """A second configuration for the same county, with its lists elsewhere."""
    settings = yaml.safe_load((out / "config.yaml").read_text())
    settings["district"]["path"] = str(out / "district")
    settings["models"] = str(out / "models")
    settings["tracking"]["uri"] = f"sqlite:///{out / 'mlflow.db'}"
    settings["lists"] = {"out": str(folder / "flags")}
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(settings | changes))
    return file


def test_the_demo_leaves_what_it_promises(demo):
    out, result = demo
    made = {path.name for path in out.iterdir()}
    assert {"district", "mlflow.db", "models", "audit", "flags", "reports", "truth.parquet"} <= made
    assert [week.folder.name for week in result.weeks] == ["as_of=2025-02-02", "as_of=2025-02-09"]
    for page in result.pages.values():
        assert "</html>" in page.read_text(encoding="utf-8")
    for file in ("audit.json", "audit.html", "model_card.html", "model_card.md"):
        assert (out / "audit" / file).is_file()
    for folder in (out / "audit", out / "reports", result.trained.folder):
        for form in ("html", "md"):
            card = (folder / f"model_card.{form}").read_text(encoding="utf-8")
            assert "Signed by Demo Reviewer (simulated data) on 2025-02-02" in card
            assert "How well it did" in card
            assert "No results were given" not in card
    assert "Signed by Demo Reviewer" in result.pages["audit"].read_text(encoding="utf-8")


def test_no_page_loads_anything_from_elsewhere(demo):
    for page in demo[1].pages.values():
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
        assert "@import" not in text
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", text)


def test_the_model_beats_the_pace_rule_where_the_event_is_ahead(demo):
    metrics = demo[1].trained.metrics.set_index(["contestant", "rows"])
    deployed = demo[1].trained.backtest.deployable
    assert metrics.loc[(deployed, "onset"), "auroc"] > metrics.loc[("pace rule", "onset"), "auroc"]
    assert pd.isna(metrics.loc[("pace rule", "all"), "brier"])


def test_a_school_only_and_a_prior_year_only_baseline_are_always_in_the_table(demo):
    metrics = demo[1].trained.metrics.set_index(["contestant", "rows"])
    assert metrics.loc[("school-mean rule", "all"), "auroc_within_school"] == 0.5
    assert metrics.loc[("school-mean rule", "all"), "auroc"] > 0.5
    assert metrics.loc[("prior-year rule", "all"), "auroc_within_school"] > 0.5
    page = demo[1].pages["audit"].read_text(encoding="utf-8")
    assert "only telling schools apart" in page


def test_training_proves_time_safety_and_says_so_in_the_run(demo):
    safety = demo[1].trained.safety
    assert (safety.verdict, safety.guilty) == ("passed", ())
    assert set(safety.features) == {feature.name for feature in demo[1].trained.document.features}
    logged = [json.loads(path.read_text()) for path in demo[0].rglob("mlartifacts/**/backtest.json")]
    assert [run["time_safety"]["verdict"] for run in logged] == ["passed"]


def test_what_is_logged_of_a_training_counts_no_few_students(demo):
    out, result = demo
    logged = {path.name: path for path in (out / "mlartifacts").rglob("*") if path.is_file()}
    figures = pd.read_csv(logged["metrics.csv"])
    assert not (figures[["n_rows", "n_students", "n_positives"]] % 100).any(axis=None)
    assert (figures["auroc"].dropna().round(3) == figures["auroc"].dropna()).all()
    assert "n_rows" not in pd.read_csv(logged["calibration.csv"])
    backtest = json.loads(logged["backtest.json"].read_text())
    assert all(row["n_students"] % 100 == 0 for row in backtest["metrics"])
    assert all(backtest["training"][name] % 100 == 0 for name in ("rows", "students", "positives"))
    exact = result.trained.backtest.metrics()
    assert (exact["n_students"] % 100).any()


def test_the_registered_document_is_the_one_that_was_backtested_and_audited(demo):
    out, result = demo
    audit = json.loads((out / "audit" / "audit.json").read_text())
    assert audit["about"]["document_sha256"] == result.trained.document.sha256
    stored = load_backtest(result.trained.folder)
    assert stored.documents[stored.deployable].sha256 == result.trained.document.sha256
    manifest = json.loads((result.weeks[0].folder / "manifest.json").read_text())
    assert manifest["model_sha256"] == result.trained.document.sha256


def test_replaying_a_past_date_gives_the_features_and_scores_of_the_backtest(demo):
    """What the backtest ranked on a Sunday of the test year is what a list of that Sunday would have ranked."""
    out, result = demo
    config = load_config(out / "config.yaml")
    from early_id.district import read_district
    from early_id.flags import rank_students

    district = read_district(config.district.path)
    sunday = pd.Timestamp("2023-11-19")
    draft = rank_students(result.trained.document, district, as_of=sunday, capacity=config.capacity)
    backtest = result.trained.backtest
    rows = backtest.predictions.query("contestant == @backtest.deployable and as_of == @sunday")
    from early_id.evaluation import list_at_capacity

    listed = rows[list_at_capacity(rows, config.capacity)]
    assert len(listed) == len(draft.lists) > 0
    expected = listed.set_index(["school_id", "student_id"])["score"]
    got = draft.lists.set_index(["school_id", "student_id"])["score"]
    pd.testing.assert_series_equal(got.sort_index(), expected.sort_index(), check_exact=True)


def test_publishing_a_week_again_gives_the_same_bytes(demo, tmp_path):
    out, result = demo
    config = load_config(copy_of(out, tmp_path))
    for day in ("2025-02-02", "2025-02-09"):
        weekly_flags(config, as_of=day)
    for week in result.weeks:
        again = tmp_path / "flags" / week.folder.name
        assert {f.name: f.read_bytes() for f in again.iterdir()} == {
            f.name: f.read_bytes() for f in week.folder.iterdir()
        }


def test_another_list_size_than_the_audited_one_is_refused(demo, tmp_path):
    config = load_config(copy_of(demo[0], tmp_path, capacity=40))
    with pytest.raises(GateError, match="40"):
        weekly_flags(config, as_of="2025-02-09")
    assert not (tmp_path / "flags").exists()


def test_an_expired_sign_off_is_refused(demo, tmp_path):
    config = load_config(copy_of(demo[0], tmp_path))
    with pytest.raises(GateError, match=r"expired|expires"):
        weekly_flags(config, as_of="2025-09-14")
    assert not (tmp_path / "flags").exists()


def test_a_week_without_any_attendance_is_refused(demo, tmp_path):
    config = load_config(copy_of(demo[0], tmp_path))
    with pytest.raises(
        DataError, match=r"Expected attendance of the week before 2025-03-23 .* wait for the feed"
    ):
        weekly_flags(config, as_of="2025-03-23")
    assert not (tmp_path / "flags").exists()


def test_a_model_nobody_signed_makes_no_list(demo, tmp_path):
    """The same files with an empty registry: there is no champion."""
    config = load_config(copy_of(demo[0], tmp_path, tracking={"uri": f"sqlite:///{tmp_path / 'other.db'}"}))
    with pytest.raises(GateError):
        weekly_flags(config, as_of="2025-02-09")
    assert not (tmp_path / "flags").exists()


def test_a_changed_digit_in_the_audit_voids_the_signature(demo, tmp_path):
    out, _ = demo
    config = load_config(out / "config.yaml")
    changed = tmp_path / "audit.json"
    content = json.loads((out / "audit" / "audit.json").read_text())
    content["about"]["document_sha256"] = "0" * 64
    changed.write_text(json.dumps(content))
    with pytest.raises(GateError):
        promote(config, reviewer="R", audit=changed, signed_on=date(2025, 2, 1), expires_on=date(2025, 6, 1))


def signing(out: Path, **given: object) -> dict[str, object]:
    """What a reviewer who names every group gives to `promote`."""
    audit = given.get("audit", out / "audit" / "audit.json")
    cells = gate_cells((out / "audit" / "audit.json").read_text())
    words = {"acknowledge": "acknowledged", "exception": "exceptions"}
    named = {words[option]: {cell.name: "seen" for cell in found} for option, found in cells.items()}
    days = {"signed_on": date(2025, 2, 1), "expires_on": date(2025, 6, 1)}
    return {"reviewer": "R", "audit": audit, **days, **named, **given}


def test_an_audit_that_was_written_or_changed_by_hand_is_never_signed(demo, tmp_path):
    """Whoever can write the file could otherwise let every group pass."""
    out, _ = demo
    config = load_config(out / "config.yaml")
    real = json.loads((out / "audit" / "audit.json").read_text())
    passed = real | {
        part: [{**verdict, "verdict": "pass"} for verdict in real[part]] for part in ("verdicts", "quality")
    }
    larger = {**real, "about": {**real["about"], "capacity": "50%"}}
    file = tmp_path / "audit.json"
    for content, words in ((passed, {"acknowledged": {}, "exceptions": {}}), (larger, {})):
        file.write_text(json.dumps(content))
        with pytest.raises(GateError, match="Expected an audit that `early-id audit` made of version"):
            promote(config, **signing(out, audit=file, **words))
    file.write_text(json.dumps({**real, "about": {**real["about"], "data_window": "another"}}))
    with pytest.raises(
        GateError, match=r"audit for the data of the document \(trained on 20.* for 'another'"
    ):
        promote(config, **signing(out, audit=file))


def test_a_sign_off_dated_ahead_is_refused(demo):
    out, _ = demo
    ahead = date.today() + timedelta(days=1)  # noqa: DTZ011 - the local day
    with pytest.raises(ConfigError, match=f"of today, .* or before, got {ahead}"):
        promote(load_config(out / "config.yaml"), **signing(out, signed_on=ahead, expires_on=ahead))


@pytest.mark.parametrize("change", ["predictions.parquet", "backtest.json", "additive.json"])
def test_an_audit_is_made_of_the_backtest_that_training_wrote(demo, tmp_path, change):
    out, result = demo
    models = tmp_path / "models"
    shutil.copytree(out / "models", models)
    folder = models / result.trained.folder.name
    config = load_config(copy_of(out, tmp_path, models=str(models)))
    if change == "predictions.parquet":
        rows = pd.read_parquet(folder / change)
        rows.assign(score=rows["label"]).to_parquet(folder / change)
    elif change == "backtest.json":
        (folder / change).write_text("{")
    else:
        (folder / change).write_text((folder / "logistic.json").read_text())
    with pytest.raises(DataError, match=rf"as training wrote it, got a changed '{change}'"):
        audit(config, out=tmp_path / "audit")
    assert not (tmp_path / "audit").exists()


@pytest.mark.slow
def test_the_pages_of_an_audit_show_the_figures_of_the_audited_size(demo, tmp_path, monkeypatch):
    out, result = demo
    config = load_config(copy_of(out, tmp_path, capacity=20, audit={"replicates": 200}))
    shown = {}
    for page in ("write_audit_html", "write_card"):
        monkeypatch.setattr(
            f"early_id.pipeline._audit.{page}", lambda *a, page=page, **k: shown.update({page: (a, k)})
        )
    audit(config, out=tmp_path / "audit", district=_district(config))
    expected = publish_metrics(result.trained.backtest.predictions, 20)
    pd.testing.assert_frame_equal(shown["write_audit_html"][1]["metrics"], expected)
    pd.testing.assert_frame_equal(shown["write_card"][0][1].metrics, expected)


@pytest.mark.slow
def test_what_one_audit_masks_stays_masked_in_the_next_and_the_first_can_be_made_again(demo, tmp_path):
    out, _ = demo
    signed = json.loads((out / "audit" / "audit.json").read_text(encoding="utf-8"))
    shorter = load_config(copy_of(out, tmp_path, capacity=20))
    read = _district(shorter)
    after = json.loads(audit(shorter, out=tmp_path / "shorter", district=read).audit.to_json())

    def masked(content):
        return {
            (row["attribute"], row["group"], name)
            for row in content["by_group"]
            for name, value in row.items()
            if name.endswith("_text") and value == "masked"
        }

    assert masked(signed) <= masked(after)
    assert len(list((out / "models" / "releases").glob("*.json"))) >= 2
    again = load_config(copy_of(out, tmp_path))
    audit(again, out=tmp_path / "again", district=read)
    assert (tmp_path / "again" / "audit.json").read_bytes() == (out / "audit" / "audit.json").read_bytes()


@pytest.mark.parametrize("day", [None, "", "NaT", "nonsense", "2025-02-09T10:00:00+02:00", 20250209, pd.NaT])
def test_a_date_that_is_none_is_refused(demo, tmp_path, day):
    config = load_config(copy_of(demo[0], tmp_path))
    with pytest.raises(ConfigError, match="Expected a Sunday such as 2026-11-22, got"):
        weekly_flags(config, as_of=day)


def test_lists_are_of_a_sunday_that_is_not_ahead(demo, tmp_path):
    config = load_config(copy_of(demo[0], tmp_path))
    with pytest.raises(
        ConfigError, match="got 2025-02-05, a Wednesday; the Sunday of that week is 2025-02-09"
    ):
        weekly_flags(config, as_of="2025-02-05")
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - the local day
    for ahead in (tomorrow, "9999-12-31"):
        with pytest.raises(ConfigError, match=f"Expected a Sunday up to today, .* got {ahead}"):
            weekly_flags(config, as_of=ahead)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"partial_days": "fraction"}, "partial_days 'fraction' instead"),
        ({"scope": "school"}, "scope 'school' instead"),
    ],
)
def test_a_configuration_that_asks_for_another_outcome_is_refused(demo, tmp_path, label, said):
    config = load_config(copy_of(demo[0], tmp_path, label=label))
    with pytest.raises(ConfigError, match=f"Expected the label the signed model was trained on, got {said}"):
        weekly_flags(config, as_of="2025-02-09")


def test_each_outcome_has_a_champion_of_its_own(demo, tmp_path):
    config = load_config(copy_of(demo[0], tmp_path, label={"name": "course_failure"}))
    with pytest.raises(GateError, match="Expected a promoted model 'early-id-course-failure' in"):
        weekly_flags(config, as_of="2025-02-09")


def test_what_did_not_arrive_makes_no_list(demo, tmp_path):
    """A table left out is refused, and so are absences that were cut off while attendance goes on."""
    config = load_config(copy_of(demo[0], tmp_path))
    whole = _district(config)
    frames = {name: whole.frame(name) for name in whole.signals.rows}
    absences = frames["absences"]
    cut = {**frames, "absences": absences[absences["occurred_on"] < "2024-09-01"]}
    for tables, said in (
        ({name: rows for name, rows in frames.items() if name != "absences"}, "got none in 'absences'"),
        ({name: rows for name, rows in frames.items() if name != "grades"}, "got none in 'grades'"),
        (cut, "no absence record after 2024-08-30"),
    ):
        with pytest.raises(DataError, match=said):
            weekly_flags(config, as_of="2025-02-09", district=District.from_frames(tables))
    assert not (tmp_path / "flags").exists()


def test_a_school_without_a_calendar_is_named_everywhere(demo, tmp_path):
    out, result = demo
    config = load_config(copy_of(out, tmp_path))
    whole = _district(config)
    frames = {name: whole.frame(name) for name in whole.signals.rows}
    calendar = frames["calendar"]
    school = calendar["school_id"].min()
    frames["calendar"] = calendar[(calendar["school_id"] != school) | (calendar["school_year"] != 2025)]
    week = weekly_flags(config, as_of="2025-02-09", district=District.from_frames(frames))
    before = result.weeks[-1].lists.schools.set_index("school_id").loc[school]
    own = week.lists.not_scored[week.lists.not_scored["school_id"] == school]
    assert set(own["reason"]) == {"no school calendar received for this school year"}
    assert len(own) == before["enrolled"]
    manifest = json.loads((week.folder / "manifest.json").read_text())
    assert manifest["days_behind"][school] is None
    assert {days for name, days in manifest["days_behind"].items() if name != school} == {0}
    assert "no calendar" in week.summary.read_text(encoding="utf-8")


def test_a_page_of_a_school_names_its_students_only_and_the_county_s_page_none(demo):
    week = demo[1].weeks[-1]
    lists = week.lists.lists
    assert not any(student in week.summary.read_text(encoding="utf-8") for student in lists["student_id"])
    for school, own in lists.groupby("school_id"):
        page = (week.folder / f"school={school}.html").read_text(encoding="utf-8")
        assert all(student in page for student in own["student_id"])
        others = set(lists["student_id"]) - set(own["student_id"])
        assert not any(student in page for student in others)


def test_the_manifest_says_what_the_lists_rest_on(demo):
    out, result = demo
    manifest = json.loads((result.weeks[-1].folder / "manifest.json").read_text())
    district = _district(load_config(out / "config.yaml"))
    assert manifest["library_version"] == early_id.__version__
    assert manifest["data_until"] == district.data_until.isoformat()
    tables = {name: district.frame(name) for name in district.signals.rows}
    assert {name: found["sha256"] for name, found in manifest["data"].items()} == {
        name: found["sha256"] for name, found in fingerprint(tables).items()
    }
    words = manifest["sign_off"]
    needed = gate_cells((out / "audit" / "audit.json").read_text())
    assert [word["group"] for word in words["acknowledged"]] == [cell.name for cell in needed["acknowledge"]]
    assert [word["group"] for word in words["exceptions"]] == [cell.name for cell in needed["exception"]]
    assert manifest["capacity"] == "5%"


def test_features_to_drop_that_are_none_are_refused_before_anything_is_read(tmp_path):
    file = tmp_path / "county.yaml"
    file.write_text(
        "district: {path: nowhere}\ncapacity: 5\ntraining: {drop_features: [absence_rate_yeer]}\n"
    )
    with pytest.raises(ConfigError, match="got 'absence_rate_yeer': did you mean 'absence_rate_year'"):
        train(load_config(file))


@pytest.mark.parametrize("rule", [name for name, (_, rule) in RULES.items() if rule.columns])
def test_a_feature_that_a_rule_reads_is_not_dropped_and_this_is_said_before_anything_is_read(tmp_path, rule):
    file = tmp_path / "county.yaml"
    for name in set(RULES[rule][1].columns) - {"school_day"}:
        text = f"drop_features: [{name}], rules: [{rule}]"
        file.write_text(f"district: {{path: nowhere}}\ncapacity: 5\ntraining: {{{text}}}\n")
        with pytest.raises(
            ConfigError, match=f"training.drop_features, got '{name}', which the rule '{rule}'"
        ):
            train(load_config(file))


def test_signing_needs_every_group_that_could_not_be_judged_by_name(demo):
    out, _ = demo
    config = load_config(out / "config.yaml")
    with pytest.raises(GateError, match="="):
        promote(
            config, reviewer="R", audit=out / "audit" / "audit.json",
            signed_on=date(2025, 2, 1), expires_on=date(2025, 6, 1),
        )  # fmt: skip


def test_there_is_nothing_to_roll_back_to(demo):
    with pytest.raises(GateError, match="earlier champion"):
        rollback(load_config(demo[0] / "config.yaml"))


@pytest.fixture
def two_models(demo, tmp_path, monkeypatch):
    """A store of their own with the demo's model as version 2 and nearly the same one before it; their audits."""
    out, result = demo
    for name in ("models", "audit"):
        shutil.copytree(out / name, tmp_path / name)
    for place in (tmp_path / "models").rglob("*.path"):
        place.unlink()  # the demo's own pages stay as they are
    config = load_config(copy_of(out, tmp_path, models=str(tmp_path / "models")))
    real = tracker_of(config)
    tracker = Tracker(tmp_path / "mlflow.db", config.tracking.experiment, model="two-models")
    for module in ("_promote", "_audit"):
        monkeypatch.setattr(f"early_id.pipeline.{module}.tracker_of", lambda _: tracker)
    document = result.trained.document
    hashes = check_backtest("@champion", out / "models" / document.sha256[:12], tracker=real)
    text = (tmp_path / "audit" / "audit.json").read_text(encoding="utf-8")
    other = replace(document, provenance={**document.provenance, "note": "the one before"})
    of_other = text.replace(document.sha256, other.sha256)
    for place, content in (("first", of_other), ("second", of_other.replace('"seed": 0', '"seed": 1'))):
        (tmp_path / place).mkdir()
        (tmp_path / place / "audit.json").write_text(content, encoding="utf-8")
        write_audit_html(content, tmp_path / place / "audit.html")
    for one, places in ((other, ("first", "second")), (document, ("audit",))):
        with tracker.run("additive") as run:
            write([Document(one)], run)
        register_candidate(one, tracker=tracker, run_id=run.run_id, files=hashes)
        for place in places:
            log_audit("@candidate", (tmp_path / place / "audit.json").read_bytes(), tracker=tracker)

    def sign(version: str, place: str) -> None:
        promote(config, **{**signing(out, audit=tmp_path / place / "audit.json"), "model": version})

    return config, sign, other, document


def test_a_model_taken_down_says_so_in_its_card_and_page(two_models, tmp_path):
    config, sign, other, document = two_models
    sign("1", "first")
    sign("2", "audit")
    page = tmp_path / "audit" / "audit.html"
    text = (tmp_path / "audit" / "audit.json").read_text(encoding="utf-8")
    assert "Signed by R" in page.read_text(encoding="utf-8")
    before = tmp_path / "models" / other.sha256[:12] / "model_card.md"
    assert "another model was promoted in its place" in before.read_text(encoding="utf-8")
    assert rollback(config) == 1
    said = f"No longer in use since {date.today()}."  # noqa: DTZ011 - the local day
    folder = tmp_path / "models" / document.sha256[:12]
    for file in (page, page.with_name("model_card.md"), folder / "model_card.html"):
        assert said in file.read_text(encoding="utf-8")
    assert "Signed by R" in before.read_text(encoding="utf-8")
    assert said not in before.read_text(encoding="utf-8")
    # The same audit made again: nobody's signature stands.
    again = audit(config, model="2", out=tmp_path / "audit")
    assert again.json.read_text(encoding="utf-8") == text
    assert "no date: nobody has signed" in page.read_text(encoding="utf-8")


def test_every_page_says_what_holds_whoever_was_signed_and_taken_down_since(two_models, tmp_path):
    config, sign, *_ = two_models
    holds, over, other_audit = "Signed by", "No longer in use since", "Not the audit in force since"

    def said() -> list[str]:
        pages = [
            (tmp_path / at / "audit.html").read_text(encoding="utf-8") for at in ("first", "second", "audit")
        ]
        decisions = [
            page[page.index("<!-- signature") : page.index("<!-- end of signature")] for page in pages
        ]
        states = {
            "nobody": "no date: nobody has signed",
            **{state: f'<p class="headline">{state}' for state in (holds, over, other_audit)},
        }
        return [next(name for name, words in states.items() if words in decision) for decision in decisions]

    assert said() == ["nobody", "nobody", holds]  # the demo's own signature was copied with its page
    sign("1", "first")
    assert said()[:2] == [holds, "nobody"]
    sign("2", "audit")
    assert said() == [over, "nobody", holds]
    sign("1", "second")
    assert said() == [other_audit, holds, over]
    assert rollback(config) == 2
    assert said() == [other_audit, over, holds]
    assert rollback(config) == 1
    assert said() == [holds, other_audit, over]
    sign("1", "second")
    assert said() == [other_audit, holds, over]


def test_a_student_s_explanation_adds_up_to_the_score(demo, tmp_path):
    out, result = demo
    config = load_config(out / "config.yaml")
    listed = result.weeks[-1].lists.lists.iloc[0]
    title, frame = explain(config, student=listed["student_id"], as_of="2025-02-09", out=tmp_path)
    assert f"{listed['score']:.6f}" in title
    panel = build_panel(_district(config), as_of=["2025-02-09"])
    row = panel.frame[panel.frame["student_id"] == listed["student_id"]]
    base = result.trained.document.background(panel.design(row))["base"].iloc[0]
    score = result.trained.document.decision_function(panel.design(row))[0]
    assert base + frame["log_odds"].sum() == pytest.approx(score, abs=1e-9)
    names = {"explanation.csv", "waterfall.svg", "waterfall_domains.svg", "waterfall_probability.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert b"for reading, not Shapley values" in (tmp_path / "waterfall_probability.svg").read_bytes()
    spanish = config.model_copy(update={"lists": config.lists.model_copy(update={"language": "es"})})
    said, _ = explain(spanish, student=listed["student_id"], as_of="2025-02-09")
    assert " de " in said
    assert listed["reason_1"] in title
    assert listed["reason_1"] not in said
    with pytest.raises(DataError, match="Expected a student with a score on 2025-02-09, got 'nobody'"):
        explain(config, student="nobody", as_of="2025-02-09")


def test_a_county_is_drawn_and_held_against_another_model(demo, tmp_path):
    config = load_config(demo[0] / "config.yaml")
    _, frame = explain(config, as_of="2025-02-09", against="@candidate", out=tmp_path)
    pictures = {"explanation.svg", "domains.svg", "beeswarm.svg", "terms.svg", "against.svg"}
    assert {path.name for path in tmp_path.iterdir()} == {*pictures, "explanation.csv", "against.csv"}
    for name in pictures:
        assert b"<title>" in (tmp_path / name).read_bytes()
    assert b"A shade is the 90 % interval over resampled students" in (tmp_path / "terms.svg").read_bytes()
    compared = pd.read_csv(tmp_path / "against.csv").set_index("name")
    own = frame[frame["level"] == "feature"].set_index("name")["importance"]
    pd.testing.assert_series_equal(
        compared["first"].sort_index(), own.sort_index(), check_names=False, rtol=1e-9
    )
    with pytest.raises(ConfigError, match="leave out the student and name a folder"):
        explain(config, as_of="2025-02-09", against="@candidate")


def _district(config):
    from early_id.district import read_district

    return read_district(config.district.path)


def test_the_demo_touches_no_folder_of_others(tmp_path):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(ConfigError, match="a new folder or an earlier demo"):
        run_demo(tmp_path, students=600)
    assert (tmp_path / "thesis.doc").read_text() == "mine"


def ids_in(content: bytes, ids: set[bytes]) -> set[bytes]:
    """Find ids anywhere in a file, also where a database writes one value right behind another."""
    numbers = {each for each in ids if each.isdigit()}
    [length] = {len(each) for each in numbers}
    runs = re.findall(rb"[0-9]{%d,}" % length, content)
    found = {run[at : at + length] for run in runs for at in range(len(run) - length + 1)}
    return found & numbers | {each for each in ids - numbers if each in content}


def test_no_student_id_reaches_mlflow(demo):
    """Nowhere in the whole store, database and files, is the id of any student or adult of the county."""
    out, result = demo
    ids: set[bytes] = set()
    for table in (out / "district").glob("*.parquet"):
        frame = pd.read_parquet(table)
        for column in {"student_id", "adult_id"} & set(frame.columns):
            ids |= {each.encode() for each in frame[column].dropna().unique()}
    assert len(ids) > 600
    files = [path for path in [out / "mlflow.db", *(out / "mlartifacts").rglob("*")] if path.is_file()]
    assert len(files) > 40
    for file in files:
        assert not ids_in(file.read_bytes(), ids), file
    # The search finds ids where there are any.
    lists = b"".join(file.read_bytes() for file in result.weeks[0].folder.glob("*.csv"))
    assert len(ids_in(lists, ids)) >= len(result.weeks[0].lists.lists) > 0


def runs_of(out: Path) -> tuple[Tracker, Any, dict[str, Any]]:
    """The run of the demo's training and those below it, by the name of the contestant."""
    tracker = tracker_of(load_config(out / "config.yaml"))
    runs = tracker.client.search_runs([tracker.experiment_id])
    [parent] = [run for run in runs if run.data.tags["role"] == "training"]
    below = {run.data.tags["learner"]: run for run in runs if run.data.tags["role"] == "learner"}
    assert {run.data.tags["mlflow.parentRunId"] for run in below.values()} == {parent.info.run_id}
    assert {run.info.status for run in runs} == {"FINISHED"}
    return tracker, parent, below


def files_of(tracker: Tracker, run: Any) -> set[str]:
    return {file.path for file in tracker.client.list_artifacts(run.info.run_id)}


def test_a_training_leaves_one_run_and_one_per_contestant_with_all_that_is_needed_to_judge_it(demo):
    out, result = demo
    tracker, parent, below = runs_of(out)
    trained = result.trained
    assert set(below) == set(contestants_of(load_config(out / "config.yaml")))
    assert {run.data.tags["fold"] for run in below.values()} == {"2024"}
    assert trained.page.endswith(f"/runs/{parent.info.run_id}")
    assert {
        "config.yaml", "data.json", "backtest.json", "catalogue.json", "environment.txt", "time_safety.json",
        "diff.txt", "metrics.csv", "by_date.csv", "calibration.csv", "calibration_curve.csv",
        "stability.csv", "reached.csv",
    } == files_of(tracker, parent)  # fmt: skip
    judged = {"metrics.csv", "by_date.csv", "stability.csv", "reached.csv"}
    assert judged == files_of(tracker, below["pace rule"])
    calibrated = judged | {"calibration.csv", "calibration_curve.csv", "calibration_curve.svg"}
    assert calibrated == files_of(tracker, below["ceiling"])
    document = {"model.json", "table.csv", "terms.svg", "beeswarm.svg", "catalogue.json"}
    for name in ("additive", "logistic"):
        assert calibrated | document <= files_of(tracker, below[name])
        assert ("intervals.csv" in files_of(tracker, below[name])) == (name == trained.backtest.deployable)
    tags = parent.data.tags
    assert tags["chosen"] == trained.backtest.deployable
    assert tags["code_version"] == code_version()
    assert (tags["label"], tags["time_safety"]) == ("chronic_absence", "passed")
    dates = trained.backtest.predictions["as_of"]
    assert (
        tags["as_of_from"]
        < dates.min().date().isoformat()
        < tags["as_of_to"]
        == dates.max().date().isoformat()
    )
    assert len(tags["data_fingerprint"]) == len(tags["catalogue_sha256"]) == 64
    assert parent.data.params["training.every_weeks"] == "2"
    assert below["additive"].data.params["learner"] == "additive"


def test_figures_of_the_runs_are_those_that_may_be_printed(demo):
    out, result = demo
    tracker, parent, below = runs_of(out)
    metrics = result.trained.metrics.set_index(["contestant", "rows"])
    for name, run in below.items():
        for rows, column in (
            ("onset", "recall"),
            ("all", "auroc"),
            ("onset", "brier"),
            ("all", "n_students"),
        ):
            logged, printed = run.data.metrics[f"{rows}.{column}"], metrics.loc[(name, rows), column]
            assert logged == printed or (pd.isna(logged) and pd.isna(printed))
    assert (
        parent.data.metrics["onset.recall"]
        == metrics.loc[(result.trained.backtest.deployable, "onset"), "recall"]
    )
    data = json.loads(tracker.read(parent.info.run_id, "data.json"))
    assert all(table["rows"] % 100 == 0 for table in data.values())
    safety = json.loads(tracker.read(parent.info.run_id, "time_safety.json"))
    assert safety["verdict"] == "passed"
    assert all(count % 100 == 0 for count in safety["records_changed"].values())
    by_date = pd.read_csv(io.BytesIO(tracker.read(parent.info.run_id, "by_date.csv")))
    assert not (by_date[["n_rows", "n_students", "n_positives"]] % 100).any(axis=None)


def test_before_the_first_promotion_train_has_nothing_to_compare_with(demo):
    trained = demo[1].trained
    assert trained.comparison.lines(10) == ["There is no champion yet to compare with."]
    assert (trained.folder / "diff.txt").read_text() == "There is no champion yet to compare with.\n"
