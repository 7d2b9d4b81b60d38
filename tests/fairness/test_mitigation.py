"""What alternatives would change: against plain loops, closed forms and methods whose effect is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_county import long_groups, make_rows
from sklearn.linear_model import LogisticRegression

from early_id.evaluation import list_at_capacity
from early_id.exceptions import ConfigError
from early_id.fairness import (
    Alternatives,
    Learned,
    Membership,
    Reweighed,
    Scored,
    audit,
    find_attribute,
    fit_alternatives,
    reweigh,
)
from early_id.fairness._alternatives import place_among_positives
from early_id.fairness._gaps import Resampling
from early_id.fairness._groups import Attribute, attach_recorded
from early_id.fairness._mitigation import Lists, compute_mitigation, missed_most
from early_id.fairness._mitigation_mask import publish_mitigation
from early_id.fairness._reductions import ties_by
from early_id.fairness._what_if import _publish_split
from early_id.models import LogisticAdditiveClassifier

DAY = pd.Timestamp("2024-10-06")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1])), min_size=1, max_size=60))
def test_weights_part_group_and_outcome_and_keep_both_totals(rows):
    group, outcome = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    frame = pd.DataFrame({"group": group, "outcome": outcome, "weight": reweigh(group, outcome)})
    for column in ("group", "outcome"):
        weighed = frame.groupby(column)["weight"].sum()
        cells = frame.groupby(["group", "outcome"]).size().unstack()
        if cells.notna().all().all():
            assert weighed.to_dict() == pytest.approx(frame.groupby(column).size().to_dict())
            share = (
                frame[frame["outcome"] == 1].groupby("group")["weight"].sum()
                / frame.groupby("group")["weight"].sum()
            )
            assert np.allclose(share.fillna(0), outcome.mean())


def test_who_is_in_a_group_is_never_printed():
    _, groups = make_rows(20)
    membership = Membership(groups, "team")
    learner = Reweighed(LogisticAdditiveClassifier(), membership)
    assert "s000" not in repr(learner) + str(learner.get_params(deep=False)) + repr(membership)


def test_an_unknown_attribute_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"mitigation\.attribute, got 'teem'.*'team'"):
        Membership(make_rows(20)[1], "teem")


def made(n: int = 3000, late: float = 0.7, seed: int = 0):
    """Learned and scored rows of students whose group `late` shows the same need with a smaller feature."""
    rng = np.random.default_rng(seed)
    parts = []
    for year in (0, 1):
        group = np.where(rng.random(n) < 0.3, "late", "others")
        need = rng.normal(size=n)
        X = pd.DataFrame({"signal": need - late * (group == "late"), "noise": rng.normal(size=n)})
        X.index = pd.MultiIndex.from_arrays(
            [
                [f"y{year}s{i:05d}" for i in range(n)],
                [f"school {i % 5}" for i in range(n)],
                [DAY + pd.Timedelta(weeks=52 * year)] * n,
            ],
            names=["student_id", "school_id", "as_of"],
        )
        y = pd.Series((need + 0.5 * rng.normal(size=n) > 1.2).astype(int), X.index)
        parts.append((X, y, group))
    learner = LogisticAdditiveClassifier(random_state=0)
    score = learner.fit(*parts[0][:2]).predict_proba(parts[1][0])[:, 1]
    groups = pd.concat(
        [long_groups(X.index.get_level_values(0).to_numpy(), "team", group) for X, _, group in parts]
    )
    return learner, Learned(*parts[0]), Scored(parts[1][0], parts[1][2], score), parts[1][1], groups


def rows_of(scored: Scored, y: pd.Series) -> pd.DataFrame:
    """The scored rows in the form of a backtest."""
    return scored.X.index.to_frame(index=False).assign(
        contestant="logistic",
        district_id="d",
        grade_level=7,
        score=scored.score.round(6),
        label=y.to_numpy(float),
        onset=True,
    )


@pytest.fixture(scope="module")
def tried():
    learner, learned, scored, y, groups = made()
    scores = fit_alternatives(
        learner,
        learned,
        scored,
        membership=Membership(groups, "team"),
        listed_share=0.1,
        concepts={"noise": ("noise",)},
        labels={"other": (learned.X, learned.y)},
    )
    rows = rows_of(scored, y)
    keyed = pd.concat([rows[["student_id", "school_id", "as_of"]], scores.reset_index(drop=True)], axis=1)
    flipped = rows[["student_id", "school_id", "as_of"]].assign(label=1 - rows["label"], onset=True)
    attribution = pd.DataFrame(
        {
            "attribute": "team",
            "group": "late",
            "name": ["signal", "score"],
            "students": 1.0,
            "others": 1.0,
            "gap": -1.2,
            "low": -1.3,
            "high": -1.1,
        }
    )
    alternatives = Alternatives("team", keyed, {"outcome:flipped": flipped}, attribution)
    backtest = type("B", (), {"predictions": rows, "deployable": "logistic"})()
    return (
        scores,
        audit(backtest, groups=groups, capacity="10%", replicates=400, alternatives=alternatives),
        rows,
        groups,
    )


def test_the_list_as_it_is_stands_in_the_table_as_in_the_audit(tried):
    _, result, _, _ = tried
    lists = result.alternatives["mitigation"].set_index("alternative")
    cells = result.alternatives["mitigation_groups"].set_index(["alternative", "group"])
    own = result.by_group.set_index(["attribute", "group"])
    for group in ("late", "others"):
        assert cells.loc[("today", group), "group_recall"] == own.loc[("team", group), "recall"]
    gap = result.gaps.query(
        "metric == 'recall' and attribute == 'team' and comparison == 'others'"
    ).set_index("group")
    assert cells.loc[("today", "late"), "gap"] == pytest.approx(gap.loc["late", "gap"])
    assert lists.loc["today", "precision"] == result.overall["precision"]
    assert lists.loc["today", "overlap"] == 1
    assert lists.loc["today", "precision_change_high"] == 0


def test_every_alternative_is_what_a_plain_count_of_its_list_says(tried):
    scores, result, rows, groups = tried
    lists = result.alternatives["mitigation"].set_index("alternative")
    cells = result.alternatives["mitigation_groups"].set_index(["alternative", "group"])
    team = dict(zip(groups["student_id"], groups["value"], strict=True))
    late = rows["student_id"].map(team).eq("late").to_numpy()
    positive = rows["label"].eq(1).to_numpy()
    today = list_at_capacity(rows, "10%").to_numpy()
    assert set(scores) == set(lists.index) - {"today", "capacity"}
    for key in scores:
        own = list_at_capacity(rows.assign(score=scores[key].to_numpy()), "10%").to_numpy()
        assert own.sum() == today.sum()
        assert lists.loc[key, "precision"] == pytest.approx(positive[own].mean())
        assert lists.loc[key, "overlap"] == pytest.approx(own[today].mean())
        gap = own[positive & late].mean() - own[positive & ~late].mean()
        assert cells.loc[(key, "late"), "gap"] == pytest.approx(gap)


def test_what_is_known_to_help_helps_and_what_cannot_does_not(tried):
    cells = tried[1].alternatives["mitigation_groups"].set_index(["alternative", "group"])
    late = cells.xs("late", level="group")
    assert late.loc["today", "gap_high"] < -0.1
    # Ranking each group by itself closes the gap; so does taking the group's shift out of the features.
    for key in ("group_cut_offs", "correlation_remover", "threshold_optimizer"):
        assert late.loc[key, "gap_change_low"] > 0.05, key
    assert abs(late.loc["group_cut_offs", "gap"]) < 0.1
    # Leaving noise out, or learning the same outcome again, changes nothing that could be told.
    assert abs(late.loc["drop:noise", "gap_change"]) < 0.03
    assert late.loc["label:other", "gap_change"] == 0


def test_intervals_are_those_of_a_normal_difference_where_every_student_has_one_row(tried):
    cells = tried[1].alternatives["mitigation_groups"].set_index(["alternative", "group"])
    own = cells.loc[("today", "late")]
    by_group = tried[1].by_group.set_index(["attribute", "group"])
    variance = sum(
        by_group.loc[("team", group), "recall"]
        * (1 - by_group.loc[("team", group), "recall"])
        / by_group.loc[
            ("team", group), "n_rows_positive" if "n_rows_positive" in by_group else "n_students_outcome"
        ]
        for group in ("late", "others")
    )
    width = own["gap_high"] - own["gap_low"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.15)


def test_a_split_is_published_of_the_group_of_each_attribute_furthest_behind_that_is_printed():
    cells = [("team", "A"), ("team", "B"), ("half", "x"), ("half", "y"), ("rare", "few")]
    parts = pd.DataFrame(
        [
            {
                "attribute": a,
                "group": g,
                "name": name,
                "students": 9,
                "gap": -0.12345,
                "low": -1.0,
                "high": 1.0,
            }
            for a, g in cells
            for name in ("marks", "score")
        ]
    )
    parts.loc[parts["group"] == "y", ["gap", "low", "high"]] = np.nan  # hidden by the split itself
    printed = pd.DataFrame(cells[:-1], columns=["attribute", "group"]).assign(gap=[0.1, -0.1, 0.2, -0.2])
    found = _publish_split(parts, printed)
    assert found[["attribute", "group", "name"]].to_numpy().tolist() == [
        ["team", "B", "marks"],
        ["team", "B", "score"],
    ]
    assert found["gap"].eq(-0.123).all()
    assert "students" not in found
    assert _publish_split(parts, printed.iloc[:0]).empty


def test_the_split_of_the_audit_is_that_of_the_printed_group(tried):
    found = tried[1].published()["attribution"]
    assert found[["attribute", "group", "name"]].to_numpy().tolist() == [
        ["team", "late", "signal"],
        ["team", "late", "score"],
    ]


def test_only_words_are_taken_over_from_another_outcome(tried):
    published = tried[1].published()["label_view"]
    assert set(published["attribute"]) >= {"team"}
    assert set(published["verdict"]) | set(published["other_verdict"]) <= {
        "gap",
        "pass",
        "cannot tell",
        "suppressed",
    }
    own = published[published["group"] == "late"].iloc[0]
    assert own["verdict"] == "gap"
    assert own["other_verdict"] != "gap"


def test_the_group_is_looked_for_among_those_that_may_be_judged():
    rows, groups = make_rows(
        900, recall={"A": 0.6, "B": 0.3, "tiny": 0.0}, share={"A": 0.6, "B": 0.39, "tiny": 0.01}
    )
    lists = Lists.of_today(rows, attach_recorded(rows, groups, "team"))
    found = missed_most(lists)
    assert found is not None
    assert lists.attribute.groups[found.code] == "B"


def test_a_group_that_may_be_printed_goes_before_one_that_is_masked():
    """Of the smallest group too few are listed for any number of it; it is furthest behind and large enough to judge."""
    rows, groups = make_rows(
        900, recall={"A": 0.6, "B": 0.5, "masked": 0.15}, share={"A": 0.6, "B": 0.34, "masked": 0.06}
    )
    lists = Lists.of_today(rows, attach_recorded(rows, groups, "team"))
    masked = lists.attribute.groups.index("masked")
    listed = lists.students(lists.among(masked) & lists.listed[0])
    assert 0 < listed <= 10
    assert lists.students(lists.among(masked)) >= 20
    found = missed_most(lists)
    assert found is not None
    assert not found.idle
    assert lists.attribute.groups[found.code] == "B"
    assert find_attribute(rows, groups) == ("team", "B")
    # A group that is ahead is no choice, however many of it are listed; the two behind have few.
    rows, groups = make_rows(
        1400, recall={"A": 0.6, "B": 0.25, "C": 0.25}, share={"A": 0.9, "B": 0.05, "C": 0.05}
    )
    lists = Lists.of_today(rows, attach_recorded(rows, groups, "team"))
    for name in ("B", "C"):
        assert lists.students(lists.among(lists.attribute.groups.index(name)) & lists.listed[0]) <= 10
    assert find_attribute(rows, groups, "team")[1] in {"B", "C"}


def test_a_masked_group_is_looked_at_where_nobody_else_is_behind():
    rows, groups = make_rows(
        900, recall={"A": 0.6, "B": 0.5, "masked": 0.15}, share={"A": 0.6, "B": 0.34, "masked": 0.06}
    )
    # Where nothing else can be looked at, it is better than nothing: the lists are the district's own.
    other = groups.assign(value=groups["value"].where(groups["value"] == "masked", "A"))
    assert find_attribute(rows, other) == ("team", "masked")


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1)), min_size=1, max_size=30),
)
def test_ties_are_broken_by_the_score_and_nothing_else_moves(pairs):
    values, score = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    order = ties_by(values, score)
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            assert (order[i] < order[j]) == ((values[i], score[i]) < (values[j], score[j]))


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_a_cut_along_the_places_reaches_the_same_share_of_each_group(seed):
    rng = np.random.default_rng(seed)
    group = np.repeat(["a", "b"], [200, 400])
    score = rng.random(600) * np.where(group == "a", 0.4, 1.0)
    X = pd.DataFrame({"f": score})
    order = place_among_positives(score, Learned(X, pd.Series(np.ones(600)), group), Scored(X, group, score))
    listed = np.argsort(-order)[: int(rng.integers(30, 570))]
    share = [np.isin(np.flatnonzero(group == name), listed).mean() for name in "ab"]
    assert abs(share[0] - share[1]) <= 1 / 200 + 1e-9


@st.composite
def small_lists(draw):
    """Lists over a few dozen students in three groups, alike enough that differences are small."""
    n = draw(st.integers(30, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    base = rng.random(n) < 0.4
    flips = draw(st.lists(st.sampled_from([0.0, 0.02, 0.1, 0.5]), min_size=1, max_size=4))
    listed = np.array([base, *(base ^ (rng.random(n) < flip) for flip in flips)])
    attribute = Attribute("team", ("a", "b", "c"), rng.integers(0, 3, n))
    names = ("today", *(f"drop:{i}" for i in range(len(flips))))
    return Lists(names, n, np.arange(n), rng.random(n) < 0.6, attribute, attribute.codes, listed)


@given(small_lists())
@settings(max_examples=60)
def test_no_printed_difference_of_two_lists_tells_of_few_students(lists):
    changed = compute_mitigation(lists, Resampling(100, 0))
    frame, cells = publish_mitigation(changed, lists, printed={"a", "b"}, other_lists=[])
    printed = cells[cells["gap"].notna()]
    assert set(printed["group"]) <= {"a", "b"}
    # What can be had of a list: each printed group, everybody, everybody outside it, and what is left of all groups.
    parts = {}
    for place, name in enumerate(lists.names):
        own = set(printed.loc[printed["alternative"] == name, "group"])
        if frame["precision"].isna()[place]:
            assert not own
            continue
        codes = [lists.attribute.groups.index(group) for group in own]
        found = (
            {"all": lists.positive, "rest": lists.positive & ~np.isin(lists.group, codes)}
            if own
            else {"all": lists.positive}
        )
        for group, code in zip(own, codes, strict=True):
            found[group] = lists.positive & (lists.group == code)
            found[f"not {group}"] = lists.positive & (lists.group != code)
        parts[place] = found
        for part in found.values():
            assert not 0 < (part & lists.listed[place]).sum() <= 10
            assert not 0 < (part & ~lists.listed[place]).sum() <= 10
    for one in parts:
        for two in parts:
            for name in set(parts[one]) & set(parts[two]):
                if (parts[one][name] == parts[two][name]).all():
                    assert not 0 < (parts[one][name] & (lists.listed[one] != lists.listed[two])).sum() <= 10


def test_a_learner_reweighed_is_the_learner_with_those_weights():
    learner, learned, scored, _, groups = made(800)
    fitted = Reweighed(learner, Membership(groups, "team")).fit(learned.X, learned.y)
    by_hand = LogisticAdditiveClassifier(random_state=0).fit(
        learned.X, learned.y, sample_weight=reweigh(learned.group, learned.y.to_numpy())
    )
    assert np.array_equal(fitted.predict_proba(scored.X), by_hand.predict_proba(scored.X))
    assert fitted.document_.provenance["reweighed_by"] == "team"
    plain = LogisticRegression()  # what fits no document is reweighed too
    assert not hasattr(Reweighed(plain, Membership(groups, "team")).fit(learned.X, learned.y), "document_")
