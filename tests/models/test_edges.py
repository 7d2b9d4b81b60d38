from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.models._edges import _roundest, bin_codes, cut_edges, cut_knots

columns = st.lists(
    st.one_of(
        st.floats(-1e9, 1e9), st.integers(-5, 5).map(float), st.sampled_from([np.nan, np.inf, -np.inf])
    ),
    min_size=1,
    max_size=200,
).map(np.array)


@given(columns, st.integers(2, 40))
@settings(max_examples=200)
def test_edges_increase_and_are_few_enough_and_part_something(x, max_bins):
    edges = cut_edges(x, np.ones(len(x)), max_bins)
    known = x[np.isfinite(x)]
    assert len(edges) < max_bins
    assert (np.diff(edges) > 0).all()
    assert all((known < edge).any() and (known >= edge).any() for edge in edges)
    if len(known) and len(np.unique(known)) <= max_bins:
        assert len(edges) == len(np.unique(known)) - 1


@given(columns, st.integers(2, 9))
def test_knots_increase_and_lie_within_the_values(x, n_knots):
    knots = cut_knots(x, np.ones(len(x)), n_knots)
    known = x[np.isfinite(x)]
    assert 1 <= len(knots) <= n_knots
    assert (np.diff(knots) > 0).all()
    assert not len(known) or known.min() <= knots[0] <= knots[-1] <= known.max()


@given(columns, st.data(), st.integers(2, 20))
def test_a_weight_is_a_repetition(x, data, max_bins):
    weight = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(x), max_size=len(x))))
    assert cut_edges(x, weight.astype(float), max_bins) == cut_edges(
        x.repeat(weight), np.ones(weight.sum()), max_bins
    )


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_the_roundest_number_parts_the_two(a, b):
    low, high = sorted((a, b))
    if low < high:
        assert low < _roundest(low, high) <= high


def test_edges_are_numbers_people_use():
    rng = np.random.default_rng(0)
    rate = rng.beta(1, 12, 50_000)
    assert all(edge == round(edge, 3) for edge in cut_edges(rate, np.ones(50_000), 32))
    days = rng.integers(0, 90, 50_000).astype(float)
    assert all(edge == int(edge) for edge in cut_edges(days, np.ones(50_000), 32))
    assert {0.05, 0.1} < set(cut_edges(rate, np.ones(50_000), 32))


def test_bins_hold_about_equal_weight():
    x = np.random.default_rng(0).normal(size=50_000)
    share = np.bincount(bin_codes(x, cut_edges(x, np.ones(50_000), 32))) / 50_000
    assert share.min() > 0.4 / 32
    assert share.max() < 1.6 / 32


@pytest.mark.parametrize("usual", [0.0, 0.437, 1.0])
def test_a_value_most_students_have_gets_a_bin_of_its_own(usual):
    rng = np.random.default_rng(0)
    x = np.where(rng.random(10_000) < 0.6, usual, rng.random(10_000))
    codes = bin_codes(x, cut_edges(x, np.ones(10_000), 16))
    assert set(x[codes == codes[x == usual][0]]) == {usual}


@pytest.mark.parametrize("x", [[], [np.nan], [3.0, 3.0, np.inf]])
def test_nothing_to_part_gives_no_edges(x):
    assert cut_edges(np.array(x, dtype=float), np.ones(len(x)), 32) == ()


def test_codes_count_the_edges_at_or_below_and_unknown_comes_after():
    assert bin_codes(np.array([-np.inf, 1.0, 1.5, 2.0, np.inf, np.nan]), (1.0, 2.0)).tolist() == [
        0,
        1,
        1,
        2,
        2,
        3,
    ]
