"""The rows features are made of: one event table per source, with its named filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ibis

from early_id.district import Signals

WHOLE_DAY = 1000
PASSING_HUNDREDTHS = 6000
ABSENT_KINDS = ("excused", "unexcused", "suspension_out")


def absences(signals: Signals) -> Any:
    """Exceptions on submitted school days: known once both the record and the day's attendance have arrived.

    An exception on a day that the school has not submitted is left out of the count, as the day is left out of the
    days: neither is known yet.
    """
    rows = signals.table("absences")
    feed = signals.table("attendance_feed").select(
        "school_id", fed_on=ibis._.known_at, occurred_on=ibis._.day
    )
    rows = rows.join(feed, ["school_id", "occurred_on"])
    whole = rows.thousandths >= WHOLE_DAY
    return rows.select(
        "student_id",
        "school_id",
        "retracted_at",
        day=rows.occurred_on,
        known_at=ibis.greatest(rows.known_at, rows.fed_on),
        absent=rows.kind.isin(ABSENT_KINDS) & whole,
        unexcused=(rows.kind == "unexcused") & whole,
        tardy=rows.kind == "tardy",
        partial=(rows.kind == "partial") | (rows.kind.isin(ABSENT_KINDS) & ~whole),
    )


def grades(signals: Signals) -> Any:
    """Assess work: marks that were given, and assignments that were due and not handed in.

    A missing assignment counts from its due day, whenever the record says it was assessed.
    """
    rows = signals.table("grades")
    missing = (rows.mark == "missing").fill_null(False) & rows.hundredths.isnull()
    marked = rows.hundredths.notnull()
    handed_in = (rows.kind == "assignment") & ~missing
    final = (rows.kind == "final") & rows.core & marked
    return rows.select(
        "student_id",
        "school_id",
        "course_id",
        "hundredths",
        "known_at",
        "retracted_at",
        any=ibis.literal(True),
        day=ibis.ifelse(missing, rows.due_on.fill_null(rows.assessed_on), rows.assessed_on),
        marked=marked,
        core_marked=marked & rows.core,
        missing=missing & (rows.kind == "assignment"),
        handed_in=handed_in,
        work=rows.kind == "assignment",
        late=handed_in & (rows.assessed_on > rows.due_on).fill_null(False),
        core_final=final,
        failed_core=final & (rows.hundredths < PASSING_HUNDREDTHS).fill_null(False),
    )


def incidents(signals: Signals) -> Any:
    """Incidents with an objective basis; what rests on a judgement of disrespect or defiance is left out."""
    rows = signals.table("incidents")
    return rows.select(
        "student_id",
        "school_id",
        "suspension_days",
        "known_at",
        "retracted_at",
        day=rows.occurred_on,
        objective=rows.basis == "objective",
    )


EVENTS: Mapping[str, Callable[[Signals], Any]] = MappingProxyType(
    {"absences": absences, "grades": grades, "incidents": incidents}
)
