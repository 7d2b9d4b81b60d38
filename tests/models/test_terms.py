from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from early_id.exceptions import DataError
from early_id.models import Term
from models.made import cells, log_odds, numbers

STEP = Term("f", "step", edges=(0.1, 2.0), values=(-1.0, 0.5, 3.0), missing=0.25)
LINE = Term("f", "linear", edges=(0.0, 1.0, 3.0), values=(0.0, 1.0, -1.0), missing=0.25)


def test_a_value_on_an_edge_belongs_to_the_bin_it_begins():
    below = np.nextafter(0.1, 0)
    assert STEP.evaluate(np.array([below, 0.1, np.nextafter(2.0, 0), 2.0])).tolist() == [-1.0, 0.5, 0.5, 3.0]


@pytest.mark.parametrize(("term", "low", "high"), [(STEP, -1.0, 3.0), (LINE, 0.0, -1.0)])
def test_infinite_and_unknown_values(term, low, high):
    assert term.evaluate(np.array([-np.inf, np.inf, np.nan])).tolist() == [low, high, 0.25]


def test_lines_join_the_points_and_stay_flat_outside():
    x = np.array([-5.0, 0.0, 0.25, 1.0, 2.0, 3.0, 9.0])
    assert LINE.evaluate(x).tolist() == [0.0, 0.0, 0.25, 1.0, 0.0, -1.0, -1.0]


@given(
    st.sets(numbers, min_size=1, max_size=8).map(sorted),
    st.lists(log_odds, min_size=8, max_size=8),
    st.lists(cells, max_size=20),
)
def test_lines_agree_with_numpy(edges, values, x):
    term = Term("f", "linear", tuple(edges), tuple(values[: len(edges)]), 7.0)
    x = np.array([*x, *edges], dtype=float)
    expected = np.where(np.isnan(x), 7.0, np.interp(x, edges, values[: len(edges)]))
    # Between edges closer than the smallest normal number the peer's own slope overflows.
    assume(np.isfinite(expected).all())
    np.testing.assert_allclose(term.evaluate(x), expected, atol=1e-9)


@given(
    st.sets(numbers, max_size=8).map(sorted),
    st.lists(log_odds, min_size=9, max_size=9),
    st.lists(cells, max_size=20),
)
def test_a_step_is_the_number_of_edges_at_or_below(edges, values, x):
    term = Term("f", "step", tuple(edges), tuple(values[: len(edges) + 1]), 7.0)
    x = [*x, *edges]
    expected = [7.0 if np.isnan(one) else values[sum(edge <= one for edge in edges)] for one in x]
    assert term.evaluate(np.array(x, dtype=float)).tolist() == expected


@given(
    st.sampled_from(["step", "linear"]),
    st.sampled_from([-1, 1]),
    st.sets(numbers, min_size=2, max_size=8).map(sorted),
    st.lists(log_odds, min_size=9, max_size=9).map(sorted),
    st.lists(cells.filter(lambda x: not np.isnan(x)), min_size=2, max_size=20).map(sorted),
)
def test_a_monotone_table_gives_monotone_values_exactly(kind, direction, edges, values, x):
    values = values[: len(edges) + (kind == "step")][::direction]
    term = Term("f", kind, tuple(edges), tuple(values), 0.0)
    assert term.is_monotone(direction)
    assert (np.diff(term.evaluate(np.array(x))) * direction >= 0).all()


def test_one_wrong_step_is_not_monotone():
    assert not STEP.is_monotone(-1)
    assert not LINE.is_monotone(1)
    assert LINE.is_monotone(0)


def test_codes_are_looked_up_and_others_are_unknown():
    text = Term("f", "category", (), (1.0, 2.0), 9.0, categories=("a", "b"))
    assert text.evaluate(np.array(["b", "a", "c", None, 1.0], dtype=object)).tolist() == [
        2.0,
        1.0,
        9.0,
        9.0,
        9.0,
    ]
    number = Term("f", "category", (), (1.0, 2.0), 9.0, categories=(1, 5))
    assert number.evaluate(np.array([5.0, 1.0, 2.0, np.nan])).tolist() == [2.0, 1.0, 9.0, 9.0]
    assert not text.is_monotone(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "spline"}, "needs a kind among 'step', 'linear', 'category', but has 'spline'"),
        ({"edges": (2.0, 2.0)}, "strictly increasing edges, but they do not increase at 2.0"),
        ({"values": (1.0, 2.0)}, r"'f' \(step\) needs 3 values, but has 2"),
        ({"edges": (0.1, np.nan)}, "edges must be finite and within ±1e\\+12, but holds nan"),
        ({"values": (1.0, 2.0, np.inf)}, "values must be finite.*holds inf"),
        ({"edges": ("x", 2.0)}, "'f', edges must be numbers, but is ..x., 2.0.; correct the document"),
        ({"edges": ("0.1", "2.0")}, "edges must be numbers"),
        ({"edges": 0.1}, "edges must be numbers, but is 0.1"),
        ({"values": (0.0, None, 1.0)}, "values must be numbers, but is .0.0, None, 1.0."),
        ({"missing": None}, "missing must be numbers"),
        ({"mean": 1j}, "mean must be numbers"),
        ({"missing": 1e13}, "missing must be finite.*holds 10000000000000.0"),
        ({"mean": np.nan}, "mean must be finite"),
        ({"categories": ("a",)}, "only a category term has categories"),
        ({"kind": "category", "edges": (), "values": (), "categories": ()}, "needs 1 values, but has 0"),
        (
            {"kind": "category", "edges": (), "values": (1.0, 2.0), "categories": ("a", 1)},
            "mixes text and numbers",
        ),
        (
            {"kind": "category", "edges": (), "values": (1.0, 2.0), "categories": ("a", "a")},
            "names a category twice",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    parts = {
        "feature": "f",
        "kind": "step",
        "edges": (0.1, 2.0),
        "values": (-1.0, 0.5, 3.0),
        "missing": 0.25,
        **change,
    }
    with pytest.raises(DataError, match=message):
        Term(**parts)
