"""The weekly list: who is on it, what it says, and what is written."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from early_id.district import District
from early_id.exceptions import DataError, GateError
from early_id.explain import check_wording
from early_id.flags import LIST_COLUMNS, earlier_lists, publish, rank_students, school_files
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


def test_lists_come_in_spanish_when_asked_with_the_same_facts(draft, document, county):
    """The same rows and roles; every number of a sentence stands in its translation."""
    spanish = rank_students(document, county, as_of=SUNDAY, capacity=6, language="es")
    texts = ["reason_1", "reason_2", "reason_3", "strength"]
    pd.testing.assert_frame_equal(spanish.lists.drop(columns=texts), draft.lists.drop(columns=texts))
    assert spanish.lists[texts].notna().equals(draft.lists[texts].notna())
    assert spanish.lists["reason_1"].str.contains("este año escolar|desde el").any()
    both = zip(draft.lists[texts].to_numpy().ravel(), spanish.lists[texts].to_numpy().ravel(), strict=True)
    for english, other in both:
        if isinstance(english, str):
            assert re.findall(r"\d+(?:\.\d+)?", english) == re.findall(r"\d+(?:\.\d+)?", other)
            assert english != other
            check_wording(other)


def test_what_a_county_holds_back_is_on_no_list_and_suggests_nobody(draft, document, county):
    quiet = rank_students(document, county, as_of=SUNDAY, capacity=6, held_back=("attendance",)).lists
    assert draft.lists["reason_1"].str.contains("Absent").any()
    for column in ("reason_1", "reason_2", "reason_3", "strength"):
        assert not quiet[column].str.contains("Absent|In school", na=False).any()
    assert not quiet["suggested_role"].eq("family navigator").any()
    assert quiet["student_id"].tolist() == draft.lists["student_id"].tolist()


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
    expected |= {"PURPOSE.txt"}
    assert (folder / "PURPOSE.txt").read_text() == "outreach only\n"
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


def approved(draft, **changes):
    return replace(draft, approved=True, **changes)


def test_a_week_already_out_is_compared_by_the_files_it_was_published_with(draft, tmp_path):
    """A spreadsheet's lock file or a note is not part of it; a list that was edited is, and is noticed."""
    folder = publish(approved(draft), tmp_path, purpose="a test", facts={"data": "of Sunday"})
    (folder / ".~lock.school=01.csv#").write_text("open")
    (folder / "notes").mkdir()
    before = (folder / "manifest.json").read_bytes()
    publish(approved(draft), tmp_path, purpose="a test", facts={"data": "of Tuesday"})
    assert (folder / "manifest.json").read_bytes() == before
    listed = next(folder.glob("school=*.csv"))
    listed.write_text(listed.read_text() + "\n")
    with pytest.raises(DataError, match=r"as it was published, got other bytes; restore it from a backup"):
        publish(approved(draft), tmp_path, purpose="a test", facts={})


def test_a_process_that_comes_second_compares_instead_of_failing(draft, tmp_path, monkeypatch):
    folder = publish(approved(draft), tmp_path, purpose="a test", facts={})
    there = type(folder).exists
    answers = iter([False, False])
    monkeypatch.setattr(
        type(folder), "exists", lambda path, **k: next(answers, True) if path == folder else there(path, **k)
    )
    assert publish(approved(draft), tmp_path, purpose="a test", facts={}) == folder
    answers = iter([False, False])
    with pytest.raises(GateError, match="published lists are never changed"):
        publish(approved(draft), tmp_path, purpose="another", facts={})
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_no_week_is_published_before_one_that_is_out(draft, tmp_path):
    """It would change what the later week says of who is new."""
    publish(approved(draft), tmp_path, purpose="a test", facts={})
    for days, refused in ((-7, True), (7, False)):
        moved = approved(draft, as_of=SUNDAY + pd.Timedelta(days=days))
        if refused:
            with pytest.raises(
                GateError, match=r"after as_of=2025-01-26, which is published, got 2025-01-19"
            ):
                publish(moved, tmp_path, purpose="a test", facts={})
        else:
            publish(moved, tmp_path, purpose="a test", facts={})


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_week_may_be_read_by_whom_the_umask_allows(draft, tmp_path, mask):
    old = os.umask(mask)
    try:
        folder = publish(approved(draft), tmp_path, purpose="a test", facts={})
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~mask
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o666 & ~mask}


def test_what_a_stopped_process_left_is_cleared_away_and_a_running_one_left_alone(draft, tmp_path):
    old, running = tmp_path / ".publishing-old", tmp_path / ".publishing-running"
    for left in (old, running):
        left.mkdir()
        (left / "school=01.csv").write_text("student")
    os.utime(old, (0, 0))
    publish(approved(draft), tmp_path, purpose="a test", facts={})
    assert not old.exists()
    assert running.exists()


def renamed(draft, ids):
    """The same lists with other school ids."""
    schools = dict(zip(draft.schools["school_id"], ids, strict=False))
    frames = {
        name: getattr(draft, name).assign(school_id=lambda rows: rows["school_id"].replace(schools))
        for name in ("lists", "not_scored", "resolved", "schools")
    }
    return approved(draft, **frames)


def test_a_school_id_never_leaves_the_folder_and_is_read_back(draft, tmp_path):
    strange = ["../../evil", "A/B", "a\x00b\n", "=1+1", "é~", ".."]
    lists = renamed(draft, strange)
    folder = publish(lists, tmp_path / "flags", purpose="a test", facts={})
    assert [path.name for path in tmp_path.iterdir()] == ["flags"]
    stems = {path.stem for path in folder.glob("school=*.parquet")}
    assert stems == set(school_files(strange).values())
    assert all(re.fullmatch(r"school=[A-Za-z0-9._%-]+", stem) for stem in stems)
    history = earlier_lists(tmp_path / "flags", SUNDAY + pd.Timedelta(days=7))
    assert set(history["school_id"]) == set(strange)
    assert len(history) == len(draft.lists)


def test_two_schools_never_share_a_file(draft, tmp_path):
    with pytest.raises(DataError, match=r"differ in more than upper and lower case, got 'ab', 'AB'"):
        publish(renamed(draft, ["ab", "AB"]), tmp_path, purpose="a test", facts={})
    assert list(tmp_path.iterdir()) == []


def test_no_cell_of_a_csv_is_run_by_a_spreadsheet_and_parquet_is_raw(draft, tmp_path):
    starts = ("=", "+", "-", "@", "\t", "\r")
    lists = draft.lists.copy()
    lists.loc[: len(starts) - 1, "student_id"] = [f"{start}1+1" for start in starts]
    lists["continuity_adult"] = "=cmd|'/c calc'!A0"
    folder = publish(approved(draft, lists=lists), tmp_path, purpose="a test", facts={})
    for school, own in lists.groupby("school_id"):
        raw = pd.read_parquet(folder / f"school={school}.parquet")
        assert raw["student_id"].tolist() == own["student_id"].tolist()
        shown = pd.read_csv(folder / f"school={school}.csv", dtype=str)
        assert not shown.map(lambda cell: isinstance(cell, str) and cell.startswith(starts)).any(axis=None)
        assert (
            shown["student_id"].str.removeprefix("'").tolist()
            == own["student_id"].str.replace("\r", " ").tolist()
        )


@pytest.mark.parametrize("name", ["as_of=2025-99-99", "as_of=abcd-ef-gh", "as_of=2025-01-19 copy"])
def test_a_folder_whose_name_is_no_date_is_somebody_else_s(tmp_path, name):
    (tmp_path / name).mkdir()
    assert earlier_lists(tmp_path, SUNDAY).empty


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": []}', "[" * 100_000])
def test_a_manifest_that_is_none_is_noticed(tmp_path, content):
    week = tmp_path / "as_of=2025-01-19"
    week.mkdir()
    (week / "manifest.json").write_text(content)
    with pytest.raises(DataError, match=r"as_of=2025-01-19, found other content; the folder is not complete"):
        earlier_lists(tmp_path, SUNDAY)


def test_a_file_in_the_place_of_an_earlier_week_is_noticed(tmp_path):
    (tmp_path / "as_of=2025-01-19").write_text("x")
    with pytest.raises(DataError, match=r"as_of=2025-01-19, found none"):
        earlier_lists(tmp_path, SUNDAY)


def test_history_is_what_was_published_and_nothing_else(draft, tmp_path):
    """A copied file adds nobody to it; a missing or edited one stops the next week."""
    week = publish(approved(draft), tmp_path, purpose="a test", facts={})
    later = SUNDAY + pd.Timedelta(days=7)
    file = next(week.glob("school=*.parquet"))
    content = file.read_bytes()
    draft.lists.assign(student_id="another").to_parquet(week / "school=zzz copy.parquet")
    assert set(earlier_lists(tmp_path, later)["student_id"]) == set(draft.lists["student_id"])
    for change, got in ((content[:100], "got other bytes"), (None, "found none")):
        file.unlink() if change is None else file.write_bytes(change)
        with pytest.raises(
            DataError, match=rf"Expected {file.name} in {week.name} as it was published, {got}"
        ):
            earlier_lists(tmp_path, later)


def test_history_begins_with_the_school_year(draft, tmp_path):
    publish(approved(draft), tmp_path, purpose="a test", facts={})
    later = SUNDAY + pd.Timedelta(days=7)
    assert len(earlier_lists(tmp_path, later, since=SUNDAY)) == len(draft.lists)
    assert earlier_lists(tmp_path, later, since=later).empty


def test_who_moves_to_another_school_s_list_is_resolved_at_the_old_one(document, county, draft):
    """Its team is told; which list the student is on now is not theirs to know."""
    mover = draft.lists["student_id"].iloc[0]
    here, other = draft.lists["school_id"].iloc[0], draft.lists["school_id"].iloc[-1]
    week = SUNDAY - pd.Timedelta(days=7)
    earlier = pd.DataFrame({"student_id": [mover], "school_id": [other], "as_of": [week]})
    again = rank_students(document, county, as_of=SUNDAY, capacity=6, earlier=earlier)
    assert again.lists.set_index("student_id").loc[mover, "school_id"] == here
    assert again.resolved[["school_id", "student_id", "reason"]].values.tolist() == [
        [other, mover, "enrolled at another school now"]
    ]


NAMES = ("schools", "enrollments", "calendar", "absences", "attendance_feed", "grades", "incidents")


def changed(county, **tables):
    return District.from_frames({name: tables.get(name, county.frame(name)) for name in NAMES})


def test_students_of_a_school_that_is_withheld_are_named_with_its_reason(document, county, draft):
    school = draft.schools["school_id"].iloc[0]
    late = rank_students(document, county, as_of=SUNDAY, capacity=6, withheld={school: "attendance late"})
    own = late.not_scored[late.not_scored["school_id"] == school]
    assert set(own["reason"]) == {"attendance late"}
    assert len(own) == draft.schools.set_index("school_id").loc[school, "enrolled"]
    others = draft.lists["school_id"] != school
    pd.testing.assert_frame_equal(late.lists, draft.lists[others].reset_index(drop=True))


def test_a_week_in_which_nobody_can_be_scored_is_refused(document, county, draft):
    withheld = dict.fromkeys(draft.schools["school_id"], "attendance late")
    with pytest.raises(DataError, match=r"at least one student can be scored on 2025-01-26, got none .*late"):
        rank_students(document, county, as_of=SUNDAY, capacity=6, withheld=withheld)


def test_every_enrolled_student_is_scored_or_named(document, county, draft):
    """Also at a school without a calendar, and one whose enrollment is not the primary one."""
    school = draft.schools["school_id"].iloc[0]
    calendar = county.frame("calendar")
    gone = (calendar["school_id"] == school) & (calendar["school_year"] == 2025)
    spells = county.frame("enrollments")
    now = spells[
        (spells["school_year"] == 2025) & (spells["known_at"] <= SUNDAY) & (spells["entered_on"] <= SUNDAY)
        & ~(spells["left_on"] < SUNDAY) & ~(spells["retracted_at"] <= SUNDAY)
    ]  # fmt: skip
    second = now.loc[now["school_id"] != school, "student_id"].iloc[0]
    spells["primary"] = spells["primary"] & ~(
        (spells["student_id"] == second) & (spells["school_year"] == 2025)
    )
    odd = rank_students(
        document, changed(county, calendar=calendar[~gone], enrollments=spells), as_of=SUNDAY, capacity=6
    )
    named = odd.not_scored.set_index("student_id")["reason"]
    assert set(now["student_id"]) == set(named.index) | set(_scored(document, county, odd))
    assert named[second] == "no primary enrollment on record"
    own = odd.not_scored.loc[odd.not_scored["school_id"] == school]
    assert set(own["reason"]) == {"the school is not in session"}
    assert odd.schools.set_index("school_id").loc[school, "enrolled"] == len(own) > 0
    assert not named.index.duplicated().any()


def _scored(document, county, lists):
    """Students of the whole county who have a score, from a list that is long enough for all."""
    return {
        student
        for student in rank_students(document, county, as_of=SUNDAY, capacity=10_000).lists["student_id"]
        if student not in set(lists.not_scored["student_id"])
    }


def test_a_document_trained_school_by_school_is_used_school_by_school(document, county, monkeypatch):
    used = []
    from early_id.flags import _lists

    build = _lists.build_panel
    monkeypatch.setattr(_lists, "build_panel", lambda *a, **k: used.append(k["scope"]) or build(*a, **k))
    by_school = replace(document, provenance={"label": {"name": "chronic_absence", "scope": "school"}})
    for each in (document, by_school):
        rank_students(each, county, as_of=SUNDAY, capacity=6)
    assert used == ["county", "school"]


def test_an_incomplete_earlier_week_is_noticed(tmp_path):
    (tmp_path / "as_of=2025-01-19").mkdir()
    with pytest.raises(DataError, match=r"Expected a manifest.json in the published lists as_of=2025-01-19"):
        earlier_lists(tmp_path, SUNDAY)


def test_a_document_with_unknown_features_is_refused(county):
    term = Term("shoe_size", "step", edges=(2.0,), values=(0.0, 1.0), missing=0.0, mean=0.0)
    other = AdditiveModel("chronic_absence", [FeatureInfo("shoe_size")], [Period(0, None, -1.0, (term,))])
    with pytest.raises(DataError, match="'shoe_size'; train it again"):
        rank_students(other, county, as_of=SUNDAY, capacity=6)
