from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from early_id.evaluation import effective_size, wilson_interval


@settings(deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_one_row_per_student_is_plain_wilson(counts):
    k, n = counts
    size = effective_size(k, n, kk=k, kn=k, nn=n)
    assert size == n
    low, high = wilson_interval(k / n, size)
    expected = proportion_confint(k, n, method="wilson")
    # At 0 and n the formula ends exactly at 0 and 1; statsmodels leaves a rounding error there.
    assert (low, high) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=60), st.integers(2, 6))
def test_repeating_every_row_of_a_student_adds_no_certainty(reached, times):
    k, n = np.array(reached, dtype=int) * times, np.full(len(reached), times)
    size = effective_size(k.sum(), n.sum(), kk=(k * k).sum(), kn=(k * n).sum(), nn=(n * n).sum())
    assert size == pytest.approx(len(reached))


def test_effective_size_is_the_linearised_variance():
    rng = np.random.default_rng(0)
    n = rng.integers(1, 30, 400)
    k = rng.binomial(n, rng.beta(1, 2, 400))
    rate = k.sum() / n.sum()
    variance = ((k - rate * n) ** 2).sum() / n.sum() ** 2
    size = effective_size(k.sum(), n.sum(), kk=(k * k).sum(), kn=(k * n).sum(), nn=(n * n).sum())
    assert rate * (1 - rate) / size == pytest.approx(variance)
    assert size < n.sum() / 3


def test_few_students_count_for_one_less():
    n = np.full(6, 4)
    k = np.array([4, 4, 0, 0, 4, 0])
    sums = {"kk": (k * k).sum(), "kn": (k * n).sum(), "nn": (n * n).sum()}
    assert effective_size(k.sum(), n.sum(), **sums, students=6) == pytest.approx(5)
    assert effective_size(k.sum(), n.sum(), **sums) == pytest.approx(6)


def test_more_even_than_chance_is_not_counted_as_extra_students():
    # Every student is reached in exactly one of two rows: less spread than independent rows would have.
    assert effective_size(50, 100, kk=50, kn=100, nn=200) == 100


def test_no_rows_give_no_interval():
    low, high = wilson_interval(np.nan, effective_size(0, 0, kk=0, kn=0, nn=0))
    assert np.isnan(low)
    assert np.isnan(high)
