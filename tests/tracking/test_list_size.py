from __future__ import annotations

from typing import Any

import pytest

from early_id.exceptions import ConfigError
from early_id.tracking._list_size import normal_capacity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5%", " 5.0 % "),
        (25, "25"),
        (25, {"*": 25}),
        ({"*": 25, "A": 25}, 25),
        ({"A": 1, "*": 2}, {"*": 2, "A": 1}),
    ],
)
def test_the_same_list_size_written_differently_is_the_same(one: Any, other: Any) -> None:
    assert normal_capacity(one) == normal_capacity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5%", "5.5%"), ("25%", 25), (25, 26), ({"*": 25, "A": 30}, {"*": 25}), ({"A": 5}, {"*": 5})],
)
def test_different_list_sizes_differ(one: Any, other: Any) -> None:
    assert normal_capacity(one) != normal_capacity(other)


@pytest.mark.parametrize(
    "bad", ["", "five", "0%", "101%", "-5%", 0, -1, True, 2.5, {}, {"*": 2.5}, {"*": "25"}, None]
)
def test_what_is_no_list_size_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match=r"Expected a list size such as '5%'"):
        normal_capacity(bad)
