"""How early were children reached? School weeks from the first list to the event, per group and child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import resampled_interval
from early_id.fairness._bands import BandTable
from early_id.fairness._counts import MEASURES
from early_id.fairness._groups import PLACES, everybody
from early_id.fairness._publish import MASKED
from early_id.fairness._scheme import THRESHOLD, Scheme
from early_id.fairness._suppression import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from early_id.fairness._counted import Counted
    from early_id.fairness._counts import Floats
    from early_id.fairness._exposure import Masking
    from early_id.fairness._groups import Attribute, Ints
    from early_id.fairness._scheme import Cell, Flags
    from early_id.fairness._suppression import Hidden

COLUMNS = (
    "attribute",
    "group",
    "n_students",
    "median_weeks",
    "median_weeks_low",
    "median_weeks_high",
    "n_before",
)
_WEEKS = ["median_weeks", "median_weeks_low", "median_weeks_high"]
#: Students with the event ahead on some date, those whose event was before, and all others of the group. How many
#: they are together, and how many the first, is decided on elsewhere.
BEFORE = Scheme(
    atoms=("ahead", "before", "neither"),
    counts={"cohort": (1, 1, 1), "ahead": (1, 0, 0), "before": (0, 1, 0)},
    forms={"before": (0, 1, 0), "not_before": (1, 0, 1), "neither": (0, 0, 1)},
    hides=dict.fromkeys(("before", "not_before", "neither"), ("before",)),
    settled=frozenset({"cohort", "ahead"}),
)


def compute_lead_time(rows: pd.DataFrame, counted: Counted) -> pd.DataFrame:
    """Say how many full school weeks before the event the middle child of each group was first listed.

    Parameters
    ----------
    rows : DataFrame
        With `weeks_ahead`; without it nothing can be said and the frame is empty.
    counted : Counted
        The same rows, counted.

    Returns
    -------
    DataFrame
        attribute, group, n_students (distinct, with the event ahead on some date while in the group), median_weeks (of
        these students; from the first list that held them to the event, 0 for a student who was never listed before
        it, the longest where a student had an event in two school years) with its 95 % interval (200 resamples of the
        group's students), and n_before: students whose event came before their first date in the group, so that no
        list could reach them. They are in no share and no median.

    Examples
    --------
    Of eleven students six are listed nine weeks ahead, the others never.

    >>> from early_id.fairness._counted import count_rows
    >>> ids = [f"s{number:02}" for number in range(11)]
    >>> rows = pd.DataFrame({"student_id": ids, "school_id": "a", "district_id": "d", "grade_level": 5, "score": 0.5,
    ...                      "as_of": pd.Timestamp("2026-11-22"), "label": 1.0, "onset": True, "weeks_ahead": 9.0,
    ...                      "listed": [True] * 6 + [False] * 5})
    >>> groups = pd.DataFrame({"student_id": ids, "attribute": "language", "value": "en",
    ...                        "valid_from": pd.Timestamp("2020-07-01"), "valid_to": pd.NaT})
    >>> compute_lead_time(rows, count_rows(rows, groups)).loc[0, ["n_students", "median_weeks", "n_before"]].tolist()
    [11.0, 9.0, 0.0]
    """
    if not counted.knows_weeks_ahead:
        return pd.DataFrame(columns=list(COLUMNS))
    ahead, before = _ahead(counted), _before(rows, counted)
    reached = counted.measures[:, MEASURES.index("reached")] > 0
    weeks = rows["weeks_ahead"].fillna(0.0).to_numpy(dtype=np.float64) * reached
    found = []
    for attribute in (everybody(len(rows)), *counted.attributes):
        cell = counted.student * len(attribute.groups) + attribute.codes
        case, place = np.unique(cell[ahead], return_inverse=True)
        longest = np.zeros(len(case))
        np.maximum.at(longest, place, weeks[ahead])
        never = np.setdiff1d(cell[before], case)
        for code, group in enumerate(attribute.groups):
            own = longest[case % len(attribute.groups) == code]
            n_before = int((never % len(attribute.groups) == code).sum())
            found.append((attribute.name, group, len(own), *_median(own), n_before))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _median(weeks: Floats) -> tuple[float, float, float]:
    if not len(weeks):
        return (np.nan, np.nan, np.nan)
    low, high = resampled_interval(lambda weight: float(np.median(np.repeat(weeks, weight))), len(weeks))
    return float(np.median(weeks)), low, high


def publish_lead_time(
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    counted: Counted,
    masks: Mapping[str, Masking],
    earlier: Set[Cell] = frozenset(),
) -> pd.DataFrame:
    """Print medians where the shares they belong to are printed, and events before the first date where they are many.

    A median stands where the students with the outcome are more than ten and neither their number, nor that of those
    reached once, nor that of those reached early is hidden. Then each of three parts (reached early, reached later,
    never) holds none or more than ten students, as printed. The median and the ends of its interval say in which of
    these parts the middle child lies, which follows from the printed shares, and a number of weeks that some children
    of that part have, but not how many: no count follows. Where the shares are hidden it could: a median of 0 says
    that at least half were never reached. Medians of groups add up to nothing, so none follows from the others.

    How many events came before is a count like any other. It is judged by a mask of its own, beside the numbers with
    the outcome that are printed; of schools and districts it is not printed. `earlier`: groups of which earlier audits
    did not print it.
    """
    if frame.empty:
        return pd.DataFrame(
            columns=["attribute", "group", "students", *_WEEKS, "students_before", "before_text"]
        )
    shown = masks["reached_early"]
    cells = list(zip(frame["attribute"], frame["group"], strict=True))
    sized = np.array([shown.shown(cell, "outcome_student") for cell in cells], dtype=bool)
    told = sized & np.array(
        [shown.shown(cell, "once_student", "early_student") for cell in cells], dtype=bool
    )
    told &= (frame["n_students"] > THRESHOLD).to_numpy()
    before = _before_shown(rows, counted, masks, earlier)
    counts = np.array([cell in before for cell in cells], dtype=bool)
    printed = frame[["attribute", "group"]].assign(students=frame["n_students"].astype("Int64").where(sized))
    for name in _WEEKS:
        printed[name] = frame[name].where(told).round(1)
    printed["students_before"] = frame["n_before"].astype("Int64").where(counts)
    printed["before_text"] = [
        f"{n:,}" if ok else MASKED for n, ok in zip(frame["n_before"], counts, strict=True)
    ]
    return printed


def masked_before(published: pd.DataFrame) -> set[Cell]:
    """List the groups of which it is not printed how many events came before the first date."""
    own = published[published["before_text"] == MASKED]
    return set(zip(own["attribute"], own["group"], strict=True))


def _ahead(counted: Counted) -> Flags:
    return np.asarray(counted.measures[:, MEASURES.index("positive")] > 0)


def _before(rows: pd.DataFrame, counted: Counted) -> Flags:
    """Rows of students with the outcome after it happened."""
    label = rows["label"].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray((label == 1) & (counted.measures[:, MEASURES.index("eligible")] == 0))


def _before_shown(
    rows: pd.DataFrame, counted: Counted, masks: Mapping[str, Masking], told: Set[Cell]
) -> set[Cell]:
    """List the groups, and everybody, of which the number of events before the first date is printed.

    The page also prints how many students were judged on no date, and how many have dates after their event. Where
    these leave a few beside the number, it is printed of nobody.
    """
    ahead, before = _ahead(counted), _before(rows, counted)
    eligible = counted.measures[:, MEASURES.index("eligible")] > 0
    past = rows["label"].notna().to_numpy() & ~eligible
    never = np.setdiff1d(counted.student[before], counted.student[ahead])
    unjudged = np.setdiff1d(counted.student, counted.student[eligible])
    apart = (
        np.setdiff1d(unjudged, never),
        np.setdiff1d(never, unjudged),
        np.setdiff1d(counted.student[past], never),
    )
    if any(0 < len(part) <= THRESHOLD for part in apart):
        return set()
    attributes = [attribute for attribute in counted.attributes if attribute.name not in PLACES]
    tables = [_table(attribute, counted.student, ahead, before) for attribute in attributes]
    whole = _table(everybody(len(rows)), counted.student, ahead, before)
    links = [pair for pair in counted.pairs if set(pair.name) <= {one.name for one in attributes}]
    closed: Hidden = {}
    for cell in masks["recall"].without("eligible") | masks["not_scored"].without("cohort"):
        closed.setdefault(cell, set()).update(BEFORE.counts)
    for cell in masks["reached_early"].without("outcome_student"):
        closed.setdefault(cell, set()).update(("ahead", "before"))
    for cell in told:
        closed.setdefault(cell, set()).add("before")
    found = mask(tables, links, whole, BEFORE, closed)
    return {cell for cell in found.hidden if found.shown(cell, "before")}


def _table(attribute: Attribute, student: Ints, ahead: Flags, before: Flags) -> BandTable:
    """Count distinct students of each group; who had the event ahead on some date does not count as before."""
    groups = len(attribute.groups)
    entry, place = np.unique(student * groups + attribute.codes, return_inverse=True)
    had, was = (np.bincount(place, weights=rows, minlength=len(entry)) > 0 for rows in (ahead, before))
    # Each student of a group is in one part; the last column is everybody.
    parts = (had, was & ~had, ~had & ~was, np.ones(len(entry), dtype=bool))
    counts = np.column_stack(parts).astype(np.int32)
    names = tuple((group,) for group in attribute.groups)
    return BandTable((attribute.name,), names, entry // groups, entry % groups, counts, BEFORE)
