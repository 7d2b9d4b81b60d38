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
            return np.asarray(self.counts[:, -1])
        if name in self.scheme.atoms:
            return np.asarray(self.counts[:, self.scheme.atoms.index(name)])
        form = self.scheme.forms.get(name) or self.scheme.counts[name]
        return np.asarray(self.counts[:, :-1] @ np.array(form))


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
    of the sizes that are published. What the audit says of the real list stands and is settled.
    """

    def form(chosen: Callable[[Band], bool]) -> tuple[int, ...]:
        return tuple(int(chosen(band)) for band in bands)

    counts = {
        "eligible": (1,) * len(bands),
        "positive": form(lambda band: band.positive),
        "listed": form(lambda band: band.listed),
        "reached": form(lambda band: band.listed and band.positive),
    }
    settled = frozenset(counts)
    forms: dict[str, tuple[int, ...]] = {}
    hides: dict[str, tuple[str, ...]] = {}
    every = {name: tuple(f"{name}@{size}" for size in sizes) for name in ("listed", "reached")}
    for size in sizes:
        inside = form(lambda band, size=size: band.first <= size)  # type: ignore[misc]
        with_outcome = form(lambda band, size=size: band.first <= size and band.positive)  # type: ignore[misc]
        counts |= {f"listed@{size}": inside, f"reached@{size}": with_outcome}
        parts = {
            "listed": (inside, every["listed"]),
            "not_listed": (_less(counts["eligible"], inside), every["listed"]),
            "reached": (with_outcome, every["reached"]),
            "missed": (_less(counts["positive"], with_outcome), every["reached"]),
            "listed_negative": (_less(inside, with_outcome), every["listed"]),
        }
        negative = _less(counts["eligible"], counts["positive"])
        parts["unlisted_negative"] = (_less(negative, parts["listed_negative"][0]), every["listed"])
        forms |= {f"{name}@{size}": own for name, (own, _) in parts.items()}
        hides |= {f"{name}@{size}": hidden for name, (_, hidden) in parts.items()}
    return Scheme(tuple(band.name for band in bands), counts, forms, hides, settled)


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
        counts = np.zeros((len(entry), width), dtype=np.int64)
        judged = band >= 0
        np.add.at(counts, (of_row[judged], band[judged]), 1)
        np.add.at(counts, (of_row, width - 1), 1)
        names = tuple((group,) for group in attribute.groups)
        tables.append(BandTable((attribute.name,), names, entry // groups, entry % groups, counts, scheme))
    return tables
