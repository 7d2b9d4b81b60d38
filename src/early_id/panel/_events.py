"""The rows features are made of: what each source table says of the running year, and of the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from early_id.panel._absences import absences
from early_id.panel._incidents import incidents
from early_id.panel._marks import finals, marks
from early_id.panel._plan import Plan
from early_id.panel._records import Sources

#: Source tables with events.
EVENT_TABLES = ("absences", "grades", "incidents")


@dataclass(frozen=True)
class Events:
    """Rows with person, school_year, day, known_at, retracted_at, in the scope of a school school_number, and filters.

    Attributes
    ----------
    now : Ibis table
        For windows of the running year; other years' rows may be among them.
    before : Ibis table
        For figures of the year before; other years' rows may be among them.
    """

    now: Any
    before: Any


def events_of(plan: Plan, sources: Sources, table: str, *, before: bool) -> Events:
    """Prepare the events of one source table; those of the year before only where they are asked for."""
    if table == "grades":
        now = marks(plan, sources)
        return Events(now, finals(plan, sources, now) if before else now)
    rows = (absences if table == "absences" else incidents)(plan, sources)
    return Events(rows, rows)
