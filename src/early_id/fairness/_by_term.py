"""The metrics that get verdicts again, on one date of each half of the school year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.fairness._bands import band_tables
from early_id.fairness._counts import MEASURES, count_segments, overall, tabulate
from early_id.fairness._differences import Placed, differing_rows, few_of_rows
from early_id.fairness._earlier import NOTHING
from early_id.fairness._exposure import exposed
from early_id.fairness._groups import PLACES, Attribute, everybody
from early_id.fairness._publish import publish_rates
from early_id.fairness._rates import compute_rates
from early_id.fairness._scheme import Scheme
from early_id.fairness._sizes import curve_attributes
from early_id.fairness._suppression import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from early_id.fairness._counted import Counted
    from early_id.fairness._earlier import Earlier
    from early_id.fairness._exposure import Masking
    from early_id.fairness._groups import Ints
    from early_id.fairness._scheme import Cell
    from early_id.fairness._suppression import Hidden

_RATES = {"recall": ("positive", "reached"), "not_scored": ("cohort", "not_scored")}
_KEYS = ["as_of", "attribute", "group"]
COLUMNS = (
    *_KEYS, "n_students", "n_students_outcome", "recall", "recall_low", "recall_high", "not_scored", "not_scored_low",
    "not_scored_high",
)  # fmt: skip
_PRINTED = (
    *_KEYS, "students", "students_with_outcome", "recall", "recall_low", "recall_high", "recall_text", "not_scored",
    "not_scored_low", "not_scored_high", "not_scored_text",
)  # fmt: skip
#: With fewer dates in the year a half has no middle to speak of.
_LEAST_DATES = 4


@dataclass(frozen=True)
class ByTerm:
    """The rates on one date per term, exact and as they may be published; a row per date and group, everybody first.

    `hidden`: the groups that are masked, by metric.
    """

    exact: pd.DataFrame
    published: pd.DataFrame
    hidden: Mapping[str, set[Cell]]


def term_dates(rows: pd.DataFrame) -> list[pd.Timestamp]:
    """Choose one date of each half of the last school year: the one in its middle.

    The rows of a backtest do not know the district's terms, so a school year's dates are halved in their order: the
    date in the middle of each half stands for a term. None where the year has fewer than four dates.

    Examples
    --------
    >>> rows = pd.DataFrame({"as_of": pd.date_range("2026-09-06", periods=6, freq="7D")})
    >>> [str(day.date()) for day in term_dates(rows)]
    ['2026-09-13', '2026-10-04']
    """
    own = rows if "school_year" not in rows else rows[rows["school_year"] == rows["school_year"].max()]
    days = [pd.Timestamp(day) for day in np.sort(own["as_of"].unique())]
    if len(days) < _LEAST_DATES:
        return []
    halves = np.array_split(np.arange(len(days)), 2)
    return [days[int(half[len(half) // 2])] for half in halves]


def compute_by_term(
    rows: pd.DataFrame,
    counted: Counted,
    masks: Mapping[str, Masking],
    earlier: Earlier = NOTHING,
) -> ByTerm:
    """Compute recall and the share without a score on each of these dates, for everybody and single attributes.

    Schools and districts are left out: on one date few of their students have the outcome. On one date a student counts
    once, so recall is the share of students on the list. `earlier`: what was published before, which
    stays masked; and where another list of the same scores differs on such a date by few, so is the group.

    Notes
    -----
    Numbers of a date and those of all dates together tell those of the other dates. So a group's counts are judged in
    parts, one for each date and one for all other dates: in each, how many with the outcome were listed, how many were
    not, how many had a score, how many had none. Where any part is of 1–10 students, or would follow from what is
    printed of others and of everybody, the group is masked on all dates alike, and with it a partner (`mask`); so is
    every group that the audit masks. Dates share no row, so no other sum of rows is told; where some part cannot be
    kept open, nothing is printed of that metric. Lists of other sizes are of all dates together and hold other rows:
    none of their counts is a sum of these parts.
    """
    days = term_dates(rows)
    if not days:
        return ByTerm(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(_PRINTED)), {})
    part = np.full(len(rows), len(days), dtype=np.int64)
    as_of = pd.to_datetime(rows["as_of"]).to_numpy()
    for place, day in enumerate(days):
        part[as_of == day.to_datetime64()] = place
    attributes = curve_attributes(counted)
    shown = {
        metric: _masking(
            counted, attributes, masks[metric], part, metric=metric, n_days=len(days), earlier=earlier
        )
        for metric in _RATES
    }
    exact, printed = [], []
    for place, day in enumerate(days):
        frame = _rates_of(counted, attributes, part == place)
        exact.append(frame.assign(as_of=str(day.date())))
        own = publish_rates(frame, shown["recall"], ["recall"]).drop(columns="students")
        other = publish_rates(frame, shown["not_scored"], ["not_scored"])
        both = own.merge(other, on=["attribute", "group"])
        printed.append(both.assign(as_of=str(day.date())))
    return ByTerm(
        pd.concat(exact, ignore_index=True)[list(COLUMNS)],
        pd.concat(printed, ignore_index=True)[list(_PRINTED)],
        {metric: {cell for cell, counts in shown[metric].hidden.items() if counts} for metric in _RATES},
    )


def _rates_of(counted: Counted, attributes: Sequence[Attribute], chosen: np.ndarray) -> pd.DataFrame:
    own = [replace(attribute, codes=attribute.codes[chosen]) for attribute in attributes]
    segments = count_segments(counted.student[chosen], own, counted.measures[chosen])
    tables = [overall(segments), *(tabulate(segments, own, [axis]) for axis in range(len(own)))]
    return pd.concat([compute_rates(table) for table in tables], ignore_index=True)


def term_scheme(whole: str, inside: str, n_days: int) -> Scheme:
    """Say how the counts of the dates, and of all other dates together, hang together: one mask for all dates."""
    parts = [str(place) for place in range(n_days)] + ["rest"]
    atoms = [f"{name}@{part}" for part in parts for name in (inside, "others")]

    def form(*names: str) -> tuple[int, ...]:
        return tuple(int(atom in names) for atom in atoms)

    yes = {part: form(f"{inside}@{part}") for part in parts}
    no = {part: form(f"others@{part}") for part in parts}
    both = {part: form(f"{inside}@{part}", f"others@{part}") for part in parts}
    settled = {whole: (1,) * len(atoms), inside: form(*(f"{inside}@{part}" for part in parts))}
    counts = dict(settled)
    for part in parts[:-1]:
        counts |= {f"{whole}@{part}": both[part], f"{inside}@{part}": yes[part]}
    forms = {
        f"{name}@{part}": of[part]
        for name, of in ((whole, both), (inside, yes), ("others", no))
        for part in parts
    }
    told = tuple(name for name in counts if name not in settled)
    return Scheme(tuple(atoms), counts, forms, dict.fromkeys(forms, told), frozenset(settled))


def _differing(counted: Counted, earlier: Earlier, part: Ints, n_days: int) -> set[Cell]:
    """List the groups of which other lists of the same scores reached a few more or fewer on some date, or the rest."""
    if not earlier.lists:
        return set()
    tables = [counted.everyone, *(table for table in counted.singles if table.name[0] not in PLACES)]
    placed = [Placed.of(counted, table) for table in tables]
    found: set[Cell] = set()
    for listed, place in product(earlier.lists, range(n_days + 1)):
        rows = {name: own & (part == place) for name, own in differing_rows(counted, listed).items()}
        for one in placed:
            found |= {cell for cell, counts in few_of_rows(one, rows).items() if "reached" in counts}
    return found


def _masking(
    counted: Counted,
    attributes: Sequence[Attribute],
    audited: Masking,
    part: Ints,
    *,
    metric: str,
    n_days: int,
    earlier: Earlier,
) -> Masking:
    """Decide which groups are printed on all dates, beside what the audit prints, in the form of its mask."""
    whole, inside = _RATES[metric]
    scheme = term_scheme(whole, inside, n_days)
    in_whole, is_inside = (counted.measures[:, MEASURES.index(name)] > 0 for name in (whole, inside))
    band = np.where(in_whole, part * 2 + ~is_inside, -1)
    tables = band_tables(scheme, band, counted.student, attributes)
    (everyone,) = band_tables(scheme, band, counted.student, [everybody(len(part))])
    links = [pair for pair in counted.pairs if set(pair.name) <= {one.name for one in attributes}]
    of_dates = set(scheme.counts) - scheme.settled
    first = next(iter(audited.scheme.counts))
    before = set(earlier.masked.get(f"term:{metric}", ()))
    if metric == "recall":
        before |= _differing(counted, earlier, part, n_days)
    closed: Hidden = {
        cell: (hidden & {whole, inside})
        | (of_dates if cell in before or hidden & {first, whole, inside} else set())
        for cell, hidden in audited.hidden.items()
    }
    found = mask(tables, links, everyone, scheme, closed)
    nothing = any(True for _ in exposed(found))
    hidden: dict[Cell, set[str]] = {
        cell: set(audited.scheme.counts) if nothing or counts & of_dates else set()
        for cell, counts in found.hidden.items()
    }
    return replace(audited, hidden=hidden)
