from __future__ import annotations

import pandas as pd
import pytest
from page_reader import Page
from test_style import LABELS

from early_id.exceptions import DataError
from early_id.reports import render_weekly_summary, write_weekly_summary

SCHOOLS = pd.DataFrame({"school_id": ["s1", "s2", "s3"], "school_name": ["Alder", "Birch", "Cedar"]})


def student(number, school, status, **other):
    return {
        "school_id": school,
        "student_id": f"st{number}",
        "rank": number,
        "tier": "first",
        "status": status,
        "weeks_listed": 1 if status == "new" else 3,
        "reason_1": f"Absent {number} of the last 20 school days",
        "reason_2": None,
        "reason_3": None,
        "strength": "Present on 61 of 68 school days this year",
        "suggested_role": "family navigator",
        "continuity_adult": None,
        **other,
    }


LISTS = pd.DataFrame(
    [
        student(1, "s1", "continuing", continuity_adult="Ms. Ortiz"),
        student(2, "s1", "new", reason_2="<script>alert(1)</script>"),
        student(3, "s2", "returned"),
    ]
)
NOT_SCORED = pd.DataFrame(
    {"school_id": ["s2", "s3"], "student_id": ["x", "y"], "reason": "no attendance submitted this week"}
)
RESOLVED = pd.DataFrame({"school_id": ["s1"], "student_id": ["z"], "reason": ["no longer enrolled"]})


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    path = tmp_path_factory.mktemp("week") / "week.html"
    write_weekly_summary(LISTS, NOT_SCORED, RESOLVED, path, as_of="2026-11-22", schools=SCHOOLS)
    return path.read_text(encoding="utf-8")


def test_every_school_is_counted_also_one_without_a_list(html):
    assert Page(html).table_under("By school")[1:] == [
        ["Alder", "2", "1", "0", "1", "0"],
        ["Birch", "1", "0", "1", "0", "1"],
        ["Cedar", "0", "0", "0", "0", "1"],
        ["All schools", "3", "1", "1", "1", "2"],
    ]


def test_not_scored_is_told_by_reason_and_school(html):
    assert Page(html).table_under("Not scored")[1:] == [
        ["no attendance submitted this week", "2", "Birch, Cedar"]
    ]


def test_new_students_come_first_and_each_has_reasons_and_a_strength(html):
    page = Page(html)
    order = [text[:3] for level, text in page.headings if level == 3]
    assert order == ["st2", "st1", "st3"]
    assert page.text.count("Strength:") == 3
    assert "Absent 3 of the last 20 school days" in page.text
    assert "Already knows the student: Ms. Ortiz" in page.text


def test_the_age_of_each_school_s_attendance_is_told_where_it_is_known():
    schools = SCHOOLS.assign(days_behind=pd.array([0, 4, None], dtype="Int64"))
    html = render_weekly_summary(LISTS, NOT_SCORED, RESOLVED, as_of="2026-11-22", schools=schools)
    heads, *rows = Page(html).table_under("By school")
    assert heads[-1] == "School days behind"
    assert {row[0]: row[-1] for row in rows} == {
        "Alder": "0",
        "Birch": "4",
        "Cedar": "no calendar",
        "All schools": "",
    }


def test_a_page_of_counts_names_no_student(html):
    counts = render_weekly_summary(
        LISTS, NOT_SCORED, RESOLVED, as_of="2026-11-22", schools=SCHOOLS, students=False
    )
    page = Page(counts)
    assert page.table_under("By school") == Page(html).table_under("By school")
    assert not any(student in counts for student in (*LISTS["student_id"], "Ms. Ortiz", "Absent 3"))
    assert page.unbalanced == []
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert "names no student" in page.text


def test_purpose_and_who_decides_are_on_top(html):
    top = Page(html).text[:900]
    assert "no other use." in top
    assert "Staff decide." in top
    assert "2026-11-22" in top


def test_the_page_is_self_contained_well_formed_and_labels_nobody(html):
    page = Page(html)
    assert page.unbalanced == []
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http:" not in html
    assert "https:" not in html
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert LABELS.search(page.text) is None


def test_equal_input_gives_equal_bytes(html, tmp_path):
    path = write_weekly_summary(
        LISTS, NOT_SCORED, RESOLVED, tmp_path / "b", as_of="2026-11-22", schools=SCHOOLS
    )
    assert path.read_text(encoding="utf-8") == html


def test_empty_lists_are_a_page_too(tmp_path):
    path = write_weekly_summary(
        LISTS.iloc[:0], NOT_SCORED.iloc[:0], RESOLVED.iloc[:0], tmp_path / "week.html", as_of="2026-11-22"
    )
    assert "Every enrolled student has a score this week." in path.read_text(encoding="utf-8")


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(DataError, match="table lists of a weekly summary must have the column 'strength'"):
        write_weekly_summary(
            LISTS.drop(columns="strength"), NOT_SCORED, RESOLVED, tmp_path / "w", as_of="2026-11-22"
        )
