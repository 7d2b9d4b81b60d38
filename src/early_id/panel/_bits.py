"""Sets of days as the bits of a whole number, written so that all engines read the same."""

from __future__ import annotations

from typing import Any

import ibis


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """Set every bit that a row of the group has; by its name in SQL, since Ibis does not know it in Spark."""


def bit(place: Any) -> Any:
    """Set one bit, counted from 0.

    The cast is written out: a bare 1 has 32 bits in Spark, and a shift beyond them begins again at the first.
    """
    return ibis.literal(1, "int8").cast("int64") << place.cast("int64")
