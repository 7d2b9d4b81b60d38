"""One date per term: the rates of the rows of that date, and nothing masked that follows from dates and audit together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_county import long_groups, make_rows
from sklearn.metrics import recall_score

from early_id.fairness import audit_frame, feasible_range
from early_id.fairness._by_term import term_dates

PHASES = [phase for phase in Phase if phase is not Phase.shrink]
PARTS = ("reached", "missed")


def test_the_dates_are_the_middle_of_each_half_of_the_last_school_year():
    days = pd.date_range("2023-09-03", periods=80, freq="7D")
    rows = pd.DataFrame({"as_of": days, "school_year": np.repeat([2024, 2025], 40)})
    assert term_dates(rows) == [days[40 + 10], days[40 + 30]]
    assert term_dates(rows.iloc[::-1]) == term_dates(rows)
    assert term_dates(rows.iloc[:3]) == []


def test_rates_are_those_of_the_rows_of_that_date():
    rows, groups = make_rows(600, dates=6, recall={"A": 0.6, "B": 0.4}, not_scored=0.1)
    rng = np.random.default_rng(3)
    rows["label"] = rows["label"].where(rng.random(len(rows)) > 0.1)
    rows["onset"] = rng.random(len(rows)) > 0.2
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    days = term_dates(rows)
    assert result.by_term["as_of"].unique().tolist() == [str(day.date()) for day in days]
    team = groups[groups["attribute"] == "team"].set_index("student_id")["value"]
    for day in days:
        own = rows[rows["as_of"] == day]
        group = own["student_id"].map(team)
        counts = own["label"].notna() & own["onset"]
        expected = MetricFrame(
            metrics=recall_score,
            y_true=own.loc[counts, "label"],
            y_pred=own.loc[counts, "listed"],
            sensitive_features=group[counts],
        )
        found = result.by_term[result.by_term["as_of"] == str(day.date())].set_index(["attribute", "group"])
        for name in "AB":
            assert found.loc[("team", name), "recall"] == pytest.approx(expected.by_group[name])
            missing = own.loc[group == name, "score"].isna().mean()
            assert found.loc[("team", name), "not_scored"] == pytest.approx(missing)
        assert found.loc[("all", "everyone"), "recall"] == pytest.approx(expected.overall)
        assert not set(found.index.get_level_values(0)) & {"school", "district"}


def test_few_dates_have_no_terms():
    rows, groups = make_rows(300, dates=3)
    result = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert result.by_term.empty
    assert result.published()["by_term"].empty


def county(seed, n, rare, reach, dates):
    rows, groups = make_rows(n, dates=dates, seed=seed, recall={"A": reach, "B": reach}, not_scored=0.05)
    rng = np.random.default_rng(seed)
    ids = rows["student_id"].unique()
    two = rng.choice(["c", "d", "e"], n).astype(object)
    two[rng.choice(n, rare, replace=False)] = "rare"
    rows["onset"] = rng.random(len(rows)) > 0.3
    rows["grade_level"] = 5
    return rows, pd.concat([groups, long_groups(ids, "two", two)])


class Attacker:
    """All that is printed of dates and of the audit, as equations in the rows of each group, date by date."""

    def __init__(self, frames, rows, groups, inside):
        self.days = [str(day.date()) for day in term_dates(rows)]
        wide = groups.pivot_table(index="student_id", columns="attribute", values="value", aggfunc="first")
        own = rows.join(wide, on="student_id")
        part = own["as_of"].dt.date.astype(str)
        part = part.where(part.isin(self.days), "rest")
        self.names = [*self.days, "rest"]
        place = part.map({name: number for number, name in enumerate(self.names)}).to_numpy() * 2
        self.cells, self.truth, self.students = [], {}, {}
        whole, yes = inside
        for attribute in wide.columns:
            for group in sorted(wide[attribute].unique()):
                chosen = (own[attribute] == group).to_numpy() & whole
                cell = (attribute, group)
                self.cells.append(cell)
                at = place + ~yes
                self.truth[cell] = np.bincount(at[chosen], minlength=2 * len(self.names)).astype(float)
                self.students[cell] = [
                    own.loc[chosen & (at == k), "student_id"].nunique() for k in range(2 * len(self.names))
                ]
        self.equations, self.values = [], []

    def say(self, cell, form):
        own = [other for other in self.cells if other == cell]
        sets = [own] if own else [[c for c in self.cells if c[0] == a] for a in {c[0] for c in self.cells}]
        for cells in sets if own or cell[0] == "all" else ():
            row = np.zeros((len(self.cells), len(form)))
            row[[self.cells.index(c) for c in cells]] = form
            self.equations.append(row.ravel())
            self.values.append(sum(self.truth[c] @ form for c in cells))

    def read(self, frame, rate, *, dated):
        """Whoever prints a rate is taken to give both of its counts away; one of no date is of all of them."""
        for row in frame.to_dict("records"):
            parts = [self.names.index(row["as_of"])] if dated else range(len(self.names))
            form = np.zeros(2 * len(self.names))
            for part in parts:
                form[2 * part : 2 * part + 2] = 1
            if row[f"{rate}_text"] != "masked":
                self.say((row["attribute"], row["group"]), form)
                self.say((row["attribute"], row["group"]), form * np.array([1, 0] * len(self.names)))

    def width(self, cell, place):
        if not self.equations:
            return np.inf  # nothing is printed
        target = np.zeros((len(self.cells), 2 * len(self.names)))
        target[self.cells.index(cell), place] = 1
        return feasible_range(self.equations, self.values, target.ravel()).width


def attack(seed, n, rare, reach, dates=6):
    rows, groups = county(seed, n, rare, reach, dates)
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    positive = ((rows["label"] == 1) & rows["onset"]).to_numpy()
    every = np.ones(len(rows), dtype=bool)
    asked = 0
    for rate, inside in (
        ("recall", (positive, rows["listed"].to_numpy())),
        ("not_scored", (every, rows["score"].isna().to_numpy())),
    ):
        attacker = Attacker(frames, rows, groups, inside)
        attacker.read(frames["by_group"] if rate == "recall" else frames["not_scored"], rate, dated=False)
        attacker.read(frames["overall"], rate, dated=False)
        attacker.read(frames["by_term"], rate, dated=True)
        printed = frames["by_term"].set_index(["attribute", "group"])[f"{rate}_text"]
        for cell in attacker.cells:
            # Of a group that is printed no part is of a few; of one that is not each such part stays open.
            dark = (printed[cell] == "masked").all()
            for place, few in enumerate(attacker.students[cell]):
                if 1 <= few <= 10:
                    asked += 1
                    assert dark, (rate, cell, place, few)
                    assert attacker.width(cell, place) >= 10, (rate, cell, place, few)
            assert dark or not (printed[cell] == "masked").any()
    return asked, frames["by_term"]


@pytest.mark.parametrize(("seed", "n", "rare"), [(1, 700, 40), (2, 400, 8)])
def test_no_masked_count_of_a_date_follows_from_all_that_is_printed(seed, n, rare):
    asked, _ = attack(seed, n, rare, 0.5)
    assert asked


def test_a_large_county_shows_its_groups_on_each_date():
    _, printed = attack(3, 1500, 300, 0.5)
    assert printed[printed["attribute"] != "grade_band"]["recall"].notna().all()


@pytest.mark.slow
@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000), st.integers(120, 900), st.integers(1, 80), st.floats(0.1, 0.9), st.integers(4, 7)
)
def test_no_masked_count_of_a_date_of_any_county_follows(seed, n, rare, reach, dates):
    attack(seed, n, rare, reach, dates)
