"""Exceptions of attendance: absences, tardies and partial days, each day once."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.panel._bits import bit, bit_or
from early_id.panel._plan import Plan
from early_id.panel._records import EPOCH, Sources, packed, unpacked
from early_id.panel._spells import between
from early_id.panel._time import NEVER

WHOLE_DAY = 1000
#: In the order of their names.
ABSENT_KINDS = ("excused", "suspension_out", "unexcused")
#: Days in a stretch: as many bits leave room for the sum of many records of one day.
_STRETCH = 40
_FLAGS = ("absent", "unexcused", "monday_friday", "tardy", "partial", "excused", "suspended")


def absences(plan: Plan, sources: Sources, *, before: bool = False) -> Any:
    """Exceptions on submitted school days of the student's own spells, each day once: of the running year or before.

    An exception is known once both the record and the day's attendance have arrived: on a day that the school has not
    submitted neither the day nor the exception counts yet. It counts while the student is seen as enrolled there, so
    that absences and enrolled days are always counted from the same spells. A day with two records of whole absence
    is one day, of the kind that was recorded first.
    """
    rows = _while_enrolled(_exceptions(plan, before=before), sources.spells)
    dates = sources.dates.filter(sources.dates.fed_on.notnull())
    dates = dates.select("school_number", "school_year", "day_index", "fed_on", day=dates.date)
    rows = rows.join(dates, ["school_number", "day"])
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.fed_on),
        recorded_on=ibis.greatest(rows.recorded_on, rows.fed_on),
    ).drop("fed_on")
    rows = rows.filter(rows.retracted_at.isnull() | (rows.retracted_at > rows.known_at))
    suffix = "_before" if before else ""
    rows = plan.keep(f"exceptions{suffix}", packed(rows, _FLAGS))
    return unpacked(_once_a_day(plan, rows, suffix), _FLAGS)


def _exceptions(plan: Plan, *, before: bool) -> Any:
    """Read the records of the days looked at, with their named filters."""
    rows, moments = plan.table("absences"), plan.moments
    if before:
        rows = rows.filter(rows.occurred_on >= moments.before_from, rows.occurred_on < moments.year_from)
    else:
        rows = rows.filter(rows.occurred_on >= moments.year_from, rows.occurred_on <= moments.last_date)
    rows = rows.filter(rows.kind.isin((*ABSENT_KINDS, "tardy", "partial")))
    whole = rows.thousandths >= WHOLE_DAY
    missed = rows.kind.isin(ABSENT_KINDS)
    rows = rows.select(
        "student_id",
        "school_id",
        "known_at",
        "retracted_at",
        recorded_on=rows.known_at,
        day=rows.occurred_on,
        absent=missed & whole,
        unexcused=(rows.kind == "unexcused") & whole,
        monday_friday=missed & whole & rows.occurred_on.day_of_week.index().isin((0, 4)),
        tardy=rows.kind == "tardy",
        partial=(rows.kind == "partial") | (missed & ~whole),
        excused=rows.kind == "excused",
        suspended=rows.kind == "suspension_out",
    )
    return between(rows, plan)


def _while_enrolled(rows: Any, spells: Any) -> Any:
    """Let a record count only while the student is seen as enrolled in its school on its day."""
    spells = spells.select(
        "person",
        "school_number",
        "entered_on",
        "end_on",
        spell_student=spells.student_id,
        spell_school=spells.school_id,
        spell_known=spells.known_at,
        spell_retracted=spells.retracted_at,
    )
    rows = rows.join(
        spells,
        [
            rows.student_id == spells.spell_student,
            rows.school_id == spells.spell_school,
            rows.day >= spells.entered_on,
            rows.day <= spells.end_on,
        ],
    )
    ends = (rows.retracted_at, rows.spell_retracted)
    rows = rows.mutate(
        known_at=ibis.greatest(rows.known_at, rows.spell_known),
        retracted_at=ibis.cases(
            (ends[0].isnull(), ends[1]), (ends[1].isnull(), ends[0]), else_=ibis.least(*ends)
        ),
    )
    asked = [name for name in spells.columns if name not in {"person", "school_number"}]
    return rows.drop("student_id", "school_id", *asked)


def _once_a_day(plan: Plan, exceptions: Any, suffix: str) -> Any:
    """Let a record count only while no earlier record of the same day and sort is visible."""
    kept = [name for name in exceptions.columns if name != "recorded_on"]
    rows = unpacked(exceptions, _FLAGS)
    since = rows.day.delta(EPOCH, unit="day")
    person = rows.person.cast("int64")
    # Few stretches of days hold a day twice: the sum of powers of two is then more than their union.
    rows = rows.mutate(stretch=person * (1 << 15) + since // _STRETCH, bit=bit(since % _STRETCH))
    twice = rows.group_by("stretch").agg(total=rows.bit.sum(), united=bit_or(rows.bit))
    twice = plan.keep(f"days_twice{suffix}", twice.filter(twice.total != twice.united).select("stretch"))
    # One number names a person, a school, a day and a sort of absence: it is what a day is counted once by.
    sort = ibis.cases((rows.absent, 0), (rows.partial, 1), else_=2)
    rows = rows.mutate(same=((person * (1 << 16) + rows.school_number) * (1 << 15) + since) * 4 + sort)
    several = rows.semi_join(twice, "stretch").group_by("same").agg(records=ibis._.count())
    several = plan.keep(f"repeated{suffix}", several.filter(several.records > 1).select("same"))
    single = rows.anti_join(several, "same").select(kept)
    # Only days with several records are put in order: they are few.
    rows = rows.semi_join(several, "same")
    kind = ibis.cases((rows.excused, 0), (rows.suspended, 1), else_=2)
    rows = rows.mutate(shown_until=rows.retracted_at.fill_null(NEVER), kind=kind)
    earlier = ibis.window(
        group_by="same", order_by=["recorded_on", "kind", "shown_until", "known_at"], preceding=(None, 1)
    )
    taken = rows.shown_until.max().over(earlier)
    rows = rows.mutate(known_at=ibis.greatest(rows.known_at, taken.fill_null(rows.known_at)))
    return single.union(
        plan.keep(f"in_turn{suffix}", rows.filter(rows.known_at < rows.shown_until).select(kept))
    )
