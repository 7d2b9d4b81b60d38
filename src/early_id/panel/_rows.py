"""The plan of a panel: features, label, outreach on record, and who cannot be scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from early_id.panel._feature import Feature
from early_id.panel._features import FEED_WINDOW, features, no_attendance, nothing_known
from early_id.panel._join import left_join
from early_id.panel._labels import Label, labels
from early_id.panel._plan import Plan
from early_id.panel._spells import Scope
from early_id.panel._time import visible

#: Decisions about a listed student after which nobody reached out.
WITHOUT_OUTREACH = ("dismissed", "no_outreach", "not_reached", "no outreach", "not reached")


def plan_of(catalog: Sequence[Feature], scope: Scope, label: Label | None) -> Plan:
    """Write down every step of a panel; the last one holds its rows."""
    plan = Plan()
    rows = features(plan, catalog, scope)
    rows = left_join(rows, plan.table("schools").select("school_id", "district_id"), ["school_id"])
    treated = _treated(plan, rows)
    rows = left_join(rows, treated, ["row"])
    rows = rows.mutate(treated=rows.treated.fill_null(False), not_scored=_not_scored(plan, rows, catalog))
    if label is not None:
        scored = plan.keep("scored", rows)
        found = labels(plan, scored, label).rename(label_matures_on="matures_on")
        rows = left_join(scored, found, ["row"])
    plan.keep("rows", rows)
    return plan


def _treated(plan: Plan, rows: Any) -> Any:
    """List the rows with outreach on record: a support of this school year or still open, a decision to reach out."""
    supports = plan.table("supports")
    supports = supports.select(
        "student_id", "known_at", "retracted_at", started=supports.started_on, ended=supports.ended_on
    )
    decisions = plan.table("decisions")
    word = decisions.decision.strip().lower()
    decisions = decisions.filter(word.notin(WITHOUT_OUTREACH)).select(
        "student_id", "known_at", "retracted_at", started=decisions.decided_on, ended=decisions.decided_on
    )
    both = supports.union(decisions)
    own = rows.select("row", "student_id", "as_of", "year_first")
    reached = own.join(
        both,
        [
            own.student_id == both.student_id,
            both.started <= own.as_of,
            both.ended.isnull() | (both.ended >= own.year_first),
            visible(both, own.as_of),
        ],
        rname="outreach_{name}",
    )
    return reached.select("row").distinct().mutate(treated=True)


def _not_scored(plan: Plan, rows: Any, catalog: Sequence[Feature]) -> Any:
    """Give the reason why a row gets no score; null for the others."""
    return ibis.cases(
        (
            no_attendance(plan, rows),
            f"no attendance submitted by the school for the student's last {FEED_WINDOW} school days",
        ),
        (nothing_known(rows, catalog), "no attendance or mark on record"),
    )
