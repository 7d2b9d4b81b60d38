"""Yearly totals stand in for days of the year before that were never sent, and only for those."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny import tiny_district

from early_id.district import District
from early_id.panel import build_panel

COLUMNS = [
    "student_id", "school_id", "school_year", "ended_on", "expected_days", "excused_days", "unexcused_days",
    "suspension_out_days", "suspension_in_days", "incomplete_study_days", "known_at", "retracted_at",
]  # fmt: skip
TOTALS = [
    # Fay came from a school of which no day was sent; a part of it arrived late, and one number was corrected.
    ("fay", "C", 2024, "2024-06-30", 100, 4, 6, 0, 3, 2, "2024-08-14", "2024-11-20"),
    ("fay", "C", 2024, "2024-06-30", 100, 5, 6, 0, 3, 2, "2024-11-20", ""),
    ("fay", "B", 2024, "2024-06-30", 20, 0, 1, 2, 0, "", "2024-11-25", ""),
    # Ann's days of that year were sent, and cat's totals are of another year.
    ("ann", "A", 2024, "2024-06-30", 100, 50, 50, 0, 0, 0, "2024-08-14", ""),
    ("cat", "A", 2023, "2023-06-30", 100, 50, 50, 0, 0, 0, "2023-08-14", ""),
    ("eve", "A", 2024, "2024-06-30", 0, 0, 0, 0, 0, 0, "2024-08-14", ""),
]


@pytest.fixture(scope="module")
def panels():
    tables = tiny_district()
    totals = pd.DataFrame(TOTALS, columns=COLUMNS).replace("", None)
    for name in ("ended_on", "known_at", "retracted_at"):
        totals[name] = pd.to_datetime(totals[name])
    totals["incomplete_study_days"] = totals["incomplete_study_days"].astype("Int64")
    dates = ["2024-10-06", "2024-11-24", "2024-12-01"]
    found = [
        build_panel(District.from_frames(each), as_of=dates).frame.set_index(["student_id", "as_of"])
        for each in (tables, {**tables, "absence_totals": totals})
    ]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("day", "absent", "unexcused"),
    [("2024-10-06", 12 / 100, 6 / 100), ("2024-11-24", 13 / 100, 6 / 100), ("2024-12-01", 16 / 120, 7 / 120)],
)
def test_totals_count_from_the_day_they_are_known(panels, day, absent, unexcused):
    row = panels[1].loc[("fay", pd.Timestamp(day))]
    assert row["prior_absence_rate"] == absent
    assert row["prior_unexcused_rate"] == unexcused
    assert np.isnan(row["prior_tardies"])


def test_nothing_else_changes(panels):
    without, with_totals = panels
    others = [name for name in without if name not in {"prior_absence_rate", "prior_unexcused_rate"}]
    pd.testing.assert_frame_equal(without[others], with_totals[others])
    rest = without.index.get_level_values("student_id") != "fay"
    pd.testing.assert_frame_equal(without[rest], with_totals[rest])
    assert without.loc["fay", "prior_absence_rate"].isna().all()
