"""Left joins that keep one copy of their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def left_join(left: Any, right: Any, keys: Sequence[str]) -> Any:
    """Put the columns of `right` beside `left`, null where there is no partner; equal names must be keys."""
    return left.left_join(right, list(keys)).drop(*(f"{key}_right" for key in keys))
