"""The main job on a small county: trained, audited, signed, published, refused where it must be."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from early_id.config import load_config
from early_id.evaluation import load_backtest
from early_id.exceptions import ConfigError, DataError, GateError
from early_id.panel import build_panel
from early_id.pipeline import explain, promote, rollback, run_demo, weekly_flags


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
    for file in ("audit.json", "audit.html"):
        assert (out / "audit" / file).is_file()


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
    assert (tmp_path / "explanation.csv").is_file()
    with pytest.raises(DataError, match="Expected a student with a score on 2025-02-09, got 'nobody'"):
        explain(config, student="nobody", as_of="2025-02-09")


def _district(config):
    from early_id.district import read_district

    return read_district(config.district.path)


def test_the_demo_touches_no_folder_of_others(tmp_path):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(ConfigError, match="a new folder or an earlier demo"):
        run_demo(tmp_path, students=600)
    assert (tmp_path / "thesis.doc").read_text() == "mine"


def test_no_student_id_reaches_mlflow(demo):
    out, result = demo
    ids = set(result.trained.backtest.predictions["student_id"].unique()[:50])
    for file in (out / "mlartifacts").rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("utf-8", "replace")
            assert not any(student in text for student in ids), file
    shutil.rmtree(out / "nothing", ignore_errors=True)
