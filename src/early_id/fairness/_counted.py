"""The audited rows as counts: of each group, of two groups crossed, of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from early_id.fairness._counts import (
    Bits,
    Floats,
    Segments,
    Table,
    ceiling,
    count_segments,
    overall,
    row_measures,
    segment_rows,
    tabulate,
)
from early_id.fairness._groups import DERIVED, UNKNOWN, Attribute, Ints, attach_attributes
from early_id.fairness._rates import add_ceiling, add_reached, compute_rates


@dataclass(frozen=True)
class Counted:
    """Everything the rest of the audit needs of the rows."""

    attributes: tuple[Attribute, ...]
    student: Ints
    measures: Bits
    segment: Ints
    segments: Segments
    singles: list[Table]
    pairs: list[Table]
    crossed: list[Table]
    everyone: Table
    ceiling: Floats
    knows_weeks_ahead: bool


def count_rows(rows: pd.DataFrame, groups: pd.DataFrame) -> Counted:
    """Attach the groups and count."""
    attributes = attach_attributes(rows, groups)
    measures = row_measures(rows)
    students = pd.factorize(rows["student_id"], sort=True)[0].astype(np.int64)
    segment = segment_rows(students, attributes)
    segments = count_segments(students, attributes, measures, segment)
    axes = range(len(attributes))
    singles = [tabulate(segments, attributes, [axis]) for axis in axes]
    pairs = [tabulate(segments, attributes, pair) for pair in combinations(axes, 2)]
    finest = {"school"} | {name for table in pairs for name in _finer(table)}
    places = {attribute.name: place for place, attribute in enumerate(attributes)}
    crossed = [
        table
        for table in pairs
        if not finest & set(table.name)
        and not _is_of_the_school(table)
        and not _is_summed_elsewhere(segments.codes, places[table.name[0]], places[table.name[1]])
    ]
    everyone, reach = overall(segments), ceiling(rows, measures)
    known = "weeks_ahead" in rows
    return Counted(
        attributes, students, measures, segment, segments, singles, pairs, crossed, everyone, reach, known
    )


def _finer(pair: Table) -> list[str]:
    """Name the attribute whose groups each lie within one group of the other: crossed, both tell the same."""
    known = [group for group in pair.groups if UNKNOWN not in group]
    first, second = (len({group[axis] for group in known}) for axis in (0, 1))
    if len(known) != max(first, second) or min(first, second) < 2:
        return []
    return [pair.name[0] if first > second else pair.name[1]]


def _is_of_the_school(pair: Table) -> bool:
    """Whether both attributes are facts of the school: their cells are sums of schools, which are printed."""
    return set(pair.name) <= set(DERIVED)


def _is_summed_elsewhere(codes: Ints, first: int, second: int) -> bool:
    """Whether groups of a third attribute add up to cells of the crossed ones, and say more than either alone.

    Such a sum ties a crossed cell to single groups, so one that is masked could be worked out by subtraction.
    """
    sizes = codes.max(axis=0) + 1
    crossed = codes[:, first] * sizes[second] + codes[:, second]
    for third in set(range(codes.shape[1])) - {first, second}:
        shape = (sizes[third], sizes[first], sizes[second])
        seen = np.bincount(codes[:, third] * (shape[1] * shape[2]) + crossed, minlength=int(np.prod(shape)))
        together = np.asarray(seen.reshape(shape) > 0)
        alone = max(
            _parts(np.logical_or.reduce(together, axis=2)), _parts(np.logical_or.reduce(together, axis=1))
        )
        if _parts(together.reshape(shape[0], -1)) > alone:
            return True
    return False


def _parts(together: npt.NDArray[np.bool_]) -> int:
    """Count the parts into which two classifications fall that share no combination.

    `together` (left × right) says which of their groups have a student in common.
    """
    occurs = together.any(axis=1)
    if together[occurs].all(axis=0).any():
        return 1  # all have one group of the other in common
    left, right = np.nonzero(together)
    size = sum(together.shape)
    links = coo_array((np.ones(len(left)), (left, right + len(together))), shape=(size, size))
    of = connected_components(links, directed=False)[1]
    # Codes that do not occur are no parts.
    return len(np.unique(of[: len(together)][occurs]))


def rate_frames(counted: Counted) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give the rates of single groups, of crossed groups, and of everybody."""
    singles = [
        add_ceiling(compute_rates(table), attribute.codes, counted.ceiling)
        for table, attribute in zip(counted.singles, counted.attributes, strict=True)
    ]
    whole = compute_rates(counted.everyone)
    if counted.knows_weeks_ahead:
        singles = [add_reached(frame, table) for frame, table in zip(singles, counted.singles, strict=True)]
        whole = add_reached(whole, counted.everyone)
    everyone = np.zeros(len(counted.ceiling), dtype=np.int64)
    crossed = [compute_rates(table) for table in counted.crossed]
    return (
        pd.concat(singles, ignore_index=True),
        pd.concat(crossed, ignore_index=True) if crossed else compute_rates(counted.singles[0]).iloc[:0],
        add_ceiling(whole, everyone, counted.ceiling),
    )
