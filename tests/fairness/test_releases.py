"""Two audits of one school year: an attacker who has both, and the same linear solver."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from attacker import PARTS, Attacker, audited, counts, county, nested_county, related_county
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_county import long_groups
from scipy.sparse import block_diag, csr_array, vstack
from test_capacity_curve import county as sized_county

from early_id.evaluation import list_at_capacity
from early_id.exceptions import DataError
from early_id.fairness import Release, audit, audit_frame
from early_id.fairness._attack import find_ends
from early_id.fairness._capacity_curve import SIZES

PHASES = [phase for phase in Phase if phase is not Phase.shrink]


class Both:
    """What two audits of the same students tell together: how many there are, and how many have the outcome, is one."""

    def __init__(self, frames, truths):
        self.attackers = [Attacker(frame, truth) for frame, truth in zip(frames, truths, strict=True)]
        first, second = self.attackers
        assert first.cells == second.cells
        self.width = len(first.cells) * PARTS
        same = [
            np.concatenate([first.form(cell, measure), -second.form(cell, measure)])
            for cell in first.cells
            for measure in ("students", "outcome")
        ]
        own = block_diag([csr_array(np.array(attacker.equations)) for attacker in self.attackers])
        self.equations = csr_array(vstack([own, csr_array(np.array(same))]))
        self.values = [*first.values, *second.values, *np.zeros(len(same))]

    def range(self, turn, cell, measure):
        target = np.zeros(2 * self.width)
        target[turn * self.width : (turn + 1) * self.width] = self.attackers[turn].form(cell, measure)
        return find_ends(self.equations, self.values, target).range


def drawn_again(truth, seed, reach):
    """The same students and outcomes, listed by another model."""
    rng = np.random.default_rng([seed, 7])
    listed = (rng.random(len(truth)) < np.where(truth["outcome"], reach, 0.15)) & ~truth["silent"]
    return truth.assign(listed=listed)


def exposed(truth, again, first, second):
    """List what is of 1–10 students and can be worked out from both audits, and how much was asked."""
    truths = [truth, again]
    both = Both([first.published(), second.published()], truths)
    found, asked = [], 0
    for turn, own in enumerate(truths):
        for cell in both.attackers[0].cells:
            if cell[0] == ("grade_band", "district"):
                continue
            single = len(cell[0]) == 1
            true = counts(own, cell)
            for measure in true if single else ("students", "reached", "missed"):
                if 1 <= true[measure] <= 10:
                    asked += 1
                    low, high = both.range(turn, cell, measure)
                    assert low <= true[measure] <= high
                    # Margins alone narrow a crossed cell; what may not happen is that it is pinned down.
                    if high - low < (10 if single else 1):
                        found.append((turn, cell, measure, true[measure], low, high))
    return found, asked


def attack(truth, again):
    first = audited(truth)
    second = audited(again, earlier=[first.release])
    found, asked = exposed(truth, again, first, second)
    assert asked
    assert not found
    return first, second


def masked(audit, name="by_group"):
    frame = audit.published()[name]
    return {
        (row["attribute"], row["group"], row.get("as_of"), column)
        for row in frame.to_dict("records")
        for column in frame.filter(like="_text").columns
        if row[column] == "masked"
    }


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_no_masked_count_follows_from_two_audits(seed):
    truth = county(seed, 300 * seed, [("one", 6), ("two", 3)], base_rate=0.4, reach=0.5)
    first, second = attack(truth, drawn_again(truth, seed, 0.7))
    assert masked(first) <= masked(second)


def two_sizes(seed, n, rare, capacities, **how):
    """Audit the same scores at one size of the list and then at another."""
    rows, groups = sized_county(seed, n, rare, capacity=capacities[0], **how)
    backtest = SimpleNamespace(predictions=rows.assign(contestant="one"), deployable="one")
    first = audit(backtest, groups=groups, capacity=capacities[0], replicates=100)
    second = audit(backtest, groups=groups, capacity=capacities[1], replicates=100, earlier=[first.release])
    return rows, groups, first, second


class BothSizes:
    """What both audits print of single groups, all sizes of their curves too, as equations in the parts of each group.

    A part is the rows that the same lists hold: a reader knows that a longer list holds a shorter one of the same scores.
    """

    def __init__(self, rows, groups, audits, capacities):
        lists = {f"{size}%": list_at_capacity(rows, f"{size}%") for size in SIZES}
        lists |= {capacity: list_at_capacity(rows, capacity) for capacity in capacities}
        self.lists = list(lists)
        wide = groups.pivot_table(index="student_id", columns="attribute", values="value", aggfunc="first")
        own = rows[["student_id", "label"]].assign(**lists).join(wide, on="student_id")
        self.keys = sorted(set(own[["label", *lists]].itertuples(index=False, name=None)))
        part = own[["label", *lists]].apply(tuple, axis=1).map({key: i for i, key in enumerate(self.keys)})
        self.truth = {
            (attribute, group): np.bincount(part[own[attribute] == group], minlength=len(self.keys))
            for attribute in wide.columns
            for group in wide[attribute].unique()
        }
        self.place = {cell: number for number, cell in enumerate(self.truth)}
        self.equations, self.values = [], []
        for found, capacity in zip(audits, capacities, strict=True):
            frames = found.published()
            for name in ("by_group", "overall"):
                for row in frames[name].to_dict("records"):
                    self.read(row, capacity)
            for row in frames["capacity_curve"].to_dict("records"):
                self.read(row, f"{row['percent']}%")

    def form(self, measure, capacity):
        place = 1 + self.lists.index(capacity)

        def inside(key):
            positive, listed = key[0] == 1, bool(key[place])
            return {
                "eligible": True, "positive": positive, "listed": listed, "reached": listed and positive,
                "missed": not listed and positive, "not_listed": not listed,
                "listed_negative": listed and not positive,
            }[measure]  # fmt: skip

        return np.array([float(inside(key)) for key in self.keys])

    def read(self, row, capacity):
        cell = (row["attribute"], row["group"])
        if cell not in self.place and cell[0] != "all":
            return
        known = set()
        known |= {"eligible"} if pd.notna(row.get("students")) else set()
        known |= {"positive"} if pd.notna(row.get("students_with_outcome")) else set()
        for column, names in (
            ("recall", ("positive", "reached")),
            ("selection_rate", ("eligible", "listed")),
            ("precision", ("listed", "reached")),
        ):
            known |= set(names) if row[f"{column}_text"] != "masked" else set()
        for measure in known:
            form = self.form(measure, capacity)
            for attribute in ("one", "two") if cell[0] == "all" else (None,):
                cells = [cell] if attribute is None else [one for one in self.place if one[0] == attribute]
                line = np.zeros((len(self.place), len(self.keys)))
                for one in cells:
                    line[self.place[one]] = form
                self.equations.append(line.ravel())
                self.values.append(float(sum(form @ self.truth[one] for one in cells)))

    def width(self, cell, form):
        target = np.zeros((len(self.place), len(self.keys)))
        target[self.place[cell]] = form
        return find_ends(csr_array(np.array(self.equations)), self.values, target.ravel()).range.width

    def exposed(self, capacities):
        """List what is of 1–10 students and can be worked out, and how much was asked."""
        first, second = capacities
        forms = {
            (measure, capacity): self.form(measure, capacity)
            for measure in ("listed", "not_listed", "reached", "missed", "listed_negative")
            for capacity in capacities
        }
        forms["more reached"] = np.clip(self.form("reached", second) - self.form("reached", first), 0, 1)
        forms["less reached"] = np.clip(self.form("reached", first) - self.form("reached", second), 0, 1)
        asked = [
            (cell, name) for cell, own in self.truth.items() for name in forms if 1 <= forms[name] @ own <= 10
        ]
        return [(cell, name) for cell, name in asked if self.width(cell, forms[name]) < 10], len(asked)


@pytest.mark.parametrize(
    ("seed", "capacities"),
    [(1, ("6%", "8%")), *(pytest.param(seed, ("12%", "6%"), marks=pytest.mark.slow) for seed in (2, 3))],
)
def test_two_list_sizes_of_the_same_scores_do_not_tell_by_whom_they_differ(seed, capacities):
    rows, groups, first, second = two_sizes(seed, 800, 12, capacities)
    exposed, asked = BothSizes(rows, groups, (first, second), capacities).exposed(capacities)
    assert asked
    assert not exposed
    sizes = [set(found.published()["capacity_curve"]["percent"]) for found in (first, second)]
    assert sizes[1] <= sizes[0]


@pytest.mark.slow
def test_masks_made_apart_would_tell():
    """The attack is one that succeeds where the second audit knows nothing of the first."""
    truth = related_county(4731)
    again = drawn_again(truth, 4731, 0.456)
    assert exposed(truth, again, audited(truth), audited(again))[0]


@pytest.mark.slow
def test_masks_made_in_turn_do_not_tell_what_those_made_apart_would():
    truth = related_county(4731)
    attack(truth, drawn_again(truth, 4731, 0.456))


@pytest.mark.slow
@settings(max_examples=5, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.sampled_from(["plain", "nested", "related"]),
    st.integers(100, 600),
    st.integers(1, 25),
    st.floats(0.2, 0.5),
    st.floats(0.3, 0.8),
)
def test_no_masked_count_of_any_county_follows_from_two_audits(seed, kind, n, small, base_rate, reach):
    truth = {
        "plain": lambda: county(seed, n, [("one", small)], base_rate, 0.5),
        "nested": lambda: nested_county(seed, n, small, base_rate, 0.5),
        "related": lambda: related_county(seed),
    }[kind]()
    attack(truth, drawn_again(truth, seed, reach))


@pytest.fixture(scope="module")
def in_turn():
    """Audit the same students by four lists: the second and third each after all before, the fourth like the first."""
    truth = county(5, 240, [("one", 6)], base_rate=0.4, reach=0.5)
    truths = [truth, drawn_again(truth, 5, 0.7), drawn_again(truth, 6, 0.4), truth]
    audits = []
    for own in truths:
        audits.append(audited(own, earlier=[found.release for found in audits]))
    return audits


def test_what_one_audit_masks_stays_masked_in_all_that_follow(in_turn):
    first, second, third, _ = in_turn
    assert [found.about.get("earlier_audits") for found in in_turn] == [None, 1, 2, None]
    for name in ("by_group", "not_scored", "lead_time"):
        assert masked(first, name) <= masked(second, name) <= masked(third, name)
    shown = [
        set(map(tuple, found.published()["intersections"][["attribute", "group"]].to_numpy()))
        for found in in_turn
    ]
    assert shown[2] <= shown[1] <= shown[0]


def test_the_same_audit_again_is_the_same_to_the_byte_whatever_came_between(in_turn):
    assert in_turn[3].to_json() == in_turn[0].to_json()
    assert in_turn[3].release.counted == in_turn[0].release.counted


def test_a_release_is_read_as_it_was_written(in_turn):
    for found in in_turn:
        text = found.release.to_json()
        read = Release.from_json(text)
        assert read.to_json() == text
        assert read.counted == found.release.counted
        assert read.pieces == found.release.pieces


def test_later_students_do_not_unmask_a_group(in_turn):
    """Rows that came since: the counts are others, and what was masked stays so even where it is no longer small."""
    truth = county(5, 240, [("one", 6)], base_rate=0.4, reach=0.5)
    more = county(99, 60, [("one", 30)], base_rate=0.4, reach=0.5)
    more["student_id"] = "t" + more["student_id"]
    both = pd.concat([truth, more], ignore_index=True)
    alone, after = audited(both), audited(both, earlier=[in_turn[0].release])
    assert masked(in_turn[0]) <= masked(after)
    assert not masked(in_turn[0]) <= masked(alone)


def other_list():
    return drawn_again(county(5, 240, [("one", 6)], base_rate=0.4, reach=0.5), 5, 0.7)


def of_year(year, earlier):
    rows, groups = sized_county(1, 240, 30)
    rows = rows if year is None else rows.assign(school_year=year)
    return audit_frame(rows, groups=groups, resampling=(100, 0), earlier=earlier)


def test_another_school_year_begins_anew_and_one_that_is_not_known_does_not():
    release = of_year(2031, []).release
    turned = replace(release, scores="other")  # else it would be the same audit again
    assert of_year(2030, [turned]).to_json() == of_year(2030, []).to_json()
    assert [of_year(year, [turned]).about.get("earlier_audits") for year in (2031, None)] == [1, 1]


def test_another_outcome_leaves_the_sizes_of_groups_masked(in_turn):
    """How many students a group has is the same by every outcome, so a partner that is printed would tell."""
    after = audited(other_list(), earlier=[replace(in_turn[0].release, label="other")])
    assert masked(in_turn[0], "not_scored") <= masked(after, "not_scored")
    for name in ("by_group", "not_scored"):
        first, second = (
            set(map(tuple, frame.loc[frame["students"].isna(), ["attribute", "group"]].to_numpy()))
            for frame in (in_turn[0].published()[name], after.published()[name])
        )
        assert first <= second


def of_size(rows, groups, capacity, earlier):
    listed = rows.assign(listed=list_at_capacity(rows, capacity).to_numpy())
    about = {"capacity": capacity}
    return audit_frame(listed, groups=groups, resampling=(100, 0), about=about, curve=True, earlier=earlier)


@pytest.mark.parametrize("changed", ["nothing", "an attribute more", "an outcome corrected"])
@pytest.mark.parametrize("capacities", [("10%", "11%"), ("10%", "30%")])
def test_no_printed_number_differs_by_few_between_two_sizes(changed, capacities):
    rows, groups = sized_county(5, 600, 60)
    rows["weeks_ahead"] = np.where(rows["label"] == 1, 3.0 + 17 * (np.arange(len(rows)) % 2), np.nan)
    first = of_size(rows, groups, capacities[0], [])
    if changed == "an attribute more":
        groups = pd.concat(
            [groups, long_groups(rows["student_id"].to_numpy(), "three", np.where(rows.index % 3, "f", "g"))]
        )
    if changed == "an outcome corrected":
        last = rows["score"].idxmin()
        rows.loc[last, "label"] = 1.0 - rows.loc[last, "label"]
    second = of_size(rows, groups, capacities[1], [first.release])
    compared = 0
    for name in ("by_group", "intersections", "overall"):
        both = first.published()[name].merge(second.published()[name], on=["attribute", "group"])
        for share in ("recall", "reached_once", "reached_early"):
            if f"{share}_x" in both:
                own = both.dropna(subset=[f"{share}_x", f"{share}_y"])
                reached = [
                    (own[f"{share}_{side}"] * own[f"students_with_outcome_{side}"].astype(float)).round()
                    for side in "xy"
                ]
                difference = (reached[1] - reached[0]).abs()
                assert not difference.between(1, 10).any(), own.assign(difference=difference)
                compared += len(own)
    # One percent more of 600 students is six: then nothing at all may be printed of a group again.
    assert (compared > 0) == (capacities[1] == "30%")


def test_on_single_dates_no_printed_number_differs_by_few_either():
    rows, groups = sized_county(5, 900, 90, weeks=6, signal=0.05)
    first = of_size(rows, groups, "20%", [])
    printed = []
    for earlier in ([], [first.release]):
        second = of_size(rows, groups, "22%", earlier)
        both = first.published()["by_term"].merge(
            second.published()["by_term"], on=["as_of", "attribute", "group"]
        )
        own = both.dropna(subset=["recall_x", "recall_y"])
        reached = [
            (own[f"recall_{side}"] * own[f"students_with_outcome_{side}"].astype(float)).round()
            for side in "xy"
        ]
        printed.append((reached[1] - reached[0]).abs().between(1, 10))
    # Without the first release the second audit would print such numbers.
    assert printed[0].any()
    assert not printed[1].any()


def test_scores_that_give_the_same_lists_are_the_same_scores():
    rows, groups = sized_county(5, 300, 30)
    bent = rows.assign(score=rows["score"] ** 2)
    releases = [of_size(own, groups, "10%", []).release for own in (rows, bent, rows.iloc[::-1])]
    assert (
        len({release.scores for release in releases}) == len({release.counted for release in releases}) == 1
    )


def test_a_release_with_other_counts_is_refused(in_turn):
    content = json.loads(in_turn[0].release.to_json())
    content["pieces"]["recall"][0][2].pop()
    with pytest.raises(DataError, match="other counts than early, reached_later"):
        Release.from_json(json.dumps(content))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "pieces": {"recall": [[1]]}}']
)
def test_what_is_no_release_is_refused_in_a_sentence(text):
    with pytest.raises(DataError, match="Expected what an earlier audit counted and hid"):
        Release.from_json(text)
