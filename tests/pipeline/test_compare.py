"""The candidate against the champion, on a few made rows: scored alike, or why not, in one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from early_id.evaluation import Backtest, publish_metrics
from early_id.exceptions import GateError
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.panel import CATALOG, Label
from early_id.pipeline import _compare
from early_id.pipeline._compare import CHAMPION, Champion, compare, find_champion, with_champion

FEATURES = tuple(name for name in list(CATALOG)[:2])
LABEL = Label("chronic_absence")


def document(slope: float = 1.0, names: tuple[str, ...] = FEATURES, **provenance: object) -> AdditiveModel:
    terms = tuple(
        Term(name, "step", edges=(0.5,), values=(-slope, slope / (j + 1)), missing=0.0)
        for j, name in enumerate(names)
    )
    origin = {"trained_on": "2022-08-14", "label": asdict(LABEL)} | provenance
    return AdditiveModel(
        "chronic_absence", [FeatureInfo(n) for n in names], [Period(0, None, -1.0, terms)], origin
    )


@dataclass
class Rows:
    """As much of a panel as is needed: 60 students on two days, the last two of whom have no score."""

    frame: pd.DataFrame
    features: tuple
    label: Label

    @property
    def feature_names(self):
        return [feature.name for feature in self.features]

    def design(self, rows):
        return rows.set_index(["student_id", "school_id", "as_of"])[["school_day", *self.feature_names]]


@pytest.fixture
def panel():
    rng = np.random.default_rng(5)
    days = pd.DataFrame({"as_of": pd.to_datetime(["2023-09-10", "2023-10-08"]), "school_day": [10.0, 30.0]})
    students = pd.DataFrame({"student_id": [f"s{n:02}" for n in range(60)], "school_id": "01"})
    frame = days.merge(students, how="cross").assign(school_year=2024)
    frame = frame.assign(**{name: rng.random(len(frame)) for name in FEATURES})
    frame["label"] = (frame[FEATURES[0]] + rng.normal(0, 0.3, len(frame)) > 0.5).astype("float64")
    frame["not_scored"] = (
        frame["student_id"].where(frame["student_id"] >= "s58").map({"s58": "new", "s59": "new"})
    )
    return Rows(frame, tuple(CATALOG[name] for name in FEATURES), LABEL)


@pytest.fixture
def result(panel):
    candidate = document(1.5, trained_on="2023-08-13")
    keys = ["student_id", "school_id", "as_of", "school_year", "school_day", "label", "not_scored"]
    # Another order than the panel's: rows belong together by their keys.
    rows = panel.frame.sample(frac=1, random_state=1)[keys].assign(
        onset=True, treated=False, district_id="d", grade_level=5.0, event_day=pd.NaT, seen_in_training=False
    )
    score = candidate.predict_proba(panel.design(panel.frame))[:, 1]
    score = pd.Series(score, panel.frame.index).loc[rows.index].where(rows["not_scored"].isna())
    rows = rows.assign(contestant="additive", score=score, probability=score)
    rule = rows.assign(contestant="pace rule", probability=np.nan)
    return Backtest(
        pd.concat([rows, rule], ignore_index=True), {"additive": candidate}, "additive", "chronic_absence", "20%",
        (2022, 2023), (2024,), pd.Timestamp("2023-08-13").date(), "strict", pd.Series(dtype=float),
    )  # fmt: skip


@pytest.fixture
def champion_is(monkeypatch):
    """Put a document in the place of the registry's champion."""

    def put(model: AdditiveModel | Exception | None, declared: dict | None = None) -> None:
        def load(ref, tracker):
            if isinstance(model, Exception):
                raise model
            return model

        monkeypatch.setattr(
            _compare, "version_of", lambda ref, tracker: None if model is None else ("7", "run")
        )
        monkeypatch.setattr(_compare, "load_document", load)
        monkeypatch.setattr(_compare, "_declared", lambda run_id, tracker: declared or {})

    return put


def told(result, panel) -> tuple[Backtest, list[str]]:
    found = find_champion(result, panel, SimpleNamespace())
    more = with_champion(result, panel, found)
    comparison = compare(more, found, publish_metrics(more.predictions, "20%"))
    return more, comparison.lines(10)


def test_before_the_first_promotion_there_is_nothing_to_compare_with(result, panel, champion_is):
    champion_is(None)
    assert told(result, panel) == (result, ["There is no champion yet to compare with."])


def test_the_champion_is_scored_on_the_very_rows_of_the_candidate(result, panel, champion_is):
    old = document(0.5)
    champion_is(old)
    more, lines = told(result, panel)
    mine, theirs = (
        more.predictions[more.predictions["contestant"] == name].set_index(["student_id", "as_of"])
        for name in (CHAMPION, "additive")
    )
    pd.testing.assert_frame_equal(
        mine.drop(columns=["contestant", "score", "probability"]),
        theirs.drop(columns=["contestant", "score", "probability"]),
    )
    rows = panel.frame.set_index(["student_id", "as_of"])
    expected = pd.Series(old.predict_proba(rows)[:, 1].round(6), rows.index).where(rows["not_scored"].isna())
    pd.testing.assert_series_equal(mine["score"], expected.loc[mine.index], check_names=False)
    before = more.predictions[more.predictions["contestant"] != CHAMPION]
    pd.testing.assert_frame_equal(before, result.predictions)
    assert more.documents == {**result.documents, CHAMPION: old}
    assert more.deployable == result.deployable
    assert lines[0].startswith("Candidate against champion, where the outcome is still ahead: ")
    assert lines[1].startswith("Against the champion, version 7: ")


def test_the_difference_is_that_of_the_printed_figures_with_a_paired_interval(result, panel, champion_is):
    champion_is(document(0.5, (FEATURES[1],)))
    found = find_champion(result, panel, SimpleNamespace())
    more = with_champion(result, panel, found)
    printed = publish_metrics(more.predictions, "20%").set_index(["contestant", "rows"])
    comparison = compare(more, found, printed.reset_index())
    compared = comparison.metrics.set_index(["rows", "metric"])
    for name in ("auroc", "auroc_within_school"):
        row = compared.loc[("onset", name)]
        assert row["candidate"] == printed.loc[("additive", "onset"), name]
        assert row["champion"] == printed.loc[(CHAMPION, "onset"), name]
        assert row["difference"] == pytest.approx(row["candidate"] - row["champion"], abs=0.00151)
        assert row["low"] < row["difference"] < row["high"]
        assert comparison.differences()[f"onset.{name}"] == row["difference"]
    assert compared.loc[("onset", "auroc"), "low"] > 0


def test_a_figure_that_may_not_be_printed_of_one_is_not_printed_of_both(result, panel, champion_is):
    champion_is(document(0.5))
    found = find_champion(result, panel, SimpleNamespace())
    more = with_champion(result, panel, found)
    printed = publish_metrics(more.predictions, "20%")
    printed.loc[(printed["contestant"] == CHAMPION) & (printed["rows"] == "onset"), "auroc"] = np.nan
    comparison = compare(more, found, printed)
    compared = comparison.metrics.set_index(["rows", "metric"])
    assert compared.loc[("onset", "auroc")].isna().all()
    assert compared.loc[("all", "auroc")].notna().all()
    assert "auroc 0" not in comparison.lines()[0]


@pytest.mark.parametrize(
    ("model", "declared", "said"),
    [
        (document(label={"name": "chronic_absence", "partial_days": "fraction"}), None,
         "predicts another label (partial_days 'fraction'), so its scores are not compared."),
        (document(names=(FEATURES[0], "days_on_the_moon")), None,
         "cannot be scored: the panel has no 'days_on_the_moon' any more."),
        (document(), {FEATURES[0]: {**asdict(CATALOG[FEATURES[0]]), "window": 7}},
         f"cannot be scored: {FEATURES[0]!r} is computed otherwise now."),
        (document(trained_on="2023-11-05"), None,
         "may have learned from labels known by 2023-11-05, after the first day of this test (2023-09-10), "
         "so its scores are not compared; test on a later school year."),
        (document(1.5, trained_on="2023-08-13"), None, "is the candidate, to the last digit."),
    ],
)  # fmt: skip
def test_a_champion_that_cannot_be_judged_says_why_and_what_changed_all_the_same(
    result, panel, champion_is, model, declared, said
):
    champion_is(model, declared)
    more, lines = told(result, panel)
    assert more is result
    assert lines[0] == f"The champion, version 7, {said}"
    assert lines[1].startswith("Against the champion, version 7: ")
    comparison = compare(
        more, find_champion(result, panel, SimpleNamespace()), publish_metrics(more.predictions, 5)
    )
    assert comparison.metrics.empty


def test_other_words_for_a_feature_are_no_other_feature(result, panel, champion_is):
    same = {name: {**asdict(CATALOG[name]), "phrase": "said otherwise", "strength": ""} for name in FEATURES}
    champion_is(document(0.5), same)
    assert told(result, panel)[1][0].startswith("Candidate against champion")


def test_a_champion_whose_file_was_changed_stops_no_training(result, panel, champion_is):
    champion_is(GateError("The file of version 7 is not the document that was registered."))
    more, lines = told(result, panel)
    assert more is result
    assert lines == [
        "The champion, version 7, cannot be compared with: The file of version 7 is not the document that was "
        "registered."
    ]


def test_the_short_form_has_the_largest_changes_and_says_how_many_more_there_are(result):
    points = [0.1 * n for n in range(30)]
    changes = pd.DataFrame(
        {
            "period": "",
            "feature": [f"f_{n}" for n in range(30)],
            "points": points,
            "change": [f"{p:.1f}" for p in points],
        }
    )
    changes.loc[3, ["points", "change"]] = [np.nan, "no longer used"]
    champion = Champion("7", document(), "")
    comparison = replace(
        compare(result, Champion(), publish_metrics(result.predictions, 5)),
        champion=champion,
        changes=changes,
    )
    judged = pd.DataFrame(
        {
            "rows": ["onset", "onset", "all"], "metric": ["recall", "auroc", "auroc"],
            "candidate": [0.2, np.nan, 0.8], "champion": [0.1, np.nan, 0.7], "difference": [0.1, np.nan, 0.1],
            "low": [-0.05, np.nan, 0.0], "high": [0.25, np.nan, 0.2],
        }
    )  # fmt: skip
    comparison = replace(comparison, metrics=judged)
    short, whole = comparison.lines(10), comparison.lines()
    assert len(short) == 10
    assert short[0].endswith(": recall 0.200 against 0.100 (-0.050 to +0.250).")
    assert short[2] == "f 3: no longer used"
    assert short[3:9] == [f"f {n}: {points[n]:.1f}" for n in range(29, 23, -1)]
    assert short[9] == "… and 23 more in diff.txt."
    assert len(whole) == 32
    assert comparison.lines(32) == whole
