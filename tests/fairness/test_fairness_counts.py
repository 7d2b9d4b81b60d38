from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_county import make_rows

from early_id.fairness._counts import ceiling, count_segments, row_measures, tabulate
from early_id.fairness._groups import attach_attributes


@pytest.fixture
def counted():
    rows, groups = make_rows(120, dates=4, seed=3)
    rows.loc[::7, "label"] = np.nan
    attributes = attach_attributes(rows, groups)
    students = pd.factorize(rows["student_id"], sort=True)[0]
    return rows, attributes, count_segments(students, attributes, row_measures(rows))


def test_counts_equal_a_plain_group_by(counted):
    rows, attributes, segments = counted
    axis = [a.name for a in attributes].index("team")
    table = tabulate(segments, attributes, [axis])
    group = np.array(attributes[axis].groups)[attributes[axis].codes]
    known = rows.assign(group=group).loc[rows["label"].notna()]
    for place, (name,) in enumerate(table.groups):
        own = known.loc[known["group"] == name]
        listed_positive = own["listed"] & (own["label"] == 1)
        assert table.total("reached")[place] == listed_positive.sum()
        assert table.students("reached")[place] == own.loc[listed_positive, "student_id"].nunique()
        per_student = own.groupby("student_id").size()
        assert table.products("eligible", "eligible")[place] == (per_student**2).sum()
        assert table.total("cohort")[place] == (group == name).sum()


@pytest.mark.parametrize("dates", [127, 128, 300])
def test_students_with_more_rows_than_a_byte_counts_are_counted_in_full(dates):
    """Some change school on the way: by team, their rows in both schools are added up."""
    rows, groups = make_rows(24, dates=dates, schools=2, not_scored=0.0, seed=1)
    rows["listed"] = True
    movers = rows["student_id"] < "s00008"
    rows.loc[movers & (rows["as_of"] == rows["as_of"].max()), "school_id"] = "school 9"
    attributes = attach_attributes(rows, groups)
    students = pd.factorize(rows["student_id"], sort=True)[0]
    segments = count_segments(students, attributes, row_measures(rows))
    assert len(segments.student) == 24 + 8
    axis = [a.name for a in attributes].index("team")
    table = tabulate(segments, attributes, [axis])
    team = np.array(attributes[axis].groups)[attributes[axis].codes]
    for place, (name,) in enumerate(table.groups):
        per_student = rows.loc[team == name].groupby("student_id").size()
        assert (per_student == dates).all()
        assert table.total("cohort")[place] == per_student.sum()
        assert table.products("cohort", "cohort")[place] == (per_student**2).sum()
        assert table.students("cohort")[place] == len(per_student)


def test_crossed_cells_add_up_to_the_groups_of_either(counted):
    _, attributes, segments = counted
    crossed = tabulate(segments, attributes, [0, 1])
    single = tabulate(segments, attributes, [1])
    for place, (name,) in enumerate(single.groups):
        cells = [i for i, group in enumerate(crossed.groups) if group[1] == name]
        assert crossed.total("missed")[cells].sum() == single.total("missed")[place]


def test_students_elsewhere_are_counted_once_whoever_is_in_several_schools():
    rows, groups = make_rows(150, dates=4, seed=8)
    rows.loc[rows.index % 7 == 0, "school_id"] = "school 1"
    attributes = attach_attributes(rows, groups)
    students = pd.factorize(rows["student_id"], sort=True)[0]
    segments = count_segments(students, attributes, row_measures(rows))
    axis = [a.name for a in attributes].index("school")
    table = tabulate(segments, attributes, [axis])
    assert len(table.student) > len(set(table.student))
    for measure, own in (("cohort", rows["listed"] | True), ("listed", rows["listed"])):
        for place, (name,) in enumerate(table.groups):
            here = rows["school_id"] == name
            assert table.students(measure)[place] == rows.loc[own & here, "student_id"].nunique()
            assert table.students_outside(measure)[place] == rows.loc[own & ~here, "student_id"].nunique()


def test_ceiling_by_hand():
    rows = pd.DataFrame(
        {
            "school_id": ["a"] * 5 + ["b"] * 2,
            "as_of": pd.Timestamp("2024-01-07"),
            "label": [1, 1, 1, 1, 0, 1, 0],
            "onset": True,
            "score": 0.5,
            "listed": [True, False, False, False, True, True, True],
        }
    )
    # School a: 2 places for 4 positives, half a place each; school b: 2 places for 1 positive.
    assert list(ceiling(rows, row_measures(rows))) == [0.5, 0.5, 0.5, 0.5, 0.0, 1.0, 0.0]


def test_no_list_of_the_same_sizes_reaches_more_than_the_ceiling(counted):
    rows, _, _ = counted
    measures = row_measures(rows)
    assert (rows["listed"] & (rows["label"] == 1)).sum() <= ceiling(rows, measures).sum() + 1e-9
