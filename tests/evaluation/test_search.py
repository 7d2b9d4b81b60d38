"""Settings are chosen inside the training years, the same whether or not the search was stopped half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import ParameterGrid, ParameterSampler

from early_id.evaluation import Rolling, search
from early_id.exceptions import ConfigError, DataError
from early_id.panel import CATALOG, Label, Panel

FEATURES = ("absence_rate_year", "mean_mark_60d", "absent_days_year")
GRID = {"column": list(FEATURES), "sign": [1, -1]}


class Column(ClassifierMixin, BaseEstimator):
    """Ranks by one column; notes whom every fit was given, and may be killed in one of them."""

    fits: list[pd.Series] = []  # noqa: RUF012 - clones share it
    killed_in = 0

    def __init__(self, column="absence_rate_year", sign=1):
        self.column = column
        self.sign = sign

    def fit(self, X, y):
        Column.fits.append(y)
        if len(Column.fits) == Column.killed_in:
            os.kill(os.getpid(), signal.SIGKILL)
        self.classes_ = np.array([0.0, 1.0])
        return self

    def predict_proba(self, X):
        share = 0.5 + self.sign * (X[self.column].to_numpy() - 0.5) * 0.9
        return np.column_stack([1 - share, share])


@pytest.fixture(autouse=True)
def fits():
    Column.fits = []
    return Column.fits


def made(years=(2021, 2022, 2023, 2024), *, n=150, lag=20, seed=0, effect=0.25):
    """Four weeks a year; the rate tells who has the outcome, the mark tells half as much, the days nothing."""
    rng = np.random.default_rng(seed)
    parts = []
    for year in years:
        label = (rng.random(n) < 0.4).astype(float)
        for week in range(4):
            day = pd.Timestamp(year - 1, 9, 4) + pd.Timedelta(weeks=8 * week)
            noise = rng.random((3, n))
            parts.append(
                pd.DataFrame(
                    {
                        "student_id": [f"s{i + 20 * (year - 2021)}" for i in range(n)], "school_id": "01",
                        "district_id": "d", "as_of": day, "school_year": year, "school_day": 40.0 * week,
                        "term": "S1", "grade_level": 7.0, "treated": False, "onset": rng.random(n) < 0.8,
                        "not_scored": pd.Series([None] * n, dtype="str"), "event_day": pd.NaT, "label": label,
                        "label_matures_on": pd.Timestamp(year, 6, 15) + pd.Timedelta(days=lag),
                        "absence_rate_year": (noise[0] + effect * label) / (1 + effect),
                        "mean_mark_60d": (noise[1] + effect / 2 * label) / (1 + effect / 2),
                        "absent_days_year": noise[2],
                    }
                )
            )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    return Panel(frame, tuple(CATALOG[name] for name in FEATURES), Label("chronic_absence"), {}, None)


def same(one, other):
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.results, other.results, check_exact=True)
    assert one.best == other.best


# What is chosen, and by what


def test_the_settings_that_are_truly_best_are_chosen_and_the_learner_has_them():
    found = search(Column(), GRID, made())
    assert found.best == {"column": "absence_rate_year", "sign": 1}
    assert found.learner.get_params() == found.best
    assert found.within == "school years"
    assert found.table["candidate"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found.table["settings"].tolist() == [
        f"column={one['column']!r}, sign={one['sign']}" for one in ParameterGrid(GRID)
    ]
    auroc = found.table.set_index("settings")["auroc"]
    assert found.table.loc[found.table["chosen"], "auroc"].tolist() == [auroc.max()]
    # A score turned around orders every pair the other way.
    up, down = auroc.iloc[::2].to_numpy(), auroc.iloc[1::2].to_numpy()
    np.testing.assert_allclose(up + down, 1)


def test_figures_equal_scikit_learns_date_by_date_on_onset_rows():
    panel = made()
    found = search(Column(), {"column": ["mean_mark_60d"]}, panel)
    assert found.results["fold"].tolist() == ["2022", "2023"]
    for row in found.results.itertuples():
        rows = panel.frame[(panel.frame["school_year"] == int(row.fold)) & panel.frame["onset"]]
        right = pairs = precision = 0.0
        for _, own in rows.groupby("as_of"):
            n = own["label"].sum() * (1 - own["label"]).sum()
            right, pairs = right + n * roc_auc_score(own["label"], own["mean_mark_60d"]), pairs + n
            precision += own["label"].sum() * average_precision_score(own["label"], own["mean_mark_60d"])
        assert row.auroc == pytest.approx(right / pairs)
        assert row.average_precision == pytest.approx(precision / rows["label"].sum())
        assert row.n_students_with == rows.loc[rows["label"] == 1, "student_id"].nunique()
    assert found.table.loc[0, "auroc"] == pytest.approx(found.results["auroc"].mean())


def test_equal_candidates_leave_the_first_and_a_sampler_names_them_too():
    twice = search(Column(), [{"sign": 1}, {"sign": 1, "column": "absence_rate_year"}], made())
    assert twice.table["chosen"].tolist() == [True, False]
    drawn = [search(Column(), ParameterSampler(GRID, 4, random_state=5), made()) for _ in range(2)]
    same(*drawn)
    assert len(drawn[0].table) == 4


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"colum": [1]}, r"Expected settings of Column to search, got 'colum': did you mean 'column'\?"),
        ([], "Expected one candidate or more to search among, got none"),
    ],
)
def test_settings_a_learner_does_not_have_are_refused_before_anything_is_fitted(space, message, fits):
    with pytest.raises(ConfigError, match=message):
        search(Column(), space, made())
    assert not fits


# The test year, and what was not known


def test_the_test_year_cannot_change_the_search(tmp_path, fits):
    panel = made()
    found = search(Column(), GRID, panel, folder=tmp_path)
    n = len(fits)
    frame = panel.frame.copy()
    last = frame["school_year"] == 2024
    frame.loc[last, "label"] = 1 - frame.loc[last, "label"]
    frame.loc[last, list(FEATURES)] = 0.0
    poisoned = replace(panel, frame=frame)
    same(search(Column(), GRID, poisoned), found)
    before = len(fits)
    same(search(Column(), GRID, poisoned, folder=tmp_path), found)
    assert len(fits) == before == 2 * n  # and what was kept is of use
    assert all(y.index.get_level_values("as_of").year.max() < 2023 for y in fits)


def test_of_a_rolling_backtest_no_tested_year_is_used(fits):
    panel = made()
    search(Column(), GRID, panel, rolling=Rolling(folds=2, histories=(1,)))
    days = [y.index.get_level_values("as_of").max() for y in fits]
    assert max(days) < pd.Timestamp("2021-09-01")
    frame = panel.frame.copy()
    late = frame["school_year"] >= 2023
    frame.loc[late, "label"] = 1 - frame.loc[late, "label"]
    rolling = Rolling(folds=2)
    poisoned = search(Column(), GRID, replace(panel, frame=frame), rolling=rolling)
    same(poisoned, search(Column(), GRID, panel, rolling=rolling))


def test_labels_that_were_not_known_neither_train_nor_judge(fits):
    panel = made()
    frame = panel.frame.copy()
    # Some labels of 2022 were told only after the year 2024 had begun, some of 2021 after 2022 had.
    late = frame["student_id"].isin([f"s{n}" for n in range(60, 90)]) & (frame["school_year"] < 2023)
    frame.loc[late & (frame["school_year"] == 2022), "label_matures_on"] = pd.Timestamp("2023-09-20")
    frame.loc[late & (frame["school_year"] == 2021), "label_matures_on"] = pd.Timestamp("2021-09-20")
    found = search(Column(), GRID, replace(panel, frame=frame))
    first = [y for y in fits if y.index.get_level_values("as_of").max() < pd.Timestamp("2021-08-01")]
    assert first
    for y in first:
        assert not set(y.index.get_level_values("student_id")) & {f"s{n}" for n in range(60, 90)}
    turned = frame.copy()
    unknown = late & (frame["school_year"] == 2022)
    turned.loc[unknown, "label"] = 1 - turned.loc[unknown, "label"]
    same(search(Column(), GRID, replace(panel, frame=turned)), found)


def test_only_the_dates_that_may_train_are_used(fits):
    panel = made()
    dates = sorted(panel.frame["as_of"].unique())[::2]
    thin = search(Column(), GRID, panel, rolling=Rolling(train_dates=dates))
    assert {day for y in fits for day in y.index.get_level_values("as_of")} <= set(dates)
    same(search(Column(), GRID, panel.where(panel.frame["as_of"].isin(dates))), thin)


def test_one_training_year_is_parted_by_student(fits):
    panel = made(years=(2023, 2024))
    found = search(Column(), GRID, panel)
    assert found.within == "students"
    assert found.best == {"column": "absence_rate_year", "sign": 1}
    students = set(panel.frame.loc[panel.frame["school_year"] == 2023, "student_id"])
    trained = [set(y.index.get_level_values("student_id")) for y in fits[:3]]
    judged = [students - own for own in trained]
    assert set().union(*judged) == students
    assert sum(map(len, judged)) == len(students)
    assert found.results["n_students_with"].sum() <= 6 * len(students)


def test_where_nobody_can_be_judged_it_is_said():
    panel = made(years=(2023, 2024))
    frame = panel.frame.assign(onset=panel.frame["onset"] & (panel.frame["label"] == 0))
    with pytest.raises(DataError, match="with and without the outcome still ahead"):
        search(Column(), GRID, replace(panel, frame=frame))


# Stopped and gone on with


def test_a_search_that_was_killed_goes_on_where_it_stopped(tmp_path, fits):
    """Six candidates in two folds are twelve fits; the seventh is the last thing a process does."""
    script = (
        "from pathlib import Path\nfrom test_search import *\n"
        f"Column.killed_in = 7\nsearch(Column(), GRID, made(), folder=Path({str(tmp_path)!r}))"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 6
    lines = []
    resumed = search(Column(), GRID, made(), folder=tmp_path, tell=lines.append)
    assert len(fits) == 6
    assert lines[0] == "Candidate 1 of 6: column='absence_rate_year', sign=1 (2 of 2 folds done before)"
    assert lines[-1] == "Candidate 6 of 6: column='absent_days_year', sign=-1"
    same(resumed, search(Column(), GRID, made()))


def test_a_half_written_result_does_not_count(tmp_path, fits):
    whole = search(Column(), GRID, made(), folder=tmp_path)
    files = sorted(tmp_path.iterdir())
    contents = [file.read_bytes() for file in files]
    files[0].write_bytes(contents[0][: len(contents[0]) // 2])
    files[1].write_bytes(b"")
    files[2].write_bytes(b"\xff\xfe")
    files[3].write_bytes(b'{"auroc": 1.0}')
    (tmp_path / ".writing-abc").write_bytes(contents[4])
    fits.clear()
    same(search(Column(), GRID, made(), folder=tmp_path), whole)
    assert len(fits) == 4
    assert [file.read_bytes() for file in files] == contents


def test_other_data_and_other_settings_are_fitted_anew(tmp_path, fits):
    panel = made()
    search(Column(), GRID, panel, folder=tmp_path)

    def fitted(panel, grid=GRID):
        fits.clear()
        search(Column(), grid, panel, folder=tmp_path)
        return len(fits)

    assert fitted(panel) == 0
    assert fitted(panel, {"column": [*FEATURES, "school_day"], "sign": [1, -1]}) == 4
    frame = panel.frame
    for name, value in (("absence_rate_year", 0.123), ("label", None)):
        for year, folds in ((2021, 2), (2022, 2), (2023, 1), (2024, 0)):
            moved = frame.copy()
            at = moved.index[(moved["school_year"] == year) & moved["onset"]][3]
            moved.loc[at, name] = 1 - moved.loc[at, name] if value is None else value
            assert fitted(replace(panel, frame=moved)) == 6 * folds, (name, year)
    assert fitted(panel.without(["mean_mark_60d"]), {"sign": [1, -1]}) == 4


def test_what_is_printed_has_three_digits_and_nothing_of_a_few_students():
    found = search(Column(), GRID, made())
    shown = found.publish()
    assert shown["auroc"].tolist() == found.table["auroc"].round(3).tolist()
    few = search(Column(), GRID, made(n=25))
    assert few.table["auroc"].notna().all()
    assert few.publish()[["auroc", "average_precision"]].isna().all(axis=None)
