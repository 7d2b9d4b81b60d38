"""Alternatives beside an audit: whom they are about, what they would change, how another label judges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from early_id.evaluation import places, rank_in_school
from early_id.exceptions import DataError, examples
from early_id.fairness._capacity_curve import SIZES
from early_id.fairness._counts import MEASURES, row_measures
from early_id.fairness._gaps import Resampling
from early_id.fairness._groups import attach_recorded
from early_id.fairness._label_view import compare_verdicts
from early_id.fairness._mitigation import TODAY, Changed, Lists, compute_mitigation, missed_most
from early_id.fairness._mitigation_mask import publish_mitigation
from early_id.fairness._publish import DIGITS
from early_id.fairness._ways import WAYS, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from early_id.evaluation import Capacity
    from early_id.fairness._audit import Audit
    from early_id.fairness._scheme import Flags

KEYS = ["student_id", "school_id", "as_of"]


@dataclass(frozen=True)
class Alternatives:
    """What was tried besides, row by row of the backtest's test years.

    Attributes
    ----------
    attribute : str
        The attribute of the groups table the alternatives are about.
    rows : DataFrame
        student_id, school_id, as_of, and a column of scores per alternative as `fit_alternatives` names them.
    labels : mapping of label name to DataFrame
        student_id, school_id, as_of, label and onset by another outcome.
    attribution : DataFrame
        What each concept adds to the difference of mean scores between a group and all others, of students with the
        outcome, by attribute: as `compute_attribution_gap` gives it.
    """

    attribute: str
    rows: pd.DataFrame
    labels: dict[str, pd.DataFrame]
    attribution: pd.DataFrame


def find_attribute(
    rows: pd.DataFrame, groups: pd.DataFrame, attribute: str | None = None
) -> tuple[str, str] | None:
    """Find the attribute and its group that today's list is furthest behind for; None without enough students.

    Parameters
    ----------
    rows : DataFrame
        The audited rows with `listed`, as `audit_frame` takes them.
    groups : DataFrame
        As in `audit`. School, district and grade band are no choice: they are no attribute of a student.
    attribute : str, optional
        Where it is settled already: only the group is looked for.

    Returns
    -------
    (attribute, group) or None
        The one that is most surely behind everyone else in recall at the list, of those that may get a verdict; one
        with enough students for a printed difference before one without.
    """
    names = sorted(groups["attribute"].dropna().astype("str").unique()) if attribute is None else [attribute]
    found = []
    for name in names:
        lists = Lists.of_today(rows, attach_recorded(rows, groups, name))
        missed = missed_most(lists)
        if missed is not None:
            found.append((missed.idle, missed.upper, name, lists.attribute.groups[missed.code]))
    return min(found)[2:] if found else None


def compare_lists(
    rows: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    groups: pd.DataFrame,
    attribute: str,
    capacity: Capacity,
    resampling: tuple[int, int] = (2000, 0),
) -> Changed:
    """Compare lists by other scores with one list, for the groups of one attribute; exact, for whoever made them.

    Parameters
    ----------
    rows : DataFrame
        As `audit_frame` takes them, with `listed`.
    scores : DataFrame
        A column per alternative, in the order of the rows.
    groups : DataFrame
        As in `audit`.
    attribute : str
    capacity : str, int or mapping
        Of every list.
    resampling : (replicates, seed)

    Returns
    -------
    Changed
        See `compute_mitigation`.
    """
    lists = Lists.draw(rows, scores, attach_recorded(rows, groups, attribute), capacity)
    return compute_mitigation(lists, Resampling(*resampling))


def with_alternatives(
    result: Audit,
    rows: pd.DataFrame,
    tried: Alternatives,
    *,
    groups: pd.DataFrame,
    capacity: Capacity,
    resampling: tuple[int, int],
    judge_by: Callable[[pd.DataFrame], pd.DataFrame],
    lists_before: Sequence[Flags] = (),
    capacities_before: Sequence[Capacity] = (),
) -> Audit:
    """Add to an audit what the alternatives would change and how other outcomes would judge the same lists.

    Parameters
    ----------
    result : Audit
    rows : DataFrame
        The audited rows, with `listed`.
    tried : Alternatives
    groups, capacity, resampling
        As the audit was made.
    judge_by : callable
        Gives the verdicts of rows like these by the labels they carry.
    lists_before : sequence of array of bool
        Lists of the audited scores whose numbers were published before, over these rows.
    capacities_before : sequence of capacities
        The sizes at which these alternatives were published before.

    Raises
    ------
    DataError
        If the alternatives are not of these rows.
    """
    scores = _aligned(rows, tried.rows, "the alternatives")
    names = [str(name) for name in scores if name not in KEYS]
    attribute = attach_recorded(rows, groups, tried.attribute)
    lists = Lists.draw(rows, scores[names], attribute, capacity)
    published = result.published()
    others = {}
    for name, frame in tried.labels.items():
        own = _aligned(rows, frame, f"the outcome {name}")
        other = rows.drop(columns="weeks_ahead", errors="ignore")  # they count to the event of the real label
        others[name] = judge_by(other.assign(label=own["label"].to_numpy(), onset=own["onset"].to_numpy()))
    # Words only, each as its audit may print it: there is nothing more exact to keep.
    extra = {"label_view": compare_verdicts(result.verdicts, others)}
    whole = dict(extra)
    about = {**result.about, "alternatives_attribute": tried.attribute}
    if lists.positive.any():
        others_printed = _other_lists(rows, lists_before)
        for size in capacities_before:
            others_printed += list(Lists.draw(rows, scores[names], attribute, size).listed)
        changed = compute_mitigation(lists, Resampling(*resampling))
        gaps = published["gaps"]
        printed = gaps[
            (gaps["metric"] == "recall")
            & (gaps["family"] == "single")
            & (gaps["comparison"] == "others")
            & gaps["gap"].notna()
        ]
        shown = printed[printed["attribute"] == tried.attribute].set_index("group")["gap"]
        frame, cells = publish_mitigation(
            changed, lists, printed=set(shown.index), other_lists=others_printed
        )
        not_learned = [name for name in names if scores[name].isna().all()]
        extra |= {"mitigation": _told(frame, not_learned), "mitigation_groups": cells}
        whole |= {"mitigation": changed.lists, "mitigation_groups": changed.groups}
        if len(shown):
            about["alternatives_group"] = str(shown.idxmin())
        extra["attribution"] = _publish_split(tried.attribution, printed)
    return replace(result, about=about, _published={**result._published, **extra}, alternatives=whole)


def _publish_split(parts: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Keep of each attribute the group furthest behind, of those whose gap is printed; rounded.

    `printed`: the published gaps to everyone else. A part is a difference of two means of scores: it holds no count,
    and where a group is hidden `compute_attribution_gap` hides enough of the others.
    """
    worst = printed.loc[printed.groupby("attribute", sort=True)["gap"].idxmin(), ["attribute", "group"]]
    kept = worst.merge(parts, on=["attribute", "group"], how="inner")
    columns = ["attribute", "group", "name", "gap", "low", "high"]
    return kept.loc[kept["gap"].notna(), columns].round(DIGITS).reset_index(drop=True)


def _aligned(rows: pd.DataFrame, frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Put rows of the same keys beside those of the audit."""
    found = frame.set_index(KEYS).reindex(pd.MultiIndex.from_frame(rows[KEYS])).reset_index()
    if len(frame) != len(rows):
        msg = (
            f"Expected {what} for the {len(rows)} rows of the backtest, got {len(frame)}, such as "
            f"{examples(frame['student_id'].head(3))}; run `early-id train` again."
        )
        raise DataError(msg)
    return found


def _other_lists(rows: pd.DataFrame, before: Sequence[Flags]) -> list[Flags]:
    """Draw the lists of other sizes, over the rows that count: their numbers are printed too, as are earlier ones."""
    eligible = row_measures(rows)[:, MEASURES.index("eligible")] > 0
    rank = rank_in_school(rows)
    drawn = [(rank <= places(rows, f"{size}%")).to_numpy() for size in SIZES]
    return [flags[eligible] for flags in (*drawn, *before)]


def _told(frame: pd.DataFrame, not_learned: list[str]) -> pd.DataFrame:
    """Say of each alternative what it is and whether it could be used; those that could not be learned stand last."""
    frame = frame.reindex(range(len(frame) + len(not_learned)))
    frame.loc[len(frame) - len(not_learned) :, "alternative"] = not_learned
    keys = frame["alternative"].str.partition(":")[0]
    today = keys == TODAY
    return frame.assign(
        title=["The list as it is" if key == TODAY else title_of(key) for key in frame["alternative"]],
        needs_group=[
            not is_today and WAYS[key].needs_group for key, is_today in zip(keys, today, strict=True)
        ],
        usable=[is_today or WAYS[key].usable for key, is_today in zip(keys, today, strict=True)],
        use=["" if is_today else WAYS[key].use for key, is_today in zip(keys, today, strict=True)],
        learned=~frame["alternative"].isin(not_learned).to_numpy(),
    )
