"""What alternatives would change: gap, precision and overlap with today's list, at the same number of places."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from early_id.evaluation import list_across_schools, list_at_capacity
from early_id.fairness._bootstrap import Patterns, draw_weights
from early_id.fairness._counts import MEASURES, row_measures
from early_id.fairness._gaps import MIN_DENOMINATOR, MIN_STUDENTS, Resampling, percentiles
from early_id.fairness._scheme import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from early_id.evaluation import Capacity
    from early_id.fairness._groups import Attribute

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

TODAY = "today"
_STREAM = 101
_Z = 1.96


@dataclass(frozen=True)
class Lists:
    """The rows that count, by student, and who of them each list holds; the first list is today's.

    `n_students`: all there are; `student` (n,) numbers them; `positive` (n,); `group` (n,) codes of the attribute;
    `listed` (lists, n).
    """

    names: tuple[str, ...]
    n_students: int
    student: npt.NDArray[np.int64]
    positive: Bools
    attribute: Attribute
    group: npt.NDArray[np.int64]
    listed: Bools

    @classmethod
    def draw(
        cls, rows: pd.DataFrame, scores: pd.DataFrame, attribute: Attribute, capacity: Capacity
    ) -> Lists:
        """Draw every list at the same capacity, by ranking its score as the real one is.

        `rows` have `score` and `listed`; `scores` has a column per alternative in the order of the rows.
        """
        drawn = {}
        for key in scores:
            if scores[key].notna().any():
                other = rows.assign(score=scores[key].to_numpy())
                drawn[str(key)] = list_at_capacity(other, capacity).to_numpy()
        drawn["capacity"] = list_across_schools(rows, capacity).to_numpy()
        return cls.of_today(rows, attribute, drawn)

    @classmethod
    def of_today(
        cls, rows: pd.DataFrame, attribute: Attribute, others: Mapping[str, Bools] = MappingProxyType({})
    ) -> Lists:
        """Take today's list, and others over the same rows."""
        measures = row_measures(rows)
        eligible = measures[:, MEASURES.index("eligible")] > 0
        drawn = {TODAY: rows["listed"].to_numpy(dtype=bool), **others}
        student = pd.factorize(rows["student_id"])[0].astype(np.int64)
        return cls(
            tuple(drawn),
            int(student.max()) + 1,
            student[eligible],
            measures[eligible, MEASURES.index("positive")] > 0,
            attribute,
            attribute.codes[eligible],
            np.array([listed[eligible] for listed in drawn.values()]),
        )

    def among(self, code: int) -> Bools:
        """Say which rows with the outcome are of one group."""
        return np.asarray(self.positive & (self.group == code))

    def students(self, rows: Bools) -> int:
        """Count distinct students of some rows."""
        return int(np.count_nonzero(np.bincount(self.student[rows], minlength=self.n_students)))


class Missed(NamedTuple):
    """A group that may be behind on today's list; of two, the lesser is looked at first.

    `idle`: nothing could be told of it, as few of its students with the outcome, or of all others, are listed or are
    not; or it is not behind. `upper`: end of the 95 % interval of its gap. `code`: its number.
    """

    idle: bool
    upper: float
    code: int


class Changed(NamedTuple):
    """The frames of `compute_mitigation`."""

    lists: pd.DataFrame
    groups: pd.DataFrame


def missed_most(lists: Lists) -> Missed | None:
    """Find the group that is most surely behind all others on today's list; None without enough students.

    Both the group and all others need the students a verdict asks for. Surely: the upper end of the 95 % interval of
    its gap (linearised, students as units) is lowest, so that neither a small group nor a small rest wins by chance.
    Of those that are behind, one is preferred of whom enough students are listed and enough are not for a difference to
    be printed: what helps another could be told to nobody.
    """
    listed = lists.listed[0]
    found = []
    for code in range(len(lists.attribute.groups)):
        sides = [lists.among(code), lists.positive & (lists.group != code)]
        sizes = [lists.group == code, lists.group != code]
        if any(lists.students(side) < MIN_DENOMINATOR for side in sides) or any(
            lists.students(size) < MIN_STUDENTS for size in sizes
        ):
            continue
        gap, influence = 0.0, np.zeros(lists.n_students)
        for sign, side in zip((1, -1), sides, strict=True):
            outcome = np.bincount(lists.student[side], minlength=lists.n_students)
            reached = np.bincount(lists.student[side & listed], minlength=lists.n_students)
            rate = reached.sum() / outcome.sum()
            gap += sign * rate
            influence += sign * (reached - rate * outcome) / outcome.sum()
        few = any(
            0 < lists.students(side & chosen) <= THRESHOLD for side in sides for chosen in (listed, ~listed)
        )
        found.append(Missed(few or gap >= 0, gap + _Z * float(np.sqrt((influence**2).sum())), code))
    return min(found, default=None)


def compute_mitigation(lists: Lists, resampling: Resampling) -> Changed:
    """Compare every alternative with today's list.

    Answers: what would it do to each group of one attribute, what would it cost, and how many children on today's list
    would not be on it?

    Parameters
    ----------
    lists : Lists
    resampling : Resampling
        Over students; the intervals hold for one number at a time.

    Returns
    -------
    Changed
        `lists`: one row per alternative (the first is today's): `precision` (of the listed rows, the share with the
        outcome), `recall`, `overlap` (of the rows today's list holds, the share that this one holds too), and the
        differences of the first two from today's (`precision_change`, …), each with `_low`, `_high` (95 %).
        `groups`: one row per alternative and group: `recall`, `gap` to all others, `gap_change`, likewise.

    Notes
    -----
    Rows count as everywhere in the audit: a mature label, the event still ahead. A gap is recall of the group minus
    recall of everybody else at the same list; bootstrap over students, percentile intervals.
    """
    size, many = len(lists.attribute.groups), len(lists.names)
    columns = [lists.positive & (lists.group == code) for code in range(size)]
    for own in lists.listed:
        columns += [own, own & lists.listed[0], *(own & lists.among(code) for code in range(size))]
    counts = np.column_stack(
        [np.bincount(lists.student, weights=column, minlength=lists.n_students) for column in columns]
    )
    point = _figures(counts.sum(axis=0, keepdims=True), size, many)
    kinds, of_student, sizes = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    example = np.unique(of_student, return_index=True)[1]
    patterns = Patterns(of_student.ravel(), example, sizes, len(counts))
    blocks = [
        _figures(weights.astype(np.float64) @ kinds, size, many)
        for weights in draw_weights(
            patterns, replicates=resampling.replicates, seed=(resampling.seed, _STREAM)
        )
    ]
    found = {name: (point[name][0], np.concatenate([block[name] for block in blocks])) for name in point}
    frame = pd.DataFrame({"alternative": lists.names})
    for name in ("precision", "recall", "overlap", "precision_change", "recall_change"):
        frame = _with_interval(frame, name, *found[name])
    keys = pd.MultiIndex.from_product([lists.names, lists.attribute.groups], names=["alternative", "group"])
    groups = keys.to_frame(index=False)
    for name in ("group_recall", "gap", "gap_change"):
        value, drawn = found[name]
        groups = _with_interval(groups, name, value.ravel(), drawn.reshape(len(drawn), -1))
    return Changed(frame, groups)


def _with_interval(frame: pd.DataFrame, name: str, value: Floats, drawn: Floats) -> pd.DataFrame:
    low, high = percentiles(drawn)
    return frame.assign(**{name: value, f"{name}_low": low, f"{name}_high": high})


def _figures(sums: Floats, size: int, many: int) -> dict[str, Floats]:
    """Turn sums (replicates × columns) into rates: (replicates, lists) or (replicates, lists, groups)."""
    positive = sums[:, None, :size]
    per_list = sums[:, size:].reshape(len(sums), many, size + 2)
    listed, both, reached = per_list[..., 0], per_list[..., 1], per_list[..., 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = reached / positive
        others = (reached.sum(axis=-1, keepdims=True) - reached) / (
            positive.sum(axis=-1, keepdims=True) - positive
        )
        precision = reached.sum(axis=-1) / listed
        recall = reached.sum(axis=-1) / positive.sum(axis=-1)
        overlap = both / listed[:, :1]
    gap = rate - others
    return {
        "precision": precision,
        "recall": recall,
        "overlap": overlap,
        "precision_change": precision - precision[:, :1],
        "recall_change": recall - recall[:, :1],
        "group_recall": rate,
        "gap": gap,
        "gap_change": gap - gap[:, :1],
    }
