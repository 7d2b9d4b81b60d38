"""Which counts of which groups may be published, so that no masked one follows from the rest.

A group is described by exclusive parts (atoms), for example listed or not × outcome or not. What would be
published are sums of parts (counts). A count is hidden when it, or a part it would give away, concerns 1–10
distinct students; then more counts are hidden until the published totals leave every hidden one open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._earlier import NONE, NOTHING, Earlier, Told
from early_id.fairness._exposure import Masking, exposed
from early_id.fairness._narrowed import hide_bound
from early_id.fairness._partner import hide_partner
from early_id.fairness._scheme import EARLY, EVERYONE, OUTCOME, SCORING, THRESHOLD, Cell, Scheme
from early_id.fairness._ties import count_cells, tie

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from early_id.fairness._counts import Table

Hidden = dict[Cell, set[str]]


def mask_attributes(
    tables: Sequence[Table],
    links: Sequence[Table],
    everyone: Table,
    *,
    gaps: frozenset[Cell] = frozenset(),
    earlier: Earlier = NOTHING,
) -> dict[str, Masking]:
    """Decide what is hidden in each group of each attribute: for recall, not scored, and reached early.

    `links` are the pairwise tables of the attributes. They show which groups are made of the same rows (the
    schools of a district): such sums are known to every reader and are equations like the total. The size of a
    group is printed with both metrics that get verdicts, so where one hides it the other does. Reached early is judged
    twice, in rows beside everything else that is said of them and in the students that are printed, and hidden
    where either hides it. `gaps`: the groups whose verdict is "gap"; they are hidden for the sake of another group only
    where nothing else would do. `earlier`: what was published before; what it hides stays hidden.
    """
    unsized: set[Cell] = set()
    uncounted: set[Cell] = set()
    late: set[Cell] = set()
    while True:
        before = (set(unsized), set(uncounted), set(late))
        closed = _union(
            (unsized, OUTCOME.counts), (uncounted, ("positive", "reached", "early")), (late, ("early",))
        )
        recall = mask(tables, links, everyone, OUTCOME, closed, gaps, earlier.of("recall"))
        closed = _union((unsized, SCORING.counts))
        scores = mask(tables, links, everyone, SCORING, closed, gaps, earlier.of("not_scored"))
        closed = _union(
            (recall.without("positive"), EARLY.counts),
            (recall.without("reached"), ("once_student", "early_student")),
            (recall.without("early"), ("early_student",)),
        )
        early = mask(tables, links, everyone, EARLY, closed, gaps, earlier.of("reached_early"))
        # The total itself closes nothing: every sum of groups was judged against it as if printed, to begin with.
        unsized |= (recall.without("eligible") | scores.without("cohort")) - {EVERYONE}
        uncounted |= early.without("outcome_student") - {EVERYONE}
        late |= early.without("early_student") - {EVERYONE}
        if (unsized, uncounted, late) == before:
            return {"recall": recall, "not_scored": scores, "reached_early": early}


def _union(*parts: tuple[set[Cell], Iterable[str]]) -> Hidden:
    """Join what has to be hidden in which cells."""
    hidden: Hidden = {}
    for cells, counts in parts:
        for cell in cells:
            hidden.setdefault(cell, set()).update(counts)
    return hidden


def mask(
    tables: Sequence[Table],
    links: Sequence[Table],
    everyone: Table,
    scheme: Scheme,
    closed: Hidden,
    gaps: frozenset[Cell] = frozenset(),
    told: Told = NONE,
) -> Masking:
    """Hide what small numbers give away, and then what would give these away, until all that is hidden stays open.

    `closed`: what is hidden already. `told`: what was published of the same cells before.
    """
    (total,) = (np.array(counts.atoms) for _, counts in count_cells(everyone, scheme, told.pieces))
    equations = _equations(tables, links)
    masking = Masking(tie(scheme, told.pieces), scheme, told.pieces, {}, {}, {}, equations, total, gaps)
    for table in tables:
        _add_cells(masking, table)
    for hidden in (closed, told.closed):
        for cell in hidden.keys() & masking.hidden.keys():
            masking.hidden[cell].update(hidden[cell])
    # One at a time: the partner of the first exposed cell often protects the others too. Every sum of groups is judged
    # against the total as if it were published.
    while any(hide_partner(masking, needs) for needs in exposed(masking)):
        pass
    # Then against what is published of it, with no partner left but by hiding what else bounds the exposed count.
    _add_cells(masking, everyone)
    for hidden in (closed, told.closed):
        masking.hidden[EVERYONE].update(hidden.get(EVERYONE, ()))
    while any(hide_partner(masking, needs) or hide_bound(masking, needs) for needs in exposed(masking)):
        pass
    return masking


def _add_cells(masking: Masking, table: Table) -> None:
    scheme = masking.own
    everyone = next(iter(scheme.counts))
    cohort = table.students("cohort").tolist()
    for size, (cell, counts) in zip(cohort, count_cells(table, scheme, masking.pieces), strict=True):
        masking.atoms[cell] = np.array(counts.atoms)
        masking.size[cell] = size
        masking.students[cell] = dict(counts.students)
        hidden = set(counts.hidden)
        if size <= THRESHOLD or 0 < counts.students[everyone] <= THRESHOLD:
            hidden.update(scheme.counts)
        for measure, names in masking.scheme.hides.items():
            if 0 < counts.students[measure] <= THRESHOLD:
                hidden.update(names)
        masking.hidden[cell] = hidden


def _equations(
    tables: Sequence[Table], links: Sequence[Table]
) -> list[tuple[frozenset[Cell], frozenset[Cell]]]:
    """List the sums every reader can form: attributes add up to everyone, and to what groups share."""
    equations = [
        (frozenset((table.name[0], group) for (group,) in table.groups), frozenset({EVERYONE}))
        for table in tables
    ]
    for link in links:
        first, second = link.name
        for rows, columns in _components(link):
            left = frozenset((first, group) for group in rows)
            right = frozenset((second, group) for group in columns)
            equations.append((left, right))
    return equations


def _components(link: Table) -> list[tuple[set[str], set[str]]]:
    """Find connected parts of two attributes; a single part says no more than the total and is left out."""
    parts: list[tuple[set[str], set[str]]] = []
    for row, column in link.groups:
        touching = [part for part in parts if row in part[0] or column in part[1]]
        merged = (
            {row}.union(*(part[0] for part in touching)),
            {column}.union(*(part[1] for part in touching)),
        )
        parts = [part for part in parts if part not in touching] + [merged]
    return parts if len(parts) > 1 else []
