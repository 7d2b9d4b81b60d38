"""The same audit at other sizes of the list: who would be reached by teams that reach more, or fewer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import places, rank_in_school
from early_id.fairness._complement import printable_complements
from early_id.fairness._counts import MEASURES, overall, sum_segments, tabulate
from early_id.fairness._earlier import NOTHING, Earlier
from early_id.fairness._exposure import Masking
from early_id.fairness._frames import judge_single
from early_id.fairness._gaps import Resampling, family_gaps
from early_id.fairness._publish import DIGITS, publish_gaps, publish_rates
from early_id.fairness._rates import compute_rates
from early_id.fairness._sizes import curve_attributes, mask_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.fairness._counted import Counted
    from early_id.fairness._counts import Table
    from early_id.fairness._groups import Ints
    from early_id.fairness._scheme import Cell

#: Sizes of the list in percent of each school's students. At most 15, so that few differences can be taken.
SIZES = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30)
SHOWN = ("recall", "selection_rate", "precision")
_COLUMNS = ("percent", "attribute", "group", *SHOWN)
_VERDICT = ["attribute", "group", "other_rate", "gap", "low_simultaneous", "high_simultaneous", "verdict"]


@dataclass(frozen=True)
class Curve:
    """The audit at other list sizes, exact and as it may be published.

    Both frames have a row for everybody and for each group at each size: `percent`, `attribute`, `group`, the rates
    with their intervals, and for groups `other_rate`, `gap`, its simultaneous interval and `verdict`. `sizes`: the
    percents that are published; `hidden`: the groups of which a count is hidden at all of them, by count.
    """

    exact: pd.DataFrame
    published: pd.DataFrame
    sizes: tuple[int, ...]
    hidden: Mapping[str, set[Cell]]

    @classmethod
    def none(cls) -> Curve:
        """Say nothing of other sizes."""
        return cls(pd.DataFrame(columns=_COLUMNS), pd.DataFrame(columns=_COLUMNS), (), {})


def compute_curve(
    rows: pd.DataFrame,
    counted: Counted,
    audited: Masking,
    *,
    tolerance: float,
    resampling: Resampling,
    earlier: Earlier = NOTHING,
) -> Curve:
    """Audit recall at each of `SIZES`, for the attributes of the students and the grade band.

    Schools and districts are left out: their lists are small, and hundreds of curves are no picture. The intervals
    hold for all groups of one size together, not for all sizes: a curve is there to look at, the verdict that counts is
    that of the real list. `audited`: what the audit of the real list hides; `earlier`: what was published before, which
    stays hidden; of the same scores no further sizes are printed.
    """
    rank = rank_in_school(rows)
    lists = [(rank <= places(rows, f"{size}%")).to_numpy() for size in SIZES]
    first = np.full(len(rows), len(SIZES), dtype=np.int64)
    for place in range(len(SIZES) - 1, -1, -1):
        first[lists[place]] = place
    allowed = [place for place, size in enumerate(SIZES) if earlier.sizes is None or size in earlier.sizes]
    sizes, hidden = mask_sizes(counted, first, audited, allowed, earlier.masked)
    exact, published = [], []
    for place, listed in enumerate(lists):
        frame, gaps, tables = _at_size(counted, listed, resampling=resampling)
        judged = judge_single(gaps, tolerance=tolerance)[_VERDICT]
        whole = frame.merge(judged, on=["attribute", "group"], how="left")
        exact.append(whole.assign(percent=SIZES[place]))
        if place in sizes:
            part = _publish(frame, gaps, judged, _masking(audited, hidden), printable_complements(tables, {}))
            published.append(part.assign(percent=SIZES[place]))
    shown = pd.concat(published, ignore_index=True) if published else Curve.none().published
    percents = tuple(SIZES[place] for place in sizes)
    return Curve(pd.concat(exact, ignore_index=True), shown, percents, hidden)


def _at_size(
    counted: Counted, listed: Ints, *, resampling: Resampling
) -> tuple[pd.DataFrame, pd.DataFrame, Sequence[Table]]:
    """Count everything again with another list: the rates of everybody and of each group, and their gaps."""
    measures = counted.measures.copy()
    on_list = listed.astype(np.int8)
    for name, of in (("listed", "eligible"), ("reached", "positive")):
        measures[:, MEASURES.index(name)] = measures[:, MEASURES.index(of)] * on_list
    measures[:, MEASURES.index("early")] = 0
    segments = replace(counted.segments, counts=sum_segments(measures, counted.segment))
    names = {attribute.name for attribute in curve_attributes(counted)}
    axes = [place for place, attribute in enumerate(counted.attributes) if attribute.name in names]
    tables = [tabulate(segments, counted.attributes, [axis]) for axis in axes]
    frame = pd.concat([compute_rates(table) for table in (overall(segments), *tables)], ignore_index=True)
    gaps = family_gaps(segments, tables, metric="recall", family="single", resampling=resampling)
    return frame, gaps, tables


def _masking(audited: Masking, hidden: Mapping[str, set[Cell]]) -> Masking:
    """Give one mask for all sizes in the form of an audit's."""
    cells = {cell: {"early", *(name for name in hidden if cell in hidden[name])} for cell in audited.hidden}
    return replace(audited, hidden=cells)


def _publish(
    frame: pd.DataFrame,
    gaps: pd.DataFrame,
    judged: pd.DataFrame,
    masking: Masking,
    complements: set[tuple[str, str, str]],
) -> pd.DataFrame:
    """Mask one size: rates in words or numbers, the gap where it may be printed, "suppressed" where recall may not."""
    published = publish_rates(frame, masking, SHOWN)
    printed = publish_gaps(gaps, published, "recall", complements)
    numbers = ["other_rate", "gap", "low_simultaneous", "high_simultaneous"]
    found = published.merge(printed[["attribute", "group", *numbers]], on=["attribute", "group"], how="left")
    found = found.merge(judged[["attribute", "group", "verdict"]], on=["attribute", "group"], how="left")
    cells = zip(found["attribute"], found["group"], strict=True)
    hidden = np.array([not masking.shown(cell, "eligible", "positive", "reached") for cell in cells])
    found["verdict"] = found["verdict"].mask(hidden & found["verdict"].notna(), "suppressed")
    found[numbers] = found[numbers].round(DIGITS)
    return found.drop(columns=["students", "students_with_outcome"])
