"""Which domain drives the lists in each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.evaluation import estimate_mean
from early_id.fairness._groups import PLACES, everybody
from early_id.fairness._scheme import EVERYONE, THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._exposure import Masking
    from early_id.fairness._groups import Attribute, Ints

DOMAIN = "leading_domain"
COLUMNS = ("attribute", "group", "domain", "n_rows", "n_students", "share", "share_low", "share_high")
PRINTED = ("attribute", "group", "domain", "share", "share_low", "share_high")
OTHER = "other"
# Whole percents: with the number of rows unknown no count follows from them.
_DIGITS = 2


def compute_reason_profile(
    rows: pd.DataFrame, attributes: Sequence[Attribute], students: Ints
) -> pd.DataFrame:
    """Give, of the rows on the lists, the share that each domain drives, by group.

    Parameters
    ----------
    rows : DataFrame
        With `listed` and `leading_domain`.
    attributes : sequence of Attribute
    students : array of int
        Number of each row's student.

    Returns
    -------
    DataFrame
        attribute, group (everybody first), domain, n_rows, n_students (of the domain), share, share_low, share_high
        (95 %, students as units). Shares of a group add up to 1.
    """
    if DOMAIN not in rows:
        return pd.DataFrame(columns=COLUMNS)
    chosen = rows["listed"].to_numpy(dtype=bool) & rows[DOMAIN].notna().to_numpy()
    domain = rows.loc[chosen, DOMAIN].astype("str").to_numpy()
    names = np.unique(domain)
    listed = students[chosen]
    found = []
    for attribute in (everybody(len(rows)), *attributes):
        codes = attribute.codes[chosen]
        for code in np.unique(codes):
            own = codes == code
            number = pd.factorize(listed[own])[0]
            for name in names:
                is_it = domain[own] == name
                share = estimate_mean(is_it.astype(float), number, int(number.max()) + 1)
                low, high = share.interval(0.95)
                found.append(
                    (
                        attribute.name, attribute.groups[code], str(name), int(is_it.sum()),
                        len(np.unique(number[is_it])), share.value, max(low, 0.0), min(high, 1.0),
                    )
                )  # fmt: skip
    return pd.DataFrame(found, columns=COLUMNS)


def publish_reason_profile(
    profile: pd.DataFrame,
    rows: pd.DataFrame,
    attributes: Sequence[Attribute],
    students: Ints,
    masking: Masking,
) -> pd.DataFrame:
    """Give the profile as it may be printed: whole percents, and only of groups in which no domain drives a few.

    A group is printed where the audit prints whom the list holds, and ten students or fewer stand behind no domain.
    What is not printed of an attribute is known together as the rest of everybody, so it has to be as many too;
    else the smallest printed group goes as well. Schools and districts are left out: their lists are small. Rare
    domains are taken together as "other" until everybody and some group can be printed, alike on the whole page.

    `profile`: the exact one; it is computed anew where domains are taken together.
    """
    if DOMAIN not in rows:
        return pd.DataFrame(columns=PRINTED)
    own = [attribute for attribute in attributes if attribute.name not in PLACES]
    listed = rows.loc[rows["listed"].astype("bool"), DOMAIN].astype("str").value_counts()
    found = pd.DataFrame(columns=PRINTED)
    for kept in range(len(listed), 0, -1):
        if kept < len(listed):
            rare = rows[DOMAIN].notna() & ~rows[DOMAIN].isin(listed.index[:kept])
            merged = rows.assign(**{DOMAIN: rows[DOMAIN].astype("str").mask(rare, OTHER)})
            profile = compute_reason_profile(merged, own, students)
        printed = _printed(profile[~profile["attribute"].isin(PLACES)], masking)
        if len(printed):
            found = printed
        if printed["attribute"].nunique() > 1:
            break
    return found


def _printed(profile: pd.DataFrame, masking: Masking) -> pd.DataFrame:
    """Leave out what may not be printed; nothing is left where everybody may not be."""
    parts = []
    for name, own in profile.groupby("attribute", sort=False):
        sizes = own.groupby("group", sort=False)["n_rows"].sum().sort_values()
        few = own["n_students"].between(1, THRESHOLD).groupby(own["group"]).any()
        whole = name == EVERYONE[0]
        if whole and few.any():
            return profile.iloc[:0][list(PRINTED)]
        shown = [
            group
            for group in sizes.index
            if not few[group] and (whole or masking.shown((str(name), str(group)), "listed"))
        ]
        parts.append(own[own["group"].isin(shown if whole else _with_many_left(own, shown))])
    found = pd.concat(parts, ignore_index=True) if parts else profile
    return found[list(PRINTED)].round(_DIGITS)


def _with_many_left(own: pd.DataFrame, shown: list[str]) -> list[str]:
    """Leave out the smallest groups until what is not printed is none or many of each domain.

    Students may be in several groups over time; adding them up errs to more, so a rest is asked for each group apart.
    """
    for place in range(len(shown) + 1):
        printed = shown[place:]
        rest = own[~own["group"].isin(printed)].groupby("domain")["n_students"].max()
        if not rest.between(1, THRESHOLD).any():
            return printed
    return []
