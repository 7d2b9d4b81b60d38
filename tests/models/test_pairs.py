"""Tables over two features."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.exceptions import ConfigError, DataError
from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term
from early_id.models._render import POINTS
from early_id.models._tables import Tables, with_same_pairs
from models.made import axes, documents_with_rows, tables

DAYS = Axis("days", (0.5, 0.25, 0.25), edges=(2.0,))
MARK = Axis("mark", (0.2, 0.3, 0.4, 0.1), edges=(50.0, 70.0))
PAIR = Pair(DAYS, MARK, ((0.0, 0.0, 0.0, 0.0), (1.0, 0.5, -0.5, 0.25), (0.1, 0.1, 0.1, 0.1)), mean=0.05)
TERMS = (Term("days", "step", (2.0,), (-0.5, 1.0), 0.1), Term("mark", "step", (60.0,), (0.5, -0.5), 0.0))
INFOS = (FeatureInfo("days", direction=1), FeatureInfo("mark", direction=-1))


def model(*pairs: Pair, terms=TERMS, infos=INFOS) -> AdditiveModel:
    return AdditiveModel("chronic_absence", infos, [Period(0, None, -1.0, terms, pairs=pairs)])


def test_a_cell_is_added_to_the_terms_and_is_a_contribution_of_its_own():
    X = pd.DataFrame({"days": [2.0, 2.0, 0.0, np.inf], "mark": [50.0, np.nan, np.nan, -np.inf]})
    document = model(PAIR)
    assert document.contributions(X)["days × mark"].tolist() == [0.5, 0.25, 0.0, 1.0]
    assert document.decision_function(X).tolist() == [-1 + 1 + 0.5 + 0.5, 0.25, -1.5, -1 + 1 + 0.5 + 1]
    assert document.background(X)["base"].tolist() == [-0.95] * 4


@given(documents_with_rows())
def test_without_its_pairs_a_document_scores_less_by_what_they_contribute(made):
    document, X = made
    bare = replace(document, periods=[replace(period, pairs=()) for period in document.periods])
    apart = document.decision_function(X) - bare.decision_function(X)
    parts = document.contributions(X)[list(document.pair_names)]
    np.testing.assert_allclose(apart, parts.sum(axis=1), rtol=0, atol=1e-12)


@st.composite
def pairs_with_background(draw):
    """A pair of numbers whose shares and mean are those of a few rows, and those rows."""
    first, second = draw(axes("a", (1.0, 7.0))), draw(axes("b", (2.0, 5.0)))
    pair = draw(tables(first, second))
    columns = []
    for axis in (first, second):
        own = [*axis.edges, *axis.categories, 0.0, np.nan, np.inf]
        columns.append(np.array(draw(st.lists(st.sampled_from(own), min_size=6, max_size=6))))
    ones = np.ones(6)
    first, second = (
        replace(axis, shares=axis.shares_of(x, ones))
        for axis, x in zip((first, second), columns, strict=True)
    )
    mean = float(pair.evaluate(*columns).mean())
    return Pair(first, second, pair.values, mean), columns


@given(pairs_with_background())
def test_the_split_is_the_shapley_value_by_all_orders(made):
    pair, rows = made

    def worth(known: set[int], x: tuple[float, float]) -> float:
        filled = [np.full(6, x[side]) if side in known else rows[side] for side in (0, 1)]
        return float(pair.evaluate(*filled).mean())

    for x in product(rows[0][:3], rows[1][:3]):
        expected = [0.0, 0.0]
        for order in permutations((0, 1)):
            for place, side in enumerate(order):
                gain = worth(set(order[: place + 1]), x) - worth(set(order[:place]), x)
                expected[side] += gain / factorial(2)
        found = pair.split(*(np.array([value]) for value in x))
        np.testing.assert_allclose([part[0] for part in found], expected, rtol=0, atol=1e-12)


def test_centring_keeps_the_scores_and_stores_how_the_rows_lie():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.choice([0.0, 3.0], 50), rng.choice([40.0, 60.0, 80.0, np.nan], 50)])
    weight = rng.random(50) + 0.5
    raw = Tables(-1.0, TERMS, (PAIR,), ((0, 1),))
    made = raw.stretched(2.0, 0.5).centred(x, weight)
    np.testing.assert_allclose(made.scores(x), 0.5 + 2 * raw.scores(x), rtol=0, atol=1e-12)
    (pair,) = made.pairs
    assert abs(np.average(pair.evaluate(x[:, 0], x[:, 1]), weights=weight)) < 1e-12
    share = np.average(x[:, 0] < 2, weights=weight)
    np.testing.assert_allclose(pair.first.shares, [share, 1 - share, 0.0], atol=1e-12)
    assert pair.values[-1] == (0.0,) * 4  # nobody's days are unknown: the average
    assert pair.values[1][-1] != 0.0


def test_a_pair_that_a_period_has_not_adds_nothing_there():
    with_pair, without = with_same_pairs([Tables(0.0, TERMS, (PAIR,), ((0, 1),)), Tables(1.0, TERMS)])
    assert with_pair.pairs == (PAIR,)
    assert without.pairs[0].name == PAIR.name
    x = np.array([[0.0, np.nan], [np.nan, 60.0]])
    assert without.scores(x).tolist() == Tables(1.0, TERMS).scores(x).tolist()


FALLING = ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, -1.0, 0.0), (0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("fall", "broken"),
    [
        (-1.0, ()),  # days rise by 1.5 on their own, so the sum rises whatever the mark is
        (-1.5, ()),
        (np.nextafter(-1.5, -2), ("days",)),
        (-2.0, ("days",)),
    ],
)
def test_a_direction_holds_for_the_sum_of_term_and_slice(fall, broken):
    values = tuple(tuple(fall if cell == -1.0 else cell for cell in row) for row in FALLING)
    assert model(Pair(DAYS, MARK, values)).check_monotone() == broken


def test_a_direction_holds_for_every_value_of_the_other_feature_and_unknown_is_one():
    unknown = Pair(DAYS, MARK, ((0.0,) * 4, (0.0, 0.0, 0.0, -2.0), (0.0,) * 4))
    assert model(unknown).check_monotone() == ("days",)
    assert model(unknown, infos=(FeatureInfo("days"), INFOS[1])).check_monotone() == ()


def test_two_pairs_that_fall_a_little_can_together_undo_a_term():
    more = (*TERMS, Term("late", "step", (1.0,), (0.0, 0.0), 0.0))
    infos = (*INFOS, FeatureInfo("late"))
    late = Pair(DAYS, Axis("late", (0.5, 0.5, 0.0), edges=(1.0,)), ((0.0,) * 3, (0.0, -0.8, 0.0), (0.0,) * 3))
    one = Pair(DAYS, MARK, FALLING)
    assert model(one, terms=more, infos=infos).check_monotone() == ()
    assert model(late, terms=more, infos=infos).check_monotone() == ()
    assert model(one, late, terms=more, infos=infos).check_monotone() == ("days",)


def test_the_second_feature_of_a_pair_and_a_line_are_checked_too():
    steps = Pair(DAYS, MARK, ((0.0, 0.1, 0.1, 0.0), (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)))
    line = Term("mark", "linear", (40.0, 90.0), (1.0, -1.0), 0.0)
    # A line does not jump where the pair does, so that a rise there is never made good.
    assert model(steps, terms=(TERMS[0], line)).check_monotone() == ("mark",)
    level = Pair(DAYS, MARK, ((0.1, 0.1, 0.0, 0.0), (0.0,) * 4, (0.0,) * 4))
    assert model(level, terms=(TERMS[0], line)).check_monotone() == ()
    codes = Pair(DAYS, Axis("mark", (1.0, 0.0, 0.0), categories=(1.0, 2.0)), ((0.0,) * 3,) * 3)
    assert model(codes).check_monotone() == ("mark",)


@given(st.data())
def test_the_check_finds_exactly_the_falls_that_a_search_finds(data):
    days, mark = (Axis(name, (0.25,) * 4, edges=(1.0, 2.0)) for name in ("days", "mark"))
    cells = st.integers(-2, 2).map(float)
    values = tuple(tuple(data.draw(cells) for _ in range(4)) for _ in range(4))
    own = Term("days", "step", (1.0, 1.5), tuple(sorted(data.draw(cells) for _ in range(3))), 0.0)
    document = model(Pair(days, mark, values), terms=(own, TERMS[1]), infos=(INFOS[0], FeatureInfo("mark")))
    grid = np.array([0.0, 1.0, 1.5, 2.0])
    falls = any(
        (np.diff(document.decision_function(pd.DataFrame({"days": grid, "mark": there}))) < 0).any()
        for there in (0.0, 1.0, 2.0, np.nan)
    )
    assert (document.check_monotone() == ("days",)) == falls


def test_the_table_is_written_for_people():
    lines = str(model(PAIR)).splitlines()
    start = lines.index("  days × mark (days down, mark across)")
    assert [line.split() for line in lines[start + 1 : start + 5]] == [
        ["mark:", "below", "50", "50", "to", "below", "70", "70", "or", "more", "unknown"],
        ["below", "2", "-1", "-1", "-1", "-1"],
        ["2", "or", "more", "+14", "+6", "-8", "+3"],
        ["unknown", "+1", "+1", "+1", "+1"],
    ]
    assert "2 features, 1 pair, 1 period" in lines[0]
    flat = str(model(replace(PAIR, values=((0.0,) * 4,) * 3, mean=0.0)))
    assert "  days × mark: less than half a point" in flat


def test_a_difference_is_said_in_words():
    more = ((0.0,) * 4, (1.0, 0.5, 0.5, 0.25), (0.1,) * 4)
    found = model(PAIR).diff(model(replace(PAIR, values=more)))
    assert found[["feature", "change"]].to_numpy().tolist() == [
        ["days × mark", "2 or more × 70 or more: 14.4 points more"]
    ]
    turned = Pair(MARK, DAYS, tuple(zip(*PAIR.values, strict=True)), PAIR.mean)
    assert model(PAIR).diff(model(turned)).empty
    assert model().diff(model(PAIR))["change"].tolist() == [
        "used for the first time",
        "the average student has 0.7 points more",
    ]
    assert model(PAIR).diff(model())["change"].tolist()[0] == "no longer used"


@given(st.data())
def test_the_cells_that_changed_most_are_found(data):
    both = [
        data.draw(tables(data.draw(axes("a", (1.0, 7.0))), data.draw(axes("b", (2.0, 5.0))))) for _ in "ab"
    ]
    terms = tuple(Term(name, "step", (), (0.0,), 0.0) for name in "ab")
    old, new = (model(pair, terms=terms, infos=(FeatureInfo("a"), FeatureInfo("b"))) for pair in both)
    grid = []
    for side in ("first", "second"):
        cuts = [cut for pair in both for cut in (*getattr(pair, side).edges, *getattr(pair, side).categories)]
        grid.append([*cuts, *np.nextafter(cuts, -np.inf), -np.inf, np.nan])
    x = np.array(list(product(*grid))).T
    apart = POINTS * ((both[1].evaluate(*x) - both[1].mean) - (both[0].evaluate(*x) - both[0].mean))
    found = old.diff(new)
    points = found.loc[found["feature"] == "a × b", "points"]
    expected = {one for one in (apart.max(), apart.min()) if round(one, 1)}
    np.testing.assert_allclose(sorted(points), sorted(expected), rtol=0, atol=1e-9)


def test_there_is_no_card_of_points():
    with pytest.raises(
        ConfigError, match=r"Expected a document without pairs .* got 'days × mark'; fit it with"
    ):
        model(PAIR).to_points()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Axis("days", (0.5, 0.5), edges=(2.0,)), "'days' needs 3 shares, but has 2"),
        (lambda: Axis("days", (0.5, 0.6, 0.0), edges=(2.0,)), "shares from 0 on that add up to 1, but has 0.5, 0.6"),
        (lambda: Axis("days", (1.5, -0.5, 0.0), edges=(2.0,)), "shares from 0 on"),
        (lambda: Axis("days", (1.0, 0.0, 0.0, 0.0), edges=(2.0, 2.0)), "strictly increasing edges"),
        (lambda: Axis("days", (1.0, 0.0), edges=(2.0,), categories=(1.0,)), "edges or categories, but has both"),
        (lambda: Pair(DAYS, DAYS, ()), "needs two features, but names one twice"),
        (lambda: replace(PAIR, values=PAIR.values[:2]), r"'days × mark' needs 3 rows of 4 values, but has rows of 4 \(2"),
        (lambda: replace(PAIR, values=((0.0,) * 3,) * 3), "needs 3 rows of 4 values, but has rows of 3"),
        (lambda: replace(PAIR, values=((np.nan,) * 4,) * 3), "values must be finite"),
        (lambda: replace(PAIR, mean=np.inf), "mean must be finite"),
        (lambda: model(PAIR, PAIR), "'days × mark' is there twice"),
        (lambda: model(PAIR, Pair(MARK, DAYS, tuple(zip(*PAIR.values, strict=True)))), "'mark × days' is there twice"),
        (lambda: model(replace(PAIR, first=replace(DAYS, feature="late"))), "'late' is no such feature"),
        (
            lambda: model(replace(PAIR, first=Axis("days", (0.5, 0.25, 0.25), categories=("a", "b")))),
            "'days' is text in one and a number in the other",
        ),
        (
            lambda: AdditiveModel(
                "x", INFOS, [Period(0, 20, 0.0, TERMS, pairs=(PAIR,)), Period(20, None, 0.0, TERMS)]
            ),
            "school days 20– needs the pairs of the first period in their order, but has none",
        ),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(made, message):
    with pytest.raises(DataError, match=message):
        made()


def test_a_feature_called_like_a_pair_is_refused():
    name = "days × mark"
    terms = (*TERMS, Term(name, "step", (), (0.0,), 0.0))
    with pytest.raises(DataError, match="a name of its own"):
        model(PAIR, terms=terms, infos=(*INFOS, FeatureInfo(name)))
