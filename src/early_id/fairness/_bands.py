"""The list at several sizes at once: what the published curves of a group would tell together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from early_id.fairness._counts import Table
from early_id.fairness._scheme import Scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from early_id.fairness._groups import Attribute, Ints


class Band(NamedTuple):
    """Rows that the same lists hold: with the outcome or not, in the `first` size of all, on the real list or not."""

    positive: bool
    first: int
    listed: bool

    @property
    def name(self) -> str:
        """Name of the part."""
        return f"{'positive' if self.positive else 'negative'} from {self.first}{' listed' if self.listed else ''}"


@dataclass(frozen=True)
class BandTable(Table):
    """Counts of one classification by band; the last column of `counts` is the cohort."""

    scheme: Scheme

    def measure(self, name: str) -> Ints:
        """Give one measure per entry: the cohort, a band, or a sum of bands."""
        if name == "cohort":
            return np.asarray(self.counts[:, -1], dtype=np.int64)
        if name in self.scheme.atoms:
            return np.asarray(self.counts[:, self.scheme.atoms.index(name)], dtype=np.int64)
        form = self.scheme.forms[name] if name in self.scheme.forms else self.scheme.counts[name]
        return self.of_form(form)

    def of_form(self, form: tuple[int, ...]) -> Ints:
        """Give the sum of some bands per entry."""
        return np.asarray(self.counts[:, :-1] @ np.array(form, dtype=np.int64))

    def students_of(self, form: tuple[int, ...]) -> Ints:
        """Distinct students per cell with a row in some of these bands."""
        return self._sum(lambda table: table.of_form(form) > 0)


def find_bands(positive: Ints, eligible: Ints, first: Ints, listed: Ints) -> tuple[list[Band], Ints]:
    """List the bands that occur, and give the band of every row; −1 where no outcome can be counted.

    `first` (n,): place of the smallest list that holds the row, the number of sizes where none does.
    """
    code = (positive * 2 + listed) * (int(first.max(initial=0)) + 1) + first
    judged = eligible > 0
    present, example = np.unique(code[judged], return_index=True)
    bands = [
        Band(bool(p), int(f), bool(on_list))
        for p, f, on_list in zip(
            positive[judged][example], first[judged][example], listed[judged][example], strict=True
        )
    ]
    return bands, np.where(judged, np.searchsorted(present, code), -1)


def band_scheme(bands: Sequence[Band], sizes: Sequence[int]) -> Scheme:
    """Say how the counts of all list sizes hang together: each larger list holds the smaller ones.

    A count that is sensitive at one size is hidden at all of them (one mask for the whole curve). `sizes`: the places
    of the sizes that are published. Sensitive is also what is told by the difference of two neighbouring sizes, and of
    a size and the real list. What the audit says of the real list stands and is settled.
    """
    counts = {
        "eligible": form_of(bands, lambda _: True),
        "positive": form_of(bands, lambda band: band.positive),
        "listed": form_of(bands, lambda band: band.listed),
        "reached": form_of(bands, lambda band: band.listed and band.positive),
    }
    settled = frozenset(counts)
    hidden = {
        True: tuple(f"reached@{size}" for size in sizes),
        False: tuple(f"listed@{size}" for size in sizes),
    }
    forms: dict[str, tuple[int, ...]] = {}
    hides: dict[str, tuple[str, ...]] = {}
    for before, size in zip((-1, *sizes), sizes, strict=False):
        inside = form_of(bands, lambda band, size=size: band.first <= size)  # type: ignore[misc]
        counts[f"listed@{size}"] = inside
        counts[f"reached@{size}"] = form_of(bands, lambda band, s=size: band.positive and band.first <= s)  # type: ignore[misc]
        forms |= {f"listed@{size}": inside, f"not_listed@{size}": _less(counts["eligible"], inside)}
        hides |= dict.fromkeys((f"listed@{size}", f"not_listed@{size}"), hidden[False])
        for name, chosen in parts_of(size, before).items():
            for positive in (True, False):
                key = f"{name} {'with' if positive else 'without'} outcome@{size}"
                forms[key] = form_of(bands, lambda band, c=chosen, p=positive: c(band) and band.positive == p)  # type: ignore[misc]
                hides[key] = hidden[positive]
    return Scheme(tuple(band.name for band in bands), counts, forms, hides, settled)


def form_of(bands: Sequence[Band], chosen: Callable[[Band], bool]) -> tuple[int, ...]:
    """Give the sum of the chosen bands as a form."""
    return tuple(int(chosen(band)) for band in bands)


def parts_of(size: int, before: int) -> dict[str, Callable[[Band], bool]]:
    """Name the rows that a size tells by itself, beside the size before, and beside the real list."""
    return {
        "inside": lambda band: band.first <= size,
        "outside": lambda band: band.first > size,
        "more than before": lambda band: before < band.first <= size,
        "more than the real list": lambda band: band.first <= size and not band.listed,
        "less than the real list": lambda band: band.first > size and band.listed,
    }


def _less(whole: tuple[int, ...], part: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(whole, part, strict=True))


def band_tables(
    scheme: Scheme, band: Ints, student: Ints, attributes: Sequence[Attribute]
) -> list[BandTable]:
    """Count the bands of each attribute by student and group."""
    width = len(scheme.atoms) + 1
    tables = []
    for attribute in attributes:
        groups = len(attribute.groups)
        entry, of_row = np.unique(student * groups + attribute.codes, return_inverse=True)
        counts = np.zeros((len(entry), width), dtype=np.int32)
        judged = band >= 0
        np.add.at(counts, (of_row[judged], band[judged]), 1)
        np.add.at(counts, (of_row, width - 1), 1)
        names = tuple((group,) for group in attribute.groups)
        tables.append(BandTable((attribute.name,), names, entry // groups, entry % groups, counts, scheme))
    return tables
