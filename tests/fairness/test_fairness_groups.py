from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_county import long_groups, make_rows

from early_id.exceptions import DataError
from early_id.fairness._groups import attach_attributes


def values(rows, groups, name):
    attribute = {a.name: a for a in attach_attributes(rows, groups)}[name]
    return np.array(attribute.groups)[attribute.codes]


def test_each_row_gets_the_value_valid_on_its_date():
    rows, _ = make_rows(20, dates=3)
    spells = pd.DataFrame(
        {
            "student_id": "s00003",
            "attribute": "english_learner",
            "value": ["yes", "no"],
            "valid_from": [pd.Timestamp("2020-01-01"), pd.Timestamp("2023-10-09")],
            "valid_to": [pd.Timestamp("2023-10-08"), pd.NaT],
        }
    )
    found = values(rows, spells, "english_learner")
    assert list(found[rows["student_id"] == "s00003"]) == ["yes", "yes", "no"]
    assert set(found[rows["student_id"] != "s00003"]) == {"unknown"}


def test_a_gap_between_two_spells_is_unknown():
    rows, _ = make_rows(20, dates=3)
    groups = long_groups(np.array(["s00001"]), "foster", np.array(["yes"]))
    groups["valid_to"] = pd.Timestamp("2023-10-01")
    assert list(values(rows, groups, "foster")[rows["student_id"] == "s00001"]) == [
        "yes",
        "unknown",
        "unknown",
    ]


def test_grade_bands():
    rows, groups = make_rows(20)
    rows["grade_level"] = [-1, 0, 5, 6, 8, 9, 12, 13, np.nan, 1] * 2
    expected = ["TK–5", "TK–5", "TK–5", "6–8", "6–8", "9–12", "9–12", "9–12", "unknown", "TK–5"] * 2
    assert list(values(rows, groups, "grade_band")) == expected


def test_a_county_of_one_district_has_no_district_attribute():
    rows, groups = make_rows(20, schools=1)
    assert {a.name for a in attach_attributes(rows, groups)} == {"team", "half", "grade_band"}


def test_values_of_students_who_are_not_audited_make_no_group():
    rows, groups = make_rows(30)
    elsewhere = long_groups(np.array(["x1"]), "team", np.array(["Z"]))
    attribute = attach_attributes(rows, pd.concat([groups, elsewhere]))[1]
    assert (attribute.name, attribute.groups) == ("team", ("A", "B"))


def test_unknown_comes_last():
    rows, groups = make_rows(30)
    groups = groups.loc[~((groups["student_id"] == "s00000") & (groups["attribute"] == "team"))]
    groups.loc[groups["value"] == "A", "value"] = "zebra"
    assert attach_attributes(rows, groups)[1].groups == ("B", "zebra", "unknown")


def test_a_recorded_unknown_and_no_record_are_one_group():
    rows, groups = make_rows(30)
    groups = groups.loc[groups["student_id"] != "s00000"].replace({"value": {"B": "unknown"}})
    assert attach_attributes(rows, groups)[1].groups == ("A", "unknown")


def test_two_values_on_one_day_are_refused():
    rows, groups = make_rows(30)
    with pytest.raises(DataError, match=r"two rows of 'half' that hold on one day for the students 's00000'"):
        attach_attributes(rows, pd.concat([groups, groups.loc[groups["student_id"] == "s00000"]]))


def test_empty_groups_are_refused():
    rows, groups = make_rows(30)
    with pytest.raises(DataError, match="groups is empty"):
        attach_attributes(rows, groups.iloc[:0])


def test_a_missing_column_is_named():
    rows, groups = make_rows(30)
    with pytest.raises(DataError, match="groups must have the column 'attribute', 'value'"):
        attach_attributes(rows, groups.drop(columns=["attribute", "value"]))


def test_a_recorded_attribute_may_not_hide_a_derived_one():
    rows, groups = make_rows(30)
    with pytest.raises(DataError, match="'school', a name the audit derives itself"):
        attach_attributes(rows, groups.replace({"attribute": {"half": "school"}}))
