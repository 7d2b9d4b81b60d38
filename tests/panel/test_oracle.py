"""The panel equals an oracle of plain loops, on random small districts, for every feature and label."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from oracle import Oracle, assert_features_equal
from small import small_district

from early_id.district import District
from early_id.panel import build_panel

FAR = date(2030, 1, 1)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3, 5))])
def test_every_feature_equals_the_oracle(seed):
    tables = small_district(seed)
    assert_features_equal(build_panel(District.from_frames(tables)).frame, tables)


@pytest.mark.parametrize("name", ["chronic_absence", "course_failure", "suspension"])
def test_every_label_equals_the_oracle(name):
    found = set()
    for seed in (0, 6):
        tables = small_district(seed, students=9)
        oracle = Oracle(tables)
        frame = build_panel(District.from_frames(tables), label=name, known_by=FAR).frame
        for row in frame.itertuples():
            known = oracle.cohort(row.as_of.date())[row.student_id]
            arguments = (known, row.as_of.date()) if name == "suspension" else (known,)
            value, event = getattr(oracle, name)(*arguments)
            assert (None if np.isnan(row.label) else int(row.label)) == value, row
            assert (None if pd.isna(row.event_day) else row.event_day.date()) == event, row
            assert row.onset == (value is not None and (value == 0 or event > row.as_of.date()))
            found.add(value)
    assert found == {0, 1, None}
