from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from small_district import write_csv

from early_id.district import TABLES, check_district


@pytest.mark.parametrize("name", TABLES)
def test_every_column_says_in_a_sentence_what_it_means(name):
    table = TABLES[name]
    assert table.about.endswith(".")
    for column in table.all_columns.values():
        assert column.meaning.endswith(".")
        assert column.example or column.nullable
        assert "," not in column.example


def test_the_example_rows_are_a_district_that_breaks_no_rule(tmp_path):
    """What the documentation shows can be copied into files and read."""
    rows = {
        name: pd.DataFrame([{part: column.example for part, column in table.all_columns.items()}])
        for name, table in TABLES.items()
    }
    result = check_district(write_csv(tmp_path, rows), today=dt.date(2025, 1, 5))
    assert result.rules.empty, result.rules["examples"].tolist()
    assert result.capabilities["absent"] == {}
