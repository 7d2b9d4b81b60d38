"""The rows features are made of: what each source table says of the running year, and of the one before."""

from __future__ import annotations

from typing import Any

from early_id.panel._absences import absences
from early_id.panel._incidents import incidents
from early_id.panel._marks import finals, marks
from early_id.panel._plan import Plan
from early_id.panel._records import Sources

#: Source tables with events.
EVENT_TABLES = ("absences", "grades", "incidents")


def events_now(plan: Plan, sources: Sources, table: str) -> Any:
    """Prepare the events of one source table for windows of the running year; other years' may be among them.

    Columns: person, school_year, day, known_at, retracted_at, in the scope of a school school_number, and filters.
    """
    return {"absences": absences, "grades": marks, "incidents": incidents}[table](plan, sources)


def events_before(plan: Plan, sources: Sources, table: str, now: Any) -> Any:
    """Prepare the events for figures of the year before; other years' may be among them.

    Where two school years meet, the year before of some schools is the running year of others.
    """
    if table == "incidents":
        return now
    if table == "grades":
        now, before = now.filter(now.core_final), finals(plan, sources)
    else:
        before = absences(plan, sources, before=True)
    return before.union(now.select(before.columns))
