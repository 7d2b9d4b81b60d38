"""Features counted by hand in a district of a few students: the oracle and the panel say the same."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import pytest
from oracle import Oracle
from tiny import tiny_district

from early_id.district import District
from early_id.panel import CATALOG, build_panel

NULL = math.nan
END = date(2024, 12, 1)

#: What nobody can know of a student whose attendance has not arrived.
NO_ATTENDANCE = dict.fromkeys(
    (
        "absence_rate_5d", "absence_trend_10d", "unexcused_share_year", "unexcused_days_20d", "tardies_year",
        "partial_days_20d", "monday_friday_share_year", "absence_rate_first_month", "absence_streak",
        "longest_absence_60d", "prior_unexcused_rate", "prior_tardies",
    ),
    NULL,
)  # fmt: skip
NO_WORK = dict.fromkeys(
    (
        "mean_mark_20d", "mark_change_term", "course_standing_year", "failed_finals_year", "passed_finals_share_year",
        "missing_work_60d", "late_work_20d",
    ),
    NULL,
)  # fmt: skip

# On 1 Dec the last school day is Fri 29 Nov, the 65th of school A. 63 of them are on record, the latest Thu 28 Nov.
# The last 60 begin on Mon 9 Sep, the last 20 on Mon 4 Nov, the last 10 on Mon 18 Nov; the second term on Mon 14 Oct.
EXPECTED = {
    (END, "ann"): {
        "absence_rate_5d": 3 / 4,  # 26 to 28 Nov; 29 Nov is not on record
        "absence_trend_10d": 3 / 9 - 4 / 9,  # before: 4, 11, 12 and 14 Nov; 13 Nov is not on record
        "unexcused_share_year": 5 / 10,  # 4 Oct, 12, 14, 26, 27 Nov of those and 9, 10 Sep, 4, 11, 28 Nov
        "unexcused_days_20d": 4,
        "tardies_year": 2,  # 3 Sep and 5 Nov; the third was taken back
        "partial_days_20d": 1,  # 6 Nov; 4 Sep lies before
        "monday_friday_share_year": 4 / 10,  # 9 Sep, 4 Oct, 4 Nov, 11 Nov
        "absence_rate_first_month": 2 / 20,  # 9 and 10 Sep of 2 to 27 Sep
        "absence_streak": 3,  # 26 to 28 Nov; the absence of 25 Nov was recorded later
        "longest_absence_60d": 3,  # 11 and 12 Nov are two: 13 Nov is not on record
        "prior_unexcused_rate": 1 / 20,
        "prior_tardies": 2,
        "mean_mark_20d": 80,  # 90 and 70
        "mark_change_term": 80 - 70,  # before: 80, 75, 55
        # Math has 43400 / 7 = 6200 hundredths: hers, Ben's 58, 60, 61, and the 10 of Eve, who left; the others are hers.
        "course_standing_year": (1000 * (8000 + 7500 + 9000) - 3 * 6_200_000) / (5 * 100_000),
        "failed_finals_year": 1,
        "passed_finals_share_year": 1 / 2,
        "missing_work_60d": 1,  # due on 10 Sep; 5 Sep lies before, that of 5 Nov was taken back
        "late_work_20d": 1,  # due on 15 Nov, done on 18 Nov
        "incidents_20d": 1,  # 12 Nov; that of 20 Nov rests on a judgement
        "days_since_incident": 11,  # 14, 15, 18 to 22, 25 to 28 Nov
        "suspension_days_60d": 2,  # 4 Sep lies before
        "prior_suspension_days": 3,
        "enrolled_share_year": 63 / 63,
        "prior_schools": 1,
    },
    (END, "ben"): {
        "absence_rate_5d": 0,
        "absence_trend_10d": 0 - 1 / 9,
        "unexcused_share_year": 2 / 11,
        "unexcused_days_20d": 1,
        "tardies_year": 0,
        "partial_days_20d": 0,
        "monday_friday_share_year": 5 / 11,  # 23 and 27 Sep, 28 Oct, 1 and 4 Nov
        "absence_rate_first_month": 5 / 18,  # 4 to 27 Sep, at school B
        "absence_streak": 0,
        "longest_absence_60d": 6,  # 28 Oct to 4 Nov, over a weekend; the five days at school B are another's
        "prior_unexcused_rate": 0,
        "prior_tardies": 0,
        "mean_mark_20d": 61,
        "mark_change_term": 60.5 - 58,
        "course_standing_year": (1000 * (5800 + 6000 + 6100) - 3 * 6_200_000) / (3 * 100_000),
        "failed_finals_year": 1,
        "passed_finals_share_year": 0,
        "missing_work_60d": 0,
        "late_work_20d": 0,
        "incidents_20d": 0,
        "days_since_incident": 61,  # all: 19 at school B, 42 at school A
        "suspension_days_60d": 0,
        "prior_suspension_days": 0,
        "enrolled_share_year": 61 / 63,
        "prior_schools": 2,
    },
    # Entered on the last school day, whose attendance is still to come.
    (END, "cat"): {
        **NO_ATTENDANCE,
        **NO_WORK,
        "incidents_20d": 0,
        "days_since_incident": NULL,
        "suspension_days_60d": 0,
        "prior_suspension_days": NULL,
        "enrolled_share_year": 0,
        "prior_schools": NULL,
    },
    # A school that sends neither attendance nor incidents.
    (END, "dan"): {
        **NO_ATTENDANCE,
        **NO_WORK,
        "incidents_20d": NULL,
        "days_since_incident": NULL,
        "suspension_days_60d": NULL,
        "prior_suspension_days": NULL,
        "enrolled_share_year": NULL,
        "prior_schools": 1,
    },
    # Never absent; one mark, in a course of her own; a final mark without points.
    (END, "fay"): {
        "absence_rate_5d": 0,
        "absence_trend_10d": 0,
        "unexcused_share_year": NULL,
        "unexcused_days_20d": 0,
        "tardies_year": 0,
        "partial_days_20d": 0,
        "monday_friday_share_year": NULL,
        "absence_rate_first_month": 0,
        "absence_streak": 0,
        "longest_absence_60d": 0,
        "prior_unexcused_rate": NULL,
        "prior_tardies": NULL,
        "mean_mark_20d": 88,
        "mark_change_term": NULL,
        "course_standing_year": 0,
        "failed_finals_year": NULL,
        "passed_finals_share_year": NULL,
        "missing_work_60d": 0,
        "late_work_20d": 0,
        "incidents_20d": 0,
        "days_since_incident": 63,
        "suspension_days_60d": 0,
        "prior_suspension_days": NULL,
        "enrolled_share_year": 1,
        "prior_schools": NULL,
    },
    # The tenth school day: there are no days before the last ten.
    (date(2024, 9, 15), "ann"): {
        "absence_trend_10d": NULL,
        "absence_rate_first_month": 2 / 10,
        "absence_streak": 0,
        "longest_absence_60d": 2,
        "mark_change_term": NULL,
        "mean_mark_20d": NULL,
        "failed_finals_year": NULL,
    },
    # The fifteenth: five are what there is of the ten before the last ten.
    (date(2024, 9, 22), "ann"): {
        "absence_rate_5d": 0,
        "absence_trend_10d": 2 / 10 - 0 / 5,
        "absence_rate_first_month": 2 / 15,
        "mark_change_term": NULL,
        "course_standing_year": 80 - 45,  # 80 and 10
        "missing_work_60d": 2,
        "late_work_20d": 1,
        "days_since_incident": 12,  # 5 to 20 Sep
    },
    (date(2024, 9, 22), "eve"): {"course_standing_year": 10 - 45, "missing_work_60d": 0},
    # At school B, which began on Wed 4 Sep.
    (date(2024, 9, 22), "ben"): {
        "absence_trend_10d": 0,
        "days_since_incident": 13,
        "enrolled_share_year": 13 / 13,
        "course_standing_year": NULL,
    },
    (date(2024, 9, 29), "ben"): {
        "absence_rate_5d": 1,
        "absence_trend_10d": 5 / 10 - 0 / 8,
        "absence_rate_first_month": 5 / 18,
        "absence_streak": 5,
        "longest_absence_60d": 5,
    },
    # The day after he changed: the five days at school B are not this school's.
    (date(2024, 10, 1), "ben"): {"absence_streak": 0, "longest_absence_60d": 0, "absence_rate_5d": 3 / 5},
    # Wed 13 Nov never arrives: it is skipped while it is the last day, and then ends the run.
    (date(2024, 11, 13), "ann"): {"absence_streak": 2, "longest_absence_60d": 2, "days_since_incident": 0},
    (date(2024, 11, 14), "ann"): {"absence_streak": 1, "longest_absence_60d": 2, "days_since_incident": 1},
    (date(2024, 11, 17), "ann"): {"absence_streak": 0, "longest_absence_60d": 2, "days_since_incident": 2},
    # The first day after the first term.
    (date(2024, 10, 14), "ann"): {"mark_change_term": NULL, "failed_finals_year": 1},
    (date(2024, 10, 20), "ben"): {"mark_change_term": 60 - 58},
}
CASES = [
    pytest.param(as_of, student, feature, value, id=f"{feature}-{student}-{as_of}")
    for (as_of, student), values in EXPECTED.items()
    for feature, value in values.items()
]


@pytest.fixture(scope="module")
def oracle():
    return Oracle(tiny_district())


@pytest.fixture(scope="module")
def rows():
    dates = sorted({as_of for as_of, _ in EXPECTED})
    frame = build_panel(District.from_frames(tiny_district()), as_of=dates).frame
    return frame.set_index(["as_of", "student_id"])


@pytest.mark.parametrize(("as_of", "student", "feature", "value"), CASES)
def test_the_oracle_counts_as_people_do(oracle, as_of, student, feature, value):
    found = oracle.features(as_of, oracle.cohort(as_of)[student])
    assert found[feature] == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("as_of", "student", "feature", "value"), CASES)
def test_the_panel_counts_as_people_do(rows, as_of, student, feature, value):
    found = float(rows.loc[(pd.Timestamp(as_of), student), feature])
    assert found == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True)


def test_features_of_one_concept_are_of_one_domain():
    domains = {}
    for feature in CATALOG.values():
        domains.setdefault(feature.concept, set()).add(feature.domain)
    assert all(len(found) == 1 for found in domains.values())


def test_what_lies_in_the_past_is_not_called_changeable():
    for feature in CATALOG.values():
        assert not (feature.window in ("prior_year", "first_month") and feature.changeable), feature.name
