"""The trial finds every planted leak, names it, and lets the catalogue pass."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from small import small_district

from early_id.district import District
from early_id.panel import CATALOG, build_panel, check_time_safety

KEYS = ["student_id", "school_id", "as_of"]
DATES = ["2023-10-08", "2024-10-06"]
FEW = {
    name: CATALOG[name]
    for name in ("absence_rate_20d", "mean_mark_year", "incidents_year", "schools_this_year")
}
FAR = date(2030, 1, 1)


def occurred_on_of_late_records(county, day):
    rows = county.frame("absences")
    return rows[rows["occurred_on"] <= day].groupby("student_id").size()


def total_of_the_full_year(county, day):
    rows = county.frame("absences")
    return rows[rows["known_at"] <= day + pd.Timedelta(days=200)].groupby("student_id")["thousandths"].sum()


def grade_posted_later(county, day):
    rows = county.frame("grades")
    return rows[rows["assessed_on"] <= day].groupby("student_id")["hundredths"].mean()


def enrollment_still_to_come(county, day):
    return county.frame("enrollments").groupby("student_id").size()


def label_in_disguise(county, day):
    frame = build_panel(county, label="chronic_absence", as_of=[day], known_by=FAR).frame
    return frame.groupby("student_id")["label"].max() * 0.5 + 0.1


LEAKS = [
    occurred_on_of_late_records,
    total_of_the_full_year,
    grade_posted_later,
    enrollment_still_to_come,
    label_in_disguise,
]


def with_leaks(*leaks):
    def build(county, days):
        frame = build_panel(county, as_of=days, catalog=FEW).frame.set_index(KEYS)[list(FEW)]
        students = frame.index.get_level_values("student_id")
        return frame.assign(**{leak.__name__: students.map(leak(county, days[0])) for leak in leaks})

    return build


@pytest.fixture(scope="module")
def county():
    return District.from_frames(small_district(3))


def test_the_whole_catalogue_passes(county):
    found = check_time_safety(county, as_of=DATES)
    assert (found.verdict, found.guilty) == ("passed", ())
    assert set(found.features) == set(CATALOG)
    assert all(
        found.changed[table] > 10 for table in ("absences", "grades", "enrollments", "attendance_feed")
    )
    assert "passed" in found.sentence()


def test_planted_leaks_are_named_and_nothing_else(county):
    found = check_time_safety(county, catalog=FEW, as_of=DATES, build=with_leaks(*LEAKS))
    assert (found.verdict, set(found.guilty)) == ("failed", {leak.__name__ for leak in LEAKS})
    assert all(leak.__name__ in found.sentence() for leak in LEAKS)


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_planted_leak_is_named_and_nothing_else(county, leak):
    found = check_time_safety(county, catalog=FEW, as_of=DATES, build=with_leaks(leak))
    assert (found.verdict, found.guilty) == ("failed", (leak.__name__,))
    assert leak.__name__ in found.sentence()


def test_nothing_is_proven_where_the_days_of_knowing_are_assumed():
    tables = small_district(3)
    for name, share in {"absences": 0.6, "enrollments": 0.1}.items():
        rows = len(tables[name])
        tables[name] = tables[name].assign(known_at_assumed=np.arange(rows) < round(share * rows))
    county = District.from_frames(tables)
    found = check_time_safety(county, catalog=FEW, as_of=DATES)
    assert (found.verdict, dict(found.imputed)) == (
        "not proven",
        {"absences": county.signals.imputed["absences"]},
    )
    assert county.signals.imputed["absences"] == pytest.approx(0.6, abs=0.05)
    assert re.search(r"assumed in absences \d\d%", found.sentence())


def test_equal_seeds_change_equal_records(county):
    def no_features(county, days):
        return county.frame("enrollments")[["student_id"]].iloc[:0]

    first, again, other = (
        check_time_safety(county, catalog=FEW, as_of=DATES, seed=seed, build=no_features)
        for seed in (4, 4, 5)
    )
    assert first.changed == again.changed != other.changed
