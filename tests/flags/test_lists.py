"""The weekly list: who is on it, what it says, and what is written."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from early_id.district import District
from early_id.exceptions import DataError, GateError
from early_id.explain import check_wording
from early_id.flags import LIST_COLUMNS, earlier_lists, publish, rank_students
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.panel import CATALOG

SUNDAY = pd.Timestamp("2025-01-26")


@pytest.fixture(scope="module")
def document():
    """Two tables a person can check by eye."""
    features = [
        FeatureInfo.from_catalogue(CATALOG, name)
        for name in ("absence_rate_year", "mean_mark_60d", "incidents_year")
    ]
    terms = (
        Term(
            "absence_rate_year",
            "step",
            edges=(0.05, 0.1, 0.2),
            values=(-1.0, 0.0, 1.0, 2.0),
            missing=0.0,
            mean=0.0,
        ),
        Term("mean_mark_60d", "step", edges=(60.0, 80.0), values=(0.6, 0.0, -0.6), missing=0.0, mean=0.0),
        Term("incidents_year", "step", edges=(1.0,), values=(-0.1, 0.9), missing=0.0, mean=0.0),
    )
    return AdditiveModel("chronic_absence", features, [Period(0, None, -1.0, terms)])


@pytest.fixture(scope="module")
def draft(document, county):
    return rank_students(document, county, as_of=SUNDAY, capacity=6)


def test_columns_and_order_are_the_contract(draft):
    assert tuple(draft.lists.columns) == LIST_COLUMNS
    for _, school in draft.lists.groupby("school_id"):
        assert school["rank"].tolist() == list(range(1, 7))
        assert school["tier"].tolist() == ["first"] * 3 + ["next"] * 3
        assert school["score"].is_monotonic_decreasing
    assert not draft.approved
    assert draft.schools["listed"].tolist() == [6] * len(draft.schools)


def test_every_score_is_the_document_s_rounded_to_six_decimals(draft, document, county):
    from early_id.panel import build_panel

    panel = build_panel(county, as_of=[SUNDAY])
    design = panel.design(panel.frame)
    expected = pd.Series(document.predict_proba(design)[:, 1].round(6), design.index)
    keys = pd.MultiIndex.from_frame(draft.lists[["student_id", "school_id", "as_of"]])
    np.testing.assert_array_equal(draft.lists["score"], expected[keys])
    for school, listed in draft.lists.groupby("school_id"):
        everyone = expected[expected.index.get_level_values("school_id") == school]
        assert listed["score"].min() >= everyone.drop(pd.MultiIndex.from_frame(
            listed[["student_id", "school_id", "as_of"]])).max()  # fmt: skip


def test_every_row_has_facts_and_a_strength_in_words_that_label_nobody(draft):
    assert draft.lists["reason_1"].notna().all()
    assert draft.lists["strength"].notna().all()
    for column in ("reason_1", "reason_2", "reason_3", "strength"):
        for text in draft.lists[column].dropna():
            check_wording(text)
            assert "nan" not in text.lower().split()


def test_a_student_without_attendance_is_named_with_the_reason_and_never_scored(document, county):
    frames = {
        name: county.frame(name)
        for name in ("schools", "enrollments", "calendar", "absences", "attendance_feed")
    }
    silent = frames["schools"]["school_id"].iloc[0]
    frames["attendance_feed"] = frames["attendance_feed"].query("school_id != @silent or day < '2024-12-01'")
    draft = rank_students(document, District.from_frames(frames), as_of=SUNDAY, capacity=6)
    unscored = draft.not_scored[draft.not_scored["school_id"] == silent]
    counts = draft.schools.set_index("school_id").loc[silent]
    assert counts["enrolled"] == len(unscored) > 0
    assert (counts["scored"], counts["listed"]) == (0, 0)
    assert unscored["reason"].str.contains("no attendance submitted by the school").all()
    assert not set(draft.lists["student_id"]) & set(unscored["student_id"])


def test_a_continuing_student_keeps_the_adult_who_knows_them(document, county, draft):
    supports = county.frame("supports")
    running = supports[
        (supports.known_at <= SUNDAY) & (supports.started_on <= SUNDAY)
        & ~(supports.ended_on < SUNDAY) & ~(supports.retracted_at <= SUNDAY)
    ]  # fmt: skip
    known = draft.lists[draft.lists["student_id"].isin(running.student_id)]
    for row in known.itertuples():
        adults = running[running.student_id == row.student_id].sort_values("started_on")["adult_id"]
        assert row.continuity_adult == adults.iloc[-1]
    others = draft.lists[~draft.lists["student_id"].isin(running.student_id)]
    assert others["continuity_adult"].isna().all()


def test_status_counts_weeks_and_names_who_left(document, county, tmp_path):
    weeks = [SUNDAY - pd.Timedelta(days=14), SUNDAY - pd.Timedelta(days=7), SUNDAY]
    listed = []
    for week in weeks:
        lists = rank_students(document, county, as_of=week, capacity=6, earlier=earlier_lists(tmp_path, week))
        publish(replace(lists, approved=True), tmp_path, purpose="a test", facts={})
        listed.append(set(lists.lists["student_id"]))
        last = lists
    now = last.lists.set_index("student_id")
    for student, row in now.iterrows():
        before = [student in week for week in listed[:2]]
        assert row["weeks_listed"] == 1 + sum(before)
        assert row["status"] == ("continuing" if before[1] else "returned" if before[0] else "new")
    assert set(last.resolved["student_id"]) == listed[1] - listed[2]


def test_publishing_twice_gives_the_same_bytes_and_another_list_is_refused(draft, document, county, tmp_path):
    approved = replace(draft, approved=True)
    folder = publish(approved, tmp_path, purpose="a test", facts={"model_sha256": document.sha256})
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    publish(approved, tmp_path, purpose="a test", facts={"model_sha256": document.sha256})
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    other = rank_students(document, county, as_of=SUNDAY, capacity=5)
    with pytest.raises(GateError, match="published lists are never changed"):
        publish(
            replace(other, approved=True), tmp_path, purpose="a test", facts={"model_sha256": document.sha256}
        )
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_week_is_written_whole(draft, tmp_path):
    folder = publish(replace(draft, approved=True), tmp_path, purpose="outreach only", facts={})
    schools = draft.schools["school_id"]
    expected = {f"school={school}.{kind}" for school in schools for kind in ("csv", "parquet")}
    expected |= {f"{name}.{kind}" for name in ("not_scored", "resolved") for kind in ("csv", "parquet")}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (
        {file.name for file in folder.iterdir()}
        == expected | {"manifest.json"}
        == {*manifest["files"], "manifest.json"}
    )
    table = pq.read_table(folder / f"school={schools[0]}.parquet")
    assert table.schema.metadata[b"purpose"] == b"outreach only"
    assert str(table.schema.field("as_of").type) == "date32[day]"
    csv = pd.read_csv(folder / f"school={schools[0]}.csv", dtype=str)
    assert csv["school_id"].tolist() == [schools[0]] * 6
    assert csv["score"].str.fullmatch(r"[01]\.\d{6}").all()


def test_a_failure_while_writing_leaves_nothing(draft, tmp_path):
    with pytest.raises(TypeError):
        publish(replace(draft, approved=True), tmp_path, purpose="a test", facts={("not", "a key"): 1})
    assert list(tmp_path.iterdir()) == []


def test_a_draft_is_never_written(draft, tmp_path):
    with pytest.raises(GateError, match="got a draft; publish with"):
        publish(draft, tmp_path, purpose="a test", facts={})
    assert list(tmp_path.iterdir()) == []


def test_an_incomplete_earlier_week_is_noticed(tmp_path):
    (tmp_path / "as_of=2025-01-19").mkdir()
    with pytest.raises(DataError, match=r"Expected a manifest.json in the published lists as_of=2025-01-19"):
        earlier_lists(tmp_path, SUNDAY)


def test_a_document_with_unknown_features_is_refused(county):
    term = Term("shoe_size", "step", edges=(2.0,), values=(0.0, 1.0), missing=0.0, mean=0.0)
    other = AdditiveModel("chronic_absence", [FeatureInfo("shoe_size")], [Period(0, None, -1.0, (term,))])
    with pytest.raises(DataError, match="'shoe_size'; train it again"):
        rank_students(other, county, as_of=SUNDAY, capacity=6)
