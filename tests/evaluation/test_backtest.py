"""The backtest on a simulated county: which years, which labels, every row accounted for, what may be deployed."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from early_id.evaluation import backtest, load_backtest, save_backtest
from early_id.evaluation._metrics import with_lists
from early_id.evaluation._years import years_without_history
from early_id.exceptions import ConfigError, DataError
from early_id.models import (
    AdditiveModel,
    FeatureInfo,
    MonotoneAdditiveClassifier,
    PaceRule,
    Period,
    SchoolMeanRule,
    Term,
)
from early_id.panel import CATALOG, Label, build_panel

KEYS = ["student_id", "school_id", "as_of"]
DATES = ["2021-11-07", "2022-11-06", "2023-03-05", "2023-11-05", "2024-03-03"]
KEPT = ["absence_rate_20d", "absence_rate_year", "absent_days_year", "prior_absence_rate", "mean_mark_60d"]
CATALOGUE = {name: CATALOG[name] for name in KEPT}
PRIOR = ["prior_absence_rate"]


def learner() -> MonotoneAdditiveClassifier:
    return MonotoneAdditiveClassifier(directions="catalogue", max_iter=20, random_state=0)


@pytest.fixture(scope="module")
def panel(county):
    """Two dates a year, few features, and ten students of a test date without a score."""
    built = build_panel(county, label="chronic_absence", as_of=DATES, catalog=CATALOGUE)
    frame = built.frame.copy()
    some = frame.index[frame["as_of"] == DATES[3]][:10]
    frame.loc[some, "not_scored"] = "no attendance submitted"
    return replace(built, frame=frame)


@pytest.fixture(scope="module")
def result(panel):
    return backtest({"additive": learner(), "pace rule": PaceRule()}, panel)


class Upward(ClassifierMixin, BaseEstimator):
    """Ranks by absence, perfectly in order, or against the direction that absence declares."""

    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign

    def fit(self, X, y):
        self.classes_ = np.array([0.0, 1.0])
        edges = tuple(np.linspace(0.02, 0.3, 15))
        values = tuple(self.sign * np.linspace(-2, 2, 16))
        term = Term("absence_rate_year", "step", edges=edges, values=values, missing=0.0, mean=0.0)
        info = FeatureInfo("absence_rate_year", domain="attendance", direction=1, unit="share")
        self.document_ = AdditiveModel("chronic_absence", [info], [Period(0, None, -1.0, (term,))])
        return self

    def predict_proba(self, X):
        return self.document_.predict_proba(X)


# Years


def test_the_latest_year_tests_and_earlier_ones_with_history_train(result):
    assert result.test_years == (2024,)
    assert result.train_years == (2023,)
    assert result.trained_on.isoformat() == DATES[3]


def test_a_training_year_without_history_is_refused(panel):
    with pytest.raises(ConfigError) as caught:
        backtest({"additive": learner()}, panel, train_years=[2022, 2023], test_years=[2024])
    message = str(caught.value)
    assert "Expected training years with a school year before them, got 2022" in message
    assert "'prior_absence_rate'" in message
    assert "train on later years, or drop these features" in message


@pytest.mark.parametrize("strays", [1, 40])
def test_a_few_stray_records_are_no_history(panel, strays):
    frame = panel.frame.copy()
    first = frame.index[frame["school_year"] == 2022]
    frame.loc[first[:strays], PRIOR] = 0.1
    share = strays / len(first)
    stray = replace(panel, frame=frame)
    with pytest.raises(ConfigError) as caught:
        backtest({"additive": learner()}, stray, train_years=[np.int64(2022), 2023], test_years=[2024])
    assert (
        f"got 2022, in which 'prior_absence_rate' are known for {share:.1%} of the rows (later years: up to 88%)"
        in str(caught.value)
    )
    assert backtest({"additive": learner()}, stray).train_years == (2023,)


def test_each_table_needs_its_own_history_and_one_that_was_never_sent_is_missed_by_no_year():
    frame = pd.DataFrame({"school_year": np.repeat([2022, 2023, 2024], 10)})
    later = frame["school_year"] > 2022
    frame["absence"] = 0.1
    frame["mark"] = np.where(later, 3.0, np.nan)
    frame["incidents"] = np.nan
    features = [
        SimpleNamespace(name=name, window="prior_year", table=table)
        for name, table in (("absence", "absences"), ("mark", "grades"), ("incidents", "incidents"))
    ]
    assert years_without_history(SimpleNamespace(features=features, frame=frame)) == {2022: ("grades", 0.0)}
    assert years_without_history(SimpleNamespace(features=features[::2], frame=frame)) == {}


def test_years_of_numpy_are_written_as_numbers(panel):
    with pytest.raises(ConfigError, match=r"Expected school years with mature labels, .*got 1999; choose"):
        backtest({"additive": learner()}, panel, train_years=[np.int64(1999)])
    with pytest.raises(ConfigError, match=r"got training \[2024\] and testing \[2023\]"):
        backtest({"additive": learner()}, panel, train_years=[np.int64(2024)], test_years=[np.int64(2023)])


def test_it_is_allowed_once_no_contestant_asks_for_history(panel):
    bare = panel.without(PRIOR)
    asked = backtest({"additive": learner()}, bare, train_years=[2022, 2023], test_years=[2024])
    chosen = backtest({"additive": learner()}, bare)
    assert asked.train_years == chosen.train_years == (2022, 2023)
    assert asked.documents["additive"].sha256 == chosen.documents["additive"].sha256
    assert "prior_absence_rate" not in asked.documents["additive"].feature_names


@pytest.mark.parametrize(("train", "test"), [([2024], [2023]), ([2023], [2023]), ([2023, 2024], [2024])])
def test_training_comes_before_testing(panel, train, test):
    with pytest.raises(
        ConfigError, match=r"Expected training years before the test years, got training \[202"
    ):
        backtest({"additive": learner()}, panel, train_years=train, test_years=test)


@pytest.mark.parametrize("years", [{"train_years": [1999]}, {"test_years": [2030]}])
def test_a_year_without_mature_labels_is_named(panel, years):
    with pytest.raises(
        ConfigError, match=r"Expected school years with mature labels, \[2022, 2023, 2024\], got"
    ):
        backtest({"additive": learner()}, panel, **years)


def test_one_year_is_not_enough(panel):
    only = panel.where(panel.frame["school_year"] == 2024)
    with pytest.raises(ConfigError, match=r"got training \[\] and testing \[2024\]"):
        backtest({"additive": learner()}, only)


def test_training_rows_of_one_kind_teach_nothing(panel):
    frame = panel.frame
    one_kind = panel.where((frame["school_year"] == 2024) | (frame["label"] == 0))
    with pytest.raises(DataError, match=r"with and without the outcome in \[2023\], got"):
        backtest({"additive": learner()}, one_kind)


def test_a_panel_of_features_only_is_refused(county):
    bare = build_panel(county, as_of=DATES[3:], catalog=CATALOGUE)
    with pytest.raises(ConfigError, match="Expected a panel with a label"):
        backtest({"additive": learner()}, bare)


# Labels that were known


def test_the_strict_embargo_uses_only_labels_known_on_the_first_test_date(county):
    """Labels that mature 200 days after the school year are not known in November, but for students who left."""
    late = build_panel(
        county,
        label=Label("chronic_absence", lag_days=200),
        as_of=DATES[:4],
        catalog=CATALOGUE,
        known_by=None,
    ).without(PRIOR)
    rows = late.learnable
    rows = rows[rows["school_year"].isin([2022, 2023])]
    known = rows[rows["label_matures_on"] <= pd.Timestamp(DATES[3])]
    assert 0 < len(known) < len(rows)
    years = {"train_years": [2022, 2023], "test_years": [2024]}
    strict = backtest({"additive": learner()}, late, **years)
    none = backtest({"additive": learner()}, late, embargo="none", **years)
    assert strict.training["rows"] == len(known)
    assert strict.training["positives"] == known["label"].sum()
    assert strict.training["students"] == known["student_id"].nunique()
    assert none.training["rows"] == len(rows)
    assert strict.documents["additive"].sha256 != none.documents["additive"].sha256
    assert strict.documents["additive"].provenance["embargo"] == "strict"
    assert none.documents["additive"].provenance["embargo"] == "none"


def test_a_label_that_was_not_known_cannot_change_what_is_learned(panel, result):
    """Labels of the test year, turned around, leave every score where it was."""
    frame = panel.frame.copy()
    test = frame["school_year"] == 2024
    frame.loc[test, "label"] = 1 - frame.loc[test, "label"]
    other = backtest({"additive": learner(), "pace rule": PaceRule()}, replace(panel, frame=frame))
    assert other.documents["additive"].sha256 == result.documents["additive"].sha256
    pd.testing.assert_series_equal(other.predictions["score"], result.predictions["score"], check_exact=True)
    frame = panel.frame.copy()
    frame.loc[frame["school_year"] == 2023, "label"] = 1 - frame.loc[frame["school_year"] == 2023, "label"]
    moved = backtest({"additive": learner()}, replace(panel, frame=frame))
    assert moved.documents["additive"].sha256 != result.documents["additive"].sha256


# Predictions


def test_every_row_of_the_test_year_is_there_for_every_contestant(panel, result):
    test = panel.frame[panel.frame["school_year"] == 2024].reset_index(drop=True)
    assert result.predictions["contestant"].unique().tolist() == ["additive", "pace rule"]
    carried = [*KEYS, "label", "onset", "event_day", "treated", "not_scored", "school_day"]
    for _, rows in result.predictions.groupby("contestant"):
        pd.testing.assert_frame_equal(rows[carried].reset_index(drop=True), test[carried])


def test_who_is_not_scored_is_listed_without_a_score(result):
    for name, rows in result.predictions.groupby("contestant"):
        unscored = rows["not_scored"].notna()
        assert unscored.sum() >= 10
        assert rows.loc[unscored, ["score", "probability"]].isna().all(axis=None)
        if name == "additive":
            assert rows.loc[~unscored, "score"].between(0, 1).all()


def test_a_rule_has_a_rank_and_no_probability(result):
    rows = result.predictions
    assert rows.loc[rows["contestant"] == "pace rule", "probability"].isna().all()
    own = rows[rows["contestant"] == "additive"]
    pd.testing.assert_series_equal(own["score"], own["probability"], check_names=False)


def test_a_rule_that_tells_only_schools_apart_still_fills_every_list(panel):
    found = backtest({"school-mean rule": SchoolMeanRule(), "pace rule": PaceRule()}, panel)
    rows = with_lists(found.predictions, 5)
    school = rows[rows["contestant"] == "school-mean rule"]
    assert (school.groupby(["school_id", "as_of"])["score"].nunique() == 1).all()
    assert (school.groupby(["school_id", "as_of"])["listed"].sum() == 5).all()
    metrics = found.metrics(5).set_index(["contestant", "rows"]).loc["school-mean rule"]
    assert (metrics["auroc_within_school"] == 0.5).all()
    assert metrics.loc["all", "auroc"] != 0.5
    assert metrics["brier"].isna().all()


def test_students_never_seen_in_training_are_marked(panel, result):
    trained = set(panel.learnable.loc[panel.learnable["school_year"] == 2023, "student_id"])
    rows = result.predictions
    assert rows["seen_in_training"].tolist() == rows["student_id"].isin(trained).tolist()
    assert set(rows["seen_in_training"]) == {True, False}


def test_equal_input_gives_equal_bits(panel, result):
    again = backtest({"additive": learner(), "pace rule": PaceRule()}, panel)
    pd.testing.assert_frame_equal(again.predictions, result.predictions, check_exact=True)
    assert again.documents["additive"].sha256 == result.documents["additive"].sha256


def test_the_contestants_given_are_not_touched(panel):
    given = learner()
    backtest({"additive": given}, panel)
    assert not hasattr(given, "document_")


# What may be deployed


def test_the_document_says_what_it_was_trained_on(panel, result):
    origin = result.documents["additive"].provenance
    rows = panel.learnable[panel.learnable["school_year"] == 2023]
    assert list(origin["train_years"]) == [2023]
    assert list(origin["data_window"]) == ["2022-11-06", "2023-03-05"]
    assert origin["trained_on"] == DATES[3]
    assert origin["embargo"] == "strict"
    assert origin["label"]["name"] == "chronic_absence"
    assert origin["label"]["lag_days"] == 14
    assert result.training["rows"] == len(rows)
    assert result.training["positives"] == rows["label"].sum()
    other = result.documents["additive"].sha256
    moved = replace(result.documents["additive"], provenance={**origin, "embargo": "none"})
    assert moved.sha256 != other


def test_tables_against_a_declared_direction_are_compared_and_never_deployed(panel):
    found = backtest({"backward": Upward(-1.0), "additive": learner()}, panel)
    assert set(found.documents) == {"backward", "additive"}
    assert found.documents["backward"].check_monotone()
    assert found.deployable == "additive"
    assert set(found.metrics()["contestant"]) == {"backward", "additive"}
    assert backtest({"backward": Upward(-1.0)}, panel).deployable == ""
    assert backtest({"pace rule": PaceRule()}, panel).deployable == ""


def test_the_deployable_one_reaches_most_at_the_capacity_among_the_allowed(panel):
    found = backtest(
        {"forward": Upward(), "additive": learner(), "pace rule": PaceRule()}, panel, capacity="10%"
    )
    metrics = found.metrics().query("rows == 'onset'").set_index("contestant")["recall"]
    allowed = metrics[["forward", "additive"]]
    assert found.deployable == allowed.idxmax()
    twins = backtest({"second": Upward(), "first": Upward()}, panel)
    assert twins.deployable == "second"


# On disk


def test_what_is_saved_is_read_back_to_the_last_bit(result, tmp_path):
    folder = tmp_path / "models" / "one"
    save_backtest(result, folder)
    again = load_backtest(folder)
    pd.testing.assert_frame_equal(again.predictions, result.predictions, check_exact=True)
    assert again.documents["additive"].sha256 == result.documents["additive"].sha256
    for name in ("deployable", "label", "capacity", "train_years", "test_years", "trained_on", "embargo"):
        assert getattr(again, name) == getattr(result, name)
    assert again.training.to_dict() == result.training.to_dict()
    pd.testing.assert_frame_equal(again.metrics(), result.metrics(), check_exact=True)
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_saving_twice_gives_the_same_bytes(result, tmp_path):
    for name in ("one", "two"):
        save_backtest(result, tmp_path / name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_capacity_by_school_survives_the_disk(panel, tmp_path):
    found = backtest({"additive": learner()}, panel, capacity={"*": np.int64(7)})
    save_backtest(found, tmp_path)
    assert load_backtest(tmp_path).capacity == {"*": 7}
    assert json.loads((tmp_path / "backtest.json").read_text())["train_years"] == [2023]


def test_a_folder_without_a_backtest_is_named(tmp_path):
    with pytest.raises(
        DataError, match="Expected the backtest of a trained model in 'none', found none; run"
    ):
        load_backtest(tmp_path / "none")


def test_a_list_without_places_is_refused(result):
    """Zero is not the absence of a capacity."""
    with pytest.raises(ConfigError, match="at least one place"):
        result.metrics(0)
