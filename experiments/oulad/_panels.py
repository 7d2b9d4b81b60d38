"""From the district's tables to one panel per week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from early_id.district import District
from early_id.panel import CATALOG, Label, Panel, build_panel
from experiments.oulad._presentations import WEEKS, Presentation

#: Days from the day of scoring whose rows also train some documents. A week changes little in four days, and a due date
#: of one presentation is a few days off that of the next.
NEARBY = (-4, -2, 0, 2, 4)
#: How many days a row is from the day of scoring.
DAYS_OFF = "days_off"

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


def weekly_panels(
    district: District, asked: Sequence[Presentation], nearby: Sequence[Presentation] = ()
) -> dict[int, Panel]:
    """Build, for each week, the students registered on day 7 · week of the presentations asked for.

    Those of `nearby` also have the days around it, told apart by the column `days_off` of the frame. Presentations
    overlap: a day belongs to one of them only, the rows of others on that day are dropped. A week keeps the features
    that are known for somebody on day 7 · week; who has no record at all yet stays and is scored by what that means.
    """
    around = [one.as_of(week) + pd.Timedelta(days=off) for one in nearby for week in WEEKS for off in NEARBY]
    dates = sorted({*around, *(one.as_of(week) for one in asked for week in WEEKS)})
    panel = build_panel(district, label=LABEL, scope="school", catalog=FEATURES, as_of=dates)
    # Published figures cover everybody registered; a district would rather say "not scored" of an empty record.
    everybody = pd.Series(pd.NA, panel.frame.index, dtype="str")
    panel = replace(panel, frame=panel.frame.assign(not_scored=everybody))
    return {week: _week(panel, asked, week) for week in WEEKS}


def of_the_day(panel: Panel) -> Panel:
    """Keep the rows of the day of scoring itself."""
    return panel.where(panel.frame[DAYS_OFF] == 0)


def ended_before_scoring(panel: Panel, test: Presentation, week: int) -> Panel:
    """Drop the training rows of module presentations that had not ended before the day of scoring.

    One that ends on that very day is still running when the students are scored.
    """
    rows = panel.frame
    ended = rows["label_matures_on"] < test.as_of(week)
    return panel.where(ended | (rows["school_year"] == test.school_year))


def _week(panel: Panel, asked: Sequence[Presentation], week: int) -> Panel:
    own_day = panel.frame["school_year"].map({one.school_year: one.as_of(week) for one in asked})
    off = (panel.frame["as_of"] - own_day).dt.days
    rows = replace(panel, frame=panel.frame.assign(**{DAYS_OFF: off})[off.isin(NEARBY)])
    known = of_the_day(rows).frame[rows.feature_names].notna().any()
    return rows.without(known.index[~known])
