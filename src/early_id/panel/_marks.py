"""Marks and assignments."""

from __future__ import annotations

from typing import Any

from early_id.panel._join import left_join
from early_id.panel._plan import Plan
from early_id.panel._records import EPOCH, Sources, in_year, packed, unpacked
from early_id.panel._time import numbered

PASSING_HUNDREDTHS = 6000
#: Letters that say whether a mark passes, with or without a sign; others (incomplete, pass by request) say nothing.
PASSING_LETTERS = tuple(letter + sign for letter in "ABCD" for sign in ("", "+", "-"))
FAILING_LETTER = "F"
#: `latest` packs the day and the value in one integer, so that ties on a day resolve the same way in every engine.
PACK = 100_000
_FINAL_FLAGS = ("core_final", "failed_core", "passed_core")
_FLAGS = ("marked", "core_marked", "missing", "handed_in", "work", "late", *_FINAL_FLAGS)


def marks(plan: Plan, sources: Sources) -> Any:
    """Assess the work of the running year: marks that were given, and assignments due and not handed in.

    A missing assignment counts from its due day, whenever the record says it was assessed. An assignment with neither
    a mark nor points is not known to be handed in, nor to be missing.
    """
    rows, first = plan.table("grades"), plan.moments.year_from
    # Only marks are told apart by course, and a mark counts on the day it was assessed.
    courses = plan.keep("courses", numbered(rows.filter(rows.assessed_on >= first), "course_id", "course"))
    # A missing assignment may have been entered before the year began, and be due in it. Each part is asked for by
    # plain comparisons with a day, by which an engine skips what it need not read.
    due = rows.filter(rows.assessed_on < first, rows.due_on >= first, rows.kind == "assignment")
    rows = rows.filter(rows.assessed_on >= first).union(due)
    missing = (rows.mark == "missing").fill_null(False) & rows.hundredths.isnull()
    marked = rows.hundredths.notnull()
    handed_in = (rows.kind == "assignment") & ~missing & (marked | rows.mark.notnull())
    rows = rows.select(
        "student_id",
        "school_id",
        "course_id",
        "known_at",
        "retracted_at",
        hundredths=rows.hundredths.cast("int32"),
        day=missing.ifelse(rows.due_on.fill_null(rows.assessed_on), rows.assessed_on),
        marked=marked,
        core_marked=marked & rows.core,
        missing=missing & (rows.kind == "assignment"),
        handed_in=handed_in,
        work=handed_in | (missing & (rows.kind == "assignment")),
        late=handed_in & (rows.assessed_on > rows.due_on).fill_null(False),
        **_of_finals(rows),
    )
    rows = rows.filter(rows.marked | rows.work, rows.day >= first)
    rows = left_join(rows, courses, ["course_id"]).drop("course_id")
    rows = unpacked(plan.keep("marks", packed(in_year(rows, plan, sources), _FLAGS)), _FLAGS)
    return rows.mutate(newest=rows.day.delta(EPOCH, unit="day") * PACK + rows.hundredths)


def finals(plan: Plan, sources: Sources) -> Any:
    """Return the final marks of core courses of the year before."""
    rows = plan.table("grades")
    rows = rows.filter(
        rows.assessed_on < plan.moments.year_from, rows.assessed_on >= plan.moments.before_from
    )
    rows = rows.filter(rows.kind == "final", rows.core, rows.hundredths.notnull())
    rows = rows.select(
        "student_id",
        "school_id",
        "known_at",
        "retracted_at",
        hundredths=rows.hundredths.cast("int32"),
        day=rows.assessed_on,
        **_of_finals(rows),
    )
    rows = plan.keep("finals", packed(in_year(rows, plan, sources), _FINAL_FLAGS))
    return unpacked(rows, _FINAL_FLAGS).drop("flags")


def _of_finals(rows: Any) -> dict[str, Any]:
    final = (rows.kind == "final") & rows.core & rows.hundredths.notnull()
    low = (rows.hundredths < PASSING_HUNDREDTHS).fill_null(False)
    return {"core_final": final, "failed_core": final & low, "passed_core": final & ~low}
