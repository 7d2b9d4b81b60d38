"""Which domain drives the lists in each group: against plain counts, and masked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_county import make_rows

from early_id.fairness import audit_frame


def with_domains(rows: pd.DataFrame, seed: int, chances: dict[str, float]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    drawn = rng.choice(list(chances), len(rows), p=list(chances.values()))
    domain = pd.Series(np.where(rows["score"].isna(), None, drawn), rows.index, dtype="str")
    return rows.assign(leading_domain=domain)


def test_shares_are_those_of_a_plain_count_and_add_up():
    rows, groups = make_rows(900, dates=3, seed=2)
    rows = with_domains(rows, 3, {"attendance": 0.6, "grades": 0.3, "discipline": 0.1})
    found = audit_frame(rows, groups=groups, resampling=(100, 0)).reason_profile
    team = groups[groups["attribute"] == "team"].set_index("student_id")["value"]
    listed = rows[rows["listed"]].assign(team=lambda frame: frame["student_id"].map(team))
    by_hand = listed.groupby("team")["leading_domain"].value_counts(normalize=True)
    own = found[found["attribute"] == "team"].set_index(["group", "domain"])
    for key, share in by_hand.items():
        assert own.loc[key, "share"] == pytest.approx(share)
        assert own.loc[key, "share_low"] <= share <= own.loc[key, "share_high"]
    assert np.allclose(found.groupby(["attribute", "group"])["share"].sum(), 1)


def test_an_interval_is_that_of_a_proportion_where_every_student_has_one_row():
    rows, groups = make_rows(4000, seed=5, not_scored=0)
    found = audit_frame(
        with_domains(rows, 1, {"attendance": 0.7, "grades": 0.3}), groups=groups, resampling=(100, 0)
    ).reason_profile.query("attribute == 'all' and domain == 'grades'")
    n = int(rows["listed"].sum())
    width = 2 * 1.96 * np.sqrt(found["share"] * (1 - found["share"]) / n)
    assert (found["share_high"] - found["share_low"]).to_numpy() == pytest.approx(width.to_numpy(), rel=0.02)


def test_without_the_column_nothing_is_said():
    rows, groups = make_rows(200)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert result.reason_profile.empty
    assert result.published()["reason_profile"].empty


@pytest.mark.slow
@given(st.integers(0, 1000), st.sampled_from([0.02, 0.1, 0.4]), st.sampled_from([0.01, 0.05, 0.5]))
@settings(max_examples=12)
def test_no_printed_share_nor_what_is_left_of_everybody_rests_on_few_students(seed, rare, small):
    rows, groups = make_rows(
        600,
        seed=seed,
        recall={"A": 0.5, "B": 0.5, "C": 0.5},
        share={"A": 1 - 0.3 - small / 2, "B": 0.3, "C": small / 2},
    )
    rows = with_domains(rows, seed, {"attendance": 1 - rare, "discipline": rare})
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    printed = result.published()["reason_profile"]
    # What is merged on the page is merged here, and counted anew.
    kept = set(printed["domain"]) - {"other"}
    domain = rows["leading_domain"].where(
        rows["leading_domain"].isin(kept) | rows["leading_domain"].isna(), "other"
    )
    exact = audit_frame(rows.assign(leading_domain=domain), groups=groups, resampling=(100, 0)).reason_profile
    counts = exact.set_index(["attribute", "group", "domain"])["n_students"]
    for key in printed.set_index(["attribute", "group", "domain"]).index:
        assert not 0 < counts[key] <= 10
    for attribute, own in exact.groupby("attribute"):
        shown = set(printed.loc[printed["attribute"] == attribute, "group"])
        if shown:
            left = own[~own["group"].isin(shown)].groupby("domain")["n_students"].sum()
            assert not left.between(1, 10).any()
    assert (printed["share"] * 100 % 1).round(6).isin([0.0, 1.0]).all()


def test_rare_domains_are_taken_together():
    rows, groups = make_rows(900, seed=2)
    rows = with_domains(rows, 3, {"attendance": 0.6, "grades": 0.385, "discipline": 0.01, "mobility": 0.005})
    printed = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["reason_profile"]
    whole = printed[printed["attribute"] == "all"].set_index("domain")["share"]
    assert set(whole.index) == {"attendance", "other"}
    assert whole.sum() == pytest.approx(1, abs=0.011)
