"""The study of alternatives on the Open University's data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from early_id.fairness import Changed
from experiments.mitigation._table import table

DATA = Path(__file__).parents[3] / "shared/data/oulad"


def test_a_table_names_the_group_furthest_behind_and_the_widest_difference():
    ends = {f"{name}{end}": 0.0 for name in ("gap", "gap_change") for end in ("_low", "_high")}
    groups = pd.DataFrame(
        {
            "alternative": ["today"] * 2 + ["reweighing"] * 2,
            "group": ["a", "b"] * 2,
            "gap": [0.02, -0.03, -0.05, 0.04],
            "gap_change": [0.0, 0.0, -0.07, 0.07],
        }
    ).assign(**ends)
    lists = pd.DataFrame(
        {"alternative": ["today", "reweighing"], "precision": [0.8, 0.7], "precision_change": [0, -0.1]}
    )
    lists = lists.assign(overlap=[1.0, 0.5], precision_change_low=-0.2, precision_change_high=0.0)
    text = table({"team": Changed(lists, groups)})
    assert "### team: b against everyone else" in text
    today, other = text.splitlines()[-2:]
    assert "-3.0" in today
    assert "b: -3.0" in today
    assert "+4.0" in other
    assert "a: -5.0" in other
    assert "70.0 %" in other
    assert "-10.0" in other


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the OULAD files in shared/data/oulad")
def test_every_alternative_lists_as_many_and_hindsight_comes_nearest():
    from experiments.mitigation._study import HINDSIGHT, run_study

    for changed in run_study(DATA, test="2013J", replicates=200).values():
        gaps = changed.groups.set_index(["alternative", "group"])["gap"].abs()
        assert set(changed.lists["alternative"]) >= {"today", "capacity", HINDSIGHT}
        learned = gaps.drop(index=["today", "capacity", HINDSIGHT], level=0).groupby(level=0).max()
        assert gaps[HINDSIGHT].max() <= learned["group_cut_offs"]
        # As many places: precision and recall move together.
        ratio = changed.lists["precision"] / changed.lists["recall"]
        assert np.allclose(ratio, ratio.iloc[0])
