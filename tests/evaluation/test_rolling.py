"""Several trainings replayed: each knows what was known on its day, and none is judged beside another's scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_auc_score

from early_id.evaluation import (
    Rolling,
    backtest,
    compare_histories,
    compute_decay,
    compute_metrics,
    load_backtest,
    publish_decay,
    publish_histories,
    publish_metrics,
    save_backtest,
)
from early_id.evaluation._folds import folds_of
from early_id.exceptions import ConfigError, DataError
from early_id.models import MonotoneAdditiveClassifier
from early_id.panel import CATALOG, Label, Panel, build_panel

DATES = [
    *("2021-11-07", "2022-03-06", "2022-11-06", "2022-12-11", "2023-03-05", "2023-05-07"),
    *("2023-11-05", "2023-12-10", "2024-03-03", "2024-05-05"),
]
KEPT = ["absence_rate_20d", "absence_rate_year", "absent_days_year", "mean_mark_60d"]
CATALOGUE = {name: CATALOG[name] for name in KEPT}
RATES = ["auroc", "precision", "recall"]


class Recorder(ClassifierMixin, BaseEstimator):
    """Ranks by the absence rate and keeps what every fit was given."""

    fits: list[pd.Series] = []  # noqa: RUF012 - clones share it

    def fit(self, X, y):
        Recorder.fits.append(y)
        self.classes_ = np.array([0.0, 1.0])
        return self

    def predict_proba(self, X):
        share = X["absence_rate_year"].fillna(0).clip(0, 1)
        return np.column_stack([1 - share, share])


class Rule(BaseEstimator):
    """Ranks by the days missed; silent, as a rule is, about who missed none."""

    def fit(self, X, y):
        return self

    def rank_score(self, X):
        return X["absent_days_year"].where(X["absent_days_year"] > 0)


def contestants():
    learner = MonotoneAdditiveClassifier(directions="catalogue", max_iter=15, random_state=0)
    return {"additive": learner, "rule": Rule()}


@pytest.fixture(scope="module")
def panel(county):
    return build_panel(county, label="chronic_absence", as_of=DATES, catalog=CATALOGUE)


@pytest.fixture(scope="module")
def single(panel):
    return backtest(contestants(), panel)


@pytest.fixture(scope="module")
def rolled(panel):
    return backtest(contestants(), panel, rolling=Rolling(folds=2, histories=(1, 2)))


@pytest.fixture
def fits():
    Recorder.fits = []
    return Recorder.fits


# Folds


def test_the_latest_fold_is_the_backtest_that_there_was(single, rolled):
    pd.testing.assert_frame_equal(rolled.predictions, single.predictions, check_exact=True)
    assert rolled.documents["additive"].sha256 == single.documents["additive"].sha256
    for name in ("train_years", "test_years", "trained_on", "deployable"):
        assert getattr(rolled, name) == getattr(single, name)
    assert rolled.training.equals(single.training)
    assert single.others.empty
    assert single.folds["fold"].tolist() == ["2024"]


def test_each_fold_is_the_backtest_of_its_own_years(panel, rolled):
    earlier = backtest(contestants(), panel, train_years=[2022], test_years=[2023])
    last = backtest(contestants(), panel, train_years=[2023], test_years=[2024])
    own = rolled.others.groupby(["fold", "history"])
    for key, expected in ((("2023", "all"), earlier), (("2024", "1"), last)):
        found = own.get_group(key).drop(columns="history").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected.predictions.drop(columns="history"), check_exact=True)


def test_a_history_a_fold_does_not_have_is_left_out_and_one_that_is_all_there_is_is_not_fitted_twice(
    panel, rolled, fits
):
    assert list(zip(rolled.folds["fold"], rolled.folds["history"], strict=True)) == [
        ("2023", "1"), ("2023", "all"), ("2024", "1"), ("2024", "2"), ("2024", "all"),
    ]  # fmt: skip
    assert rolled.folds["train_years"].tolist() == ["2022", "2022", "2023", "2022, 2023", "2022, 2023"]
    backtest({"m": Recorder()}, panel, rolling=Rolling(folds=2, histories=(2, 1)))
    assert len(fits) == 3


@pytest.mark.parametrize(("lag", "folds"), [(14, 2), (200, 1)])
def test_no_fold_learns_from_a_label_that_was_not_known_on_its_first_test_date(county, fits, lag, folds):
    late = build_panel(county, label=Label("chronic_absence", lag_days=lag), as_of=DATES, catalog=CATALOGUE)
    found = backtest({"m": Recorder()}, late, rolling=Rolling(folds=folds))
    frame = late.frame.set_index(["student_id", "school_id", "as_of"])
    for y, fold in zip(fits, found.folds.itertuples(), strict=True):
        used = frame.loc[y.index]
        day = pd.Timestamp(fold.trained_on)
        assert (used["label_matures_on"] <= day).all()
        assert (used.index.get_level_values("as_of") < day).all()
        known = late.learnable
        known = known[(known["school_year"] < int(fold.fold)) & (known["label_matures_on"] <= day)]
        assert len(y) == len(known) == fold.rows
        # And what was not known cannot move it.
        unknown = late.frame["label_matures_on"] > day
        turned = late.frame.assign(label=late.frame["label"].mask(unknown, 1 - late.frame["label"]))
        Recorder.fits = []
        backtest({"m": Recorder()}, replace(late, frame=turned), rolling=Rolling(folds=folds))
        assert any(y.equals(again) for again in Recorder.fits)


def test_a_student_recurs_and_each_training_says_whom_it_knew(panel, rolled):
    learnable = panel.learnable
    for (fold, history), rows in rolled.rolling.groupby(["fold", "history"]):
        years = rolled.folds.set_index(["fold", "history"]).loc[(fold, history), "train_years"]
        known = learnable["school_year"].isin([int(year) for year in years.split(", ")])
        trained = set(learnable.loc[known, "student_id"])
        assert rows["seen_in_training"].tolist() == rows["student_id"].isin(trained).tolist()
        assert set(rows["seen_in_training"]) == {True, False}
        assert (rows["trained_on"] == rows["as_of"].min()).all()


def test_only_the_dates_that_may_train_do(panel, fits):
    dates = pd.to_datetime(["2022-03-06", "2022-11-06", "2023-03-05"])
    backtest({"m": Recorder()}, panel, rolling=Rolling(folds=2, train_dates=[day.date() for day in dates]))
    assert [sorted(set(y.index.get_level_values("as_of"))) for y in fits] == [[dates[0]], list(dates)]


@pytest.mark.parametrize(("by", "most"), [("year", 2), ("term", 4)])
def test_more_folds_than_there_are_years_are_refused_with_their_number(panel, by, most):
    with pytest.raises(ConfigError, match=f"training year before them, {most}, got 9; ask for fewer"):
        backtest(contestants(), panel, rolling=Rolling(folds=9, by=by))


@pytest.mark.parametrize("wrong", [{"folds": 0}, {"by": "month"}, {"histories": (0,)}, {"histories": (2, 2)}])
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError, match="Expected"):
        Rolling(**wrong)


# Terms


def test_terms_are_tested_one_after_the_other_each_once(panel):
    found = backtest({"m": Recorder()}, panel, rolling=Rolling(folds=4, by="term"))
    rows = found.rolling
    test = panel.frame[panel.frame["school_year"] > 2022]
    assert len(rows) == len(test)
    assert (rows.groupby("as_of")["fold"].nunique() == 1).all()
    assert not rows.duplicated(["student_id", "school_id", "as_of"]).any()
    begun = rows.groupby("fold")["trained_on"].min()
    assert begun.tolist() == list(pd.to_datetime(["2022-11-06", "2023-03-05", "2023-11-05", "2024-03-03"]))
    assert found.trained_on.isoformat() == "2024-03-03"
    # A year's absence is known of leavers alone before the year ends: they are not learned from.
    assert found.folds["train_years"].tolist() == ["2022", "2022", "2022, 2023", "2022, 2023"]
    known = panel.learnable.groupby("school_year").size()
    assert found.folds["rows"].tolist() == [known[2022]] * 2 + [known[2022] + known[2023]] * 2


def made(*, lag=0):
    """Forty students in two terms of two years, eight weeks each; labels mature `lag` days after the term's end."""
    weeks = pd.MultiIndex.from_product([(2023, 2024), (0, 1), range(8), range(40)]).to_frame(index=False)
    weeks.columns = ["school_year", "place", "week", "student"]
    years = pd.to_datetime((weeks["school_year"] - 1).astype(str) + "-09-03")
    begin = years + pd.to_timedelta(70 * weeks["place"], unit="D")
    frame = pd.DataFrame(
        {
            "student_id": "s" + weeks["student"].astype(str), "school_id": "01", "district_id": "d",
            "as_of": begin + pd.to_timedelta(7 * weeks["week"], unit="D"), "school_year": weeks["school_year"],
            "school_day": 5 * weeks["week"] + 5, "term": weeks["place"].map({0: "S1", 1: "S2"}), "grade_level": 7.0,
            "treated": False, "not_scored": pd.Series([None] * len(weeks), dtype="str"), "event_day": pd.NaT,
            "onset": True, "label": (weeks["student"] % 2).astype(float),
            "label_matures_on": begin + pd.Timedelta(days=60 + lag), "absence_rate_year": 0.1,
        }
    )  # fmt: skip
    return Panel(frame, (CATALOG["absence_rate_year"],), Label("course_failure"), {}, None)


@pytest.mark.parametrize(("lag", "last"), [(0, 40 * 8 * 3), (40, 40 * 8 * 2)])
def test_an_earlier_term_of_the_same_year_trains_once_its_labels_were_known(fits, lag, last):
    found = backtest({"m": Recorder()}, made(lag=lag), rolling=Rolling(folds=2, by="term"))
    assert found.folds["fold"].tolist() == ["2024 S1", "2024 S2"]
    assert found.folds["rows"].tolist() == [40 * 8 * 2, last]
    named = backtest({"m": Recorder()}, made(lag=lag), train_years=[2023], rolling=Rolling(by="term"))
    assert named.training["rows"] == 40 * 8 * 2


def test_the_few_labels_of_leavers_are_no_term_to_learn_from(fits):
    panel = made(lag=400)
    frame = panel.frame
    early = frame["student_id"].isin([f"s{n}" for n in range(19)])
    frame["label_matures_on"] = frame["label_matures_on"].mask(
        early | (frame["school_year"] == 2023), frame["as_of"] + pd.Timedelta(days=1)
    )
    found = backtest({"m": Recorder()}, panel, rolling=Rolling(by="term"))
    assert found.training["rows"] == 40 * 8 * 2
    frame.loc[frame["student_id"] == "s20", "label_matures_on"] = frame["as_of"] + pd.Timedelta(days=1)
    half = backtest({"m": Recorder()}, panel, rolling=Rolling(by="term"))
    assert half.training["rows"] == 40 * 8 * 2 + 20 * 8


def test_a_date_without_a_term_is_named():
    panel = made()
    panel.frame.loc[panel.frame["as_of"] == "2023-09-10", "term"] = None
    with pytest.raises(DataError, match="Expected a term for every as-of date, got none for '2023-09-10'"):
        folds_of(panel, Rolling(by="term"))


def test_a_date_belongs_to_the_term_of_most_of_its_rows():
    panel = made()
    day = panel.frame["as_of"] == "2023-09-10"
    panel.frame.loc[panel.frame.index[day][:19], "term"] = "S2"
    found = backtest({"m": Recorder()}, panel, rolling=Rolling(folds=2, by="term"))
    assert (found.rolling.loc[found.rolling["as_of"] == "2023-09-10", "fold"] == "2024 S1").all()


# Metrics


def test_scores_of_two_histories_are_not_judged_as_one(rolled):
    with pytest.raises(ConfigError, match="Expected predictions of one history, got '1', 'all', '2'"):
        compute_metrics(rolled.rolling, "10%")


def test_histories_are_compared_on_the_same_rows(panel, rolled):
    found = compare_histories(rolled)
    assert found["fold"].unique().tolist() == ["every fold", "2024"]  # 2023 has no history of two years
    whole, last = (found[found["fold"] == name].drop(columns="fold") for name in ("every fold", "2024"))
    pd.testing.assert_frame_equal(whole.reset_index(drop=True), last.reset_index(drop=True))
    own = last[last["history"] == "all"].drop(columns="history").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, rolled.metrics(), check_exact=True)
    counts = found.groupby(["fold", "contestant", "rows"])[["n_rows", "n_positives"]].nunique()
    assert (counts.drop("onset, unseen", level="rows") == 1).all(axis=None)


def test_over_every_fold_each_pair_shares_date_and_fold(panel):
    found = backtest({"m": Recorder()}, panel, rolling=Rolling(folds=2))
    table = compare_histories(found).set_index(["fold", "rows"])
    rows = found.rolling
    rows = rows[rows["onset"]]
    rows = rows[rows["score"].notna()]
    right = pairs = 0.0
    for _, part in rows.groupby(["fold", "as_of"]):
        n = part["label"].sum() * (1 - part["label"]).sum()
        right, pairs = right + n * roc_auc_score(part["label"], part["score"]), pairs + n
    assert table.loc[("every fold", "onset"), "auroc"] == pytest.approx(right / pairs)


def test_new_students_are_a_set_of_their_own(single):
    rows = single.predictions
    new = rows[~rows["seen_in_training"]]
    found = single.metrics().set_index(["contestant", "rows"])
    for name in ("additive", "rule"):
        own = new[(new["contestant"] == name) & new["onset"]]
        assert found.loc[(name, "onset, unseen"), "n_rows"] == len(own) > 0
        assert found.loc[(name, "onset, unseen"), "n_students"] == own["student_id"].nunique()
    bare = compute_metrics(rows.drop(columns="seen_in_training"), "5%")
    assert "onset, unseen" not in set(bare["rows"])
    pd.testing.assert_frame_equal(
        bare, single.metrics()[single.metrics()["rows"] != "onset, unseen"].reset_index(drop=True)
    )


@pytest.mark.parametrize("few", [3, 10, 15])
def test_new_students_are_not_printed_where_they_or_all_others_are_few(single, few):
    rows = single.predictions
    some = rows["student_id"].unique()[:few]
    for seen in (rows["student_id"].isin(some), ~rows["student_id"].isin(some)):
        found = publish_metrics(rows.assign(seen_in_training=seen), "30%").set_index(["contestant", "rows"])
        if few <= 10:
            assert found.loc[("additive", "onset, unseen"), RATES].isna().all()
        assert found.loc[("additive", "onset"), RATES].notna().all()


# Age of the scores


def test_weeks_since_training_are_judged_apart(rolled):
    rows = rolled.rolling
    rows = rows[rows["contestant"] == "additive"]

    class Own:
        rolling = rows
        capacity = "5%"

    found = compute_decay(Own, weeks=4)
    age = (rows["as_of"] - rows["trained_on"]).dt.days // 7 // 4
    assert found["weeks"].unique().tolist()[:3] == ["0-3", "4-7", "16-19"]
    judged = found[found["rows"] == "all"]
    for row in judged.itertuples():
        own = rows[rows["history"] == row.history]
        own = own[(age[own.index] == int(row.weeks.split("-")[0]) // 4) & own["label"].notna()]
        assert row.n_rows == len(own)
    assert judged["n_rows"].sum() == rows["label"].notna().sum()


def test_a_score_that_turns_with_age_is_seen_to():
    """Perfect for eight weeks, reversed after: the order of the blocks is known."""
    weeks = np.repeat(np.arange(16), 40)
    label = np.tile([0.0, 1.0], 320)
    rows = pd.DataFrame(
        {
            "contestant": "m", "student_id": [f"s{n % 40}" for n in range(640)], "school_id": "01", "fold": "2025",
            "as_of": pd.Timestamp("2024-09-08") + pd.to_timedelta(7 * weeks, unit="D"), "school_day": 5 * weeks,
            "score": np.where(weeks < 8, label, 1 - label), "probability": np.nan, "label": label, "onset": True,
            "treated": False, "history": "all", "trained_on": pd.Timestamp("2024-09-08"),
        }
    )  # fmt: skip

    class Made:
        rolling = rows
        capacity = 20

    found = compute_decay(Made, weeks=4).query("rows == 'onset'")
    assert found["weeks"].tolist() == ["0-3", "4-7", "8-11", "12-15"]
    assert found["auroc"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert found["recall"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert compute_decay(Made, weeks=5).query("rows == 'onset'")["auroc"].tolist()[1] == pytest.approx(3 / 5)
    assert publish_decay(Made).query("rows == 'onset'")["auroc"].tolist() == [1.0, 1.0, 0.0, 0.0]
    with pytest.raises(ConfigError, match="blocks of one week or more, got 0"):
        compute_decay(Made, weeks=0)


def test_what_is_published_of_histories_hides_the_total_where_a_fold_is_hidden(panel):
    found = backtest({"m": Recorder()}, panel, capacity="30%", rolling=Rolling(folds=2))
    by = ["fold", "history", "contestant", "rows"]
    exact, shown = compare_histories(found).set_index(by), publish_histories(found).set_index(by)
    assert list(exact.columns) == list(shown.columns)
    assert shown.loc[("every fold", "all", "m", "onset"), "recall"] == round(
        exact.loc[("every fold", "all", "m", "onset"), "recall"], 3
    )
    # Eight students with the outcome in one fold, listed or not, are masked there and so in the total.
    rows = found.rolling
    positive = rows.loc[(rows["label"] == 1) & (rows["fold"] == "2023"), "student_id"].unique()
    gone = (rows["fold"] == "2023") & (rows["label"] == 1) & ~rows["student_id"].isin(positive[:8])

    class Fewer:
        rolling = rows[~gone]
        capacity = "30%"

    hidden = publish_histories(Fewer).set_index(by)
    for fold, missing in (("2023", True), ("every fold", True), ("2024", False)):
        assert (hidden.loc[(fold, "all", "m", "onset"), [*RATES, "auroc_low"]].isna() == missing).all()


# On disk


def test_a_rolling_backtest_is_read_back_to_the_last_bit(rolled, single, tmp_path):
    names = save_backtest(rolled, tmp_path)
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    again = load_backtest(tmp_path)
    pd.testing.assert_frame_equal(again.rolling, rolled.rolling, check_exact=True)
    pd.testing.assert_frame_equal(again.predictions, rolled.predictions, check_exact=True)
    pd.testing.assert_frame_equal(again.folds, rolled.folds)
    # One fold, written over it, does not bring the others back.
    assert "rolling.parquet" not in save_backtest(single, tmp_path)
    assert load_backtest(tmp_path).others.empty
