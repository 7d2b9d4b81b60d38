"""The same lists judged by another outcome: whether verdicts hang on how the outcome is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from early_id.fairness._groups import PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL_COLUMNS = ("label", "attribute", "group", "verdict", "other_verdict")


def compare_verdicts(verdicts: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the verdicts on recall beside those by other outcomes.

    Only words are taken over, and they are those each audit may print: one that is suppressed stays so.

    Parameters
    ----------
    verdicts : DataFrame
        attribute, group, metric, verdict of the audit.
    others : mapping of label name to DataFrame
        Likewise of audits of the same lists by another outcome.

    Returns
    -------
    DataFrame
        label, attribute, group, verdict, other_verdict; a row per label and group of students (schools and districts
        are left out). A group that the other audit does not have, because nobody in it has that outcome yet, reads
        "cannot tell".

    Examples
    --------
    >>> own = pd.DataFrame({"metric": "recall", "attribute": "a", "group": ["x", "y"], "verdict": ["gap", "pass"]})
    >>> compare_verdicts(own, {"other": own.assign(verdict="pass")}).to_dict("records")[0]
    {'label': 'other', 'attribute': 'a', 'group': 'x', 'verdict': 'gap', 'other_verdict': 'pass'}
    """
    own = _of_students(verdicts)
    parts = []
    for name, found in others.items():
        theirs = _of_students(found).rename(columns={"verdict": "other_verdict"})
        both = own.merge(theirs, on=["attribute", "group"], how="left").assign(label=name)
        parts.append(both.assign(other_verdict=both["other_verdict"].fillna("cannot tell")))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=LABEL_COLUMNS)
    return whole[list(LABEL_COLUMNS)]


def _of_students(verdicts: pd.DataFrame) -> pd.DataFrame:
    kept = (verdicts["metric"] == "recall") & ~verdicts["attribute"].isin(PLACES)
    return verdicts.loc[kept, ["attribute", "group", "verdict"]]
