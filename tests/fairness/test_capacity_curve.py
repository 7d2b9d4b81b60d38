"""Other sizes of the list: the same numbers as an audit at that size, and nothing masked that follows from all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_county import FIRST_DAY, long_groups

from early_id.evaluation import list_at_capacity
from early_id.fairness import audit_frame, feasible_range
from early_id.fairness._capacity_curve import SIZES

PHASES = [phase for phase in Phase if phase is not Phase.shrink]
FORMS = ("listed", "not_listed", "reached", "missed", "listed_negative", "unlisted_negative")


def county(seed, n, rare, *, base_rate=0.35, weeks=1, capacity="6%", signal=0.3):
    """One school whose scores tell something, with two attributes of which one has a rare group."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"s{number:04d}" for number in range(n)])
    outcome = rng.random(n) < base_rate
    one = rng.choice(["a", "b"], n)
    two = rng.choice(["c", "d", "e"], n).astype(object)
    two[rng.choice(n, rare, replace=False)] = "rare"
    parts = []
    for week in range(weeks):
        score = np.clip(signal * outcome + rng.normal(0.4, 0.2, n), 0, 1)
        parts.append(
            pd.DataFrame(
                {
                    "student_id": ids, "school_id": rng.choice(["north", "south"], n) if not week else parts[0]["school_id"],
                    "district_id": "d", "as_of": FIRST_DAY + pd.Timedelta(days=7 * week), "grade_level": 3,
                    "score": score, "label": outcome.astype(float), "onset": True,
                }
            )
        )  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    rows["listed"] = list_at_capacity(rows, capacity)
    return rows, pd.concat([long_groups(ids, "one", one), long_groups(ids, "two", two)])


def parts_of(rows, groups, first):
    """Count, for each group, the rows in each part: with the outcome or not, smallest list, real list or not."""
    wide = groups.pivot_table(index="student_id", columns="attribute", values="value", aggfunc="first")
    own = rows.join(wide, on="student_id").assign(first=first)
    keys = sorted(set(zip(own["label"], own["first"], own["listed"], strict=True)))
    place = {key: number for number, key in enumerate(keys)}
    own["part"] = [place[key] for key in zip(own["label"], own["first"], own["listed"], strict=True)]
    found = {}
    for attribute in wide.columns:
        for group, part in own.groupby(attribute):
            found[attribute, group] = np.bincount(part["part"], minlength=len(keys))
    return keys, found


def chosen(keys, measure, size):
    """Give the parts a measure is made of; `size` is the place of a list size, or None for the real list."""

    def inside(key):
        positive, first, listed = key
        on_list = listed if size is None else first <= size
        return {
            "eligible": True, "positive": positive == 1, "listed": on_list, "not_listed": not on_list,
            "reached": on_list and positive == 1, "missed": not on_list and positive == 1,
            "listed_negative": on_list and positive == 0, "unlisted_negative": not on_list and positive == 0,
        }[measure]  # fmt: skip

    return np.array([float(inside(key)) for key in keys])


class Attacker:
    """Everything printed of all sizes and of the audit itself, as equations in the parts of each group."""

    def __init__(self, published, keys, truth):
        self.keys, self.cells = keys, list(truth)
        self.place = {cell: number for number, cell in enumerate(self.cells)}
        self.equations, self.values = [], []
        self.truth = truth
        whole = sum(own for (attribute, _), own in truth.items() if attribute == "one")
        for frame, size_of in ((published["by_group"], None), (published["overall"], None)):
            for row in frame.to_dict("records"):
                self.read(row, size_of, whole)
        for row in published["capacity_curve"].to_dict("records"):
            self.read(row, SIZES.index(row["percent"]), whole)

    def read(self, row, size, whole):
        """A rate of 3 digits on a few hundred rows gives the count away, so the true count is what is known."""
        cell = (row["attribute"], row["group"])
        if cell not in self.place and cell[0] != "all":
            return
        known = []
        if pd.notna(row.get("students")):
            known.append("eligible")
        if pd.notna(row.get("students_with_outcome")):
            known.append("positive")
        if row["recall_text"] != "masked":
            known += ["positive", "reached"]
        if row["selection_rate_text"] != "masked":
            known += ["eligible", "listed"]
        if row["precision_text"] != "masked":
            known += ["listed", "reached"]
        for measure in known:
            form = chosen(self.keys, measure, size)
            if cell[0] == "all":
                for attribute in ("one", "two"):
                    self.say([(other, form) for other in self.cells if other[0] == attribute], form @ whole)
            else:
                self.say([(cell, form)], form @ self.truth[cell])

    def say(self, forms, value):
        row = np.zeros((len(self.cells), len(self.keys)))
        for cell, form in forms:
            row[self.place[cell]] = form
        self.equations.append(row.ravel())
        self.values.append(float(value))

    def width(self, cell, form):
        target = np.zeros((len(self.cells), len(self.keys)))
        target[self.place[cell]] = form
        return feasible_range(self.equations, self.values, target.ravel()).width


def ask(attacker, cell, counts, form):
    """Try to work out a difference of a few; what is the same for everybody that few is no secret of a group."""
    few = 1 <= form @ counts <= 10
    if few:
        assert attacker.width(cell, form) >= 10, (cell, form, form @ counts)
    return few


def attack(seed, n, rare, **how):
    rows, groups = county(seed, n, rare, **how)
    published = audit_frame(rows, groups=groups, resampling=(100, 0), curve=True).published()
    first = np.full(len(rows), len(SIZES))
    for place in reversed(range(len(SIZES))):
        first[list_at_capacity(rows, f"{SIZES[place]}%").to_numpy()] = place
    keys, truth = parts_of(rows, groups, first)
    attacker = Attacker(published, keys, truth)
    sizes = [SIZES.index(percent) for percent in published["capacity_curve"]["percent"].unique()]
    asked = 0
    for cell, counts in truth.items():
        for size in sizes:
            for measure in FORMS:
                form = chosen(keys, measure, size)
                if 1 <= form @ counts <= 10:
                    asked += 1
                    assert attacker.width(cell, form) >= 10, (cell, SIZES[size], measure, form @ counts)
        # What two sizes, or a size and the real list, tell by their difference.
        for low, high in pairwise([*sizes]):
            asked += ask(attacker, cell, counts, chosen(keys, "reached", high) - chosen(keys, "reached", low))
            asked += ask(attacker, cell, counts, chosen(keys, "listed", high) - chosen(keys, "listed", low))
        for size in sizes:
            for one, other in ((size, None), (None, size)):
                beyond = np.clip(chosen(keys, "reached", one) - chosen(keys, "reached", other), 0, 1)
                asked += ask(attacker, cell, counts, beyond)
    return sizes, asked, published["capacity_curve"]


@pytest.mark.parametrize(("seed", "n", "rare"), [(1, 900, 20), (2, 800, 6)])
def test_no_masked_count_follows_from_all_sizes_together(seed, n, rare):
    sizes, asked, curve = attack(seed, n, rare)
    assert sizes
    assert asked
    assert (curve["verdict"] == "suppressed").any()


def test_a_large_county_shows_its_curves():
    sizes, _, curve = attack(5, 3000, 60, base_rate=0.4, signal=0.05)
    # The shortest lists hold few of a group of 1,500 who need outreach, and so do the steps between them.
    assert len(sizes) > 4
    assert sizes[-1] == len(SIZES) - 1
    groups = curve[curve["attribute"] == "one"]
    assert groups["recall"].notna().all()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.integers(150, 900),
    st.integers(1, 40),
    st.floats(0.15, 0.6),
    st.sampled_from(["2%", "6%", "10%", "17%"]),
)
def test_no_masked_count_of_any_county_follows_from_all_sizes(seed, n, rare, base_rate, capacity):
    attack(seed, n, rare, base_rate=base_rate, capacity=capacity)


@pytest.fixture(scope="module")
def weeks():
    return county(3, 1200, 60, weeks=3)


@pytest.mark.parametrize("percent", [5, 20])
def test_a_size_says_what_an_audit_at_that_size_says(weeks, percent):
    rows, groups = weeks
    curve = audit_frame(rows, groups=groups, resampling=(200, 0), curve=True).capacity_curve
    direct = audit_frame(
        rows.assign(listed=list_at_capacity(rows, f"{percent}%")), groups=groups, resampling=(200, 0)
    )
    own = curve[curve["percent"] == percent].set_index(["attribute", "group"])
    other = direct.by_group.set_index(["attribute", "group"])
    shared = own.index.intersection(other.index)
    assert {name for name, _ in shared} == {"one", "two"}
    for name in ("recall", "recall_low", "recall_high", "precision", "selection_rate"):
        np.testing.assert_array_equal(own.loc[shared, name], other.loc[shared, name])
    assert own.loc[("all", "everyone"), "recall"] == direct.overall["recall"]
    gaps = direct.verdicts[direct.verdicts["metric"] == "recall"].set_index(["attribute", "group"])
    np.testing.assert_array_equal(own.loc[shared, "gap"], gaps.loc[shared, "gap"])


def test_longer_lists_reach_more_and_the_longest_most(weeks):
    rows, groups = weeks
    curve = audit_frame(rows, groups=groups, resampling=(100, 0), curve=True).capacity_curve
    for _, own in curve.sort_values("percent").groupby(["attribute", "group"]):
        assert own["recall"].is_monotonic_increasing


def test_where_no_outcome_is_known_there_is_no_curve_to_print(weeks):
    rows, groups = weeks
    found = audit_frame(rows.assign(label=np.nan), groups=groups, resampling=(100, 0), curve=True)
    assert found.published()["capacity_curve"].empty


def test_lists_that_no_score_drew_have_no_curve(weeks):
    rows, groups = weeks
    found = audit_frame(rows, groups=groups, resampling=(100, 0))
    assert found.capacity_curve.empty
    assert found.published()["capacity_curve"].empty
