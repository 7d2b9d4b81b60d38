"""From the district's tables to one panel per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from early_id.district import District
from early_id.panel import CATALOG, Label, Panel, build_panel
from experiments.oulad._presentations import WEEKS, Presentation

#: Fail or Withdrawn, of this module presentation alone, known on the day of withdrawal or at the end.
LABEL = Label("outcome:unsuccessful", lag_days=0, scope="school")


#: What these files can tell: no incidents, no year before, and no grade level.
FEATURES = MappingProxyType(
    {
        name: feature
        for name, feature in CATALOG.items()
        if feature.domain != "discipline" and feature.window != "prior_year" and name != "grade_level"
    }
)


def weekly_panels(district: District, asked: Sequence[Presentation]) -> dict[int, Panel]:
    """Build, for each week, the students registered on day 7 · week of the presentations asked for.

    Presentations overlap: a day belongs to one of them only, the rows of others on that day are dropped. A week keeps
    the features that are known for somebody; who has no record at all yet stays and is scored by what that means.
    """
    dates = [one.as_of(week) for one in asked for week in WEEKS]
    panel = build_panel(district, label=LABEL, scope="school", catalog=FEATURES, as_of=dates)
    # Published figures cover everybody registered; a district would rather say "not scored" of an empty record.
    everybody = pd.Series(pd.NA, panel.frame.index, dtype="str")
    panel = replace(panel, frame=panel.frame.assign(not_scored=everybody))
    return {week: _week(panel, asked, week) for week in WEEKS}


def ended_before_scoring(panel: Panel, test: Presentation, week: int) -> Panel:
    """Drop the training rows of module presentations that had not ended before the day of scoring.

    One that ends on that very day is still running when the students are scored.
    """
    rows = panel.frame
    ended = rows["label_matures_on"] < test.as_of(week)
    return panel.where(ended | (rows["school_year"] == test.school_year))


def _week(panel: Panel, asked: Sequence[Presentation], week: int) -> Panel:
    own_day = panel.frame["school_year"].map({one.school_year: one.as_of(week) for one in asked})
    rows = panel.where(panel.frame["as_of"] == own_day)
    known = rows.frame[rows.feature_names].notna().any()
    return rows.without(known.index[~known])
