"""The simulated truth is hard on purpose: larger counties, several seeds."""

from __future__ import annotations

import pandas as pd
import pytest
from simulated_years import onset_rows, quick_features, student_years
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from early_id.district._simulate import _groups, simulate_tables

# Percent, from CDE DataQuest: chronic absence and students with at least one day of suspension.
BASE_RATES = {
    "all": (30.0, 3.5),
    "Black": (42.9, 8.8),
    "White": (21.9, 2.9),
    "students_with_disabilities": (39.6, 5.9),
    "foster": (42.1, 13.6),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_true_risk_ranks_onset_rows_well_but_not_perfectly(seed: int) -> None:
    county = simulate_tables(students=5000, schools=12, seed=seed)
    rows = onset_rows(county.tables, county.truth, 30)
    rows = rows[rows["school_year"] < 2025]
    assert 0.75 <= roc_auc_score(rows["chronic"], rows["risk"]) <= 0.85
    years = student_years(county.tables).query("school_year < 2025 and enrolled > 90")
    rate = years.pivot_table(index="student_id", columns="school_year", values="rate")
    for year in (2022, 2023):
        assert 0.5 <= rate[year].corr(rate[year + 1]) <= 0.7


@pytest.mark.slow
def test_interactions_are_worth_something_to_a_model_that_may_use_them() -> None:
    county = simulate_tables(students=20_000, schools=24, seed=0)
    gaps = []
    for number in (30, 50):
        rows = onset_rows(county.tables, county.truth, number)
        rows = rows[rows["school_year"].isin([2023, 2024])].reset_index(drop=True)
        features, train = quick_features(county.tables, rows), (rows["school_year"] == 2023).to_numpy()
        scores = []
        for allowed in (None, "no_interactions"):
            model = HistGradientBoostingClassifier(
                max_iter=120, learning_rate=0.05, min_samples_leaf=60, max_leaf_nodes=10, l2_regularization=5,
                interaction_cst=allowed, random_state=0,
            )  # fmt: skip
            with threadpool_limits(1):
                model.fit(features[train], rows.loc[train, "chronic"])
                score = model.decision_function(features[~train])
            scores.append(roc_auc_score(rows.loc[~train, "chronic"], score))
        gaps.append(scores[0] - scores[1])
    assert 0.003 <= sum(gaps) / len(gaps) <= 0.02, gaps


def _base_rates(seed: int, groups: list[str]) -> pd.DataFrame:
    """Student-years of the closed years, with the outcomes of each group as sums."""
    county = simulate_tables(students=20_000, schools=24, years=3, seed=seed)
    years = student_years(county.tables).query("school_year < 2025 and enrolled >= 31")
    suspended = county.tables["incidents"].query("suspension_days > 0").copy()
    suspended["school_year"] = suspended["occurred_on"].dt.year + (suspended["occurred_on"].dt.month > 6)
    pairs = pd.MultiIndex.from_frame(suspended[["student_id", "school_year"]].drop_duplicates())
    years["suspended"] = pd.MultiIndex.from_frame(years[["student_id", "school_year"]]).isin(pairs)
    known, sums = county.tables["groups"], {}
    for name in groups:
        value = "yes" if name in ("students_with_disabilities", "foster") else name
        attribute = name if value == "yes" else "race_ethnicity"
        chosen = (known["attribute"] == attribute) & (known["value"] == value)
        part = years if name == "all" else years[years["student_id"].isin(known.loc[chosen, "student_id"])]
        sums[name] = [len(part), part["chronic"].sum(), part["suspended"].sum()]
    return pd.DataFrame(sums, index=["students", "chronic", "suspended"]).T


@pytest.mark.slow
@pytest.mark.parametrize(
    ("groups", "foster_share"),
    [(["all", "Black", "White", "students_with_disabilities"], 1), (["foster"], 12)],
)
def test_base_rates_by_group_are_those_of_the_state(
    groups: list[str], foster_share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Foster care is rare; its own rates do not depend on how many there are, so more of them make the measure sharp.
    share = _groups._FLAG_SHARE["foster"] * foster_share
    monkeypatch.setitem(_groups._FLAG_SHARE, "foster", share)
    pooled = sum(_base_rates(seed, groups) for seed in (0, 1, 2))
    assert (pooled["students"] > 9000).all()
    for name in groups:
        chronic, suspension = BASE_RATES[name]
        part = 100 * pooled.loc[name] / pooled.loc[name, "students"]
        assert part["chronic"] == pytest.approx(chronic, abs=1.5), name
        assert part["suspended"] == pytest.approx(suspension, abs=1.0), name
