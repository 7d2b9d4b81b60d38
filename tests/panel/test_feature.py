"""A declaration that cannot be computed is refused in one sentence that names it."""

from __future__ import annotations

import pytest

from early_id.exceptions import ConfigError
from early_id.panel import CATALOG, Feature, catalog_frame


def declare(**changes):
    """A rate of absence, changed."""
    given = {"name": "x", "concept": "absence", "domain": "attendance", "table": "absences", "window": 20,
             "where": "absent", "aggregate": "count", "direction": 1, "unit": "share", "phrase": "",
             "over": "enrolled_days"}  # fmt: skip
    return Feature(**{**given, **changes})


MARKS = {"table": "grades", "where": "marked", "column": "hundredths", "over": ""}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"window": "month"},
            "Expected a number of school days or one of year, term, first_month, prior_year as the window of 'x', got "
            "'month'.",
        ),
        ({"window": 0}, "as the window of 'x', got 0."),
        ({"window": 10.5}, "as the window of 'x', got 10.5."),
        ({"against": "after"}, "Expected 'x' to be compared with 'before' or 'previous', got 'after'."),
        (
            {"against": "before", "window": "year"},
            "Expected a window in school days or a term for 'x', which is compared with the days before it, got 'year'.",
        ),
        (
            {"against": "previous", "window": "term"},
            "Expected a window in school days for 'x', which is compared with as many days just before it, got 'term'.",
        ),
        ({"against": "previous", "window": "first_month"}, "got 'first_month'."),
        ({"against": "before", "over": ""}, "Expected a mean or a share to compare in 'x', got the count."),
        (
            {"against": "before", "aggregate": "streak"},
            "Expected a mean or a share to compare in 'x', got the streak.",
        ),
        ({"aggregate": "total"}, "Expected a column to take the total of in 'x', got none."),
        ({"aggregate": "above_course"}, "Expected a column to take the above_course of in 'x', got none."),
        (
            {"aggregate": "above_course", "column": "thousandths"},
            "Expected grades of the year to compare with the mean of courses in 'x', got 'absences' and the window 20.",
        ),
        (
            {"aggregate": "streak", "where": "tardy"},
            "Expected days in a row of the filter 'absent' of absences in 'x', got 'tardy' of 'absences'.",
        ),
        ({"aggregate": "longest", "table": "incidents"}, "got 'absent' of 'incidents'."),
        (
            {"aggregate": "longest", "window": 61},
            "Expected a window of at most 60 school days for the days in a row of 'x', got 61.",
        ),
        ({"aggregate": "streak", "window": "year"}, "for the days in a row of 'x', got 'year'."),
    ],
)
def test_what_cannot_be_computed_is_refused(changes, said):
    with pytest.raises(ConfigError) as error:
        declare(**changes)
    assert str(error.value).endswith(said)
    assert str(error.value).startswith("Expected ")


@pytest.mark.parametrize(
    "changes",
    [
        {"window": "first_month"},
        {"against": "previous"},
        {"against": "before"},
        {"against": "before", "window": "term"},
        {"aggregate": "streak", "window": 60, "over": ""},
        {"aggregate": "longest", "window": 1, "over": ""},
        {**MARKS, "aggregate": "mean", "window": "term", "against": "before"},
        {**MARKS, "aggregate": "above_course", "window": "year"},
    ],
)
def test_what_can_be_computed_is_accepted(changes):
    assert declare(**changes).name == "x"


def test_the_catalogue_is_a_table_of_its_declarations():
    frame = catalog_frame()
    assert frame.index.tolist() == list(CATALOG)
    assert frame.loc["absence_trend_20d", "against"] == "before"
    assert frame.loc["absence_trend_10d", "against"] == "previous"
