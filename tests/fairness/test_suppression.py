"""An attacker with everything that was published, and a linear solver."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from attacker import ATTRIBUTES, Attacker, counts, county, nested_county, published, read, related_county
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from made_county import make_rows

from early_id.exceptions import DataError
from early_id.fairness import audit_frame, feasible_range

# A county cannot be made simpler by halving its seed, so nothing is shrunk.
PHASES = [phase for phase in Phase if phase is not Phase.shrink]


def attack(truth):
    frames = published(truth)
    if pd.notna(frames["overall"]["not_scored"][0]):
        attack_scores(frames, truth)
    check_words(frames)
    attacker = Attacker(frames, truth)
    for cell in attacker.cells:
        single = len(cell[0]) == 1
        if cell[0] == ("grade_band", "district"):
            continue  # no cell of a table: not printed, and to every reader a sum of schools
        true = counts(truth, cell)
        for measure in true if single else ("students", "reached", "missed"):
            if 1 <= true[measure] <= 10:
                low, high = attacker.range(cell, measure)
                assert low <= true[measure] <= high
                # Margins alone narrow a crossed cell; what may not happen is that it is pinned down.
                assert high - low >= (10 if single else 1), (cell, measure, true[measure], low, high)
        for measure in {"students", "outcome"} - attacker.known.get(cell, {}).keys() if single else ():
            assert attacker.range(cell, measure).width >= 1, (cell, measure)
    for frame in (frames["by_group"], frames["intersections"]):
        check_printed(frame, truth)


def attack_scores(frames, truth):
    """The same for how many have no score: only single groups are printed, and their total."""
    frame = frames["not_scored"]
    own = [name for name in ATTRIBUTES if name in truth]
    frame = frame.loc[frame["attribute"].isin(own)].reset_index(drop=True)
    true = [
        truth.loc[truth[a] == g, "silent"].sum()
        for a, g in zip(frame["attribute"], frame["group"], strict=True)
    ]
    sizes = [(truth[a] == g).sum() for a, g in zip(frame["attribute"], frame["group"], strict=True)]
    shown = frame["students"].notna() & frame["not_scored"].notna()
    equations = [np.eye(len(frame))[place] for place in np.flatnonzero(shown)]
    values = [round(frame["not_scored"][place] * frame["students"][place]) for place in np.flatnonzero(shown)]
    for attribute in own:
        equations.append((frame["attribute"] == attribute).to_numpy(dtype=float))
        values.append(float(truth["silent"].sum()))
    for place, (count, size) in enumerate(zip(true, sizes, strict=True)):
        if shown[place]:
            assert not 1 <= count <= 10
            assert not 1 <= size - count <= 10
        elif 1 <= count <= 10:
            assert feasible_range(equations, values, np.eye(len(frame))[place]).width >= 10


def check_printed(frame, truth):
    for _, row in frame.iterrows():
        names, groups = (tuple(text.split(" × ")) for text in (row["attribute"], row["group"]))
        if not set(names) <= set(truth.columns):
            continue
        true, shown = counts(truth, (names, groups)), read(row)
        for measure, value in shown.items():
            assert value == true[measure]
            assert not 1 <= value <= 10
        if "reached" in shown:
            assert not 1 <= true["missed"] <= 10
        if "early" in shown:
            assert not 1 <= true["not_early"] <= 10
        if {"reached", "listed"} <= shown.keys():
            assert not 1 <= true["listed_negative"] <= 10


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_no_masked_count_can_be_worked_out(seed):
    attack(county(seed, 300 * seed, [("one", 6), ("two", 3)], base_rate=0.4, reach=0.5))


@pytest.mark.parametrize("small", [pytest.param(6, marks=pytest.mark.slow), 25])
def test_no_masked_school_can_be_worked_out_from_its_district_and_grades(small):
    truth = nested_county(small, 500, small, base_rate=0.4, reach=0.5)
    attack(truth)
    crossed = set(published(truth)["intersections"]["attribute"])
    assert "grade_band × district" not in crossed
    assert crossed & {"one × district", "one × grade_band"}


def test_a_crossing_whose_cells_are_groups_of_a_third_attribute_is_not_printed():
    # `third` names each combination of `one` and `two`; beside it their crossing would be the same numbers again.
    truth = county(3, 900, [], base_rate=0.5, reach=0.5)
    truth["three"] = truth["one"] + np.where(truth["two"] == "c", "c", "other")
    crossed = set(published(truth)["intersections"]["attribute"])
    assert not any("one × two" in name for name in crossed)
    attack(truth)


@pytest.mark.parametrize("seed", [21, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (15, 35))])
def test_a_list_without_mistakes_does_not_give_away_whom_it_missed(seed):
    # Everybody listed has the outcome: whoever has it and was not listed was missed.
    truth = county(seed, 250, [("one", 12)], base_rate=0.35, reach=0.85)
    truth["listed"] &= truth["outcome"]
    attack(truth)


def test_crossed_groups_do_not_narrow_what_is_hidden_of_single_ones():
    # x is part of f. Of 18 reached early in f at most 12 are not in x, as f × x would tell; with y, x has 15 of them.
    attack(related_county(220))


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.integers(100, 900),
    st.integers(1, 40),
    st.floats(0.1, 0.6),
    st.floats(0.2, 0.8),
)
def test_no_masked_school_of_any_county_can_be_worked_out(seed, n, small, base_rate, reach):
    attack(nested_county(seed, n, small, base_rate, reach))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.integers(60, 950),
    st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(1, 25)), min_size=1, max_size=2),
    st.floats(0.1, 0.6),
    st.floats(0.2, 0.8),
)
# Every group of the attribute hides who was reached, and those reached early bound those missed.
@example(67, 475, [("one", 1)], 0.1272072825188221, 0.65)
# Those reached bound those reached early, while the masked total leaves too little room for those listed.
@example(53, 229, [("two", 19), ("three", 2)], 0.5632433223867302, 0.23284709713849078)
def test_no_masked_count_of_any_county_can_be_worked_out(seed, n, rare, base_rate, reach):
    attack(county(seed, n, rare, base_rate, reach))


@pytest.mark.parametrize(
    ("share", "partner"),
    [
        ({"no": 0.69, "yes": 0.3, "small": 0.01}, "no"),
        ({"no": 0.49, "yes": 0.4, "unknown": 0.1, "small": 0.01}, "unknown"),
        ({"A": 0.4, "B": 0.5, "D": 0.09, "small": 0.01}, "B"),
        # D has fewer than 30 students and is never judged: least is lost with it.
        ({"A": 0.4, "B": 0.555, "D": 0.035, "small": 0.01}, "D"),
    ],
)
def test_a_single_masked_group_takes_the_one_with_it_that_is_missed_least(share, partner):
    rows, groups = make_rows(
        600, recall=dict.fromkeys(share, 0.5), share=share, base_rate=0.95, not_scored=0.0
    )
    rows["label"] = 1.0
    rows["listed"] = np.arange(len(rows)) % 2 == 0
    assert (groups["value"] == "small").sum() <= 10
    frame = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["by_group"]
    frame = frame.loc[frame["attribute"] == "team"].set_index("group")
    assert set(frame.index[frame["students"].isna()]) == {partner, "small"}
    assert frame.loc[["small", partner], "recall_text"].eq("masked").all()


@pytest.mark.parametrize("behind", ["no", "yes"])
def test_a_gap_is_printed_with_its_number_and_another_group_hidden_instead(behind):
    recall = {"no": 0.7, "yes": 0.7, "small": 0.7} | {behind: 0.4}
    rows, groups = make_rows(3000, recall=recall, share={"no": 0.5, "yes": 0.498, "small": 0.002})
    assert 0 < (groups["value"] == "small").sum() <= 10
    verdicts = audit_frame(rows, groups=groups, resampling=(200, 0)).published()["verdicts"]
    own = verdicts.query("metric == 'recall' and attribute == 'team'").set_index("group")
    assert own.loc[behind, "verdict"] == "gap"
    assert own.loc[behind, "gap"] == pytest.approx(-0.3, abs=0.06)
    assert own.loc[[name for name in recall if name != behind], "verdict"].eq("suppressed").all()


def test_a_single_small_crossed_cell_is_not_left_alone():
    # Every group is large and only three students are both a and c: the margins alone would give them away.
    truth = county(7, 1800, [], base_rate=0.5, reach=0.5)
    both = truth.index[(truth["one"] == "a") & (truth["two"] == "c")]
    truth = truth.drop(both[3:]).reset_index(drop=True)
    frame = published(truth)["intersections"]
    shown = set(frame.loc[frame["attribute"].isin(["one × two", "two × one"]), "group"])
    assert shown
    assert len(shown) <= 2
    attack(truth)


@pytest.mark.parametrize(("reached", "text"), [(10, "masked"), (11, "50.0 %")])
def test_ten_students_are_masked_and_eleven_are_not(reached, text):
    rows, groups = make_rows(600, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    own = rows.index[team == "B"]
    rows.loc[own, ["label", "listed"]] = [0.0, False]
    rows.loc[own[: 2 * reached], "label"] = 1.0
    rows.loc[own[:reached], "listed"] = True
    frame = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["by_group"].set_index("group")
    assert frame.loc["B", "recall_text"] == text


@pytest.mark.parametrize(
    ("positives", "reached", "text", "printed"),
    [(60, 0, "< 5 %", False), (60, 60, "> 95 %", False), (120, 0, "0.0 %", True), (60, 30, "50.0 %", True)],
)
def test_shares_near_none_and_all_are_words_below_a_hundred_students(positives, reached, text, printed):
    rows, groups = make_rows(700, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    own = rows.index[team == "B"]
    rows.loc[own, ["label", "listed"]] = [0.0, False]
    rows.loc[own[:positives], "label"] = 1.0
    rows.loc[own[:reached], "listed"] = True
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    row = frames["by_group"].set_index("group").loc["B"]
    assert row["recall_text"] == text
    assert np.isfinite(row[["recall", "recall_low", "recall_high"]].astype(float)).all() == printed
    gaps = frames["gaps"].query(
        "metric == 'recall' and attribute == 'team' and group == 'B' and family == 'single'"
    )
    assert len(gaps) == printed


def test_both_tables_hide_the_same_group_sizes():
    # C has 40 students, but for 35 of them the outcome is not known yet: its size is hidden beside the recall, with a
    # partner, so neither size may stand beside the share without a score.
    rows, groups = make_rows(900, recall=dict.fromkeys("ABC", 0.5), share={"A": 0.25, "B": 0.7, "C": 0.05})
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    rows.loc[rows.index[team == "C"][5:], "label"] = np.nan
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    hidden = [
        set(frame.loc[frame["students"].isna(), "group"])
        for frame in (frames["by_group"], frames["not_scored"])
    ]
    assert hidden == [{"B", "C"}, {"B", "C"}]


def check_words(frames, tolerance=0.05):
    """The verdict words tell no more than the printed numbers.

    Every masked group reads "suppressed", and no other; but for a share without a score that the printed totals
    leave no room to differ, whatever the masked number is.
    """
    for metric, frame in (("recall", frames["by_group"]), ("not_scored", frames["not_scored"])):
        masked = frame[f"{metric}_text"].eq("masked") | frame["students"].isna()
        if "students_with_outcome" in frame:
            masked |= frame["students_with_outcome"].isna()
        if frames["overall"][f"{metric}_text"][0] == "masked":
            masked[:] = True
        if metric == "not_scored":
            masked &= ~settled_by_totals(frames, tolerance)
        verdicts = frames["verdicts"].query("metric == @metric").set_index(["attribute", "group"])["verdict"]
        cells = zip(frame["attribute"], frame["group"], strict=True)
        judged = {cell: hidden for cell, hidden in zip(cells, masked, strict=True) if cell in verdicts.index}
        assert {cell for cell, hidden in judged.items() if hidden} == set(
            verdicts.index[verdicts == "suppressed"]
        )


def settled_by_totals(frames, tolerance):
    """Groups and complements that, with every student without a score in either, would differ by the tolerance at most."""
    everyone = frames["overall"].iloc[0]
    reasons = frames["not_scored_reasons"]["students"]
    most = reasons.fillna(10).sum()
    if everyone["not_scored_text"] == "masked" and everyone["students"] - most > 10:
        most = min(most, 10)
    own = frames["not_scored"]["students"].astype(float)
    return (most / own <= tolerance) & (most / (everyone["students"] - own) <= tolerance)


def test_a_masked_group_reads_suppressed_whether_it_is_small_or_protects_a_small_one():
    # Of about 60 students of B with the outcome hardly one is reached: few enough to be hidden, and a plain gap.
    rows, groups = make_rows(
        4000, recall={"A": 0.8, "B": 0.05}, share={"A": 0.97, "B": 0.03}, base_rate=0.5, seed=6
    )
    result = audit_frame(rows, groups=groups, resampling=(200, 0))
    verdicts = result.published()["verdicts"].query("metric == 'recall'").set_index("group")
    assert verdicts.loc[["A", "B"], "verdict"].tolist() == ["suppressed", "suppressed"]
    assert np.isnan(verdicts.loc["B", "gap"])
    assert verdicts.loc["B", "settled_by"] == ""
    check_words(result.published())
    # The gap of B is not printed, but the gate stays shut for it.
    decision = result.verdict()
    assert decision.hidden_gaps == 1
    assert not decision.can_open


@pytest.mark.parametrize("silent", [1, 10])
def test_where_the_total_is_masked_no_word_says_who_it_is(silent):
    # The same words whether one or ten are without a score, and wherever they are.
    rows, groups = make_rows(2000, share={"A": 0.88, "B": 0.12}, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    words = []
    for group in ("A", "B"):
        some = rows.copy()
        some.loc[rows.index[team == group][:silent], "score"] = np.nan
        frames = audit_frame(some, groups=groups, resampling=(100, 0)).published()
        assert frames["overall"]["not_scored_text"][0] == "masked"
        words.append(frames["verdicts"].query("metric == 'not_scored'").reset_index(drop=True))
    pd.testing.assert_frame_equal(*words)
    own = words[0].set_index("group")
    # Ten of 240 students are 4 %, of 1,760 less than 1 %: no difference beyond 5 points is possible.
    assert own.loc[["A", "B"], "verdict"].tolist() == ["pass", "pass"]
    assert own.loc["B", "note"] == "10 or fewer without a score"


def test_a_group_of_fewer_than_two_hundred_is_not_settled_by_a_masked_total():
    rows, groups = make_rows(2000, share={"A": 0.93, "B": 0.07}, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    rows.loc[:4, "score"] = np.nan
    assert (groups["value"] == "B").sum() < 200
    verdicts = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["verdicts"]
    own = verdicts.query("metric == 'not_scored' and attribute == 'team'")
    assert own["verdict"].eq("suppressed").all()
    assert own["note"].eq("").all()


def test_a_gap_without_a_printed_number_has_a_band():
    # Nobody of the 60 students of B with the outcome is reached: "< 5 %", so neither rate nor difference is printed.
    rows, groups = make_rows(700, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    own = rows.index[team == "B"]
    rows.loc[own, ["label", "listed"]] = [0.0, False]
    rows.loc[own[:60], "label"] = 1.0
    verdicts = audit_frame(rows, groups=groups, resampling=(200, 0)).published()["verdicts"]
    line = verdicts.query("metric == 'recall' and attribute == 'team'").set_index("group").loc["B"]
    assert (line["verdict"], line["note"]) == ("gap", "more than 5 points")
    assert np.isnan(line["gap"])


@pytest.mark.parametrize("reach", [0.1, 0.8])
def test_the_published_decision_does_not_tell_which_way_a_suppressed_group_points(reach):
    rows, groups = make_rows(
        4000, recall={"A": 0.8, "C": reach}, share={"A": 0.985, "C": 0.015}, base_rate=0.5, seed=6
    )
    result = audit_frame(rows, groups=groups, resampling=(200, 0))
    assert result.verdict().hidden_gaps == (reach < 0.5)
    decision = json.loads(result.to_json())["decision"]
    assert decision["may_hide_gaps"]
    assert not decision["can_open"]
    assert "hidden_gaps" not in decision
    assert str(result.verdict()).endswith("could not be judged, 4 of them in groups too small to print")


@pytest.mark.parametrize("reached", [0, 15])
def test_all_others_are_masked_and_clipped_like_the_group_they_are(reached):
    # 60 students of B with the outcome, none of them reached, or 15 of them once in 40 weeks: B prints "< 5 %", so
    # the line of A may not print the rate of all others, nor anything it follows from.
    rows, groups = make_rows(700, dates=40, recall={"A": 0.5, "B": 0.5}, not_scored=0.0)
    team = rows["student_id"].map(groups.query("attribute == 'team'").set_index("student_id")["value"])
    own = rows["student_id"].isin(rows.loc[team == "B", "student_id"].unique()[:60])
    rows.loc[team == "B", ["label", "listed"]] = [0.0, False]
    rows.loc[own, "label"] = 1.0
    once = rows.index[own][:reached]  # the first date
    rows.loc[once, "listed"] = True
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    printed = frames["by_group"].query("attribute == 'team'").set_index("group")["recall_text"]
    assert printed["B"] == "< 5 %"
    assert printed["A"].endswith("%")
    assert not len(frames["gaps"].query("metric == 'recall' and attribute == 'team' and family == 'single'"))
    line = frames["verdicts"].query("metric == 'recall' and attribute == 'team'")
    numbers = ["rate", "other_rate", "gap", "low_simultaneous", "high_simultaneous", "ceiling_gap"]
    assert line[numbers].isna().all(axis=None)


@pytest.mark.parametrize(("unknown", "printed"), [(0, True), (10, False), (11, True)])
def test_students_whose_outcome_is_not_known_are_counted_apart(unknown, printed):
    rows, groups = make_rows(600, dates=2)
    rows.loc[rows["student_id"].isin(rows["student_id"].unique()[:unknown]), "label"] = np.nan
    frames = audit_frame(rows, groups=groups, resampling=(100, 0)).published()
    overall = frames["overall"].iloc[0]
    assert overall["students"] == 600
    numbers = overall[["students_judged", "students_not_judged"]]
    assert numbers.tolist() == [600 - unknown, unknown] if printed else numbers.isna().all()
    # The same students by their reason, masked alike.
    assert frames["excluded"]["text"].tolist() == {0: [], 10: ["10 or fewer"], 11: ["11"]}[unknown]


def test_a_tiny_school_is_not_disclosed_by_its_district():
    rows, groups = make_rows(600, schools=4)
    rows.loc[rows["student_id"].isin(rows["student_id"][:8]), ["school_id", "district_id"]] = [
        "tiny",
        "district 0",
    ]
    frame = audit_frame(rows, groups=groups, resampling=(100, 0)).published()["by_group"]
    hidden = frame.loc[(frame["attribute"] == "school") & frame["students"].isna(), "group"]
    # Schools 0 and 2 are the other schools of district 0: hiding one of district 1 would not help.
    assert "tiny" in set(hidden)
    assert set(hidden) & {"school 0", "school 2"}


def test_contradicting_numbers_are_refused():
    with pytest.raises(DataError, match="no counts ≥ 0 agree with the 2 published numbers"):
        feasible_range([[1, 1], [1, 0]], [5, 7], [0, 1])
