"""The study: one learner a week, its list of each module, and what alternatives make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from early_id.district import read_district
from early_id.evaluation import Rolling, backtest, latest_rows, list_at_capacity
from early_id.fairness import (
    Changed,
    Learned,
    Membership,
    Scored,
    compare_lists,
    fit_alternatives,
    place_among_positives,
)
from early_id.models import LogisticAdditiveClassifier
from early_id.panel import Panel
from experiments.oulad._panels import of_the_day, weekly_panels
from experiments.oulad._presentations import Presentation, presentations, split

CAPACITY = "10%"
ATTRIBUTES = ("disability", "imd_band")
WAYS = (
    "reweighing",
    "exponentiated_gradient",
    "threshold_optimizer",
    "correlation_remover",
    "group_cut_offs",
)
#: Group cut-offs from the tested students' own results, which nobody has.
HINDSIGHT = "group_cut_offs:hindsight"
_KEYS = ["student_id", "school_id", "as_of"]


def run_study(
    data: Path, *, test: str, replicates: int = 2000, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Changed]:
    """Compare, for each attribute, the lists of all weeks with those of each alternative.

    Parameters
    ----------
    data : Path
        Folder with the OULAD files as downloaded.
    test : str
        The presentation whose lists are drawn; all earlier ones are learned from.
    replicates : int
        Resamples of the students.
    tell : callable
        Is told what begins.

    Returns
    -------
    dict
        By attribute; `Changed.lists` and `Changed.groups` as `compute_mitigation` gives them.
    """
    tell("Reading the files")
    district = read_district(data, source="oulad")
    chosen, before = split(presentations(district), test, strict=False)
    tell("Building the panels")
    panels = weekly_panels(district, [*before, chosen])
    found = {}
    for attribute in ATTRIBUTES:
        membership = Membership(district.groups, attribute)
        rows, scores = [], []
        for week, panel in panels.items():
            with threadpool_limits(1):
                own = _week(
                    of_the_day(panel),
                    chosen,
                    before,
                    membership,
                    lambda line, week=week: tell(f"Week {week}: {line}"),
                )
            rows.append(own[0])
            scores.append(own[1])
        found[attribute] = compare_lists(
            pd.concat(rows, ignore_index=True),
            pd.concat(scores, ignore_index=True),
            groups=district.groups,
            attribute=attribute,
            capacity=CAPACITY,
            resampling=(replicates, 0),
        )
    return found


def _week(
    panel: Panel,
    test: Presentation,
    before: tuple[Presentation, ...],
    membership: Membership,
    tell: Callable[[str], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train for one week; give the rows with their list, and the scores of the alternatives."""
    years = {"train_years": [one.school_year for one in before], "test_years": [test.school_year]}
    learner = LogisticAdditiveClassifier(directions="catalogue", random_state=0)
    result = backtest({"logistic": learner}, panel, capacity=CAPACITY, embargo="none", **years)
    rows = result.predictions.reset_index(drop=True)
    rows = rows.assign(listed=list_at_capacity(rows, CAPACITY).to_numpy())
    train, later = latest_rows(panel, Rolling(), embargo="none", **years)
    assert later[_KEYS].equals(rows[_KEYS])  # noqa: S101 - both are the tested rows in the panel's order
    learned = Learned(
        panel.design(train), train.set_index(_KEYS)["label"].astype("int64"), membership.of(train)
    )
    scored = Scored(panel.design(later), membership.of(later), rows["score"].to_numpy())
    scores = fit_alternatives(
        learner,
        learned,
        scored,
        membership=membership,
        listed_share=float(rows["listed"].mean()),
        concepts={},
        labels={},
        ways=WAYS,
        tell=tell,
    )
    # The price of equal recall itself, apart from whether earlier presentations tell where to cut.
    known = rows["label"].notna().to_numpy()
    truth = Learned(
        panel.design(later[known]), rows.loc[known, "label"].astype("int64"), membership.of(later[known])
    )
    hindsight = place_among_positives(rows.loc[known, "score"].to_numpy(), truth, scored)
    return rows, scores.reset_index(drop=True).assign(**{HINDSIGHT: hindsight})
