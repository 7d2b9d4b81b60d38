"""The hand-made features of the OULAD study, by worked examples and by what must never move them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import percentileofscore

sys.path.insert(0, str(Path(__file__).parents[2]))

from early_id.exceptions import DataError
from experiments.oulad._bars import Bar, verdicts
from experiments.oulad._choice import _folds
from experiments.oulad._columns import study_columns
from experiments.oulad._plain import PLAIN, base_rates, of_the_rows, plain_features, read_files
from experiments.oulad._works import WORKS, work_places

_COURSE = {"code_module": "AAA", "code_presentation": "2013J"}
_SCHOOL = "AAA-2013J"
_WORKS = [(1, "TMA", 10, 20.0), (2, "CMA", 14, 5.0), (3, "TMA", 40, 25.0), (4, "Exam", np.nan, 100.0)]
_PEOPLE = {
    # student: registration, unregistration, attempts, credits
    11: (-30, np.nan, 0, 60),
    12: (-10, 60, 1, 120),
    13: (5, np.nan, 2, 30),
    14: (-5, 14, 0, 60),  # has left by day 14
    15: (15, np.nan, 0, 60),  # comes after day 14
    16: (np.nan, np.nan, 0, 60),  # nobody knows when
}
_MARKS = [
    # work, student, day, banked, score
    (1, 11, 8, 0, 80.0), (2, 11, 14, 0, 60.0), (1, 12, 13, 0, 40.0), (2, 13, -1, 1, 90.0), (1, 14, 9, 0, 100.0),
    (3, 11, 15, 0, 50.0), (4, 11, 14, 0, 1.0), (2, 12, 20, 0, np.nan),
]  # fmt: skip


def _write(folder, *, marks=_MARKS, **person):
    folder.mkdir()
    works = pd.DataFrame(_WORKS, columns=["id_assessment", "assessment_type", "date", "weight"])
    people = pd.DataFrame.from_dict(
        _PEOPLE, orient="index",
        columns=["date_registration", "date_unregistration", "num_of_prev_attempts", "studied_credits"],
    ).rename_axis("id_student").reset_index().assign(**_COURSE)  # fmt: skip
    works.assign(**_COURSE).to_csv(folder / "assessments.csv", index=False)
    # As downloaded: a question mark where nothing is known.
    people.to_csv(folder / "studentRegistration.csv", index=False, na_rep="?")
    people.assign(**{"gender": "F", "final_result": "Pass", **person}).to_csv(
        folder / "studentInfo.csv", index=False
    )
    columns = ["id_assessment", "id_student", "date_submitted", "is_banked", "score"]
    pd.DataFrame(marks, columns=columns).to_csv(folder / "studentAssessment.csv", index=False, na_rep="?")
    return folder


def _features(folder, day=14, **more):
    return plain_features(read_files(_write(folder, **more)), day)


def test_plain_features_of_a_class_that_can_be_worked_out(tmp_path):
    got = _features(tmp_path / "a").droplevel("school_id")
    assert list(got.columns) == list(PLAIN)
    assert sorted(got.index) == ["11", "12", "13"]
    one, two, three = (got.loc[student] for student in ("11", "12", "13"))
    # Work 1 was handed in by 11, 12 and 14, who has left: 80, 40, 100. Work 2 by 11 alone, which spreads nothing.
    z = (np.array([80.0, 40.0]) - np.mean([80, 40, 100])) / np.std([80, 40, 100], ddof=1)
    assert one[["submissions", "weight_submitted", "mean_score", "last_score"]].tolist() == [2, 25, 70, 60]
    assert one[["lowest_score", "highest_score", "score_change"]].tolist() == [60, 80, -20]
    assert one[["mean_z", "lowest_z"]].tolist() == pytest.approx([z[0], z[0]])
    assert one[["mean_days_late", "most_days_late", "last_days_late"]].tolist() == [-1, 0, 0]
    assert one[["late_submissions", "days_since_submission"]].tolist() == [0, 0]
    assert one[["works_due", "works_missed", "weight_missed", "share_missed"]].tolist() == [2, 0, 0, 0]
    assert two[["submissions", "mean_days_late", "late_submissions", "works_missed"]].tolist() == [1, 3, 1, 1]
    assert two[["weight_missed", "share_missed", "last_due_missed"]].tolist() == [5, 0.5, 1]
    assert two[["mean_z", "registration_day", "attempts", "credits"]].tolist() == pytest.approx(
        [z[1], -10, 1, 120]
    )
    # Banked work is no submission, and not missed.
    assert three[["submissions", "weight_submitted", "works_due", "works_missed"]].tolist() == [0, 0, 2, 1]
    assert three[["mean_score", "mean_z", "mean_days_late", "days_since_submission"]].isna().all()
    assert three["last_due_missed"] == 0


def _standing(folder, day=14, **more):
    return work_places(read_files(_write(folder, **more)), day)


def test_standings_in_a_class_that_can_be_worked_out(tmp_path):
    got = _standing(tmp_path / "a").droplevel("school_id")
    assert list(got.columns) == list(WORKS)
    assert sorted(got.index) == ["11", "12", "13"]
    # Work 1, weight 20: 80 of 11 before 40 of 12 before nothing of 13; in time 8, 13, never. Work 2, weight 5: 60 of 11
    # and nothing of 12; 13 has banked it and is not compared. Work 3 is not due, and nobody has handed it in.
    expected = {
        "place_in_works": [1, (2 / 3 + 1 / 2) / 2, 1 / 3],
        "place_in_works_by_weight": [1, (20 * 2 / 3 + 5 * 1 / 2) / 25, 1 / 3],
        "place_in_time": [(1 / 3 + 1 / 2) / 2, (2 / 3 + 1) / 2, 1],
        "place_in_time_by_weight": [(20 / 3 + 5 / 2) / 25, (20 * 2 / 3 + 5) / 25, 1],
        "behind_the_class": [0, 1 / 2, 2 / 3],
        "most_behind_the_class": [0, 1 / 2, 2 / 3],
    }
    for name, values in expected.items():
        assert got.loc[["11", "12", "13"], name].tolist() == pytest.approx(values), name


def test_a_class_with_nothing_to_compare_stands_in_the_middle(tmp_path):
    got = _standing(tmp_path / "a", day=7)
    assert len(got) == 4  # 14 has not left yet
    assert (got.filter(like="place") == 0.5).all(axis=None)
    assert (got.filter(like="behind") == 0).all(axis=None)


def test_work_handed_in_before_it_is_due_is_compared(tmp_path):
    early = [(3, 11, 7, 0, 70.0)]
    got = _standing(tmp_path / "a", day=7, marks=early).droplevel("school_id")
    assert got.loc["11", ["place_in_works", "behind_the_class"]].tolist() == pytest.approx([1, 0])
    # Three of four have handed in nothing and share places 1 to 3.
    assert got.loc["12", ["place_in_works", "behind_the_class"]].tolist() == pytest.approx([2 / 4, 1 / 4])


@pytest.mark.parametrize("of", [_features, _standing])
def test_what_happens_after_the_day_moves_nothing(tmp_path, of):
    later = [(work, student, 15, 0, 99.0) for work, student in ((2, 13), (3, 12), (3, 13))]
    before = [mark for mark in _MARKS if mark[2] <= 14 or mark[0] == 4]
    one, two = of(tmp_path / "a", marks=before), of(tmp_path / "b", marks=_MARKS[:5] + later)
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("of", [_features, _standing])
def test_who_somebody_is_and_how_it_ended_moves_nothing(tmp_path, of):
    one = of(tmp_path / "a")
    two = of(tmp_path / "b", gender=list("FMFMFM"), final_result="Fail", disability="Y", region="Wales")
    pd.testing.assert_frame_equal(one, two)


def test_places_are_shares_of_the_class_and_do_not_depend_on_the_scale(tmp_path):
    plain = _features(tmp_path / "a")
    other = plain.rename(index={_SCHOOL: "BBB-2013J"}, level="school_id") * 3
    both = study_columns(pd.concat([plain, other]))
    first = study_columns(plain)
    pd.testing.assert_frame_equal(
        both.loc[[_SCHOOL]].drop(columns="modules_taken"), first.drop(columns="modules_taken")
    )
    places = [name for name in first if name.startswith("place_")]
    assert both.loc["BBB-2013J", places].to_numpy() == pytest.approx(first[places].to_numpy(), nan_ok=True)
    assert set(both["modules_taken"]) == {2}
    points = (plain["mean_score"] * plain["submissions"]).fillna(0)
    expected = [percentileofscore(points, one) for one in points]
    # scipy counts half of the ties with oneself where pandas takes the mean of the places: they differ by half a place.
    assert (first["place_points"] * 100).tolist() == pytest.approx(
        [percentileofscore(points, one, kind="mean") + 50 / len(points) for one in points]
    )
    assert np.argsort(first["place_points"]).tolist() == np.argsort(expected).tolist()
    # Nobody is later than who has handed in nothing.
    assert first.droplevel(0)["place_mean_days_late"].idxmax() == "13"


def test_a_student_only_one_side_knows_is_named(tmp_path):
    plain = _features(tmp_path / "a")
    rows = plain.index.to_frame(index=False)
    pd.testing.assert_frame_equal(of_the_rows(plain, rows[::-1]).sort_index(), plain.reset_index(drop=True))
    for wrong in (
        rows.iloc[1:],
        pd.concat([rows, rows.assign(student_id="99")]),
        pd.concat([rows, rows.iloc[:1]]),
    ):
        with pytest.raises(DataError, match="same students registered"):
            of_the_rows(plain, wrong)


def test_a_base_rate_is_that_of_the_rows_that_train():
    rows = pd.DataFrame(
        {"district_id": list("AAAABBC"), "label": [1.0, 1.0, 0.0, 0.0, 1.0, np.nan, 1.0]}, index=range(10, 17)
    )
    trained = pd.Series([True] * 3 + [False] + [True, True, False], rows.index)
    got = base_rates(rows, trained)
    overall = 3 / 4
    assert got[10] == got[13] == pytest.approx((2 + 20 * overall) / 23)
    assert got[14] == pytest.approx((1 + 20 * overall) / 21)
    assert np.isnan(got[16])
    # The labels of the rows that are tested are not read.
    pd.testing.assert_series_equal(
        got, base_rates(rows.assign(label=rows["label"].where(trained, 0.0)), trained)
    )


@pytest.mark.parametrize("years", [(201302,), (201302, 201310, 201402)])
def test_days_around_train_and_are_never_judged(years):
    who = [(year, f"{i % 9}" if i < 2 else f"{year}-{i}") for year in years for i in range(12)]
    rows = pd.DataFrame(
        [(year, name, off, int(name[-1]) % 2) for year, name in who for off in (-2, 0, 2)],
        columns=["school_year", "student_id", "days_off", "label"],
    )
    judged_rows = []
    for trained, judged in _folds(rows):
        assert set(rows.loc[judged, "days_off"]) == {0}
        assert set(rows.loc[trained, "days_off"]) == {-2, 0, 2}
        assert not set(rows.loc[trained, "student_id"]) & set(rows.loc[judged, "student_id"])
        judged_rows += rows.index[judged].tolist()
    assert sorted(judged_rows) == rows.index[rows["days_off"] == 0].tolist()


def test_a_bar_holds_from_its_aim_on():
    def week(to_plain, to_ceiling):
        return Bar(2, "logistic", {}, "plain forest", to_plain, None, None, "forest", to_ceiling)

    assert [holds for _, _, holds in verdicts([week(0.0, -0.02), week(0.1, 0.0)]).values()] == [
        True,
        True,
        True,
    ]
    assert [holds for _, _, holds in verdicts([week(-0.001, -0.021), week(0.1, 0.0)]).values()] == [
        False,
        False,
        False,
    ]
