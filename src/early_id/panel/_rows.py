"""The plan of a panel: features, label, outreach on record, and who cannot be scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from early_id.panel._cohort import KEYS, row_number
from early_id.panel._feature import Feature
from early_id.panel._features import (
    FEED_WINDOW,
    Cohort,
    cohort_of,
    facts_of,
    features,
    no_attendance,
    nothing_known,
)
from early_id.panel._join import left_join
from early_id.panel._labels import Label, labels
from early_id.panel._plan import Plan
from early_id.panel._time import Scope, visible
from early_id.panel._values import value_of
from early_id.panel._words import is_one_of

#: Decisions about a listed student after which nobody reached out.
WITHOUT_OUTREACH = ("dismissed", "no_outreach", "not_reached", "no outreach", "not reached")
ROW_COLUMNS = (
    *KEYS, "district_id", "school_year", "school_day", "term", "grade_level", "treated", "not_scored",
)  # fmt: skip
LABEL_COLUMNS = ("label", "event_day", "onset", "label_matures_on")


def plan_of(catalog: Sequence[Feature], scope: Scope, label: Label | None, *, facts: bool) -> Plan:
    """Write down every step of a panel; the last one holds its rows.

    With `facts` the rows hold, in the place of the features, what sentences about them name.
    """
    plan = Plan()
    parts = cohort_of(plan, catalog, scope)
    treated = plan.keep("treated", _treated(plan, parts))
    found = None
    if label is not None:
        scored = plan.keep("scored", _keys(parts))
        found = labels(plan, scored, label).rename(label_matures_on="matures_on")
        found = plan.keep("labels", _mature(plan, found, scored))
    rows = features(plan, parts, catalog, treated)
    if facts:
        ordered = rows.order_by("row")
        plan.keep("rows", ordered.select(*KEYS, **facts_of(ordered, catalog)), by_part=True)
        return plan
    rows = rows.mutate(**{feature.name: value_of(rows, feature)[0] for feature in catalog})
    rows = rows.mutate(treated=rows.treated.fill_null(False), not_scored=_not_scored(plan, rows, catalog))
    columns = list(dict.fromkeys((*ROW_COLUMNS, *(feature.name for feature in catalog))))
    if found is not None:
        rows = left_join(rows, found, ["row"])
        columns += LABEL_COLUMNS
    plan.keep("rows", rows.order_by("row").select(columns), by_part=True)
    return plan


def _mature(plan: Plan, found: Any, scored: Any) -> Any:
    """Blank labels that were not complete by the last day, and say where the event is still ahead."""
    found = found.join(scored.select("row", "as_of"), "row")
    mature = (found.label_matures_on <= plan.moments.known_by).fill_null(False)
    label = ibis.ifelse(mature, found.label, ibis.null("int64"))
    event_day = ibis.ifelse(mature & (found.label == 1), found.event_day, ibis.null("date"))
    ahead = (label == 0) | (event_day > found.as_of)
    return found.select(
        "row",
        "label_matures_on",
        label=label,
        event_day=event_day,
        onset=label.notnull() & ahead.fill_null(False),
    )


def _keys(parts: Cohort) -> Any:
    """List every row of the panel with what a label looks at."""
    names = (
        "as_of",
        "date_number",
        "school_number",
        "school_id",
        "school_year",
        "term",
        "last_day",
        "year_first",
    )
    slots = parts.slots.select(*names, like=parts.slots.person)
    rows = parts.members.join(slots, "like").join(parts.people, "person")
    rows = rows.mutate(row=row_number(rows.person, rows.date_number, rows.school_number))
    return rows.drop("like", "person", "date_number", "school_number")


def _treated(plan: Plan, parts: Cohort) -> Any:
    """List the rows with outreach on record: a support of this school year or still open, a decision to reach out."""
    supports = plan.table("supports")
    supports = supports.select(
        "student_id", "known_at", "retracted_at", started=supports.started_on, ended=supports.ended_on
    )
    decisions = plan.table("decisions")
    decisions = decisions.filter(~is_one_of(decisions.decision, WITHOUT_OUTREACH)).select(
        "student_id", "known_at", "retracted_at", started=decisions.decided_on, ended=decisions.decided_on
    )
    both = supports.union(decisions).join(parts.people, "student_id").join(parts.members, "person")
    slots = parts.slots.select(
        "as_of", "date_number", "school_number", "year_first", slot_like=parts.slots.person
    )
    reached = both.join(
        slots,
        [
            both.like == slots.slot_like,
            both.started <= slots.as_of,
            both.ended.isnull() | (both.ended >= slots.year_first),
            visible(both, slots.as_of),
        ],
    )
    row = row_number(reached.person, reached.date_number, reached.school_number)
    return reached.select(row=row).distinct().mutate(treated=True)


def _not_scored(plan: Plan, rows: Any, catalog: Sequence[Feature]) -> Any:
    """Give the reason why a row gets no score; null for the others."""
    return ibis.cases(
        (
            no_attendance(plan, rows),
            f"no attendance submitted by the school for the student's last {FEED_WINDOW} school days",
        ),
        (nothing_known(rows, catalog), "no attendance or mark on record"),
    )
