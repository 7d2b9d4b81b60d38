"""Days in a row: a row's last school days as the bits of one whole number, lowest bit the last submitted day."""

from __future__ import annotations

from typing import Any

import ibis


def _spans(mask: Any, longest: int) -> dict[int, Any]:
    """For each power of two: the bits at which a run of so many days begins."""
    spans, length = {1: mask}, 1
    while 2 * length <= longest:
        spans[2 * length] = spans[length] & (spans[length] >> length)
        length *= 2
    return spans


def run_columns(name: str, mask: Any, days: int) -> dict[str, Any]:
    """Columns from which `longest_run` reads the longest run of a mask."""
    return {f"{name}__span_{length}": bits for length, bits in _spans(mask, days).items()}


def longest_run(rows: Any, name: str, days: int) -> Any:
    """Count the days of the longest run: how many lengths up to `days` occur.

    A run of 11 days is one of 8 that begins where another begins, and again 3 days later.
    """
    occurs = []
    for length in range(1, days + 1):
        power = 1 << (length.bit_length() - 1)
        bits = rows[f"{name}__span_{power}"]
        occurs.append(bits if length == power else bits & (bits >> (length - power)))
    return sum((ibis.ifelse(bits != 0, 1, 0) for bits in occurs), ibis.literal(0))


def current_run(mask: Any, days: int) -> Any:
    """Count the days of the run that the last submitted day ends: how many of the lowest bits are set."""
    full = ((1 << length) - 1 for length in range(1, days + 1))
    return sum((ibis.ifelse((mask & bits) == bits, 1, 0) for bits in full), ibis.literal(0))
