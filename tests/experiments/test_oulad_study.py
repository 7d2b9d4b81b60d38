"""The study on OULAD: on a small made-up folder with clicks, and on the real files where they are."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

sys.path.insert(0, str(Path(__file__).parents[2]))

from early_id.district import read_district
from experiments.oulad.__main__ import main
from experiments.oulad._columns import day_columns, with_columns
from experiments.oulad._panels import NEARBY, of_the_day, weekly_panels
from experiments.oulad._plain import PLAIN as PLAIN_FEATURES
from experiments.oulad._plain import read_files
from experiments.oulad._presentations import presentations
from experiments.oulad._study import Study, run_study
from experiments.oulad._works import WORKS

_ROOT = Path(__file__).parents[2]
_REAL = _ROOT.parent / "shared" / "data" / "oulad"
_needs_data = pytest.mark.skipif(not _REAL.is_dir(), reason="needs the OULAD files in ../shared/data/oulad")

WEEKS = (2, 4, 6, 8, 12)
# Every week is treated alike: the quick run takes one and no audit, the slow ones and those on the real files take more.
ONE_WEEK, TWO_WEEKS = (2,), (2, 8)
DOCUMENTS = ("additive", "logistic")
PLAIN = ("plain logistic", "plain forest", "plain histgb")
MODELS = ("chosen", *DOCUMENTS, "histgb", "forest", *PLAIN)
COLUMNS = {
    "week", "model", "embargo", "auroc", "average_precision", "precision_at_10pct", "recall_at_10pct", "n_train",
    "n_test", "learner",
}  # fmt: skip
FILES = ["audit.html", "audit.json", "bars.json", "metrics.json", "predictions.parquet", "table.md"]
GROUPS = {"disability", "gender", "age_band", "imd_band", "highest_education"}
_KEY = ["code_module", "code_presentation", "id_student"]


def _clicked(rng, registrations, wanting):
    """Most click on 85 % of days; those who will not pass on 35 %."""
    rows = []
    for row, low in zip(registrations.itertuples(index=False), wanting, strict=True):
        days = np.flatnonzero(rng.random(90) < (0.35 if low else 0.85))
        rows += [(row.code_module, row.code_presentation, row.id_student, 7, day, 3) for day in days]
    return pd.DataFrame(rows, columns=[*_KEY, "id_site", "date", "sum_click"])


def _write(folder, *, length, presentations=("2013B", "2013J")):
    """Two modules, by default two presentations; marks say nothing, clicks nearly everything. One length, or one per course."""
    rng = np.random.default_rng(5)
    courses = list(itertools.product(["AAA", "BBB"], presentations))
    students = [(*course, 1000 * n + i) for n, course in enumerate(courses) for i in range(60)]
    # One student takes both modules of 2013J.
    students.append(("AAA", "2013J", 3000))
    registrations = pd.DataFrame(students, columns=_KEY)
    low = rng.random(len(students)) < 0.4
    early = -rng.integers(5, 60, len(students))
    registrations["date_registration"] = np.where(np.arange(len(students)) % 30 == 7, 14, early)
    leaves = low & (rng.random(len(students)) < 0.3)
    days = rng.choice([10, 14, 28, 29, 70, 84], len(students)).astype("float64")
    # Nobody leaves before coming.
    registrations["date_unregistration"] = pd.array(
        np.where(leaves, days + 5 * (days == 14), np.nan), "Int64"
    )
    info = registrations[_KEY].assign(
        gender=rng.choice(["F", "M"], len(students)),
        region="Wales",
        highest_education=rng.choice(["HE Qualification", "A Level or Equivalent"], len(students)),
        imd_band=rng.choice(["10-20", "20-30%", ""], len(students)),
        age_band="0-35",
        num_of_prev_attempts=0,
        studied_credits=60,
        disability=rng.choice(["N", "Y"], len(students), p=[0.8, 0.2]),
        final_result=np.select([leaves, low], ["Withdrawn", "Fail"], "Pass"),
    )
    due = [
        (*course, 10 * n + i, "TMA", day, 50)
        for n, course in enumerate(courses)
        for i, day in enumerate((20, 50))
    ]
    assessments = pd.DataFrame(due, columns=[*_KEY[:2], "id_assessment", "assessment_type", "date", "weight"])
    work = registrations.merge(assessments, on=_KEY[:2])
    work = work[~(work["date_unregistration"].astype("float64") <= work["date"])]
    marks = work[["id_assessment", "id_student"]].assign(
        date_submitted=work["date"], is_banked=0, score=rng.integers(30, 100, len(work))
    )
    files = {
        "courses": pd.DataFrame(courses, columns=_KEY[:2]).assign(module_presentation_length=length),
        "assessments": assessments,
        "studentRegistration": registrations,
        "studentInfo": info,
        "studentAssessment": marks,
        "studentVle": _clicked(rng, registrations, low),
        "vle": pd.DataFrame({"id_site": [7], "activity_type": ["forumng"]}),
    }
    for name, rows in files.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    return folder


def _risk_set(folder, presentation, week, off=0):
    """Registered on or before day 7 · week + off, not unregistered on or before it, counted from the raw file."""
    rows = pd.read_csv(folder / "studentRegistration.csv")
    rows = rows[rows["code_presentation"] == presentation]
    day = 7 * week + off
    return rows[(rows["date_registration"] <= day) & ~(rows["date_unregistration"] <= day)]


def _run(data, test, out, *more, weeks=WEEKS):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.oulad._panels.WEEKS", weeks)
        return main(["--data", str(data), "--test", test, "--out", str(out), *more])


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("oulad"), length=240)


@pytest.fixture(scope="module")
def district(made_up):
    return read_district(made_up, source="oulad")


@pytest.fixture(scope="module")
def asked(district):
    """The presentation that trains and the one that is tested."""
    return presentations(district)


@pytest.fixture(scope="module")
def panel(district, asked):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.oulad._panels.WEEKS", ONE_WEEK)
        return weekly_panels(district, asked, nearby=asked[:1])[2]


@pytest.fixture(scope="module")
def study(made_up, district, panel):
    """What is found in one week; the files are read and the panel is built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.oulad._study.read_district", lambda *_, **__: district)
        patch.setattr("experiments.oulad._study.weekly_panels", lambda *_, **__: {2: panel})
        return run_study(made_up, test="2013J")


@pytest.fixture(scope="module")
def screen():
    """What the command prints."""
    return io.StringIO()


@pytest.fixture(scope="module")
def found(made_up, screen, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "new" / "folder"
    with contextlib.redirect_stdout(screen):
        assert _run(made_up, "2013J", out, weeks=TWO_WEEKS) == 0
    return out


def _check_files(out, data, test, weeks=WEEKS):
    """What must hold of any run: files, columns, the cohort, and figures that follow from the written scores."""
    assert sorted(path.name for path in out.iterdir()) == FILES
    metrics = json.loads((out / "metrics.json").read_text())
    _check_figures(metrics, pd.read_parquet(out / "predictions.parquet"), data, test, weeks)
    return metrics


def _check_figures(metrics, predictions, data, test, weeks):
    assert list(predictions.columns) == [
        "student_id", "code_module", "code_presentation", "week", "model", "score", "label",
    ]  # fmt: skip
    assert [(row["week"], row["model"]) for row in metrics] == list(itertools.product(weeks, MODELS))
    results = pd.read_csv(data / "studentInfo.csv").set_index(_KEY)["final_result"]
    for row in metrics:
        assert set(row) == COLUMNS
        own = predictions[(predictions["week"] == row["week"]) & (predictions["model"] == row["model"])]
        expected = _risk_set(data, test, row["week"])
        key = own[["code_module", "code_presentation"]].assign(id_student=own["student_id"].astype("int64"))
        assert row["n_test"] == len(own) == len(expected)
        assert set(key.itertuples(index=False, name=None)) == set(
            expected[_KEY].itertuples(index=False, name=None)
        )
        unsuccessful = results.loc[pd.MultiIndex.from_frame(key)].isin(["Fail", "Withdrawn"])
        assert (own["label"].to_numpy() == unsuccessful.to_numpy()).all()
        assert row["auroc"] == pytest.approx(roc_auc_score(own["label"], own["score"]), abs=1e-12)
        precision = average_precision_score(own["label"], own["score"])
        assert row["average_precision"] == pytest.approx(precision, abs=1e-12)
        _check_list(row, own)


def _check_list(row, own):
    """Check the first ceil(.10 n) of all modules, whatever way ties at the cut fall."""
    size = math.ceil(len(own) / 10)
    cut = own["score"].nlargest(size).min()
    above, tied = own[own["score"] > cut], own[own["score"] == cut]
    places = size - len(above)
    sure = above["label"].sum()
    least = sure + max(0, places - (tied["label"] == 0).sum())
    most = sure + min(places, (tied["label"] == 1).sum())
    hits = round(row["precision_at_10pct"] * size)
    assert row["precision_at_10pct"] == pytest.approx(hits / size, abs=1e-12)
    assert least <= hits <= most
    assert row["recall_at_10pct"] == pytest.approx(hits / own["label"].sum(), abs=1e-12)


def test_a_made_up_week_gives_figures_that_follow_from_its_files(study, made_up):
    _check_figures(study.metrics, study.predictions(), made_up, "2013J", ONE_WEEK)


@pytest.mark.slow
def test_a_made_up_folder_gives_figures_that_follow_from_its_files(found, made_up):
    metrics = _check_files(found, made_up, "2013J", TWO_WEEKS)
    assert {row["embargo"] for row in metrics} == {"none"}
    # 2013B ended before 2013J began: all its registrations of the day train.
    trained = [len(_risk_set(made_up, "2013B", week)) for week in TWO_WEEKS]
    assert [row["n_train"] for row in metrics if row["model"] == "additive"] == trained
    # A student of two modules is there twice.
    predictions = pd.read_parquet(found / "predictions.parquet")
    assert set(predictions.loc[predictions["student_id"] == "3000", "code_module"]) == {"AAA", "BBB"}


def test_the_chosen_document_is_one_of_them_and_told_by_inner_folds(study):
    metrics = pd.DataFrame(study.metrics).set_index(["week", "model"])
    predictions = study.predictions()
    bars = [asdict(one) for one in study.bars]
    inside = {name: np.mean([one["inner"][name] for one in bars]) for name in DOCUMENTS}
    for one in bars:
        week = one["week"]
        assert one["learner"] == max(inside, key=inside.get)
        assert metrics.loc[(week, "chosen"), "learner"] == one["learner"]
        scores = predictions[predictions["week"] == week].groupby("model")["score"].agg(list)
        assert scores["chosen"] == scores[one["learner"]]
        figures = metrics.loc[week, "auroc"]
        assert one["to_plain"] == pytest.approx(figures["chosen"] - figures[list(PLAIN)].max(), abs=1e-9)
        ceiling = figures[["histgb", "forest"]].max()
        assert one["to_ceiling"] == pytest.approx(figures["additive"] - ceiling, abs=1e-9)
        assert one["low"] is None or one["low"] <= one["to_plain"] <= one["high"]


def test_the_logistic_document_knows_nothing_of_the_day_of_registration(study):
    documents = study.backtests[2].documents
    features = {
        name: {term.feature for period in documents[name].periods for term in period.terms}
        for name in DOCUMENTS
    }
    assert features["additive"] - features["logistic"] >= {"registration_day", "place_registration_day"}
    assert "entry_day" not in features["logistic"]
    assert features["logistic"] <= features["additive"] | set(WORKS)


@pytest.mark.slow
def test_the_choice_is_made_without_the_results_of_the_test(made_up, found, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(made_up, other)
    info = pd.read_csv(other / "studentInfo.csv")
    tested = (info["code_presentation"] == "2013J") & (info["final_result"] != "Withdrawn")
    info.loc[tested, "final_result"] = np.where(np.arange(tested.sum()) % 2, "Fail", "Pass")
    info.to_csv(other / "studentInfo.csv", index=False)
    assert _run(other, "2013J", tmp_path / "out", weeks=TWO_WEEKS) == 0
    one, two = (json.loads((out / "bars.json").read_text()) for out in (found, tmp_path / "out"))
    assert [bar["inner"] for bar in one] == [bar["inner"] for bar in two]
    # Nor do they move a score.
    scores = [pd.read_parquet(out / "predictions.parquet") for out in (found, tmp_path / "out")]
    assert not scores[0]["label"].equals(scores[1]["label"])
    pd.testing.assert_frame_equal(*(rows.drop(columns="label") for rows in scores))


def test_clicks_are_attendance_and_carry_the_first_weeks(study):
    """Before any work is due only clicks tell who will not pass."""
    first = {row["model"]: row["auroc"] for row in study.metrics if row["week"] == 2}
    assert min(figure for name, figure in first.items() if name not in PLAIN) > 0.85
    # The plain features are made without them.
    assert max(first[name] for name in PLAIN) < 0.7


def test_the_share_of_days_without_a_click_is_counted_from_the_day_of_registration(made_up, panel, asked):
    rows = panel.frame[panel.frame["school_year"] == asked[1].school_year]
    got = rows.set_index(["school_id", "student_id"])["absence_rate_year"]
    clicks = pd.read_csv(made_up / "studentVle.csv")
    clicks = clicks[(clicks["code_presentation"] == "2013J") & (clicks["date"] <= 14)]
    days = clicks.groupby(["code_module", "id_student"])["date"].agg(set).to_dict()
    expected = {}
    for row in _risk_set(made_up, "2013J", 2).itertuples(index=False):
        there = set(range(max(0, row.date_registration), 15))
        missed = there - days.get((row.code_module, row.id_student), set())
        expected[f"{row.code_module}-2013J", str(row.id_student)] = len(missed) / len(there)
    assert got.to_dict() == pytest.approx(expected)
    assert not {"prior_absence_rate", "incidents_year", "grade_level"}.intersection(panel.feature_names)


def test_days_around_the_day_of_scoring_are_there_for_training_alone(made_up, panel, asked):
    before, tested = asked
    files = read_files(made_up)
    columns = {off: day_columns(files, 14 + off) for off in NEARBY}
    full = with_columns(panel, columns, "study")
    assert {*PLAIN_FEATURES, *WORKS} <= {*full.feature_names}
    for presentation, days in ((before, NEARBY), (tested, (0,))):
        rows = full.frame[full.frame["school_year"] == presentation.school_year]
        assert sorted(rows["days_off"].unique()) == sorted(days)
        for off, own in rows.groupby("days_off"):
            assert (own["as_of"] == presentation.day0 + pd.Timedelta(days=14 + off)).all()
            expected = _risk_set(made_up, presentation.name, 2, off)
            keys = zip(expected["id_student"].astype(str), expected["code_module"], strict=True)
            found = own.set_index(["student_id", "district_id"])["registration_day"]
            assert found.to_dict() == dict(zip(keys, expected["date_registration"], strict=True))
    day = of_the_day(full)
    assert set(day.frame["days_off"]) == {0}
    # What is known only a few days later is no feature.
    assert day.frame[panel.feature_names].notna().any().all()


@pytest.mark.slow
def test_the_audit_covers_the_groups_and_says_what_was_known(found):
    audit = json.loads((found / "audit.json").read_text())
    assert {row["attribute"] for row in audit["by_group"]} == GROUPS | {"school", "district"}
    assert audit["about"]["contestant"] == "additive"
    assert "Trained on 2013B, which had ended" in audit["about"]["data_window"]
    html = (found / "audit.html").read_text()
    # The audit's lists are drawn within each module presentation, those of metrics.json over all modules together.
    difference = "first 10 % of each module presentation, those of metrics.json the first 10 %"
    assert difference in audit["about"]["data_window"]
    assert difference in html.replace("\N{NO-BREAK SPACE}", " ")
    assert "Trained on 2013B, which had ended" in html
    assert not re.search(r'(src|href)="https?:', html)


@pytest.mark.slow
def test_the_screen_shows_the_table(found, screen):
    text = screen.getvalue()
    assert "OULAD 2013J" in text
    assert "embargo none" in text
    for row in json.loads((found / "metrics.json").read_text()):
        assert f"{row['auroc']:.3f}" in text
        assert row["model"] in text
    assert "Trained on 2013B, which had ended" in text
    for name in FILES:
        assert f"Written: {found / name}" in text


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            "2014B",
            r"Expected a presentation of the data to test on, got '2014B'; there are '2013B', '2013J'\.",
        ),
        ("2013B", r"found none: it is the first one; test on '2013J' instead\."),
    ],
)
def test_a_presentation_that_cannot_be_tested_is_refused(
    made_up, district, tmp_path, capsys, monkeypatch, test, message
):
    monkeypatch.setattr("experiments.oulad._study.read_district", lambda *_, **__: district)
    assert _run(made_up, test, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


# 2013B begins on 1 February and 2013J is first scored on 15 October, 256 days later.
@pytest.mark.parametrize("length", [256, pytest.param(268, marks=pytest.mark.slow)])
def test_strict_without_an_ended_presentation_is_refused(tmp_path, capsys, length):
    data = tmp_path / "data"
    data.mkdir()
    _write(data, length=length)
    assert _run(data, "2013J", tmp_path / "out", "--embargo", "strict") == 1
    assert re.search(
        r"Expected a presentation that had ended before day 14 of 2013J \(2013-10-15\) to train on, but '2013B' had not; "
        r"use --embargo none",
        capsys.readouterr().err,
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_strict_leaves_out_a_module_that_ends_on_the_day_of_scoring(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    _write(
        data, length=[255, 240, 256, 240]
    )  # AAA of 2013B ends the day before the first scoring, BBB on the day
    assert _run(data, "2013J", tmp_path / "out", "--embargo", "strict") == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    trained = {row["week"]: row["n_train"] for row in metrics if row["model"] == "additive"}
    expected = {week: _risk_set(data, "2013B", week)["code_module"].value_counts() for week in WEEKS}
    assert trained[2] == expected[2]["AAA"]
    assert trained[4] == expected[4].sum()
    audit = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert "2013B had not when 2013J was first scored" in audit["about"]["data_window"]


@pytest.mark.slow
def test_strict_learns_from_the_presentation_that_had_ended(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    _write(data, length=240, presentations=("2013B", "2013J", "2014B"))  # 2013J ends in May 2014
    assert _run(data, "2014B", tmp_path / "out", "--embargo", "strict") == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    trained = [len(_risk_set(data, "2013B", week)) for week in WEEKS]
    assert [row["n_train"] for row in metrics if row["model"] == "additive"] == trained
    window = json.loads((tmp_path / "out" / "audit.json").read_text())["about"]["data_window"]
    assert "Trained on 2013B, used once ended; 2013J had not when 2014B was first scored." in window


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("2013B",), "Trained on 2013B, which"),
        (("2013B", "2013J"), "Trained on 2013B and 2013J, which"),
        (("2013B", "2013J", "2014B"), "Trained on 2013B, 2013J and 2014B, which"),
    ],
)
def test_presentations_are_listed_as_people_write(names, said):
    caveat = Study("2014J", names, "none", (), {}, {}, pd.DataFrame()).caveat
    assert caveat == f"{said} had ended when 2014J was first scored."


def test_folders_that_cannot_be_used_are_named(tmp_path, capsys):
    assert _run(tmp_path / "nowhere", "2014B", tmp_path / "out") == 2
    assert "nowhere' does not exist" in capsys.readouterr().err
    taken = tmp_path / "taken"
    taken.write_text("")
    assert _run(tmp_path, "2014B", taken) == 2
    assert "is a file; name another --out" in capsys.readouterr().err


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return [_command(tmp_path_factory.mktemp("real")) for _ in range(2)]


def _command(out, *more, says="Labels of the presentation just before (2013J) were not all known"):
    arguments = ["--data", str(_REAL), "--test", "2014B", "--out", str(out), *more]
    command = [sys.executable, "-m", "experiments.oulad", *arguments]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    return out


@pytest.mark.data
@pytest.mark.slow
@_needs_data
def test_the_real_files_give_figures_that_follow_from_them(real):
    _check_files(real[0], _REAL, "2014B")
    assert "2013J) were not all known" in (real[0] / "audit.html").read_text()


@pytest.mark.data
@pytest.mark.slow
@_needs_data
def test_on_the_real_files_documents_reach_the_plain_models_and_the_black_boxes(real):
    """Week by week no worse than the best of three plain models but by chance, and better on average."""
    bars = pd.DataFrame(json.loads((real[0] / "bars.json").read_text()))
    assert (bars["high"] >= 0).all()
    assert bars["to_plain"].mean() >= 0
    assert bars["to_ceiling"].mean() >= -0.01
    assert bars["to_ceiling"].min() >= -0.02


@pytest.mark.data
@pytest.mark.slow
@_needs_data
def test_the_real_files_give_the_same_bytes_twice(real):
    for name in ("metrics.json", "audit.json", "predictions.parquet"):
        assert (real[0] / name).read_bytes() == (real[1] / name).read_bytes()


@pytest.mark.data
@pytest.mark.slow
@_needs_data
def test_strict_learns_on_the_real_files_from_the_presentation_that_had_ended(tmp_path):
    _command(tmp_path, "--embargo", "strict", says="Trained on 2013B, used once ended; 2013J had not")
    metrics = _check_files(tmp_path, _REAL, "2014B")
    assert {row["embargo"] for row in metrics} == {"strict"}
    trained = [len(_risk_set(_REAL, "2013B", week)) for week in WEEKS]
    assert [row["n_train"] for row in metrics if row["model"] == "additive"] == trained
