"""Which counts of which groups may be published at every size of the list, so that no masked one follows."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from early_id.fairness._bands import band_scheme, band_tables, find_bands, form_of, parts_of
from early_id.fairness._counts import MEASURES
from early_id.fairness._earlier import Told
from early_id.fairness._exposure import Masking, exposed
from early_id.fairness._groups import PLACES, Attribute, everybody
from early_id.fairness._scheme import Cell, Flags, is_few
from early_id.fairness._suppression import Hidden, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from early_id.fairness._bands import Band, BandTable
    from early_id.fairness._counted import Counted
    from early_id.fairness._groups import Ints
    from early_id.fairness._scheme import Scheme


def curve_attributes(counted: Counted) -> list[Attribute]:
    """Give the attributes of which curves are shown: those of the students, and the grade band."""
    return [attribute for attribute in counted.attributes if attribute.name not in PLACES]


def mask_sizes(
    counted: Counted,
    first: Ints,
    audited: Masking,
    allowed: Sequence[int],
    told: Mapping[str, set[Cell]],
) -> tuple[list[int], dict[str, set[Cell]]]:
    """Decide which sizes and groups are printed: one mask for all sizes, together with what the audit prints.

    `first` (n_rows,): place of the smallest list that holds the row, a higher number where none does. `allowed`: the
    places that may be printed. `audited`: what is hidden of the real list. A short list reaches few of a small group,
    and two sizes that lie close differ by few: such a group is masked at all sizes, so sizes are left out as far as
    more can be printed for it. So is a size at which the masked counts of some group cannot be kept open by masking
    more groups.
    `told`: what curves of earlier audits hid, by "curve:" and the count, which stays hidden.

    Returns
    -------
    (list of int, mapping)
        The sizes that remain, and the cells in which `listed`, `reached`, `eligible` and `positive` are hidden.
    """
    eligible, positive, listed = (
        counted.measures[:, MEASURES.index(name)].astype(np.int64)
        for name in ("eligible", "positive", "listed")
    )
    bands, band = find_bands(positive, eligible, first, listed)
    if not bands or not allowed:
        return [], {}
    attributes = curve_attributes(counted)
    scheme = band_scheme(bands, allowed)
    tables = band_tables(scheme, band, counted.student, attributes)
    (whole,) = band_tables(scheme, band, counted.student, [everybody(len(first))])
    links = [table for table in counted.pairs if set(table.name) <= {one.name for one in attributes}]
    sizes = _choose(bands, tables, audited, allowed)
    while sizes:
        # The counts of the bands stay; what is asked of them is what the sizes left would print.
        scheme = band_scheme(bands, sizes)
        tables, whole = [replace(table, scheme=scheme) for table in tables], replace(whole, scheme=scheme)
        dropped = _few(whole)
        if not dropped:
            before = Told(audited.pieces, _closed(audited, scheme, told))
            masking = mask(tables, links, whole, scheme, {}, told=before)
            dropped = _left(masking)
            if not dropped:
                return sizes, _cells(masking, sizes)
        sizes = [size for size in sizes if size not in dropped]
    return [], {}


def _choose(
    bands: Sequence[Band], tables: Sequence[BandTable], audited: Masking, allowed: Sequence[int]
) -> list[int]:
    """Choose the sizes that leave most to print: groups of which nothing is small at any of them, times sizes."""
    shown = [
        np.array([audited.shown((table.name[0], group), "positive", "reached") for (group,) in table.groups])
        for table in tables
    ]

    def small(chosen: Callable[[Band], bool]) -> Flags:
        form = form_of(bands, lambda band: band.positive and chosen(band))
        return np.concatenate(
            [is_few(table.students_of(form))[own] for table, own in zip(tables, shown, strict=True)]
        )

    # What a size tells by itself and beside the real list, then what it tells beside an earlier size.
    alone = {
        size: np.any([small(chosen) for chosen in parts_of(size, before=size).values()], axis=0)
        for size in allowed
    }
    between = {
        (before, size): small(parts_of(size, before)["more than before"])
        for before, size in combinations(allowed, 2)
    }

    def merit(sizes: tuple[int, ...]) -> tuple[int, int, list[int]]:
        """Of equals the most sizes, then the shortest lists, which are nearer to what teams can reach."""
        masked = [alone[size] for size in sizes] + [between[step] for step in pairwise(sizes)]
        printed = int((~np.any(masked, axis=0)).sum())
        return len(sizes) * printed, len(sizes), [-size for size in sizes]

    every = [sizes for length in range(1, len(allowed) + 1) for sizes in combinations(allowed, length)]
    best = max(every, key=merit)
    return list(best)


def _few(whole: BandTable) -> set[int]:
    """List the sizes at which some part of everybody concerns 1–10 students."""
    return {_size(name) for name in whole.scheme.forms if is_few(whole.students(name))[0]}


def _size(name: str) -> int:
    return int(name.partition("@")[2])


def _closed(audited: Masking, scheme: Scheme, told: Mapping[str, set[Cell]]) -> Hidden:
    """Hide at every size what the audit hides of the real list, and what other curves hid."""
    closed: Hidden = {}
    for cell, hidden in audited.hidden.items():
        reached = hidden & {"eligible", "positive", "reached"}
        listed = hidden & {"eligible", "listed"}
        closed[cell] = {
            name
            for name in scheme.counts
            if name in hidden
            or (name.startswith("reached@") and reached)
            or (name.startswith("listed@") and listed)
            or cell in told.get(f"curve:{name.partition('@')[0]}", ())
        }
    return closed


def _left(masking: Masking) -> set[int]:
    """List the sizes at which something stays exposed; all of them where it is of no size."""
    sizes = {_size(name) for name in masking.scheme.counts if "@" in name}
    by_form = {form: name for name, form in (*masking.scheme.counts.items(), *masking.scheme.forms.items())}
    found: set[int] = set()
    for needs in exposed(masking):
        for need in needs:
            name = by_form[need.form]
            found |= {_size(name)} if "@" in name else sizes
    return found


def _cells(masking: Masking, sizes: Sequence[int]) -> dict[str, set[Cell]]:
    hidden: dict[str, set[Cell]] = {name: masking.without(name) for name in ("eligible", "positive")}
    for name in ("listed", "reached"):
        hidden[name] = set().union(*(masking.without(f"{name}@{size}") for size in sizes))
    return hidden
