"""Columns of one period in bins a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from early_id.models._edges import bin_codes, cut_edges, join_thin_bins

if TYPE_CHECKING:
    from early_id.models._learner import Rows
    from early_id.models._parts import FeatureInfo
    from early_id.models._periods import Ints
    from early_id.models._terms import Floats

# A step of a table says something of a group, never of a few children.
FEWEST_STUDENTS = 11


@dataclass(frozen=True)
class Bins:
    """How the columns of one period are cut, and how bin numbers become columns for a booster.

    A booster's columns are one bin number per feature, then one indicator per feature in `unknown`.
    """

    features: tuple[FeatureInfo, ...]
    edges: tuple[tuple[float, ...], ...]
    usual: Ints  # the bin most rows are in: it stands in for unknown
    unknown: (
        Ints  # positions of the features with both known and unknown values, the latter of enough students
    )

    @classmethod
    def cut(cls, rows: Rows, features: tuple[FeatureInfo, ...], max_bins: int) -> Bins:
        edges, usual, unknown = [], [], []
        for j in range(len(features)):
            column = rows.x[:, j]
            known = ~np.isnan(column)
            cuts = cut_edges(column[known], rows.weight[known], max_bins) if known.any() else ()
            fewest = FEWEST_STUDENTS if rows.named else 0
            cuts = join_thin_bins(cuts, bin_codes(column[known], cuts), rows.group[known], fewest)
            counts = np.bincount(bin_codes(column[known], cuts), weights=rows.weight[known], minlength=1)
            edges.append(cuts)
            usual.append(int(np.argmax(counts)))
            if known.any() and not known.all() and len(np.unique(rows.group[~known])) >= fewest:
                unknown.append(j)
        return cls(features, tuple(edges), np.array(usual), np.array(unknown, dtype=np.intp))

    def codes(self, x: Floats) -> npt.NDArray[np.int16]:
        """Bin numbers; unknown is the number after the last bin."""
        codes = np.empty(x.shape, dtype=np.int16, order="F")
        for j, cuts in enumerate(self.edges):
            codes[:, j] = bin_codes(x[:, j], cuts)
        return codes

    def cells(self, x: Floats) -> npt.NDArray[np.int16]:
        """Bin numbers; unknown is the number after the last bin where it is told apart, else the usual bin."""
        codes = self.codes(x)
        alike = codes > self.last
        alike[:, self.unknown] = False
        return np.where(alike, self.usual.astype(np.int16), codes)

    def matrix(self, codes: npt.NDArray[np.int16]) -> Floats:
        """Columns for a booster."""
        unknown = codes > self.last
        known = np.where(unknown, self.usual, codes)
        return np.hstack([known, unknown[:, self.unknown]]).astype(np.float64)

    def directions(self) -> list[int]:
        return [feature.direction for feature in self.features] + [0] * len(self.unknown)

    def alone(self) -> list[set[int]]:
        """Each feature with its own indicator and nothing else: additive."""
        n = len(self.features)
        groups = [{j} for j in range(n)]
        for i, j in enumerate(self.unknown.tolist()):
            groups[j].add(n + i)
        return groups

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of cells of each feature: its bins and unknown."""
        return tuple(len(cuts) + 2 for cuts in self.edges)

    @property
    def last(self) -> Ints:
        """Number of the last bin of each feature; unknown has the one after it."""
        return np.array([len(cuts) for cuts in self.edges], dtype=np.intp)
