from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.exceptions import ConfigError, DataError
from early_id.models import SchoolMeanRule

rows = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from(["a", "b", "c"]), st.integers(0, 1)), min_size=1, max_size=40
)


def table(found) -> tuple[pd.DataFrame, np.ndarray]:
    student, school, y = (np.array(column) for column in zip(*found, strict=True))
    index = pd.MultiIndex.from_arrays([student, school], names=["student_id", "school_id"])
    return pd.DataFrame(index=index), y


@given(rows, st.floats(0.5, 100))
def test_a_school_has_its_rate_drawn_to_that_of_all_by_so_many_students(found, m):
    X, y = table(found)
    rule = SchoolMeanRule(students=m).fit(X, y)
    overall = sum(one[2] for one in found) / len(found)
    expected = []
    for _, school, _ in found:
        own = [one for one in found if one[1] == school]
        n, rate = len({one[0] for one in own}), sum(one[2] for one in own) / len(own)
        expected.append((n * rate + m * overall) / (n + m))
    np.testing.assert_allclose(rule.rank_score(X), expected, rtol=0, atol=1e-12)


@given(rows)
def test_all_of_a_school_are_equal_and_weeks_given_twice_change_nothing(found):
    X, y = table(found)
    score = SchoolMeanRule().fit(X, y).rank_score(X)
    for school in ("a", "b", "c"):
        assert len(set(score[X.index.get_level_values("school_id") == school])) <= 1
    twice = SchoolMeanRule().fit(pd.concat([X, X]), np.tile(y, 2)).rank_score(X)
    np.testing.assert_allclose(twice, score, rtol=0, atol=1e-12)


def test_a_small_school_is_not_extreme():
    X, y = table([(s, "big", int(s < 500)) for s in range(1000)] + [(2000, "tiny", 1)])
    rates = SchoolMeanRule().fit(X, y).rates_
    assert rates["tiny"] - rates["big"] == pytest.approx(0.5 / 21, abs=1e-3)


def test_an_unseen_school_gets_the_rate_of_all_and_an_unknown_one_nothing():
    X, y = table([(1, "a", 1), (2, "b", 0), (3, "b", 0), (4, "b", 1)])
    rule = SchoolMeanRule().fit(X, y)
    other = pd.DataFrame(index=pd.Index(["z", None, "a"], name="school_id"))
    np.testing.assert_array_equal(rule.rank_score(other), [0.5, np.nan, rule.rates_["a"]])


def test_without_students_every_row_counts():
    X, y = table([(1, "a", 1), (1, "a", 1), (1, "b", 0)])
    known, unknown = SchoolMeanRule().fit(X, y), SchoolMeanRule().fit(X.droplevel("student_id"), y)
    assert unknown.rates_["a"] == pytest.approx((2 + 20 * 2 / 3) / 22)
    assert known.rates_["a"] == pytest.approx((1 + 20 * 2 / 3) / 21)


def test_what_it_cannot_learn_from_is_refused():
    X, y = table([(1, "a", 1), (2, "b", 0)])
    for wrong in (X.droplevel("school_id"), np.zeros((2, 1))):
        with pytest.raises(DataError, match="reads the level 'school_id' of the index"):
            SchoolMeanRule().fit(wrong, y)
        with pytest.raises(DataError, match="reads the level 'school_id' of the index"):
            SchoolMeanRule().fit(X, y).rank_score(wrong)
    for wrong_y in (None, [1], [1, 2], [1, np.nan]):
        with pytest.raises(DataError, match="needs an outcome of 0 or 1 for each of 2 rows"):
            SchoolMeanRule().fit(X, wrong_y)
    with pytest.raises(ConfigError, match="students must be a number above 0"):
        SchoolMeanRule(students=0).fit(X, y)
